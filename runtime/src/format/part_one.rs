use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use super::{Feature, FingerprintTableSize, Frames, MAX_HEADS, MAX_LAYERS, Precision, StringTableSize};
use crate::error::{Error, Part};

/// The Unicode version of the tables that words and characters are told by.
pub const UNICODE_VERSION: u8 = 17;
/// [`Head::inverse_temperature`] of a model whose logits are taken as they are: 1 in Q4.12.
pub const ONE_TEMPERATURE: u16 = 1 << 12;

/// What a device needs to know of a model beside its tensors: postcard, right after the header.
///
/// It says which tensors there are, and how many elements each has; they follow in the order in which they are named
/// here. Enumerations grow at their end, so that a file keeps its meaning; what else is to come is an extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartOne {
    /// What a step takes in.
    pub input: Input,
    /// Steps after which a sequence is full; 0: never. A bidirectional model has a limit, which is what it keeps room
    /// for.
    pub max_steps: u32,
    /// A sequence of fewer tokens is classified as if padding tokens followed up to this number, as rows were padded in
    /// training; 0: never.
    pub pad_to: u16,
    /// Recurrent layers, the first one nearest to the input.
    pub layers: Vec<Layer, MAX_LAYERS>,
    /// From the last layer's outputs to answers.
    pub heads: Vec<Head, MAX_HEADS>,
}

/// What a step takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// Text, a token a step.
    Text(Text),
    /// Frames of numbers, as sensors give them.
    Frames(Frames),
}

/// How text becomes inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// How text becomes tokens.
    pub tokens: Tokens,
    /// How a token becomes the first layer's input.
    pub vectors: Vectors,
}

/// How text becomes tokens. Token 0 is padding, token 1 what is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tokens {
    /// Words, looked up in a vocabulary: word `n` has token `n + 2`.
    Words {
        /// What a word is.
        split: WordSplit,
        /// The known words, sorted by bytes.
        vocabulary: StringTableSize,
    },
    /// Words, each numbered by a hash: no word is stored. See [`crate::text::hash_word`].
    HashedWords {
        /// What a word is.
        split: WordSplit,
        /// A word has token `2 + hash mod buckets`.
        buckets: u32,
    },
    /// Words, looked up in a vocabulary of which parts of hashes are stored, no strings. See
    /// [`crate::text::FingerprintVocabulary`].
    FingerprintedWords {
        /// What a word is.
        split: WordSplit,
        /// The known words; word `n` has token `n + 2`.
        table: FingerprintTableSize,
    },
    /// The same, and other words are composed of two vectors. See [`crate::text::Parts`].
    ComposedWords {
        /// What a word is.
        split: WordSplit,
        /// The known words.
        table: FingerprintTableSize,
        /// What of other words has a row each.
        parts: PartRule,
        /// The rows of such parts, after those of the known words: at least 1.
        buckets: u32,
    },
    /// Characters, looked up in an alphabet: character `n` has token `n + 2`.
    Characters {
        /// What a character is.
        rule: CharacterRule,
        /// [`UNICODE_VERSION`].
        unicode: u8,
        /// The known characters, one a string, sorted by bytes.
        alphabet: StringTableSize,
    },
    /// Bytes: byte `b` has token `b + 2`.
    Bytes,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordSplit {
    /// The rule.
    pub rule: WordRule,
    /// [`UNICODE_VERSION`], or 0 of a rule that looks at no property of Unicode.
    pub unicode: u8,
}

impl WordSplit {
    /// A rule with the version of Unicode that it looks at.
    #[inline]
    pub const fn of(rule: WordRule) -> Self {
        Self { rule, unicode: rule.unicode() }
    }
}

/// What a word is. See [`crate::text::WordTokenizer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WordRule {
    /// A maximal run of alphanumeric characters, in lower case.
    LowercaseAlphanumeric,
    /// The same, which marks and joiners continue.
    LowercaseWithMarks,
    /// A maximal run of ASCII letters, in lower case, ASCII digits, and bytes from 0x80 on.
    Ascii,
}

impl WordRule {
    /// The version of Unicode that it looks at; 0 of none.
    #[inline]
    pub const fn unicode(self) -> u8 {
        match self {
            Self::LowercaseAlphanumeric | Self::LowercaseWithMarks => UNICODE_VERSION,
            Self::Ascii => 0,
        }
    }
}

/// Which two parts of a word that is not known have a row each; its vector is their mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartRule {
    /// Its first five characters, and all of it.
    PrefixAndWord,
}

/// What a character is. See [`crate::text::CharacterTokenizer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CharacterRule {
    /// Every character, in lower case.
    Lowercase,
}

/// How a token becomes the first layer's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Vectors {
    /// A row of a table `[tokens, size]`, in 32, 16, 8 or 4 bits; of 4 bits each row starts at a byte. In an int8
    /// model each column has a scale of its own, which is part of the first layer's weights.
    Embedding {
        /// Values of a vector: the input size of the first layer.
        size: u16,
        /// Bits of a number.
        bits: u8,
    },
    /// 1 at the token's place and 0 elsewhere: the first layer's input weights are `[tokens, gates * hidden_size]`,
    /// a row for each token, and no product is computed. In an int8 model they have 8 bits, and a weight counts 127
    /// times, as an input of 1 does.
    OneHot,
}

/// A recurrent layer.
///
/// The tensors of each direction are, in this order: the input weights `[gates * hidden_size, input_size]`, or those of
/// one-hot tokens; the recurrent weights `[gates * hidden_size, hidden_size]`; the bias `[results * hidden_size]`, `f32`
/// or `i32`; in an int8 model the multipliers `[results * hidden_size]`, `i16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Its cell.
    pub cell: Cell,
    /// Values of its hidden state, in each direction.
    pub hidden_size: u16,
    /// Bits of a weight: 32, 16, 8 or 4.
    pub bits: u8,
    /// From the first step to the last.
    pub forward: Direction,
    /// From the last step to the first, in a bidirectional layer.
    pub reverse: Option<Direction>,
}

/// The formula of a recurrent layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// Long short-term memory, gates in the order i, f, g, o.
    Lstm,
    /// Gated recurrent unit, gates in the order r, z, n, reset after the product.
    Gru,
    /// Elman's network with tanh.
    RnnTanh,
    /// Elman's network with the rectifier.
    RnnRelu,
}

impl Cell {
    /// Rows of each weight matrix for each unit.
    #[inline]
    pub const fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
            Self::RnnTanh | Self::RnnRelu => 1,
        }
    }

    /// Results for each unit: biases, multipliers. One a gate, but of a GRU r, z, n of the input, n of the hidden
    /// state.
    #[inline]
    pub const fn results(self) -> usize {
        match self {
            Self::Lstm | Self::Gru => 4,
            Self::RnnTanh | Self::RnnRelu => 1,
        }
    }

    /// The name of what a reader must have for it.
    #[inline]
    pub const fn feature(self) -> Feature {
        match self {
            Self::Lstm => Feature::Lstm,
            Self::Gru => Feature::Gru,
            Self::RnnTanh | Self::RnnRelu => Feature::Rnn,
        }
    }
}

/// One direction of a layer in an int8 model; both numbers are 0 in float.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Direction {
    /// Left shift of every accumulator. See [`crate::numeric::requantize`].
    pub accumulator_shift: u8,
    /// Fraction bits of the state whose range was measured, an `i16`: an LSTM's `c`, a rectifier's `h`; 0 in others.
    pub state_fraction_bits: u8,
}

/// How the last layer's outputs become one vector. That of a sequence without a step is all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pooling {
    /// Each direction's output after its last step: the sequence's last one, or its first in reverse.
    Last,
    /// The mean over the steps.
    Mean,
    /// The largest value over the steps, each unit on its own.
    Max,
}

/// From the last layer's outputs to an answer: `logits = weights pooled + bias`.
///
/// Its tensors are, in this order: the labels' table; the weights `[classes, width of the last layer]`, `f32`, `f16` or
/// `i8`; the bias `[classes]`, `f32` or `i32`; in an int8 model the multipliers `[classes]`, `i16`; the thresholds of
/// [`Thresholds::OfClasses`], `u16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// What it answers.
    pub task: Task,
    /// How outputs become one vector.
    pub pooling: Pooling,
    /// Names of the classes, in the order of the logits.
    pub labels: StringTableSize,
    /// Left shift of every accumulator of an int8 model; 0 in float.
    pub accumulator_shift: u8,
    /// What logits are multiplied with before the softmax, Q4.12, at least 1: probabilities as measured on rows that
    /// were not trained on. [`ONE_TEMPERATURE`] leaves them as they are.
    pub inverse_temperature: u16,
    /// Probabilities from which on an answer is accepted.
    pub thresholds: Thresholds,
}

/// What a head answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Which one of some classes a sequence belongs to.
    Classification,
}

/// Probabilities from which on an answer is accepted, in units of 2^-15, at most 32,768.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Thresholds {
    /// Every answer is accepted.
    None,
    /// One for all classes.
    One(u16),
    /// One a class, in a tensor.
    OfClasses,
}

impl PartOne {
    /// Reads part one from bytes that it fills, on a desktop: a device reads it layer by layer.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let Outline { input, max_steps, pad_to, mut layers, head, .. } = Outline::read(bytes)?;
        Ok(Self {
            input,
            max_steps,
            pad_to,
            layers: core::iter::from_fn(|| layers.next()).collect(),
            heads: head.into_iter().collect(),
        })
    }

    /// The bits of what a reader must have for a model of this precision.
    #[inline]
    pub fn needs(&self, precision: Precision) -> u32 {
        self.layers.iter().fold(self.input.needs() | precision.needs(), |needs, layer| needs | layer.needs())
    }
}

/// What part one says, as a device reads it: all of it is decoded once, the layers again one by one.
#[derive(Debug, Clone)]
pub(crate) struct Outline<'m> {
    pub(crate) input: Input,
    pub(crate) max_steps: u32,
    pub(crate) pad_to: u16,
    pub(crate) layers: Layers<'m>,
    pub(crate) head: Option<Head>,
    /// The bits of what a reader must have, except those of the precision.
    pub(crate) needs: u32,
}

/// The layers that are still to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layers<'m> {
    cursor: Cursor<'m>,
    count: u32,
}

impl<'m> Layers<'m> {
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.count as usize
    }

    /// The next layer; `None` after the last one.
    #[inline]
    pub(crate) const fn next(&mut self) -> Option<Layer> {
        if self.count == 0 || !self.cursor.is_valid {
            return None;
        }
        self.count = self.count.saturating_sub(1);
        Some(layer(&mut self.cursor))
    }
}

impl<'m> Outline<'m> {
    /// Reads part one from bytes that it fills. [`Error::Unreadable`] if it cannot be decoded.
    #[inline]
    pub(crate) const fn read(bytes: &'m [u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(bytes);
        let outline = outline(&mut cursor);
        if cursor.is_valid && cursor.bytes.is_empty() {
            Ok(outline)
        } else {
            Err(Error::Unreadable { part: Part::One })
        }
    }
}

impl Precision {
    #[inline]
    pub(super) const fn needs(self) -> u32 {
        match self {
            Self::Int8 => 0,
            Self::F16 | Self::F32 => Feature::Float.bit(),
        }
    }
}

impl Input {
    #[inline]
    const fn needs(&self) -> u32 {
        match self {
            Self::Text(Text { tokens, vectors }) => {
                let unicode = if tokens.unicode() == 0 { 0 } else { Feature::Unicode.bit() };
                let int4 = if matches!(vectors, Vectors::Embedding { bits: 4, .. }) { Feature::Int4.bit() } else { 0 };
                tokens.feature().bit() | unicode | int4
            }
            Self::Frames(frames) if frames.are_gathered() => Feature::Frames.bit() | Feature::Windows.bit(),
            Self::Frames(_) => Feature::Frames.bit(),
        }
    }
}

impl Layer {
    #[inline]
    const fn needs(&self) -> u32 {
        let int4 = if self.bits == 4 { Feature::Int4.bit() } else { 0 };
        let both = if self.reverse.is_some() { Feature::Bidirectional.bit() } else { 0 };
        self.cell.feature().bit() | int4 | both
    }
}

impl Tokens {
    /// What a reader must have for it.
    #[inline]
    pub const fn feature(&self) -> Feature {
        match self {
            Self::Words { .. } => Feature::Words,
            Self::HashedWords { .. } => Feature::Hashed,
            Self::FingerprintedWords { .. } | Self::ComposedWords { .. } => Feature::Fingerprints,
            Self::Characters { .. } => Feature::Characters,
            Self::Bytes => Feature::Bytes,
        }
    }

    /// The version of Unicode that it looks at; 0 of none.
    #[inline]
    pub const fn unicode(&self) -> u8 {
        match self {
            Self::Words { split, .. }
            | Self::HashedWords { split, .. }
            | Self::FingerprintedWords { split, .. }
            | Self::ComposedWords { split, .. } => split.unicode,
            Self::Characters { unicode, .. } => *unicode,
            Self::Bytes => 0,
        }
    }
}

/// Decodes part one. What needs a feature that this build leaves out cannot be decoded: the header has said so before.
#[inline]
const fn outline<'m>(cursor: &mut Cursor<'m>) -> Outline<'m> {
    let input = match cursor.u32() {
        0 if Feature::HAS_TEXT => Input::Text(Text { tokens: tokens(cursor), vectors: vectors(cursor) }),
        1 if Feature::Frames.is_built() => Input::Frames(frames(cursor)),
        _ => {
            cursor.refuse();
            Input::Text(Text { tokens: Tokens::Bytes, vectors: Vectors::OneHot })
        }
    };
    let (max_steps, pad_to) = (cursor.u32(), cursor.u16());
    let count = cursor.u32();
    if count > MAX_LAYERS as u32 {
        cursor.refuse();
    }
    let layers = Layers { cursor: *cursor, count };
    let mut needs = input.needs();
    let mut unread = layers;
    while let Some(layer) = unread.next() {
        needs |= layer.needs();
    }
    *cursor = unread.cursor;
    let head = match cursor.u32() {
        0 => None,
        1 => Some(head(cursor)),
        _ => {
            cursor.refuse();
            None
        }
    };
    Outline { input, max_steps, pad_to, layers, head, needs }
}

#[inline]
const fn tokens(cursor: &mut Cursor<'_>) -> Tokens {
    match cursor.u32() {
        0 if Feature::Words.is_built() => Tokens::Words { split: split(cursor), vocabulary: strings(cursor) },
        1 if Feature::Hashed.is_built() => Tokens::HashedWords { split: split(cursor), buckets: cursor.u32() },
        2 if Feature::Fingerprints.is_built() => {
            Tokens::FingerprintedWords { split: split(cursor), table: fingerprints(cursor) }
        }
        3 if Feature::Fingerprints.is_built() => {
            let (split, table) = (split(cursor), fingerprints(cursor));
            first_variant(cursor);
            Tokens::ComposedWords { split, table, parts: PartRule::PrefixAndWord, buckets: cursor.u32() }
        }
        4 if Feature::Characters.is_built() => {
            first_variant(cursor);
            let unicode = cursor.u8();
            Tokens::Characters { rule: CharacterRule::Lowercase, unicode, alphabet: strings(cursor) }
        }
        5 if Feature::Bytes.is_built() => Tokens::Bytes,
        _ => {
            cursor.refuse();
            Tokens::Bytes
        }
    }
}

#[inline]
const fn split(cursor: &mut Cursor<'_>) -> WordSplit {
    let rule = match cursor.u32() {
        0 => WordRule::LowercaseAlphanumeric,
        1 => WordRule::LowercaseWithMarks,
        number => {
            if number != 2 {
                cursor.refuse();
            }
            WordRule::Ascii
        }
    };
    WordSplit { rule, unicode: cursor.u8() }
}

#[inline]
const fn strings(cursor: &mut Cursor<'_>) -> StringTableSize {
    StringTableSize { count: cursor.u32(), bytes: cursor.u32() }
}

#[inline]
const fn fingerprints(cursor: &mut Cursor<'_>) -> FingerprintTableSize {
    FingerprintTableSize { count: cursor.u32(), seed: cursor.u32(), remainder_bits: cursor.u8() }
}

#[inline]
const fn vectors(cursor: &mut Cursor<'_>) -> Vectors {
    match cursor.u32() {
        0 => Vectors::Embedding { size: cursor.u16(), bits: cursor.u8() },
        number => {
            if number != 1 {
                cursor.refuse();
            }
            Vectors::OneHot
        }
    }
}

#[inline]
const fn frames(cursor: &mut Cursor<'_>) -> Frames {
    Frames {
        channels: cursor.u16(),
        has_one_unit: cursor.bool(),
        frames_per_step: cursor.u16(),
        frame_stride: cursor.u16(),
        has_differences: cursor.bool(),
    }
}

#[inline]
const fn layer(cursor: &mut Cursor<'_>) -> Layer {
    Layer {
        cell: match cursor.u32() {
            0 => Cell::Lstm,
            1 => Cell::Gru,
            2 => Cell::RnnTanh,
            number => {
                if number != 3 {
                    cursor.refuse();
                }
                Cell::RnnRelu
            }
        },
        hidden_size: cursor.u16(),
        bits: cursor.u8(),
        forward: direction(cursor),
        reverse: match cursor.bool() {
            true if Feature::Bidirectional.is_built() => Some(direction(cursor)),
            true => {
                cursor.refuse();
                None
            }
            false => None,
        },
    }
}

#[inline]
const fn direction(cursor: &mut Cursor<'_>) -> Direction {
    Direction { accumulator_shift: cursor.u8(), state_fraction_bits: cursor.u8() }
}

#[inline]
const fn head(cursor: &mut Cursor<'_>) -> Head {
    first_variant(cursor);
    Head {
        task: Task::Classification,
        pooling: match cursor.u32() {
            0 => Pooling::Last,
            1 => Pooling::Mean,
            number => {
                if number != 2 {
                    cursor.refuse();
                }
                Pooling::Max
            }
        },
        labels: strings(cursor),
        accumulator_shift: cursor.u8(),
        inverse_temperature: cursor.u16(),
        thresholds: match cursor.u32() {
            0 => Thresholds::None,
            1 => Thresholds::One(cursor.u16()),
            number => {
                if number != 2 {
                    cursor.refuse();
                }
                Thresholds::OfClasses
            }
        },
    }
}

/// Takes the variant of an enumeration that has one.
#[inline]
const fn first_variant(cursor: &mut Cursor<'_>) {
    if cursor.u32() != 0 {
        cursor.refuse();
    }
}
