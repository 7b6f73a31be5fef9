//! The gated recurrent unit, as PyTorch defines it, which resets after the product:
//!
//! ```text
//! r  = sigmoid(W_r x + U_r h + b_r)      W: [3 * hidden_size, input_size], rows r, z, n
//! z  = sigmoid(W_z x + U_z h + b_z)      U: [3 * hidden_size, hidden_size]
//! n  = tanh(W_n x + b_nx + r (U_n h + b_nh))
//! h' = (1 - z) n + z h
//! ```

#[cfg(feature = "float")]
use super::sigmoid;
#[cfg(feature = "float")]
use crate::kernels;
#[cfg(feature = "float")]
use crate::kernels::FloatWeight;
use crate::network::{Direction, Int8, LayerBuffers, int8};
#[cfg(feature = "float")]
use crate::network::{FloatArithmetic, float};
use crate::numeric;

/// One step in integers.
///
/// Pre-activations Q3.12, gates and `h` Q0.15.
pub(crate) fn step_int8(direction: &Direction<'_, Int8>, one_hot: &[i8], buffers: &mut LayerBuffers<'_, Int8>) {
    let Direction { input, recurrent, results, shape, .. } = direction;
    let units = shape.hidden_size;
    let (w, u) = (input.gates::<3>(units, buffers.inputs), recurrent.gates::<3>(units, buffers.recurrent));
    for (unit, hidden) in buffers.hidden.iter_mut().enumerate() {
        let mut input_sums = input.layout.dot_3(&w, unit);
        int8::add_one_hot(&mut input_sums, &direction.numbers::<3>(unit), one_hot);
        let [reset_x, update_x, new_x] = input_sums;
        let [reset_h, update_h, new_h] = recurrent.layout.dot_3(&u, unit);
        let sums = [reset_x.wrapping_add(reset_h), update_x.wrapping_add(update_h), new_x, new_h];
        let [reset, update, new_x, new_h] = results.pre_activations(direction.numbers(unit), sums);
        let candidate = numeric::tanh(numeric::reset_sum(new_x, numeric::sigmoid(reset), new_h));
        *hidden = numeric::hidden_update(numeric::sigmoid(update), candidate, *hidden);
    }
}

/// One step in `f32`.
#[cfg(feature = "float")]
pub(crate) fn step_float<Weight: FloatWeight>(
    direction: &Direction<'_, FloatArithmetic<Weight>>,
    one_hot: &[Weight],
    buffers: &mut LayerBuffers<'_, FloatArithmetic<Weight>>,
) {
    let Direction { input, recurrent, results, shape, .. } = direction;
    let units = shape.hidden_size;
    let (w, u) = (input.gates::<3>(units, buffers.inputs), recurrent.gates::<3>(units, buffers.recurrent));
    for (unit, hidden) in buffers.hidden.iter_mut().enumerate() {
        let mut input_sums = kernels::dot_3_float(&w, unit);
        float::add_one_hot(&mut input_sums, &direction.numbers::<3>(unit), one_hot);
        let [reset_x, update_x, new_x] = input_sums;
        let [reset_h, update_h, new_h] = kernels::dot_3_float(&u, unit);
        let mut sums = [reset_x + reset_h, update_x + update_h, new_x, new_h];
        float::add_bias(&mut sums, &direction.numbers::<4>(unit), results.bias);
        let [reset, update, new_x, new_h] = sums;
        let candidate = libm::tanhf(new_x + sigmoid(reset) * new_h);
        let update = sigmoid(update);
        *hidden = (1.0 - update) * candidate + update * *hidden;
    }
}
