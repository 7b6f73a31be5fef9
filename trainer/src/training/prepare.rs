use std::collections::BTreeSet;

use crate::batches::Example;
use crate::data::{DataError, Row};
use crate::error::Error;
use crate::network::{InputShape, Sequence};
use crate::text::Vocabulary;
use crate::training::TrainingConfig;

/// Rows ready to train on.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Names of the classes, sorted.
    pub labels: Vec<String>,
    /// The words that the model will know.
    pub vocabulary: Vocabulary,
    /// Rows to train on.
    pub training: Vec<Example>,
    /// Rows that choose the best epoch.
    pub validation: Vec<Example>,
    /// SHA-256 of the rows.
    pub data_hash: String,
}

impl Prepared {
    /// Reads the rows that `config` names and encodes them; labels and vocabulary come from the training
    /// rows alone.
    ///
    /// # Errors
    /// [`Error::Data`]; [`Error::Setting`] if the rows are others than those of the configuration's hash.
    pub fn read(config: &TrainingConfig) -> Result<Self, Error> {
        let data = config.data.training_data(config.validation.as_deref(), config.validation_share, config.seed)?;
        let place = config.data.name();
        if let Some(expected) = config.data_hash.as_ref().filter(|expected| **expected != data.hash) {
            return Err(Error::Setting(format!(
                "{place}: these are not the rows of the configuration (SHA-256 {} instead of {expected}); \
                 remove `data_hash` from it to train on them all the same",
                data.hash
            )));
        }
        let labels: BTreeSet<&str> = data.training.iter().map(|row| row.label.as_str()).collect();
        let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        if let [label] = labels.as_slice() {
            return Err(DataError::OneLabel { place, label: label.clone() }.into());
        }
        let texts = data.training.iter().map(|row| row.text.as_str());
        let vocabulary = Vocabulary::most_frequent(texts, config.vocabulary_size);
        let encode = |rows: &[Row], place: &str| encode_rows(rows, place, &labels, &vocabulary, config.max_length);
        let training = encode(&data.training, &place)?;
        let validation = encode(&data.validation, &data.validation_place)?;
        Ok(Self { labels, vocabulary, training, validation, data_hash: data.hash })
    }
}

impl Prepared {
    /// What a step of the rows takes in.
    pub fn input_shape(&self, config: &TrainingConfig) -> InputShape {
        InputShape::Tokens { tokens: self.vocabulary.token_count(), embedding_size: config.embedding_size }
    }
}

/// The examples of rows.
///
/// # Errors
/// [`DataError::UnknownLabel`].
pub fn encode_rows(
    rows: &[Row],
    place: &str,
    labels: &[String],
    vocabulary: &Vocabulary,
    max_length: usize,
) -> Result<Vec<Example>, DataError> {
    let classes = label_classes(rows, place, labels)?;
    let encode = |(row, class): (&Row, usize)| Example {
        sequence: Sequence::Tokens(vocabulary.encode(&row.text, max_length)),
        class,
    };
    Ok(rows.iter().zip(classes).map(encode).collect())
}

/// The number of each row's class.
///
/// # Errors
/// [`DataError::UnknownLabel`] with the row.
pub fn label_classes<Label: AsRef<str>>(rows: &[Row], place: &str, labels: &[Label]) -> Result<Vec<usize>, DataError> {
    let known = || labels.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    rows.iter()
        .enumerate()
        .map(|(number, row)| {
            labels.iter().position(|label| label.as_ref() == row.label).ok_or_else(|| DataError::UnknownLabel {
                place: place.into(),
                row: number + 1,
                label: row.label.clone(),
                known: known(),
            })
        })
        .collect()
}
