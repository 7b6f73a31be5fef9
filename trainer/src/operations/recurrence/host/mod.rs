//! The operation on slices, for the CPU: rows in chunks on several threads.
//!
//! Chunks depend on the number of rows alone, and sums are added in one order: the result does not depend on the
//! number of threads.

mod cells;
mod functions;
mod product;

use std::iter::zip;
use std::marker::PhantomData;
use std::ops::Range;

use burn::tensor::ops::FloatTensor;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::super::host::{Host, Values, tensor};
use super::super::wrap;
use super::{Computed, Operands, Recurrence};
use crate::operations::Cell;
use cells::{Exact, Gru, HostCell, Lstm, Relu, Rnn, Round, Tanh};
use product::{Panels, Rows};

/// Rows of a chunk are a multiple of this, so that passes of the product serve as many as they can.
const ROW_MULTIPLE: usize = 8;
/// Rows of the product with the input that one thread takes at least.
const ROWS_AT_ONCE: usize = 64;
/// Most chunks of a batch.
const MOST_CHUNKS: usize = 8;

pub(in super::super) fn forward(direction: &Recurrence, operands: Operands<Host>) -> Computed<Host> {
    match direction.rounding {
        Some(rounding) => forward_rounded(direction, rounding, operands),
        None => forward_rounded(direction, Exact, operands),
    }
}

fn forward_rounded(direction: &Recurrence, round: impl Round, operands: Operands<Host>) -> Computed<Host> {
    match direction.cell {
        Cell::Lstm => forward_of::<Lstm>(direction, round, operands),
        Cell::Gru => forward_of::<Gru>(direction, round, operands),
        Cell::RnnTanh => forward_of::<Rnn<Tanh>>(direction, round, operands),
        Cell::RnnRelu => forward_of::<Rnn<Relu>>(direction, round, operands),
    }
}

pub(in super::super) fn backward(
    direction: &Recurrence,
    weight_hh: FloatTensor<Host>,
    computed: Computed<Host>,
    gradient: FloatTensor<Host>,
) -> Operands<Host> {
    match direction.rounding {
        Some(rounding) => backward_rounded(direction, rounding, weight_hh, computed, gradient),
        None => backward_rounded(direction, Exact, weight_hh, computed, gradient),
    }
}

fn backward_rounded(
    direction: &Recurrence,
    round: impl Round,
    weight_hh: FloatTensor<Host>,
    computed: Computed<Host>,
    gradient: FloatTensor<Host>,
) -> Operands<Host> {
    match direction.cell {
        Cell::Lstm => backward_of::<Lstm>(direction, round, weight_hh, computed, gradient),
        Cell::Gru => backward_of::<Gru>(direction, round, weight_hh, computed, gradient),
        Cell::RnnTanh => backward_of::<Rnn<Tanh>>(direction, round, weight_hh, computed, gradient),
        Cell::RnnRelu => backward_of::<Rnn<Relu>>(direction, round, weight_hh, computed, gradient),
    }
}

/// The part of one chunk of rows of every step, in order of computation; empty where no row of it takes part.
type Chunk<'v> = Vec<&'v mut [f32]>;

fn forward_of<C: HostCell>(direction: &Recurrence, round: impl Round, operands: Operands<Host>) -> Computed<Host> {
    let [_, size] = wrap::<Host, 2>(operands.weight_hh.clone()).dims();
    let [projected, weight_hh, bias] = [operands.projected, operands.weight_hh, operands.bias].map(Values::of);
    let bias = blocks_of_bias::<C>(&bias, size);
    let total = direction.total_steps();
    let mut activations = vec![0.0; total * C::RESULTS * size];
    let mut states = vec![0.0; total * C::STATES * size];
    if size > 0 {
        let weights = Panels::new([size, C::GATES * size], |unit, gate| weight_hh[gate * size + unit]);
        let activations = split(direction, &mut activations, C::RESULTS * size);
        let states = split(direction, &mut states, C::STATES * size);
        let chunks: Vec<_> = zip(chunks(direction), zip(activations, states)).collect();
        chunks.into_par_iter().for_each(|(steps, (mut activations, mut states))| {
            for (sums, steps) in zip(&mut activations, steps) {
                let projected = steps.map(|step| &projected[direction.row_of(step) * C::GATES * size..]);
                begin_sums::<C>(projected, &bias, sums);
            }
            forward_chunk::<C>(round, size, &weights, &mut activations, &mut states);
        });
    }
    Computed {
        states: tensor(states, &[total, C::STATES * size]),
        activations: tensor(activations, &[total, C::RESULTS * size]),
    }
}

/// The sums without the hidden state: biases, and the product with the input.
fn begin_sums<'p, C: HostCell>(projected: impl Iterator<Item = &'p [f32]>, bias: &[f32], sums: &mut [f32]) {
    let size = bias.len() / C::RESULTS;
    for (sums, projected) in zip(sums.chunks_mut(bias.len()), projected) {
        sums.copy_from_slice(bias);
        for (block, projected) in zip(C::INPUT_BLOCKS, projected.chunks(size)) {
            zip(&mut sums[block * size..][..size], projected).for_each(|(sum, value)| *sum += value);
        }
    }
}

/// From the sums without the hidden state to the activations and the states.
fn forward_chunk<C: HostCell>(
    round: impl Round,
    size: usize,
    weights: &Panels,
    activations: &mut Chunk<'_>,
    states: &mut Chunk<'_>,
) {
    let (arch, width) = (Arch::new(), C::STATES * size);
    let none = vec![0.0; width];
    let mut narrow = Vec::new();
    for (step, sums) in activations.iter_mut().enumerate() {
        let (before, after) = states.split_at_mut(step);
        let (previous, state) = (before.last().map_or(&[][..], |states| &**states), &mut *after[0]);
        let hidden = match round.narrow() {
            Some(round) => {
                narrow.clear();
                narrow.extend(previous.iter().copied().map(round));
                &narrow
            }
            None => previous,
        };
        // Of the rows that have a previous state.
        let results = C::RESULTS * size;
        let count = (previous.len() / width).min(sums.len() / results);
        let of_sums = Rows { values: &mut sums[..count * results], width: results };
        weights.add_product(arch, Rows { values: hidden, width }, of_sums);
        arch.dispatch(ForwardStep::<C, _> { round, sums, previous, none: &none, state, cell: PhantomData });
    }
}

/// A step from the sums on.
struct ForwardStep<'s, C, R> {
    round: R,
    sums: &'s mut [f32],
    /// The states before, of the rows that have one; of the others `none`.
    previous: &'s [f32],
    none: &'s [f32],
    state: &'s mut [f32],
    cell: PhantomData<C>,
}

impl<C: HostCell, R: Round> WithSimd for ForwardStep<'_, C, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { round, sums, previous, none, state, cell: _ } = self;
        let size = none.len() / C::STATES;
        let previous = previous.chunks(none.len()).chain(std::iter::repeat(none));
        let rows = zip(sums.chunks_mut(C::RESULTS * size), state.chunks_mut(none.len()));
        for ((sums, state), previous) in zip(rows, previous) {
            C::forward(round, sums, previous, state);
        }
    }
}

fn backward_of<C: HostCell>(
    direction: &Recurrence,
    round: impl Round,
    weight_hh: FloatTensor<Host>,
    computed: Computed<Host>,
    gradient: FloatTensor<Host>,
) -> Operands<Host> {
    let [_, size] = wrap::<Host, 2>(weight_hh.clone()).dims();
    let [weights, states] = [weight_hh, computed.states].map(Values::of);
    let [mut sums, mut gradient] = [computed.activations, gradient].map(|tensor| Values::of(tensor).into_vec());
    let mut previous = previous_states::<C>(direction, &states, size);
    let mut projected = vec![0.0; direction.projected_rows() * C::GATES * size];
    let mut of_weight = vec![0.0; C::GATES * size * size];
    if size > 0 {
        let weights = Panels::new([C::GATES * size, size], |gate, unit| weights[gate * size + unit]);
        let width = C::STATES * size;
        let of_chunks = zip(split(direction, &mut sums, C::RESULTS * size), split(direction, &mut gradient, width));
        let chunks: Vec<_> = zip(chunks(direction), of_chunks).collect();
        chunks.into_par_iter().for_each(|(steps, (mut sums, mut gradient))| {
            let [states, previous] = [&states[..], &previous].map(|values| {
                steps.iter().map(|steps| &values[steps.start * width..steps.end * width]).collect::<Vec<_>>()
            });
            backward_chunk::<C>(round, size, &weights, &mut sums, &mut gradient, &states, &previous);
        });
        gradient_of_projected::<C>(direction, &sums, size, &mut projected);
        if let Some(round) = round.narrow() {
            previous.iter_mut().for_each(|value| *value = round(*value));
        }
        gradient_of_weight::<C>(&sums, &previous, size, &mut of_weight);
    }
    let mut of_blocks = vec![0.0; C::RESULTS * size];
    for sums in sums.chunks(C::RESULTS * size.max(1)) {
        zip(&mut of_blocks, sums).for_each(|(total, sum)| *total += sum);
    }
    Operands {
        projected: tensor(projected, &[direction.projected_rows(), C::GATES * size]),
        weight_hh: tensor(of_weight, &[C::GATES * size, size]),
        bias: tensor(blocks_of_bias::<C>(&of_blocks, size), &[C::RESULTS * size]),
    }
}

/// From the activations to the gradients of the sums, in their place; `gradient` is used up.
fn backward_chunk<C: HostCell>(
    round: impl Round,
    size: usize,
    weights: &Panels,
    sums: &mut Chunk<'_>,
    gradient: &mut Chunk<'_>,
    states: &[&[f32]],
    previous: &[&[f32]],
) {
    let (arch, width, results) = (Arch::new(), C::STATES * size, C::RESULTS * size);
    for step in (0..sums.len()).rev() {
        let (before, after) = gradient.split_at_mut(step);
        let (sums, gradient) = (&mut *sums[step], &mut *after[0]);
        let (state, previous) = (states[step], previous[step]);
        arch.dispatch(BackwardStep::<C, _> { round, size, sums, gradient, state, previous, cell: PhantomData });
        let Some(earlier) = before.last_mut() else { continue };
        let rows = (earlier.len() / width).min(sums.len() / results);
        if C::DIRECT {
            zip(&mut earlier[..rows * width], &*gradient).for_each(|(earlier, direct)| *earlier += direct);
        }
        let earlier = Rows { values: &mut earlier[..rows * width], width };
        weights.add_product(arch, Rows { values: sums, width: results }, earlier);
    }
}

/// A step backward, up to the gradient of the sums.
struct BackwardStep<'s, C, R> {
    round: R,
    size: usize,
    sums: &'s mut [f32],
    gradient: &'s mut [f32],
    state: &'s [f32],
    previous: &'s [f32],
    cell: PhantomData<C>,
}

impl<C: HostCell, R: Round> WithSimd for BackwardStep<'_, C, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { round, size, sums, gradient, state, previous, cell: _ } = self;
        let width = C::STATES * size;
        let rows = zip(sums.chunks_mut(C::RESULTS * size), gradient.chunks_mut(width));
        for ((sums, gradient), (state, previous)) in zip(rows, zip(state.chunks(width), previous.chunks(width))) {
            C::backward(round, sums, previous, state, gradient);
        }
    }
}

/// The gradient of the product with the input, out of that of the sums.
fn gradient_of_projected<C: HostCell>(direction: &Recurrence, sums: &[f32], size: usize, projected: &mut [f32]) {
    let width = C::GATES * size;
    projected.par_chunks_mut(width * ROWS_AT_ONCE).enumerate().for_each(|(chunk, projected)| {
        for (number, projected) in projected.chunks_mut(width).enumerate() {
            let row = chunk * ROWS_AT_ONCE + number;
            let mut add = |step: usize| {
                let sums = &sums[step * C::RESULTS * size..][..C::RESULTS * size];
                for (block, projected) in zip(C::INPUT_BLOCKS, projected.chunks_mut(size)) {
                    zip(projected, &sums[block * size..]).for_each(|(projected, sum)| *projected += sum);
                }
            };
            match &direction.lookup {
                Some(lookup) => lookup.steps_of(row).iter().for_each(|step| add(*step as usize)),
                None => add(row),
            }
        }
    });
}

/// The state before every step; zeros where a row begins.
fn previous_states<C: HostCell>(direction: &Recurrence, states: &[f32], size: usize) -> Vec<f32> {
    let width = C::STATES * size;
    let mut previous = vec![0.0; states.len()];
    for (before, range) in zip(direction.order(), direction.order().skip(1)) {
        let length = before.len().min(range.len()) * width;
        previous[range.start * width..][..length].copy_from_slice(&states[before.start * width..][..length]);
    }
    previous
}

/// `sums^T previous h`, one block of rows a gate.
fn gradient_of_weight<C: HostCell>(sums: &[f32], previous: &[f32], size: usize, target: &mut [f32]) {
    let total = sums.len() / (C::RESULTS * size);
    let sums = ArrayView2::from_shape([total, C::RESULTS * size], sums);
    let previous = ArrayView2::from_shape([total, C::STATES * size], previous);
    let target = ArrayViewMut2::from_shape([C::GATES * size, size], target);
    if let (Ok(sums), Ok(previous), Ok(mut target), true) = (sums, previous, target, total > 0) {
        let hidden = previous.slice(s![.., ..size]);
        target.axis_chunks_iter_mut(Axis(0), size).into_par_iter().enumerate().for_each(|(gate, mut target)| {
            let sums = sums.slice(s![.., gate * size..(gate + 1) * size]);
            general_mat_mul(1.0, &sums.t(), &hidden, 0.0, &mut target);
        });
    }
}

/// Biases from the order of results to that of blocks, or back: the order is its own inverse.
fn blocks_of_bias<C: HostCell>(bias: &[f32], size: usize) -> Vec<f32> {
    C::RESULT_BLOCKS.iter().flat_map(|block| &bias[block * size..][..size]).copied().collect()
}

fn rows_of_chunk(direction: &Recurrence) -> usize {
    let rows = direction.steps.first().map_or(0, ExactSizeIterator::len);
    rows.div_ceil(MOST_CHUNKS).next_multiple_of(ROW_MULTIPLE).max(ROW_MULTIPLE)
}

/// Splits `values`, `[total_steps, width]`, into chunks of rows.
fn split<'v>(direction: &Recurrence, mut values: &'v mut [f32], width: usize) -> Vec<Chunk<'v>> {
    let (rows, chunk) = (direction.steps.first().map_or(0, ExactSizeIterator::len), rows_of_chunk(direction));
    let mut chunks: Vec<Chunk<'v>> =
        (0..rows.div_ceil(chunk)).map(|_| Vec::with_capacity(direction.steps.len())).collect();
    for range in direction.steps.iter() {
        let (step, rest) = values.split_at_mut(range.len() * width);
        values = rest;
        let mut parts = step.chunks_mut(chunk * width);
        chunks.iter_mut().for_each(|chunk| chunk.push(parts.next().unwrap_or_default()));
    }
    if direction.reverse {
        chunks.iter_mut().for_each(|chunk| chunk.reverse());
    }
    chunks
}

/// The packed steps of each chunk of rows: a range for every step in order of computation.
fn chunks(direction: &Recurrence) -> Vec<Vec<Range<usize>>> {
    let (rows, chunk) = (direction.steps.first().map_or(0, ExactSizeIterator::len), rows_of_chunk(direction));
    let part = |number: usize, range: Range<usize>| {
        let start = (range.start + number * chunk).min(range.end);
        start..(start + chunk).min(range.end)
    };
    (0..rows.div_ceil(chunk)).map(|number| direction.order().map(|range| part(number, range)).collect()).collect()
}
