use std::path::PathBuf;

use clap::Args;
use runtime::format::VERSION;
use trainer::Error;
use trainer::export::{ModelFile, repack};
use trainer::output::{Claim, Output};
use trainer::upgrade::upgrade;

use super::board::Board;
use super::print_written;

/// Converts a model file of version 2, or packs weights for another board, with the same logits. Its words are
/// what they were.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer upgrade old.rnl --out new.rnl
  trainer upgrade wand.rnl --out wand3.rnl --lift-limit    a stream goes on without an end
  trainer upgrade home.rnl --board m4 --out home-m4.rnl    the weights in the order of a Cortex-M4")]
pub(crate) struct Upgrade {
    /// The model file, of version 2 unless a board is given.
    model: PathBuf,
    /// Remove the limit of steps from a model of one direction, so that streams are endless
    #[arg(long)]
    lift_limit: bool,
    /// Pack int8 weights for the kernels of this microcontroller
    #[arg(long, value_enum)]
    board: Option<Board>,
    /// The model file.
    #[arg(long)]
    out: PathBuf,
    /// Overwrite a file that exists.
    #[arg(long)]
    force: bool,
}

impl Upgrade {
    fn upgraded(&self, old: &ModelFile) -> Result<ModelFile, Error> {
        upgrade(old.bytes(), &self.model, self.lift_limit)
    }

    pub(crate) fn run(&self) -> Result<(), Error> {
        let output = Output::claim(&self.out, &Claim { option: "--out", force: self.force, inputs: &[&self.model] })?;
        let old = ModelFile::read(&self.model)?;
        let is_current = old.bytes().get(4..6) == Some(VERSION.to_le_bytes().as_slice());
        let file = match self.board {
            Some(board) if is_current && !self.lift_limit => repack(&old, &self.model, board.packing())?,
            Some(board) => repack(&self.upgraded(&old)?, &self.model, board.packing())?,
            None => self.upgraded(&old)?,
        };
        output.write(file.bytes())?;
        let model = file.parse(&self.out)?;
        let limit = match (model.max_steps(), model.is_bidirectional()) {
            _ if is_current => String::new(),
            (u32::MAX, _) => String::new(),
            (steps, true) => format!("; it keeps {steps} steps"),
            (steps, false) => format!("; its limit of {steps} steps stays, and --lift-limit takes it away"),
        };
        let (before, after) = (old.bytes().len(), file.bytes().len());
        print_written(&output, &format!("{}: {after} bytes, before {before}{limit}", self.out.display()))
    }
}
