//! One row of one step, forward and backward.
//!
//! A row of sums has one block of `H` values a result. The blocks that the hidden state's product is added to come
//! first, so that the product is one.

use std::marker::PhantomData;

use super::super::StateRounding;
use super::functions::{sigmoid, tanh};

/// How states are rounded, value by value.
pub(super) trait Round: Copy + Sync {
    /// A hidden state as it is kept.
    fn hidden(self, value: f32) -> f32;
    /// An LSTM's cell state.
    fn cell(self, value: f32) -> f32;
    /// Whether a cell state is the largest that there is.
    fn is_end(self, cell: f32) -> bool;
    /// Hidden states as a product takes them in; none: as they are.
    fn narrow(self) -> Option<impl Fn(f32) -> f32 + Sync>;
}

/// No rounding.
#[derive(Clone, Copy)]
pub(super) struct Exact;

impl Round for Exact {
    fn hidden(self, value: f32) -> f32 {
        value
    }

    fn cell(self, value: f32) -> f32 {
        value
    }

    fn is_end(self, _: f32) -> bool {
        false
    }

    fn narrow(self) -> Option<impl Fn(f32) -> f32 + Sync> {
        None::<fn(f32) -> f32>
    }
}

impl Round for StateRounding {
    #[inline(always)]
    fn hidden(self, value: f32) -> f32 {
        self.hidden.nearest(value)
    }

    #[inline(always)]
    fn cell(self, value: f32) -> f32 {
        self.cell.nearest(value)
    }

    #[inline(always)]
    fn is_end(self, cell: f32) -> bool {
        self.cell.is_end(cell)
    }

    fn narrow(self) -> Option<impl Fn(f32) -> f32 + Sync> {
        Some(move |value| self.narrow.nearest(value))
    }
}

/// The formula of a cell, value by value.
pub(super) trait HostCell {
    /// Blocks that the product with the hidden state is added to.
    const GATES: usize;
    /// Blocks of a row of sums.
    const RESULTS: usize;
    /// Blocks of a state, `h` first.
    const STATES: usize;
    /// The block of each gate of the product with the input.
    const INPUT_BLOCKS: &'static [usize];
    /// The block of each bias.
    const RESULT_BLOCKS: &'static [usize];
    /// Whether a state takes part in the next one beside the product.
    const DIRECT: bool;

    /// From sums and the previous state to activations, in place of the sums, and the state.
    fn forward(round: impl Round, sums: &mut [f32], previous: &[f32], state: &mut [f32]);

    /// From activations and the gradient of the state to the gradient of the sums, in place of the activations, and
    /// what of the gradient reaches the previous state beside the product, in place of the gradient.
    fn backward(round: impl Round, activations: &mut [f32], previous: &[f32], state: &[f32], gradient: &mut [f32]);
}

/// `N` blocks of the same size.
fn blocks<const N: usize>(values: &[f32]) -> [&[f32]; N] {
    let size = values.len() / N;
    std::array::from_fn(|block| &values[block * size..][..size])
}

/// `N` blocks of the same size, to be written.
fn blocks_mut<const N: usize>(values: &mut [f32]) -> [&mut [f32]; N] {
    let size = values.len() / N;
    let mut rest = values;
    std::array::from_fn(|_| {
        let (block, others) = std::mem::take(&mut rest).split_at_mut(size);
        rest = others;
        block
    })
}

pub(super) enum Lstm {}

impl HostCell for Lstm {
    const GATES: usize = 4;
    const RESULTS: usize = 4;
    const STATES: usize = 2;
    const INPUT_BLOCKS: &'static [usize] = &[0, 1, 2, 3];
    const RESULT_BLOCKS: &'static [usize] = &[0, 1, 2, 3];
    const DIRECT: bool = true;

    fn forward(round: impl Round, sums: &mut [f32], previous: &[f32], state: &mut [f32]) {
        let [i, f, g, o] = blocks_mut(sums);
        let [_, c_before] = blocks(previous);
        let [h, c] = blocks_mut(state);
        for unit in 0..h.len() {
            i[unit] = sigmoid(i[unit]);
            f[unit] = sigmoid(f[unit]);
            g[unit] = tanh(g[unit]);
            o[unit] = sigmoid(o[unit]);
            c[unit] = round.cell(f[unit] * c_before[unit] + i[unit] * g[unit]);
            h[unit] = round.hidden(o[unit] * tanh(c[unit]));
        }
    }

    fn backward(round: impl Round, activations: &mut [f32], previous: &[f32], state: &[f32], gradient: &mut [f32]) {
        let [i, f, g, o] = blocks_mut(activations);
        let [_, c_before] = blocks(previous);
        let [_, c] = blocks(state);
        let [d_h, d_c] = blocks_mut(gradient);
        for unit in 0..d_h.len() {
            let (input, forget, candidate, output) = (i[unit], f[unit], g[unit], o[unit]);
            let tanh_c = tanh(c[unit]);
            let d_cell = d_c[unit] + d_h[unit] * output * (1.0 - tanh_c * tanh_c);
            let d_cell = if round.is_end(c[unit]) { 0.0 } else { d_cell };
            o[unit] = d_h[unit] * tanh_c * output * (1.0 - output);
            i[unit] = d_cell * candidate * input * (1.0 - input);
            f[unit] = d_cell * c_before[unit] * forget * (1.0 - forget);
            g[unit] = d_cell * input * (1.0 - candidate * candidate);
            d_h[unit] = 0.0;
            d_c[unit] = d_cell * forget;
        }
    }
}

/// Blocks r, z, `U h + b_h` of n, `W x + b` of n; the activations are r, z, `U h + b_h`, n.
pub(super) enum Gru {}

impl HostCell for Gru {
    const GATES: usize = 3;
    const RESULTS: usize = 4;
    const STATES: usize = 1;
    const INPUT_BLOCKS: &'static [usize] = &[0, 1, 3];
    const RESULT_BLOCKS: &'static [usize] = &[0, 1, 3, 2];
    const DIRECT: bool = true;

    fn forward(round: impl Round, sums: &mut [f32], previous: &[f32], state: &mut [f32]) {
        let [r, z, from_hidden, n] = blocks_mut(sums);
        for unit in 0..state.len() {
            r[unit] = sigmoid(r[unit]);
            z[unit] = sigmoid(z[unit]);
            n[unit] = tanh(n[unit] + r[unit] * from_hidden[unit]);
            state[unit] = round.hidden(n[unit] + z[unit] * (previous[unit] - n[unit]));
        }
    }

    fn backward(_: impl Round, activations: &mut [f32], previous: &[f32], _: &[f32], gradient: &mut [f32]) {
        let [r, z, from_hidden, n] = blocks_mut(activations);
        for unit in 0..gradient.len() {
            let (reset, update, candidate, d_h) = (r[unit], z[unit], n[unit], gradient[unit]);
            let d_n = d_h * (1.0 - update) * (1.0 - candidate * candidate);
            r[unit] = d_n * from_hidden[unit] * reset * (1.0 - reset);
            z[unit] = d_h * (previous[unit] - candidate) * update * (1.0 - update);
            from_hidden[unit] = d_n * reset;
            n[unit] = d_n;
            gradient[unit] = d_h * update;
        }
    }
}

/// Elman's cell with an activation.
pub(super) struct Rnn<A>(PhantomData<A>);

/// The activation of Elman's cell.
pub(super) trait Activation {
    /// Its value.
    fn value(sum: f32) -> f32;

    /// The gradient of the sum, from the value and its gradient.
    fn gradient(value: f32, gradient: f32) -> f32;
}

pub(super) enum Tanh {}

impl Activation for Tanh {
    fn value(sum: f32) -> f32 {
        tanh(sum)
    }

    fn gradient(value: f32, gradient: f32) -> f32 {
        gradient * (1.0 - value * value)
    }
}

pub(super) enum Relu {}

impl Activation for Relu {
    fn value(sum: f32) -> f32 {
        sum.max(0.0)
    }

    fn gradient(value: f32, gradient: f32) -> f32 {
        if value > 0.0 { gradient } else { 0.0 }
    }
}

impl<A: Activation> HostCell for Rnn<A> {
    const GATES: usize = 1;
    const RESULTS: usize = 1;
    const STATES: usize = 1;
    const INPUT_BLOCKS: &'static [usize] = &[0];
    const RESULT_BLOCKS: &'static [usize] = &[0];
    const DIRECT: bool = false;

    fn forward(round: impl Round, sums: &mut [f32], _: &[f32], state: &mut [f32]) {
        for (sum, h) in sums.iter_mut().zip(state) {
            *sum = round.hidden(A::value(*sum));
            *h = *sum;
        }
    }

    fn backward(_: impl Round, activations: &mut [f32], _: &[f32], _: &[f32], gradient: &mut [f32]) {
        for (h, d_h) in activations.iter_mut().zip(gradient) {
            *h = A::gradient(*h, *d_h);
        }
    }
}
