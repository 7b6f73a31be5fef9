//! A network in which a layer runs from the last step to the first as well: the steps are kept, and an answer
//! computes all of them, layer by layer and direction by direction.
//!
//! What is kept of a step is its token, or its frame as the first layer takes it in. Every direction is computed
//! in the same words, one after another. The outputs of a layer are kept for the layer above as the products there
//! take them in; the outputs of the last layer are pooled at once.

use super::arithmetic::Arithmetic;
use super::input::Step;
use super::network::{AnswerBuffers, Network, Progress, Unfinished, advance};
use super::pooling::{pool, pool_update};
use super::state::{LayerBuffers, StateArena, StepState};
use super::window::Window;
use super::{clear, clear_values, copy, fill};
use crate::format::Pooling;
use crate::plan::Direction;
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
    #[inline]
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
    /// To the head: values pooled so far, and the pooled vector, from this direction's units on.
    Head { so_far: &'b mut [A::Sum], pooled: &'b mut [A::State] },
}

/// The run of one direction over a sequence.
struct Pass<'b, 'w, A: Arithmetic> {
    below: Below<'b, 'w, A>,
    above: Above<'b, A>,
    reverse: bool,
}

impl<A: Arithmetic> Network<'_, '_, A> {
    /// Keeps a step at a place of the ring; the token that it had.
    #[inline]
    pub(crate) fn keep(&self, state: &mut [u32], place: u32, step: Step<'_>) -> u32 {
        let place = place as usize;
        let mut arena = StateArena(state);
        self.take_answer(&mut arena);
        let window = self.take_window(&mut arena);
        arena.take::<A::Sum>(self.model.pool_size());
        let mut kept = self.take_kept(&mut arena);
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
            KeptSteps::Frames { values, width } => self.write_input(step, &window, row_mut(values, place, *width)),
        }
        before
    }

    /// Goes on with computing the whole network over the steps that are kept, and padding where it is due: the pooled vector;
    /// false if it is not complete. What is unfinished is in `arena`, which must not change until then.
    /// `observe` sees every state: layer, its direction, whether it is the reverse one, step, buffers.
    #[inline]
    pub(super) fn pool_kept(
        &self,
        arena: &mut StateArena<'_>,
        pooled: &mut [A::State],
        progress: Progress,
        unfinished: &mut Unfinished,
        mut observe: impl FnMut(usize, &Direction<'_>, bool, usize, &LayerBuffers<'_, A>),
    ) -> bool {
        let so_far = arena.take::<A::Sum>(self.model.pool_size());
        let kept = self.take_kept(arena);
        let StateArena(scratch) = arena.take_words(self.model.scratch_words());
        let mut outputs = arena.take::<A::Value>(self.model.output_values(0));
        let mut inputs = arena.take::<A::Value>(self.model.output_values(1));
        if unfinished.directions == 0 && unfinished.steps == 0 {
            clear_values(so_far);
            clear_values(pooled);
        }
        let steps = progress.steps.max(self.model.pad_to);
        let (mut input_width, mut place) = (0, 0);
        for (number, layer) in self.model.layers().enumerate() {
            let width = layer.width();
            let last = number + 1 == self.model.layer_count();
            let mut start = 0;
            for (direction, reverse) in layer.directions().zip([false, true]) {
                let below = match number {
                    0 => Below::Steps(&kept),
                    _ => Below::Outputs { values: inputs, width: input_width },
                };
                let above = if last {
                    Above::Head {
                        so_far: so_far.get_mut(start..).unwrap_or_default(),
                        pooled: pooled.get_mut(start..).unwrap_or_default(),
                    }
                } else {
                    Above::Outputs { values: outputs, width, start }
                };
                if place == unfinished.directions {
                    let pass = Pass { below, above, reverse };
                    self.run(scratch, direction, pass, progress, unfinished, |step, buffers| {
                        observe(number, direction, reverse, step, buffers);
                    });
                    if unfinished.steps < steps {
                        return false;
                    }
                    let directions = place.saturating_add(1);
                    *unfinished = Unfinished { directions, ..Unfinished::START }.with_budget(unfinished.budget);
                }
                place = place.saturating_add(1);
                start = start.wrapping_add(direction.hidden_size);
            }
            core::mem::swap(&mut inputs, &mut outputs);
            input_width = width;
        }
        pool::<A>(self.model.head.pooling, pooled, so_far, steps);
        true
    }

    /// What each layer remembers after each step, in the order of computation.
    #[inline]
    pub(crate) fn observe_kept(&self, state: &mut [u32], progress: Progress, observer: &mut impl FnMut(StepState<'_>)) {
        let mut arena = StateArena(state);
        let AnswerBuffers { pooled, .. } = self.take_answer(&mut arena);
        self.take_window(&mut arena);
        let mut whole = Unfinished::START.with_budget(u32::MAX);
        self.pool_kept(&mut arena, pooled, progress, &mut whole, |layer, direction, reverse, step, buffers| {
            observer(StepState { layer, reverse, step, state: A::show_state(direction, buffers.hidden, buffers.cell) });
        });
    }

    /// Goes on with running one direction over the whole sequence, in `scratch`.
    #[inline]
    fn run(
        &self,
        scratch: &mut [u32],
        direction: &Direction<'_>,
        pass: Pass<'_, '_, A>,
        progress: Progress,
        unfinished: &mut Unfinished,
        mut observe: impl FnMut(usize, &LayerBuffers<'_, A>),
    ) {
        if unfinished.steps == 0 {
            clear(scratch);
        }
        let mut buffers = StateArena(scratch).take_layer::<A>(direction);
        let Pass { below, mut above, reverse } = pass;
        let steps = progress.steps.max(self.model.pad_to);
        while unfinished.steps < steps && unfinished.budget > 0 {
            let computed = unfinished.steps;
            let step = if reverse { steps - 1 - computed } else { computed } as usize;
            (unfinished.steps, unfinished.budget) = (computed + 1, unfinished.budget - 1);
            let one_hot = self.read(&below, direction, progress, step, buffers.inputs);
            advance(direction, one_hot, &mut buffers);
            observe(step, &buffers);
            match &mut above {
                Above::Outputs { values, width, start } => {
                    let target = row_mut(values, step, *width).get_mut(*start..).unwrap_or_default();
                    A::quantize_hidden(direction.cell, buffers.hidden, target);
                }
                Above::Head { so_far, .. } => {
                    pool_update::<A>(self.model.head.pooling, so_far, buffers.hidden, &mut unfinished.summed)
                }
            }
        }
        if let (Above::Head { pooled, .. }, Pooling::Last) = (above, self.model.head.pooling) {
            copy(pooled, buffers.hidden);
        }
    }

    /// Puts the input of a step in its place; the token's row of one-hot weights if it has one.
    #[inline]
    fn read<'d>(
        &self,
        below: &Below<'_, '_, A>,
        direction: &Direction<'d>,
        progress: Progress,
        step: usize,
        target: &mut [A::Value],
    ) -> &'d [u8] {
        let kept = match below {
            Below::Outputs { values, width } => {
                copy(target, row(values, step, *width));
                return &[];
            }
            Below::Steps(kept) if step < progress.steps as usize => kept.get(self.place(progress, step)),
            Below::Steps(_) => KeptStep::Token(PADDING_TOKEN),
        };
        match kept {
            KeptStep::Token(token) => {
                self.write_input(Step::Token(token), &Window::none(), target);
                direction.one_hot_row(token)
            }
            KeptStep::Frame(values) => {
                copy(target, values);
                &[]
            }
        }
    }

    /// Where a step lies in the ring.
    #[inline]
    fn place(&self, progress: Progress, step: usize) -> usize {
        let place = (progress.oldest as usize).wrapping_add(step);
        place.checked_sub(self.model.max_steps as usize).unwrap_or(place)
    }

    #[inline]
    fn take_kept<'w>(&self, arena: &mut StateArena<'w>) -> KeptSteps<'w, A> {
        let max_steps = self.model.max_steps as usize;
        match self.model.input.frames() {
            None if self.model.has_wide_tokens => KeptSteps::Tokens(arena.take(max_steps)),
            None => KeptSteps::NarrowTokens(arena.take(max_steps)),
            Some(_) => {
                let width = self.model.input.size();
                KeptSteps::Frames { values: arena.take(max_steps.saturating_mul(width)), width }
            }
        }
    }
}

/// A row of a matrix; nothing for a row that does not exist.
#[inline]
fn row<T>(values: &[T], number: usize, width: usize) -> &[T] {
    let start = number.wrapping_mul(width);
    values.get(start..start.wrapping_add(width)).unwrap_or_default()
}

/// As [`row`].
#[inline]
fn row_mut<T>(values: &mut [T], number: usize, width: usize) -> &mut [T] {
    let start = number.wrapping_mul(width);
    values.get_mut(start..start.wrapping_add(width)).unwrap_or_default()
}
