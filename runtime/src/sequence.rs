use crate::error::{Error, saturated};
use crate::model::{Model, with_network};
use crate::network::{Step, StepState, Taken};

/// What a classifier of a bidirectional model does with more steps than the model keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongInput {
    /// Ignores them, as rows were cut in training; [`crate::Classifier::refused_steps`] counts them.
    #[default]
    Refuse,
    /// Forgets the oldest step for each: answers are about the last steps, as for a stream without an end.
    Window,
}

/// Where a classifier is in its sequence.
#[derive(Debug)]
pub(crate) struct Sequence {
    long_input: LongInput,
    /// Steps taken in and not forgotten, at most the model's.
    taken: Taken,
    refused: u32,
    /// Whether the logits in the classifier's words are those of the sequence so far.
    is_answered: bool,
}

impl Sequence {
    /// The start of a sequence.
    ///
    /// # Errors
    /// [`Error::WindowOfStreaming`].
    pub(crate) fn new(model: &Model<'_>, long_input: LongInput) -> Result<Self, Error> {
        if long_input == LongInput::Window && !model.is_bidirectional() {
            return Err(Error::WindowOfStreaming);
        }
        Ok(Self { long_input, taken: Taken { steps: 0, oldest: 0 }, refused: 0, is_answered: false })
    }

    pub(crate) fn steps(&self) -> u32 {
        self.taken.steps
    }

    pub(crate) fn refused(&self) -> u32 {
        self.refused
    }

    pub(crate) fn reset(&mut self) {
        self.taken = Taken { steps: 0, oldest: 0 };
        self.refused = 0;
        self.is_answered = false;
    }

    /// Counts a step that is not taken in.
    pub(crate) fn refuse(&mut self) {
        self.refused = self.refused.saturating_add(1);
    }

    /// Takes in a step that the model can read, or refuses it because the sequence is full.
    pub(crate) fn take(&mut self, model: &Model<'_>, state: &mut [u32], step: Step<'_>) {
        let Taken { steps, oldest } = self.taken;
        let is_full = steps >= model.max_steps();
        if is_full && self.long_input == LongInput::Refuse {
            self.refuse();
            return;
        }
        self.is_answered = false;
        with_network!(&model.network, network => {
            if network.is_buffered() {
                network.keep(state, if is_full { oldest } else { steps }, step);
            } else {
                network.step(state, step, steps == 0);
            }
        });
        if is_full {
            let next = oldest.saturating_add(1);
            self.taken.oldest = if next < model.max_steps() { next } else { 0 };
        } else {
            self.taken.steps = steps.saturating_add(1);
        }
    }

    /// Takes in a frame.
    ///
    /// # Errors
    /// [`Error::NoFrames`], [`Error::WrongChannels`].
    pub(crate) fn take_frame(
        &mut self,
        model: &Model<'_>,
        state: &mut [u32],
        channels: usize,
        frame: Step<'_>,
    ) -> Result<(), Error> {
        let expected = model.channels();
        if expected == 0 {
            return Err(Error::NoFrames);
        }
        if channels != expected {
            return Err(Error::WrongChannels { expected: saturated(expected), found: saturated(channels) });
        }
        self.take(model, state, frame);
        Ok(())
    }

    /// Computes the logits, unless they are those of the sequence already.
    pub(crate) fn answer(&mut self, model: &Model<'_>, state: &mut [u32]) {
        if !self.is_answered {
            with_network!(&model.network, network => network.answer(state, self.taken));
            self.is_answered = true;
        }
    }

    /// Shows the states of each layer, direction and step.
    pub(crate) fn observe(&self, model: &Model<'_>, state: &mut [u32], observer: &mut impl FnMut(StepState<'_>)) {
        with_network!(&model.network, network => {
            if network.is_buffered() {
                network.observe_kept(state, self.taken, observer);
            } else {
                network.observe_streamed(state, self.taken.steps, observer);
            }
        });
    }
}
