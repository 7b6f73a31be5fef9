//! One row of one step, forward and backward.
//!
//! A row of sums has one block of `H` values a result. The blocks that the hidden state's product is added to come
//! first, so that the product is one.

use std::array::from_fn;
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
    #[inline(always)]
    fn hidden(self, value: f32) -> f32 {
        value
    }

    #[inline(always)]
    fn cell(self, value: f32) -> f32 {
        value
    }

    #[inline(always)]
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

/// Units that are computed at once: a multiple of the lanes of any instruction set.
const TOGETHER: usize = 16;

/// Changes each unit's values of some blocks, `change` having these and the unit's values of the blocks that are given.
///
/// Values are copied into arrays first: the compiler computes several units at once only where it knows that no value
/// is written that another one is computed from.
#[inline(always)]
fn change_units<const N: usize, const GIVEN: usize>(
    mut blocks: [&mut [f32]; N],
    given: [&[f32]; GIVEN],
    change: impl Fn([f32; N], [f32; GIVEN]) -> [f32; N],
) {
    let size = blocks.first().map_or(0, |block| block.len());
    for first in (0..size).step_by(TOGETHER) {
        let mut values: [[f32; TOGETHER]; N] = from_fn(|block| units(&blocks[block][first..]));
        let given: [[f32; TOGETHER]; GIVEN] = from_fn(|block| units(&given[block][first..]));
        for unit in 0..TOGETHER {
            let changed = change(from_fn(|block| values[block][unit]), from_fn(|block| given[block][unit]));
            (0..N).for_each(|block| values[block][unit] = changed[block]);
        }
        for (block, values) in blocks.iter_mut().zip(values) {
            match block[first..].first_chunk_mut() {
                Some(whole) => *whole = values,
                None => block[first..].copy_from_slice(&values[..size - first]),
            }
        }
    }
}

/// The first values, and zeros if there are too few.
#[inline(always)]
fn units(block: &[f32]) -> [f32; TOGETHER] {
    block.first_chunk().copied().unwrap_or_else(|| from_fn(|unit| block.get(unit).copied().unwrap_or(0.0)))
}

/// `N` blocks of the same size.
#[inline(always)]
fn blocks<const N: usize>(values: &[f32]) -> [&[f32]; N] {
    let size = values.len() / N;
    std::array::from_fn(|block| &values[block * size..][..size])
}

/// `N` blocks of the same size, to be written.
#[inline(always)]
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

    #[inline(always)]
    fn forward(round: impl Round, sums: &mut [f32], previous: &[f32], state: &mut [f32]) {
        let [i, f, g, o] = blocks_mut(sums);
        let [_, c_before] = blocks(previous);
        let [h, c] = blocks_mut(state);
        change_units(
            [i, f, g, o, c, h],
            [c_before],
            #[inline(always)]
            |[i, f, g, o, ..], [c_before]| {
                let (i, f, g, o) = (sigmoid(i), sigmoid(f), tanh(g), sigmoid(o));
                let c = round.cell(f * c_before + i * g);
                [i, f, g, o, c, round.hidden(o * tanh(c))]
            },
        );
    }

    #[inline(always)]
    fn backward(round: impl Round, activations: &mut [f32], previous: &[f32], state: &[f32], gradient: &mut [f32]) {
        let [i, f, g, o] = blocks_mut(activations);
        let [_, c_before] = blocks(previous);
        let [_, c] = blocks(state);
        let [d_h, d_c] = blocks_mut(gradient);
        change_units(
            [i, f, g, o, d_h, d_c],
            [c_before, c],
            #[inline(always)]
            |[i, f, g, o, d_h, d_c], [c_before, c]| {
                let tanh_c = tanh(c);
                let d_cell = d_c + d_h * o * (1.0 - tanh_c * tanh_c);
                let d_cell = if round.is_end(c) { 0.0 } else { d_cell };
                let d_i = d_cell * g * i * (1.0 - i);
                let d_f = d_cell * c_before * f * (1.0 - f);
                let d_g = d_cell * i * (1.0 - g * g);
                let d_o = d_h * tanh_c * o * (1.0 - o);
                [d_i, d_f, d_g, d_o, 0.0, d_cell * f]
            },
        );
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

    #[inline(always)]
    fn forward(round: impl Round, sums: &mut [f32], previous: &[f32], state: &mut [f32]) {
        let [r, z, from_hidden, n] = blocks_mut(sums);
        change_units(
            [r, z, n, state],
            [from_hidden, previous],
            #[inline(always)]
            |[r, z, n, _], [from_hidden, previous]| {
                let (r, z) = (sigmoid(r), sigmoid(z));
                let n = tanh(n + r * from_hidden);
                [r, z, n, round.hidden(n + z * (previous - n))]
            },
        );
    }

    #[inline(always)]
    fn backward(_: impl Round, activations: &mut [f32], previous: &[f32], _: &[f32], gradient: &mut [f32]) {
        let [r, z, from_hidden, n] = blocks_mut(activations);
        let blocks = [r, z, from_hidden, n, gradient];
        change_units(
            blocks,
            [previous],
            #[inline(always)]
            |[r, z, from_hidden, n, d_h], [previous]| {
                let d_n = d_h * (1.0 - z) * (1.0 - n * n);
                let d_r = d_n * from_hidden * r * (1.0 - r);
                let d_z = d_h * (previous - n) * z * (1.0 - z);
                [d_r, d_z, d_n * r, d_n, d_h * z]
            },
        );
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
    #[inline(always)]
    fn value(sum: f32) -> f32 {
        tanh(sum)
    }

    #[inline(always)]
    fn gradient(value: f32, gradient: f32) -> f32 {
        gradient * (1.0 - value * value)
    }
}

pub(super) enum Relu {}

impl Activation for Relu {
    #[inline(always)]
    fn value(sum: f32) -> f32 {
        sum.max(0.0)
    }

    #[inline(always)]
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

    #[inline(always)]
    fn forward(round: impl Round, sums: &mut [f32], _: &[f32], state: &mut [f32]) {
        change_units(
            [sums, state],
            [],
            #[inline(always)]
            |[sum, _], []| {
                let h = round.hidden(A::value(sum));
                [h, h]
            },
        );
    }

    #[inline(always)]
    fn backward(_: impl Round, activations: &mut [f32], _: &[f32], _: &[f32], gradient: &mut [f32]) {
        change_units(
            [activations],
            [gradient],
            #[inline(always)]
            |[h], [d_h]| [A::gradient(h, d_h)],
        );
    }
}
