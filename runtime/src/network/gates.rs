//! The pre-activations of a step, for looking at: a direction computes its gates one unit after the other and keeps
//! none, so that they are computed again, by the same kernels, from what the step took in.

use bytemuck::Zeroable;

use super::arithmetic::Arithmetic;
use super::direction::Direction;
use super::float::{self, FloatArithmetic};
use super::input::Step;
use super::int8::{self, Int8};
use super::network::Network;
use super::state::Words;
use crate::format::{Cell, Element};
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
    /// To the first layer: a frame of integers.
    Frame(&'a [i16]),
    /// To another layer: `h` of the layer below after the same step, the forward direction's units first.
    Below(&'a [f32]),
}

/// The vector `[x; h]` that the weights are multiplied with, `x` and `h` each padded with zeros up to a multiple of
/// [`crate::format::COLUMN_MULTIPLE`]; no `x` under one-hot tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ProductInputs<'a> {
    /// Of an int8 model, -127 to 127.
    Int8(&'a [i8]),
    /// Of an `f32` or `f16` model.
    Float(&'a [f32]),
}

/// What is needed of an [`Arithmetic`] to look at pre-activations.
pub(crate) trait Gates: Arithmetic {
    /// A hidden state from the number that [`Arithmetic::show_state`] shows.
    fn state_of(direction: &Direction<'_, Self>, number: f32) -> Self::State;
    /// A result's pre-activation: `weights . inputs + one_hot + bias`.
    fn pre_activation(
        direction: &Direction<'_, Self>,
        result: usize,
        weights: &[Self::Item],
        inputs: &[Self::Value],
        one_hot: &[Self::Weight],
    ) -> f32;
    /// The inputs for looking at.
    fn show_inputs(inputs: &[Self::Value]) -> ProductInputs<'_>;
}

impl Gates for Int8 {
    fn state_of(direction: &Direction<'_, Self>, number: f32) -> i16 {
        let fraction_bits = match direction.cell {
            Cell::RnnRelu => direction.matrix.scales.state_fraction_bits,
            Cell::Lstm | Cell::Gru | Cell::RnnTanh => int8::HIDDEN_FRACTION_BITS,
        };
        numeric::saturate_i16((number * (1_u32 << fraction_bits) as f32) as i32)
    }

    fn pre_activation(
        direction: &Direction<'_, Self>,
        result: usize,
        weights: &[u8],
        inputs: &[i8],
        one_hot: &[i8],
    ) -> f32 {
        let mut sums = [direction.matrix.rows.layout.dot(weights, inputs)];
        int8::add_one_hot(&mut sums, &[0], one_hot);
        let [pre_activation] = direction.matrix.pre_activations([result], sums);
        let fraction_bits = match direction.cell {
            Cell::RnnRelu => direction.matrix.scales.state_fraction_bits.into(),
            Cell::Lstm | Cell::Gru | Cell::RnnTanh => numeric::PRE_ACTIVATION_FRACTION_BITS,
        };
        f32::from(pre_activation) / (1_u32 << fraction_bits) as f32
    }

    fn show_inputs(inputs: &[i8]) -> ProductInputs<'_> {
        ProductInputs::Int8(inputs)
    }
}

impl<Weight: Element + FloatWeight> Gates for FloatArithmetic<Weight> {
    fn state_of(_: &Direction<'_, Self>, number: f32) -> f32 {
        number
    }

    fn pre_activation(
        direction: &Direction<'_, Self>,
        result: usize,
        weights: &[Weight],
        inputs: &[f32],
        one_hot: &[Weight],
    ) -> f32 {
        let mut sums = [kernels::dot_float(weights, inputs)];
        float::add_one_hot(&mut sums, &[0], one_hot);
        float::add_bias(&mut sums, &[result], direction.matrix.bias);
        let [pre_activation] = sums;
        pre_activation
    }

    fn show_inputs(inputs: &[f32]) -> ProductInputs<'_> {
        ProductInputs::Float(inputs)
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
        let shape = direction.shape;
        let inputs = Words(words).take::<A::Value>(shape.columns());
        inputs.fill(Zeroable::zeroed());
        let one_hot = self.write_input(direction, step, inputs)?;
        let hidden = step.hidden.get(..shape.hidden_size)?;
        write_states(direction, hidden, inputs.get_mut(shape.hidden_start()..)?);
        let results = direction.cell.results().checked_mul(shape.hidden_size)?;
        let (input, state) = inputs.split_at_checked(shape.hidden_start())?;
        for (result, target) in target.get_mut(..results)?.iter_mut().enumerate() {
            let part = result.checked_sub(2 * shape.hidden_size).filter(|_| direction.cell == Cell::Gru);
            let row =
                if part.is_some_and(|unit| unit >= shape.hidden_size) { result - shape.hidden_size } else { result };
            let weights = direction.matrix.row(row);
            let of_token = one_hot.get(row..).and_then(|rest| rest.get(..1)).unwrap_or_default();
            // The third gate of a GRU has a result of its input columns and one of its hidden columns.
            let (weights, values, of_token) = match part {
                None => (weights, &*inputs, of_token),
                Some(unit) if unit < shape.hidden_size => (weights.get(..direction.hidden_start())?, input, of_token),
                Some(_) => (weights.get(direction.hidden_start()..)?, state, Default::default()),
            };
            *target = A::pre_activation(direction, result, weights, values, of_token);
        }
        Some(A::show_inputs(inputs))
    }

    /// Puts what comes from below in its place; the token's row of one-hot weights if it has one.
    fn write_input<'d>(
        &self,
        direction: &Direction<'d, A>,
        step: DirectionStep<'_>,
        inputs: &mut [A::Value],
    ) -> Option<&'d [A::Weight]> {
        match (step.input, step.layer.checked_sub(1)) {
            (DirectionInput::Token(token), None) => {
                self.input.write(Step::Token(token), inputs);
                return Some(direction.one_hot_row(token));
            }
            (DirectionInput::Frame(frame), None) => self.input.write(Step::Integers(frame), inputs),
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

/// Writes the hidden states of a direction as a product takes them in, at the start of `target`.
fn write_states<A: Gates>(direction: &Direction<'_, A>, hidden: &[f32], target: &mut [A::Value]) {
    for (number, target) in hidden.iter().zip(target) {
        A::narrow(direction.cell, &[A::state_of(direction, *number)], core::slice::from_mut(target));
    }
}
