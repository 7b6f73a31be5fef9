use std::path::PathBuf;

use clap::{Args, ValueEnum};
use runtime::format::Precision;
use trainer::Error;
use trainer::run_folder::write_atomically;

use super::{load_run, print_line};

/// Writes a run's network as a model file.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer export runs/home --precision int8 --out home.rnl")]
pub(crate) struct Export {
    /// The run folder.
    run: PathBuf,
    /// How weights are stored and computed with.
    #[arg(long, value_enum)]
    precision: PrecisionArgument,
    /// The model file.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum PrecisionArgument {
    /// f32 weights and arithmetic.
    F32,
    /// f16 weights, f32 arithmetic.
    F16,
    /// Integers only.
    Int8,
}

impl From<PrecisionArgument> for Precision {
    fn from(argument: PrecisionArgument) -> Self {
        match argument {
            PrecisionArgument::F32 => Self::F32,
            PrecisionArgument::F16 => Self::F16,
            PrecisionArgument::Int8 => Self::Int8,
        }
    }
}

impl Export {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let precision = Precision::from(self.precision);
        let file = load_run(&self.run)?.export(precision)?;
        write_atomically(&self.out, file.bytes())?;
        print_line(&format!("{}: {precision}, {} bytes", self.out.display(), file.bytes().len()))
    }
}
