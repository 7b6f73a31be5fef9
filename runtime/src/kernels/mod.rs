//! The inner loops. `portable` is the definition of correct.

mod portable;

#[cfg(feature = "float")]
pub(crate) use portable::{FloatWeight, dot_3_float, dot_4_float, dot_float};
pub(crate) use portable::{Gates, dot_3_i4, dot_3_i8, dot_4_i4, dot_4_i8, dot_i4, dot_i8, dot_i16, nibbles};
