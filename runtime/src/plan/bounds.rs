//! What the numbers of a tensor may be, so that no step can overflow.

use super::matrix::{Matrix, NumberFormat};
use crate::error::Field;
use crate::format::{Feature, Tensors, rest, u16_at, u32_at};

/// Largest magnitude of an int8 model's input or hidden state in a product, and what an input of 1 is.
pub(super) const LARGEST_INPUT: u64 = 127;
/// Largest magnitude of an int8 model's pooled value.
pub(super) const LARGEST_POOLED: u64 = 32_767;

/// Checks that floats are finite, and that no integer is -128 in `i8` or -8 in `i4`. An error about floats reports `number`.
#[inline]
pub(super) const fn check_numbers(tensors: &mut Tensors<'_>, format: NumberFormat, bytes: &[u8], number: usize) {
    let is_refused = match format {
        NumberFormat::F32 if Feature::Float.is_built() => has_exponents(bytes, 0x7F80_0000, 0),
        NumberFormat::F16 if Feature::Float.is_built() => has_exponents(bytes, 0x7C00, 0x7C00_0000),
        NumberFormat::I4 if Feature::Int4.is_built() => has_smallest(bytes, 0x8888_8888),
        _ => has_smallest(bytes, 0x8080_8080),
    };
    if is_refused {
        let (expected, found) = match format {
            NumberFormat::I4 if Feature::Int4.is_built() => (7, 8),
            _ if format.is_float() => (0, number),
            _ => (127, 128),
        };
        tensors.refuse(Field::WeightRange, expected, found);
    }
}

/// Whether a part of the words has the smallest number of its size, whose highest bit alone is set; `highest` has that bit of
/// each part. A function of its own, for speed: every weight passes here while parsing.
///
/// That number is the one that is 0 after its highest bit is flipped. Subtracting 1 from each part sets the highest bit of a
/// part in which that bit was not set only if a part is 0.
#[inline(never)]
const fn has_smallest(bytes: &[u8], highest: u32) -> bool {
    let ones = highest.rotate_left(1);
    let mut found = 0;
    let mut rest = bytes;
    while let Some(([a, b, c, d, e, f, g, h], after)) = rest.split_first_chunk::<8>() {
        let first = u32::from_le_bytes([*a, *b, *c, *d]) ^ highest;
        let second = u32::from_le_bytes([*e, *f, *g, *h]) ^ highest;
        found |= first.wrapping_sub(ones) & !first | second.wrapping_sub(ones) & !second;
        rest = after;
    }
    while let Some((byte, after)) = rest.split_first() {
        // The other parts of the word are 1, and so are not found.
        let word = (*byte as u32 | ones & !0xFF) ^ highest & 0xFF;
        found |= word.wrapping_sub(ones) & !word;
        rest = after;
    }
    found & highest != 0
}

/// Whether a word has all bits of one of two exponents, of which the second may be none.
#[inline]
const fn has_exponents(bytes: &[u8], first: u32, second: u32) -> bool {
    let mut found = false;
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk::<4>() {
        let word = u32::from_le_bytes(*word);
        found |= word & first == first || second != 0 && word & second == second;
        rest = after;
    }
    // An `f16` that is left over is a word whose other half is 0.
    found || u16_at(rest, 0) as u32 & 0x7C00 == 0x7C00 && second != 0
}

/// The sum of the magnitudes of all integers, which have passed [`check_numbers`].
#[inline]
pub(super) const fn magnitudes(format: NumberFormat, bytes: &[u8]) -> u64 {
    let mut sum = 0_u64;
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        sum += match format {
            NumberFormat::I4 if Feature::Int4.is_built() => {
                ((*byte << 4) as i8 >> 4).unsigned_abs() as u64 + (*byte as i8 >> 4).unsigned_abs() as u64
            }
            _ => (*byte as i8).unsigned_abs() as u64,
        };
        rest = after;
    }
    sum
}

/// A magnitude as a number of 32 bits; saturates.
#[inline]
pub(super) const fn saturated(magnitude: u64) -> usize {
    if magnitude > u32::MAX as u64 { u32::MAX as usize } else { magnitude as usize }
}

/// Checks the bias of a result, which is finite in float; its magnitude in an int8 model.
#[inline]
pub(super) const fn check_bias(tensors: &mut Tensors<'_>, format: NumberFormat, bias: &[u8], result: usize) -> u64 {
    let bits = u32_at(bias, result.wrapping_mul(4));
    if !format.is_float() {
        return (bits as i32).unsigned_abs() as u64;
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

/// Checks the weights of all one-hot tokens in a row, which are a column of `one_hot`: the magnitude of the largest one in an
/// int8 model.
#[inline]
pub(super) const fn check_column(tensors: &mut Tensors<'_>, one_hot: &Matrix<'_>, row: usize) -> u64 {
    let size = one_hot.format.bytes(1);
    let mut largest = 0;
    let mut weights = rest(one_hot.bytes, row.saturating_mul(size));
    while let Some((weight, _)) = weights.split_at_checked(size) {
        check_numbers(tensors, one_hot.format, weight, row);
        let magnitude = if one_hot.format.is_float() { 0 } else { magnitudes(one_hot.format, weight) };
        largest = if magnitude > largest { magnitude } else { largest };
        weights = rest(weights, one_hot.stride());
    }
    largest
}
