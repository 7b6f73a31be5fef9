//! The rounding of an integer model's states, simulated in training.

use burn::tensor::backend::Backend;
use burn::tensor::{Bool, Tensor};
use runtime::numeric;

use super::super::straight_through;
use crate::operations::Cell;

/// Adding it to a number of at most 2^22 rounds that to an integer, halves to the even one.
const ROUND: f32 = 12_582_912.0;
/// The largest integer of 16 bits.
const LARGEST_WIDE: f32 = 32_767.0;
/// The largest integer of 8 bits.
const LARGEST_NARROW: f32 = 127.0;

/// What integers stand for: multiples of a unit, up to a largest one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    unit: f32,
    /// Of the integers, at most 2^15.
    largest: f32,
}

impl Grid {
    /// `0, +-unit, .. +-largest unit`.
    pub const fn new(unit: f32, largest: f32) -> Self {
        Self { unit, largest }
    }

    /// The nearest number that an integer stands for.
    #[inline(always)]
    pub(crate) fn nearest(self, value: f32) -> f32 {
        let integer = value / self.unit;
        let integer = if integer > self.largest { self.largest } else { integer };
        let integer = if integer < -self.largest { -self.largest } else { integer };
        ((integer + ROUND) - ROUND) * self.unit
    }

    /// Whether a number that an integer stands for is the last one.
    #[inline(always)]
    pub(super) fn is_end(self, value: f32) -> bool {
        value.abs() >= (self.largest - 0.5) * self.unit
    }

    /// [`Self::nearest`] of each value.
    pub(super) fn nearest_values<B: Backend>(self, values: Tensor<B, 2>) -> Tensor<B, 2> {
        values.div_scalar(self.unit).clamp(-self.largest, self.largest).round().mul_scalar(self.unit)
    }

    /// [`Self::is_end`] of each value.
    pub(super) fn are_ends<B: Backend>(self, values: Tensor<B, 2>) -> Tensor<B, 2, Bool> {
        values.abs().greater_equal_elem((self.largest - 0.5) * self.unit)
    }
}

/// How the states of a direction are rounded after every step, as an integer model's are. Gradients pass straight
/// through, but not through a `c` that its integers cannot hold.
///
/// # Source
/// `runtime/FORMAT.md`, 10.1 and 10.4; straight-through gradients: Bengio, Leonard and Courville (2013).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StateRounding {
    /// `h`, 16 bits.
    pub(super) hidden: Grid,
    /// `c` of an LSTM, 16 bits.
    pub(super) cell: Grid,
    /// `h` as a product takes it in, 8 bits.
    pub(super) narrow: Grid,
}

impl StateRounding {
    /// Of a cell whose measured state (an LSTM's `c`, a rectifier's `h`) has so many fraction bits, at most 15.
    pub fn new(cell: Cell, state_fraction_bits: u8) -> Self {
        let measured = f32::from(1_u16 << state_fraction_bits.min(15)).recip();
        let (hidden, narrow) = match cell {
            Cell::RnnRelu => (measured, 256.0 * measured),
            Cell::Lstm | Cell::Gru | Cell::RnnTanh => (numeric::POOLED_SCALE, numeric::HIDDEN_SCALE),
        };
        Self {
            hidden: Grid::new(hidden, LARGEST_WIDE),
            cell: Grid::new(measured, LARGEST_WIDE),
            narrow: Grid::new(narrow, LARGEST_NARROW),
        }
    }

    /// Hidden states as a product takes them in; gradients pass straight through.
    pub fn narrowed<B: Backend>(&self, hidden: Tensor<B, 2>) -> Tensor<B, 2> {
        straight_through(hidden, |hidden| self.narrow.nearest_values(hidden))
    }

    /// What an integer of a hidden state in a product stands for.
    pub fn narrow_unit(&self) -> f32 {
        self.narrow.unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_those_that_the_runtime_has() {
        let of_lstm = StateRounding::new(Cell::Lstm, 12);
        assert!([of_lstm.cell.nearest(9.0), of_lstm.cell.nearest(-9.0)] == [32_767.0 / 4_096.0, -32_767.0 / 4_096.0]);
        assert!(of_lstm.cell.is_end(32_767.0 / 4_096.0) && !of_lstm.cell.is_end(32_766.0 / 4_096.0));
        for hidden in (-32_767..=32_767_i16).step_by(7) {
            let expected = f32::from(numeric::quantize_hidden(hidden)) / 127.0;
            let found = of_lstm.narrow.nearest(f32::from(hidden) / 32_768.0);
            assert!((found - expected).abs() < 1e-6, "{hidden}: {found} {expected}");
        }
        let of_relu = StateRounding::new(Cell::RnnRelu, 10);
        for hidden in (0..=32_767_i16).step_by(7).filter(|hidden| hidden % 256 != 128) {
            let expected = f32::from(numeric::quantize_rectified(hidden)) / 4.0;
            assert_eq!(of_relu.narrow.nearest(f32::from(hidden) / 1_024.0), expected, "{hidden}");
        }
    }
}
