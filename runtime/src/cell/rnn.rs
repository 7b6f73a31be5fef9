//! Elman's network, as PyTorch defines it:
//!
//! ```text
//! h' = activation(W [x; h] + b)          W: [hidden_size, columns]; tanh, or the rectifier max(0, .)
//! ```

#[cfg(feature = "float")]
use crate::format::Element;
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
    let layout = direction.matrix.rows.layout;
    for (unit, hidden) in buffers.hidden.iter_mut().enumerate() {
        let mut sums = [layout.dot(direction.matrix.row(unit), buffers.inputs)];
        int8::add_one_hot(&mut sums, &[unit], one_hot);
        let [pre_activation] = direction.matrix.pre_activations([unit], sums);
        *hidden = activation(pre_activation);
    }
}

/// One step in `f32`.
#[cfg(feature = "float")]
pub(crate) fn step_float<Weight: Element + FloatWeight>(
    direction: &Direction<'_, FloatArithmetic<Weight>>,
    one_hot: &[Weight],
    buffers: &mut LayerBuffers<'_, FloatArithmetic<Weight>>,
    activation: fn(f32) -> f32,
) {
    for (unit, hidden) in buffers.hidden.iter_mut().enumerate() {
        let mut sums = [kernels::dot_float(direction.matrix.row(unit), buffers.inputs)];
        float::add_one_hot(&mut sums, &[unit], one_hot);
        float::add_bias(&mut sums, &[unit], direction.matrix.bias);
        let [pre_activation] = sums;
        *hidden = activation(pre_activation);
    }
}
