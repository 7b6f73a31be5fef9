use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use runtime::format::Precision;
use trainer::Error;
use trainer::data::{ReadOptions, Source};
use trainer::device::DeviceChoice;
use trainer::export::ModelFile;
use trainer::run_folder::write_atomically;
use trainer::training::TrainingConfig;

use super::{evaluate, load_run, predict, print_line, train};

/// The script that runs a model on an emulated board, from the repository's root.
const EMULATE: &str = "firmware-demo/emulate";

/// The whole way on the built-in home commands: trains, exports, evaluates, classifies a sentence, and runs
/// it on an emulated Cortex-M4.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer demo \"it is much too dark in here\"")]
pub(crate) struct Demo {
    /// The sentence.
    #[arg(default_value = "i can't see a thing in the hallway")]
    text: String,
    /// The run folder; if it holds a finished run, that is taken.
    #[arg(long, default_value = "runs/home-commands")]
    out: PathBuf,
    /// Where to train.
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
}

impl Demo {
    pub(crate) fn run(&self) -> Result<(), Error> {
        self.train()?;
        let run = load_run(&self.out)?;
        for precision in [Precision::F32, Precision::Int8] {
            let path = self.model(precision);
            write_atomically(&path, run.export(precision)?.bytes())?;
            let report = evaluate::evaluate(&path, &Source::HomeCommands, &ReadOptions::default(), false)?;
            print_line(&format!(
                "{precision:5} {:>7} bytes  accuracy on {} hand-written sentences {:.2} %",
                std::fs::metadata(&path).map_or(0, |metadata| metadata.len()),
                report.rows,
                100.0 * report.accuracy
            ))?;
        }
        let path = self.model(Precision::Int8);
        let file = ModelFile::read(&path)?;
        print_line(&format!("\n\"{}\"", self.text))?;
        predict::predict(&file.parse(&path)?, &path, &self.text)?;
        emulate(&path, &self.text)
    }

    fn train(&self) -> Result<(), Error> {
        if self.out.join("result.toml").is_file() {
            return print_line(&format!("{} holds a finished run", self.out.display()));
        }
        train::train_anew(&self.out, TrainingConfig::default(), &self.device.resolve(&[])?, false)
    }

    fn model(&self, precision: Precision) -> PathBuf {
        self.out.join(format!("home-commands.{precision}.rnl"))
    }
}

/// Runs the model on an emulated board, where the script and what it needs are there.
fn emulate(model: &Path, text: &str) -> Result<(), Error> {
    if !Path::new(EMULATE).is_file() {
        return print_line("\nnot emulated: run this from the repository's root to see it on a Cortex-M4");
    }
    print_line("\non an emulated Cortex-M4:")?;
    let status = Command::new(EMULATE).args(["--board", "m4", "--model"]).arg(model).arg(text).status();
    match status.map(|status| status.code()) {
        Ok(Some(0)) => Ok(()),
        Ok(Some(2)) | Err(_) => print_line("not emulated: see the line above for what is missing"),
        Ok(_) => Err(Error::Failed("the emulated board does not agree with this machine".into())),
    }
}
