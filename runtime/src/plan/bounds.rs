//! What the numbers of a tensor may be, so that no step can overflow.

use super::matrix::{Matrix, NumberFormat};
use crate::error::Field;
use crate::format::{Feature, Tensors, rest, u32_at};

/// Largest magnitude of an int8 model's input or hidden state in a product, and what an input of 1 is.
pub(super) const LARGEST_INPUT: u64 = 127;
/// Largest magnitude of an int8 model's pooled value.
pub(super) const LARGEST_POOLED: u64 = 32_767;

/// Checks that floats are finite, and that no integer is -128 in `i8` or -8 in `i4`. An error about floats reports `number`.
#[inline]
pub(super) const fn check_numbers(tensors: &mut Tensors<'_>, format: NumberFormat, bytes: &[u8], number: usize) {
    let mut words = bytes;
    let mut is_refused = false;
    while let Some((word, after)) = words.split_first_chunk::<4>() {
        is_refused |= has_refused(format, u32::from_le_bytes(*word));
        words = after;
    }
    // What is left is part of a word whose other bytes are 0.
    let mut last = 0;
    let mut shift = 0;
    while let Some((byte, after)) = words.split_first() {
        last |= (*byte as u32) << shift;
        shift += 8;
        words = after;
    }
    if is_refused || has_refused(format, last) {
        let (expected, found) = match format {
            NumberFormat::I4 if Feature::Int4.is_built() => (7, 8),
            _ if format.is_float() => (0, number),
            _ => (127, 128),
        };
        tensors.refuse(Field::WeightRange, expected, found);
    }
}

/// Whether a word has a number that is refused.
#[inline(always)]
const fn has_refused(format: NumberFormat, word: u32) -> bool {
    match format {
        NumberFormat::F32 if Feature::Float.is_built() => word & 0x7F80_0000 == 0x7F80_0000,
        NumberFormat::F16 if Feature::Float.is_built() => word & 0x7C00 == 0x7C00 || word & 0x7C00_0000 == 0x7C00_0000,
        // -128 is the one byte that is 0 after its highest bit is flipped, -8 the one such half of a byte.
        NumberFormat::I4 if Feature::Int4.is_built() => has_zero(word ^ 0x8888_8888, 0x1111_1111),
        _ => has_zero(word ^ 0x8080_8080, 0x0101_0101),
    }
}

/// Whether one of the parts of a word is 0; `ones` has a 1 in the lowest place of each part. Subtracting it sets the highest
/// bit of a part in which that bit was not set only if a part is 0.
#[inline(always)]
const fn has_zero(word: u32, ones: u32) -> bool {
    let highest = ones.rotate_right(1);
    word.wrapping_sub(ones) & !word & highest != 0
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
    if has_refused(NumberFormat::F32, bits) {
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
