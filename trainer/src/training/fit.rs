use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::average::TIMES_AN_EPOCH;
use super::checkpoint::{Checkpoint, EpochSums, Position};
use super::cross_validation::CrossValidation;
use super::evaluate::evaluate;
use super::kept_epoch::{kept_epoch, patience_is_over};
use super::learner::{Found, Learner};
use super::parameter_ids::with_counted_ids;
use super::prefetch::{Making, prefetch};
use super::progress::Status;
use super::schedule::learning_rate;
use super::teachers::Teachers;
use super::{Prepared, Progress};
use crate::batches::epoch_batches;
use crate::config::KeptEpoch;
use crate::config::TrainingConfig;
use crate::encoding::FrameNormalization;
use crate::error::Error;
use crate::network::{Classifier, NetworkConfig};
use crate::operations::values;
use crate::operations::{NetworkBackend, TrainingBackend};
use crate::output::write_atomically;
use crate::quantize::{IntegerBits, Rounding, measure_ranges};
use crate::run::EpochMetrics;
use crate::run::Run;
use crate::run_folder::{RunFolder, write_toml};
use crate::weights::{self, NetworkWeights};

/// Batches between two reads of loss and accuracy from the device.
const BATCHES_PER_READ: usize = 25;
/// What chance decides; each has its own stream of random numbers.
#[derive(Clone, Copy)]
enum Chance {
    Initial = 0,
    Order = 1,
    Dropout = 2,
}

/// How a training ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// All epochs, or no improvement for as many as `patience` says.
    Finished(Measurements),
    /// It was asked to stop, and can go on from its checkpoint.
    Interrupted,
}

/// The measurements of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurements {
    /// The one whose weights are kept.
    pub kept: EpochMetrics,
    /// All of them.
    pub history: Vec<EpochMetrics>,
    /// The class that each validation row had in each, see [`Validation::Answers`].
    pub answers: Vec<Vec<usize>>,
}

/// How a training is validated.
#[derive(Debug, Clone, Copy)]
pub enum Validation<'a> {
    /// On the validation rows.
    Rows,
    /// On the validation rows, and the answers to them are kept.
    Answers,
    /// By trainings on parts of the rows: their measurements at the same share of the training, which ends where they
    /// were best. Its settings keep the last epoch.
    Crossed(&'a CrossValidation),
}

/// What a training is given.
pub struct Fit<'a> {
    /// The settings.
    pub config: &'a TrainingConfig,
    /// The rows.
    pub prepared: &'a Prepared,
    /// Where everything is written.
    pub folder: &'a RunFolder,
    /// Whether to go on from the folder's checkpoint.
    pub resume: bool,
    /// How it is validated.
    pub validation: Validation<'a>,
    /// Asked before each batch.
    pub should_stop: &'a (dyn Fn() -> bool + Sync),
}

/// Trains a network and leaves the weights of the epoch that is kept, the metrics and a checkpoint in the run's folder.
///
/// An interrupted training that goes on gives the same weights, bit for bit, as one that was not: what is
/// random depends on the seed, the epoch and the batch alone.
///
/// Of several `devices` each computes the gradients of its share of a batch, and the first one, which keeps the
/// network, takes the step; none are the backend's default device. Sums are rounded otherwise than on one device,
/// and dropout draws other masks.
///
/// # Errors
/// [`Error::Unwritable`]; [`Error::Run`] for a checkpoint that is none; [`Error::Failed`] if the loss is not
/// finite, or rows in a temporary file cannot be read.
pub fn fit<B: TrainingBackend>(fit: &Fit<'_>, progress: &mut Progress, devices: &[B::Device]) -> Result<Ending, Error> {
    let Fit { config, prepared, folder, .. } = fit;
    let first = devices.first().cloned().unwrap_or_default();
    let device = &first;
    let model = initial_network::<B>(config, prepared, device)?;
    let batches = prepared.training.len().div_ceil(config.batch_size);
    let rates = (0..config.epochs * batches).map(|step| rate_at(config, batches, step));
    let teachers = Teachers::load(config, device)?.prepared(prepared.questions.as_ref())?;
    let mut learner = Learner::new(model, network_config(fit), teachers, config, rates, devices);
    let mut position = Position::default();
    if fit.resume {
        (position, learner) = Checkpoint::read(&folder.checkpoint())?.restore(learner, device)?;
    }
    let validation_rows = prepared.independent_validation_rows();
    let last = match fit.validation {
        Validation::Crossed(parts) => (parts.best_share() * config.epochs as f64).ceil() as usize,
        Validation::Rows | Validation::Answers => config.epochs,
    };
    while position.epoch < last && !patience_is_over(config, &position.history, validation_rows) {
        if let (Some(bits), None) = (config.integer_bits(), learner.rounding())
            && position.epoch >= config.float_epochs()
        {
            let rounding = begin_rounding(fit, bits, &learner)?;
            learner = learner.rounding_as(rounding);
        }
        let stopped;
        (learner, stopped) = train_epoch(fit, learner, &mut position, progress)?;
        if stopped {
            progress.finish();
            Checkpoint::new(&position, &learner)?.write(&folder.checkpoint())?;
            return Ok(Ending::Interrupted);
        }
        position.epoch += 1;
        position.batch = 0;
        if !position.epoch.is_multiple_of(config.measure_every) && position.epoch < last {
            continue;
        }
        learner = learner.settled();
        let trained = learner.trained();
        if measure(fit, &trained, &learner.network, &mut position, progress, device)? {
            weights::save(&trained, &folder.weights())?;
        }
        Checkpoint::new(&position, &learner)?.write(&folder.checkpoint())?;
    }
    progress.finish();
    let kept = kept_epoch(config, &position.history, validation_rows);
    let kept = kept.ok_or_else(|| Error::Failed("no epoch was trained".into()))?;
    Ok(Ending::Finished(Measurements { kept, history: position.history, answers: position.answers }))
}

/// The network that a training begins with.
///
/// # Errors
/// As [`Run::load`], of the run that is tuned.
pub fn initial_network<B: TrainingBackend>(
    config: &TrainingConfig,
    prepared: &Prepared,
    device: &B::Device,
) -> Result<Classifier<B>, Error> {
    let network = config.network(prepared.input_shape(config));
    let mut rng = chance(config.seed, Chance::Initial, 0, 0);
    let mut model = Classifier::new(&network, prepared.labels.len(), &mut rng, device);
    if let Some(start) = &config.fine_tune {
        let trained = Run::<B::InnerBackend>::load(start, device)?.network;
        model = NetworkWeights::from_network(&trained, config.cell).to_network(device);
    }
    if let Some(pretrained) = &prepared.pretrained {
        model = model.with_embeddings(&pretrained.vectors, config.freeze_embeddings);
    }
    Ok(with_counted_ids(model))
}

/// The training rows of each batch of an epoch, by their numbers; epochs are counted from 0.
pub fn batches_of_epoch(config: &TrainingConfig, prepared: &Prepared, epoch: usize) -> Vec<Vec<usize>> {
    epoch_batches(&prepared.training, config.batch_size, &mut chance(config.seed, Chance::Order, epoch, 0))
}

fn network_config(fit: &Fit<'_>) -> NetworkConfig {
    fit.config.network(fit.prepared.input_shape(fit.config))
}

/// How integers are simulated from now on, measured on the network as it is; kept in the run's folder.
fn begin_rounding<B: TrainingBackend>(
    fit: &Fit<'_>,
    bits: IntegerBits,
    learner: &Learner<B>,
) -> Result<Rounding, Error> {
    let Fit { config, prepared, folder, .. } = fit;
    let network = learner.trained();
    let rows = prepared.calibration_rows(config.calibration_rows)?;
    let ranges = measure_ranges(&network, &learner.network, &rows, config.calibration_percentile)?;
    let weights = NetworkWeights::from_network(&network, config.cell);
    let rounding = Rounding::new(bits, &weights, &ranges);
    write_toml(&folder.rounding(), &rounding)?;
    Ok(rounding)
}

/// Trains from the position's batch to the end of its epoch, or until asked to stop (`true`).
fn train_epoch<B: TrainingBackend>(
    fit: &Fit<'_>,
    mut learner: Learner<B>,
    position: &mut Position,
    progress: &mut Progress,
) -> Result<(Learner<B>, bool), Error> {
    let Fit { config, prepared, .. } = fit;
    let epoch = position.epoch;
    let examples = &prepared.training;
    let batches = batches_of_epoch(config, prepared, epoch);
    let input_grids = learner.rounding().map_or(Vec::new(), |rounding| rounding.channel_grids(&learner.network));
    let unknown = prepared.unknown_tokens();
    let layout = prepared.encoder.normalization().map(FrameNormalization::layout);
    let making = Making {
        examples,
        teachers: prepared.teachers.as_ref(),
        splicing: config.splicing,
        word_dropout: config.word_dropout,
        unknown: &unknown,
        signal: layout.as_ref().map(|layout| (config.signal_augmentation(), layout)),
        input_noise: config.input_noise,
        input_grids: &input_grids,
        shares: learner.devices.len(),
    };
    let mut unread = Unread::default();
    if epoch.is_multiple_of(config.measure_every) || position.sums.rows == 0 {
        progress.start_epoch();
    }
    std::thread::scope(|scope| {
        let seed = config.seed;
        let of_batch = move |number| chance(seed, Chance::Dropout, epoch, number);
        for ready in prefetch(scope, making, &batches, of_batch, position.batch) {
            if (fit.should_stop)() {
                unread.read(&mut position.sums)?;
                return Ok((learner, true));
            }
            let rate = rate_at(config, batches.len(), epoch * batches.len() + position.batch);
            let found;
            (learner, found) = learner.step(ready?, rate);
            unread.push(found);
            position.batch += 1;
            if position.batch.is_multiple_of(batches.len().div_ceil(TIMES_AN_EPOCH)) {
                learner = learner.averaged();
            }
            if position.batch.is_multiple_of(BATCHES_PER_READ) || position.batch == batches.len() {
                let rows = unread.read(&mut position.sums)?;
                progress.advance(rows, &status(fit, epoch, &position.sums));
            }
        }
        Ok((learner, false))
    })
}

/// Measures the network after an epoch, writes its row of metrics, and tells whether its weights are to be kept.
fn measure<B: NetworkBackend>(
    fit: &Fit<'_>,
    model: &Classifier<B>,
    network: &NetworkConfig,
    position: &mut Position,
    progress: &mut Progress,
    device: &B::Device,
) -> Result<bool, Error> {
    let Fit { config, prepared, folder, .. } = fit;
    let validation = match fit.validation {
        Validation::Crossed(parts) => parts.at(position.epoch as f64 / config.epochs as f64),
        Validation::Rows | Validation::Answers => evaluate(model, network, &prepared.validation, device)?,
    };
    if matches!(fit.validation, Validation::Answers) {
        position.answers.push(validation.answers);
    }
    let EpochSums { loss, correct, rows } = position.sums;
    let rows = rows.max(1) as f64;
    let epoch = position.epoch;
    let batches = prepared.training.len().div_ceil(config.batch_size);
    let metrics = EpochMetrics {
        epoch,
        training_loss: loss / rows,
        training_accuracy: correct as f64 / rows,
        validation_loss: validation.loss,
        validation_accuracy: validation.accuracy,
        learning_rate: rate_at(config, batches, (epoch * batches).saturating_sub(1)),
    };
    position.history.push(metrics);
    position.sums = EpochSums::default();
    let is_kept = kept_epoch(config, &position.history, prepared.independent_validation_rows()) == Some(metrics);
    progress.end_epoch(&metrics, is_kept && config.keep_epoch != KeptEpoch::Last);
    write_atomically(&folder.metrics(), &metrics_csv(&position.history)?)?;
    Ok(is_kept)
}

fn metrics_csv(history: &[EpochMetrics]) -> Result<Vec<u8>, Error> {
    let failed = |error: String| Error::Failed(format!("metrics.csv: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    history.iter().try_for_each(|row| writer.serialize(row)).map_err(|error| failed(error.to_string()))?;
    writer.into_inner().map_err(|error| failed(error.to_string()))
}

fn rate_at(config: &TrainingConfig, batches: usize, step: usize) -> f64 {
    learning_rate(config.schedule, config.learning_rate, config.warmup_steps, config.epochs * batches, step)
}

fn status(fit: &Fit<'_>, epoch: usize, sums: &EpochSums) -> Status {
    let Fit { config, prepared, .. } = fit;
    let rows = sums.rows.max(1) as f64;
    let measured = epoch / config.measure_every * config.measure_every;
    let epochs = config.measure_every.min(config.epochs - measured);
    Status {
        epoch: epoch + 1,
        epochs: config.epochs,
        rows: sums.rows,
        total_rows: (epochs * prepared.training.len()) as u64,
        loss: sums.loss / rows,
        accuracy: sums.correct as f64 / rows,
    }
}

/// The random numbers for one purpose at one place of the training.
fn chance(seed: u64, purpose: Chance, epoch: usize, batch: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((purpose as u64) << 60 | (epoch as u64) << 36 | batch as u64);
    rng
}

/// Losses and hits that are still on the device.
struct Unread<B: Backend> {
    losses: Vec<Tensor<B, 1>>,
    right: Vec<Tensor<B, 1>>,
}

impl<B: Backend> Default for Unread<B> {
    fn default() -> Self {
        Self { losses: Vec::new(), right: Vec::new() }
    }
}

impl<B: Backend> Unread<B> {
    fn push(&mut self, found: Found<B>) {
        self.losses.extend(found.losses);
        self.right.extend(found.right);
    }

    /// Adds them to the sums, row by row, so that the sums do not depend on when they are read. Returns the
    /// number of rows.
    fn read(&mut self, sums: &mut EpochSums) -> Result<u64, Error> {
        if self.losses.is_empty() {
            return Ok(0);
        }
        let losses = values(Tensor::cat(std::mem::take(&mut self.losses), 0));
        let right = values(Tensor::cat(std::mem::take(&mut self.right), 0));
        if losses.iter().any(|loss| !loss.is_finite()) {
            let advice = "the loss is no longer finite: try a smaller --learning-rate or --gradient-clipping";
            return Err(Error::Failed(advice.into()));
        }
        sums.loss = losses.iter().fold(sums.loss, |sum, loss| sum + f64::from(*loss));
        sums.correct += right.iter().filter(|right| **right > 0.5).count() as u64;
        sums.rows += losses.len() as u64;
        Ok(losses.len() as u64)
    }
}
