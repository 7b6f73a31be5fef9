//! The `.rnl` model file: header, part one, extensions, tensors, part two. `runtime/FORMAT.md` specifies it byte by
//! byte.
//!
//! The trainer writes a file with the same types that read it here.

mod cursor;
mod extensions;
mod feature;
mod file;
mod fingerprint_table;
mod frames;
mod header;
mod part_one;
mod string_table;
mod tensors;

pub use extensions::{Extension, Extensions};
pub use feature::Feature;
pub(crate) use file::check_alignment;
pub use file::{File, ID_DEFINITION};
pub use fingerprint_table::{
    BUCKETS_PER_BLOCK, Fingerprint, FingerprintTable, FingerprintTableSize, MAX_FINGERPRINTS, MAX_REMAINDER_BITS,
};
pub use frames::{FloatChannel, Frames, IntegerChannel};
pub use header::{
    HEADER_LENGTH, Header, LARGEST_ALIGNMENT, MAGIC, Packing, Precision, SMALLEST_ALIGNMENT, VERSION, device_checksum,
    part_two_checksum, required_capacity,
};
pub use part_one::{
    Cell, CharacterRule, Direction, Head, Input, Layer, MAX_HEADS, MAX_LAYERS, ONE_TEMPERATURE, PartOne, PartRule,
    Pooling, Task, Text, Thresholds, Tokens, UNICODE_VERSION, Vectors, WordRule, WordSplit,
};
pub use string_table::{STRINGS_PER_BLOCK, StringTable, StringTableSize};
pub use tensors::Tensors;

/// Rounds `size` up to a multiple of `multiple`, a power of two. Saturates instead of overflowing.
pub const fn round_up(size: usize, multiple: usize) -> usize {
    size.saturating_add(multiple.wrapping_sub(1)) & !multiple.wrapping_sub(1)
}
