use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use toml::Table;
use trainer::config::applicability::{Circumstances, check_resumed};
use trainer::config::{Automatic, Preset, TrainingConfig};
use trainer::data::Source;
use trainer::device::{Device, DeviceChoice};
use trainer::encoding::Pretrained;
use trainer::export::ExportPrecision;
use trainer::output::write_atomically;
use trainer::quantize::{Bits, IntegerBits};
use trainer::report::NetworkSummary;
use trainer::report::page::{FinishedTraining, run_page};
use trainer::run::{Run, Untrained};
use trainer::run_folder::{RunFolder, read_toml};
use trainer::session::{FinishedRun, Session};
use trainer::training::{Prepared, Progress};
use trainer::{Error, note, shell_word};

use super::given::Given;
use super::settings::Settings;
use super::{Cpu, print_line};

/// Classes whose recall is printed at most.
const MOST_RECALLS: usize = 20;

/// Trains a network and leaves a run folder: settings, vocabulary, the weights of the epoch that is kept,
/// metrics.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer train --out runs/home                       the built-in home commands
  trainer train --data reviews.csv --out runs/reviews --hidden-size 64 --epochs 10
  trainer train --preset torch-lstm --data news --out runs/news
  trainer train --resume --out runs/reviews           goes on after Ctrl-C
  trainer train --fine-tune runs/home --quantize-aware 4 --epochs 2 --out runs/home4
  trainer train --config runs/home/config.toml --out runs/again --seed 2")]
pub(crate) struct Train {
    #[command(flatten)]
    given: Given,
    /// A file of labelled texts or of frames of numbers (CSV with `,`, `;` or `|`, TSV, JSON lines; plain or gzip), a
    /// folder with train.csv and perhaps valid.csv, val.csv or dev.csv, or `digits`, which is built in. Without it: the
    /// built-in home commands.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A file of validation rows; without it, a share of the training rows is held out.
    #[arg(long)]
    validation: Option<PathBuf>,
    /// A named set of settings; an unknown name lists all names.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Start with the weights of this finished run, with its settings, vocabulary and rows.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["data", "preset"])]
    fine_tune: Option<PathBuf>,
    /// Settings from a TOML file; they override a preset, and arguments override them.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The run folder.
    #[arg(long, default_value = "runs/latest")]
    out: PathBuf,
    /// Where to train.
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// CUDA devices that share each batch, by number, for example `0,1`.
    #[arg(long, value_name = "N,N", value_delimiter = ',')]
    devices: Vec<usize>,
    /// Continue the interrupted run in --out.
    #[arg(long)]
    resume: bool,
    /// Print loss and accuracy so far every 3,200 rows.
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Train {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let given = self.given.names();
        if self.resume {
            check_resumed(given)?;
        }
        let device = self.device.resolve(&self.devices)?;
        if self.resume {
            return train(&Session::resume(&self.out)?, &device, self.verbose);
        }
        let config = self.config()?;
        config.check()?;
        Circumstances::before_reading(&config).check(given)?;
        let session = Session::start_if(&self.out, config.clone(), |prepared| {
            let (input, holds_out) = (Some(prepared.encoder.input()), Some(prepared.holds_out || config.folds > 0));
            let notices = Circumstances { config: &config, input, holds_out }.check(given)?;
            notices.iter().for_each(|notice| note(notice));
            Ok(())
        })?;
        train(&session, &device, self.verbose)
    }

    fn config(&self) -> Result<TrainingConfig, Error> {
        let preset = self.preset.as_deref().map(Preset::named).transpose()?;
        let tuned = self.fine_tune.as_deref().map(settings_of_run).transpose()?;
        let given: Option<Table> = self.config.as_deref().map(read_config).transpose()?;
        let own = self.settings.table()?;
        let size_is_given =
            [given.as_ref(), Some(&own)].into_iter().flatten().any(|layer| layer.contains_key("embedding_size"));
        let mut layers: Table = tuned.into_iter().chain(preset).chain(given).flatten().collect();
        let before = TrainingConfig::from_layers([layers.clone()])?;
        layers.extend(own);
        let mut config = TrainingConfig::from_layers([layers.clone()])?;
        if self.data.is_some() {
            config.data = Source::new(self.data.as_deref());
            config.data_hash = None;
        }
        if self.validation.is_some() {
            config.validation.clone_from(&self.validation);
            config.data_hash = None;
        }
        if self.settings.changes_rows(&before) {
            config.data_hash = None;
        }
        if self.settings.epochs.is_some() {
            config.steps = None;
        }
        let given = |name: &str| name == "validation" && self.validation.is_some() || layers.contains_key(name);
        config.automatic = Automatic::unless(given);
        if let Some(path) = config.pretrained_embeddings.as_deref().filter(|_| !size_is_given) {
            config.embedding_size = Pretrained::vector_size(path)?;
        }
        Ok(config)
    }
}

/// The settings that a file gives; what is wrong with one is named with its line.
pub(super) fn read_config(path: &Path) -> Result<Table, Error> {
    let _: TrainingConfig = read_toml(path)?;
    read_toml(path)
}

/// The settings of a run that is tuned: its own, but that it was perhaps tuned itself. It is not cross-validated: its
/// weights have learned from every part.
fn settings_of_run(path: &Path) -> Result<Table, Error> {
    let mut settings: Table = read_toml(&RunFolder::open(path)?.config())?;
    settings.remove("folds");
    // A run of an earlier version does not say what its words are.
    settings.entry("word_rule").or_insert("alphanumeric".into());
    settings.insert("fine_tune".into(), path.display().to_string().into());
    Ok(settings)
}

/// Trains in a new run folder.
pub(super) fn train_anew(out: &Path, config: TrainingConfig, device: &Device, verbose: bool) -> Result<(), Error> {
    train(&Session::start(out, config)?, device, verbose)
}

/// Trains on `device`, finishes the run, and says what came out and how to go on.
fn train(session: &Session, device: &Device, verbose: bool) -> Result<(), Error> {
    let Session { config, prepared, folder, .. } = session;
    prepared.notes.reading.iter().for_each(|line| note(line));
    let rows = match config.folds {
        0 => format!("{} training and {} validation rows", prepared.training.len(), prepared.validation.len()),
        folds => format!("{} rows in {folds} parts", prepared.training.len()),
    };
    note(&format!("{}: {rows}, {} classes, {}; {device}", config.data.name(), prepared.labels.len(), prepared.encoder));
    note(&prepared.notes.classes);
    prepared.notes.notices.iter().for_each(|line| note(line));
    note_encoding(config, prepared);
    if let Some(chosen) = &session.chosen {
        note(&chosen.to_string());
    }
    note_network(config, prepared);
    let stop = stop_on_interrupt()?;
    let should_stop = || stop.load(Ordering::Relaxed);
    let Some(finished) = session.run(device, &mut Progress::new(verbose), &should_stop)? else {
        return Err(Error::Failed(format!(
            "interrupted; everything is saved. Go on with: trainer train --resume --out {}",
            shell_word(folder.path())
        )));
    };
    print_finished(session, &finished)?;
    write_report(session, &finished);
    Ok(())
}

/// Writes the page about a run, which is complete without it.
fn write_report(session: &Session, finished: &FinishedRun) {
    let Session { config, prepared, folder, .. } = session;
    let FinishedRun { result, measurements, validation, answers } = finished;
    let problem = finished.learning_problem();
    let history = measurements.history.as_slice();
    let problem = problem.as_deref();
    let page = run_page(&FinishedTraining { folder, config, prepared, result, history, validation, answers, problem });
    match page.and_then(|page| write_atomically(&folder.report(), page.as_bytes())) {
        Ok(()) => note(&format!("to look at: {}", folder.report().display())),
        Err(error) => note(&format!("the run is complete, but the page about it was not written: {error}")),
    }
}

/// Shows the network's layers, their parameters and their bytes in a model file of integers, or why there is no such file.
fn note_network(config: &TrainingConfig, prepared: &Prepared) {
    let rows = Untrained {
        labels: &prepared.labels,
        encoder: &prepared.encoder,
        columns: &prepared.columns,
        data_hash: &prepared.data_hash,
        training_rows: prepared.training.len(),
        validation_rows: prepared.validation.len(),
    };
    let bits = config.integer_bits().unwrap_or(IntegerBits::all(Bits::Eight));
    let precision = ExportPrecision::Integer(bits);
    let run = Run::<Cpu>::untrained(config.clone(), &rows, &Default::default());
    let path: &Path = "the network's model file".as_ref();
    match run.export(precision).and_then(|file| NetworkSummary::new(&file, path, &precision.to_string())) {
        Ok(summary) => note(&summary.to_string()),
        Err(error) => note(&format!("warning: no model file of integers can be made of this network: {error}")),
    }
}

/// Prints what the validation rows say of a finished run, class by class, and whether it learned at all.
fn print_finished(session: &Session, finished: &FinishedRun) -> Result<(), Error> {
    let FinishedRun { result, validation, .. } = finished;
    for line in validation.recalls(MOST_RECALLS) {
        note(&line);
    }
    if let Some(problem) = finished.learning_problem() {
        note(&problem);
    }
    let of = if result.folds > 0 { format!("cross-validated in {} parts", result.folds) } else { "validation".into() };
    print_line(&format!(
        "{of}: accuracy {:.2} %, macro F1 {:.2} % on {} rows (epoch {} of {}); states within +-{:.2}; run folder {}",
        100.0 * result.kept.validation_accuracy,
        100.0 * validation.macro_f1,
        result.validation_rows,
        result.kept.epoch,
        session.config.epochs,
        result.ranges.states.iter().flatten().copied().fold(0.0, f32::max),
        session.folder.path().display()
    ))
}

/// Says what word vectors cover, and what a unit cannot hold.
fn note_encoding(config: &TrainingConfig, prepared: &Prepared) {
    if let (Some(path), Some(pretrained)) = (&config.pretrained_embeddings, &prepared.pretrained) {
        note(&format!("{}: {pretrained}", path.display()));
    }
    if prepared.saturated_share > 0.0 {
        let percent = 100.0 * prepared.saturated_share;
        note(&format!("{percent:.2} % of the training values are larger than 16 bits hold with this --frame-unit"));
    }
}

/// A flag that Ctrl-C sets; a second Ctrl-C ends the program at once.
pub(super) fn stop_on_interrupt() -> Result<Arc<AtomicBool>, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
        note("stopping after this batch; press Ctrl-C again to stop at once");
    })
    .map_err(|error| Error::Failed(format!("Ctrl-C cannot be handled: {error}")))?;
    Ok(stop)
}
