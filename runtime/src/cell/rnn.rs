//! Elman's network, as PyTorch defines it:
//!
//! ```text
//! h' = activation(W x + U h + b)         tanh, or the rectifier max(0, .)
//!                                        W: [hidden_size, input_size]; U: [hidden_size, hidden_size]
//! ```

use crate::kernels::{self, Activation, IntegerWeights, StepVectors};
#[cfg(feature = "float")]
use crate::kernels::{FloatWeight, Weights};
use crate::numeric::{self, Requantization};

/// One step in integers: `h` becomes the next one.
///
/// # Shapes and units
/// `vectors`: `x`, `[input_size]`, and `h` as the product takes it in, `[hidden_size]`; `h` `[hidden_size]`. With
/// tanh, pre-activations Q3.12 and `h` Q0.15; with the rectifier both have the measured fraction bits.
pub(crate) fn step_int8(
    weights: &IntegerWeights<'_>,
    scales: &Requantization<'_>,
    vectors: StepVectors<'_>,
    h: &mut [i16],
    activation: Activation,
) {
    if weights.step_rnn(scales, &vectors, h, activation) {
        return;
    }
    let activation = match activation {
        Activation::Tanh => kernels::tanh,
        Activation::Rectifier => numeric::rectify,
    };
    if let Some(units) = weights.half_words_of_groups(scales, vectors.wide) {
        units.update_1_gate(h, |pre_activation, h| *h = activation(pre_activation));
    } else if IntegerWeights::HAVE_ROWS {
        for (unit, h) in h.iter_mut().enumerate() {
            *h = activation(weights.of_1_gate(scales, &vectors, unit));
        }
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
