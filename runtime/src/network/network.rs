use heapless::Vec;

use super::arithmetic::Arithmetic;
use super::direction::{Direction, LayerShape};
use super::fill;
use super::head::Head;
use super::input::{MAX_SIZE, Step, StepInput};
use super::state::{Shape, Words, words_for};
use super::window::{Gathering, Window};
use crate::answer::Logits;
use crate::error::{Error, Field, expect, expect_within, invalid};
use crate::format::{Input, Layer, MAX_HEADS, MAX_LAYERS, PartOne, Pooling, Tensors, Tokens};

/// Most steps of a model that keeps its steps.
const MAX_KEPT_STEPS: usize = 65_535;
/// Most steps of padding: each costs as much as a step whenever an answer is asked for.
const MAX_PADDING: usize = 1_024;
/// Tokens that fit into 16 bits.
const NARROW_TOKENS: usize = 1 << 16;

/// A recurrent layer.
pub(crate) struct RecurrentLayer<'m, A: Arithmetic> {
    pub(crate) forward: Direction<'m, A>,
    pub(crate) reverse: Option<Direction<'m, A>>,
}

impl<'m, A: Arithmetic> RecurrentLayer<'m, A> {
    fn parse(
        tensors: &mut Tensors<'m>,
        layer: &Layer,
        input_size: usize,
        one_hot_tokens: Option<usize>,
    ) -> Result<Self, Error> {
        let Layer { cell, hidden_size, bits, forward, reverse } = *layer;
        let hidden_size = hidden_size as usize;
        expect_within(Field::HiddenSize, 1, MAX_SIZE, hidden_size)?;
        let layer = LayerShape { cell, shape: Shape { input_size, hidden_size }, bits, one_hot_tokens };
        Ok(Self {
            forward: Direction::parse(tensors, layer, &forward)?,
            reverse: reverse.map(|reverse| Direction::parse(tensors, layer, &reverse)).transpose()?,
        })
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
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    /// Steps taken in and not forgotten.
    pub(crate) steps: u32,
    /// Where the oldest of them lies among the steps that a buffered network keeps.
    pub(crate) oldest: u32,
    /// Steps that the mean of a streaming network counts.
    pub(crate) summed: u32,
}

/// A whole network, its weights borrowed from a file.
///
/// Its part of a classifier's words: logits, pooled vector, the frames of the next step, values gathered over the steps,
/// then the states of a network that takes in step by step, or the steps of one that keeps them.
pub(crate) struct Network<'m, A: Arithmetic> {
    pub(crate) input: StepInput<'m, A>,
    /// Whether a token takes more than 16 bits.
    pub(crate) wide_tokens: bool,
    /// Whether there is text of which a word or a character may have begun.
    pub(crate) can_have_begun: bool,
    pub(crate) layers: Vec<RecurrentLayer<'m, A>, MAX_LAYERS>,
    pub(crate) pooling: Pooling,
    pub(crate) head: Head<'m, A>,
    /// Most steps; `u32::MAX`: there is no limit. At most [`MAX_KEPT_STEPS`] where a layer has a reverse direction.
    pub(crate) max_steps: u32,
    pub(crate) pad_to: u32,
}

/// The parts of a classifier's words that an answer is made in.
pub(crate) struct AnswerBuffers<'w, A: Arithmetic> {
    pub(crate) logits: &'w mut [A::Sum],
    pub(crate) pooled: &'w mut [A::State],
}

impl<'m, A: Arithmetic> Network<'m, A> {
    /// Borrows and checks all weights of a model of `tokens` tokens, whose text's table has been taken.
    pub(crate) fn parse(tensors: &mut Tensors<'m>, part_one: &PartOne, tokens: usize) -> Result<Self, Error> {
        check_steps(part_one)?;
        let input = StepInput::parse(tensors, &part_one.input, tokens)?;
        let mut layers = Vec::new();
        parse_layers(tensors, part_one, &input, &mut layers)?;
        let [head] = part_one.heads.as_slice() else {
            return Err(invalid(Field::HeadCount, MAX_HEADS, part_one.heads.len()));
        };
        let pooling = head.pooling;
        let head = Head::parse(tensors, head, layers.last().map_or(0, RecurrentLayer::width))?;
        tensors.end()?;
        let max_steps = if part_one.max_steps == 0 { u32::MAX } else { part_one.max_steps };
        let (wide_tokens, can_have_begun) = match &part_one.input {
            Input::Text(text) => (
                tokens > NARROW_TOKENS || matches!(text.tokens, Tokens::ComposedWords { .. }),
                text.tokens != Tokens::Bytes,
            ),
            Input::Frames(_) => (false, false),
        };
        let pad_to = part_one.pad_to.into();
        Ok(Self { input, wide_tokens, can_have_begun, layers, pooling, head, max_steps, pad_to })
    }

    /// Whether an answer needs all steps at once.
    pub(crate) fn is_buffered(&self) -> bool {
        self.layers.iter().any(|layer| layer.reverse.is_some())
    }

    /// 32-bit words that a classifier needs; saturates.
    pub(crate) fn required_words(&self) -> usize {
        let answer = words_for::<A::Sum>(self.head.classes()) + words_for::<A::State>(self.pooled_size());
        let window = Window::words(self.input.frames());
        let steps = if self.is_buffered() { self.buffered_words() } else { self.streaming_words() };
        answer.saturating_add(window).saturating_add(steps)
    }

    /// Products of a weight and a value in one step of all directions; saturates.
    pub(crate) fn step_products(&self) -> u64 {
        let directions = self.layers.iter().flat_map(RecurrentLayer::directions);
        directions.map(Direction::products).fold(0, u64::saturating_add)
    }

    /// Keeps a frame of a model whose steps are made of several.
    pub(crate) fn gather_frame(&self, words: &mut [u32], frame: Step<'_>, gathering: Gathering) {
        let mut words = Words(words);
        self.take_answer(&mut words);
        let mut window = self.take_window(&mut words);
        if let Some(input) = self.input.frames() {
            window.keep(input, frame, gathering);
        }
    }

    /// Computes the logits of what was taken in, and of a step ahead of it.
    pub(crate) fn answer(&self, words: &mut [u32], taken: Taken, ahead: Option<Step<'_>>) {
        let mut words = Words(words);
        let mut answer = self.take_answer(&mut words);
        let window = self.take_window(&mut words);
        if self.is_buffered() {
            self.pool_kept(&mut words, answer.pooled, taken, |_, _, _, _, _| {});
        } else {
            self.pool_streamed(&mut words, &window, answer.pooled, taken, ahead);
        }
        let AnswerBuffers { logits, pooled } = &mut answer;
        fill(logits, (0..self.head.classes()).map(|class| self.head.logit(class, pooled)));
    }

    /// The logits that [`Self::answer`] computed last.
    pub(crate) fn logits<'w>(&self, words: &'w mut [u32]) -> Logits<'w> {
        A::show_logits(self.take_answer(&mut Words(words)).logits)
    }

    /// The first buffers of a classifier's words.
    pub(crate) fn take_answer<'w>(&self, words: &mut Words<'w>) -> AnswerBuffers<'w, A> {
        AnswerBuffers { logits: words.take(self.head.classes()), pooled: words.take(self.pooled_size()) }
    }

    /// The buffers of a step's frames, which follow those.
    pub(super) fn take_window<'w>(&self, words: &mut Words<'w>) -> Window<'w, A> {
        Window::take(words, self.input.frames())
    }

    /// Values of the pooled vector.
    pub(crate) fn pooled_size(&self) -> usize {
        self.layers.last().map_or(0, RecurrentLayer::width)
    }

    /// Values gathered over the steps.
    pub(crate) fn gathered_size(&self) -> usize {
        if self.pooling == Pooling::Last { 0 } else { self.pooled_size() }
    }
}

/// Checks the numbers of steps against one another.
fn check_steps(part_one: &PartOne) -> Result<(), Error> {
    let (max_steps, pad_to) = (part_one.max_steps as usize, usize::from(part_one.pad_to));
    if part_one.layers.iter().any(|layer| layer.reverse.is_some()) {
        expect_within(Field::MaxSteps, 1, MAX_KEPT_STEPS, max_steps)?;
    }
    if let Input::Frames(_) = part_one.input {
        expect(Field::PadTo, 0, pad_to)?;
    }
    let longest = if max_steps > 0 { max_steps.min(MAX_PADDING) } else { MAX_PADDING };
    expect_within(Field::PadTo, 0, longest, pad_to)
}

/// Adds the layers to `parsed`, where they stay.
fn parse_layers<'m, A: Arithmetic>(
    tensors: &mut Tensors<'m>,
    part_one: &PartOne,
    input: &StepInput<'m, A>,
    parsed: &mut Vec<RecurrentLayer<'m, A>, MAX_LAYERS>,
) -> Result<(), Error> {
    let layers = &part_one.layers;
    expect_within(Field::LayerCount, 1, MAX_LAYERS, layers.len())?;
    for layer in layers {
        let input_size = parsed.last().map_or(input.size(), RecurrentLayer::width);
        let one_hot_tokens = input.one_hot_tokens().filter(|_| parsed.is_empty());
        parsed
            .push(RecurrentLayer::parse(tensors, layer, input_size, one_hot_tokens)?)
            .map_err(|_| invalid(Field::LayerCount, MAX_LAYERS, layers.len()))?;
    }
    Ok(())
}
