//! A network whose layers run from the first step to the last alone: each step is computed when it comes, and
//! nothing of it is kept but the states.

use super::arithmetic::Arithmetic;
use super::fill;
use super::input::Step;
use super::network::{Network, Taken};
use super::pooling::{gather, pool};
use super::state::{LayerState, StepState, Words, layer_words, words_for};
use super::window::Window;
use crate::format::{Cell, Pooling};
use crate::text::PADDING_TOKEN;

impl<A: Arithmetic> Network<'_, A> {
    /// 32-bit words of the states, and of a copy that answers are computed on if they may be ahead of them.
    pub(super) fn streaming_words(&self) -> usize {
        self.running_words().saturating_mul(if self.has_copy() { 2 } else { 1 })
    }

    /// Whether an answer may be about steps that the states have not taken in: a word or a character that has begun, and
    /// padding.
    fn has_copy(&self) -> bool {
        self.can_have_begun || self.pad_to > 0
    }

    /// Takes in one step after `summed` others, and counts it.
    pub(crate) fn step(&self, words: &mut [u32], step: Step<'_>, summed: &mut u32) {
        let mut words = Words(words);
        self.take_answer(&mut words);
        let window = self.take_window(&mut words);
        self.run_step(words.0, step, &window, summed);
    }

    /// The pooled vector after what was taken, a step `ahead` of it, and padding where it is due.
    ///
    /// Both are computed on a copy of the states. A model without one has a step ahead at the start of a sequence alone:
    /// its states are zeros before, and made zeros again.
    pub(super) fn pool_streamed(
        &self,
        words: &mut Words<'_>,
        window: &Window<'_, A>,
        pooled: &mut [A::State],
        mut taken: Taken,
        ahead: Option<Step<'_>>,
    ) {
        let Words(running) = words.take_words(self.running_words());
        let mut is_ahead = ahead.is_some() || taken.steps < self.pad_to;
        let states = if is_ahead && self.has_copy() {
            let Words(copy) = words.take_words(self.running_words());
            fill(copy, running.iter().copied());
            is_ahead = false;
            copy
        } else {
            running
        };
        let ahead_steps = u32::from(ahead.is_some());
        if let Some(step) = ahead {
            self.run_step(states, step, window, &mut taken.summed);
        }
        for _ in taken.steps.saturating_add(ahead_steps)..self.pad_to {
            self.run_step(states, Step::Token(PADDING_TOKEN), window, &mut taken.summed);
        }
        let mut words = Words(states);
        let gathered = words.take::<A::Sum>(self.gathered_size());
        if self.pooling == Pooling::Last {
            let last = self.layers.iter().map(|layer| words.take_layer(&layer.forward).hidden).last();
            fill(pooled, last.unwrap_or_default().iter().copied());
        }
        pool::<A>(self.pooling, pooled, gathered, taken.summed);
        if is_ahead {
            states.fill(0);
        }
    }

    /// What a layer remembers; `None` if there is no such layer.
    pub(crate) fn layer_state<'w>(&self, words: &'w mut [u32], number: usize) -> Option<LayerState<'w>> {
        let mut words = Words(words);
        self.take_answer(&mut words);
        self.take_window(&mut words);
        words.take::<A::Sum>(self.gathered_size());
        for layer in self.layers.get(..number)? {
            words.take_layer::<A>(&layer.forward);
        }
        let direction = &self.layers.get(number)?.forward;
        let buffers = words.take_layer(direction);
        Some(A::show_state(direction, buffers.hidden, buffers.cell))
    }

    /// What each layer remembers after the last of `steps` steps.
    pub(crate) fn observe_streamed(&self, words: &mut [u32], steps: u32, observer: &mut impl FnMut(StepState<'_>)) {
        let Some(step) = steps.checked_sub(1) else {
            return;
        };
        for layer in 0..self.layers.len() {
            if let Some(state) = self.layer_state(words, layer) {
                observer(StepState { layer, reverse: false, step: step as usize, state });
            }
        }
    }

    /// 32-bit words of the values gathered and of all layers' states; saturates.
    fn running_words(&self) -> usize {
        let layers = self.layers.iter().map(|layer| layer_words(&layer.forward));
        layers.fold(words_for::<A::Sum>(self.gathered_size()), usize::saturating_add)
    }

    /// One step of all layers, on the words that [`Self::running_words`] counts.
    fn run_step(&self, words: &mut [u32], step: Step<'_>, window: &Window<'_, A>, summed: &mut u32) {
        let mut words = Words(words);
        let gathered = words.take::<A::Sum>(self.gathered_size());
        let mut below: Option<(Cell, &[A::State])> = None;
        for layer in &self.layers {
            let direction = &layer.forward;
            let mut buffers = words.take_layer::<A>(direction);
            match below {
                None => {
                    self.input.write(step, window, buffers.inputs);
                    direction.advance(direction.one_hot_row(step.token()), &mut buffers);
                }
                Some((cell, hidden)) => {
                    A::narrow(cell, hidden, buffers.inputs);
                    direction.advance(&[], &mut buffers);
                }
            }
            below = Some((direction.cell, buffers.hidden));
        }
        gather::<A>(self.pooling, gathered, below.map_or(&[], |(_, hidden)| hidden), summed);
    }
}
