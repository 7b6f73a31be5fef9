//! The columns of the rows that a model was trained on, found again by their names in another file.

use std::path::Path;

use super::names::plain;
use super::{ColumnNames, column_name, quoted_list};
use crate::data::{ColumnError, DataError, ReadOptions};

impl ReadOptions {
    /// The columns to read from a file whose columns have these names: as given, else those that the schema names.
    /// Nothing is taken from the schema for a file without names, or where the rows trained on had none.
    ///
    /// # Errors
    /// [`ColumnError::MissingChannels`] for a file with channels of other names.
    pub(super) fn matched(&self, path: &Path, line: usize, names: &[String]) -> Result<Self, DataError> {
        let has = |wanted: &String| names.iter().any(|name| name.trim().eq_ignore_ascii_case(wanted));
        let mut matched = self.clone();
        let ColumnNames { label, texts, channels } = &self.schema;
        if self.label_column.is_none() && is_name(label) && has(label) {
            matched.label_column = Some(label.clone());
        }
        if self.text_columns.is_empty() && are_names(texts) && texts.iter().all(has) {
            matched.text_columns.clone_from(texts);
        }
        if !self.channels.is_empty() || !are_names(channels) {
            return Ok(matched);
        }
        let missing: Vec<&String> = channels.iter().filter(|channel| !has(channel)).collect();
        if missing.is_empty() {
            matched.channels.clone_from(channels);
            return Ok(matched);
        }
        Err(ColumnError::MissingChannels {
            path: path.into(),
            line,
            trained: quoted_list(channels),
            missing: quoted_list(missing),
            known: (0..names.len()).map(|column| column_name(Some(names), column)).collect::<Vec<_>>().join(", "),
        }
        .into())
    }

    /// What to say of texts that are read from other columns than those that a model was trained on.
    pub(super) fn other_texts(&self, read: &ColumnNames) -> Option<String> {
        let trained = &self.schema.texts;
        let is_same = |(trained, read): (&String, &String)| trained.trim().eq_ignore_ascii_case(read.trim());
        let are_same = trained.len() == read.texts.len() && trained.iter().zip(&read.texts).all(is_same);
        let is_known = are_names(trained) && are_names(&read.texts) && self.text_columns.is_empty();
        (is_known && !are_same).then(|| format!("the model was trained on {}", quoted_list(trained)))
    }
}

/// Whether all of some columns have names, and not numbers.
fn are_names(columns: &[String]) -> bool {
    !columns.is_empty() && columns.iter().all(|column| is_name(column))
}

fn is_name(column: &str) -> bool {
    !plain(column).is_empty() && column.trim().parse::<usize>().is_err()
}
