//! From float weights to the integers of an int8 model.

mod calibrate;
mod matrix;

pub use calibrate::{cell_fraction_bits, measure_cell_ranges};
pub use matrix::{QuantizedMatrix, quantize_embedding, quantize_rows};
