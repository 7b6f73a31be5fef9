//! Classifying a stream of frames by its last ones.

use std::collections::VecDeque;

use runtime::Model;

use crate::inference::{Answer, HostClassifier, InferenceError, current_answer, raw_frame};

/// Answers a stream of frames by the last of them, as a classifier that starts fresh so many frames ago does.
///
/// # Shapes and units
/// Keeps as many frames of integers as the span has, 4 bytes a channel. An answer computes so many steps; before more
/// frames than that have come, or without a span, each frame is computed once, when it comes.
pub struct SpanClassifier<'c, 'm> {
    model: &'c Model<'m>,
    classifier: HostClassifier<'c, 'm>,
    /// Frames that an answer is about at most; nothing: all.
    span: Option<usize>,
    /// The last frames, as a sensor gives them, one after another.
    last: VecDeque<i32>,
    /// Frames since the stream began.
    frames: usize,
}

impl<'c, 'm> SpanClassifier<'c, 'm> {
    /// A classifier of a model of frames, at the start of a stream. Answers are about the last `span` frames, at least 1
    /// and no more than the model takes in, or about all.
    ///
    /// # Errors
    /// As [`HostClassifier::new`].
    pub fn new(model: &'c Model<'m>, span: Option<usize>) -> Result<Self, runtime::Error> {
        Ok(Self { model, classifier: HostClassifier::new(model)?, span, last: VecDeque::new(), frames: 0 })
    }

    /// Takes in a frame of values in the units of the training data.
    ///
    /// # Errors
    /// [`InferenceError::Runtime`] for a model of text, or another number of values.
    pub fn push_values(&mut self, frame: &[f32]) -> Result<(), InferenceError> {
        let raw = raw_frame(self.model, frame);
        let is_full = self.span.is_some_and(|span| self.frames >= span);
        if is_full {
            self.last.drain(..raw.len().min(self.last.len()));
        } else {
            self.classifier.push_frame(&raw)?;
        }
        if self.span.is_some() {
            self.last.extend(raw);
        }
        self.frames += 1;
        Ok(())
    }

    /// Frames since the stream began.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The answer about the last frames: all, until there are more than the span.
    ///
    /// # Errors
    /// As [`Self::push_values`].
    pub fn answer(&mut self) -> Result<Answer, InferenceError> {
        if self.span.is_some_and(|span| self.frames > span) {
            self.classifier.reset();
            for frame in self.last.make_contiguous().chunks(self.model.channels().max(1)) {
                self.classifier.push_frame(frame)?;
            }
        }
        Ok(current_answer(&mut self.classifier))
    }

    /// Begins another stream.
    pub fn reset(&mut self) {
        self.classifier.reset();
        self.last.clear();
        self.frames = 0;
    }
}
