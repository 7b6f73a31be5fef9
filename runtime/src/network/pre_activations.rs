//! The pre-activations of a step, for looking at: a direction computes its gates one unit after the other and keeps
//! none, so that they are computed again, by the same kernels, from what the step took in.

use bytemuck::Zeroable;
use half::f16;

use super::arithmetic::Arithmetic;
use super::cast;
use super::float::Float;
use super::input::Step;
use super::int8::{self, Int8};
use super::network::{Network, with_network};
use super::state::StateArena;
use super::window::{Gathering, Window};
use crate::format::Cell;
use crate::kernels::{self, FloatWeight};
use crate::numeric;
use crate::plan::{Direction, Model, NumberFormat, ResultRow};

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
    fn state_of(direction: &Direction<'_>, number: f32) -> Self::State;
    /// A result's pre-activation: `weights . vectors + one_hot + bias`.
    fn pre_activation(direction: &Direction<'_>, result: usize, one_hot: &[u8], vectors: [&[Self::Value]; 2]) -> f32;
    /// The vectors for looking at.
    fn show_inputs<'w>(vectors: [&'w [Self::Value]; 2]) -> ProductInputs<'w>;
}

impl Gates for Int8 {
    fn state_of(direction: &Direction<'_>, number: f32) -> i16 {
        let fraction_bits = match direction.cell {
            Cell::RnnRelu => direction.results.state_fraction_bits,
            Cell::Lstm | Cell::Gru | Cell::RnnTanh => int8::HIDDEN_FRACTION_BITS,
        };
        numeric::saturate_i16((number * (1_u32 << fraction_bits) as f32) as i32)
    }

    fn pre_activation(direction: &Direction<'_>, result: usize, one_hot: &[u8], vectors: [&[i8]; 2]) -> f32 {
        let ResultRow { row, has_input, input, state } = direction.result_row(result);
        let weights = int8::weights(direction, if has_input { one_hot } else { &[] });
        let [x, h] = vectors;
        let (mut sums, place) = if direction.has_half_words() {
            ([half_word_sum(direction, result, vectors)], direction.half_word_result(result))
        } else {
            ([weights.layout.dot(weights.layout.dot(0, input, x), state, h)], result)
        };
        weights.add_one_hot(&mut sums, &[row]);
        let [pre_activation] = int8::requantization(&direction.results).pre_activations([place], sums);
        let fraction_bits = match direction.cell {
            Cell::RnnRelu => direction.results.state_fraction_bits.into(),
            Cell::Lstm | Cell::Gru | Cell::RnnTanh => numeric::PRE_ACTIVATION_FRACTION_BITS,
        };
        f32::from(pre_activation) / (1_u32 << fraction_bits) as f32
    }

    fn show_inputs<'w>([input, hidden]: [&'w [i8]; 2]) -> ProductInputs<'w> {
        ProductInputs::Int8 { input, hidden }
    }
}

/// The sum of the products of a result's row, whose weights are packed in half-words.
fn half_word_sum(direction: &Direction<'_>, result: usize, [x, h]: [&[i8]; 2]) -> i32 {
    let row = direction.half_word_row(result);
    let x = if row.has_input { x } else { &[] };
    let h = if row.has_state { h } else { &[] };
    let first = if row.has_input { 2 * direction.half_words().input_pairs() } else { 0 };
    let columns = x.iter().enumerate().chain(h.iter().enumerate().map(|(unit, h)| (first + unit, h)));
    columns.map(|(column, value)| direction.half_word_weight(&row, column) * i32::from(*value)).sum()
}

/// [`Gates::pre_activation`] of stored weights of a type.
fn pre_activation_float<Weight: FloatWeight>(
    direction: &Direction<'_>,
    result: usize,
    one_hot: &[u8],
    vectors: [&[f32]; 2],
) -> f32 {
    let ResultRow { row, has_input, input, state } = direction.result_row(result);
    let [x, h] = vectors;
    let of_input = kernels::dot_float::<Weight>(0.0, cast(input), x);
    let mut sums = [if direction.cell == Cell::Gru {
        of_input + kernels::dot_float::<Weight>(0.0, cast(state), h)
    } else {
        kernels::dot_float::<Weight>(of_input, cast(state), h)
    }];
    kernels::add_one_hot::<Weight>(&mut sums, &[row], cast(if has_input { one_hot } else { &[] }));
    kernels::add_bias(&mut sums, &[result], cast(direction.results.bias));
    let [pre_activation] = sums;
    pre_activation
}

impl Gates for Float {
    fn state_of(_: &Direction<'_>, number: f32) -> f32 {
        number
    }

    fn pre_activation(direction: &Direction<'_>, result: usize, one_hot: &[u8], vectors: [&[f32]; 2]) -> f32 {
        match direction.recurrent.format {
            NumberFormat::F16 => pre_activation_float::<f16>(direction, result, one_hot, vectors),
            _ => pre_activation_float::<f32>(direction, result, one_hot, vectors),
        }
    }

    fn show_inputs<'w>([input, hidden]: [&'w [f32]; 2]) -> ProductInputs<'w> {
        ProductInputs::Float { input, hidden }
    }
}

impl Model<'_> {
    /// The pre-activations of one direction of a layer at a step, computed again from what the step took in:
    /// `W x + U h + b` with the kernels and the rounding of a step, on desktop machines, for looking at. Returns `x` and
    /// `h` as the product takes them in; `None` if the model has no such layer or direction, or a slice is too short.
    ///
    /// # Shapes and units
    /// `state`: [`Self::required_words`], overwritten. `target`: `[results * hidden_size]`, see
    /// [`crate::format::Cell::results`]; the gates one after another. In an int8 model numbers of Q3.12, of a rectifier
    /// with the fraction bits of its state. Hidden states are given as the numbers that
    /// [`crate::Classifier::observe`] shows.
    ///
    /// # Panics
    /// Never.
    pub fn pre_activations<'w>(
        &self,
        step: DirectionStep<'_>,
        state: &'w mut [u32],
        target: &mut [f32],
    ) -> Option<ProductInputs<'w>> {
        with_network!(self, network => network.pre_activations(step, state, target))
    }
}

impl<A: Gates> Network<'_, '_, A> {
    fn pre_activations<'w>(
        &self,
        step: DirectionStep<'_>,
        state: &'w mut [u32],
        target: &mut [f32],
    ) -> Option<ProductInputs<'w>> {
        let layer = self.model.layer(step.layer)?;
        let direction = if step.reverse { layer.reverse()? } else { &layer.forward };
        let Direction { input_size, hidden_size, .. } = *direction;
        let mut arena = StateArena(state);
        let inputs = arena.take_padded::<A::Value>(input_size);
        let state = arena.take_padded::<A::Value>(hidden_size);
        inputs.fill(Zeroable::zeroed());
        state.fill(Zeroable::zeroed());
        let one_hot = self.write_below(direction, step, &mut arena, inputs)?;
        write_states::<A>(direction, step.hidden.get(..hidden_size)?, state);
        let vectors = [inputs.get(..direction.input.width())?, state.get(..direction.recurrent.width())?];
        let results = direction.cell.results().checked_mul(hidden_size)?;
        for (result, target) in target.get_mut(..results)?.iter_mut().enumerate() {
            *target = A::pre_activation(direction, result, one_hot, vectors);
        }
        Some(A::show_inputs([inputs.get(..input_size)?, state.get(..hidden_size)?]))
    }

    /// Puts what comes from below in its place; the token's row of one-hot weights if it has one.
    fn write_below<'d>(
        &self,
        direction: &Direction<'d>,
        step: DirectionStep<'_>,
        arena: &mut StateArena<'_>,
        inputs: &mut [A::Value],
    ) -> Option<&'d [u8]> {
        match (step.input, step.layer.checked_sub(1)) {
            (DirectionInput::Token(token), None) => {
                self.write_input(Step::Token(token), &Window::none(), inputs);
                return Some(direction.one_hot_row(token));
            }
            (DirectionInput::Frames(values), None) => self.write_frames(values, arena, inputs)?,
            (DirectionInput::Below(mut states), Some(below)) => {
                let mut place = 0_usize;
                for below in self.model.layer(below)?.directions() {
                    let (of_direction, rest) = states.split_at_checked(below.hidden_size)?;
                    write_states::<A>(below, of_direction, inputs.get_mut(place..)?);
                    place = place.wrapping_add(of_direction.len());
                    states = rest;
                }
            }
            _ => return None,
        }
        Some(&[])
    }

    /// Writes the step that the last of some frames make.
    fn write_frames(&self, values: &[i32], arena: &mut StateArena<'_>, inputs: &mut [A::Value]) -> Option<()> {
        let input = self.model.input.frames()?;
        let mut window = Window::take(arena, self.model);
        let channels = usize::from(input.frames.channels);
        if !input.frames.are_gathered() {
            let last = values.len().checked_sub(channels)?;
            self.write_input(Step::Integers(values.get(last..)?), &window, inputs);
            return Some(());
        }
        let mut gathering = Gathering::START;
        for frame in values.chunks(channels.max(1)) {
            window.keep(input, Step::Integers(frame), gathering);
            gathering.count(input.frames);
        }
        self.write_input(Step::Gathered(gathering), &window, inputs);
        Some(())
    }
}

/// Writes the hidden states of a direction as a product takes them in, at the start of `target`.
fn write_states<A: Gates>(direction: &Direction<'_>, hidden: &[f32], target: &mut [A::Value]) {
    for (number, target) in hidden.iter().zip(target) {
        A::quantize_hidden(direction.cell, &[A::state_of(direction, *number)], core::slice::from_mut(target));
    }
}
