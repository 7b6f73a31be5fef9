//! The weights of a model whatever their order, for programs that order them anew.

use core::ops::Range;

use super::direction::Direction;
use super::matrix::{Matrix, NumberFormat};
use super::model::Model;
use crate::format::{Cell, u16_at, u32_at};

/// The weights of a direction of an int8 model, which are given by their rows and columns however they are stored.
#[derive(Debug, Clone, Copy)]
pub struct StoredDirection<'m> {
    /// The cell.
    pub cell: Cell,
    /// Columns of `W`; 0 under one-hot tokens.
    pub input_size: usize,
    /// Columns of `U`.
    pub hidden_size: usize,
    direction: Direction<'m>,
}

impl<'m> Model<'m> {
    /// The weights of all directions, in the order of the file.
    ///
    /// # Panics
    /// Never.
    pub fn stored_directions(&self) -> impl Iterator<Item = StoredDirection<'m>> {
        self.layers().flat_map(super::direction::Layer::directions).map(|direction| StoredDirection {
            cell: direction.cell,
            input_size: direction.input_size,
            hidden_size: direction.hidden_size,
            direction: *direction,
        })
    }
}

impl<'m> StoredDirection<'m> {
    /// Whether a weight has 8 bits.
    pub fn has_whole_bytes(&self) -> bool {
        matches!(self.direction.recurrent.format, NumberFormat::I8 | NumberFormat::HalfWords)
    }

    /// The bytes of `W` and of `U`.
    pub fn bytes(&self) -> [&'m [u8]; 2] {
        [self.direction.input.bytes, self.direction.recurrent.bytes]
    }

    /// A weight of `W`, of 8 bits; 0 outside of it.
    pub fn input_weight(&self, row: usize, column: usize) -> i8 {
        self.weight(&self.direction.input, row, column, 0)
    }

    /// A weight of `U`, of 8 bits; 0 outside of it.
    pub fn recurrent_weight(&self, row: usize, column: usize) -> i8 {
        let first = self.direction.half_words().input_pairs().saturating_mul(2);
        self.weight(&self.direction.recurrent, row, column, first)
    }

    /// `first`: the column of a row of half-words with which the matrix begins.
    fn weight(&self, matrix: &Matrix<'m>, row: usize, column: usize, first: usize) -> i8 {
        if !self.direction.has_half_words() {
            return matrix.row(row).get(column).map_or(0, |byte| *byte as i8);
        }
        // A GRU's last row of a unit makes two results, of which the second is that of `U`.
        let is_candidate = self.cell == Cell::Gru && row >= self.hidden_size.saturating_mul(2);
        let (result, first) = match (is_candidate, first) {
            (true, 1..) => (row.saturating_add(self.hidden_size), 0),
            (true, 0) if self.input_size == 0 => (row.saturating_add(self.hidden_size), 0),
            _ => (row, first),
        };
        let row = self.direction.half_word_row(result);
        self.direction.half_word_weight(&row, first.saturating_add(column)) as i8
    }

    /// The bias of a result, as many as the cell has for each unit: the first results of all units, then the second ones.
    pub fn bias(&self, result: usize) -> i32 {
        u32_at(self.direction.results.bias, self.place(result).saturating_mul(4)) as i32
    }

    /// The multiplier of a result.
    pub fn multiplier(&self, result: usize) -> i16 {
        u16_at(self.direction.results.multipliers, self.place(result).saturating_mul(2)) as i16
    }

    fn place(&self, result: usize) -> usize {
        if self.direction.has_half_words() { self.direction.half_word_result(result) } else { result }
    }

    /// Where its weights, biases and multipliers lie in the file that the model was parsed from.
    pub fn range(&self, file: &[u8]) -> Range<usize> {
        let place = |address: usize| address.saturating_sub(file.as_ptr().addr());
        let [input, recurrent] = self.bytes();
        let first = if input.is_empty() { recurrent } else { input };
        let last = self.direction.results.multipliers.as_ptr_range().end;
        place(first.as_ptr().addr())..place(last.addr())
    }
}
