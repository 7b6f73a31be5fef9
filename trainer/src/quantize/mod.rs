//! From float weights to the integers of an int8 model.

mod bits;
mod calibrate;
mod matrix;

pub use bits::{Bits, IntegerBits};
pub use calibrate::{Ranges, measure_ranges, state_fraction_bits};
pub use matrix::{QuantizedMatrix, quantize_embedding, quantize_rows};
