use std::path::PathBuf;

use clap::Args;
use trainer::Error;
use trainer::export::ModelFile;
use trainer::output::{Claim, Output};
use trainer::upgrade::upgrade;

use super::print_written;

/// Makes a model file of version 2 one of this version, with the same logits. Its words are what they were.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer upgrade old.rnl --out new.rnl
  trainer upgrade wand.rnl --out wand3.rnl --lift-limit    a stream goes on without an end")]
pub(crate) struct Upgrade {
    /// The model file of version 2.
    model: PathBuf,
    /// Let sequences of a model of one direction go on without an end, where the file has a limit of steps
    #[arg(long)]
    lift_limit: bool,
    /// The model file.
    #[arg(long)]
    out: PathBuf,
    /// Overwrite a file that exists.
    #[arg(long)]
    force: bool,
}

impl Upgrade {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let output = Output::claim(&self.out, &Claim { option: "--out", force: self.force, inputs: &[&self.model] })?;
        let old = ModelFile::read(&self.model)?;
        let file = upgrade(old.bytes(), &self.model, self.lift_limit)?;
        output.write(file.bytes())?;
        let model = file.parse(&self.out)?;
        let limit = match (model.max_steps(), model.is_bidirectional()) {
            (u32::MAX, _) => String::new(),
            (steps, true) => format!("; it keeps {steps} steps"),
            (steps, false) => format!("; its limit of {steps} steps stays, and --lift-limit takes it away"),
        };
        let (before, after) = (old.bytes().len(), file.bytes().len());
        print_written(&output, &format!("{}: {after} bytes, before {before}{limit}", self.out.display()))
    }
}
