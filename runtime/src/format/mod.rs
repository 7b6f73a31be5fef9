//! The `.rnl` model file: its header, manifest and tensors. `runtime/FORMAT.md` specifies it byte by byte.
//!
//! The trainer writes a file with the same types that read it here.

mod fingerprint_table;
mod header;
mod manifest;
mod string_table;
mod tensor;

pub use fingerprint_table::{
    BUCKETS_PER_BLOCK, Fingerprint, FingerprintTable, FingerprintTableRef, MAX_FINGERPRINTS, MAX_REMAINDER_BITS,
};
pub use header::{HEADER_LENGTH, Header, MAGIC, Precision, VERSION, checksum, required_capacity};
pub use manifest::{
    Cell, CharacterInput, CharacterRule, ComposedWordInput, DirectionWeights, Embedding, FingerprintedWordInput,
    FrameInput, HashedWordInput, Head, Input, Int8Scales, Layer, MAX_LAYERS, Manifest, Packing, PartRule, Pooling,
    Provenance, TokenVectors, WordInput, WordRule,
};
pub use string_table::{STRINGS_PER_BLOCK, StringTable, StringTableRef};
pub use tensor::{ALIGNMENT, DataType, Element, Tensor, Tensors};

/// The input's and the hidden state's columns of a packed row, and the values they are multiplied with, come in
/// multiples of this.
pub const COLUMN_MULTIPLE: usize = 4;

/// Rounds `size` up to a multiple of `multiple`, a power of two. Saturates instead of overflowing.
pub const fn round_up(size: usize, multiple: usize) -> usize {
    size.saturating_add(multiple - 1) & !(multiple - 1)
}
