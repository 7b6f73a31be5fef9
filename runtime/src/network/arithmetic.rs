use bytemuck::{AnyBitPattern, Pod, Zeroable};

use super::direction::Direction;
use super::results::{Results, Shifts};
use super::rows::Rows;
use super::state::{LayerBuffers, LayerState};
use crate::answer::Logits;
use crate::error::Error;
use crate::format::{Cell, Tensors};

/// How the numbers of a model are stored, added and multiplied: one implementation a precision.
pub(crate) trait Arithmetic: Sized {
    /// A weight of a one-hot token.
    type Weight: AnyBitPattern;
    /// What rows of numbers are made of: a number, or a byte of one or two.
    type Item: Copy + 'static;
    /// How the items of a tensor hold its numbers.
    type Layout: Copy;
    /// A stored bias.
    type Bias: AnyBitPattern;
    /// How a channel's number becomes an input.
    type Channel: AnyBitPattern;
    /// A channel's number as it comes, kept for the difference of the next frame to it.
    type Raw: Pod;
    /// What turns accumulators into numbers again.
    type Scales<'m>: Copy;
    /// A value of the vectors that the weights are multiplied with.
    type Value: Pod;
    /// A value of a hidden or cell state as computed, and of the pooled vector.
    type State: Pod;
    /// A value gathered over steps, and a logit.
    type Sum: Pod + Zeroable;

    /// Bits of a weight of the head.
    const HEAD_BITS: u8;

    /// Borrows the scales of so many results.
    fn parse_scales<'m>(tensors: &mut Tensors<'m>, results: usize, shifts: Shifts) -> Result<Self::Scales<'m>, Error>;
    /// Borrows rows of `columns` numbers of so many bits; what they hold is not checked.
    fn parse_rows<'m>(
        tensors: &mut Tensors<'m>,
        bits: u8,
        rows: usize,
        columns: usize,
    ) -> Result<Rows<'m, Self>, Error>;

    /// Checks the vectors of an embedding: finite, or as far from zero as an input may be.
    fn check_vectors(vectors: &Rows<'_, Self>) -> Result<(), Error>;
    /// Checks the weights and the bias of a result, `one_hot` being those of which one is added, and that its
    /// accumulator can not overflow.
    fn check_result(
        results: &Results<'_, Self>,
        result: usize,
        layout: Self::Layout,
        weights: [&[Self::Item]; 2],
        one_hot: impl Iterator<Item = Self::Weight>,
        largest_input: u32,
    ) -> Result<(), Error>;
    /// Checks the numbers of a frame's channel.
    fn check_channel(channel: &Self::Channel) -> Result<(), Error>;

    /// Writes a vector of an embedding as an input, which fills `target`.
    fn embed(layout: Self::Layout, vector: &[Self::Item], target: &mut [Self::Value]);
    /// Brings a second vector into an embedded one: half of the sum of both, of integers the largest one that is not
    /// greater.
    fn embed_second(layout: Self::Layout, vector: &[Self::Item], target: &mut [Self::Value]);
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
    fn narrow(cell: Cell, hidden: &[Self::State], target: &mut [Self::Value]);
    /// One step: from the input, or the token's row of `one_hot`, and the states to the next states.
    fn step(direction: &Direction<'_, Self>, one_hot: &[Self::Weight], buffers: &mut LayerBuffers<'_, Self>);
    /// Gathers one step's value.
    fn gather_sum(sum: &mut Self::Sum, value: Self::State);
    /// Makes half of a sum, of integers the largest one that is not greater.
    fn halve(sum: &mut Self::Sum);
    /// Gathers one step's value; `first`: nothing has been gathered yet.
    fn gather_largest(largest: &mut Self::Sum, value: Self::State, first: bool);
    /// The largest value gathered.
    fn largest(gathered: Self::Sum) -> Self::State;
    /// The mean of a sum over `steps` steps, at least one.
    fn mean(sum: Self::Sum, steps: u32) -> Self::State;
    /// One logit, of the class's weights.
    fn logit(
        layout: Self::Layout,
        weights: &[Self::Item],
        results: &Results<'_, Self>,
        class: usize,
        pooled: &[Self::State],
    ) -> Self::Sum;

    /// The logits for looking at.
    fn show_logits(logits: &[Self::Sum]) -> Logits<'_>;
    /// The states of a direction for looking at.
    fn show_state<'w>(
        direction: &Direction<'_, Self>,
        hidden: &'w [Self::State],
        cell: &'w [Self::State],
    ) -> LayerState<'w>;
}
