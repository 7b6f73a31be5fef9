use std::path::PathBuf;

use clap::{Args, ValueEnum};
use trainer::Error;
use trainer::export::ExportPrecision;
use trainer::quantize::{Bits, IntegerBits};
use trainer::run_folder::write_atomically;

use super::{load_run, print_line};

/// Writes a run's network as a model file.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer export runs/home --precision int8 --embedding-bits 4 --out home.rnl")]
pub(crate) struct Export {
    /// The run folder.
    run: PathBuf,
    /// How weights are stored and computed with.
    #[arg(long, value_enum)]
    precision: PrecisionArgument,
    /// Bits of each value of the embedding where the precision is of integers, 4 or 8
    #[arg(long, value_name = "BITS")]
    embedding_bits: Option<Bits>,
    /// The model file.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PrecisionArgument {
    /// f32 weights and arithmetic.
    F32,
    /// f16 weights, f32 arithmetic.
    F16,
    /// Integers only.
    Int8,
}

impl Export {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let precision = self.export_precision()?;
        let file = load_run(&self.run)?.export(precision)?;
        write_atomically(&self.out, file.bytes())?;
        print_line(&format!("{}: {precision}, {} bytes", self.out.display(), file.bytes().len()))
    }

    fn export_precision(&self) -> Result<ExportPrecision, Error> {
        let all = match self.precision {
            PrecisionArgument::F32 => ExportPrecision::F32,
            PrecisionArgument::F16 => ExportPrecision::F16,
            PrecisionArgument::Int8 => ExportPrecision::Integer(IntegerBits::all(Bits::Eight)),
        };
        match all {
            ExportPrecision::Integer(IntegerBits { weights, embedding }) => {
                let embedding = self.embedding_bits.unwrap_or(embedding);
                Ok(ExportPrecision::Integer(IntegerBits { weights, embedding }))
            }
            _ if self.embedding_bits.is_some() => {
                let problem = format!("--embedding-bits needs --precision int8; the numbers of {all} are no integers");
                Err(Error::Setting(problem))
            }
            _ => Ok(all),
        }
    }
}
