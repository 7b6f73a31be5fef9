//! The manifest of a file of version 2, as it was written.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Manifest<'m> {
    #[serde(borrow)]
    pub(super) provenance: Provenance<'m>,
    pub(super) labels: StringTable,
    pub(super) input: Input,
    pub(super) max_steps: u32,
    pub(super) pad_to: u32,
    pub(super) layers: Vec<Layer>,
    pub(super) pooling: Pooling,
    pub(super) head: Head,
}

#[derive(Debug, Deserialize)]
pub(super) struct Provenance<'m> {
    pub(super) trainer_version: &'m str,
    pub(super) data_hash: &'m str,
    pub(super) training_rows: u32,
    pub(super) calibration_rows: u32,
    pub(super) validation_accuracy: f32,
    pub(super) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) enum DataType {
    U8,
    I8,
    I16,
    I32,
    U32,
    F16,
    F32,
    I4,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Tensor {
    pub(super) data_type: DataType,
    pub(super) offset: u32,
    pub(super) elements: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct StringTable {
    pub(super) count: u32,
    pub(super) index: Tensor,
    pub(super) bytes: Tensor,
}

#[derive(Debug, Deserialize)]
pub(super) struct FingerprintTable {
    pub(super) count: u32,
    pub(super) seed: u32,
    pub(super) remainder_bits: u8,
    pub(super) buckets: Tensor,
    pub(super) index: Tensor,
    pub(super) remainders: Tensor,
}

#[derive(Debug, Deserialize)]
pub(super) enum Input {
    Words(WordRule, StringTable, TokenVectors),
    HashedWords(WordRule, u32, TokenVectors),
    Characters(CharacterRule, StringTable, TokenVectors),
    Bytes(TokenVectors),
    Frames(FrameInput),
    FingerprintedWords(FingerprintedWords),
    ComposedWords(FingerprintedWords, PartRule, u32),
}

#[derive(Debug, Deserialize)]
pub(super) struct FingerprintedWords {
    pub(super) _rule: WordRule,
    pub(super) table: FingerprintTable,
    pub(super) vectors: TokenVectors,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum WordRule {
    LowercaseAlphanumeric,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum CharacterRule {
    Lowercase,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum PartRule {
    PrefixAndWord,
}

#[derive(Debug, Deserialize)]
pub(super) enum TokenVectors {
    Embedding { weights: Tensor, size: u16 },
    OneHot,
}

#[derive(Debug, Deserialize)]
pub(super) struct FrameInput {
    pub(super) channels: u16,
    pub(super) unit: f32,
    pub(super) zero: Tensor,
    pub(super) scale: Tensor,
    pub(super) shift: u8,
}

#[derive(Debug, Deserialize)]
pub(super) struct Layer {
    pub(super) cell: Cell,
    pub(super) input_size: u16,
    pub(super) hidden_size: u16,
    pub(super) forward: Direction,
    pub(super) reverse: Option<Direction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) enum Cell {
    Lstm,
    Gru,
    RnnTanh,
    RnnRelu,
}

#[derive(Debug, Deserialize)]
pub(super) struct Direction {
    pub(super) _packing: Packing,
    pub(super) weights: Tensor,
    pub(super) bias: Tensor,
    pub(super) one_hot: Option<Tensor>,
    pub(super) scales: Option<Scales>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum Packing {
    RowMajor,
}

#[derive(Debug, Deserialize)]
pub(super) struct Scales {
    pub(super) multipliers: Tensor,
    pub(super) accumulator_shift: u8,
    pub(super) state_fraction_bits: u8,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum Pooling {
    Last,
    Mean,
    Max,
}

#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub(super) weights: Tensor,
    pub(super) bias: Tensor,
    pub(super) scales: Option<Scales>,
}
