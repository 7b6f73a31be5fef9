use std::path::PathBuf;

use clap::Args;
use trainer::Error;
use trainer::export::ModelFile;
use trainer::report::Inspection;

use super::print;

/// Shows what a model file is: architecture, flash by part, RAM, work a step, where it comes from.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer inspect home.rnl --json")]
pub(crate) struct Inspect {
    /// The model file.
    model: PathBuf,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn run(&self) -> Result<(), Error> {
        print(&Inspection::new(&ModelFile::read(&self.model)?, &self.model)?, self.json)
    }
}
