use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{FingerprintTableRef, StringTableRef, Tensor};

/// Most recurrent layers that a model can have.
pub const MAX_LAYERS: usize = 4;

/// What a model is: postcard, right after the header.
///
/// Enumerations grow at their end, so that a file keeps its meaning; a change of a structure is a new
/// format version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest<'m> {
    /// Where the model comes from.
    #[serde(borrow)]
    pub provenance: Provenance<'m>,
    /// Names of the classes, in the order of the logits.
    pub labels: StringTableRef,
    /// What a step takes in.
    pub input: Input,
    /// Steps after which a sequence is full, as rows were cut in training; 0: no limit. A bidirectional model
    /// has a limit, which is what it keeps room for.
    pub max_steps: u32,
    /// A sequence of fewer tokens is classified as if padding tokens followed up to this number, as rows were
    /// padded in training; 0: never.
    pub pad_to: u32,
    /// Recurrent layers, the first one nearest to the input.
    pub layers: Vec<Layer, MAX_LAYERS>,
    /// How the last layer's outputs become one vector.
    pub pooling: Pooling,
    /// From the pooled vector to the logits.
    pub head: Head,
}

/// Where a model comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance<'m> {
    /// Version of the trainer that exported it.
    pub trainer_version: &'m str,
    /// SHA-256 of the training data, hexadecimal.
    pub data_hash: &'m str,
    /// Rows trained on.
    pub training_rows: u32,
    /// Rows that the int8 ranges were measured on; 0 for a float model.
    pub calibration_rows: u32,
    /// Accuracy of the trained float model on its validation rows, 0 to 1.
    pub validation_accuracy: f32,
    /// Seed of the run.
    pub seed: u64,
}

/// What a step takes in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// Words of a text, looked up in a vocabulary.
    Words(WordInput),
    /// Words of a text, each numbered by a hash: no word is stored.
    HashedWords(HashedWordInput),
    /// Characters of a text, looked up in an alphabet.
    Characters(CharacterInput),
    /// Bytes of a text: byte `b` has token `b + 2`.
    Bytes(TokenVectors),
    /// Frames of numbers, as sensors give them.
    Frames(FrameInput),
    /// Words of a text, looked up in a vocabulary of which parts of hashes are stored, no strings.
    FingerprintedWords(FingerprintedWordInput),
    /// The same, and other words are composed of two vectors.
    ComposedWords(ComposedWordInput),
}

/// Words, and how they become vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WordInput {
    /// What a word is.
    pub rule: WordRule,
    /// Known words, sorted by bytes; word `n` has token `n + 2`.
    pub vocabulary: StringTableRef,
    /// One vector a token.
    pub vectors: TokenVectors,
}

/// Words without a vocabulary. See [`crate::text::hash_word`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HashedWordInput {
    /// What a word is.
    pub rule: WordRule,
    /// A word has token `2 + hash mod buckets`.
    pub buckets: u32,
    /// One vector a token.
    pub vectors: TokenVectors,
}

/// Words known by parts of their hashes. See [`crate::text::FingerprintVocabulary`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FingerprintedWordInput {
    /// What a word is.
    pub rule: WordRule,
    /// Known words; word `n` has token `n + 2`.
    pub table: FingerprintTableRef,
    /// One vector a token.
    pub vectors: TokenVectors,
}

/// Words known by parts of their hashes, and rows that other words are composed of. See [`crate::text::Parts`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ComposedWordInput {
    /// The known words, and the rows of all: an embedding of at most [`crate::text::MAX_COMPOSED_ROWS`].
    pub known: FingerprintedWordInput,
    /// What of other words has a row each.
    pub parts: PartRule,
    /// The rows of such parts, after those of the known words: at least 1.
    pub buckets: u32,
}

/// Characters, and how they become vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CharacterInput {
    /// What a character is.
    pub rule: CharacterRule,
    /// Known characters, one a string, sorted by bytes; character `n` has token `n + 2`.
    pub alphabet: StringTableRef,
    /// One vector a token.
    pub vectors: TokenVectors,
}

/// What a word is. See [`crate::text::WordTokenizer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WordRule {
    /// A maximal run of alphanumeric characters, in lower case.
    LowercaseAlphanumeric,
    /// A run of alphanumeric characters and marks that begins with one that is no mark, in lower case. Zero-width
    /// joiners and non-joiners continue a word as marks do.
    LowercaseWithMarks,
    /// A maximal run of ASCII letters, in lower case, ASCII digits and bytes from 0x80 on.
    Ascii,
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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum TokenVectors {
    /// A row of a table.
    Embedding(Embedding),
    /// 1 at the token's place and 0 elsewhere: the first layer's [`DirectionWeights::one_hot`] has a row for
    /// each token, and no product is computed.
    OneHot,
}

/// The embedding: `weights[token]` is the first layer's input. In an int8 model each column has a scale of its
/// own, which is part of the first layer's weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    /// `[tokens, size]`, row-major.
    pub weights: Tensor,
    /// Values of a vector: the input size of the first layer.
    pub size: u16,
}

/// Frames of numbers: the first layer's input is each channel's value, normalized.
///
/// In float `(value - zero) * scale`, `value = raw * unit` for a frame of integers. In an int8 model
/// `clamp(((raw - zero) * scale + 2^shift / 2) >> shift, -127, 127)`, in units that are part of the first
/// layer's weights; see [`crate::numeric::normalize`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FrameInput {
    /// Values of a frame.
    pub channels: u16,
    /// What 1 in a frame of integers stands for, in the units of the training data.
    pub unit: f32,
    /// `[channels]`: `f32`, or `i16` in an int8 model.
    pub zero: Tensor,
    /// `[channels]`: `f32`, or positive `i16` in an int8 model.
    pub scale: Tensor,
    /// Right shift of an int8 model; 0 in float.
    pub shift: u8,
}

/// A recurrent layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Its cell.
    pub cell: Cell,
    /// Values of its input.
    pub input_size: u16,
    /// Values of its hidden state, in each direction.
    pub hidden_size: u16,
    /// From the first step to the last.
    pub forward: DirectionWeights,
    /// From the last step to the first, in a bidirectional layer.
    pub reverse: Option<DirectionWeights>,
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
    /// Rows of the weight matrix for each unit.
    pub const fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
            Self::RnnTanh | Self::RnnRelu => 1,
        }
    }

    /// Results of the weight matrix for each unit: biases, multipliers. The third row of a GRU's unit has two
    /// results, that of its input columns and that of its hidden columns, and they are r, z, n of the input,
    /// n of the hidden state.
    pub const fn results(self) -> usize {
        match self {
            Self::Lstm | Self::Gru => 4,
            Self::RnnTanh | Self::RnnRelu => 1,
        }
    }
}

/// The weights of one direction of a layer: one row for each gate and unit, over the input and the hidden state
/// side by side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DirectionWeights {
    /// Order of the weights in memory.
    pub packing: Packing,
    /// `[gates * hidden_size, columns]`: `i8`, `f16` or `f32`. No input columns where `one_hot` takes their place.
    pub weights: Tensor,
    /// `[results * hidden_size]`: `f32`, or `i32` in units of the accumulator.
    pub bias: Tensor,
    /// Of the first layer under one-hot tokens: `[tokens, gates * hidden_size]`, the input columns of all rows,
    /// transposed. In an int8 model a weight counts 127 times, as an input of 1 does.
    pub one_hot: Option<Tensor>,
    /// The scales of an int8 layer; none for float.
    pub scales: Option<Int8Scales>,
}

/// Order of a weight matrix in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Packing {
    /// Row after row; a row is the input's columns, zeros up to a multiple of 4, the hidden state's
    /// columns, zeros up to a multiple of 4.
    RowMajor,
}

/// How an int8 layer's accumulators become numbers again. See [`crate::numeric::requantize`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Int8Scales {
    /// `i16`, one positive multiplier a result.
    pub multipliers: Tensor,
    /// Left shift of every accumulator.
    pub accumulator_shift: u8,
    /// Fraction bits of the state whose range was measured, an `i16`: an LSTM's `c`, a rectifier's `h`. 0 in
    /// other layers and in the head.
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

/// `logits = weights pooled + bias`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// `[classes, pooled size]`, row-major; the pooled vector is the forward direction's units, then the
    /// reverse direction's.
    pub weights: Tensor,
    /// `[classes]`: `f32`, or `i32` in units of the accumulator.
    pub bias: Tensor,
    /// The scales of an int8 head; none for float.
    pub scales: Option<Int8Scales>,
}
