//! A network in which a layer runs from the last step to the first as well: the steps are kept, and an answer
//! computes all of them, layer by layer and direction by direction.
//!
//! What is kept of a step is its token, or its frame as the first layer takes it in. Every direction is computed
//! in the same words, one after another. The outputs of a layer are kept for the layer above as the products there
//! take them in; the outputs of the last layer are gathered at once.

use super::arithmetic::Arithmetic;
use super::direction::Direction;
use super::fill;
use super::input::Step;
use super::network::{Network, RecurrentLayer, Taken};
use super::pooling::{gather, pool};
use super::state::{LayerBuffers, StepState, Words, layer_words, words_for};
use super::window::Window;
use crate::format::Pooling;
use crate::text::PADDING_TOKEN;

/// The steps that are kept, in a ring.
enum KeptSteps<'w, A: Arithmetic> {
    /// Tokens of 16 bits.
    NarrowTokens(&'w mut [u16]),
    /// Other tokens.
    Tokens(&'w mut [u32]),
    /// `[max_steps, width]`, as the first layer takes them in.
    Frames { values: &'w mut [A::Value], width: usize },
}

/// One step that is kept.
enum KeptStep<'k, A: Arithmetic> {
    Token(u32),
    Frame(&'k [A::Value]),
}

impl<A: Arithmetic> KeptSteps<'_, A> {
    /// The step at a place of the ring.
    fn get(&self, place: usize) -> KeptStep<'_, A> {
        match self {
            Self::NarrowTokens(tokens) => {
                KeptStep::Token(tokens.get(place).map_or(PADDING_TOKEN, |token| u32::from(*token)))
            }
            Self::Tokens(tokens) => KeptStep::Token(tokens.get(place).copied().unwrap_or(PADDING_TOKEN)),
            Self::Frames { values, width } => KeptStep::Frame(row(values, place, *width)),
        }
    }
}

/// What a layer reads its inputs from.
enum Below<'b, 'w, A: Arithmetic> {
    /// The sequence.
    Steps(&'b KeptSteps<'w, A>),
    /// The outputs of the layer below, `[max_steps, width]`.
    Outputs { values: &'b [A::Value], width: usize },
}

/// Where a direction's outputs go.
enum Above<'b, A: Arithmetic> {
    /// To the layer above: from `start` on in each step's row of `width` values.
    Outputs { values: &'b mut [A::Value], width: usize, start: usize },
    /// To the head: values gathered, and the pooled vector, from this direction's units on.
    Head { gathered: &'b mut [A::Sum], pooled: &'b mut [A::State] },
}

/// The run of one direction over a sequence.
struct Pass<'b, 'w, A: Arithmetic> {
    below: Below<'b, 'w, A>,
    above: Above<'b, A>,
    reverse: bool,
}

impl<A: Arithmetic> Network<'_, A> {
    /// 32-bit words of the steps, the states of one direction, two layers' outputs, and the values gathered.
    pub(super) fn buffered_words(&self) -> usize {
        [
            words_for::<A::Sum>(self.gathered_size()),
            self.kept_words(),
            self.scratch_words(),
            words_for::<A::Value>(self.output_values(0)),
            words_for::<A::Value>(self.output_values(1)),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// Keeps a step at a place of the ring; the token that it had.
    pub(crate) fn keep(&self, words: &mut [u32], place: u32, step: Step<'_>) -> u32 {
        let place = place as usize;
        let mut words = Words(words);
        self.take_answer(&mut words);
        let window = self.take_window(&mut words);
        words.take::<A::Sum>(self.gathered_size());
        let mut kept = self.take_kept(&mut words);
        let before = match kept.get(place) {
            KeptStep::Token(token) => token,
            KeptStep::Frame(_) => PADDING_TOKEN,
        };
        match &mut kept {
            KeptSteps::NarrowTokens(tokens) => {
                fill(tokens.get_mut(place..).unwrap_or_default(), core::iter::once(step.token() as u16));
            }
            KeptSteps::Tokens(tokens) => {
                fill(tokens.get_mut(place..).unwrap_or_default(), core::iter::once(step.token()));
            }
            KeptSteps::Frames { values, width } => self.input.write(step, &window, row_mut(values, place, *width)),
        }
        before
    }

    /// Computes the whole network over the steps that are kept, and padding where it is due; the pooled vector.
    /// `observe` sees every state: layer, its direction, whether it is the reverse one, step, buffers.
    pub(super) fn pool_kept(
        &self,
        words: &mut Words<'_>,
        pooled: &mut [A::State],
        taken: Taken,
        mut observe: impl FnMut(usize, &Direction<'_, A>, bool, usize, &LayerBuffers<'_, A>),
    ) {
        let gathered = words.take::<A::Sum>(self.gathered_size());
        let kept = self.take_kept(words);
        let Words(scratch) = words.take_words(self.scratch_words());
        let mut outputs = words.take::<A::Value>(self.output_values(0));
        let mut inputs = words.take::<A::Value>(self.output_values(1));
        gathered.fill(bytemuck::Zeroable::zeroed());
        pooled.fill(bytemuck::Zeroable::zeroed());
        let mut input_width = 0;
        for (number, layer) in self.layers.iter().enumerate() {
            let width = layer.width();
            let last = number + 1 == self.layers.len();
            let mut start = 0;
            for (direction, reverse) in layer.directions().zip([false, true]) {
                let below = match number {
                    0 => Below::Steps(&kept),
                    _ => Below::Outputs { values: inputs, width: input_width },
                };
                let above = if last {
                    Above::Head {
                        gathered: gathered.get_mut(start..).unwrap_or_default(),
                        pooled: pooled.get_mut(start..).unwrap_or_default(),
                    }
                } else {
                    Above::Outputs { values: outputs, width, start }
                };
                self.run(scratch, direction, Pass { below, above, reverse }, taken, |step, buffers| {
                    observe(number, direction, reverse, step, buffers);
                });
                start = start.wrapping_add(direction.shape.hidden_size);
            }
            core::mem::swap(&mut inputs, &mut outputs);
            input_width = width;
        }
        pool::<A>(self.pooling, pooled, gathered, taken.steps.max(self.pad_to));
    }

    /// What each layer remembers after each step, in the order of computation.
    pub(crate) fn observe_kept(&self, words: &mut [u32], taken: Taken, observer: &mut impl FnMut(StepState<'_>)) {
        let mut words = Words(words);
        let answer = self.take_answer(&mut words);
        self.take_window(&mut words);
        self.pool_kept(&mut words, answer.pooled, taken, |layer, direction, reverse, step, buffers| {
            observer(StepState { layer, reverse, step, state: A::show_state(direction, buffers.hidden, buffers.cell) });
        });
    }

    /// Runs one direction over the whole sequence, in `scratch`.
    #[inline(never)]
    fn run(
        &self,
        scratch: &mut [u32],
        direction: &Direction<'_, A>,
        pass: Pass<'_, '_, A>,
        taken: Taken,
        mut observe: impl FnMut(usize, &LayerBuffers<'_, A>),
    ) {
        scratch.fill(0);
        let mut buffers = Words(scratch).take_layer::<A>(direction);
        let Pass { below, mut above, reverse } = pass;
        let steps = taken.steps.max(self.pad_to) as usize;
        let mut summed = 0;
        for computed in 0..steps {
            let step = if reverse { steps - 1 - computed } else { computed };
            let one_hot = self.read(&below, direction, taken, step, buffers.inputs);
            direction.advance(one_hot, &mut buffers);
            observe(step, &buffers);
            match &mut above {
                Above::Outputs { values, width, start } => {
                    let target = row_mut(values, step, *width).get_mut(*start..).unwrap_or_default();
                    A::narrow(direction.cell, buffers.hidden, target);
                }
                Above::Head { gathered, .. } => gather::<A>(self.pooling, gathered, buffers.hidden, &mut summed),
            }
        }
        if let (Above::Head { pooled, .. }, Pooling::Last) = (above, self.pooling) {
            fill(pooled, buffers.hidden.iter().copied());
        }
    }

    /// Puts the input of a step in its place; the token's row of one-hot weights if it has one.
    fn read<'d>(
        &self,
        below: &Below<'_, '_, A>,
        direction: &Direction<'d, A>,
        taken: Taken,
        step: usize,
        target: &mut [A::Value],
    ) -> &'d [A::Weight] {
        let kept = match below {
            Below::Outputs { values, width } => {
                fill(target, row(values, step, *width).iter().copied());
                return &[];
            }
            Below::Steps(kept) if step < taken.steps as usize => kept.get(self.place(taken, step)),
            Below::Steps(_) => KeptStep::Token(PADDING_TOKEN),
        };
        match kept {
            KeptStep::Token(token) => {
                self.input.write(Step::Token(token), &Window::none(), target);
                direction.one_hot_row(token)
            }
            KeptStep::Frame(values) => {
                fill(target, values.iter().copied());
                &[]
            }
        }
    }

    /// Where a step lies in the ring.
    fn place(&self, taken: Taken, step: usize) -> usize {
        let place = (taken.oldest as usize).wrapping_add(step);
        place.checked_sub(self.max_steps as usize).unwrap_or(place)
    }

    fn take_kept<'w>(&self, words: &mut Words<'w>) -> KeptSteps<'w, A> {
        let max_steps = self.max_steps as usize;
        match self.input.frames() {
            None if self.wide_tokens => KeptSteps::Tokens(words.take(max_steps)),
            None => KeptSteps::NarrowTokens(words.take(max_steps)),
            Some(_) => {
                let width = self.input.size();
                KeptSteps::Frames { values: words.take(max_steps.saturating_mul(width)), width }
            }
        }
    }

    fn kept_words(&self) -> usize {
        let max_steps = self.max_steps as usize;
        match self.input.frames() {
            None if self.wide_tokens => words_for::<u32>(max_steps),
            None => words_for::<u16>(max_steps),
            Some(_) => words_for::<A::Value>(max_steps.saturating_mul(self.input.size())),
        }
    }

    /// 32-bit words of the largest direction's states.
    fn scratch_words(&self) -> usize {
        self.layers.iter().flat_map(RecurrentLayer::directions).map(layer_words).max().unwrap_or(0)
    }

    /// Values of the outputs of the layers `first`, `first + 2`, .. below the last, of which one at a time is kept.
    fn output_values(&self, first: usize) -> usize {
        let below = self.layers.len().saturating_sub(1);
        let widths = self.layers.iter().take(below).skip(first).step_by(2).map(RecurrentLayer::width);
        widths.max().unwrap_or(0).saturating_mul(self.max_steps as usize)
    }
}

/// A row of a matrix; nothing for a row that does not exist.
fn row<T>(values: &[T], number: usize, width: usize) -> &[T] {
    let start = number.wrapping_mul(width);
    values.get(start..start.wrapping_add(width)).unwrap_or_default()
}

/// As [`row`].
fn row_mut<T>(values: &mut [T], number: usize, width: usize) -> &mut [T] {
    let start = number.wrapping_mul(width);
    values.get_mut(start..start.wrapping_add(width)).unwrap_or_default()
}
