use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use toml::Table;
use trainer::Error;
use trainer::config::{KeptEpoch, Schedule, TeachersRead, TrainingConfig};
use trainer::data::Source;
use trainer::encoding::{Input, VocabularyBy, WordRule};
use trainer::network::{Cell, Pooling, Targets};
use trainer::quantize::Bits;

use super::reading::Reading;

/// Settings given as arguments; each is also a field of config.toml.
#[derive(Debug, Args, Serialize)]
#[command(next_help_heading = "Settings (defaults in brackets; by rows: chosen once the rows are known, and said)")]
pub(super) struct Settings {
    /// What a step is; auto: words of texts, frames of a file of frames [auto]
    #[arg(long, value_enum)]
    input: Option<Input>,
    #[command(flatten)]
    #[serde(flatten)]
    reading: Reading,
    /// Columns of text to make the vocabulary from [those that are read]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    vocabulary_columns: Option<Vec<String>>,
    /// Training rows to make the vocabulary from, the first ones; 0: all [0]
    #[arg(long, value_name = "N")]
    vocabulary_rows: Option<usize>,
    /// What the words of the vocabulary are chosen by [frequency]
    #[arg(long, value_enum)]
    vocabulary_by: Option<VocabularyBy>,
    /// Words, or characters, that the vocabulary has at most [4000]
    #[arg(long, value_name = "N")]
    vocabulary_size: Option<usize>,
    /// What a word is [with-marks]
    #[arg(long, value_enum)]
    word_rule: Option<WordRule>,
    /// Tokens that words are hashed to with --input hashed-words [4096]
    #[arg(long, value_name = "N")]
    hash_buckets: Option<usize>,
    /// Vectors that words beside the vocabulary are composed of, with --input fingerprinted-words: the mean of one for
    /// their first five characters and one for all of them; 0: such words are all the same [0]
    #[arg(long, value_name = "N")]
    subword_buckets: Option<usize>,
    /// What 1 in a frame of integers stands for on the device [1 for integers, else what 16 bits need; one for each
    /// channel where one is too coarse for some]
    #[arg(long, value_name = "X")]
    frame_unit: Option<f32>,
    /// Frames side by side that make a step, on the device too [a fifteenth of the rows' mean length, at most 64 inputs; 1
    /// below 30 frames]
    #[arg(long, value_name = "N")]
    frames_per_step: Option<usize>,
    /// Frames from one step to the next [half of --frames-per-step]
    #[arg(long, value_name = "N")]
    frame_stride: Option<usize>,
    /// Give a step each frame's difference to the one before as well [false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    frame_differences: Option<bool>,
    /// Steps after which a row is cut in training; a bidirectional network keeps so many on the device; 0: never [256]
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
    /// Steps up to which a shorter row is padded, on the device too; 0: never [0]
    #[arg(long, value_name = "N")]
    pad_to: Option<usize>,
    /// A text file of word vectors for the embedding to start with
    #[arg(long, value_name = "FILE")]
    pretrained_embeddings: Option<PathBuf>,
    /// Leave the vectors of that file as they are [false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    freeze_embeddings: Option<bool>,
    /// Values of a token's vector, 0: one-hot [32, or those of the file of word vectors]
    #[arg(long, value_name = "N")]
    pub(super) embedding_size: Option<usize>,
    /// The formula of the recurrent layers [gru]
    #[arg(long, value_enum)]
    cell: Option<Cell>,
    /// Read in both directions [false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    bidirectional: Option<bool>,
    /// Values of a layer's hidden state [64]
    #[arg(long, value_name = "N")]
    hidden_size: Option<usize>,
    /// Recurrent layers [1]
    #[arg(long, value_name = "N")]
    num_layers: Option<usize>,
    /// How outputs become one vector [max; last where rows have fewer than 16 frames on average]
    #[arg(long, value_enum)]
    pooling: Option<Pooling>,
    /// Where the loss is taken [last]
    #[arg(long, value_enum)]
    targets: Option<Targets>,
    /// Share of values dropped between layers and before the head [0.5 below 3,000 rows and for rows of 16 frames or
    /// more, else 0.3]
    #[arg(long, value_name = "X")]
    dropout: Option<f64>,
    /// Share of words made unknown in training [0.1]
    #[arg(long, value_name = "X")]
    word_dropout: Option<f64>,
    /// Standard deviation of noise on normalized frames in training [0]
    #[arg(long, value_name = "X")]
    input_noise: Option<f64>,
    /// Time warp in training: standard deviation of the logarithm of the speed of a row of frames [0.2 below 3,000 rows,
    /// else 0]
    #[arg(long, value_name = "X")]
    time_warp: Option<f64>,
    /// Scaling in training: standard deviation of the logarithm of the factor of each channel [0.2 below 3,000 rows, else 0]
    #[arg(long, value_name = "X")]
    scaling: Option<f64>,
    /// Cropping in training: share of the frames of a row that is cut off its ends, at most [0.1 below 3,000 rows, else 0]
    #[arg(long, value_name = "X")]
    cropping: Option<f64>,
    /// How much of each label's probability all classes share in the loss [0]
    #[arg(long, value_name = "X")]
    label_smoothing: Option<f64>,
    /// How far words' vectors, or frames, are moved, as a share of their norm, to be right about those nearby too
    /// [0.05, of frames 0.1; 0 of long rows]
    #[arg(long, value_name = "X")]
    adversarial: Option<f64>,
    /// Epochs that the weights are averaged over [0]
    #[arg(long, value_name = "X")]
    weight_average: Option<f64>,
    /// Optimizer steps to train for [2000 below 3,000 rows; else 1500 for rows of 16 frames or more and 6000 for others,
    /// and 5 epochs at least; twice as many where rows have fewer than 16 words or frames on average; fewer of long rows]
    #[arg(long, value_name = "N", conflicts_with = "epochs")]
    steps: Option<usize>,
    /// Passes over the rows to train for, instead of --steps
    #[arg(long, value_name = "N")]
    pub(super) epochs: Option<usize>,
    /// Epochs between two measurements on the validation rows [by rows: 20 measurements at most]
    #[arg(long, value_name = "N")]
    measure_every: Option<usize>,
    /// Rows in an optimizer step [16 below 3,000 rows, 8 of long rows or below 100 rows, else 32]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Largest step size of Adam [0.003]
    #[arg(long, value_name = "X")]
    learning_rate: Option<f64>,
    /// How it goes on after it has risen [linear]
    #[arg(long, value_enum)]
    schedule: Option<Schedule>,
    /// Optimizer steps in which the learning rate rises [a tenth of all]
    #[arg(long, value_name = "N")]
    warmup_steps: Option<usize>,
    /// Largest norm of a tensor's gradient [1]
    #[arg(long, value_name = "X")]
    gradient_clipping: Option<f32>,
    /// Training stops early if none of so many epochs is kept [half of all]
    #[arg(long, value_name = "N")]
    patience: Option<usize>,
    /// The epoch whose weights the run keeps [last-good; after a cross-validation the one at which its parts were best]
    #[arg(long, value_enum)]
    keep_epoch: Option<KeptEpoch>,
    /// Share of training rows held out for validation [0.1]
    #[arg(long, value_name = "X")]
    validation_share: Option<f64>,
    /// Parts of a cross-validation, after which all rows are trained on; 0: none [5, or 3 of long rows, below 400 rows
    /// without validation rows]
    #[arg(long, value_name = "N")]
    folds: Option<usize>,
    /// Share of the training rows that is trained on [1]
    #[arg(long, value_name = "X")]
    training_share: Option<f64>,
    /// Training rows that the int8 ranges are measured on [1000]
    #[arg(long, value_name = "N")]
    calibration_rows: Option<usize>,
    /// Percentile of a state's magnitudes on those rows that its integers hold; 100: the largest [100]
    #[arg(long, value_name = "X")]
    calibration_percentile: Option<f64>,
    /// Simulate integers of so many bits, 4 or 8, in training: of weights, embedding, states
    #[arg(long, value_name = "BITS")]
    quantize_aware: Option<Bits>,
    /// Bits of the embedding in that [those of --quantize-aware]
    #[arg(long, value_name = "BITS")]
    embedding_bits: Option<Bits>,
    /// Epochs before that begins [half of the epochs; 0 with --fine-tune]
    #[arg(long, value_name = "N")]
    float_epochs: Option<usize>,
    /// A finished run whose answers are learned from, beside the labels; may be given several times
    #[arg(long = "teacher", value_name = "RUN")]
    teachers: Option<Vec<PathBuf>>,
    /// Share of the loss that is the distance to the teachers' answers [0.9]
    #[arg(long, value_name = "X")]
    teacher_share: Option<f64>,
    /// What the teachers read of a row [changed-rows]
    #[arg(long, value_enum)]
    teachers_read: Option<TeachersRead>,
    /// Share of rows that get another row's end in training; the teachers answer to them [0]
    #[arg(long, value_name = "X")]
    splicing: Option<f64>,
    /// Where the chance of training comes from [1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// What decides which rows are held out, and which home commands there are [1]
    #[arg(long, value_name = "N")]
    data_seed: Option<u64>,
}

impl Settings {
    /// Whether other rows are read with these settings than with those of `config`.
    pub(super) fn changes_rows(&self, config: &TrainingConfig) -> bool {
        self.reading.is_given() || (self.data_seed.is_some() && config.data == Source::HomeCommands)
    }

    /// The settings that were given, under the names that config.toml has.
    ///
    /// # Errors
    /// [`Error::Failed`] for a value that TOML does not have.
    pub(super) fn table(&self) -> Result<Table, Error> {
        Table::try_from(self).map_err(|error| Error::Failed(format!("the settings: {error}")))
    }
}
