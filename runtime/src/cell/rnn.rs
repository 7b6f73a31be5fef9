//! Elman's network, as PyTorch defines it:
//!
//! ```text
//! h' = activation(W x + U h + b)         tanh, or the rectifier max(0, .)
//!                                        W: [hidden_size, input_size]; U: [hidden_size, hidden_size]
//! ```

#[cfg(feature = "float")]
use crate::kernels;
#[cfg(feature = "float")]
use crate::kernels::FloatWeight;
use crate::network::{Direction, Int8, LayerBuffers, int8};
#[cfg(feature = "float")]
use crate::network::{FloatArithmetic, float};

/// One step in integers.
///
/// With tanh, pre-activations Q3.12 and `h` Q0.15; with the rectifier both have the fraction bits of `h` as
/// calibrated.
pub(crate) fn step_int8(
    direction: &Direction<'_, Int8>,
    one_hot: &[i8],
    buffers: &mut LayerBuffers<'_, Int8>,
    activation: fn(i16) -> i16,
) {
    let Direction { input, recurrent, results, .. } = direction;
    let (x, h) = (input.vector(buffers.inputs), recurrent.vector(buffers.recurrent));
    for (unit, hidden) in buffers.hidden.iter_mut().enumerate() {
        let sum = input.layout.dot(0, input.row(unit), x);
        let mut sums = [recurrent.layout.dot(sum, recurrent.row(unit), h)];
        int8::add_one_hot(&mut sums, &[unit], one_hot);
        let [pre_activation] = results.pre_activations([unit], sums);
        *hidden = activation(pre_activation);
    }
}

/// One step in `f32`.
#[cfg(feature = "float")]
pub(crate) fn step_float<Weight: FloatWeight>(
    direction: &Direction<'_, FloatArithmetic<Weight>>,
    one_hot: &[Weight],
    buffers: &mut LayerBuffers<'_, FloatArithmetic<Weight>>,
    activation: fn(f32) -> f32,
) {
    let Direction { input, recurrent, results, .. } = direction;
    let (x, h) = (input.vector(buffers.inputs), recurrent.vector(buffers.recurrent));
    for (unit, hidden) in buffers.hidden.iter_mut().enumerate() {
        let sum = kernels::dot_float(0.0, input.row(unit), x);
        let mut sums = [kernels::dot_float(sum, recurrent.row(unit), h)];
        float::add_one_hot(&mut sums, &[unit], one_hot);
        float::add_bias(&mut sums, &[unit], results.bias);
        let [pre_activation] = sums;
        *hidden = activation(pre_activation);
    }
}
