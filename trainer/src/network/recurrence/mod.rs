//! The recurrence of one direction of a layer as one operation with a backward pass of its own.
//!
//! The product with all inputs is computed before, for all steps at once; here one product a step is left, for
//! all gates, and what is computed value by value. Rows that have ended take no part.
//!
//! # Shapes and units
//! With `G` [`Cell::gates`], `R` [`Cell::results`], `S` [`Cell::states`] and `H` the hidden size:
//! `projected` `[total_steps, G * H]`, `weight_hh` `[G * H, H]`, `bias` `[R * H]`; the result is the state after
//! every step, `[total_steps, S * H]`, `h` first. All in the packed order of [`super::Packed`].

mod autodiff;
mod host;
mod tensors;

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::ops::FloatTensor;
use burn::tensor::{Tensor, TensorPrimitive};

use super::Cell;

/// A backend that has the operation.
pub trait RecurrentBackend: Backend {
    /// Runs a direction over packed rows from states of zero.
    fn recurrence(direction: &Recurrence, operands: Operands<Self>) -> Computed<Self>;

    /// From the gradient of the states, `[total_steps, S * H]`, to those of the operands.
    fn recurrence_backward(
        direction: &Recurrence,
        weight_hh: FloatTensor<Self>,
        computed: Computed<Self>,
        gradient: FloatTensor<Self>,
    ) -> Operands<Self>;
}

/// A backend to train on.
pub trait TrainingBackend: AutodiffBackend<InnerBackend: RecurrentBackend> + RecurrentBackend {}

impl<B: AutodiffBackend<InnerBackend: RecurrentBackend> + RecurrentBackend> TrainingBackend for B {}

/// What is computed, and in which order.
#[derive(Debug, Clone)]
pub struct Recurrence {
    /// The formula.
    pub cell: Cell,
    /// The packed values of each step, in order of time.
    pub steps: Arc<[Range<usize>]>,
    /// Whether the last step comes first.
    pub reverse: bool,
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

    /// Values of all steps.
    fn total_steps(&self) -> usize {
        self.steps.last().map_or(0, |range| range.end)
    }
}

/// The states after every step: `[total_steps, S * H]`.
pub(super) fn run<B: RecurrentBackend>(
    direction: &Recurrence,
    projected: Tensor<B, 2>,
    weight_hh: Tensor<B, 2>,
    bias: Tensor<B, 1>,
) -> Tensor<B, 2> {
    let operands = Operands {
        projected: projected.into_primitive().tensor(),
        weight_hh: weight_hh.into_primitive().tensor(),
        bias: bias.into_primitive().tensor(),
    };
    wrap(B::recurrence(direction, operands).states)
}

fn wrap<B: Backend, const D: usize>(primitive: FloatTensor<B>) -> Tensor<B, D> {
    Tensor::from_primitive(TensorPrimitive::Float(primitive))
}

fn unwrap<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> FloatTensor<B> {
    tensor.into_primitive().tensor()
}

#[cfg(test)]
mod tests;
