use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{StringTableRef, Tensor};

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
    /// Steps after which a sequence is full and further input is ignored until a reset, as rows were cut
    /// in training; 0: no limit.
    pub max_steps: u32,
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
}

/// Words, and how they become vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WordInput {
    /// What a word is.
    pub rule: WordRule,
    /// Known words, sorted by bytes; word `n` has token `n + 2`.
    pub vocabulary: StringTableRef,
    /// One vector a token.
    pub embedding: Embedding,
}

/// What a word is. See [`crate::text::WordTokenizer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WordRule {
    /// A maximal run of alphanumeric characters, in lower case.
    LowercaseAlphanumeric,
}

/// The embedding: `weights[token]` is the first layer's input. In an int8 model each column has a scale of its
/// own, which is part of the first layer's weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    /// `[vocabulary + 2, size]`, row-major.
    pub weights: Tensor,
    /// Values of a vector: the input size of the first layer.
    pub size: u16,
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
}

/// The weights of one direction of a layer: `[gates * hidden_size, columns]`, one row for each gate and
/// unit, over the input and the hidden state side by side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DirectionWeights {
    /// Order of the weights in memory.
    pub packing: Packing,
    /// `i8`, `f16` or `f32`.
    pub weights: Tensor,
    /// `[gates * hidden_size]`: `f32`, or `i32` in units of the accumulator.
    pub bias: Tensor,
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
    /// `i16`, one positive multiplier a row.
    pub multipliers: Tensor,
    /// Left shift of every accumulator.
    pub accumulator_shift: u8,
    /// Fraction bits of the cell state, an `i16`; 0 in the head.
    pub cell_fraction_bits: u8,
}

/// How the last layer's outputs become one vector. That of a sequence without a step is all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pooling {
    /// The output of the last step.
    Last,
    /// The mean over the steps.
    Mean,
    /// The largest value over the steps, each unit on its own.
    Max,
}

/// `logits = weights pooled + bias`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// `[classes, hidden_size]`, row-major.
    pub weights: Tensor,
    /// `[classes]`: `f32`, or `i32` in units of the accumulator.
    pub bias: Tensor,
    /// The scales of an int8 head; none for float.
    pub scales: Option<Int8Scales>,
}
