//! One step of a recurrent cell.

mod lstm;

pub(crate) use lstm::LstmWeights;
#[cfg(feature = "float")]
pub(crate) use lstm::step_float;
pub(crate) use lstm::step_int8;
