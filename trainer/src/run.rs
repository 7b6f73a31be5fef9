//! A finished run: what its folder holds, read back.

use std::path::Path;

use burn::tensor::backend::Backend;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::config::TrainingConfig;
use crate::data::{ColumnNames, Source};
use crate::encoding::{Encoder, FrameNormalization, WordRule};
use crate::error::Error;
use crate::export::{ExportPrecision, ExportedNetwork, ModelFile, PartTwo, export};
use crate::hexadecimal;
use crate::network::{Classifier, NetworkConfig};
use crate::quantize::{Bits, IntegerBits, Ranges, Rounding};
use crate::run_folder::{RunFolder, read_lines, read_toml};
use crate::weights::{self, NetworkWeights};

/// What the epochs between two measurements came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// The last of these epochs, from 1.
    pub epoch: usize,
    /// Mean loss over the training rows, with dropout: the cross-entropy with labels, as they are smoothed, and with
    /// teachers' answers.
    pub training_loss: f64,
    /// Share of training rows that were right, with dropout.
    pub training_accuracy: f64,
    /// Mean cross-entropy over the validation rows.
    pub validation_loss: f64,
    /// Share of validation rows that were right.
    pub validation_accuracy: f64,
    /// The learning rate at the epoch's end.
    pub learning_rate: f64,
}

/// Rows that the ranges of an imported network were measured on, and how they are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationData {
    /// The file.
    pub data: Source,
    /// The settings of a training on this file that say how it is read.
    #[serde(default)]
    pub reading: toml::Table,
}

/// What a run came to: `result.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Version of the trainer.
    pub trainer_version: String,
    /// Rows trained on; 0 in a run that was imported.
    pub training_rows: usize,
    /// Rows that measured the epochs; after a cross-validation all rows.
    pub validation_rows: usize,
    /// Parts of the cross-validation; 0: there was none.
    #[serde(default)]
    pub folds: usize,
    /// Mean F1 of the classes on the validation rows; in a run of an earlier version none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macro_f1: Option<f64>,
    /// Training rows that the int8 ranges were measured on.
    pub calibration_rows: usize,
    /// Where these rows stand, in a run that was imported with such rows; elsewhere they are training rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration_data: Option<CalibrationData>,
    /// Steps of the longest training row, as it was trained on; 0 in a run that was imported, and in old ones.
    #[serde(default)]
    pub longest_row: usize,
    /// The names of the columns that were read; none in a run that was imported, and in old ones.
    #[serde(default)]
    pub columns: ColumnNames,
    /// Largest magnitudes of states and inputs on those rows.
    pub ranges: Ranges,
    /// The epoch whose weights were kept.
    #[serde(alias = "best")]
    pub kept: EpochMetrics,
}

impl RunResult {
    /// Whether the network was trained elsewhere, see [`crate::import`].
    pub fn is_imported(&self) -> bool {
        self.training_rows == 0
    }
}

/// A finished run.
#[derive(Debug, Clone)]
pub struct Run<B: Backend> {
    /// Its settings.
    pub config: TrainingConfig,
    /// Names of the classes.
    pub labels: Vec<String>,
    /// What turns content into sequences.
    pub encoder: Encoder,
    /// The network with the kept epoch's weights.
    pub network: Classifier<B>,
    /// What it came to.
    pub result: RunResult,
    /// How its training simulated integers, if it did.
    pub rounding: Option<Rounding>,
}

/// What a finished run reads, and what it answers.
#[derive(Debug, Clone)]
pub struct RunIdentity {
    /// Its settings.
    pub config: TrainingConfig,
    /// Names of the classes.
    pub labels: Vec<String>,
    /// What turns content into sequences.
    pub encoder: Encoder,
}

impl RunIdentity {
    /// Reads it from a run's folder.
    ///
    /// # Errors
    /// As [`Run::load`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        let folder = RunFolder::open(path)?;
        let config = read_config(&folder)?;
        config.check()?;
        if !folder.result().is_file() {
            let problem = "this run is not finished; go on with `trainer train --resume --out` and the folder";
            return Err(Error::Run { path: path.into(), problem: problem.into() });
        }
        let labels = read_lines(&folder.labels())?;
        let encoder = Encoder::load(&folder, &config.encoder_settings())?;
        Ok(Self { config, labels, encoder })
    }
}

/// The rows of a run before its training, as its model files describe them.
#[derive(Debug, Clone, Copy)]
pub struct Untrained<'a> {
    /// Names of the classes.
    pub labels: &'a [String],
    /// What turns content into sequences.
    pub encoder: &'a Encoder,
    /// The names of the columns that are read.
    pub columns: &'a ColumnNames,
    /// SHA-256 of the rows.
    pub data_hash: &'a str,
    /// Rows to train on.
    pub training_rows: usize,
    /// Rows that measure the epochs.
    pub validation_rows: usize,
}

impl<B: Backend> Run<B> {
    /// A run of these settings before its training. Its model files are as large as after it, or a little larger where a
    /// longest row of fewer bytes follows; all but the numbers in them is as after it.
    pub fn untrained(config: TrainingConfig, rows: &Untrained<'_>, device: &B::Device) -> Self {
        let Untrained { labels, encoder, columns, data_hash, training_rows, validation_rows } = *rows;
        let network = config.network(encoder.input_shape(config.embedding_size));
        let network = Classifier::new(&network, labels.len(), &mut ChaCha8Rng::seed_from_u64(0), device);
        // A trained file states the length of its longest row; none takes more bytes than this number.
        let longest_row = if config.max_length > 0 { config.max_length } else { u32::MAX as usize };
        let states = vec![vec![1.0; if config.bidirectional { 2 } else { 1 }]; config.num_layers];
        Self {
            labels: labels.to_vec(),
            encoder: encoder.clone(),
            network,
            result: RunResult {
                trainer_version: env!("CARGO_PKG_VERSION").into(),
                training_rows,
                validation_rows,
                folds: 0,
                macro_f1: None,
                calibration_rows: config.calibration_rows.min(training_rows),
                calibration_data: None,
                longest_row,
                columns: columns.clone(),
                ranges: Ranges { inputs: vec![1.0; encoder.values_of_a_step()], states },
                kept: EpochMetrics::default(),
            },
            rounding: None,
            config: TrainingConfig { data_hash: Some(data_hash.into()), ..config },
        }
    }

    /// Reads a run's folder.
    ///
    /// # Errors
    /// [`Error::Run`] with the file and what is wrong with it; [`Error::Unreadable`].
    pub fn load(path: &Path, device: &B::Device) -> Result<Self, Error> {
        let RunIdentity { config, labels, encoder } = RunIdentity::load(path)?;
        let folder = RunFolder::open(path)?;
        let result = read_toml(&folder.result())?;
        let network = load_network(&folder, &config, &encoder, labels.len(), device)?;
        let rounding = config.integer_bits().map(|_| read_toml(&folder.rounding())).transpose()?;
        Ok(Self { config, labels, encoder, network, result, rounding })
    }

    /// The bit widths of its model file in integers: those that training simulated, or else 8.
    pub fn integer_bits(&self) -> IntegerBits {
        self.rounding.as_ref().map_or(IntegerBits::all(Bits::Eight), |rounding| rounding.bits)
    }

    /// What its network is, with the rounding of its states if training simulated one.
    pub fn network_config(&self) -> NetworkConfig {
        let config = self.config.network(self.encoder.input_shape(self.config.embedding_size));
        self.rounding.as_ref().map_or(config, |rounding| rounding.apply(config))
    }

    /// Steps after which a sequence is full in this run's model files; 0: never.
    ///
    /// A network of one direction takes in every step: `--max-length` cuts rows in its training alone. A bidirectional
    /// network keeps `--max-length` of them. An imported network is cut where its description says.
    pub fn max_steps(&self) -> usize {
        let TrainingConfig { bidirectional, max_length, .. } = self.config;
        if bidirectional || self.result.is_imported() { max_length } else { 0 }
    }

    /// The run as a model file.
    ///
    /// # Errors
    /// As [`export`]; [`Error::Setting`] for integers where no ranges were measured.
    pub fn export(&self, precision: impl Into<ExportPrecision>) -> Result<ModelFile, Error> {
        self.export_version(precision, 0)
    }

    /// [`Self::export`], with a number for the file.
    ///
    /// # Errors
    /// As [`Self::export`].
    pub fn export_version(
        &self,
        precision: impl Into<ExportPrecision>,
        model_version: u32,
    ) -> Result<ModelFile, Error> {
        let precision = precision.into();
        let of_integers = matches!(precision, ExportPrecision::Integer(_));
        if of_integers && self.result.calibration_rows == 0 {
            let problem = "int8 needs ranges, and this run was imported without rows to measure them on; import it \
                           again with --calibration-data and a file of rows like those that it was trained on";
            return Err(Error::Setting(problem.into()));
        }
        let weights = NetworkWeights::from_network(&self.network, self.config.cell);
        let parts = ExportedNetwork {
            labels: &self.labels,
            input: (&self.encoder).into(),
            word_rule: self.config.word_rule.in_file(),
            weights: &weights,
            pooling: self.config.pooling,
            max_steps: self.max_steps(),
            pad_to: self.config.pad_to,
            ranges: &self.result.ranges,
            rounding: self.rounding.as_ref(),
            model_version,
            part_two: &self.part_two(of_integers),
        };
        export(&parts, precision)
    }

    /// What desktop programs read of a model file.
    fn part_two(&self, of_integers: bool) -> PartTwo {
        let narrow = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let RunResult { trainer_version, training_rows, calibration_rows, columns, macro_f1, kept, .. } = &self.result;
        let frames = |normalization: &FrameNormalization| normalization.frames(self.result.longest_row);
        PartTwo {
            trainer_version: trainer_version.clone(),
            data_hash: self.config.data_hash.as_deref().and_then(hexadecimal::hash).unwrap_or_default(),
            training_rows: narrow(*training_rows),
            calibration_rows: if of_integers { narrow(*calibration_rows) } else { 0 },
            validation_accuracy: kept.validation_accuracy as f32,
            seed: self.config.seed,
            longest_row: narrow(self.encoder.normalization().map_or(0, frames)),
            label_column: columns.label.clone(),
            text_columns: columns.texts.clone(),
            channel_names: columns.channels.clone(),
            metrics: macro_f1.map(|value| ("macro_f1".to_owned(), value as f32)).into_iter().collect(),
        }
    }
}

/// The settings of a run's folder. A run of an earlier version, which does not say what a word is, has that version's
/// words.
///
/// # Errors
/// As [`read_toml`].
pub(crate) fn read_config(folder: &RunFolder) -> Result<TrainingConfig, Error> {
    let config: TrainingConfig = read_toml(&folder.config())?;
    let is_earlier = is_of_earlier_version(folder)?;
    Ok(if is_earlier { TrainingConfig { word_rule: WordRule::Alphanumeric, ..config } } else { config })
}

/// Whether a run's folder was made before its settings said what a word is.
///
/// # Errors
/// As [`read_toml`].
pub(crate) fn is_of_earlier_version(folder: &RunFolder) -> Result<bool, Error> {
    let settings: toml::Table = read_toml(&folder.config())?;
    Ok(!settings.contains_key("word_rule"))
}

/// The network of a run's folder, with the weights of the epoch that is kept.
///
/// # Errors
/// As [`Run::load`].
pub(crate) fn load_network<B: Backend>(
    folder: &RunFolder,
    config: &TrainingConfig,
    encoder: &Encoder,
    classes: usize,
    device: &B::Device,
) -> Result<Classifier<B>, Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let network = config.network(encoder.input_shape(config.embedding_size));
    let mut network = Classifier::new(&network, classes, &mut rng, device);
    weights::load(&mut network, &folder.weights())?;
    Ok(network)
}
