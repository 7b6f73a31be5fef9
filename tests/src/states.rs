//! What the layers of a model remember after each step, as numbers.

use runtime::{Classifier, LayerState, StepState};

/// The state of one direction of a layer after one step.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Number of the layer.
    pub layer: usize,
    /// Whether the direction is that from the last step to the first.
    pub reverse: bool,
    /// Number of the step.
    pub step: usize,
    /// `h`
    pub hidden: Vec<f32>,
    /// `c` of an LSTM; empty for other cells.
    pub cell: Vec<f32>,
}

/// The states of all layers, directions and steps of a sequence of tokens, whatever was pushed before: of a streaming
/// model step by step, of a bidirectional one in the order of computation.
pub fn states<const CAPACITY: usize>(
    classifier: &mut Classifier<'_, '_, CAPACITY>,
    tokens: impl IntoIterator<Item = u32>,
) -> Vec<State> {
    classifier.reset();
    let is_streaming = classifier.layer_state(0).is_some();
    let mut seen = Vec::new();
    for token in tokens {
        classifier.push_token(token);
        if is_streaming {
            classifier.observe(|state| seen.push(State::of(state)));
        }
    }
    if !is_streaming {
        classifier.observe(|state| seen.push(State::of(state)));
    }
    seen
}

impl State {
    fn of(StepState { layer, reverse, step, state }: StepState<'_>) -> Self {
        let (hidden, cell) = match state {
            LayerState::Float { hidden, cell } => (hidden.to_vec(), cell.to_vec()),
            LayerState::Int8 { hidden, hidden_fraction_bits, cell, cell_fraction_bits } => {
                (numbers(hidden, hidden_fraction_bits), numbers(cell, cell_fraction_bits))
            }
        };
        Self { layer, reverse, step, hidden, cell }
    }
}

fn numbers(values: &[i16], fraction_bits: u8) -> Vec<f32> {
    values.iter().map(|value| f32::from(*value) / f32::from(1_u16 << fraction_bits)).collect()
}
