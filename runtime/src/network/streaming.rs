//! A network whose layers run from the first step to the last alone: each step is computed when it comes, and
//! nothing of it is kept but the states.

use super::arithmetic::Arithmetic;
use super::input::Step;
use super::network::{Network, Progress, advance};
use super::pooling::{pool, pool_update};
use super::state::{LayerState, StateArena, StepState};
use super::window::{Gathering, Window};
use super::{clear, copy};
use crate::format::{Cell, Pooling};
use crate::text::PADDING_TOKEN;

impl<A: Arithmetic> Network<'_, '_, A> {
    /// Takes in one step after `summed` others, and counts it.
    #[inline]
    pub(crate) fn step(&self, state: &mut [u32], step: Step<'_>, summed: &mut u32) {
        let mut arena = StateArena(state);
        self.take_answer(&mut arena);
        let window = self.take_window(&mut arena);
        self.run_step(arena.0, step, &window, summed);
    }

    /// Writes the frames that were gathered where the first layer takes them in, for [`Step::Prepared`]: further frames may be
    /// gathered before that step is computed.
    #[inline]
    pub(crate) fn prepare_step(&self, state: &mut [u32], gathering: Gathering) {
        let mut arena = StateArena(state);
        self.take_answer(&mut arena);
        let window = self.take_window(&mut arena);
        arena.take::<A::Sum>(self.model.pool_size());
        if let Some(layer) = self.model.layer(0) {
            let buffers = arena.take_layer::<A>(&layer.forward);
            self.write_input(Step::Gathered(gathering), &window, buffers.inputs);
        }
    }

    /// The pooled vector after what was taken, a step `ahead` of it, and padding where it is due.
    ///
    /// Both are computed on a copy of the states. A model without one has a step ahead at the start of a sequence alone:
    /// its states are zeros before, and made zeros again.
    #[inline]
    pub(super) fn pool_streamed(
        &self,
        arena: &mut StateArena<'_>,
        window: &Window<'_, A>,
        pooled: &mut [A::State],
        mut progress: Progress,
        ahead: Option<Step<'_>>,
    ) {
        let words = self.model.running_words();
        let StateArena(running) = arena.take_words(words);
        let mut is_ahead = ahead.is_some() || progress.steps < self.model.pad_to;
        let states = if is_ahead && self.model.has_copy() {
            let StateArena(ahead) = arena.take_words(words);
            copy(ahead, running);
            is_ahead = false;
            ahead
        } else {
            running
        };
        let ahead_steps = u32::from(ahead.is_some());
        if let Some(step) = ahead {
            self.run_step(states, step, window, &mut progress.summed);
        }
        for _ in progress.steps.saturating_add(ahead_steps)..self.model.pad_to {
            self.run_step(states, Step::Token(PADDING_TOKEN), window, &mut progress.summed);
        }
        let mut arena = StateArena(states);
        let pooled_so_far = arena.take::<A::Sum>(self.model.pool_size());
        if self.model.head.pooling == Pooling::Last {
            let last = self.model.layers().map(|layer| arena.take_layer::<A>(&layer.forward).hidden).last();
            copy(pooled, last.unwrap_or_default());
        }
        pool::<A>(self.model.head.pooling, pooled, pooled_so_far, progress.summed);
        if is_ahead {
            clear(states);
        }
    }

    /// What a layer remembers; `None` if there is no such layer.
    #[inline]
    pub(crate) fn layer_state<'w>(&self, state: &'w mut [u32], number: usize) -> Option<LayerState<'w>> {
        let mut arena = StateArena(state);
        self.take_answer(&mut arena);
        self.take_window(&mut arena);
        arena.take::<A::Sum>(self.model.pool_size());
        for layer in self.model.layers().take(number) {
            arena.take_layer::<A>(&layer.forward);
        }
        let direction = &self.model.layer(number)?.forward;
        let buffers = arena.take_layer::<A>(direction);
        Some(A::show_state(direction, buffers.hidden, buffers.cell))
    }

    /// What each layer remembers after the last of `steps` steps.
    #[inline]
    pub(crate) fn observe_streamed(&self, state: &mut [u32], steps: u32, observer: &mut impl FnMut(StepState<'_>)) {
        let Some(step) = steps.checked_sub(1) else {
            return;
        };
        for layer in 0..self.model.layer_count() {
            if let Some(after) = self.layer_state(state, layer) {
                observer(StepState { layer, reverse: false, step: step as usize, state: after });
            }
        }
    }

    /// One step of all layers, on the running state.
    #[inline]
    fn run_step(&self, state: &mut [u32], step: Step<'_>, window: &Window<'_, A>, summed: &mut u32) {
        let mut arena = StateArena(state);
        let pooled_so_far = arena.take::<A::Sum>(self.model.pool_size());
        let mut below: Option<(Cell, &[A::State])> = None;
        for layer in self.model.layers() {
            let direction = &layer.forward;
            let mut buffers = arena.take_layer::<A>(direction);
            match below {
                None => {
                    self.write_input(step, window, buffers.inputs);
                    advance(direction, direction.one_hot_row(step.token()), &mut buffers);
                }
                Some((cell, hidden)) => {
                    A::quantize_hidden(cell, hidden, buffers.inputs);
                    advance(direction, &[], &mut buffers);
                }
            }
            below = Some((direction.cell, buffers.hidden));
        }
        pool_update::<A>(self.model.head.pooling, pooled_so_far, below.map_or(&[], |(_, hidden)| hidden), summed);
    }
}
