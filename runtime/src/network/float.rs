use core::marker::PhantomData;

use half::f16;

use super::arithmetic::Arithmetic;
use super::direction::Direction;
use super::fill;
use super::results::{Results, Shifts};
use super::rows::Rows;
use super::state::{LayerBuffers, LayerState};
use crate::answer::Logits;
use crate::cell::{gru, lstm, rnn};
use crate::error::{Error, Field, expect, invalid};
use crate::format::{Cell, FloatChannel, Tensors};
use crate::kernels::{FloatWeight, dot_float};

/// `f32` arithmetic with stored weights of a type.
pub(crate) struct FloatArithmetic<Weight>(PhantomData<Weight>);

/// `f32` weights.
pub(crate) type Single = FloatArithmetic<f32>;
/// `f16` weights, `f32` arithmetic.
pub(crate) type Half = FloatArithmetic<f16>;

fn expect_finite(finite: bool, field: Field, number: usize) -> Result<(), Error> {
    if finite { Ok(()) } else { Err(invalid(field, 0, number)) }
}

/// Checks that the weights of a row are finite.
fn check_weights<Weight: FloatWeight>(weights: &[Weight], row: usize) -> Result<(), Error> {
    expect_finite(weights.iter().all(|weight| FloatWeight::is_finite(*weight)), Field::WeightRange, row)
}

impl<Weight: FloatWeight> Arithmetic for FloatArithmetic<Weight> {
    type Weight = Weight;
    type Item = Weight;
    type Layout = ();
    type Bias = f32;
    type Channel = FloatChannel;
    type Raw = f32;
    type Scales<'m> = ();
    type Value = f32;
    type State = f32;
    type Sum = f32;

    const HEAD_BITS: u8 = 8 * size_of::<Weight>() as u8;

    fn parse_scales<'m>(_: &mut Tensors<'m>, _: usize, shifts: Shifts) -> Result<(), Error> {
        expect(Field::AccumulatorShift, 0, shifts.accumulator_shift.into())?;
        expect(Field::StateFractionBits, 0, shifts.state_fraction_bits.into())
    }

    fn parse_rows<'m>(
        tensors: &mut Tensors<'m>,
        bits: u8,
        rows: usize,
        columns: usize,
    ) -> Result<Rows<'m, Self>, Error> {
        expect(Field::Bits, 8 * size_of::<Weight>(), bits.into())?;
        let items = tensors.take(rows.saturating_mul(columns))?;
        Ok(Rows { items, layout: (), stride: columns, width: columns })
    }

    fn check_vectors(vectors: &Rows<'_, Self>) -> Result<(), Error> {
        check_weights(vectors.items, 0)
    }

    fn check_result(
        results: &Results<'_, Self>,
        result: usize,
        (): (),
        weights: [&[Weight]; 2],
        mut one_hot: impl Iterator<Item = Weight>,
        _: u32,
    ) -> Result<(), Error> {
        expect_finite(one_hot.all(FloatWeight::is_finite), Field::WeightRange, result)?;
        weights.into_iter().try_for_each(|weights| check_weights(weights, result))?;
        let finite = results.bias.get(result).is_some_and(|bias| bias.is_finite());
        expect_finite(finite, Field::WeightRange, result)
    }

    fn check_channel(channel: &FloatChannel) -> Result<(), Error> {
        expect_finite(channel.zero.is_finite(), Field::ChannelZero, 0)?;
        expect_finite(channel.scale.is_finite(), Field::ChannelScale, 0)
    }

    fn embed((): (), vector: &[Weight], target: &mut [f32]) {
        fill(target, vector.iter().map(|weight| weight.widen()));
    }

    fn embed_second((): (), vector: &[Weight], target: &mut [f32]) {
        for (value, weight) in target.iter_mut().zip(vector) {
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

    fn narrow(_: Cell, hidden: &[f32], target: &mut [f32]) {
        fill(target, hidden.iter().copied());
    }

    fn step(direction: &Direction<'_, Self>, one_hot: &[Weight], buffers: &mut LayerBuffers<'_, Self>) {
        match direction.cell {
            Cell::Lstm => lstm::step_float(direction, one_hot, buffers),
            Cell::Gru => gru::step_float(direction, one_hot, buffers),
            Cell::RnnTanh => rnn::step_float(direction, one_hot, buffers, libm::tanhf),
            Cell::RnnRelu => rnn::step_float(direction, one_hot, buffers, |x| if x > 0.0 { x } else { 0.0 }),
        }
    }

    fn gather_sum(sum: &mut f32, value: f32) {
        *sum += value;
    }

    fn halve(sum: &mut f32) {
        *sum *= 0.5;
    }

    fn gather_largest(largest: &mut f32, value: f32, first: bool) {
        *largest = if first { value } else { value.max(*largest) };
    }

    fn largest(gathered: f32) -> f32 {
        gathered
    }

    fn mean(sum: f32, steps: u32) -> f32 {
        sum / steps as f32
    }

    fn logit((): (), weights: &[Weight], results: &Results<'_, Self>, class: usize, pooled: &[f32]) -> f32 {
        dot_float(0.0, weights, pooled) + results.bias.get(class).copied().unwrap_or(0.0)
    }

    fn show_logits(logits: &[f32]) -> Logits<'_> {
        Logits::Float(logits)
    }

    fn show_state<'w>(_: &Direction<'_, Self>, hidden: &'w [f32], cell: &'w [f32]) -> LayerState<'w> {
        LayerState::Float { hidden, cell }
    }
}

/// Adds the one-hot weights of rows to their sums; nothing where there are none.
pub(crate) fn add_one_hot<Weight: FloatWeight>(sums: &mut [f32], rows: &[usize], one_hot: &[Weight]) {
    if one_hot.is_empty() {
        return;
    }
    for (sum, row) in sums.iter_mut().zip(rows) {
        *sum += one_hot.get(*row).map_or(0.0, |weight| weight.widen());
    }
}

/// Adds the biases of results to their sums.
pub(crate) fn add_bias(sums: &mut [f32], results: &[usize], bias: &[f32]) {
    for (sum, result) in sums.iter_mut().zip(results) {
        *sum += bias.get(*result).copied().unwrap_or(0.0);
    }
}
