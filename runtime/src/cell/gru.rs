//! The gated recurrent unit, as PyTorch defines it, which resets after the product:
//!
//! ```text
//! r  = sigmoid(W_r x + U_r h + b_r)      [W U]: [3 * hidden_size, columns], rows r, z, n
//! z  = sigmoid(W_z x + U_z h + b_z)
//! n  = tanh(W_n x + b_nx + r (U_n h + b_nh))
//! h' = (1 - z) n + z h
//! ```

#[cfg(feature = "float")]
use super::sigmoid;
#[cfg(feature = "float")]
use crate::format::Element;
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
    let layout = direction.matrix.rows.layout;
    let hidden_start = direction.hidden_start();
    let (input, state) = buffers.inputs.split_at_checked(direction.shape.hidden_start()).unwrap_or_default();
    for (unit, (weights, hidden)) in direction.rows_of_3().zip(buffers.hidden.iter_mut()).enumerate() {
        let rows = direction.numbers::<3>(unit);
        let mut input_sums = layout.dot_3(weights.map(|row| row.get(..hidden_start).unwrap_or_default()), input);
        int8::add_one_hot(&mut input_sums, &rows, one_hot);
        let [reset_x, update_x, new_x] = input_sums;
        let [reset_h, update_h, new_h] =
            layout.dot_3(weights.map(|row| row.get(hidden_start..).unwrap_or_default()), state);
        let sums = [reset_x.wrapping_add(reset_h), update_x.wrapping_add(update_h), new_x, new_h];
        let results = direction.numbers::<4>(unit);
        let [reset, update, new_x, new_h] = direction.matrix.pre_activations(results, sums);
        let candidate = numeric::tanh(numeric::reset_sum(new_x, numeric::sigmoid(reset), new_h));
        *hidden = numeric::hidden_update(numeric::sigmoid(update), candidate, *hidden);
    }
}

/// One step in `f32`.
#[cfg(feature = "float")]
pub(crate) fn step_float<Weight: Element + FloatWeight>(
    direction: &Direction<'_, FloatArithmetic<Weight>>,
    one_hot: &[Weight],
    buffers: &mut LayerBuffers<'_, FloatArithmetic<Weight>>,
) {
    let hidden_start = direction.shape.hidden_start();
    let (input, state) = buffers.inputs.split_at_checked(hidden_start).unwrap_or_default();
    for (unit, (weights, hidden)) in direction.rows_of_3().zip(buffers.hidden.iter_mut()).enumerate() {
        let rows = direction.numbers::<3>(unit);
        let mut input_sums =
            kernels::dot_3_float(weights.map(|row| row.get(..hidden_start).unwrap_or_default()), input);
        float::add_one_hot(&mut input_sums, &rows, one_hot);
        let [reset_x, update_x, new_x] = input_sums;
        let [reset_h, update_h, new_h] =
            kernels::dot_3_float(weights.map(|row| row.get(hidden_start..).unwrap_or_default()), state);
        let mut sums = [reset_x + reset_h, update_x + update_h, new_x, new_h];
        float::add_bias(&mut sums, &direction.numbers::<4>(unit), direction.matrix.bias);
        let [reset, update, new_x, new_h] = sums;
        let candidate = libm::tanhf(new_x + sigmoid(reset) * new_h);
        let update = sigmoid(update);
        *hidden = (1.0 - update) * candidate + update * *hidden;
    }
}
