use heapless::Vec;

use super::arithmetic::Arithmetic;
use super::direction::Direction;
use super::fill;
use super::input::{MAX_SIZE, StepInput};
use super::matrix::{Matrix, MatrixParts, MatrixShape};
use super::state::{Shape, Words, words_for};
use crate::answer::Logits;
use crate::error::{Error, Field, expect, expect_within, invalid};
use crate::format::{Element, Input, Layer, MAX_LAYERS, Manifest, Pooling, Tensors};

/// Most steps of a model with mean pooling, whose sum of so many hidden states fits into an accumulator, of one that
/// keeps its steps, and of padding.
const MAX_COUNTED_STEPS: usize = 65_535;
/// Tokens that fit into 16 bits.
const NARROW_TOKENS: usize = 1 << 16;
/// Largest magnitude of an int8 model's pooled value.
const LARGEST_POOLED: u32 = 32_767;

/// A recurrent layer.
pub(crate) struct RecurrentLayer<'m, A: Arithmetic> {
    pub(crate) forward: Direction<'m, A>,
    pub(crate) reverse: Option<Direction<'m, A>>,
}

impl<'m, A: Arithmetic> RecurrentLayer<'m, A> {
    fn parse(tensors: &Tensors<'m>, layer: &Layer, one_hot_tokens: Option<usize>) -> Result<Self, Error> {
        let hidden_size = layer.hidden_size as usize;
        expect_within(Field::HiddenSize, 1, MAX_SIZE, hidden_size)?;
        let input_size = if one_hot_tokens.is_some() { 0 } else { layer.input_size as usize };
        let shape = Shape { input_size, hidden_size };
        let parse = |weights| Direction::parse(tensors, layer.cell, shape, weights, one_hot_tokens);
        Ok(Self { forward: parse(&layer.forward)?, reverse: layer.reverse.as_ref().map(parse).transpose()? })
    }

    /// Values of its output: the units of all directions.
    pub(crate) fn width(&self) -> usize {
        self.directions().map(|direction| direction.shape.hidden_size).sum()
    }

    /// Its directions, from the first step to the last first.
    pub(crate) fn directions(&self) -> impl Iterator<Item = &Direction<'m, A>> {
        core::iter::once(&self.forward).chain(&self.reverse)
    }
}

/// What a sequence is at the moment of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Steps taken in and not forgotten.
    pub(crate) steps: u32,
    /// Where the oldest of them lies among the steps that a buffered network keeps.
    pub(crate) oldest: u32,
}

/// A whole network, its weights borrowed from a file.
///
/// Its part of a classifier's words: logits, pooled vector, values gathered over the steps, then the states of a
/// network that takes in step by step, or the steps of one that keeps them.
pub(crate) struct Network<'m, A: Arithmetic> {
    pub(crate) input: StepInput<'m, A>,
    /// Whether a token takes more than 16 bits.
    pub(crate) wide_tokens: bool,
    pub(crate) layers: Vec<RecurrentLayer<'m, A>, MAX_LAYERS>,
    pub(crate) pooling: Pooling,
    pub(crate) head: Matrix<'m, A>,
    /// Most steps; `u32::MAX`: there is no limit. At most [`MAX_COUNTED_STEPS`] with mean pooling, or where a layer has
    /// a reverse direction.
    pub(crate) max_steps: u32,
    pub(crate) pad_to: u32,
}

/// The parts of a classifier's words that an answer is made in.
pub(crate) struct AnswerBuffers<'w, A: Arithmetic> {
    pub(crate) logits: &'w mut [A::Sum],
    pub(crate) pooled: &'w mut [A::State],
}

impl<'m, A: Arithmetic> Network<'m, A> {
    /// Borrows and checks all weights of a model of `tokens` tokens and `classes` classes.
    pub(crate) fn parse(
        tensors: &Tensors<'m>,
        manifest: &Manifest<'_>,
        tokens: usize,
        classes: usize,
    ) -> Result<Self, Error> {
        check_steps(manifest)?;
        let input = StepInput::parse(tensors, &manifest.input, tokens)?;
        let mut layers = Vec::new();
        parse_layers(tensors, manifest, &input, &mut layers)?;
        let pooled_size = layers.last().map_or(0, RecurrentLayer::width);
        let head = &manifest.head;
        expect(Field::TensorType, A::Weight::DATA_TYPE as usize, head.weights.data_type as usize)?;
        let head = Matrix::parse(
            tensors,
            MatrixShape { rows: classes, columns: pooled_size, results: classes },
            MatrixParts {
                weights: &head.weights,
                bias: &head.bias,
                scales: head.scales.as_ref(),
                largest_fraction_bits: 0,
            },
        )?;
        (0..classes)
            .try_for_each(|row| A::check_result(&head, row, head.row(row), core::iter::empty(), LARGEST_POOLED))?;
        let max_steps = if manifest.max_steps == 0 { u32::MAX } else { manifest.max_steps };
        let wide_tokens = tokens > NARROW_TOKENS || matches!(manifest.input, Input::ComposedWords(_));
        Ok(Self { input, wide_tokens, layers, pooling: manifest.pooling, head, max_steps, pad_to: manifest.pad_to })
    }

    /// Whether an answer needs all steps at once.
    pub(crate) fn is_buffered(&self) -> bool {
        self.layers.iter().any(|layer| layer.reverse.is_some())
    }

    /// 32-bit words that a classifier needs; saturates.
    pub(crate) fn required_words(&self) -> usize {
        let answer = words_for::<A::Sum>(self.classes()) + words_for::<A::State>(self.pooled_size());
        let steps = if self.is_buffered() { self.buffered_words() } else { self.streaming_words() };
        answer.saturating_add(steps)
    }

    /// Computes the logits of what was taken in.
    pub(crate) fn answer(&self, words: &mut [u32], taken: Taken) {
        let mut words = Words(words);
        let mut answer = self.take_answer(&mut words);
        if self.is_buffered() {
            self.pool_kept(&mut words, answer.pooled, taken, |_, _, _, _, _| {});
        } else {
            self.pool_streamed(&mut words, answer.pooled, taken.steps);
        }
        let AnswerBuffers { logits, pooled } = &mut answer;
        fill(logits, (0..self.classes()).map(|class| A::logit(&self.head, class, pooled)));
    }

    /// The logits that [`Self::answer`] computed last.
    pub(crate) fn logits<'w>(&self, words: &'w mut [u32]) -> Logits<'w> {
        A::show_logits(self.take_answer(&mut Words(words)).logits)
    }

    /// The first buffers of a classifier's words.
    pub(crate) fn take_answer<'w>(&self, words: &mut Words<'w>) -> AnswerBuffers<'w, A> {
        AnswerBuffers { logits: words.take(self.classes()), pooled: words.take(self.pooled_size()) }
    }

    /// Values of the pooled vector: the head has an item for each.
    pub(crate) fn pooled_size(&self) -> usize {
        self.head.rows.stride
    }

    /// Values gathered over the steps.
    pub(crate) fn gathered_size(&self) -> usize {
        if self.pooling == Pooling::Last { 0 } else { self.pooled_size() }
    }

    fn classes(&self) -> usize {
        self.head.bias.len()
    }
}

/// Checks the numbers of steps against one another.
fn check_steps(manifest: &Manifest<'_>) -> Result<(), Error> {
    let Manifest { max_steps, pad_to, .. } = manifest;
    let (max_steps, pad_to) = (*max_steps as usize, *pad_to as usize);
    if manifest.pooling == Pooling::Mean || manifest.layers.iter().any(|layer| layer.reverse.is_some()) {
        expect_within(Field::MaxSteps, 1, MAX_COUNTED_STEPS, max_steps)?;
    }
    if let Input::Frames(_) = manifest.input {
        expect(Field::PadTo, 0, pad_to)?;
    }
    // Padding costs a step each whenever an answer is asked for: without a bound it would not end.
    let longest = if max_steps > 0 { max_steps.min(MAX_COUNTED_STEPS) } else { MAX_COUNTED_STEPS };
    expect_within(Field::PadTo, 0, longest, pad_to)
}

/// Adds the layers to `parsed`, where they stay.
fn parse_layers<'m, A: Arithmetic>(
    tensors: &Tensors<'m>,
    manifest: &Manifest<'_>,
    input: &StepInput<'m, A>,
    parsed: &mut Vec<RecurrentLayer<'m, A>, MAX_LAYERS>,
) -> Result<(), Error> {
    let layers = &manifest.layers;
    expect_within(Field::LayerCount, 1, MAX_LAYERS, layers.len())?;
    for layer in layers {
        let input_size = parsed.last().map_or(input.size(), RecurrentLayer::width);
        expect(Field::InputSize, input_size, layer.input_size as usize)?;
        let one_hot_tokens = input.one_hot_tokens().filter(|_| parsed.is_empty());
        parsed
            .push(RecurrentLayer::parse(tensors, layer, one_hot_tokens)?)
            .map_err(|_| invalid(Field::LayerCount, MAX_LAYERS, layers.len()))?;
    }
    Ok(())
}
