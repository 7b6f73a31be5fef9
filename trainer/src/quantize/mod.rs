//! From float weights to the integers of an int8 model.

mod bits;
mod calibrate;
mod matrix;
mod rounding;

pub use bits::{Bits, IntegerBits};
pub use calibrate::{Ranges, measure_ranges, state_fraction_bits};
pub use matrix::{QuantizedMatrix, embedding_scales, quantize_embedding, quantize_rows};
pub use rounding::Rounding;
