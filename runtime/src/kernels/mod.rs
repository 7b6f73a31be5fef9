//! The inner loops. `portable` is the definition of correct.

mod portable;

#[cfg(feature = "float")]
pub(crate) use portable::{dot_4_f16, dot_4_f32, dot_f16, dot_f32, widen};
pub(crate) use portable::{dot_4_i8, dot_i16};
