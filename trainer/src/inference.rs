//! Running a model file on this machine, with the runtime that the device uses.

use std::path::Path;

use runtime::{Classifier, Logits, Model, Prediction, Pushed};
use thiserror::Error;

use crate::data::Mismatch;
use crate::data::{Content, DataError, Row};
use crate::encoding::raw_value;
use crate::error::Error;

/// Most 32-bit words of state on a desktop machine: enough for some ten thousand units.
const MOST_WORDS: usize = 1 << 16;

/// A classifier that owns its state.
pub struct HostClassifier<'c, 'm> {
    model: &'c Model<'m>,
    classifier: Classifier<'c, 'm, Vec<u32>>,
}

impl HostClassifier<'_, '_> {
    /// Takes in a text, or frames as a device does: integers in the model's unit.
    ///
    /// # Errors
    /// [`InferenceError::Mismatch`]; nothing has been taken in then.
    pub fn push_content(&mut self, content: &Content) -> Result<(), InferenceError> {
        self.check(content)?;
        match content {
            Content::Text(text) => {
                self.push_text(text);
            }
            Content::Frames(frames) => {
                for frame in frames.iter() {
                    self.push_values(frame)?;
                }
            }
        }
        Ok(())
    }

    /// Checks that the model takes such content.
    ///
    /// # Errors
    /// [`InferenceError::Mismatch`].
    pub fn check(&self, content: &Content) -> Result<(), InferenceError> {
        let mismatch = match (content, self.model.channels()) {
            (Content::Text(_), 0) => return Ok(()),
            (Content::Text(_), _) => Mismatch::TextForFrames,
            (Content::Frames(_), 0) => Mismatch::FramesForText,
            (Content::Frames(frames), expected) if frames.channels == expected => return Ok(()),
            (Content::Frames(frames), expected) => Mismatch::Channels { expected, found: frames.channels },
        };
        Err(InferenceError::Mismatch(mismatch))
    }

    /// Takes in one frame of values in the units of the training data, as [`raw_frame`] has them.
    ///
    /// # Errors
    /// [`InferenceError::Runtime`] for a model of text, or another number of values.
    pub fn push_values(&mut self, frame: &[f32]) -> Result<Pushed, InferenceError> {
        let raw = raw_frame(self.model, frame);
        Ok(self.push_frame(&raw)?)
    }
}

/// The integers that a sensor gives for a frame, or for several one after another, in the model's units.
pub fn raw_frame(model: &Model<'_>, frame: &[f32]) -> Vec<i32> {
    let channels = model.channels().max(1);
    let unit = |channel| model.frame_unit(channel).unwrap_or(1.0);
    frame.iter().enumerate().map(|(place, value)| raw_value(*value, unit(place % channels))).collect()
}

impl<'c, 'm> HostClassifier<'c, 'm> {
    /// A classifier at the start of a sequence.
    ///
    /// # Errors
    /// [`runtime::Error::CapacityTooSmall`] for a model that needs more than 65,536 words.
    pub fn new(model: &'c Model<'m>) -> Result<Self, runtime::Error> {
        let words = model.required_words().min(MOST_WORDS);
        Ok(Self { model, classifier: Classifier::new(model, vec![0; words])? })
    }
}

impl<'c, 'm> std::ops::Deref for HostClassifier<'c, 'm> {
    type Target = Classifier<'c, 'm, Vec<u32>>;

    fn deref(&self) -> &Self::Target {
        &self.classifier
    }
}

impl std::ops::DerefMut for HostClassifier<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.classifier
    }
}

/// What a model answers to a sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The class.
    pub class: usize,
    /// The class's probability.
    pub probability: runtime::Probability,
    /// The logits as numbers.
    pub logits: Vec<f32>,
    /// The logits' 32 bits each.
    pub bits: Vec<u32>,
    /// Steps that were ignored because the model takes in no more.
    pub refused: u32,
}

impl Answer {
    /// The probability of each class; `model`: the one that answered.
    pub fn probabilities(&self, model: &Model<'_>) -> Vec<runtime::Probability> {
        let of_all = |logits: Logits<'_>| (0..self.bits.len()).map(|class| model.probability(logits, class)).collect();
        match model.precision() {
            runtime::Precision::Int8 => {
                let fixed: Vec<i32> = self.bits.iter().map(|bits| bits.cast_signed()).collect();
                of_all(Logits::Fixed(&fixed))
            }
            _ => of_all(Logits::Float(&self.logits)),
        }
    }
}

/// How many of the answers are to rows of which steps were ignored.
pub fn cut_rows(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.refused > 0).count()
}

/// Why a model does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InferenceError {
    /// It needs more room than there is here.
    #[error(transparent)]
    Runtime(#[from] runtime::Error),
    /// It does not take such content.
    #[error("{0}")]
    Mismatch(Mismatch),
}

impl InferenceError {
    /// Names the model's file, or the place of the rows, whichever it is about.
    pub fn named(self, model: &Path, place: &str) -> Error {
        match self {
            Self::Runtime(source) => Error::Model { path: model.into(), source },
            Self::Mismatch(mismatch) => DataError::Mismatch { place: place.into(), mismatch }.into(),
        }
    }
}

/// The answers of a model to the content of rows, one after another.
///
/// # Errors
/// [`InferenceError`].
pub fn row_answers(model: &Model<'_>, rows: &[Row]) -> Result<Vec<Answer>, InferenceError> {
    let mut classifier = HostClassifier::new(model)?;
    rows.iter().map(|row| answer(&mut classifier, &row.content)).collect()
}

/// The answer to some content, whatever was pushed before.
///
/// # Errors
/// [`InferenceError::Mismatch`].
pub fn answer(classifier: &mut HostClassifier<'_, '_>, content: &Content) -> Result<Answer, InferenceError> {
    classifier.reset();
    classifier.push_content(content)?;
    Ok(current_answer(classifier))
}

/// The answer to what was pushed.
pub fn current_answer(classifier: &mut HostClassifier<'_, '_>) -> Answer {
    let prediction = classifier.predict();
    let refused = classifier.refused_steps();
    answer_of(&prediction, classifier.logits(), refused)
}

/// The answer that a prediction and its logits are.
pub(crate) fn answer_of(prediction: &Prediction<'_>, logits: Logits<'_>, refused: u32) -> Answer {
    let (logits, bits) =
        (0..logits.len()).map(|class| (logits.get(class).unwrap_or(0.0), logits.bits(class).unwrap_or(0))).unzip();
    Answer { class: prediction.class, probability: prediction.probability, logits, bits, refused }
}

/// The classes of the answers while a sequence is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepClasses {
    /// After each step.
    pub by_step: Vec<usize>,
    /// After the sequence, also of one without a step.
    pub last: usize,
}

/// The answers to the first steps of some content, whatever was pushed before. Steps that come at once, as those of a
/// character whose lower case is two, share the answer after the last of them.
///
/// # Errors
/// [`InferenceError::Mismatch`].
pub fn classes_by_step(
    classifier: &mut HostClassifier<'_, '_>,
    content: &Content,
) -> Result<StepClasses, InferenceError> {
    classifier.reset();
    classifier.check(content)?;
    let mut by_step = Vec::new();
    match content {
        Content::Text(text) => {
            for byte in text.bytes() {
                let Pushed { taken, .. } = classifier.push_bytes(&[byte]);
                add_classes(classifier, taken, &mut by_step);
            }
        }
        Content::Frames(frames) => {
            for frame in frames.iter() {
                let Pushed { taken, .. } = classifier.push_values(frame)?;
                add_classes(classifier, taken, &mut by_step);
            }
        }
    }
    // A word that has begun, or frames that are too few for a step of their own.
    let last = classifier.predict().class;
    let ahead = classifier.steps().saturating_sub(u32::try_from(by_step.len()).unwrap_or(u32::MAX));
    add_classes(classifier, ahead, &mut by_step);
    Ok(StepClasses { by_step, last })
}

/// Adds the class after so many steps that came at once.
fn add_classes(classifier: &mut HostClassifier<'_, '_>, steps: u32, by_step: &mut Vec<usize>) {
    if steps > 0 {
        let class = largest(classifier.logits());
        by_step.extend(std::iter::repeat_n(class, steps as usize));
    }
}

/// The class of the largest logit, the first of equal ones.
fn largest(logits: Logits<'_>) -> usize {
    fn first_largest<T: PartialOrd>(values: &[T]) -> usize {
        (0..values.len()).reduce(|best, next| if values[next] > values[best] { next } else { best }).unwrap_or(0)
    }
    match logits {
        Logits::Fixed(logits) => first_largest(logits),
        Logits::Float(logits) => first_largest(logits),
    }
}
