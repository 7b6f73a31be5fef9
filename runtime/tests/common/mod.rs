//! Small models of every kind, made in memory from weights that are a function of their place.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test takes what it needs; a test may panic"
)]

pub(crate) mod fingerprints;
mod kinds;
mod parts;
mod writer;

use fingerprints::Fingerprints;
pub(crate) use kinds::*;
pub(crate) use parts::{File, ID, Parts, Tensor, sealed, with_right_header};
use runtime::Classifier;
use runtime::format::{
    Cell, FloatChannel, IntegerChannel, ONE_TEMPERATURE, Packing, Pooling, Precision, Thresholds, WordRule,
};
pub(crate) use writer::file;

pub(crate) const CLASSES: usize = 3;
pub(crate) const LABELS: [&str; CLASSES] = ["off", "on", "wärmer"];
/// Sorted by bytes.
pub(crate) const WORDS: [&str; 6] = ["down", "lamp", "light", "off", "up", "é"];
/// Sorted by bytes.
pub(crate) const ALPHABET: [&str; 7] = [" ", "a", "e", "l", "n", "o", "é"];
pub(crate) const BUCKETS: u32 = 11;
pub(crate) const CHANNELS: usize = 3;
/// What 1 stands for in a channel of [`InputSpec::Frames`], if each has a unit of its own; else the first for all.
pub(crate) const UNITS: [f32; CHANNELS] = [1.0 / 64.0, 0.5, 3.0];
/// Values of an embedding's vector, unless a [`Spec`] says otherwise.
pub(crate) const EMBEDDING_SIZE: usize = 6;

pub(crate) const PRECISIONS: [Precision; 3] = [Precision::F32, Precision::F16, Precision::Int8];
pub(crate) const CELLS: [Cell; 4] = [Cell::Lstm, Cell::Gru, Cell::RnnTanh, Cell::RnnRelu];
pub(crate) const POOLINGS: [Pooling; 3] = [Pooling::Last, Pooling::Mean, Pooling::Max];

/// Words known by their fingerprints, unless a [`Spec`] says otherwise: [`WORDS`], and others.
pub(crate) const FINGERPRINTED: usize = 300;
/// Rows that other words are composed of.
pub(crate) const SUBWORD_BUCKETS: u32 = 13;

/// The fingerprints of so many words: [`WORDS`], `w6`, `w7` and so on; other words are often taken for one of them.
pub(crate) fn fingerprints(count: usize) -> Fingerprints {
    let others = (WORDS.len()..count).map(|number| format!("w{number}"));
    let words: Vec<String> = WORDS.map(String::from).into_iter().chain(others).collect();
    Fingerprints::of(&words, 1, 5)
}

/// What a step takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputSpec {
    Words,
    HashedWords,
    FingerprintedWords,
    ComposedWords,
    Characters,
    Bytes,
    Frames,
    /// Frames whose values are the first layer's input as they are: 8-bit integers, or floats.
    Identity {
        channels: usize,
    },
}

/// How a token becomes a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VectorSpec {
    Embedding,
    /// An embedding in 4 bits, of an odd size.
    Nibbles,
    /// The same in 8 bits.
    NibblesAsBytes,
    OneHot,
    /// An embedding that is 1 (in int8: 127) at the token's place and 0 elsewhere.
    Identity,
}

/// How frames become steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowSpec {
    pub(crate) frames_per_step: u16,
    pub(crate) frame_stride: u16,
    pub(crate) has_differences: bool,
    pub(crate) has_one_unit: bool,
}

impl WindowSpec {
    /// Each frame is a step.
    pub(crate) const SINGLE: Self =
        Self { frames_per_step: 1, frame_stride: 1, has_differences: false, has_one_unit: true };

    /// Values of a step of so many channels.
    pub(crate) fn width(self, channels: usize) -> usize {
        channels * usize::from(self.frames_per_step) * if self.has_differences { 2 } else { 1 }
    }
}

/// How the weights of layers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WeightSpec {
    Bytes,
    /// In 4 bits.
    Nibbles,
    /// The same in 8 bits.
    NibblesAsBytes,
}

/// A layer; the seeds are those of its directions' weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LayerSpec {
    pub(crate) cell: Cell,
    pub(crate) hidden_size: usize,
    pub(crate) seed: u32,
    pub(crate) reverse_seed: Option<u32>,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) precision: Precision,
    pub(crate) input: InputSpec,
    /// The vocabulary of [`InputSpec::Words`], sorted by bytes.
    pub(crate) words: Vec<String>,
    /// Words of the table of [`InputSpec::FingerprintedWords`] and [`InputSpec::ComposedWords`].
    pub(crate) fingerprinted: usize,
    /// The alphabet of [`InputSpec::Characters`], sorted by bytes.
    pub(crate) alphabet: Vec<String>,
    pub(crate) vectors: VectorSpec,
    /// Values of an embedding's vector; [`VectorSpec::Nibbles`] and [`VectorSpec::NibblesAsBytes`] have one less.
    pub(crate) embedding_size: usize,
    pub(crate) rule: WordRule,
    pub(crate) window: WindowSpec,
    pub(crate) weights: WeightSpec,
    pub(crate) packing: Packing,
    pub(crate) layers: Vec<LayerSpec>,
    pub(crate) pooling: Pooling,
    pub(crate) labels: Vec<String>,
    pub(crate) max_steps: u32,
    pub(crate) pad_to: u16,
    pub(crate) inverse_temperature: u16,
    pub(crate) thresholds: Thresholds,
    pub(crate) alignment: u8,
}

impl Spec {
    /// Words, embedded, at most 40 of them, without padding; logits as they are, every answer accepted.
    pub(crate) fn new(precision: Precision, layers: &[LayerSpec], pooling: Pooling) -> Self {
        Self {
            precision,
            input: InputSpec::Words,
            words: WORDS.map(String::from).to_vec(),
            fingerprinted: FINGERPRINTED,
            alphabet: ALPHABET.map(String::from).to_vec(),
            vectors: VectorSpec::Embedding,
            embedding_size: EMBEDDING_SIZE,
            rule: WordRule::LowercaseAlphanumeric,
            window: WindowSpec::SINGLE,
            weights: WeightSpec::Bytes,
            packing: Packing::RowMajor,
            layers: layers.to_vec(),
            pooling,
            labels: LABELS.map(String::from).to_vec(),
            max_steps: 40,
            pad_to: 0,
            inverse_temperature: ONE_TEMPERATURE,
            thresholds: Thresholds::None,
            alignment: 4,
        }
    }

    pub(crate) fn token_count(&self) -> usize {
        match self.input {
            InputSpec::Words => self.words.len() + 2,
            InputSpec::HashedWords => BUCKETS as usize + 2,
            InputSpec::FingerprintedWords => self.fingerprinted + 2,
            InputSpec::ComposedWords => self.fingerprinted + 2 + SUBWORD_BUCKETS as usize,
            InputSpec::Characters => self.alphabet.len() + 2,
            InputSpec::Bytes => 258,
            InputSpec::Frames | InputSpec::Identity { .. } => 0,
        }
    }

    /// Values of a frame; 0 of a text.
    pub(crate) fn channels(&self) -> usize {
        match self.input {
            InputSpec::Frames => CHANNELS,
            InputSpec::Identity { channels } => channels,
            _ => 0,
        }
    }

    /// Values of the first layer's input, or tokens of one-hot vectors.
    pub(crate) fn input_size(&self) -> usize {
        match (self.input, self.vectors) {
            (InputSpec::Frames | InputSpec::Identity { .. }, _) => self.window.width(self.channels()),
            (_, VectorSpec::Embedding) => self.embedding_size,
            (_, VectorSpec::Nibbles | VectorSpec::NibblesAsBytes) => self.embedding_size - 1,
            (_, VectorSpec::OneHot | VectorSpec::Identity) => self.token_count(),
        }
    }

    /// Whether a layer has a reverse direction.
    pub(crate) fn is_bidirectional(&self) -> bool {
        self.layers.iter().any(|layer| layer.reverse_seed.is_some())
    }

    /// Values of the pooled vector.
    pub(crate) fn pooled_size(&self) -> usize {
        self.layers.last().map_or(0, LayerSpec::width)
    }
}

impl LayerSpec {
    pub(crate) fn forward(cell: Cell, hidden_size: usize, seed: u32) -> Self {
        Self { cell, hidden_size, seed, reverse_seed: None }
    }

    pub(crate) fn both(cell: Cell, hidden_size: usize, seed: u32) -> Self {
        Self { cell, hidden_size, seed, reverse_seed: Some(seed + 1) }
    }

    pub(crate) fn width(&self) -> usize {
        self.hidden_size * if self.reverse_seed.is_some() { 2 } else { 1 }
    }
}

/// A number between -127 and 127 that depends on all of its arguments.
pub(crate) fn number(seed: u32, row: usize, column: usize) -> i8 {
    let mut bits = seed.wrapping_mul(0x9E37_79B9) ^ (row as u32).wrapping_mul(0x85EB_CA6B) ^ (column as u32);
    for _ in 0..2 {
        bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    }
    (((bits >> 8) % 255) as i32 - 127) as i8
}

/// As [`number`], between -7 and 7.
pub(crate) fn small_number(seed: u32, row: usize, column: usize) -> i8 {
    number(seed, row, column) / 17
}

/// What a weight is in a float model.
pub(crate) fn float(weight: i8) -> f32 {
    f32::from(weight) / 128.0
}

/// The head's weights, bias and multipliers.
pub(crate) const HEAD_SEED: u32 = 900;

pub(crate) fn head_bias(class: usize) -> i32 {
    i32::from(number(HEAD_SEED + 1, class, 0)) * 20_000
}

pub(crate) fn multiplier(seed: u32, result: usize) -> i16 {
    2_000 + 10 * i16::from(number(seed + 3, result, 0))
}

/// How a channel's number becomes an input of an int8 model.
pub(crate) fn integer_channel(channel: usize) -> IntegerChannel {
    IntegerChannel { zero: 100 * channel as i32 - 50, scale: 300 + channel as i16, pre_shift: 0, shift: 10 }
}

/// How a channel's difference becomes one.
pub(crate) fn integer_difference(channel: usize) -> IntegerChannel {
    IntegerChannel { zero: 3 * channel as i32 - 2, scale: 200 + channel as i16, pre_shift: 1, shift: 8 }
}

/// How a channel's number becomes an input of a float model.
pub(crate) fn float_channel(channel: usize) -> FloatChannel {
    FloatChannel { zero: (100.0 * channel as f32 - 50.0) / 64.0, scale: 0.25 + channel as f32 }
}

/// How a channel's difference becomes one.
pub(crate) fn float_difference(channel: usize) -> FloatChannel {
    FloatChannel { zero: channel as f32 / 32.0, scale: 0.5 + channel as f32 }
}

/// The threshold of a class, where each has its own.
pub(crate) fn threshold(class: usize) -> u16 {
    [20_000, 12_000, 32_768][class]
}

/// The bits of the logits, after a prediction that is made of them.
pub(crate) fn logits<const WORDS: usize>(classifier: &mut Classifier<'_, '_, [u32; WORDS]>) -> Vec<u32> {
    classifier.predict();
    let logits = classifier.logits();
    (0..logits.len()).map(|class| logits.bits(class).unwrap()).collect()
}

/// The bits of the logits of a pooled vector, as FORMAT.md has them.
pub(crate) fn head_logits(precision: Precision, pooled: &[f32]) -> Vec<u32> {
    let weight = |class: usize, unit: usize| number(HEAD_SEED, class, unit);
    let logit = |class: usize| {
        if precision == Precision::Int8 {
            let sum: i64 = (0..pooled.len()).map(|unit| i64::from(weight(class, unit)) * pooled[unit] as i64).sum();
            let logit = ((sum + i64::from(head_bias(class))) * i64::from(multiplier(HEAD_SEED, class))) >> 16;
            logit as i32 as u32
        } else {
            let sum = (0..pooled.len()).fold(0.0, |sum, unit| sum + float(weight(class, unit)) * pooled[unit]);
            (sum + head_bias(class) as f32 * (1.0 / 1e6)).to_bits()
        }
    };
    (0..CLASSES).map(logit).collect()
}
