use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use clap::Args;
use runtime::format::Precision;
use trainer::Error;
use trainer::config::{Automatic, TrainingConfig};
use trainer::data::{ReadOptions, Source};
use trainer::device::DeviceChoice;
use trainer::export::ModelFile;
use trainer::output::write_atomically;
use trainer::run::Run;
use trainer::run_folder::RunFolder;

use super::{Cpu, evaluate, load_run, predict, print_line, train};

/// The script that runs a model on an emulated board, from the repository's root.
const EMULATE: &str = "firmware-demo/emulate";

/// The precisions that are shown.
const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::Int8];

/// The whole way on the built-in home commands: trains, exports, evaluates, classifies a sentence, and runs
/// it on an emulated Cortex-M4.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer demo \"it is much too dark in here\"")]
pub(crate) struct Demo {
    /// The sentence.
    #[arg(default_value = "i can't see a thing in the hallway")]
    text: String,
    /// The run folder; a finished run in it is used instead of training again.
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
        let _locked = RunFolder::claim(&self.out)?;
        for precision in PRECISIONS {
            let path = self.model(precision);
            self.write_model(&run, precision)?;
            let report = evaluate::evaluate(&path, &Source::HomeCommands, &ReadOptions::default())?;
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
            let run = load_run(&self.out)?;
            if run.config.data != Source::HomeCommands {
                let problem = format!(
                    "holds a run of {}, not of the home commands; choose another --out",
                    run.config.data.name()
                );
                return Err(Error::Run { path: self.out.clone(), problem });
            }
            PRECISIONS.iter().try_for_each(|precision| self.check_model(&run, *precision).map(|_| ()))?;
            return print_line(&format!("{} holds a finished run", self.out.display()));
        }
        if let Some(path) = PRECISIONS.map(|precision| self.model(precision)).into_iter().find(|path| path.exists()) {
            return Err(Error::Output { path, problem: "exists already; choose another --out".into() });
        }
        let config = TrainingConfig { automatic: Automatic::unless(|_| false), ..TrainingConfig::default() };
        train::train_anew(&self.out, config, &self.device.resolve(&[])?, false)
    }

    /// Writes the model file of the run, unless it is there.
    fn write_model(&self, run: &Run<Cpu>, precision: Precision) -> Result<(), Error> {
        match self.check_model(run, precision)? {
            Some(file) => write_atomically(&self.model(precision), file.bytes()),
            None => Ok(()),
        }
    }

    /// The model file of the run if it is to be written; nothing if it is there.
    fn check_model(&self, run: &Run<Cpu>, precision: Precision) -> Result<Option<ModelFile>, Error> {
        let (file, path) = (run.export(precision)?, self.model(precision));
        match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Some(file)),
            Ok(found) if found == file.bytes() => Ok(None),
            _ => {
                let problem = "exists already and is not the model of this run; delete it, or choose another --out";
                Err(Error::Output { path, problem: problem.into() })
            }
        }
    }

    fn model(&self, precision: Precision) -> PathBuf {
        self.out.join(format!("home-commands.{precision}.rnl"))
    }
}

/// Runs the model on an emulated board with the script that the repository has for it.
fn emulate(model: &Path, text: &str) -> Result<(), Error> {
    let left_out = |reason: &str| {
        let advice = "run `firmware-demo/demo` of the repository, which installs what is missing";
        Err(Error::Device(format!("not run on the emulated Cortex-M4: {reason}; {advice}")))
    };
    if !Path::new(EMULATE).is_file() {
        return left_out(&format!("{EMULATE} is not in this folder"));
    }
    print_line("\non an emulated Cortex-M4:")?;
    let mut command = Command::new(EMULATE);
    command.args(["--board", "m4", "--model"]).arg(model).args(["--", text]).stderr(Stdio::piped());
    if let Ok(trainer) = std::env::current_exe() {
        command.env("RUNNEL_TRAINER", trainer);
    }
    let output = match command.spawn().and_then(Child::wait_with_output) {
        Ok(output) => output,
        Err(error) => return left_out(&format!("{EMULATE}: {error}")),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(()),
        Some(2) => left_out(said.trim()),
        _ => Err(Error::Failed(format!("the emulated board does not agree with this machine: {}", said.trim()))),
    }
}
