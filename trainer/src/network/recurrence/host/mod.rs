//! The operation on slices, for the CPU: rows in chunks on several threads.
//!
//! Chunks depend on the number of rows alone, and sums are added in one order: the result does not depend on the
//! number of threads.

mod cells;
mod functions;

use std::iter::zip;

use burn::tensor::ops::FloatTensor;
use burn::tensor::{DType, Tensor, TensorData};
use burn_ndarray::NdArray;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

use super::super::Cell;
use super::{Computed, Operands, Recurrence, RecurrentBackend, unwrap, wrap};
use cells::{Gru, HostCell, Lstm, Relu, Rnn, Tanh};

/// Rows of a chunk are a multiple of this, so that the matrix product's tiles are full.
const ROW_MULTIPLE: usize = 8;
/// Most chunks of a batch.
const MOST_CHUNKS: usize = 8;

type Host = NdArray<f32>;

impl RecurrentBackend for Host {
    fn recurrence(direction: &Recurrence, operands: Operands<Self>) -> Computed<Self> {
        match direction.cell {
            Cell::Lstm => forward::<Lstm>(direction, operands),
            Cell::Gru => forward::<Gru>(direction, operands),
            Cell::RnnTanh => forward::<Rnn<Tanh>>(direction, operands),
            Cell::RnnRelu => forward::<Rnn<Relu>>(direction, operands),
        }
    }

    fn recurrence_backward(
        direction: &Recurrence,
        weight_hh: FloatTensor<Self>,
        computed: Computed<Self>,
        gradient: FloatTensor<Self>,
    ) -> Operands<Self> {
        match direction.cell {
            Cell::Lstm => backward::<Lstm>(direction, weight_hh, computed, gradient),
            Cell::Gru => backward::<Gru>(direction, weight_hh, computed, gradient),
            Cell::RnnTanh => backward::<Rnn<Tanh>>(direction, weight_hh, computed, gradient),
            Cell::RnnRelu => backward::<Rnn<Relu>>(direction, weight_hh, computed, gradient),
        }
    }
}

/// The part of one chunk of rows of every step, in order of computation; empty where no row of it takes part.
type Chunk<'v> = Vec<&'v mut [f32]>;

fn forward<C: HostCell>(direction: &Recurrence, operands: Operands<Host>) -> Computed<Host> {
    let size = wrap::<Host, 2>(operands.weight_hh.clone()).dims()[1];
    let projected = values::<2>(operands.projected);
    let weight_hh = values::<2>(operands.weight_hh);
    let bias = blocks_of_bias::<C>(&values::<1>(operands.bias), size);
    let total = direction.total_steps();
    let mut activations = vec![0.0; total * C::RESULTS * size];
    let mut states = vec![0.0; total * C::STATES * size];
    let weight_hh = ArrayView2::from_shape([C::GATES * size, size], &weight_hh);
    if let (Ok(weight_hh), true) = (weight_hh, size > 0) {
        let projected = split_shared(direction, &projected, C::GATES * size);
        let activations = split(direction, &mut activations, C::RESULTS * size);
        let states = split(direction, &mut states, C::STATES * size);
        let chunks: Vec<_> = zip(projected, zip(activations, states)).collect();
        chunks.into_par_iter().for_each(|(projected, (mut activations, mut states))| {
            for (sums, projected) in zip(&mut activations, projected) {
                begin_sums::<C>(projected, &bias, sums);
            }
            forward_chunk::<C>(weight_hh, &mut activations, &mut states);
        });
    }
    Computed {
        states: tensor(states, [total, C::STATES * size]),
        activations: tensor(activations, [total, C::RESULTS * size]),
    }
}

/// The sums without the hidden state: biases, and the product with the input.
fn begin_sums<C: HostCell>(projected: &[f32], bias: &[f32], sums: &mut [f32]) {
    let size = bias.len() / C::RESULTS;
    for (sums, projected) in zip(sums.chunks_mut(bias.len()), projected.chunks(C::GATES * size)) {
        sums.copy_from_slice(bias);
        for (block, projected) in zip(C::INPUT_BLOCKS, projected.chunks(size)) {
            zip(&mut sums[block * size..][..size], projected).for_each(|(sum, value)| *sum += value);
        }
    }
}

/// From the sums without the hidden state to the activations and the states.
fn forward_chunk<C: HostCell>(weight_hh: ArrayView2<'_, f32>, activations: &mut Chunk<'_>, states: &mut Chunk<'_>) {
    let size = weight_hh.ncols();
    let none = vec![0.0; C::STATES * size];
    for (step, sums) in activations.iter_mut().enumerate() {
        let (before, after) = states.split_at_mut(step);
        let (previous, state) = (before.last().map_or(&[][..], |states| &**states), &mut *after[0]);
        add_product::<C>(previous, weight_hh, sums);
        let previous = previous.chunks(C::STATES * size).chain(std::iter::repeat(&none[..]));
        let rows = zip(sums.chunks_mut(C::RESULTS * size), state.chunks_mut(C::STATES * size));
        for ((sums, state), previous) in zip(rows, previous) {
            C::forward(sums, previous, state);
        }
    }
}

/// `sums[row, first G blocks] += h[row] W_hh^T` for the rows that have a previous state.
fn add_product<C: HostCell>(previous: &[f32], weight_hh: ArrayView2<'_, f32>, sums: &mut [f32]) {
    let size = weight_hh.ncols();
    let rows = (previous.len() / (C::STATES * size)).min(sums.len() / (C::RESULTS * size));
    let hidden = ArrayView2::from_shape([rows, C::STATES * size], &previous[..rows * C::STATES * size]);
    let sums = ArrayViewMut2::from_shape([rows, C::RESULTS * size], &mut sums[..rows * C::RESULTS * size]);
    if let (Ok(hidden), Ok(mut sums), true) = (hidden, sums, rows > 0) {
        let mut sums = sums.slice_mut(s![.., ..C::GATES * size]);
        general_mat_mul(1.0, &hidden.slice(s![.., ..size]), &weight_hh.t(), 1.0, &mut sums);
    }
}

fn backward<C: HostCell>(
    direction: &Recurrence,
    weight_hh: FloatTensor<Host>,
    computed: Computed<Host>,
    gradient: FloatTensor<Host>,
) -> Operands<Host> {
    let size = wrap::<Host, 2>(weight_hh.clone()).dims()[1];
    let weights = values::<2>(weight_hh);
    let states = values::<2>(computed.states);
    let mut sums = values::<2>(computed.activations);
    let mut gradient = values::<2>(gradient);
    let total = direction.total_steps();
    let previous = previous_states::<C>(direction, &states, size);
    let mut projected = vec![0.0; total * C::GATES * size];
    let mut of_weight = vec![0.0; C::GATES * size * size];
    if let (Ok(weight_hh), true) = (ArrayView2::from_shape([C::GATES * size, size], &weights), size > 0) {
        let chunks = zip(
            zip(split(direction, &mut sums, C::RESULTS * size), split(direction, &mut gradient, C::STATES * size)),
            zip(split_shared(direction, &states, C::STATES * size), split(direction, &mut projected, C::GATES * size)),
        );
        let chunks: Vec<_> = zip(chunks, split_shared(direction, &previous, C::STATES * size)).collect();
        chunks.into_par_iter().for_each(|(((mut sums, mut gradient), (states, projected)), previous)| {
            backward_chunk::<C>(weight_hh, &mut sums, &mut gradient, &states, &previous);
            for (projected, sums) in zip(projected, sums) {
                take_projected::<C>(sums, size, projected);
            }
        });
        gradient_of_weight::<C>(&sums, &previous, size, &mut of_weight);
    }
    let mut of_blocks = vec![0.0; C::RESULTS * size];
    for sums in sums.chunks(C::RESULTS * size.max(1)) {
        zip(&mut of_blocks, sums).for_each(|(total, sum)| *total += sum);
    }
    Operands {
        projected: tensor(projected, [total, C::GATES * size]),
        weight_hh: tensor(of_weight, [C::GATES * size, size]),
        bias: tensor(blocks_of_bias::<C>(&of_blocks, size), [C::RESULTS * size]),
    }
}

/// From the activations to the gradients of the sums, in their place; `gradient` is used up.
fn backward_chunk<C: HostCell>(
    weight_hh: ArrayView2<'_, f32>,
    sums: &mut Chunk<'_>,
    gradient: &mut Chunk<'_>,
    states: &[&[f32]],
    previous: &[&[f32]],
) {
    let size = weight_hh.ncols();
    let (width, results) = (C::STATES * size, C::RESULTS * size);
    for step in (0..sums.len()).rev() {
        let (before, after) = gradient.split_at_mut(step);
        let (sums, gradient) = (&mut *sums[step], &mut *after[0]);
        let rows = zip(sums.chunks_mut(results), gradient.chunks_mut(width));
        let given = zip(states[step].chunks(width), previous[step].chunks(width));
        for ((sums, gradient), (state, previous)) in zip(rows, given) {
            C::backward(sums, previous, state, gradient);
        }
        let Some(earlier) = before.last_mut() else { continue };
        let rows = (earlier.len() / width).min(sums.len() / results);
        if C::DIRECT {
            zip(&mut earlier[..rows * width], &*gradient).for_each(|(earlier, direct)| *earlier += direct);
        }
        let sums = ArrayView2::from_shape([rows, results], &sums[..rows * results]);
        let earlier = ArrayViewMut2::from_shape([rows, width], &mut earlier[..rows * width]);
        if let (Ok(sums), Ok(mut earlier), true) = (sums, earlier, rows > 0) {
            let sums = sums.slice(s![.., ..C::GATES * size]);
            general_mat_mul(1.0, &sums, &weight_hh, 1.0, &mut earlier.slice_mut(s![.., ..size]));
        }
    }
}

/// The gradient of the product with the input, out of that of the sums.
fn take_projected<C: HostCell>(sums: &[f32], size: usize, projected: &mut [f32]) {
    for (projected, sums) in zip(projected.chunks_mut(C::GATES * size), sums.chunks(C::RESULTS * size)) {
        for (block, projected) in zip(C::INPUT_BLOCKS, projected.chunks_mut(size)) {
            projected.copy_from_slice(&sums[block * size..][..size]);
        }
    }
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

/// [`split`] for reading.
fn split_shared<'v>(direction: &Recurrence, values: &'v [f32], width: usize) -> Vec<Vec<&'v [f32]>> {
    let (rows, chunk) = (direction.steps.first().map_or(0, ExactSizeIterator::len), rows_of_chunk(direction));
    let part = |number: usize, range: &std::ops::Range<usize>| {
        let start = (range.start + number * chunk).min(range.end);
        &values[start * width..(start + chunk).min(range.end) * width]
    };
    (0..rows.div_ceil(chunk))
        .map(|number| {
            let mut steps: Vec<_> = direction.steps.iter().map(|range| part(number, range)).collect();
            if direction.reverse {
                steps.reverse();
            }
            steps
        })
        .collect()
}

fn values<const D: usize>(tensor: FloatTensor<Host>) -> Vec<f32> {
    let data = wrap::<Host, D>(tensor).into_data().convert_dtype(DType::F32);
    data.into_vec().unwrap_or_default()
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FloatTensor<Host> {
    unwrap(Tensor::<Host, D>::from_data(TensorData::new(values, shape), &Default::default()))
}
