use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use toml::Table;
use trainer::Error;
use trainer::config::{KeptEpoch, Schedule, TeachersRead, TrainingConfig, settings_table};
use trainer::data::Source;
use trainer::encoding::{Input, VocabularyBy, WordRule};
use trainer::network::{Cell, Pooling, Targets};
use trainer::quantize::Bits;

use super::reading::Reading;

/// Settings given as arguments; each is also a field of config.toml.
#[derive(Debug, Args, Serialize)]
#[command(next_help_heading = "Settings (defaults in brackets; training prints those that it chooses by the rows)")]
pub(super) struct Settings {
    /// What one step of a row is; auto: a word of a text, a frame of a file of frames [auto]
    #[arg(long, value_enum)]
    input: Option<Input>,
    #[command(flatten)]
    #[serde(flatten)]
    reading: Reading,
    /// Text columns that the vocabulary is learned from [all text columns that are read]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    vocabulary_columns: Option<Vec<String>>,
    /// Number of training rows that the vocabulary is learned from, from the first; 0: all [0]
    #[arg(long, value_name = "N")]
    vocabulary_rows: Option<usize>,
    /// How the words of the vocabulary are chosen [frequency]
    #[arg(long, value_enum)]
    vocabulary_by: Option<VocabularyBy>,
    /// Largest number of words, or characters, in the vocabulary [4000]
    #[arg(long, value_name = "N")]
    vocabulary_size: Option<usize>,
    /// Which characters form a word [with-marks]
    #[arg(long, value_enum)]
    word_rule: Option<WordRule>,
    /// Number of hash buckets for --input hashed-words, one embedding row each [4096]
    #[arg(long, value_name = "N")]
    hash_buckets: Option<usize>,
    /// Number of subword buckets for --input fingerprinted-words, one embedding row each: a word outside the vocabulary is
    /// the mean of two, one for its first five characters and one for the whole word; 0: all such words are unknown [0]
    #[arg(long, value_name = "N")]
    subword_buckets: Option<usize>,
    /// Value of one integer unit in the frames that the device reads [1 for integers, else chosen so that 16 bits suffice,
    /// for each channel if one unit is too coarse for some]
    #[arg(long, value_name = "X")]
    frame_unit: Option<f32>,
    /// Consecutive frames that make one step, on the device too [a fifteenth of the rows' mean length, at most 64 inputs;
    /// 1 below 30 frames]
    #[arg(long, value_name = "N")]
    frames_per_step: Option<usize>,
    /// Frames between the starts of two steps [half of --frames-per-step]
    #[arg(long, value_name = "N")]
    frame_stride: Option<usize>,
    /// Add each frame's difference from the previous frame to the inputs [true for a smooth signal]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    frame_differences: Option<bool>,
    /// Longest row in steps: training cuts longer rows; a bidirectional model keeps this many steps; 0: no limit [256]
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
    /// Pad shorter rows up to this many steps, on the device too; 0: no padding [0]
    #[arg(long, value_name = "N")]
    pad_to: Option<usize>,
    /// A text file of word vectors (GloVe, word2vec) that the embedding starts with
    #[arg(long, value_name = "FILE")]
    pretrained_embeddings: Option<PathBuf>,
    /// Do not train the vectors of --pretrained-embeddings [false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    freeze_embeddings: Option<bool>,
    /// Embedding size; 0: one-hot tokens [32, or the size of the pretrained vectors]
    #[arg(long, value_name = "N")]
    pub(super) embedding_size: Option<usize>,
    /// Recurrent cell [gru]
    #[arg(long, value_enum)]
    cell: Option<Cell>,
    /// Run each layer in both directions [false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    bidirectional: Option<bool>,
    /// Hidden units of each layer, per direction [64]
    #[arg(long, value_name = "N")]
    hidden_size: Option<usize>,
    /// Number of recurrent layers [1]
    #[arg(long, value_name = "N")]
    num_layers: Option<usize>,
    /// How the outputs of all steps become one vector [max; last if rows have fewer than 16 frames on average]
    #[arg(long, value_enum)]
    pooling: Option<Pooling>,
    /// After which steps the loss is taken [last]
    #[arg(long, value_enum)]
    targets: Option<Targets>,
    /// Dropout rate between layers and before the linear layer [0.5 below 3,000 rows and for rows of 16 frames or
    /// more, else 0.3]
    #[arg(long, value_name = "X")]
    dropout: Option<f64>,
    /// Share of words replaced by the unknown word in training [0.1]
    #[arg(long, value_name = "X")]
    word_dropout: Option<f64>,
    /// Standard deviation of Gaussian noise added to normalized frames in training [0]
    #[arg(long, value_name = "X")]
    input_noise: Option<f64>,
    /// Time warp in training: standard deviation of the logarithm of a row's speed [0.2 below 3,000 rows of a smooth signal,
    /// else 0]
    #[arg(long, value_name = "X")]
    time_warp: Option<f64>,
    /// Scaling in training: standard deviation of the logarithm of each channel's factor [0.2 below 3,000 rows of a smooth
    /// signal, else 0]
    #[arg(long, value_name = "X")]
    scaling: Option<f64>,
    /// Cropping in training: largest share of a row's frames that is cut off its ends [0.1 below 3,000 rows of a smooth
    /// signal, else 0]
    #[arg(long, value_name = "X")]
    cropping: Option<f64>,
    /// Label smoothing: share of each label's probability given to all classes [0]
    #[arg(long, value_name = "X")]
    label_smoothing: Option<f64>,
    /// Adversarial training: how far embeddings or frames are perturbed, as a share of their norm
    /// [0.05 for words, 0.1 for frames; 0 for long rows]
    #[arg(long, value_name = "X")]
    adversarial: Option<f64>,
    /// Keep an exponential moving average of the weights over this many epochs; 0: none [0]
    #[arg(long, value_name = "X")]
    weight_average: Option<f64>,
    /// Optimizer steps to train for [2000 below 3,000 rows; else 1500 for rows of 16 frames or more and 6000 for others,
    /// and 5 epochs at least; twice as many if rows have fewer than 16 words or frames on average; fewer for long rows]
    #[arg(long, value_name = "N", conflicts_with = "epochs")]
    steps: Option<usize>,
    /// Passes over the rows to train for, instead of --steps
    #[arg(long, value_name = "N")]
    pub(super) epochs: Option<usize>,
    /// Epochs between two measurements on the validation rows [chosen for at most 20 measurements]
    #[arg(long, value_name = "N")]
    measure_every: Option<usize>,
    /// Rows per batch [16 below 3,000 rows, 8 for long rows or below 100 rows, else 32]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Peak learning rate of Adam [0.003]
    #[arg(long, value_name = "X")]
    learning_rate: Option<f64>,
    /// Learning-rate schedule after the warm-up [linear]
    #[arg(long, value_enum)]
    schedule: Option<Schedule>,
    /// Optimizer steps of linear warm-up [a tenth of all steps]
    #[arg(long, value_name = "N")]
    warmup_steps: Option<usize>,
    /// Gradient clipping: largest norm of each tensor's gradient [1]
    #[arg(long, value_name = "X")]
    gradient_clipping: Option<f32>,
    /// Early stopping: stop after this many epochs of which none was kept [half of all epochs]
    #[arg(long, value_name = "N")]
    patience: Option<usize>,
    /// Which epoch the run keeps [last-good; after cross-validation the epoch at which the folds were best]
    #[arg(long, value_enum)]
    keep_epoch: Option<KeptEpoch>,
    /// Share of training rows held out for validation [0.1]
    #[arg(long, value_name = "X")]
    validation_share: Option<f64>,
    /// Folds of a cross-validation before training on all rows; 0: none [5, or 3 for long rows, below 400 rows
    /// without validation rows]
    #[arg(long, value_name = "N")]
    folds: Option<usize>,
    /// Share of the training rows to train on [1]
    #[arg(long, value_name = "X")]
    training_share: Option<f64>,
    /// Training rows that calibrate the int8 ranges [1000]
    #[arg(long, value_name = "N")]
    calibration_rows: Option<usize>,
    /// Percentile of the state magnitudes on those rows that fits the integer range; 100: the largest [100]
    #[arg(long, value_name = "X")]
    calibration_percentile: Option<f64>,
    /// Quantization-aware training: bit width of weights, embedding and states to simulate, 4 or 8
    #[arg(long, value_name = "BITS")]
    quantize_aware: Option<Bits>,
    /// Bit width of the embedding during quantization-aware training [that of --quantize-aware]
    #[arg(long, value_name = "BITS")]
    embedding_bits: Option<Bits>,
    /// Epochs of float training before quantization-aware training starts [half of all; 0 for a tuned run]
    #[arg(long, value_name = "N")]
    float_epochs: Option<usize>,
    /// Knowledge distillation: a finished run to learn from in addition to the labels; may be given several times
    #[arg(long = "teacher", value_name = "RUN")]
    teachers: Option<Vec<PathBuf>>,
    /// Weight of the teachers' answers in the loss [0.9]
    #[arg(long, value_name = "X")]
    teacher_share: Option<f64>,
    /// Which form of a row the teachers read [changed-rows]
    #[arg(long, value_enum)]
    teachers_read: Option<TeachersRead>,
    /// Share of rows whose end is replaced by another row's end in training; teachers label them [0]
    #[arg(long, value_name = "X")]
    splicing: Option<f64>,
    /// Random seed of training [1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Random seed of the held-out rows and of the generated home commands [1]
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
        settings_table(self)
    }
}
