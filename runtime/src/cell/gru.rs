//! The gated recurrent unit, as PyTorch defines it, which resets after the product:
//!
//! ```text
//! r  = sigmoid(W_r x + U_r h + b_r)      W: [3 * hidden_size, input_size], rows r, z, n
//! z  = sigmoid(W_z x + U_z h + b_z)      U: [3 * hidden_size, hidden_size]
//! n  = tanh(W_n x + b_nx + r (U_n h + b_nh))
//! h' = (1 - z) n + z h
//! ```

use crate::kernels::{self, IntegerWeights, StepVectors};
#[cfg(feature = "float")]
use crate::kernels::{FloatWeight, Weights};
use crate::numeric::{self, Requantization};

/// One step in integers: `h` becomes the next one.
///
/// # Shapes and units
/// `vectors`: `x`, `[input_size]`, and `h` as the product takes it in, `[hidden_size]`; `h` `[hidden_size]`.
/// Pre-activations Q3.12, gates and `h` Q0.15. Results in the order r, z, n of `x`, n of `h`.
pub(crate) fn step_int8(
    weights: &IntegerWeights<'_>,
    scales: &Requantization<'_>,
    vectors: StepVectors<'_>,
    h: &mut [i16],
) {
    if weights.step_gru(scales, &vectors, h, update) {
        return;
    }
    if let Some(units) = weights.half_words_of_groups(scales, vectors.wide) {
        units.update_3_gates(h, update);
    } else if IntegerWeights::HAVE_ROWS {
        let parts = weights.parts(&vectors);
        for (unit, h) in h.iter_mut().enumerate() {
            update(weights.of_3_gates(scales, &parts, unit), h);
        }
    }
}

/// The next state of a unit.
#[inline(always)]
fn update([reset, update, new_x, new_h]: [i16; 4], h: &mut i16) {
    let candidate = kernels::tanh(numeric::reset_sum(new_x, kernels::sigmoid(reset), new_h));
    *h = numeric::hidden_update(kernels::sigmoid(update), candidate, *h);
}

/// One step in `f32`: `h` becomes the next one. Shapes as [`step_int8`].
#[cfg(feature = "float")]
pub(crate) fn step_float<Weight: FloatWeight>(
    weights: &Weights<'_, Weight, Weight>,
    bias: &[f32],
    inputs: &[f32],
    recurrent: &[f32],
    h: &mut [f32],
) {
    let units = weights.hidden_size;
    let w = weights.input.gates::<_, 3>(units, inputs);
    let u = weights.recurrent.gates::<_, 3>(units, recurrent);
    for (unit, h) in h.iter_mut().enumerate() {
        let mut sums = kernels::dot_3_float(&w, unit);
        kernels::add_one_hot(&mut sums, &weights.row_indices::<3>(unit), weights.one_hot);
        let [reset_x, update_x, new_x] = sums;
        let [reset_h, update_h, new_h] = kernels::dot_3_float(&u, unit);
        let mut sums = [reset_x + reset_h, update_x + update_h, new_x, new_h];
        kernels::add_bias(&mut sums, &weights.row_indices::<4>(unit), bias);
        let [reset, update, new_x, new_h] = sums;
        let candidate = libm::tanhf(new_x + numeric::sigmoid_float(reset) * new_h);
        let update = numeric::sigmoid_float(update);
        *h = (1.0 - update) * candidate + update * *h;
    }
}
