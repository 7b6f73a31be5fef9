//! The pre-activations of a step, for looking at: a direction computes its gates one unit after the other and keeps
//! none, so that they are computed again, by the same kernels, from what the step took in.

use bytemuck::Zeroable;

use super::arithmetic::Arithmetic;
use super::direction::Direction;
use super::float::{self, FloatArithmetic};
use super::input::Step;
use super::int8::{self, Int8};
use super::network::Network;
use super::state::{Shape, Words};
use super::window::{Gathering, Window};
use crate::format::Cell;
use crate::kernels::{self, FloatWeight};
use crate::numeric;

/// What one direction of a layer takes in at a step; see [`crate::Model::pre_activations`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirectionStep<'a> {
    /// Number of the layer, 0 nearest to the input.
    pub layer: usize,
    /// Whether the direction is that from the last step to the first.
    pub reverse: bool,
    /// What comes from below.
    pub input: DirectionInput<'a>,
    /// `h` before the step, `[hidden_size]`; all 0 at the start of a sequence.
    pub hidden: &'a [f32],
}

/// What reaches a direction from below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DirectionInput<'a> {
    /// To the first layer: a token that the model has.
    Token(u32),
    /// To the first layer: frames of integers, one after another. The last of them are the step's; with differences the
    /// one before these counts too, and the first of a sequence has none before it.
    Frames(&'a [i32]),
    /// To another layer: `h` of the layer below after the same step, the forward direction's units first.
    Below(&'a [f32]),
}

/// The vectors that the weights are multiplied with; `input` is empty under one-hot tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ProductInputs<'a> {
    /// Of an int8 model, -127 to 127.
    Int8 {
        /// `x`.
        input: &'a [i8],
        /// `h`.
        hidden: &'a [i8],
    },
    /// Of an `f32` or `f16` model.
    Float {
        /// `x`.
        input: &'a [f32],
        /// `h`.
        hidden: &'a [f32],
    },
}

/// What is needed of an [`Arithmetic`] to look at pre-activations.
pub(crate) trait Gates: Arithmetic {
    /// A hidden state from the number that [`Arithmetic::show_state`] shows.
    fn state_of(direction: &Direction<'_, Self>, number: f32) -> Self::State;
    /// A result's pre-activation: `weights . vectors + one_hot + bias`.
    fn pre_activation(
        direction: &Direction<'_, Self>,
        result: usize,
        weights: [&[Self::Item]; 2],
        vectors: [&[Self::Value]; 2],
        one_hot: &[Self::Weight],
    ) -> f32;
    /// The vectors for looking at.
    fn show_inputs<'w>(vectors: [&'w [Self::Value]; 2]) -> ProductInputs<'w>;
}

impl Gates for Int8 {
    fn state_of(direction: &Direction<'_, Self>, number: f32) -> i16 {
        let fraction_bits = match direction.cell {
            Cell::RnnRelu => direction.results.scales.state_fraction_bits,
            Cell::Lstm | Cell::Gru | Cell::RnnTanh => int8::HIDDEN_FRACTION_BITS,
        };
        numeric::saturate_i16((number * (1_u32 << fraction_bits) as f32) as i32)
    }

    fn pre_activation(
        direction: &Direction<'_, Self>,
        result: usize,
        weights: [&[u8]; 2],
        vectors: [&[i8]; 2],
        one_hot: &[i8],
    ) -> f32 {
        let layout = direction.recurrent.layout;
        let sum = weights.into_iter().zip(vectors).fold(0, |sum, (row, vector)| layout.dot(sum, row, vector));
        let mut sums = [sum];
        int8::add_one_hot(&mut sums, &[0], one_hot);
        let [pre_activation] = direction.results.pre_activations([result], sums);
        let fraction_bits = match direction.cell {
            Cell::RnnRelu => direction.results.scales.state_fraction_bits.into(),
            Cell::Lstm | Cell::Gru | Cell::RnnTanh => numeric::PRE_ACTIVATION_FRACTION_BITS,
        };
        f32::from(pre_activation) / (1_u32 << fraction_bits) as f32
    }

    fn show_inputs<'w>([input, hidden]: [&'w [i8]; 2]) -> ProductInputs<'w> {
        ProductInputs::Int8 { input, hidden }
    }
}

impl<Weight: FloatWeight> Gates for FloatArithmetic<Weight> {
    fn state_of(_: &Direction<'_, Self>, number: f32) -> f32 {
        number
    }

    fn pre_activation(
        direction: &Direction<'_, Self>,
        result: usize,
        weights: [&[Weight]; 2],
        vectors: [&[f32]; 2],
        one_hot: &[Weight],
    ) -> f32 {
        let mut sums = [weights.into_iter().zip(vectors).fold(0.0, |sum, (row, vector)| {
            if direction.cell == Cell::Gru {
                sum + kernels::dot_float(0.0, row, vector)
            } else {
                kernels::dot_float(sum, row, vector)
            }
        })];
        float::add_one_hot(&mut sums, &[0], one_hot);
        float::add_bias(&mut sums, &[result], direction.results.bias);
        let [pre_activation] = sums;
        pre_activation
    }

    fn show_inputs<'w>([input, hidden]: [&'w [f32]; 2]) -> ProductInputs<'w> {
        ProductInputs::Float { input, hidden }
    }
}

impl<A: Gates> Network<'_, A> {
    /// See [`crate::Model::pre_activations`].
    pub(crate) fn pre_activations<'w>(
        &self,
        step: DirectionStep<'_>,
        words: &'w mut [u32],
        target: &mut [f32],
    ) -> Option<ProductInputs<'w>> {
        let layer = self.layers.get(step.layer)?;
        let direction = if step.reverse { layer.reverse.as_ref()? } else { &layer.forward };
        let Shape { input_size, hidden_size } = direction.shape;
        let mut words = Words(words);
        let inputs = words.take_padded::<A::Value>(input_size);
        let state = words.take_padded::<A::Value>(hidden_size);
        inputs.fill(Zeroable::zeroed());
        state.fill(Zeroable::zeroed());
        let one_hot = self.write_input(direction, step, &mut words, inputs)?;
        write_states(direction, step.hidden.get(..hidden_size)?, state);
        let vectors = [direction.input.vector(inputs), direction.recurrent.vector(state)];
        let results = direction.cell.results().checked_mul(hidden_size)?;
        for (result, target) in target.get_mut(..results)?.iter_mut().enumerate() {
            let (weights, of_token) = direction.parts_of(result, one_hot);
            *target = A::pre_activation(direction, result, weights, vectors, of_token);
        }
        Some(A::show_inputs([inputs.get(..input_size)?, state.get(..hidden_size)?]))
    }

    /// Puts what comes from below in its place; the token's row of one-hot weights if it has one.
    fn write_input<'d>(
        &self,
        direction: &Direction<'d, A>,
        step: DirectionStep<'_>,
        words: &mut Words<'_>,
        inputs: &mut [A::Value],
    ) -> Option<&'d [A::Weight]> {
        match (step.input, step.layer.checked_sub(1)) {
            (DirectionInput::Token(token), None) => {
                self.input.write(Step::Token(token), &Window::none(), inputs);
                return Some(direction.one_hot_row(token));
            }
            (DirectionInput::Frames(values), None) => self.write_frames(values, words, inputs)?,
            (DirectionInput::Below(mut states), Some(below)) => {
                let mut place = 0_usize;
                for below in self.layers.get(below)?.directions() {
                    let (of_direction, rest) = states.split_at_checked(below.shape.hidden_size)?;
                    write_states(below, of_direction, inputs.get_mut(place..)?);
                    place = place.wrapping_add(of_direction.len());
                    states = rest;
                }
            }
            _ => return None,
        }
        Some(&[])
    }
}

impl<A: Gates> Network<'_, A> {
    /// Writes the step that the last of some frames make.
    fn write_frames(&self, values: &[i32], words: &mut Words<'_>, inputs: &mut [A::Value]) -> Option<()> {
        let input = self.input.frames()?;
        let mut window = Window::take(words, Some(input));
        let channels = usize::from(input.frames.channels);
        if !input.frames.are_gathered() {
            let last = values.len().checked_sub(channels)?;
            self.input.write(Step::Integers(values.get(last..)?), &window, inputs);
            return Some(());
        }
        let mut gathering = Gathering::default();
        for frame in values.chunks(channels.max(1)) {
            window.keep(input, Step::Integers(frame), gathering);
            gathering.count(input.frames);
        }
        self.input.write(Step::Gathered(gathering), &window, inputs);
        Some(())
    }
}

/// Writes the hidden states of a direction as a product takes them in, at the start of `target`.
fn write_states<A: Gates>(direction: &Direction<'_, A>, hidden: &[f32], target: &mut [A::Value]) {
    for (number, target) in hidden.iter().zip(target) {
        A::narrow(direction.cell, &[A::state_of(direction, *number)], core::slice::from_mut(target));
    }
}
