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

/// What one call of a classifier's `push_*` did.
///
/// Text is counted in steps: a word that has begun and has not ended is none yet, so that both numbers may be 0; the
/// call that ends it counts it, and [`crate::Classifier::predict`] where that ends it.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), runtime::Error> {
/// # static MODEL: &runtime::Aligned<[u8]> =
/// #     &runtime::Aligned(*include_bytes!("../../models/home-commands/home-commands.int8.rnl"));
/// let model = runtime::Model::parse(&MODEL.0)?;
/// let mut classifier = runtime::Classifier::<{ runtime::required_capacity(&MODEL.0) }>::new(&model)?;
/// assert_eq!(classifier.push_text("lights off pl"), runtime::Pushed { taken: 2, refused: 0 });
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pushed {
    /// Steps that were taken in.
    pub taken: u32,
    /// Steps that were ignored: the sequence was full, or the model takes other input.
    pub refused: u32,
}

impl Pushed {
    const TAKEN: Self = Self { taken: 1, refused: 0 };
    const REFUSED: Self = Self { taken: 0, refused: 1 };

    /// Counts the steps of both.
    pub(crate) fn add(&mut self, other: Self) {
        self.taken = self.taken.saturating_add(other.taken);
        self.refused = self.refused.saturating_add(other.refused);
    }
}

/// Where a classifier is in its sequence.
#[derive(Debug)]
pub(crate) struct Sequence {
    long_input: LongInput,
    /// Steps taken in and not forgotten, at most the model's; without a limit the number saturates, and further steps
    /// are taken in all the same.
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
    pub(crate) fn refuse(&mut self) -> Pushed {
        self.refused = self.refused.saturating_add(1);
        Pushed::REFUSED
    }

    /// Takes in a step that the model can read, or refuses it because the sequence is full.
    pub(crate) fn take(&mut self, model: &Model<'_>, state: &mut [u32], step: Step<'_>) -> Pushed {
        let Taken { steps, oldest } = self.taken;
        let is_full = model.has_limit() && steps >= model.max_steps();
        if is_full && self.long_input == LongInput::Refuse {
            return self.refuse();
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
        Pushed::TAKEN
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
    ) -> Result<Pushed, Error> {
        let expected = model.channels();
        if expected == 0 {
            return Err(Error::NoFrames);
        }
        if channels != expected {
            return Err(Error::WrongChannels { expected: saturated(expected), found: saturated(channels) });
        }
        Ok(self.take(model, state, frame))
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    static MODEL: &crate::Aligned<[u8]> =
        &crate::Aligned(*include_bytes!("../../models/home-commands/home-commands.int8.rnl"));
    const CAPACITY: usize = crate::required_capacity(&MODEL.0);
    const TOKENS: [u32; 6] = [7, 2, 90, 41, 3, 200];

    /// Takes in the tokens; after the first three `change` is made to the sequence.
    fn states(model: &Model<'_>, change: impl Fn(&mut Sequence)) -> ([u32; CAPACITY], Pushed) {
        let mut state = [0; CAPACITY];
        let mut sequence = Sequence::new(model, LongInput::Refuse).unwrap();
        let mut pushed = Pushed::default();
        for (number, token) in TOKENS.into_iter().enumerate() {
            if number == 3 {
                change(&mut sequence);
            }
            pushed.add(sequence.take(model, &mut state, Step::Token(token)));
        }
        sequence.answer(model, &mut state);
        (state, pushed)
    }

    #[test]
    fn a_counter_at_its_end_ends_no_stream() {
        let mut model = Model::parse(&MODEL.0).unwrap();
        with_network!(&mut model.network, network => network.max_steps = u32::MAX);
        let (expected, pushed) = states(&model, |_| {});
        assert_eq!(pushed, Pushed { taken: 6, refused: 0 });
        for steps in [u32::MAX - 1, u32::MAX] {
            assert_eq!(states(&model, |sequence| sequence.taken.steps = steps), (expected, pushed));
        }
        with_network!(&mut model.network, network => network.max_steps = 4);
        let (full, pushed) = states(&model, |_| {});
        assert_eq!(pushed, Pushed { taken: 4, refused: 2 });
        assert!(full != expected);
    }
}
