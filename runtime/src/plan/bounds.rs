//! What the numbers of a tensor may be, so that no step can overflow.

use super::matrix::{Matrix, NumberFormat};
use crate::error::Field;
use crate::format::{Feature, Packing, Tensors, rest, u16_at, u32_at};

/// Largest magnitude of an int8 model's input or hidden state in a product, and what an input of 1 is.
pub(super) const LARGEST_INPUT: usize = 127;
/// Largest magnitude of an int8 model's pooled value.
pub(super) const LARGEST_POOLED: usize = 32_767;

/// Checks all numbers of a tensor: that floats are finite, and that no integer is -128 in `i8` or -8 in `i4`. An error about
/// floats reports the row.
#[inline]
pub(super) const fn check_numbers(tensors: &mut Tensors<'_>, format: NumberFormat, bytes: &[u8], stride: usize) {
    let (is_refused, expected, found) = match format {
        NumberFormat::F32 | NumberFormat::F16 if Feature::Float.is_built() => {
            let row = match first_infinite(format, bytes) {
                Some(byte) => byte.checked_div(stride),
                None => None,
            };
            match row {
                Some(row) => (true, 0, row),
                None => (false, 0, 0),
            }
        }
        NumberFormat::HalfWords if Packing::HalfWords.is_built() => (have_smallest(bytes), 127, 128),
        NumberFormat::I4 if Feature::Int4.is_built() => (has_smallest(bytes, 0x8888_8888), 7, 8),
        _ => (has_smallest(bytes, 0x8080_8080), 127, 128),
    };
    if is_refused {
        tensors.refuse(Field::WeightRange, expected, found);
    }
}

/// The highest bit of each part of a word that is 0, at least of the lowest one; `ones` is 1 in each part. Subtracting 1 sets
/// the highest bit of a part in which that bit was not set only if a part is 0.
#[inline(always)]
const fn zero_parts(word: u32, ones: u32) -> u32 {
    word.wrapping_sub(ones) & !word
}

/// Whether a part of the words has the smallest number of its size, whose highest bit alone is set; `highest` has that bit of
/// each part. A function of its own, for speed: every weight passes here while parsing.
///
/// That number is the one that is 0 after its highest bit is flipped.
#[inline(never)]
const fn has_smallest(bytes: &[u8], highest: u32) -> bool {
    let ones = highest.rotate_left(1);
    let mut found = 0;
    let mut rest = bytes;
    while let Some(([a, b, c, d, e, f, g, h], after)) = rest.split_first_chunk::<8>() {
        found |= zero_parts(u32::from_le_bytes([*a, *b, *c, *d]) ^ highest, ones);
        found |= zero_parts(u32::from_le_bytes([*e, *f, *g, *h]) ^ highest, ones);
        rest = after;
    }
    while let Some((byte, after)) = rest.split_first() {
        // The other parts of the word are 1, and so are not found.
        found |= zero_parts((*byte as u32 | ones & !0xFF) ^ highest & 0xFF, ones);
        rest = after;
    }
    found & highest != 0
}

/// Whether a weight of packed half-words is beyond 127 in magnitude; each is an `i8`, or 128 in the upper one of two rows.
///
/// A half-word is `256 * a + b`. Plus `0x8080` it is `256 * (a + 128) + (b + 128)`, without its carry: both are 0 in their bytes
/// for these numbers alone.
#[inline(never)]
const fn have_smallest(bytes: &[u8]) -> bool {
    const SIGNS: u32 = 0x8000_8000;
    let mut found = 0;
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk::<4>() {
        let word = u32::from_le_bytes(*word);
        let shifted = (word & !SIGNS).wrapping_add(0x0080_0080) ^ !word & SIGNS;
        found |= zero_parts(shifted, 0x0101_0101);
        rest = after;
    }
    found & 0x8080_8080 != 0
}

/// Where the first float begins that is not finite: all bits of its exponent are set.
#[inline]
const fn first_infinite(format: NumberFormat, bytes: &[u8]) -> Option<usize> {
    let (size, exponent) = if matches!(format, NumberFormat::F16) { (2, 0x7C00) } else { (4, 0x7F80_0000) };
    let mut rest = bytes;
    while let Some((number, after)) = rest.split_at_checked(size) {
        let bits = if size == 2 { u16_at(number, 0) as u32 } else { u32_at(number, 0) };
        if bits & exponent == exponent {
            return Some(bytes.len().wrapping_sub(rest.len()));
        }
        rest = after;
    }
    None
}

/// The sum of the magnitudes of all integers, which have passed [`check_numbers`].
#[inline]
pub(super) const fn magnitudes(format: NumberFormat, bytes: &[u8]) -> usize {
    let mut sum = 0_u32;
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        sum += match format {
            NumberFormat::I4 if Feature::Int4.is_built() => {
                ((*byte << 4) as i8 >> 4).unsigned_abs() as u32 + (*byte as i8 >> 4).unsigned_abs() as u32
            }
            _ => (*byte as i8).unsigned_abs() as u32,
        };
        rest = after;
    }
    sum as usize
}

/// A magnitude as a number of 32 bits; saturates.
#[inline]
pub(super) const fn saturated(magnitude: u64) -> usize {
    if magnitude > u32::MAX as u64 { u32::MAX as usize } else { magnitude as usize }
}

/// Checks the bias of a result, which is finite in float; its magnitude in an int8 model.
#[inline]
pub(super) const fn check_bias(tensors: &mut Tensors<'_>, format: NumberFormat, bias: &[u8], result: usize) -> usize {
    let bits = u32_at(bias, result.wrapping_mul(4));
    if !format.is_float() {
        return (bits as i32).unsigned_abs() as usize;
    }
    if bits & 0x7F80_0000 == 0x7F80_0000 {
        tensors.refuse(Field::WeightRange, 0, result);
    }
    0
}

/// Checks the multipliers of an int8 model, `i16`.
#[inline]
pub(super) const fn check_multipliers(tensors: &mut Tensors<'_>, multipliers: &[u8]) {
    let mut unchecked = multipliers;
    while let Some((multiplier, after)) = unchecked.split_first_chunk::<2>() {
        let multiplier = i16::from_le_bytes(*multiplier);
        let found = if multiplier < 0 { 0 } else { multiplier as usize };
        tensors.expect_within(Field::Multiplier, 1, i16::MAX as usize, found);
        unchecked = after;
    }
}

/// The magnitude of the largest weight of a one-hot token in a row, which is a column of `one_hot`.
#[inline]
pub(super) const fn largest_of_column(one_hot: &Matrix<'_>, row: usize) -> usize {
    let mut largest = 0;
    let mut weights = rest(one_hot.bytes, row);
    while let Some((weight, _)) = weights.split_first() {
        let magnitude = (*weight as i8).unsigned_abs() as usize;
        largest = if magnitude > largest { magnitude } else { largest };
        weights = rest(weights, one_hot.stride());
    }
    largest
}
