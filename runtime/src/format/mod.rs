//! The `.rnl` model file: header, part one, extensions, tensors, part two. `runtime/FORMAT.md` specifies it byte by
//! byte.
//!
//! The trainer writes a file with the same types that read it here.

mod checksum;
mod cursor;
mod extensions;
mod file;
mod fingerprint_table;
mod frames;
mod half_words;
mod header;
mod limits;
mod part_one;
mod string_table;
mod tensors;

pub use crate::feature::Feature;
pub use extensions::{Extension, Extensions};
pub(crate) use file::{Checks, Checksums, Sections};
pub use file::{File, ID_DEFINITION};
pub use fingerprint_table::{BUCKETS_PER_BLOCK, Fingerprint, FingerprintTable, FingerprintTableSize};
pub use frames::{FloatChannel, Frames, IntegerChannel};
pub use half_words::{HalfWordRow, HalfWords};
pub(crate) use header::{CHECKSUM_OFFSET, DEVICE_LENGTH_OFFSET, checked_pieces, id_of};
pub use header::{
    HEADER_LENGTH, Header, LARGEST_ALIGNMENT, MAGIC, Packing, Precision, SMALLEST_ALIGNMENT, VERSION, device_checksum,
    part_two_checksum, required_capacity,
};
pub use limits::{
    MAX_BUCKETS, MAX_CHANNEL_PRE_SHIFT, MAX_CHANNEL_SCALE, MAX_CHANNEL_SHIFT, MAX_COMPOSED_ROWS, MAX_FINGERPRINTS,
    MAX_FRAME_STRIDE, MAX_HEADS, MAX_KEPT_STEPS, MAX_LAYERS, MAX_PADDING, MAX_REMAINDER_BITS, MAX_SHIFT, MAX_SIZE,
    MAX_STRING_BYTES,
};
pub use part_one::{
    Cell, CharacterRule, Direction, Head, Input, Layer, ONE_TEMPERATURE, PartOne, PartRule, Pooling, Task, Text,
    Thresholds, Tokens, UNICODE_VERSION, Vectors, WordRule, WordSplit,
};
pub(crate) use part_one::{Layers, Outline};
pub use string_table::{STRINGS_PER_BLOCK, StringTable, StringTableSize};
pub use tensors::Tensors;

/// Rounds `size` up to a multiple of `multiple`, a power of two. Saturates instead of overflowing.
#[inline]
pub const fn round_up(size: usize, multiple: usize) -> usize {
    size.saturating_add(multiple.wrapping_sub(1)) & !multiple.wrapping_sub(1)
}

/// The bytes from `start` to `end`; `None` if they are not all there.
#[inline]
pub(crate) const fn slice(bytes: &[u8], start: usize, end: usize) -> Option<&[u8]> {
    match bytes.split_at_checked(start) {
        Some((_, rest)) => match rest.split_at_checked(end.wrapping_sub(start)) {
            Some((taken, _)) if end >= start => Some(taken),
            _ => None,
        },
        None => None,
    }
}

/// The bytes from `start` on; none beyond the end.
#[inline]
pub(crate) const fn rest(bytes: &[u8], start: usize) -> &[u8] {
    match bytes.split_at_checked(start) {
        Some((_, rest)) => rest,
        None => &[],
    }
}

/// The little-endian number in the four bytes from `offset` on; 0 if they are not all there.
#[inline]
pub(crate) const fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    match rest(bytes, offset).first_chunk::<4>() {
        Some(word) => u32::from_le_bytes(*word),
        None => 0,
    }
}

/// The same of two bytes.
#[inline]
pub(crate) const fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    match rest(bytes, offset).first_chunk::<2>() {
        Some(word) => u16::from_le_bytes(*word),
        None => 0,
    }
}
