//! Weights that are packed in pairs of rows as half-words.

use super::bounds::LARGEST_INPUT;
use super::direction::Direction;
use super::matrix::{Matrix, NumberFormat};
use crate::error::Field;
use crate::format::{HalfWordRow, HalfWords, Tensors, u16_at};

/// Largest sum of the upper one of two rows: it has 24 bits.
pub(super) const LARGEST_HALF_WORD_SUM: usize = (1 << 23) - 1;

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

    /// Borrows and checks packed weights: the matrices of `x` and `h`, the second with the bytes of both.
    #[inline]
    pub(super) const fn take_half_words(&mut self, tensors: &mut Tensors<'m>) {
        let format = NumberFormat::HalfWords;
        self.input = Matrix { format, bytes: &[], columns: self.input_size };
        self.recurrent =
            Matrix { columns: self.hidden_size, ..Matrix::take(tensors, format, self.half_words().words(), 4) };
    }

    /// Checks that the sum of the upper one of two rows has 24 bits; the sum of the magnitudes of a result's weights.
    #[inline]
    pub(super) const fn check_half_words(&self, tensors: &mut Tensors<'_>, number: usize, unit: usize) -> usize {
        let row = self.half_words().row(number, unit);
        let mut magnitudes = 0_usize;
        let mut column = 0;
        while column < row.pairs.saturating_mul(2) {
            magnitudes += self.half_word_weight(&row, column).unsigned_abs() as usize;
            column += 1;
        }
        tensors.expect_within(Field::HalfWordRange, 0, LARGEST_HALF_WORD_SUM, magnitudes.saturating_mul(LARGEST_INPUT));
        magnitudes
    }
}
