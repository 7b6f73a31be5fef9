//! Long short-term memory, as PyTorch defines it:
//!
//! ```text
//! [i; f; g; o] = W x + U h + b           W: [4 * hidden_size, input_size]; U: [4 * hidden_size, hidden_size]
//! c' = sigmoid(f) c + sigmoid(i) tanh(g)
//! h' = sigmoid(o) tanh(c')
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
/// Pre-activations Q3.12, gates Q0.15, `c` as calibrated, `h` Q0.15.
pub(crate) fn step_int8(direction: &Direction<'_, Int8>, one_hot: &[i8], buffers: &mut LayerBuffers<'_, Int8>) {
    let Direction { input, recurrent, results, shape, .. } = direction;
    let fraction_bits = results.scales.state_fraction_bits;
    let units = shape.hidden_size;
    let parts = [input.gates::<4>(units, buffers.inputs), recurrent.gates::<4>(units, buffers.recurrent)];
    for (unit, (cell, hidden)) in buffers.cell.iter_mut().zip(buffers.hidden.iter_mut()).enumerate() {
        let numbers = direction.numbers::<4>(unit);
        let mut sums = recurrent.layout.dot_4(&parts, unit);
        int8::add_one_hot(&mut sums, &numbers, one_hot);
        let [input, forget, candidate, output] = results.pre_activations(numbers, sums);
        *cell = numeric::cell_update(
            numeric::sigmoid(forget),
            *cell,
            numeric::sigmoid(input),
            numeric::tanh(candidate),
            fraction_bits,
        );
        *hidden = numeric::hidden(numeric::sigmoid(output), numeric::tanh_of_cell(*cell, fraction_bits));
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
    let parts = [input.gates::<4>(units, buffers.inputs), recurrent.gates::<4>(units, buffers.recurrent)];
    for (unit, (cell, hidden)) in buffers.cell.iter_mut().zip(buffers.hidden.iter_mut()).enumerate() {
        let numbers = direction.numbers::<4>(unit);
        let mut sums = kernels::dot_4_float(&parts, unit);
        float::add_one_hot(&mut sums, &numbers, one_hot);
        float::add_bias(&mut sums, &numbers, results.bias);
        let [input, forget, candidate, output] = sums;
        *cell = sigmoid(forget) * *cell + sigmoid(input) * libm::tanhf(candidate);
        *hidden = sigmoid(output) * libm::tanhf(*cell);
    }
}
