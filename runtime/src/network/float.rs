use core::marker::PhantomData;

use half::f16;

use super::arithmetic::Arithmetic;
use super::state::{LayerBuffers, LayerState};
use super::{cast, fill};
use crate::answer::Logits;
use crate::cell::{gru, lstm, rnn};
use crate::format::{Cell, Feature, FloatChannel};
use crate::kernels::{FloatWeight, Layout, Rows, Weights, dot_float};
use crate::plan::{Direction, Head, Matrix};

/// `f32` arithmetic with stored weights of a type.
pub(crate) struct FloatArithmetic<Weight>(PhantomData<Weight>);

/// `f32` weights.
pub(crate) type Single = FloatArithmetic<f32>;
/// `f16` weights, `f32` arithmetic.
pub(crate) type Half = FloatArithmetic<f16>;

/// The weights of a direction, and those of a step's token.
fn weights<'a, Weight: FloatWeight>(direction: &Direction<'a>, one_hot: &'a [u8]) -> Weights<'a, Weight, Weight> {
    let rows = |matrix: &Matrix<'a>| Rows { items: cast(matrix.bytes), stride: matrix.columns, width: matrix.columns };
    Weights {
        input: rows(&direction.input),
        recurrent: rows(&direction.recurrent),
        one_hot: cast(one_hot),
        layout: Layout::Bytes,
        hidden_size: direction.hidden_size,
    }
}

/// A stored weight of a layer.
///
/// Each implementation of [`Self::step`] is a function of its own: a generic one would be compiled as the program that calls
/// it is, for size, and take three times as many instructions.
pub(crate) trait LayerWeight: FloatWeight {
    /// See [`Arithmetic::step`].
    fn step(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, FloatArithmetic<Self>>);
}

impl LayerWeight for f32 {
    #[inline(never)]
    fn step(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, Single>) {
        step(direction, one_hot, buffers);
    }
}

impl LayerWeight for f16 {
    #[inline(never)]
    fn step(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, Half>) {
        step(direction, one_hot, buffers);
    }
}

fn step<Weight: LayerWeight>(
    direction: &Direction<'_>,
    one_hot: &[u8],
    buffers: &mut LayerBuffers<'_, FloatArithmetic<Weight>>,
) {
    let LayerBuffers { inputs, recurrent, cell, hidden, .. } = buffers;
    let weights = weights::<Weight>(direction, one_hot);
    let bias: &[f32] = cast(direction.results.bias);
    let rectify: fn(f32) -> f32 = |x| if x > 0.0 { x } else { 0.0 };
    match direction.cell {
        Cell::Lstm if Feature::Lstm.is_built() => {
            lstm::step_float(&weights, bias, inputs, recurrent, cell, hidden);
        }
        Cell::Gru if Feature::Gru.is_built() => gru::step_float(&weights, bias, inputs, recurrent, hidden),
        Cell::RnnTanh if Feature::Rnn.is_built() => {
            rnn::step_float(&weights, bias, inputs, recurrent, hidden, libm::tanhf);
        }
        Cell::RnnRelu if Feature::Rnn.is_built() => {
            rnn::step_float(&weights, bias, inputs, recurrent, hidden, rectify);
        }
        _ => {}
    }
}

impl<Weight: LayerWeight> Arithmetic for FloatArithmetic<Weight> {
    type Channel = FloatChannel;
    type Raw = f32;
    type Value = f32;
    type State = f32;
    type Sum = f32;

    fn embed(vectors: &Matrix<'_>, row: usize, target: &mut [f32]) {
        fill(target, cast::<Weight>(vectors.row(row)).iter().map(|weight| weight.widen()));
    }

    fn embed_second(vectors: &Matrix<'_>, row: usize, target: &mut [f32]) {
        for (value, weight) in target.iter_mut().zip(cast::<Weight>(vectors.row(row))) {
            *value = (*value + weight.widen()) * 0.5;
        }
    }

    fn raw_of_integer(integer: i32, unit: f32) -> f32 {
        integer as f32 * unit
    }

    fn raw_of_float(value: f32, _: f32) -> f32 {
        value
    }

    fn difference(raw: f32, before: f32) -> f32 {
        raw - before
    }

    fn normalize(raw: f32, channel: &FloatChannel) -> f32 {
        (raw - channel.zero) * channel.scale
    }

    fn quantize_hidden(_: Cell, hidden: &[f32], target: &mut [f32]) {
        fill(target, hidden.iter().copied());
    }

    fn step(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, Self>) {
        Weight::step(direction, one_hot, buffers);
    }

    fn pool_sum(sum: &mut f32, value: f32) {
        *sum += value;
    }

    fn halve(sum: &mut f32) {
        *sum *= 0.5;
    }

    fn pool_largest(largest: &mut f32, value: f32, first: bool) {
        *largest = if first { value } else { value.max(*largest) };
    }

    fn largest(pooled: f32) -> f32 {
        pooled
    }

    fn mean(sum: f32, steps: u32) -> f32 {
        sum / steps as f32
    }

    fn logits(head: &Head<'_>, pooled: &[f32], target: &mut [f32]) {
        let bias: &[f32] = cast(head.results.bias);
        for ((class, logit), bias) in target.iter_mut().enumerate().zip(bias) {
            *logit = dot_float::<Weight>(0.0, cast(head.weights.row(class)), pooled) + bias;
        }
    }

    fn show_logits(logits: &[f32]) -> Logits<'_> {
        Logits::Float(logits)
    }

    fn show_state<'w>(_: &Direction<'_>, hidden: &'w [f32], cell: &'w [f32]) -> LayerState<'w> {
        LayerState::Float { hidden, cell }
    }
}
