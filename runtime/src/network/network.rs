use core::marker::PhantomData;

use super::arithmetic::Arithmetic;
use super::input::Step;
use super::state::{LayerBuffers, StateArena};
use super::window::{Gathering, Window};
use crate::answer::Logits;
use crate::plan::{Direction, Model};

/// What a sequence is at the moment of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// Steps taken in and not forgotten.
    pub(crate) steps: u32,
    /// Where the oldest of them lies among the steps that a buffered network keeps.
    pub(crate) oldest: u32,
    /// Steps that the mean of a streaming network counts.
    pub(crate) summed: u32,
}

impl Progress {
    pub(crate) const START: Self = Self { steps: 0, oldest: 0, summed: 0 };
}

/// How far an answer of a network that keeps its steps is computed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unfinished {
    /// Directions that are computed, of all layers.
    pub(super) directions: u32,
    /// Steps of the next direction that are computed.
    pub(super) steps: u32,
    /// Those of them that a mean counts.
    pub(super) summed: u32,
    /// Steps that may still be computed now.
    pub(crate) budget: u32,
}

impl Unfinished {
    pub(crate) const START: Self = Self { directions: 0, steps: 0, summed: 0, budget: 0 };

    /// The same, with so many steps that may be computed now.
    #[inline]
    pub(crate) const fn with_budget(self, budget: u32) -> Self {
        Self { budget, ..self }
    }
}

/// A model's computation in the arithmetic of its precision.
pub(crate) struct Network<'a, 'm, A> {
    pub(super) model: &'a Model<'m>,
    arithmetic: PhantomData<A>,
}

/// An expression on the network of a model, whatever its precision.
macro_rules! with_network {
    ($model:expr, $network:ident => $expression:expr) => {
        match $model.precision() {
            #[cfg(feature = "float")]
            $crate::format::Precision::F16 | $crate::format::Precision::F32 => {
                let $network = $crate::network::Network::<$crate::network::Float>::of($model);
                $expression
            }
            _ => {
                let $network = $crate::network::Network::<$crate::network::Int8>::of($model);
                $expression
            }
        }
    };
}
pub(crate) use with_network;

/// The parts of a classifier's state that an answer is made in.
pub(super) struct AnswerBuffers<'w, A: Arithmetic> {
    pub(super) logits: &'w mut [A::Sum],
    pub(super) pooled: &'w mut [A::State],
}

impl<'a, 'm, A: Arithmetic> Network<'a, 'm, A> {
    /// The computation of a model, whose precision has this arithmetic.
    #[inline]
    pub(crate) const fn of(model: &'a Model<'m>) -> Self {
        Self { model, arithmetic: PhantomData }
    }

    /// Keeps a frame of a model whose steps are made of several.
    #[inline]
    pub(crate) fn gather_frame(&self, state: &mut [u32], frame: Step<'_>, gathering: Gathering) {
        let mut arena = StateArena(state);
        self.take_answer(&mut arena);
        let mut window = self.take_window(&mut arena);
        if let Some(input) = self.model.input.frames() {
            window.keep(input, frame, gathering);
        }
    }

    /// Computes the logits of what was taken in, and of a step ahead of it; false if a network that keeps its steps has not
    /// computed all of them, because `unfinished` allows for no more.
    #[inline]
    pub(crate) fn answer(
        &self,
        state: &mut [u32],
        progress: Progress,
        ahead: Option<Step<'_>>,
        unfinished: &mut Unfinished,
    ) -> bool {
        let mut arena = StateArena(state);
        let AnswerBuffers { logits, pooled } = self.take_answer(&mut arena);
        let window = self.take_window(&mut arena);
        if self.model.is_bidirectional() {
            if !self.pool_kept(&mut arena, pooled, progress, unfinished, |_, _, _, _, _| {}) {
                return false;
            }
        } else {
            self.pool_streamed(&mut arena, &window, pooled, progress, ahead);
        }
        A::logits(&self.model.head, pooled, logits);
        true
    }

    /// The logits that [`Self::answer`] computed last.
    #[inline]
    pub(crate) fn logits<'w>(&self, state: &'w mut [u32]) -> Logits<'w> {
        A::show_logits(self.take_answer(&mut StateArena(state)).logits)
    }

    /// The first buffers of a classifier's state.
    #[inline]
    pub(super) fn take_answer<'w>(&self, arena: &mut StateArena<'w>) -> AnswerBuffers<'w, A> {
        AnswerBuffers { logits: arena.take(self.model.head.classes()), pooled: arena.take(self.model.pooled_size()) }
    }

    /// The buffers of a step's frames, which follow those.
    #[inline]
    pub(super) fn take_window<'w>(&self, arena: &mut StateArena<'w>) -> Window<'w, A> {
        Window::take(arena, self.model)
    }
}

/// One step of a direction, the input being in its place: the next states, and the hidden state where the next step takes
/// it in.
#[inline]
pub(super) fn advance<A: Arithmetic>(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, A>) {
    A::step(direction, one_hot, buffers);
    A::quantize_hidden(direction.cell, buffers.hidden, buffers.recurrent);
}
