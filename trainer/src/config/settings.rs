use std::path::PathBuf;

use runtime::format::MAX_COMPOSED_ROWS;
use runtime::text::FIRST_WORD_TOKEN;
use serde::{Deserialize, Serialize};

use super::{Automatic, KeptEpoch, Schedule, TeachersRead};
use crate::batches::SignalAugmentation;
use crate::data::{HeldOut, ReadOptions, Segment, Selection, Source};
use crate::encoding::{EncoderSettings, FrameSettings, Input, MOST_FINGERPRINTS, VocabularyBy, WordRule};
use crate::error::Error;
use crate::network::{Cell, InputShape, NetworkConfig, Pooling, Targets};
use crate::quantize::{Bits, IntegerBits};

/// Longest row under mean pooling.
pub(crate) const LONGEST_MEAN: usize = 65_535;
/// Most words of a vocabulary of strings.
pub(super) const MOST_WORDS: usize = 10_000_000;
/// Most words and rows that others are composed of, together.
pub(super) const MOST_COMPOSED: usize = MAX_COMPOSED_ROWS - FIRST_WORD_TOKEN as usize;
/// Most passes over the rows.
pub(super) const MOST_EPOCHS: usize = 1_000_000;

/// All that decides what a run computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Where the rows come from.
    pub data: Source,
    /// A file of validation rows of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
    /// The share of training rows that is held out where no validation rows are given.
    pub validation_share: f64,
    /// The share of the training rows that is trained on, spread evenly; labels and vocabulary come from all.
    pub training_share: f64,
    /// SHA-256 of the rows; training stops where other rows are found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_hash: Option<String>,
    /// What a step of a sequence is.
    pub input: Input,
    /// What a word is.
    pub word_rule: WordRule,
    /// The column of labels, by name or number; without it names and content tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
    /// Names for labels: each `LABEL=NAME`, or a name alone for each number; none: labels are what their column has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub label_names: Vec<String>,
    /// The column of persons or recordings that stay on one side where rows are held out; without it names tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_column: Option<String>,
    /// Frames of the windows that recordings are cut into; without it each sequence is a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<usize>,
    /// Frames from one of these windows to the next; without it half of a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_every: Option<usize>,
    /// What stands between two columns, one character of ASCII; without it the first lines tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The encoding of files of rows, by one of its names in use; without it UTF-8, or UTF-16 with a byte-order mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The channels that are read, by name or number; empty: all that there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Columns of text that are read; empty: all that there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub text_columns: Vec<String>,
    /// Columns of text that the vocabulary is made from; empty: those that are read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vocabulary_columns: Vec<String>,
    /// Training rows that the vocabulary is made from, the first ones in the order of training; 0: all. Where
    /// validation rows are held out by chance, that order is one of chance too.
    pub vocabulary_rows: usize,
    /// What the words of the vocabulary are chosen by.
    pub vocabulary_by: VocabularyBy,
    /// Words, or characters, that the vocabulary has at most.
    pub vocabulary_size: usize,
    /// Tokens that words are hashed to.
    pub hash_buckets: usize,
    /// Rows of the embedding that words beside a vocabulary of fingerprints are composed of; 0: they are all unknown.
    pub subword_buckets: usize,
    /// What 1 in a frame of integers stands for; without it, as the training rows need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_unit: Option<f32>,
    /// Frames that make a step.
    pub frames_per_step: usize,
    /// Frames from one step to the next.
    pub frame_stride: usize,
    /// Whether a step has each frame's difference to the one before.
    pub frame_differences: bool,
    /// Steps after which a row is cut in training, and a sequence of a bidirectional network on the device; 0: never.
    pub max_length: usize,
    /// Steps up to which a shorter row is padded, in training and on the device; 0: never.
    pub pad_to: usize,
    /// A text file of word vectors that the embedding starts with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrained_embeddings: Option<PathBuf>,
    /// Whether vectors of that file stay as they are.
    pub freeze_embeddings: bool,
    /// Values of a token's vector; 0: one-hot.
    pub embedding_size: usize,
    /// The formula of the recurrent layers.
    pub cell: Cell,
    /// Values of a layer's hidden state, in each direction.
    pub hidden_size: usize,
    /// Recurrent layers.
    pub num_layers: usize,
    /// Whether each layer runs in both directions.
    pub bidirectional: bool,
    /// How outputs become one vector.
    pub pooling: Pooling,
    /// Where the loss is taken.
    pub targets: Targets,
    /// Share of values that are dropped between layers and before the head.
    pub dropout: f64,
    /// Share of words that are made unknown in training.
    pub word_dropout: f64,
    /// Standard deviation of what is added to normalized frames in training.
    pub input_noise: f64,
    /// Standard deviation of the logarithm of the speed at which training plays a row of frames.
    pub time_warp: f64,
    /// Standard deviation of the logarithm of the factor of each channel in training.
    pub scaling: f64,
    /// Share of the frames of a row that training cuts off its ends, at most.
    pub cropping: f64,
    /// How much of each label's probability all classes share in the loss.
    pub label_smoothing: f64,
    /// How far the vectors of a batch's tokens, or its frames, are moved to where the loss is larger, as a share of their norm.
    pub adversarial: f64,
    /// Epochs that the weights are averaged over, to measure them and to keep them; 0: they are as the last step left
    /// them.
    pub weight_average: f64,
    /// Optimizer steps to train for, instead of `epochs`; the epochs that they are replace them once the rows are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Most passes over the rows.
    pub epochs: usize,
    /// Epochs between two measurements on the validation rows.
    pub measure_every: usize,
    /// Parts of the rows that are each held out once, before the training on all rows; 0: no cross-validation.
    pub folds: usize,
    /// Rows in a step of the optimizer.
    pub batch_size: usize,
    /// Largest step size of Adam.
    pub learning_rate: f64,
    /// How it goes on after it has risen.
    pub schedule: Schedule,
    /// Steps in which the learning rate rises to its largest.
    pub warmup_steps: usize,
    /// Largest norm of a tensor's gradient.
    pub gradient_clipping: f32,
    /// Epochs after the kept one after which training stops early.
    pub patience: usize,
    /// The epoch whose weights are kept.
    pub keep_epoch: KeptEpoch,
    /// Training rows that the int8 ranges are measured on.
    pub calibration_rows: usize,
    /// The percentile of a state's magnitudes on those rows that its integers hold; 100: the largest.
    pub calibration_percentile: f64,
    /// Bits of the integers that training simulates in the weights and, but for `embedding_bits`, in the embedding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantize_aware: Option<Bits>,
    /// Bits of the integers that it simulates in the embedding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_bits: Option<Bits>,
    /// Epochs before it begins; without it half of them, or none where a finished run is tuned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_epochs: Option<usize>,
    /// A finished run with whose weights training begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fine_tune: Option<PathBuf>,
    /// Finished runs whose answers are learned from, beside the labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teachers: Vec<PathBuf>,
    /// The share of the loss that is the distance to their answers.
    pub teacher_share: f64,
    /// What they read of a row.
    pub teachers_read: TeachersRead,
    /// Share of rows whose end is another row's in training; only teachers know the answer to them.
    pub splicing: f64,
    /// Where the chance of training comes from.
    pub seed: u64,
    /// What decides which rows are held out by chance, and which home commands there are.
    pub data_seed: u64,
    /// Which of these settings are chosen once the rows are known.
    #[serde(skip)]
    pub automatic: Automatic,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        let EncoderSettings {
            input,
            reading: _,
            word_rule,
            vocabulary_columns,
            vocabulary_rows,
            vocabulary_by,
            vocabulary_size,
            hash_buckets,
            subword_buckets,
            frames,
        } = EncoderSettings::default();
        Self {
            data: Source::HomeCommands,
            validation: None,
            validation_share: 0.1,
            training_share: 1.0,
            data_hash: None,
            input,
            word_rule,
            label_column: None,
            label_names: Vec::new(),
            group_column: None,
            segment: None,
            segment_every: None,
            delimiter: None,
            encoding: None,
            channels: Vec::new(),
            text_columns: Vec::new(),
            vocabulary_columns,
            vocabulary_rows,
            vocabulary_by,
            vocabulary_size,
            hash_buckets,
            subword_buckets,
            frame_unit: frames.unit,
            frames_per_step: frames.frames_per_step,
            frame_stride: frames.frame_stride,
            frame_differences: frames.differences,
            max_length: 256,
            pad_to: 0,
            pretrained_embeddings: None,
            freeze_embeddings: false,
            embedding_size: 32,
            cell: Cell::Gru,
            hidden_size: 64,
            num_layers: 1,
            bidirectional: false,
            pooling: Pooling::Max,
            targets: Targets::Last,
            dropout: 0.3,
            word_dropout: 0.1,
            input_noise: 0.0,
            time_warp: 0.0,
            scaling: 0.0,
            cropping: 0.0,
            label_smoothing: 0.0,
            adversarial: 0.0,
            weight_average: 0.0,
            steps: None,
            epochs: 8,
            measure_every: 1,
            folds: 0,
            batch_size: 32,
            learning_rate: 3e-3,
            schedule: Schedule::Linear,
            warmup_steps: 200,
            gradient_clipping: 1.0,
            patience: 4,
            keep_epoch: KeptEpoch::LastGood,
            calibration_rows: 1_000,
            calibration_percentile: 100.0,
            quantize_aware: None,
            embedding_bits: None,
            float_epochs: None,
            fine_tune: None,
            teachers: Vec::new(),
            teachers_read: TeachersRead::ChangedRows,
            teacher_share: 0.9,
            splicing: 0.0,
            seed: 1,
            data_seed: 1,
            automatic: Automatic::NONE,
        }
    }
}

impl TrainingConfig {
    /// The network of these settings over an input.
    pub fn network(&self, input: InputShape) -> NetworkConfig {
        NetworkConfig {
            input,
            cell: self.cell,
            hidden_size: self.hidden_size,
            num_layers: self.num_layers,
            bidirectional: self.bidirectional,
            pooling: self.pooling,
            rounding: None,
        }
    }

    /// Bits of the integers that training simulates; nothing if it does not.
    pub fn integer_bits(&self) -> Option<IntegerBits> {
        let weights = self.quantize_aware?;
        Some(IntegerBits { weights, embedding: self.embedding_bits.unwrap_or(weights) })
    }

    /// Epochs before training simulates integers.
    pub fn float_epochs(&self) -> usize {
        let otherwise = if self.fine_tune.is_some() { 0 } else { self.epochs / 2 };
        match self.quantize_aware {
            Some(_) => self.float_epochs.unwrap_or(otherwise),
            None => self.epochs,
        }
    }

    /// Words that a vocabulary can have at most.
    pub fn most_words(&self) -> usize {
        match (self.input, self.subword_buckets) {
            (Input::FingerprintedWords, 0) => MOST_FINGERPRINTS,
            (Input::FingerprintedWords, buckets) => MOST_COMPOSED.saturating_sub(buckets),
            _ => MOST_WORDS,
        }
    }

    /// The rows that are held out: none where all rows are trained on after a cross-validation.
    pub fn held_out(&self) -> HeldOut {
        if self.folds > 0 { HeldOut::Nothing } else { HeldOut::Share(self.validation_share) }
    }

    /// How frames become steps.
    pub fn frame_settings(&self) -> FrameSettings {
        FrameSettings {
            unit: self.frame_unit,
            frames_per_step: self.frames_per_step,
            frame_stride: self.frame_stride,
            differences: self.frame_differences,
        }
    }

    /// How training changes rows of frames.
    pub fn signal_augmentation(&self) -> SignalAugmentation {
        let Self { time_warp, scaling, cropping, .. } = *self;
        SignalAugmentation { time_warp, scaling, cropping }
    }

    /// What the encoder is to be.
    pub fn encoder_settings(&self) -> EncoderSettings {
        EncoderSettings {
            input: self.input,
            reading: self.read_options(),
            word_rule: self.word_rule,
            vocabulary_columns: self.vocabulary_columns.clone(),
            vocabulary_rows: self.vocabulary_rows,
            vocabulary_by: self.vocabulary_by,
            vocabulary_size: self.vocabulary_size,
            hash_buckets: self.hash_buckets,
            subword_buckets: self.subword_buckets,
            frames: self.frame_settings(),
        }
    }

    /// How the rows are read.
    pub fn read_options(&self) -> ReadOptions {
        ReadOptions {
            label_column: self.label_column.clone(),
            label_names: self.label_names.clone(),
            group_column: self.group_column.clone(),
            segment: self.segment.map(|frames| {
                let every = self.segment_every.unwrap_or(frames.div_ceil(2));
                Segment { frames, every }
            }),
            text_columns: self.text_columns.clone(),
            channels: self.channels.clone(),
            delimiter: self.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok()),
            encoding: self.encoding.clone(),
            ..ReadOptions::default()
        }
    }

    /// The rows that are trained on, but for those that are held out, as `reading` has them.
    pub(crate) fn selection<'a>(&'a self, reading: &'a ReadOptions, held_out: HeldOut) -> Selection<'a> {
        Selection { validation: self.validation.as_deref(), held_out, seed: self.data_seed, reading }
    }
}

/// Settings as a table of TOML.
///
/// # Errors
/// [`Error::Failed`] for a value that TOML does not have.
pub fn settings_table(settings: &impl Serialize) -> Result<toml::Table, Error> {
    toml::Table::try_from(settings).map_err(|error| Error::Failed(format!("the settings: {error}")))
}
