use std::path::PathBuf;

use clap::{Args, ValueEnum};
use trainer::export::{ExportPrecision, ModelFile, repack};
use trainer::output::{Claim, Output};
use trainer::quantize::{Bits, IntegerBits};
use trainer::report::CalibrationLoss;
use trainer::run::Run;
use trainer::{Error, note};

use super::board::Board;
use super::{Cpu, load_run, print_written};

/// Writes a run's network as a model file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer export runs/home --precision int8 --out home.rnl
  trainer export runs/home --precision int8 --embedding-bits 4 --out home.rnl
  trainer export runs/home --precision int8 --board m4 --out home.rnl")]
pub(crate) struct Export {
    /// The run folder.
    run: PathBuf,
    /// Precision of the weights and the arithmetic.
    #[arg(long, value_enum)]
    precision: PrecisionArgument,
    /// Bit width of the recurrent layers' weights, 4 or 8, instead of the precision's; the linear layer has 8
    #[arg(long, value_name = "BITS")]
    weight_bits: Option<Bits>,
    /// Bit width of the embedding, 4 or 8, instead of the precision's
    #[arg(long, value_name = "BITS")]
    embedding_bits: Option<Bits>,
    /// Pack int8 weights for the kernels of this microcontroller; without it, every board reads the file
    #[arg(long, value_enum)]
    board: Option<Board>,
    /// A version number of your own, stored in the file
    #[arg(long, value_name = "N", default_value_t = 0)]
    model_version: u32,
    /// The model file.
    #[arg(long)]
    out: PathBuf,
    /// Overwrite a file that exists.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PrecisionArgument {
    /// f32 weights and arithmetic.
    F32,
    /// f16 weights, f32 arithmetic.
    F16,
    /// Integers only, weights in 8 bits.
    Int8,
    /// Integers only, weights in 4 bits.
    Int4,
}

/// Prints how many calibration rows change class in a precision, or why that is not known; for f32 nothing.
fn note_loss(run: &Run<Cpu>, file: &ModelFile, precision: ExportPrecision) {
    if precision == ExportPrecision::F32 {
        return;
    }
    match CalibrationLoss::measure(run, file, &precision.to_string()) {
        Ok(Some(loss)) => [Some(loss.to_string()), loss.warning()].iter().flatten().for_each(|line| note(line)),
        Ok(None) => {
            note("not compared with the trained network: the run has no calibration rows; see `trainer parity`")
        }
        Err(error) => note(&format!(
            "not compared with the trained network, as the calibration rows cannot be read again ({error}); `trainer \
             parity` compares on any rows"
        )),
    }
}

impl Export {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let precision = self.export_precision()?;
        let output = Output::claim(&self.out, &Claim { option: "--out", force: self.force, inputs: &[&self.run] })?;
        let run = load_run(&self.run)?;
        if self.embedding_bits.is_some() && run.network.embedding.is_none() {
            let problem = "--embedding-bits has no effect: this network has no embedding; leave it out";
            return Err(Error::Setting(problem.into()));
        }
        let file = run.export_version(precision, self.model_version)?;
        let file = match self.board {
            Some(board) => repack(&file, &self.out, board.packing())?,
            None => file,
        };
        output.write(file.bytes())?;
        note_loss(&run, &file, precision);
        print_written(&output, &format!("{}: {precision}, {} bytes", self.out.display(), file.bytes().len()))
    }

    fn export_precision(&self) -> Result<ExportPrecision, Error> {
        let all = match self.precision {
            PrecisionArgument::F32 => ExportPrecision::F32,
            PrecisionArgument::F16 => ExportPrecision::F16,
            PrecisionArgument::Int8 => ExportPrecision::Integer(IntegerBits::all(Bits::Eight)),
            PrecisionArgument::Int4 => ExportPrecision::Integer(IntegerBits::all(Bits::Four)),
        };
        let given = [("--weight-bits", self.weight_bits), ("--embedding-bits", self.embedding_bits)];
        match (all, given.into_iter().find(|(_, bits)| bits.is_some())) {
            (ExportPrecision::Integer(bits), _) => Ok(ExportPrecision::Integer(IntegerBits {
                weights: self.weight_bits.unwrap_or(bits.weights),
                embedding: self.embedding_bits.unwrap_or(bits.embedding),
            })),
            (float, Some((name, _))) => {
                Err(Error::Setting(format!("{name} needs --precision int8 or int4: {float} has no integers")))
            }
            (float, None) => Ok(float),
        }
    }
}
