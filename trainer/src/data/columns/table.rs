//! The first records of a file whose header is known, and what options say of their columns.

use std::path::Path;

use super::content::Column;
use super::{Ignored, PathColumns, column_name, names};
use crate::data::records::Record;
use crate::data::{ColumnError, DataError, ReadOptions};
use crate::nearest::did_you_mean;

/// A sample whose header is known: the columns of its rows, and their names.
pub(super) struct Table<'r> {
    pub(super) path: &'r Path,
    pub(super) line: usize,
    pub(super) names: Option<Vec<String>>,
    pub(super) records: Vec<Record>,
    pub(super) columns: Vec<Column>,
    pub(super) decimal_comma: bool,
    pub(super) options: &'r ReadOptions,
    pub(super) of_path: Option<PathColumns>,
    /// The column of groups that an option gives.
    pub(super) group: Option<usize>,
}

impl Table<'_> {
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn name(&self, column: usize) -> Option<&str> {
        self.names.as_ref()?.get(column).map(String::as_str)
    }

    pub(super) fn shown(&self, column: usize) -> String {
        column_name(self.names.as_deref(), column)
    }

    /// Columns of the file that are neither these nor the group, and have a value in some row.
    pub(super) fn filled_but<'t>(&'t self, not: &'t [usize]) -> impl Iterator<Item = usize> + 't {
        let is_other = |column: &usize| self.group == Some(*column) || self.is_of_path(*column);
        (0..self.width()).filter(move |column| !not.contains(column) && !is_other(column) && !self.is_empty(*column))
    }

    /// Whether a column is not of the file: its path says it.
    pub(super) fn is_of_path(&self, column: usize) -> bool {
        self.of_path.is_some_and(|of_path| of_path.file == column || of_path.label == Some(column))
    }

    /// Whether no row has a value there; a header of no row says nothing about it.
    pub(super) fn is_empty(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|found| found.is_empty() && found.rows > 0)
    }

    pub(super) fn list(&self, columns: impl Iterator<Item = usize>) -> String {
        columns.map(|column| self.shown(column)).collect::<Vec<_>>().join(", ")
    }

    /// The column that an option gives, by name or by number.
    pub(super) fn given(&self, given: &str) -> Option<usize> {
        let named = |name: &String| name.eq_ignore_ascii_case(given.trim());
        let by_name = self.names.as_ref().and_then(|names| names.iter().position(named));
        let by_number = || given.trim().parse().ok().and_then(|number: usize| number.checked_sub(1));
        by_name.or_else(by_number).filter(|column| *column < self.width())
    }

    /// The column of labels that `--label-column` gives, if it does.
    pub(super) fn given_label(&self) -> Result<Option<usize>, DataError> {
        let Some(given) = &self.options.label_column else {
            return Ok(self.of_path.and_then(|of_path| of_path.label));
        };
        self.given(given).map(Some).ok_or_else(|| {
            let (place, known) =
                (self.path.display().to_string(), self.known(None) + &self.nearest(given, 0..self.width()));
            ColumnError::UnknownLabelColumn { place, column: given.clone(), known }.into()
        })
    }

    /// How surely the name of a column is one of labels; `y` beside `x` is a coordinate.
    pub(super) fn label_rank(&self, column: usize) -> Option<usize> {
        let has_x = || self.names.iter().flatten().any(|name| names::plain(name) == "x");
        let name = self.name(column).filter(|_| self.group != Some(column));
        name.filter(|name| names::plain(name) != "y" || !has_x()).and_then(names::label_rank)
    }

    /// Where a column of text with its name stands among others; a `subject` of one word is a person.
    pub(super) fn text_rank(&self, column: usize) -> Option<usize> {
        let is_word = || self.columns.get(column).is_some_and(|found| found.filled > 0 && found.words < 1.5);
        let name = self.name(column).filter(|_| self.group != Some(column));
        name.filter(|name| !(names::is_person(name) && is_word())).and_then(names::text_rank)
    }

    /// The columns there are, for a message.
    pub(super) fn known(&self, label: Option<usize>) -> String {
        match &self.names {
            Some(_) => self.list((0..self.width()).filter(|column| Some(*column) != label)),
            None => format!("no header, and columns 1 to {}", self.width()),
        }
    }

    /// Of these columns the one whose name is nearest to a name that there is not, for a message.
    pub(super) fn nearest(&self, given: &str, columns: impl Iterator<Item = usize>) -> String {
        did_you_mean(given, columns.filter_map(|column| self.name(column)))
    }

    /// Whether two columns say the same of every row, each in its way.
    pub(super) fn say_the_same(&self, one: usize, other: usize) -> bool {
        let mut pairs: Vec<(&str, &str)> =
            self.records.iter().map(|record| (record.field(one), record.field(other))).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let distinct = |column: usize| self.columns.get(column).map_or(0, |found| found.distinct);
        pairs.len() == distinct(one) && pairs.len() == distinct(other)
    }

    /// The columns that are none of `read`, with the reason for each.
    pub(super) fn ignored(&self, read: &[usize], reason: impl Fn(usize) -> Option<&'static str>) -> Vec<Ignored> {
        let unread = (0..self.width()).filter(|column| !read.contains(column));
        unread
            .map(|column| {
                let is_identifier = self.columns.get(column).is_some_and(Column::is_identifier)
                    || self.name(column).is_some_and(names::is_identifier);
                let reason = match reason(column) {
                    _ if self.is_empty(column) => Some("empty"),
                    None if is_identifier => Some("identifies the row"),
                    reason => reason,
                };
                Ignored { column, reason }
            })
            .collect()
    }
}
