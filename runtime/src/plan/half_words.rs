//! Weights that are packed in pairs of rows as half-words.

use super::bounds::{LARGEST_INPUT, check_bias, saturated};
use super::direction::{Direction, Results};
use super::matrix::{Matrix, NumberFormat};
use crate::error::Field;
use crate::format::{HalfWordRow, HalfWords, Tensors, u16_at};

/// Largest sum of the upper one of two rows: it has 24 bits.
const LARGEST_SUM: usize = (1 << 23) - 1;

impl<'m> Direction<'m> {
    /// Whether its weights are packed in half-words.
    #[inline]
    pub(crate) const fn has_half_words(&self) -> bool {
        cfg!(half_words) && matches!(self.recurrent.format, NumberFormat::HalfWords)
    }

    /// Where they are.
    #[inline]
    pub(crate) const fn half_words(&self) -> HalfWords {
        HalfWords { cell: self.cell, input_size: self.input_size, hidden_size: self.hidden_size }
    }

    /// The row of a result, which is numbered as without packing: all units' first results, then their second ones.
    #[inline]
    pub(crate) const fn half_word_row(&self, result: usize) -> HalfWordRow {
        let [number, unit] = self.result_of_unit(result);
        self.half_words().row(number, unit)
    }

    /// Where the bias and the multiplier of a result are: those of a unit lie one after another.
    #[inline]
    pub(crate) const fn half_word_result(&self, result: usize) -> usize {
        let [number, unit] = self.result_of_unit(result);
        unit.wrapping_mul(self.cell.results()).wrapping_add(number)
    }

    /// Which of its unit's results a result is, and the unit.
    #[inline]
    const fn result_of_unit(&self, result: usize) -> [usize; 2] {
        match (result.checked_div(self.hidden_size), result.checked_rem(self.hidden_size)) {
            (Some(number), Some(unit)) => [number, unit],
            _ => [0, 0],
        }
    }

    /// The packed weight of a row in a column.
    #[inline]
    pub(crate) const fn half_word_weight(&self, row: &HalfWordRow, column: usize) -> i32 {
        row.weight(u16_at(self.recurrent.bytes, row.byte(column)))
    }

    /// Borrows packed weights, which are not checked: the matrices of `x` and `h`, the second with the bytes of both.
    #[inline]
    pub(super) const fn take_half_words(&mut self, tensors: &mut Tensors<'m>) {
        let format = NumberFormat::HalfWords;
        self.input = Matrix { format, bytes: &[], columns: self.input_size };
        self.recurrent =
            Matrix { format, bytes: tensors.take(self.half_words().words(), 4), columns: self.hidden_size };
    }

    /// Checks the weights and the bias of a result, as [`Results::check`] does.
    #[inline]
    pub(super) const fn check_half_words(&self, tensors: &mut Tensors<'_>, result: usize, one_hot: u64) {
        let row = self.half_word_row(result);
        let mut magnitudes = 0;
        let mut column = 0;
        while column < row.pairs.saturating_mul(2) {
            let magnitude = self.half_word_weight(&row, column).unsigned_abs();
            tensors.expect_within(Field::WeightRange, 0, 127, magnitude as usize);
            magnitudes += magnitude as u64;
            column += 1;
        }
        let largest = magnitudes * LARGEST_INPUT;
        tensors.expect_within(Field::HalfWordRange, 0, LARGEST_SUM, saturated(largest));
        let Results { bias, accumulator_shift, .. } = self.results;
        let bias = check_bias(tensors, NumberFormat::I8, bias, self.half_word_result(result));
        let limit = (i32::MAX as u32).wrapping_shr(accumulator_shift as u32) as usize;
        let sum = largest + one_hot * LARGEST_INPUT + bias;
        tensors.expect_within(Field::AccumulatorRange, 0, limit, saturated(sum));
    }
}
