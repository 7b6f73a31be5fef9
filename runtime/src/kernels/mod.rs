//! Products of weights and vectors. [`portable`] is their definition.

#[cfg(cortex_m0)]
#[path = "cortex_m0/rows.rs"]
mod cortex_m0;
mod half_words;
mod portable;
mod units;
mod weights;

pub(crate) use half_words::WideVectors;
pub(crate) use portable::dot_i16;
#[cfg(feature = "float")]
pub(crate) use portable::{FloatWeight, dot_3_float, dot_4_float, dot_float};
pub(crate) use units::StepVectors;
pub(crate) use weights::{IntegerWeights, Layout, Rows};
#[cfg(feature = "float")]
pub(crate) use weights::{Weights, add_bias, add_one_hot};
