use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::backend::Autodiff;
use burn::tensor::backend::AutodiffBackend;
use clap::Args;
use trainer::data::Source;
use trainer::device::{Device, DeviceChoice};
use trainer::network::Pooling;
use trainer::run_folder::{RunFolder, read_toml, write_lines, write_toml};
use trainer::training::{Ending, Fit, Prepared, Progress, TrainingConfig, fit};
use trainer::{Error, note, run};

use super::{Cpu, print_line};

/// Trains a network and leaves a run folder: settings, vocabulary, the best epoch's weights, metrics.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer train --out runs/home                       the built-in home commands
  trainer train --data reviews.csv --out runs/reviews --hidden-size 64 --epochs 10
  trainer train --resume --out runs/reviews           goes on after Ctrl-C
  trainer train --config runs/home/config.toml --out runs/again --seed 2")]
pub(crate) struct Train {
    /// A CSV or TSV file (label first, or a header naming `label` and `text`), or a folder with train.csv
    /// and perhaps valid.csv. Without it: the built-in home commands.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A file of validation rows; without it, a share of the training rows is held out.
    #[arg(long)]
    validation: Option<PathBuf>,
    /// Settings from a TOML file; arguments come before them.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The run folder.
    #[arg(long, default_value = "runs/latest")]
    out: PathBuf,
    /// Where to train.
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Go on with an interrupted run in --out.
    #[arg(long, conflicts_with_all = ["data", "config"])]
    resume: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Settings given as arguments; each is also a field of config.toml.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings (defaults in brackets)")]
struct Settings {
    /// Most frequent words that are kept [4000]
    #[arg(long, value_name = "N")]
    vocabulary_size: Option<usize>,
    /// Words after which a row is cut; 0: never [256]
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
    /// Values of a word's vector [32]
    #[arg(long, value_name = "N")]
    embedding_size: Option<usize>,
    /// Values of a layer's hidden state [64]
    #[arg(long, value_name = "N")]
    hidden_size: Option<usize>,
    /// Recurrent layers [1]
    #[arg(long, value_name = "N")]
    num_layers: Option<usize>,
    /// How outputs become one vector [max]
    #[arg(long, value_enum)]
    pooling: Option<Pooling>,
    /// Share of values dropped between layers and before the head [0.3]
    #[arg(long, value_name = "X")]
    dropout: Option<f64>,
    /// Share of words made unknown in training [0.1]
    #[arg(long, value_name = "X")]
    word_dropout: Option<f64>,
    /// Most passes over the rows [8]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Rows in a step of the optimizer [32]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Largest step size of Adam [0.003]
    #[arg(long, value_name = "X")]
    learning_rate: Option<f64>,
    /// Steps in which the learning rate rises [200]
    #[arg(long, value_name = "N")]
    warmup_steps: Option<usize>,
    /// Largest norm of a tensor's gradient [1]
    #[arg(long, value_name = "X")]
    gradient_clipping: Option<f32>,
    /// Epochs without improvement before training stops [4]
    #[arg(long, value_name = "N")]
    patience: Option<usize>,
    /// Share of training rows held out for validation [0.1]
    #[arg(long, value_name = "X")]
    validation_share: Option<f64>,
    /// Training rows that the int8 ranges are measured on [1000]
    #[arg(long, value_name = "N")]
    calibration_rows: Option<usize>,
    /// Where all chance comes from [1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl Settings {
    /// Puts what was given in the place of what `config` has.
    fn apply(&self, config: &mut TrainingConfig) {
        fn set<T: Copy>(target: &mut T, given: Option<T>) {
            if let Some(given) = given {
                *target = given;
            }
        }
        set(&mut config.vocabulary_size, self.vocabulary_size);
        set(&mut config.max_length, self.max_length);
        set(&mut config.embedding_size, self.embedding_size);
        set(&mut config.hidden_size, self.hidden_size);
        set(&mut config.num_layers, self.num_layers);
        set(&mut config.pooling, self.pooling);
        set(&mut config.dropout, self.dropout);
        set(&mut config.word_dropout, self.word_dropout);
        set(&mut config.epochs, self.epochs);
        set(&mut config.batch_size, self.batch_size);
        set(&mut config.learning_rate, self.learning_rate);
        set(&mut config.warmup_steps, self.warmup_steps);
        set(&mut config.gradient_clipping, self.gradient_clipping);
        set(&mut config.patience, self.patience);
        set(&mut config.validation_share, self.validation_share);
        set(&mut config.calibration_rows, self.calibration_rows);
        set(&mut config.seed, self.seed);
    }
}

impl Train {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let device = self.device.resolve()?;
        if self.resume {
            let folder = RunFolder::open(&self.out)?;
            let config: TrainingConfig = read_toml(&folder.config())?;
            config.check()?;
            let prepared = Prepared::read(&config)?;
            train(&folder, &config, &prepared, &device, folder.checkpoint().is_file())
        } else {
            train_anew(&self.out, self.config()?, &device)
        }
    }

    fn config(&self) -> Result<TrainingConfig, Error> {
        let mut config = match &self.config {
            Some(path) => read_toml(path)?,
            None => TrainingConfig::default(),
        };
        if self.data.is_some() {
            config.data = Source::new(self.data.as_deref());
            config.data_hash = None;
        }
        if self.validation.is_some() {
            config.validation.clone_from(&self.validation);
            config.data_hash = None;
        }
        if self.settings.seed.is_some() && config.data == Source::HomeCommands {
            config.data_hash = None;
        }
        self.settings.apply(&mut config);
        Ok(config)
    }
}

/// Trains in a new run folder, which is made once the settings and the rows have been found good.
pub(super) fn train_anew(out: &Path, mut config: TrainingConfig, device: &Device) -> Result<(), Error> {
    RunFolder::check_free(out)?;
    config.check()?;
    let prepared = Prepared::read(&config)?;
    config.data_hash = Some(prepared.data_hash.clone());
    let folder = RunFolder::create(out)?;
    write_lines(&folder.labels(), &prepared.labels)?;
    write_lines(&folder.vocabulary(), prepared.vocabulary.words())?;
    write_toml(&folder.config(), &config)?;
    train(&folder, &config, &prepared, device, false)
}

/// Trains on `device`, finishes the run, and says what came out and how to go on.
fn train(
    folder: &RunFolder,
    config: &TrainingConfig,
    prepared: &Prepared,
    device: &Device,
    resume: bool,
) -> Result<(), Error> {
    note(&format!(
        "{}: {} training and {} validation rows, {} classes, {} words; {device}",
        config.data.name(),
        prepared.training.len(),
        prepared.validation.len(),
        prepared.labels.len(),
        prepared.vocabulary.words().len()
    ));
    let stop = stop_on_interrupt()?;
    let should_stop = || stop.load(Ordering::Relaxed);
    let fit = Fit { config, prepared, folder, resume, should_stop: &should_stop };
    match device {
        Device::Cpu => train_on::<Autodiff<Cpu>>(&fit, &Default::default()),
        #[cfg(feature = "cuda")]
        Device::Cuda(cuda) => {
            train_on::<Autodiff<burn_cuda::Cuda<f32, i32>>>(&fit, &burn_cuda::CudaDevice::new(cuda.index))
        }
        #[cfg(not(feature = "cuda"))]
        Device::Cuda(_) => Err(Error::Device("this build leaves CUDA out (feature `cuda`)".into())),
    }
}

fn train_on<B: AutodiffBackend>(training: &Fit<'_>, device: &B::Device) -> Result<(), Error> {
    let folder = training.folder;
    match fit::<B>(training, &mut Progress::new(), device)? {
        Ending::Interrupted => Err(Error::Failed(format!(
            "interrupted; everything is saved. Go on with: trainer train --resume --out {}",
            shell_word(folder.path())
        ))),
        Ending::Finished(best) => {
            let result = run::finish::<Cpu>(folder, training.config, training.prepared, best, &Default::default())?;
            print_line(&format!(
                "validation accuracy {:.2} % (epoch {} of {}); cell state within +-{:.2}; run folder {}",
                100.0 * best.validation_accuracy,
                best.epoch,
                training.config.epochs,
                result.cell_ranges.iter().copied().fold(0.0, f32::max),
                folder.path().display()
            ))
        }
    }
}

/// A flag that Ctrl-C sets; a second Ctrl-C ends the program at once.
fn stop_on_interrupt() -> Result<Arc<AtomicBool>, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
        note("stopping after this batch; press Ctrl-C again to stop at once");
    })
    .map_err(|error| Error::Failed(format!("Ctrl-C can not be handled: {error}")))?;
    Ok(stop)
}

/// A path as a word of a shell command.
fn shell_word(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |character: char| character.is_alphanumeric() || "/._-+".contains(character);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}
