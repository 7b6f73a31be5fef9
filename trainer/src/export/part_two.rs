use serde::{Deserialize, Serialize};

use crate::data::ColumnNames;
use crate::error::Error;

/// What desktop programs read of a model file: postcard, behind what a device needs. `runtime/FORMAT.md` specifies it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PartTwo {
    /// Version of the trainer that wrote the file, a semantic version.
    pub trainer_version: String,
    /// SHA-256 of the training data; all zeros: trained elsewhere.
    pub data_hash: [u8; 32],
    /// Rows trained on; 0: trained elsewhere.
    pub training_rows: u32,
    /// Rows that the int8 ranges were measured on; 0 of a float model.
    pub calibration_rows: u32,
    /// Accuracy of the trained float network on its validation rows, 0 to 1.
    pub validation_accuracy: f32,
    /// Seed of the run.
    pub seed: u64,
    /// Frames of the longest sequence trained on; 0: the file does not say. Whoever classifies a stream by its last
    /// frames takes so many of them unless told otherwise.
    pub longest_row: u32,
    /// Name of the training data's column of labels; empty: it had none.
    pub label_column: String,
    /// Names of the columns of text.
    pub text_columns: Vec<String>,
    /// Names of the channels, in the order of a frame.
    pub channel_names: Vec<String>,
    /// Other measurements on the validation rows, by name.
    pub metrics: Vec<(String, f32)>,
}

impl PartTwo {
    /// Reads it from the start of some bytes; a later trainer may have written more behind it.
    ///
    /// # Errors
    /// [`runtime::Error::Unreadable`].
    pub fn decode(bytes: &[u8]) -> Result<Self, runtime::Error> {
        match postcard::take_from_bytes(bytes) {
            Ok((part_two, _)) => Ok(part_two),
            Err(_) => Err(runtime::Error::Unreadable { part: runtime::Part::Two }),
        }
    }

    /// The columns of the rows that the model was trained on.
    pub fn columns(&self) -> ColumnNames {
        let Self { label_column, text_columns, channel_names, .. } = self;
        ColumnNames { label: label_column.clone(), texts: text_columns.clone(), channels: channel_names.clone() }
    }

    /// Its bytes.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        postcard::to_stdvec(self).map_err(|error| Error::Failed(format!("part two of the file: {error}")))
    }
}
