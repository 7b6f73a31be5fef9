//! The numbers of an int8 model: Q formats, requantization, activations, and probabilities.
//!
//! `Qm.n` is a signed integer whose unit is `2^-n`: Q3.12 holds [-8, 8) and Q0.15 holds [-1, 1) in 16 bits.
//! Every function here is the one definition of what the trainer simulates and every kernel computes.

mod activation;
mod fixed;
mod probability;
mod requantization;

#[cfg(any(cortex_m0, helium))]
pub(crate) use activation::TANH_SEGMENTS;
#[cfg(feature = "float")]
pub(crate) use activation::sigmoid_float;
#[cfg(cortex_m_dsp)]
pub(crate) use activation::{SIGMOID_BITS, Segment, TANH_BITS, logistic};
pub use activation::{sigmoid, tanh};
pub(crate) use fixed::pre_activation_of_cell;
pub use fixed::{
    HIDDEN_SCALE, LOGIT_FRACTION_BITS, MULTIPLIER_FRACTION_BITS, POOLED_SCALE, PRE_ACTIVATION_FRACTION_BITS,
    cell_update, hidden, hidden_update, mean, normalize, quantize_hidden, quantize_rectified, rectify, requantize,
    reset_sum, saturate_i16, tanh_of_cell,
};
pub use probability::Probability;
pub(crate) use probability::{FixedSoftmax, argmax, softmax_fixed};
#[cfg(feature = "float")]
pub(crate) use probability::{FloatSoftmax, softmax_float};
pub(crate) use requantization::Requantization;
