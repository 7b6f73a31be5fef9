use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::batches::Example;
use crate::data::{DataError, Row};
use crate::encoding::{Encoder, FrameNormalization, Pretrained};
use crate::error::Error;
use crate::network::InputShape;
use crate::run_folder::{RunFolder, write_lines, write_toml};
use crate::training::{TeacherEncoding, TrainingConfig};

/// Rows ready to train on.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Names of the classes, sorted.
    pub labels: Vec<String>,
    /// What turns content into sequences.
    pub encoder: Encoder,
    /// Vectors that the embedding starts with.
    pub pretrained: Option<Pretrained>,
    /// How teachers read rows, where there are teachers.
    pub teachers: Option<TeacherEncoding>,
    /// Rows to train on, as the teachers read them where there are teachers.
    pub training: Vec<Example>,
    /// Rows that choose the best epoch.
    pub validation: Vec<Example>,
    /// Share of the training frames' values that 16 bits do not hold in their unit; 0 for texts.
    pub saturated_share: f64,
    /// SHA-256 of the rows.
    pub data_hash: String,
}

impl Prepared {
    /// Reads the rows that `config` names and encodes them; labels and encoder come from the training rows alone.
    ///
    /// # Errors
    /// [`Error::Data`]; [`Error::Pretrained`]; [`Error::Setting`] if the rows are others than those of the
    /// configuration's hash, or are not of words where word vectors are given.
    pub fn read(config: &TrainingConfig) -> Result<Self, Error> {
        let data = config.data.training_data(&config.selection(&config.text_columns))?;
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
        let encoder = Encoder::learn(config, &data.training, &vocabulary_rows(config, &data.training)?, &place)?;
        if config.pad_to > 0 && encoder.normalization().is_some() {
            let problem = "expected 0: frames are not padded; a sequence of frames is as long as it is";
            return Err(Error::Setting(format!("--pad-to {}: {problem}", config.pad_to)));
        }
        let teachers = TeacherEncoding::read(config, &encoder, &labels, &data.hash)?;
        let of_training = teachers.as_ref().map_or(&encoder, |teachers| &teachers.encoder);
        let training = encode_rows(&data.training, &place, &labels, of_training, config)?;
        let validation = encode_rows(&data.validation, &data.validation_place, &labels, &encoder, config)?;
        let pretrained = read_pretrained(config, &encoder, &training)?;
        let values = data.training.iter().filter_map(|row| row.content.frames()).flat_map(|frames| &frames.values);
        let saturated = |unit: &FrameNormalization| unit.saturated_share(values.copied());
        Ok(Self {
            saturated_share: encoder.normalization().map_or(0.0, saturated),
            labels,
            encoder,
            pretrained,
            teachers,
            training,
            validation,
            data_hash: data.hash,
        })
    }

    /// Writes what a run's folder says before training: labels, what the encoder learned, and the settings, with
    /// the input and the hash of these rows.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn write(&self, folder: &RunFolder, config: &TrainingConfig) -> Result<(), Error> {
        write_lines(&folder.labels(), &self.labels)?;
        self.encoder.save(folder)?;
        let (input, data_hash) = (self.encoder.input(), Some(self.data_hash.clone()));
        write_toml(&folder.config(), &TrainingConfig { input, data_hash, ..config.clone() })
    }
}

/// The training rows that the vocabulary is made from, with its columns of text.
fn vocabulary_rows<'r>(config: &TrainingConfig, training: &'r [Row]) -> Result<Cow<'r, [Row]>, DataError> {
    let rows = if config.vocabulary_columns.is_empty() {
        Cow::Borrowed(training)
    } else {
        Cow::Owned(config.data.training_data(&config.selection(&config.vocabulary_columns))?.training)
    };
    let count = if config.vocabulary_rows == 0 { rows.len() } else { rows.len().min(config.vocabulary_rows) };
    Ok(match rows {
        Cow::Borrowed(rows) => Cow::Borrowed(&rows[..count]),
        Cow::Owned(mut rows) => {
            rows.truncate(count);
            Cow::Owned(rows)
        }
    })
}

fn read_pretrained(
    config: &TrainingConfig,
    encoder: &Encoder,
    training: &[Example],
) -> Result<Option<Pretrained>, Error> {
    let Some(path) = &config.pretrained_embeddings else {
        return Ok(None);
    };
    let Encoder::Words(vocabulary) = encoder else {
        return Err(Error::Setting("--pretrained-embeddings needs rows of words".into()));
    };
    Ok(Some(Pretrained::read(path, config.embedding_size, vocabulary, training)?))
}

impl Prepared {
    /// What a step of the rows takes in.
    pub fn input_shape(&self, config: &TrainingConfig) -> InputShape {
        self.encoder.input_shape(config.embedding_size)
    }
}

/// The examples of rows.
///
/// # Errors
/// [`DataError::UnknownLabel`]; [`DataError::Mismatch`] for rows that the encoder does not take.
pub fn encode_rows(
    rows: &[Row],
    place: &str,
    labels: &[String],
    encoder: &Encoder,
    config: &TrainingConfig,
) -> Result<Vec<Example>, DataError> {
    let encode = |(row, class): (&Row, usize)| match encoder.encode(&row.content, config.max_length) {
        Ok(sequence) => Ok(Example { sequence: sequence.padded(config.pad_to), class }),
        Err(mismatch) => Err(DataError::Mismatch { place: place.into(), mismatch }),
    };
    let classes = label_classes(rows, place, labels)?;
    rows.iter().zip(classes).map(encode).collect()
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
