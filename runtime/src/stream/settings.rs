use super::slot::SLOT_WORDS;
use crate::error::{Error, StreamSetting, saturated};
use crate::format::Frames;
use crate::numeric::Probability;
use crate::plan::{Model, StepInput};

/// When a stream is answered, what each answer is about, and which answers are accepted.
///
/// A frame is what one `push` takes in; of a model of text it is a token.
///
/// # Examples
/// The last two seconds every 200 ms, of a sensor with 50 frames a second:
/// ```
/// use runtime::{ResetPolicy, StreamSettings};
///
/// const EVERY_200_MS: StreamSettings = StreamSettings::last(100, 10);
/// assert_eq!(EVERY_200_MS.classifiers(), 10);
/// let steady = StreamSettings { smoothing: 3, threshold: Some(26_214), ..EVERY_200_MS };
/// assert_eq!((EVERY_200_MS.warm_up(), steady.warm_up()), (100, 120));
/// let one_answer_an_event = StreamSettings { reset: ResetPolicy::AfterAccepted, ..steady };
/// assert_ne!(one_answer_an_event, steady);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSettings {
    /// Last frames that an answer is about, at least 1; `None`: all since the last reset.
    pub span: Option<u32>,
    /// Frames from one answer to the next, at least 1.
    pub hop: u32,
    /// Answers whose probabilities are averaged, at least 1; with 1 each answer stands for itself.
    pub smoothing: u16,
    /// The probability from which on an answer is accepted, in units of 2^-15, at most 32,768; `None`: the model's
    /// thresholds.
    pub threshold: Option<u16>,
    /// What follows an accepted answer.
    pub reset: ResetPolicy,
}

/// What follows an accepted answer of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResetPolicy {
    /// Nothing: an event is answered again at each hop for as long as it lasts.
    #[default]
    Continue,
    /// The stream is reset: the next answer is accepted after another warm-up at the earliest, so that an event that is
    /// shorter than that is accepted once.
    AfterAccepted,
}

impl StreamSettings {
    /// An answer about the last `span` frames after every `hop` frames, not smoothed, by the model's thresholds.
    #[inline]
    pub const fn last(span: u32, hop: u32) -> Self {
        Self { span: Some(span), ..Self::endless(hop) }
    }

    /// An answer about all frames since the last reset after every `hop` frames: one classifier that is never reset, the
    /// cheapest stream.
    #[inline]
    pub const fn endless(hop: u32) -> Self {
        Self { span: None, hop, smoothing: 1, threshold: None, reset: ResetPolicy::Continue }
    }

    /// Classifiers that run at once: `ceil(span / hop)`, each of which takes in every frame; 1 without a span.
    #[inline]
    pub const fn classifiers(&self) -> u32 {
        match self.span {
            Some(span) => at_least_one(span).div_ceil(at_least_one(self.hop)),
            None => 1,
        }
    }

    /// Frames up to the first answer that can be accepted: it is about a whole span, and as many answers are averaged as
    /// [`Self::smoothing`] says. Saturates.
    #[inline]
    pub const fn warm_up(&self) -> u32 {
        let answers = self.classifiers().saturating_add(at_least_one(self.smoothing as u32) - 1);
        answers.saturating_mul(self.hop)
    }

    /// 32-bit words of state that a [`crate::StreamClassifier`] of this model needs:
    /// `classifiers * (words of a classifier + 6)`, and with smoothing `smoothing * classes` half-words. Saturates.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn required_words(&self, model: &Model<'_>) -> usize {
        let of_one = model.required_words().saturating_add(SLOT_WORDS);
        (self.classifiers() as usize).saturating_mul(of_one).saturating_add(self.smoothing_words(model))
    }

    /// Half-words of the probabilities that are averaged.
    #[inline]
    pub(super) const fn smoothing_values(&self, model: &Model<'_>) -> usize {
        if self.smoothing > 1 { (self.smoothing as usize).saturating_mul(model.head.classes()) } else { 0 }
    }

    #[inline]
    const fn smoothing_words(&self, model: &Model<'_>) -> usize {
        self.smoothing_values(model).div_ceil(2)
    }

    /// The largest span of a model: as many frames as fit into the steps that it takes in, `u32::MAX` without a limit.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn largest_span(model: &Model<'_>) -> u32 {
        let most = model.max_steps;
        match &model.input {
            StepInput::Frames(input) if most < u32::MAX => {
                let Frames { frames_per_step, frame_stride, .. } = input.frames;
                // Further frames are the beginning of a step that is not complete.
                (most - 1).saturating_mul(frame_stride as u32).saturating_add(frames_per_step as u32)
            }
            _ => most,
        }
    }

    /// Checks the settings for a model.
    ///
    /// # Errors
    /// [`Error::Stream`]. A model that takes in so many steps and no more needs a span.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn check(&self, model: &Model<'_>) -> Result<(), Error> {
        let largest = Self::largest_span(model);
        // Without a span a stream has no end.
        let span = match self.span {
            Some(span) => span,
            None => u32::MAX,
        };
        if span == 0 || span > largest {
            let expected = if span == 0 { 1 } else { largest };
            return Err(Error::Stream { setting: StreamSetting::Span, expected, found: span });
        }
        if self.hop == 0 {
            return Err(Error::Stream { setting: StreamSetting::Hop, expected: 1, found: 0 });
        }
        if self.smoothing == 0 {
            return Err(Error::Stream { setting: StreamSetting::Smoothing, expected: 1, found: 0 });
        }
        match self.threshold {
            Some(found) if found as u32 > Probability::ONE => {
                let (setting, expected) = (StreamSetting::Threshold, Probability::ONE);
                Err(Error::Stream { setting, expected, found: found as u32 })
            }
            _ => Ok(()),
        }
    }

    /// As [`Self::check`], and that there are enough words of state.
    #[inline]
    pub(super) const fn check_state(&self, model: &Model<'_>, words: usize) -> Result<(), Error> {
        let required = self.required_words(model);
        match self.check(model) {
            Ok(()) if words < required => {
                Err(Error::CapacityTooSmall { required: saturated(required), available: saturated(words) })
            }
            checked => checked,
        }
    }
}

#[inline]
const fn at_least_one(number: u32) -> u32 {
    if number > 0 { number } else { 1 }
}
