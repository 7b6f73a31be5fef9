//! The column of persons or recordings that a split keeps on one side.

use super::content::Column;
use super::{Columns, Table, names};
use crate::data::{ColumnError, DataError};

impl Table<'_> {
    /// The column that `--group-column` gives, if it does.
    ///
    /// # Errors
    /// [`ColumnError::UnknownGroupColumn`].
    pub(super) fn given_group(&self) -> Result<Option<usize>, DataError> {
        let Some(given) = self.options.group_column.as_ref().filter(|_| !self.options.has_no_groups()) else {
            return Ok(None);
        };
        match self.given(given) {
            None if !self.options.group_is_optional => {
                let (place, known) = (self.path.display().to_string(), self.known(None));
                Err(ColumnError::UnknownGroupColumn { place, column: given.clone(), known }.into())
            }
            found => Ok(found),
        }
    }

    /// The column with a name of persons or recordings that is read as nothing else, of two the surer one. Its values
    /// are there in every row, repeat, and are the same in all frames of a sequence.
    pub(super) fn group_by_name(&self, columns: &Columns) -> Option<usize> {
        if self.options.group_column.is_some() {
            return None;
        }
        let is_read = |column: usize| match columns {
            Columns::Texts { label, texts } => *label == Some(column) || texts.contains(&column),
            Columns::Frames { sequence, label, channels, runs } => {
                let is_sequence = *sequence == Some(column) && runs.is_none();
                is_sequence || *label == Some(column) || channels.contains(&column)
            }
            Columns::Series { label, values } => *label == Some(column) || values.contains(&column),
            Columns::Dimensions { .. } => true,
        };
        let is_constant = |column: usize| match columns {
            Columns::Frames { sequence: Some(sequence), runs: None, .. } => {
                super::frames::is_constant_within(self, *sequence, column)
            }
            _ => true,
        };
        let is_full = |found: &Column| found.filled == found.rows && found.distinct < found.rows && found.rows > 0;
        let rank = |column: usize| {
            let rank = self.name(column).and_then(names::group_rank)?;
            let is_group = !is_read(column)
                && !self.is_of_path(column)
                && self.columns.get(column).is_some_and(is_full)
                && is_constant(column);
            is_group.then_some((rank, column))
        };
        (0..self.width()).filter_map(rank).min().map(|(_, column)| column)
    }
}
