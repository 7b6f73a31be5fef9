use half::f16;

use super::arithmetic::Arithmetic;
use super::state::{LayerBuffers, LayerState};
use super::{cast, copy, fill};
use crate::answer::Logits;
use crate::cell::{gru, lstm, rnn};
use crate::format::{Cell, Feature, FloatChannel};
use crate::kernels::{FloatWeight, Layout, Rows, Weights, dot_float};
use crate::plan::{Direction, Head, Matrix, NumberFormat};

/// `f32` arithmetic; weights are stored in the format of their matrix, so that there is one network for all formats.
pub(crate) enum Float {}

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

/// See [`Arithmetic::step`]. Each format has a function of its own: a generic one would be compiled as the program that calls
/// it is, for size, and take three times as many instructions.
#[inline(never)]
fn step_f32(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, Float>) {
    step::<f32>(direction, one_hot, buffers);
}

/// As [`step_f32`].
#[inline(never)]
fn step_f16(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, Float>) {
    step::<f16>(direction, one_hot, buffers);
}

fn step<Weight: FloatWeight>(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, Float>) {
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

/// Brings in a second row.
fn embed_second<Weight: FloatWeight>(row: &[u8], target: &mut [f32]) {
    for (value, weight) in target.iter_mut().zip(cast::<Weight>(row)) {
        *value = (*value + weight.widen()) * 0.5;
    }
}

/// Products of the head's rows and a vector.
fn logits<Weight: FloatWeight>(head: &Head<'_>, pooled: &[f32], target: &mut [f32]) {
    let bias: &[f32] = cast(head.results.bias);
    for ((class, logit), bias) in target.iter_mut().enumerate().zip(bias) {
        *logit = dot_float::<Weight>(0.0, cast(head.weights.row(class)), pooled) + bias;
    }
}

impl Arithmetic for Float {
    type Channel = FloatChannel;
    type Raw = f32;
    type Value = f32;
    type State = f32;
    type Sum = f32;

    fn embed(vectors: &Matrix<'_>, row: usize, target: &mut [f32]) {
        match vectors.format {
            NumberFormat::F16 => fill(target, cast::<f16>(vectors.row(row)).iter().map(|weight| weight.widen())),
            _ => copy(target, cast(vectors.row(row))),
        }
    }

    fn embed_second(vectors: &Matrix<'_>, row: usize, target: &mut [f32]) {
        match vectors.format {
            NumberFormat::F16 => embed_second::<f16>(vectors.row(row), target),
            _ => embed_second::<f32>(vectors.row(row), target),
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
        copy(target, hidden);
    }

    fn step(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, Self>) {
        match direction.recurrent.format {
            NumberFormat::F16 => step_f16(direction, one_hot, buffers),
            _ => step_f32(direction, one_hot, buffers),
        }
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
        match head.weights.format {
            NumberFormat::F16 => logits::<f16>(head, pooled, target),
            _ => logits::<f32>(head, pooled, target),
        }
    }

    fn show_logits(logits: &[f32]) -> Logits<'_> {
        Logits::Float(logits)
    }

    fn show_state<'w>(_: &Direction<'_>, hidden: &'w [f32], cell: &'w [f32]) -> LayerState<'w> {
        LayerState::Float { hidden, cell }
    }
}
