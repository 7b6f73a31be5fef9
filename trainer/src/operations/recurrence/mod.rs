//! The recurrence of one direction of a layer as one operation with a backward pass of its own.
//!
//! The product with all inputs is computed before, for all steps at once; here one product a step is left, for
//! all gates, and what is computed value by value. Rows that have ended take no part.
//!
//! # Shapes and units
//! With `G` [`Cell::gates`], `R` [`Cell::results`], `S` [`Cell::states`] and `H` the hidden size:
//! `projected` `[total_steps, G * H]`, or a row for each distinct token, which a [`Lookup`] gives to the steps, `weight_hh` `[G * H, H]`, `bias` `[R * H]`; the result is the state after
//! every step, `[total_steps, S * H]`, `h` first. All in the packed order of [`crate::network::Packed`].

mod autodiff;
pub(super) mod host;
mod rounding;
pub(super) mod tensors;
pub(super) mod trial;

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;

pub(super) use autodiff::differentiable;
pub use rounding::{Grid, StateRounding};

use super::{NetworkBackend, unwrap, wrap};
use crate::operations::Cell;

/// What is computed, and in which order.
#[derive(Debug, Clone)]
pub struct Recurrence {
    /// The formula.
    pub cell: Cell,
    /// The packed values of each step, in order of time.
    pub steps: Arc<[Range<usize>]>,
    /// Whether the last step comes first.
    pub reverse: bool,
    /// Which row of `projected` each step takes; none: its own.
    pub lookup: Option<Arc<Lookup>>,
    /// How states are rounded; none: not at all.
    pub rounding: Option<StateRounding>,
}

/// Which of some rows each packed step takes.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// `rows[step]`.
    rows: Vec<u32>,
    /// The steps that take each row, in order of the rows.
    steps: Vec<u32>,
    /// Where in `steps` those of each row begin, and the end.
    starts: Vec<u32>,
}

impl Lookup {
    /// `rows[step]`, each below `count`.
    pub fn new(rows: Vec<u32>, count: usize) -> Self {
        let mut starts = vec![0; count + 1];
        rows.iter().for_each(|row| starts[*row as usize + 1] += 1);
        (1..starts.len()).for_each(|row| starts[row] += starts[row - 1]);
        let mut next = starts.clone();
        let mut steps = vec![0; rows.len()];
        for (step, row) in (0_u32..).zip(&rows) {
            let place = &mut next[*row as usize];
            steps[*place as usize] = step;
            *place += 1;
        }
        Self { rows, steps, starts }
    }

    /// The row that each step takes.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Number of rows that there are.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The steps that take a row, ascending.
    fn steps_of(&self, row: usize) -> &[u32] {
        &self.steps[self.starts[row] as usize..self.starts[row + 1] as usize]
    }
}

/// What the operation takes in, or the gradients of it.
#[derive(Debug, Clone)]
pub struct Operands<B: Backend> {
    /// The product of the input weights with every input.
    pub projected: FloatTensor<B>,
    /// Weights of the hidden state.
    pub weight_hh: FloatTensor<B>,
    /// Biases.
    pub bias: FloatTensor<B>,
}

/// What the operation computes.
#[derive(Debug, Clone)]
pub struct Computed<B: Backend> {
    /// The state after every step.
    pub states: FloatTensor<B>,
    /// What the backward pass needs of every step, `[total_steps, R * H]`: the values of the gates; of a GRU r, z,
    /// `U h + b_h` and n.
    pub activations: FloatTensor<B>,
}

impl Recurrence {
    /// The steps in order of computation.
    fn order(&self) -> impl DoubleEndedIterator<Item = Range<usize>> + '_ {
        let last = self.steps.len().wrapping_sub(1);
        (0..self.steps.len()).map(move |number| self.steps[if self.reverse { last - number } else { number }].clone())
    }

    /// The row of `projected` that a packed step takes.
    fn row_of(&self, step: usize) -> usize {
        self.lookup.as_ref().map_or(step, |lookup| lookup.rows[step] as usize)
    }

    /// Rows of `projected`.
    fn projected_rows(&self) -> usize {
        self.lookup.as_ref().map_or(self.total_steps(), |lookup| lookup.count())
    }

    /// Values of all steps.
    pub(crate) fn total_steps(&self) -> usize {
        self.steps.last().map_or(0, |range| range.end)
    }
}

/// The states after every step: `[total_steps, S * H]`.
pub(crate) fn run<B: NetworkBackend>(
    direction: &Recurrence,
    projected: Tensor<B, 2>,
    weight_hh: Tensor<B, 2>,
    bias: Tensor<B, 1>,
) -> Tensor<B, 2> {
    let operands = Operands { projected: unwrap(projected), weight_hh: unwrap(weight_hh), bias: unwrap(bias) };
    wrap(B::recurrence(direction, operands).states)
}

#[cfg(test)]
mod tests;
