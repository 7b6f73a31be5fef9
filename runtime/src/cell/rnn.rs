//! Elman's network, as PyTorch defines it:
//!
//! ```text
//! h' = activation(W x + U h + b)         tanh, or the rectifier max(0, .)
//!                                        W: [hidden_size, input_size]; U: [hidden_size, hidden_size]
//! ```

use crate::kernels::IntegerWeights;
#[cfg(feature = "float")]
use crate::kernels::{self, FloatWeight, Weights};
use crate::numeric::Requantization;

/// One step in integers: `h` becomes the next one.
///
/// # Shapes and units
/// `inputs`: `x`, `[input_size]`; `recurrent`: `h` as the product takes it in, `[hidden_size]`; `h` `[hidden_size]`. With
/// tanh, pre-activations Q3.12 and `h` Q0.15; with the rectifier both have the measured fraction bits.
pub(crate) fn step_int8(
    weights: &IntegerWeights<'_>,
    scales: &Requantization<'_>,
    inputs: &[i8],
    recurrent: &[i8],
    h: &mut [i16],
    activation: fn(i16) -> i16,
) {
    let (x, recurrent) = (weights.input.vector(inputs), weights.recurrent.vector(recurrent));
    for (unit, h) in h.iter_mut().enumerate() {
        let sum = weights.layout.dot(0, weights.input.row(unit), x);
        let mut sums = [weights.layout.dot(sum, weights.recurrent.row(unit), recurrent)];
        weights.add_one_hot(&mut sums, &[unit]);
        let [pre_activation] = scales.pre_activations([unit], sums);
        *h = activation(pre_activation);
    }
}

/// One step in `f32`: `h` becomes the next one. Shapes as [`step_int8`].
#[cfg(feature = "float")]
pub(crate) fn step_float<Weight: FloatWeight>(
    weights: &Weights<'_, Weight, Weight>,
    bias: &[f32],
    inputs: &[f32],
    recurrent: &[f32],
    h: &mut [f32],
    activation: fn(f32) -> f32,
) {
    let (x, recurrent) = (weights.input.vector(inputs), weights.recurrent.vector(recurrent));
    for (unit, h) in h.iter_mut().enumerate() {
        let sum = kernels::dot_float(0.0, weights.input.row(unit), x);
        let mut sums = [kernels::dot_float(sum, weights.recurrent.row(unit), recurrent)];
        kernels::add_one_hot(&mut sums, &[unit], weights.one_hot);
        kernels::add_bias(&mut sums, &[unit], bias);
        let [pre_activation] = sums;
        *h = activation(pre_activation);
    }
}
