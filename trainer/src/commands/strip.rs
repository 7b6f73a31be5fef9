use std::path::PathBuf;

use clap::Args;
use trainer::Error;
use trainer::export::ModelFile;
use trainer::output::{Claim, Output};

use super::print_written;

/// Removes from a model file what a device does not read: part two and a signature. It gives the same logits, and has
/// the same id.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer strip home.rnl --out home.device.rnl")]
pub(crate) struct Strip {
    /// The model file.
    model: PathBuf,
    /// The model file for the device.
    #[arg(long)]
    out: PathBuf,
    /// Overwrite a file that exists.
    #[arg(long)]
    force: bool,
}

impl Strip {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let output = Output::claim(&self.out, &Claim { option: "--out", force: self.force, inputs: &[&self.model] })?;
        let file = ModelFile::read(&self.model)?;
        let stripped = file.stripped(&self.model)?;
        output.write(stripped.bytes())?;
        let (before, after) = (file.bytes().len(), stripped.bytes().len());
        print_written(&output, &format!("{}: {after} bytes, before {before}", self.out.display()))
    }
}
