use std::path::PathBuf;

use clap::Args;
use trainer::data::Source;
use trainer::encoding::{Input, VocabularyBy};
use trainer::network::{Cell, Pooling, Targets};
use trainer::quantize::Bits;
use trainer::training::{KeptEpoch, Schedule, TeachersRead, TrainingConfig};

/// Settings given as arguments; each is also a field of config.toml.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings (defaults in brackets)")]
pub(super) struct Settings {
    /// What a step is; auto: words of texts, frames of a file of frames [auto]
    #[arg(long, value_enum)]
    input: Option<Input>,
    /// Columns of text to read, by name [all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    text_columns: Option<Vec<String>>,
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
    /// Tokens that words are hashed to with --input hashed-words [4096]
    #[arg(long, value_name = "N")]
    hash_buckets: Option<usize>,
    /// Vectors that words beside the vocabulary are composed of, with --input fingerprinted-words: the mean of one for
    /// their first five characters and one for all of them; 0: such words are all the same [0]
    #[arg(long, value_name = "N")]
    subword_buckets: Option<usize>,
    /// What 1 in a frame of integers stands for on the device [1 for integers, else what 16 bits need]
    #[arg(long, value_name = "X")]
    frame_unit: Option<f32>,
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
    /// The formula of the recurrent layers [lstm]
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
    /// How outputs become one vector [max]
    #[arg(long, value_enum)]
    pooling: Option<Pooling>,
    /// Where the loss is taken [last]
    #[arg(long, value_enum)]
    targets: Option<Targets>,
    /// Share of values dropped between layers and before the head [0.3]
    #[arg(long, value_name = "X")]
    dropout: Option<f64>,
    /// Share of words made unknown in training [0.1]
    #[arg(long, value_name = "X")]
    word_dropout: Option<f64>,
    /// Standard deviation of noise on normalized frames in training [0]
    #[arg(long, value_name = "X")]
    input_noise: Option<f64>,
    /// How much of each label's probability all classes share in the loss [0]
    #[arg(long, value_name = "X")]
    label_smoothing: Option<f64>,
    /// How far tokens' vectors are moved, as a share of their norm, to be right about those nearby too [0]
    #[arg(long, value_name = "X")]
    adversarial: Option<f64>,
    /// Epochs that the weights are averaged over [0]
    #[arg(long, value_name = "X")]
    weight_average: Option<f64>,
    /// Most passes over the rows [8]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Rows in a step of the optimizer [32]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Largest step size of Adam [0.003]
    #[arg(long, value_name = "X")]
    learning_rate: Option<f64>,
    /// How it goes on after it has risen [linear]
    #[arg(long, value_enum)]
    schedule: Option<Schedule>,
    /// Steps in which the learning rate rises [200]
    #[arg(long, value_name = "N")]
    warmup_steps: Option<usize>,
    /// Largest norm of a tensor's gradient [1]
    #[arg(long, value_name = "X")]
    gradient_clipping: Option<f32>,
    /// Epochs without improvement before training stops [4]
    #[arg(long, value_name = "N")]
    patience: Option<usize>,
    /// The epoch whose weights the run keeps [best]
    #[arg(long, value_enum)]
    keep_epoch: Option<KeptEpoch>,
    /// Share of training rows held out for validation [0.1]
    #[arg(long, value_name = "X")]
    validation_share: Option<f64>,
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
        self.text_columns.is_some() || (self.data_seed.is_some() && config.data == Source::HomeCommands)
    }

    /// Puts what was given in the place of what `config` has.
    pub(super) fn apply(&self, config: &mut TrainingConfig) {
        fn set<T: Clone>(target: &mut T, given: &Option<T>) {
            if let Some(given) = given {
                target.clone_from(given);
            }
        }
        fn set_some<T: Clone>(target: &mut Option<T>, given: &Option<T>) {
            if given.is_some() {
                target.clone_from(given);
            }
        }
        set(&mut config.input, &self.input);
        set(&mut config.text_columns, &self.text_columns);
        set(&mut config.vocabulary_columns, &self.vocabulary_columns);
        set(&mut config.vocabulary_rows, &self.vocabulary_rows);
        set(&mut config.vocabulary_by, &self.vocabulary_by);
        set(&mut config.hash_buckets, &self.hash_buckets);
        set_some(&mut config.frame_unit, &self.frame_unit);
        set(&mut config.pad_to, &self.pad_to);
        set_some(&mut config.pretrained_embeddings, &self.pretrained_embeddings);
        set(&mut config.freeze_embeddings, &self.freeze_embeddings);
        set(&mut config.cell, &self.cell);
        set(&mut config.bidirectional, &self.bidirectional);
        set(&mut config.vocabulary_size, &self.vocabulary_size);
        set(&mut config.subword_buckets, &self.subword_buckets);
        set(&mut config.max_length, &self.max_length);
        set(&mut config.embedding_size, &self.embedding_size);
        set(&mut config.hidden_size, &self.hidden_size);
        set(&mut config.num_layers, &self.num_layers);
        set(&mut config.pooling, &self.pooling);
        set(&mut config.targets, &self.targets);
        set(&mut config.dropout, &self.dropout);
        set(&mut config.word_dropout, &self.word_dropout);
        set(&mut config.input_noise, &self.input_noise);
        set(&mut config.label_smoothing, &self.label_smoothing);
        set(&mut config.adversarial, &self.adversarial);
        set(&mut config.weight_average, &self.weight_average);
        set(&mut config.epochs, &self.epochs);
        set(&mut config.batch_size, &self.batch_size);
        set(&mut config.learning_rate, &self.learning_rate);
        set(&mut config.schedule, &self.schedule);
        set(&mut config.warmup_steps, &self.warmup_steps);
        set(&mut config.gradient_clipping, &self.gradient_clipping);
        set(&mut config.patience, &self.patience);
        set(&mut config.keep_epoch, &self.keep_epoch);
        set(&mut config.validation_share, &self.validation_share);
        set(&mut config.training_share, &self.training_share);
        set(&mut config.calibration_rows, &self.calibration_rows);
        set(&mut config.calibration_percentile, &self.calibration_percentile);
        set_some(&mut config.quantize_aware, &self.quantize_aware);
        set_some(&mut config.embedding_bits, &self.embedding_bits);
        set_some(&mut config.float_epochs, &self.float_epochs);
        set(&mut config.teachers, &self.teachers);
        set(&mut config.teachers_read, &self.teachers_read);
        set(&mut config.teacher_share, &self.teacher_share);
        set(&mut config.splicing, &self.splicing);
        set(&mut config.seed, &self.seed);
        set(&mut config.data_seed, &self.data_seed);
    }
}
