use runtime::{Classifier, LayerState, Model, StepState};

use crate::data::Content;
use crate::data::Mismatch;
use crate::encoding::Encoder;
use crate::inference::raw_frame;
use crate::network::Sequence;

/// One step of a sequence, as a classifier takes it in.
#[derive(Debug, Clone, PartialEq)]
pub enum StepContent {
    /// A token of a text.
    Token(u32),
    /// The frames of integers that came since the step before.
    Frames(Vec<Vec<i32>>),
}

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
    /// The largest number that the integers of [`Self::measured`] hold; infinite in float.
    pub limit: f32,
}

impl State {
    /// The numbers that are as large as their format holds.
    pub fn saturated(&self) -> usize {
        self.measured().iter().filter(|value| value.abs() >= self.limit).count()
    }

    /// What has a range of its own: `c` of an LSTM, `h` of other cells.
    pub fn measured(&self) -> &[f32] {
        if self.cell.is_empty() { &self.hidden } else { &self.cell }
    }

    fn of(StepState { layer, reverse, step, state }: StepState<'_>) -> Self {
        let (hidden, cell, limit) = match state {
            LayerState::Float { hidden, cell } => (hidden.to_vec(), cell.to_vec(), f32::INFINITY),
            LayerState::Int8 { hidden, hidden_fraction_bits, cell, cell_fraction_bits } => {
                let bits = if cell.is_empty() { hidden_fraction_bits } else { cell_fraction_bits };
                let limit = number(i16::MAX, bits);
                (numbers(hidden, hidden_fraction_bits), numbers(cell, cell_fraction_bits), limit)
            }
        };
        Self { layer, reverse, step, hidden, cell, limit }
    }
}

/// The steps that a model takes in for some content of a run's rows.
///
/// # Errors
/// [`Mismatch`].
pub fn step_contents(
    encoder: &Encoder,
    max_length: usize,
    model: &Model<'_>,
    content: &Content,
) -> Result<Vec<StepContent>, Mismatch> {
    let sequence = encoder.encode(content, max_length)?;
    Ok(match (content, sequence) {
        (Content::Frames(frames), sequence) => {
            let frames: Vec<Vec<i32>> = frames.iter().map(|frame| raw_frame(model, frame)).collect();
            frames_of_steps(encoder, frames, sequence.steps())
        }
        (_, Sequence::Tokens(tokens)) => tokens.into_iter().map(StepContent::Token).collect(),
        (_, Sequence::Frames { .. }) => Vec::new(),
    })
}

/// The frames of each of so many steps. Where there are too few for one, the first comes again and again before it.
fn frames_of_steps(encoder: &Encoder, mut frames: Vec<Vec<i32>>, steps: usize) -> Vec<StepContent> {
    let Some(normalization) = encoder.normalization() else { return Vec::new() };
    if let Some(first) = frames.first().cloned() {
        let missing = normalization.frames_per_step.saturating_sub(frames.len());
        frames.splice(0..0, std::iter::repeat_n(first, missing));
    }
    let mut frames = frames.into_iter();
    let counts =
        (0..steps).map(|step| if step == 0 { normalization.frames_per_step } else { normalization.frame_stride });
    counts.map(|count| StepContent::Frames(frames.by_ref().take(count).collect())).collect()
}

/// The states of all layers, directions and steps of a sequence, whatever was pushed before: of a streaming model step
/// by step, of a bidirectional one in the order of computation.
///
/// # Errors
/// [`runtime::Error::NoFrames`], [`runtime::Error::WrongChannels`].
pub fn states(
    classifier: &mut Classifier<'_, '_, impl AsMut<[u32]>>,
    steps: impl IntoIterator<Item = StepContent>,
) -> Result<Vec<State>, runtime::Error> {
    classifier.reset();
    let is_streaming = classifier.layer_state(0).is_some();
    let mut seen = Vec::new();
    for step in steps {
        push(classifier, &step)?;
        if is_streaming {
            classifier.observe(|state| seen.push(State::of(state)));
        }
    }
    if !is_streaming {
        classifier.observe(|state| seen.push(State::of(state)));
    }
    Ok(seen)
}

/// Takes in one step.
pub(crate) fn push(
    classifier: &mut Classifier<'_, '_, impl AsMut<[u32]>>,
    step: &StepContent,
) -> Result<(), runtime::Error> {
    match step {
        StepContent::Token(token) => {
            classifier.push_token(*token);
        }
        StepContent::Frames(frames) => {
            for frame in frames {
                classifier.push_frame(frame)?;
            }
        }
    }
    Ok(())
}

/// The states after the last step that was pushed, of a streaming model.
pub(crate) fn last_states(classifier: &mut Classifier<'_, '_, impl AsMut<[u32]>>) -> Vec<State> {
    let mut seen = Vec::new();
    classifier.observe(|state| seen.push(State::of(state)));
    seen
}

fn numbers(values: &[i16], fraction_bits: u8) -> Vec<f32> {
    values.iter().map(|value| number(*value, fraction_bits)).collect()
}

fn number(value: i16, fraction_bits: u8) -> f32 {
    f32::from(value) / f32::from(1_u16 << fraction_bits)
}
