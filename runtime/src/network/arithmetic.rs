use bytemuck::{AnyBitPattern, Pod};

use super::state::{LayerBuffers, LayerState};
use crate::answer::Logits;
use crate::format::Cell;
use crate::plan::{Direction, Head, Matrix};

/// How the numbers of a model are added and multiplied: one implementation a precision.
pub(crate) trait Arithmetic: Sized {
    /// How a channel's number becomes an input.
    type Channel: AnyBitPattern;
    /// A channel's number as it comes, kept for the difference of the next frame to it.
    type Raw: Pod;
    /// A value of the vectors that the weights are multiplied with.
    type Value: Pod;
    /// A value of a hidden or cell state as computed, and of the pooled vector.
    type State: Pod;
    /// A value pooled so far, and a logit.
    type Sum: Pod;

    /// Writes a row of an embedding as an input, which fills `target`.
    fn embed(vectors: &Matrix<'_>, row: usize, target: &mut [Self::Value]);
    /// Brings a second row into an embedded one: half of the sum of both, of integers the largest one that is not
    /// greater.
    fn embed_second(vectors: &Matrix<'_>, row: usize, target: &mut [Self::Value]);
    /// A channel's integer as it comes.
    fn raw_of_integer(integer: i32, unit: f32) -> Self::Raw;
    /// A channel's number, in the units of the training data, as it comes.
    #[cfg(feature = "float")]
    fn raw_of_float(value: f32, unit: f32) -> Self::Raw;
    /// How far a channel's number is from that of the frame before.
    fn difference(raw: Self::Raw, before: Self::Raw) -> Self::Raw;
    /// A channel's number, or its difference, as an input.
    fn normalize(raw: Self::Raw, channel: &Self::Channel) -> Self::Value;
    /// Writes the hidden states of a cell as a product takes them in, at the start of `target`.
    fn quantize_hidden(cell: Cell, hidden: &[Self::State], target: &mut [Self::Value]);
    /// One step: from the input, or the token's row of one-hot weights, and the states to the next states.
    fn step(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, Self>);
    /// Adds one step's value to a sum.
    fn pool_sum(sum: &mut Self::Sum, value: Self::State);
    /// Makes half of a sum, of integers the largest one that is not greater.
    fn halve(sum: &mut Self::Sum);
    /// Compares one step's value with the largest so far; `first`: there is none so far.
    fn pool_largest(largest: &mut Self::Sum, value: Self::State, first: bool);
    /// The largest value so far.
    fn largest(pooled: Self::Sum) -> Self::State;
    /// The mean of a sum over `steps` steps, at least one.
    fn mean(sum: Self::Sum, steps: u32) -> Self::State;
    /// Writes the logits, `[classes]`.
    fn logits(head: &Head<'_>, pooled: &[Self::State], target: &mut [Self::Sum]);

    /// The logits for looking at.
    fn show_logits(logits: &[Self::Sum]) -> Logits<'_>;
    /// The states of a direction for looking at.
    fn show_state<'w>(direction: &Direction<'_>, hidden: &'w [Self::State], cell: &'w [Self::State]) -> LayerState<'w>;
}
