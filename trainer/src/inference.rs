//! Running a model file on this machine, with the runtime that the device uses.

use runtime::{Classifier, Model, Prediction};

use crate::data::Row;

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

/// What a model answers to a text.
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

/// The answers of a model to texts, one after another.
///
/// # Errors
/// As [`HostClassifier::new`].
pub fn answers<'r>(model: &Model<'_>, rows: impl Iterator<Item = &'r str>) -> Result<Vec<Answer>, runtime::Error> {
    let mut classifier = HostClassifier::new(model)?;
    Ok(rows
        .map(|text| {
            classifier.reset();
            classifier.push_text(text);
            let Prediction { class, probability, .. } = classifier.predict();
            let logits = classifier.logits();
            let (logits, bits) = (0..logits.len())
                .map(|class| (logits.get(class).unwrap_or(0.0), logits.bits(class).unwrap_or(0)))
                .unzip();
            Answer { class, probability, logits, bits }
        })
        .collect())
}

/// [`answers`] to the texts of rows.
///
/// # Errors
/// As [`HostClassifier::new`].
pub fn row_answers(model: &Model<'_>, rows: &[Row]) -> Result<Vec<Answer>, runtime::Error> {
    answers(model, rows.iter().map(|row| row.text.as_str()))
}
