//! Running a model file on this machine, with the runtime that the device uses.

use std::path::Path;

use runtime::{Classifier, Model, Prediction};
use thiserror::Error;

use crate::data::{Content, DataError, Row};
use crate::encoding::Mismatch;
use crate::error::Error;

/// 32-bit words of state on a desktop machine: enough for some ten thousand units.
const HOST_CAPACITY: usize = 1 << 16;

/// A classifier with room for any model that a desktop runs.
pub struct HostClassifier<'c, 'm>(Box<Classifier<'c, 'm, HOST_CAPACITY>>);

impl<'c, 'm> HostClassifier<'c, 'm> {
    /// A classifier at the start of a sequence.
    ///
    /// # Errors
    /// [`runtime::Error::CapacityTooSmall`] for a model that needs more than 65,536 words.
    pub fn new(model: &'c Model<'m>) -> Result<Self, runtime::Error> {
        Classifier::new(model).map(|classifier| Self(Box::new(classifier)))
    }
}

impl<'c, 'm> std::ops::Deref for HostClassifier<'c, 'm> {
    type Target = Classifier<'c, 'm, HOST_CAPACITY>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::ops::DerefMut for HostClassifier<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
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
    match content {
        Content::Text(text) => classifier.push_text(text),
        Content::Frames(_) => return Err(InferenceError::Mismatch(Mismatch::FramesForText)),
    }
    Ok(current_answer(classifier))
}

/// The answer to what was pushed.
pub fn current_answer(classifier: &mut HostClassifier<'_, '_>) -> Answer {
    let Prediction { class, probability, .. } = classifier.predict();
    let logits = classifier.logits();
    let (logits, bits) =
        (0..logits.len()).map(|class| (logits.get(class).unwrap_or(0.0), logits.bits(class).unwrap_or(0))).unzip();
    Answer { class, probability, logits, bits }
}
