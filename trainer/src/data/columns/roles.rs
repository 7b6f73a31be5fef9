//! What each column of a file is, and how that was found.

use serde::Serialize;

use super::{Columns, Layout, RunColumns, names};
use crate::data::ReadOptions;

/// A column of a file, and what it is read as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnRole {
    /// Its number, from 1.
    pub number: usize,
    /// Its name as a message has it.
    pub name: String,
    /// `label`, `text`, `sequence`, `channel`, `value`, `group`, `run`, `time` or `ignored`.
    pub role: &'static str,
    /// How that was found.
    pub reason: String,
}

impl Layout {
    /// What each column is; `given`: what the options say, before a model's schema was looked at.
    pub(super) fn find_roles(&self, given: &ReadOptions, width: usize) -> Vec<ColumnRole> {
        (0..width).map(|column| self.role(given, column)).collect()
    }

    fn role(&self, given: &ReadOptions, column: usize) -> ColumnRole {
        let own = self.names.as_ref().and_then(|names| names.get(column));
        let own = own.map_or("", String::as_str);
        let is_given = |options: &[String]| {
            let number = (column + 1).to_string();
            options.iter().any(|option| option.trim() == number || option.trim().eq_ignore_ascii_case(own))
        };
        let reason = |option: &str, options: &[String], of_schema: &[String], is_usual: bool| {
            let is_of_schema = of_schema.iter().any(|name| name.eq_ignore_ascii_case(own));
            match (is_given(options), is_of_schema && !own.is_empty()) {
                (true, _) => format!("as {option} says"),
                (false, true) => "the model's column of this name".into(),
                (false, false) if is_usual => "its name is in use for this".into(),
                (false, false) => "its values look like this".into(),
            }
        };
        let label = || given.label_column.clone().into_iter().collect::<Vec<_>>();
        let of_label = [given.schema.label.clone()];
        let (role, reason) = match &self.columns {
            _ if self.of_path.is_some_and(|of_path| of_path.label == Some(column)) && self.label() == Some(column) => {
                ("label", "the path says it".into())
            }
            _ if self.label() == Some(column) => {
                ("label", reason("--label-column", &label(), &of_label, names::label_rank(own).is_some()))
            }
            Columns::Texts { texts, .. } if texts.contains(&column) => {
                let is_usual = names::text_rank(own).is_some();
                ("text", reason("--text-columns", &given.text_columns, &given.schema.texts, is_usual))
            }
            _ if self.of_path.is_some_and(|of_path| of_path.file == column) => ("sequence", "the path says it".into()),
            Columns::Frames { sequence: Some(sequence), .. } if *sequence == column => {
                ("sequence", reason("", &[], &[], names::is_sequence(own)))
            }
            Columns::Frames { channels, .. } | Columns::Dimensions { channels, .. } if channels.contains(&column) => {
                ("channel", reason("--channels", &given.channels, &given.schema.channels, false))
            }
            Columns::Series { values, .. } if values.contains(&column) => {
                ("value", "one of the numbers of a row's sequence".into())
            }
            _ if self.group == Some(column) => {
                let group = || given.group_column.clone().into_iter().collect::<Vec<_>>();
                ("group", reason("--group-column", &group(), &[], names::group_rank(own).is_some()))
            }
            Columns::Frames { runs: Some(runs), .. } if runs.breaks.contains(&column) => {
                ("run", "a change ends a run".into())
            }
            Columns::Frames { runs: Some(RunColumns { time: Some(time), .. }), .. } if time.column == column => {
                ("time", "a gap ends a run".into())
            }
            _ => {
                let ignored = self.ignored.iter().find(|ignored| ignored.column == column);
                ("ignored", ignored.and_then(|ignored| ignored.reason).unwrap_or("not needed").into())
            }
        };
        ColumnRole { number: column + 1, name: self.name(column), role, reason }
    }
}
