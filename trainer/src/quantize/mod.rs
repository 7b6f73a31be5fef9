//! From float weights to the integers of a model without floats.

mod bits;
mod calibrate;
mod embedding;
mod matrix;
mod rounding;

pub use bits::{Bits, IntegerBits};
pub use calibrate::{Ranges, measure_ranges, state_fraction_bits};
pub use embedding::{embedding_scales, quantize_embedding};
pub use matrix::{QuantizedMatrix, quantize_rows};
pub use rounding::Rounding;
