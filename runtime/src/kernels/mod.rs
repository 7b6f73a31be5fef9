//! Products of weights and vectors. [`portable`] is their definition.

mod portable;
mod weights;

pub(crate) use portable::dot_i16;
#[cfg(feature = "float")]
pub(crate) use portable::{FloatWeight, dot_3_float, dot_4_float, dot_float};
pub(crate) use weights::{IntegerWeights, Layout, Rows};
#[cfg(feature = "float")]
pub(crate) use weights::{Weights, add_bias, add_one_hot};
