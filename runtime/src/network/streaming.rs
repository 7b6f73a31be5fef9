//! A network whose layers run from the first step to the last alone: each step is computed when it comes, and
//! nothing of it is kept but the states.

use super::arithmetic::Arithmetic;
use super::fill;
use super::input::Step;
use super::network::Network;
use super::pooling::{gather, pool};
use super::state::{LayerState, StepState, Words, layer_words, words_for};
use crate::format::{Cell, Pooling};
use crate::text::PADDING_TOKEN;

impl<A: Arithmetic> Network<'_, A> {
    /// 32-bit words of the states, and of a copy that padding is computed on.
    pub(super) fn streaming_words(&self) -> usize {
        let copies = if self.pad_to > 0 { 2 } else { 1 };
        self.running_words().saturating_mul(copies)
    }

    /// Takes in one step; `first`: of the sequence.
    pub(crate) fn step(&self, words: &mut [u32], step: Step<'_>, first: bool) {
        let mut words = Words(words);
        self.take_answer(&mut words);
        self.run_step(words.0, step, first);
    }

    /// The pooled vector after `steps` steps, and padding where it is due.
    pub(super) fn pool_streamed(&self, words: &mut Words<'_>, pooled: &mut [A::State], steps: u32) {
        let Words(running) = words.take_words(self.running_words());
        let states = if steps < self.pad_to {
            let Words(copy) = words.take_words(self.running_words());
            fill(copy, running.iter().copied());
            for step in steps..self.pad_to {
                self.run_step(copy, Step::Token(PADDING_TOKEN), step == 0);
            }
            copy
        } else {
            running
        };
        let mut words = Words(states);
        let gathered = words.take::<A::Sum>(self.gathered_size());
        if self.pooling == Pooling::Last {
            let last = self.layers.iter().map(|layer| words.take_layer(&layer.forward).hidden).last();
            fill(pooled, last.unwrap_or_default().iter().copied());
        }
        pool::<A>(self.pooling, pooled, gathered, steps.max(self.pad_to));
    }

    /// What a layer remembers; `None` if there is no such layer.
    pub(crate) fn layer_state<'w>(&self, words: &'w mut [u32], number: usize) -> Option<LayerState<'w>> {
        let mut words = Words(words);
        self.take_answer(&mut words);
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
    fn run_step(&self, words: &mut [u32], step: Step<'_>, first: bool) {
        let mut words = Words(words);
        let gathered = words.take::<A::Sum>(self.gathered_size());
        let mut below: Option<(Cell, &[A::State])> = None;
        for layer in &self.layers {
            let direction = &layer.forward;
            let mut buffers = words.take_layer::<A>(direction);
            match below {
                None => {
                    self.input.write(step, buffers.inputs);
                    direction.advance(direction.one_hot_row(step.token()), &mut buffers);
                }
                Some((cell, hidden)) => {
                    A::narrow(cell, hidden, buffers.inputs);
                    direction.advance(&[], &mut buffers);
                }
            }
            below = Some((direction.cell, buffers.hidden));
        }
        gather::<A>(self.pooling, gathered, below.map_or(&[], |(_, hidden)| hidden), first);
    }
}
