use bytemuck::{Pod, Zeroable};

use super::direction::Direction;
use super::input::Channel;
use super::matrix::Matrix;
use super::rows::Rows;
use super::state::{LayerBuffers, LayerState};
use crate::answer::Logits;
use crate::error::Error;
use crate::format::{Cell, Element, Int8Scales, Tensor, Tensors};

/// How the numbers of a model are stored, added and multiplied: one implementation a precision.
pub(crate) trait Arithmetic: Sized {
    /// A weight of the head, or of a one-hot token.
    type Weight: Element;
    /// What rows of numbers are made of: a number, or a byte of one or two.
    type Item: Copy + 'static;
    /// How the items of a tensor hold its numbers.
    type Layout: Copy;
    /// A stored bias.
    type Bias: Element;
    /// The stored zero or scale of a frame's channel.
    type ChannelNumber: Element;
    /// What turns accumulators into numbers again.
    type Scales<'m>: Copy;
    /// A value of the vector `[x; h]` that the weights are multiplied with.
    type Value: Pod;
    /// A value of a hidden or cell state as computed, and of the pooled vector.
    type State: Pod;
    /// A value gathered over steps, and a logit.
    type Sum: Pod + Zeroable;

    /// Borrows the scales of a matrix of `results` results, whose states have at most `largest_fraction_bits`;
    /// `None` where float has none.
    fn parse_scales<'m>(
        tensors: &Tensors<'m>,
        scales: Option<&Int8Scales>,
        results: usize,
        largest_fraction_bits: u8,
    ) -> Result<Self::Scales<'m>, Error>;

    /// Borrows rows of `columns` numbers; what they hold is not checked.
    fn parse_rows<'m>(
        tensors: &Tensors<'m>,
        tensor: &Tensor,
        rows: usize,
        columns: usize,
    ) -> Result<Rows<'m, Self>, Error>;
    /// Items of so many numbers of a row, a multiple of [`crate::format::COLUMN_MULTIPLE`].
    fn items(layout: Self::Layout, numbers: usize) -> usize;

    /// Checks the vectors of an embedding: finite, or as far from zero as an input may be.
    fn check_vectors(vectors: &Rows<'_, Self>) -> Result<(), Error>;
    /// Checks the weights and the bias of a result, `one_hot` being those of which one is added, and that its
    /// accumulator can not overflow.
    fn check_result(
        matrix: &Matrix<'_, Self>,
        result: usize,
        weights: &[Self::Item],
        one_hot: impl Iterator<Item = Self::Weight>,
        largest_input: u32,
    ) -> Result<(), Error>;
    /// Checks the numbers of a frame's channel.
    fn check_channel(channel: Channel<Self>) -> Result<(), Error>;

    /// Writes a vector of an embedding as an input, which fills `target`.
    fn embed(layout: Self::Layout, vector: &[Self::Item], target: &mut [Self::Value]);
    /// Brings a second vector into an embedded one: half of the sum of both, of integers the largest one that is not
    /// greater.
    fn embed_second(layout: Self::Layout, vector: &[Self::Item], target: &mut [Self::Value]);
    /// A channel's integer as an input.
    fn normalize_integer(raw: i16, channel: Channel<Self>) -> Self::Value;
    /// A channel's number as an input.
    #[cfg(feature = "float")]
    fn normalize_float(value: f32, channel: Channel<Self>) -> Self::Value;
    /// Writes the hidden states of a cell as a product takes them in, at the start of `target`.
    fn narrow(cell: Cell, hidden: &[Self::State], target: &mut [Self::Value]);
    /// One step: from `[x; h]`, or the token's row of `one_hot` and `h`, and the states to the next states.
    fn step(direction: &Direction<'_, Self>, one_hot: &[Self::Weight], buffers: &mut LayerBuffers<'_, Self>);
    /// Gathers one step's value.
    fn gather_sum(sum: &mut Self::Sum, value: Self::State);
    /// Gathers one step's value; `first`: nothing has been gathered yet.
    fn gather_largest(largest: &mut Self::Sum, value: Self::State, first: bool);
    /// The largest value gathered.
    fn largest(gathered: Self::Sum) -> Self::State;
    /// The mean of a sum over `steps` steps, at least one.
    fn mean(sum: Self::Sum, steps: u32) -> Self::State;
    /// One logit.
    fn logit(head: &Matrix<'_, Self>, class: usize, pooled: &[Self::State]) -> Self::Sum;

    /// The logits for looking at.
    fn show_logits(logits: &[Self::Sum]) -> Logits<'_>;
    /// The states of a direction for looking at.
    fn show_state<'w>(
        direction: &Direction<'_, Self>,
        hidden: &'w [Self::State],
        cell: &'w [Self::State],
    ) -> LayerState<'w>;
}
