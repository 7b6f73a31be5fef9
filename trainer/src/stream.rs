//! Streams of frames, answered on this machine by the code that answers them on a board.

use std::collections::VecDeque;

use runtime::{Model, StreamAnswer, StreamClassifier, StreamSettings};

use crate::inference::{Answer, HostClassifier, InferenceError, answer_of, current_answer, raw_frame};

/// Most 32-bit words of state of a stream on this machine: 256 MiB.
pub const MOST_STREAM_WORDS: usize = 1 << 26;

/// A stream of frames, whose answers after each hop are those of the runtime's [`StreamClassifier`].
///
/// # Shapes and units
/// Beside the classifiers' words it keeps as many frames of integers as the span has, 4 bytes a channel, for
/// [`Self::last_answer`]; a board keeps none.
pub struct HostStream<'c, 'm> {
    model: &'c Model<'m>,
    stream: StreamClassifier<'c, 'm, Vec<u32>>,
    /// The last frames, as a sensor gives them, one after another.
    last: VecDeque<i32>,
    /// Frames since the stream began.
    frames: usize,
}

/// What a stream answers after a hop.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The class and its probability, averaged; the logits of the newest answer.
    pub answer: Answer,
    /// Whether the stream accepts it.
    pub accepted: bool,
    /// Whether the stream is warm: see [`StreamAnswer::is_settled`].
    pub is_settled: bool,
}

impl<'c, 'm> HostStream<'c, 'm> {
    /// The beginning of a stream of a model of frames.
    ///
    /// # Errors
    /// [`runtime::Error::Stream`]; [`runtime::Error::CapacityTooSmall`] for a stream that needs more than
    /// [`MOST_STREAM_WORDS`] words.
    pub fn new(model: &'c Model<'m>, settings: StreamSettings) -> Result<Self, runtime::Error> {
        settings.check(model)?;
        let words = settings.required_words(model).min(MOST_STREAM_WORDS);
        let stream = StreamClassifier::new(model, settings, vec![0; words])?;
        Ok(Self { model, stream, last: VecDeque::new(), frames: 0 })
    }

    /// Takes in a frame of values in the units of the training data; an answer after each hop.
    ///
    /// # Errors
    /// [`InferenceError::Runtime`] for a model of text, or another number of values.
    pub fn push_values(&mut self, frame: &[f32]) -> Result<Option<Answered>, InferenceError> {
        let raw = raw_frame(self.model, frame);
        let answered = self.stream.push_frame(&raw)?;
        if let Some(span) = self.stream.settings().span {
            let kept = (span as usize).saturating_mul(raw.len());
            self.last.extend(raw);
            self.last.drain(..self.last.len().saturating_sub(kept));
        }
        self.frames += 1;
        Ok(answered.map(|StreamAnswer { prediction, is_settled, .. }| Answered {
            answer: answer_of(&prediction, self.stream.logits(), 0),
            accepted: prediction.accepted,
            is_settled,
        }))
    }

    /// Frames since the stream began.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The answer about the last frames of a stream that ends between two hops; nothing where the last frame was answered,
    /// for a stream without a frame and for one without a span.
    ///
    /// # Errors
    /// As [`Self::push_values`].
    pub fn last_answer(&mut self) -> Result<Option<Answer>, InferenceError> {
        if self.last.is_empty() || self.frames.is_multiple_of(self.stream.settings().hop as usize) {
            return Ok(None);
        }
        let mut classifier = HostClassifier::new(self.model)?;
        for frame in self.last.make_contiguous().chunks(self.model.channels().max(1)) {
            classifier.push_frame(frame)?;
        }
        Ok(Some(current_answer(&mut classifier)))
    }

    /// Begins another stream.
    pub fn reset(&mut self) {
        self.stream.reset();
        self.last.clear();
        self.frames = 0;
    }
}
