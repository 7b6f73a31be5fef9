use runtime::format::{self, Precision};
use runtime::numeric;

use super::rows::{Columns, GateRows, sum_rows};
use super::tensors::TensorArea;
use crate::network::Cell;
use crate::quantize::{Bits, QuantizedMatrix, quantize_rows};
use crate::weights::DirectionWeights;

/// Largest magnitude of an int8 model's input and hidden state in a product.
const LARGEST_VALUE: u32 = 127;
/// What a 1 of a one-hot token stands for in an int8 model's product.
const ONE_HOT_SCALE: f32 = 1.0 / LARGEST_VALUE as f32;

/// What reaches a layer from below.
pub(super) enum LayerInput {
    /// Values, in an int8 model each in units of its scale.
    Values {
        /// One a column.
        scales: Vec<f32>,
    },
    /// One-hot tokens.
    OneHot,
}

/// The units of a direction's hidden state in an int8 model.
#[derive(Clone, Copy)]
pub(super) struct HiddenUnits {
    /// Of an `i8` in a product.
    pub(super) narrow: f32,
    /// Of an `i16` in the pooled vector.
    pub(super) wide: f32,
}

/// The units of a direction whose measured state has so many fraction bits.
pub(super) fn hidden_units(cell: Cell, state_fraction_bits: u8) -> HiddenUnits {
    match cell {
        Cell::RnnRelu => {
            let wide = f32::from(1_u16 << state_fraction_bits).recip();
            HiddenUnits { narrow: 256.0 * wide, wide }
        }
        Cell::Lstm | Cell::Gru | Cell::RnnTanh => {
            HiddenUnits { narrow: numeric::HIDDEN_SCALE, wide: numeric::POOLED_SCALE }
        }
    }
}

/// Adds the weights of a direction in float.
pub(super) fn add_float(
    tensors: &mut TensorArea,
    cell: Cell,
    direction: &DirectionWeights,
    one_hot: bool,
    precision: Precision,
) -> format::Direction {
    let columns = Columns::of(direction);
    let sums = sum_rows(cell, direction, columns, &vec![1.0; columns.input], 1.0);
    let rows = GateRows::of(cell, &sums.values, columns, one_hot);
    tensors.add_float(&rows.input, precision);
    tensors.add_float(&rows.recurrent, precision);
    tensors.add(&direction.bias);
    format::Direction::default()
}

/// Adds the weights of a direction, whose measured state has so many fraction bits, as integers; those of one-hot tokens
/// have 8 bits.
pub(super) fn add_integers(
    tensors: &mut TensorArea,
    cell: Cell,
    direction: &DirectionWeights,
    input: &LayerInput,
    state_fraction_bits: u8,
    bits: Bits,
) -> format::Direction {
    let (scales, one_hot) = match input {
        LayerInput::Values { scales } => (scales.clone(), false),
        LayerInput::OneHot => (vec![ONE_HOT_SCALE; direction.weight_ih.columns], true),
    };
    let columns = Columns::of(direction);
    let fraction_bits = match cell {
        Cell::RnnRelu => u32::from(state_fraction_bits),
        Cell::Lstm | Cell::Gru | Cell::RnnTanh => numeric::PRE_ACTIVATION_FRACTION_BITS,
    };
    let sums = sum_rows(cell, direction, columns, &scales, hidden_units(cell, state_fraction_bits).narrow);
    let mut column_bits = vec![bits; columns.input + columns.hidden];
    if one_hot {
        column_bits[..columns.input].fill(Bits::Eight);
    }
    let quantized = quantize_rows(&sums, &direction.bias, f64::from(1 << fraction_bits), LARGEST_VALUE, &column_bits);
    let rows = GateRows::of(cell, &quantized.weights, columns, one_hot);
    if one_hot {
        tensors.add(&rows.input);
    } else {
        tensors.add_integers(&rows.input, columns.input, bits);
    }
    tensors.add_integers(&rows.recurrent, columns.hidden, bits);
    add_scales(tensors, &quantized);
    format::Direction { accumulator_shift: quantized.accumulator_shift, state_fraction_bits }
}

/// Adds the biases and multipliers of a quantized matrix.
pub(super) fn add_scales(tensors: &mut TensorArea, matrix: &QuantizedMatrix) {
    tensors.add(&matrix.bias);
    tensors.add(&matrix.multipliers);
}
