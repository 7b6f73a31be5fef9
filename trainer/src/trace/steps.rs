use std::collections::BTreeMap;

use runtime::text::PADDING_TOKEN;
use runtime::{DirectionInput, DirectionStep, Model, ProductInputs};

use super::gates::{Gate, gates, q3_12_unit};
use super::states::{State, StepContent, states};
use crate::error::Error;
use crate::inference::HostClassifier;
use crate::network::Cell;

/// Largest magnitude of an integer input of a product.
const LARGEST_INPUT: u8 = 127;

/// What one direction of a layer did in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTrace {
    /// Number of the layer, from 0.
    pub layer: usize,
    /// Whether the direction is that from the last step to the first.
    pub reverse: bool,
    /// Number of the step, from 0.
    pub step: usize,
    /// `x`, the gates (`i f g o` of an LSTM, `r z n` of a GRU), `c` of an LSTM, `h`.
    pub quantities: Vec<Quantity>,
}

/// One of the things that a step computes, for all units.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Its name.
    pub name: &'static str,
    /// As numbers, a gate after its activation; none of `x`, whose units are not known.
    pub values: Vec<f32>,
    /// Numbers that may be at the ends of their format: inputs, the pre-activations of a gate, `c`. None in float, and
    /// of what cannot reach the ends.
    pub bounded: usize,
    /// Those of them that are; the largest value of an embedding's column is by itself.
    pub saturated: usize,
}

impl Quantity {
    fn free(name: &'static str, values: Vec<f32>) -> Self {
        Self { name, values, bounded: 0, saturated: 0 }
    }
}

/// Runs a sequence, whatever was pushed before, and looks at every step of each direction of each layer.
///
/// # Errors
/// [`Error::Failed`] for steps or a model of another kind than `cell`.
pub fn trace(
    classifier: &mut HostClassifier<'_, '_>,
    model: &Model<'_>,
    cell: Cell,
    steps: &[StepContent],
) -> Result<Vec<StepTrace>, Error> {
    let failed = |problem: &dyn std::fmt::Display| Error::Failed(format!("the steps cannot be looked at: {problem}"));
    let seen = states(classifier, steps.iter().cloned()).map_err(|error| failed(&error))?;
    let by_place = seen.iter().map(|state| ((state.layer, state.reverse, state.step), state)).collect();
    let mut looker = Looker { model, cell, steps, seen: by_place, words: vec![0; model.required_words()] };
    let traces: Option<_> = seen.iter().map(|state| looker.look(state)).collect();
    traces.ok_or_else(|| failed(&"the model has other layers"))
}

/// Computes the gates of states that were seen.
struct Looker<'t, 'm> {
    model: &'t Model<'m>,
    cell: Cell,
    steps: &'t [StepContent],
    /// By layer, direction and step.
    seen: BTreeMap<(usize, bool, usize), &'t State>,
    words: Vec<u32>,
}

/// The products of a step.
struct Products {
    pre_activations: Vec<f32>,
    x: Quantity,
    is_integer: bool,
}

impl Looker<'_, '_> {
    fn look(&mut self, state: &State) -> Option<StepTrace> {
        let Products { pre_activations, x, is_integer } = self.products(state)?;
        let gates = gates(self.cell, &pre_activations, state.hidden.len(), is_integer);
        let mut quantities = vec![x];
        quantities.extend(gates.into_iter().map(|Gate { name, values, pre_activations }| {
            if is_integer { q3_12_bounded(name, values, &pre_activations) } else { Quantity::free(name, values) }
        }));
        let (hidden, cell) = (state.hidden.clone(), state.cell.clone());
        match self.cell {
            Cell::Lstm => quantities.extend([state.bounded("c", cell), Quantity::free("h", hidden)]),
            Cell::Gru => quantities.push(Quantity::free("h", hidden)),
            Cell::RnnTanh if is_integer => quantities.push(q3_12_bounded("h", hidden, &pre_activations)),
            Cell::RnnTanh => quantities.push(Quantity::free("h", hidden)),
            Cell::RnnRelu => quantities.push(state.bounded("h", hidden)),
        }
        let State { layer, reverse, step, .. } = *state;
        Some(StepTrace { layer, reverse, step, quantities })
    }

    /// Computes the products that led to a state again, from the states below and before it.
    fn products(&mut self, state: &State) -> Option<Products> {
        let State { layer, reverse, step, .. } = *state;
        let hidden_size = state.hidden.len();
        let before = if reverse { step.checked_add(1) } else { step.checked_sub(1) };
        let before = before.and_then(|step| self.seen.get(&(layer, reverse, step)));
        let hidden = before.map_or_else(|| vec![0.0; hidden_size], |state| state.hidden.clone());
        let (below, frames): (Vec<f32>, Vec<i32>);
        let input = match (layer.checked_sub(1), self.steps.get(step)) {
            (Some(layer), _) => {
                let directions = [false, true].map(|reverse| self.seen.get(&(layer, reverse, step)));
                below = directions.into_iter().flatten().flat_map(|state| state.hidden.iter().copied()).collect();
                DirectionInput::Below(&below)
            }
            (None, Some(StepContent::Frames(_))) => {
                frames = self.frames_until(step);
                DirectionInput::Frames(&frames)
            }
            (None, Some(StepContent::Token(token))) => DirectionInput::Token(*token),
            (None, None) => DirectionInput::Token(PADDING_TOKEN),
        };
        let direction_step = DirectionStep { layer, reverse, input, hidden: &hidden };
        let mut pre_activations = vec![0.0; self.cell.results() * hidden_size];
        let inputs = self.model.pre_activations(direction_step, &mut self.words, &mut pre_activations)?;
        let mut x = Quantity::free("x", Vec::new());
        let is_integer = match inputs {
            ProductInputs::Int8 { input, .. } => {
                x.bounded = input.len();
                x.saturated = input.iter().filter(|value| value.unsigned_abs() >= LARGEST_INPUT).count();
                true
            }
            ProductInputs::Float { .. } => false,
        };
        Some(Products { pre_activations, x, is_integer })
    }

    /// The frames of a step, and at least one before them if there are, one after another.
    fn frames_until(&self, step: usize) -> Vec<i32> {
        let first = step.saturating_sub(self.model.frames().map_or(0, |frames| frames.frames_per_step.into()));
        let steps = self.steps.get(first..=step).unwrap_or_default().iter();
        let frames = steps.filter_map(|step| match step {
            StepContent::Frames(frames) => Some(frames),
            StepContent::Token(_) => None,
        });
        frames.flatten().flatten().copied().collect()
    }
}

impl State {
    /// `values`, the numbers of its measured state.
    fn bounded(&self, name: &'static str, values: Vec<f32>) -> Quantity {
        let bounded = if self.limit.is_finite() { values.len() } else { 0 };
        Quantity { name, values, bounded, saturated: self.saturated() }
    }
}

/// What comes from pre-activations in Q3.12.
fn q3_12_bounded(name: &'static str, values: Vec<f32>, pre_activations: &[f32]) -> Quantity {
    let ends = [i16::MIN, i16::MAX].map(|end| f32::from(end) / q3_12_unit());
    let saturated = pre_activations.iter().filter(|value| ends.contains(value)).count();
    Quantity { name, values, bounded: pre_activations.len(), saturated }
}
