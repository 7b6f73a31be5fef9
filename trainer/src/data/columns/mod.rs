//! Which columns of a file are what, decided before its first row is handed out.

mod content;
mod frames;
mod groups;
mod header;
mod names;
mod recordings;
mod roles;
mod schema;
mod table;
mod texts;

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::form::Form;
use super::listing::{counted, first_of};
use super::records::Record;
use super::{DataError, ReadOptions};

use self::content::Column;
pub(super) use self::content::number;
pub(super) use self::names::is_known as is_known_name;
pub(super) use self::recordings::TimeColumn;
pub use self::roles::ColumnRole;
use self::table::Table;

/// The name of the column that always makes a file one of frames.
const SEQUENCE: &str = "sequence";
/// Most columns that a line names; the others are counted.
const MOST_NAMED: usize = 8;
/// What a message calls the names of folders and of files where they say something of a row.
const FOLDER_NAME: &str = "folder name";
const FILE_NAME: &str = "file name";

/// What a file is: how its columns are separated, whether they have names, and which of them is what.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) form: Form,
    /// Whether the first record is a header and no row.
    pub(super) has_header: bool,
    pub(super) columns: Columns,
    /// Numbers such as `1,5` occur.
    pub(super) decimal_comma: bool,
    names: Option<Vec<String>>,
    /// Columns that are not read, and why.
    ignored: Vec<Ignored>,
    /// What is said of columns that are others than those of a model.
    departure: Option<String>,
    /// What each column is.
    pub(super) roles: Vec<ColumnRole>,
    /// The column of groups that a split keeps on one side.
    pub(super) group: Option<usize>,
    /// What the path of each file says.
    of_path: Option<PathColumns>,
}

/// Which columns are what.
#[derive(Debug, Clone)]
pub(super) enum Columns {
    /// A text a row.
    Texts { label: Option<usize>, texts: Vec<usize> },
    /// A frame a row; `runs`: windows are cut out of recordings, whose names are those of sequences.
    Frames { sequence: Option<usize>, label: Option<usize>, channels: Vec<usize>, runs: Option<RunColumns> },
    /// A sequence of frames of one channel a row.
    Series { label: Option<usize>, values: Vec<usize> },
    /// A sequence of frames a row, the values of a channel in each of these columns.
    Dimensions { label: Option<usize>, channels: Vec<usize> },
}

impl Columns {
    /// The column of time, where gaps in it matter.
    fn time(&self) -> Option<usize> {
        match self {
            Self::Frames { runs: Some(RunColumns { time: Some(time), .. }), .. } => Some(time.column),
            _ => None,
        }
    }
}

/// What ends a run of frames that windows are cut out of.
#[derive(Debug, Clone)]
pub(super) struct RunColumns {
    /// Columns whose value changes.
    pub(super) breaks: Vec<usize>,
    /// The column of time, in which there are gaps.
    pub(super) time: Option<TimeColumn>,
}

/// Columns that no file has: its path says them.
#[derive(Debug, Clone, Copy)]
pub(super) struct PathColumns {
    /// The folder's name, where each class has a folder.
    pub(super) label: Option<usize>,
    /// The file's name.
    pub(super) file: usize,
}

/// A column that is not read.
#[derive(Debug, Clone)]
struct Ignored {
    column: usize,
    reason: Option<&'static str>,
}

/// The first records of a file.
pub(super) struct Sample<'r> {
    pub(super) path: &'r Path,
    pub(super) form: &'r Form,
    pub(super) first: &'r Record,
    /// The records below the first one.
    pub(super) below: &'r [Record],
    /// What they have in each column.
    body: Vec<Column>,
    decimal_comma: bool,
    of_path: Option<PathColumns>,
}

impl<'r> Sample<'r> {
    /// Looks at the first records, of which there is at least one.
    /// `of_path`: the last columns, which are not of the file.
    pub(super) fn new(
        path: &'r Path,
        form: &'r Form,
        first: &'r Record,
        below: &'r [Record],
        of_path: Option<PathColumns>,
    ) -> Self {
        let width = first.fields.len();
        let decimal_comma = form.may_have_decimal_commas()
            && below.iter().flat_map(|record| record.fields.iter()).any(|field| {
                field.contains(',') && number(field.trim(), false).is_none() && number(field.trim(), true).is_some()
            });
        let body = (0..width).map(|column| Column::new(below, column, decimal_comma)).collect();
        Self { path, form, first, below, body, decimal_comma, of_path }
    }

    /// Columns of the file itself.
    fn own_width(&self) -> usize {
        let of_path = self.of_path.map_or(0, |of_path| 1 + usize::from(of_path.label.is_some()));
        self.first.fields.len().saturating_sub(of_path)
    }

    /// The names of the columns that a header has.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.first.fields.iter().map(|name| name.trim().to_owned()).collect();
        if let Some(PathColumns { label, file }) = self.of_path {
            let of_path = label.map(|label| (label, FOLDER_NAME)).into_iter().chain([(file, FILE_NAME)]);
            of_path.for_each(|(column, name)| name.clone_into(&mut names[column]));
        }
        names
    }

    fn body_rows(&self) -> usize {
        self.below.len()
    }
}

/// The names of the columns that were read, or their numbers where they have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnNames {
    /// Of labels; empty: there was none.
    pub label: String,
    /// Of texts.
    pub texts: Vec<String>,
    /// Of frames, in the order of a frame.
    pub channels: Vec<String>,
}

impl Layout {
    /// The layout of the file that a sample was taken from.
    ///
    /// # Errors
    /// [`DataError`] where names and content do not tell, with the option that does.
    pub(super) fn recognize(sample: &Sample<'_>, options: &ReadOptions) -> Result<Self, DataError> {
        let fixed = sample.form.column_names();
        let has_header = fixed.is_none() && header::is_header(sample, options)?;
        let mut records = sample.below.to_vec();
        let mut columns = sample.body.clone();
        if !has_header {
            records.insert(0, sample.first.clone());
            let width = sample.first.fields.len();
            columns = (0..width).map(|column| Column::new(&records, column, sample.decimal_comma)).collect();
        }
        let names = fixed.or_else(|| has_header.then(|| sample.names()));
        let given = options;
        let options = &match &names {
            Some(names) => options.matched(sample.path, sample.first.line, names)?,
            None => options.clone(),
        };
        let mut table = Table {
            path: sample.path,
            line: sample.first.line,
            names,
            records,
            columns,
            decimal_comma: sample.decimal_comma,
            options,
            of_path: sample.of_path,
            group: None,
        };
        table.group = table.given_group()?;
        let (columns, mut ignored) = match sample.form {
            Form::TimeSeries { has_labels, .. } => frames::dimensions(&table, *has_labels)?,
            _ if options.segment.is_some() => recordings::columns(&table)?,
            _ => match frames::columns(&table)? {
                Some(found) => found,
                None => texts::columns(&table)?,
            },
        };
        let group = table.group.or_else(|| table.group_by_name(&columns));
        let is_told = |column| Some(column) == group || Some(column) == columns.time() || table.is_of_path(column);
        ignored.retain(|ignored| !is_told(ignored.column));
        let (form, decimal_comma, width) = (sample.form.clone(), sample.decimal_comma, table.width());
        let (names, departure, roles) = (table.names, None, Vec::new());
        let of_path = sample.of_path;
        let layout =
            Self { form, has_header, columns, decimal_comma, names, ignored, departure, roles, group, of_path };
        let (departure, roles) = (options.other_texts(&layout.read_names()), layout.find_roles(given, width));
        Ok(Self { departure, roles, ..layout })
    }

    /// The column of labels.
    pub(super) fn label(&self) -> Option<usize> {
        match &self.columns {
            Columns::Texts { label, .. }
            | Columns::Frames { label, .. }
            | Columns::Series { label, .. }
            | Columns::Dimensions { label, .. } => *label,
        }
    }

    /// The column of labels, as a message names it.
    pub(super) fn label_name(&self) -> Option<String> {
        self.label().map(|label| self.name(label))
    }

    /// The names of the channels of frames.
    pub(super) fn channel_names(&self) -> Vec<String> {
        match &self.columns {
            Columns::Texts { .. } => Vec::new(),
            Columns::Series { .. } => vec!["the values".into()],
            Columns::Frames { channels, .. } | Columns::Dimensions { channels, .. } => {
                channels.iter().map(|channel| self.name(*channel)).collect()
            }
        }
    }

    /// The names of the columns that are read.
    pub(super) fn read_names(&self) -> ColumnNames {
        let label = self.label().map(|label| self.plain_names(&[label]).concat());
        let (texts, channels) = match &self.columns {
            Columns::Texts { texts, .. } => (texts.as_slice(), &[][..]),
            Columns::Frames { channels, .. } | Columns::Dimensions { channels, .. } => (&[][..], channels.as_slice()),
            Columns::Series { .. } => (&[][..], &[][..]),
        };
        let [texts, channels] = [texts, channels].map(|columns| self.plain_names(columns));
        ColumnNames { label: label.unwrap_or_default(), texts, channels }
    }

    /// The names of the columns whose fields rows are handed out with.
    pub(super) fn field_names(&self) -> Vec<String> {
        let own = |column: usize| {
            let name = self.names.as_ref().and_then(|names| names.get(column)).filter(|name| !name.is_empty());
            name.cloned().unwrap_or_else(|| format!("column {}", column + 1))
        };
        match &self.columns {
            Columns::Frames { sequence, label, runs, .. } => {
                let lines = runs.iter().flat_map(|_| ["first_line", "last_line"].map(str::to_owned));
                let label = label.map_or_else(|| "label".into(), own);
                sequence.map(own).into_iter().chain([label]).chain(lines).collect()
            }
            Columns::Texts { .. } | Columns::Series { .. } | Columns::Dimensions { .. } => {
                (0..self.roles.len()).map(own).collect()
            }
        }
    }

    /// The names of columns, or their numbers where they have none.
    pub(super) fn plain_names(&self, columns: &[usize]) -> Vec<String> {
        let name = |column: &usize| self.names.as_ref().and_then(|names| names.get(*column)).cloned();
        let number = |column: &usize| (column + 1).to_string();
        columns.iter().map(|column| name(column).unwrap_or_else(|| number(column))).collect()
    }

    /// A column as a message names it.
    pub(super) fn name(&self, column: usize) -> String {
        match self.of_path {
            Some(PathColumns { label: Some(label), .. }) if label == column => FOLDER_NAME.into(),
            Some(PathColumns { file, .. }) if file == column => FILE_NAME.into(),
            _ => column_name(self.names.as_deref(), column),
        }
    }

    fn list_channels(&self, channels: &[usize]) -> String {
        format!("{}: {}", counted(channels.len(), "channel"), self.list(channels))
    }

    fn list(&self, columns: &[usize]) -> String {
        first_of(columns.iter().map(|column| self.name(*column)), MOST_NAMED)
    }
}

/// A column as a message names it.
fn column_name(names: Option<&[String]>, column: usize) -> String {
    match names.and_then(|names| names.get(column)).filter(|name| !name.is_empty()) {
        Some(name) => quoted(name),
        None => format!("column {}", column + 1),
    }
}

/// A name as a message has it.
fn quoted(name: &str) -> String {
    format!("`{}`", name.escape_debug())
}

/// Names as a message lists them.
fn quoted_list<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    names.into_iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

/// What the line about a file says: `CSV, header; label: `sentiment`, text: `review``.
impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.form)?;
        if self.form.column_names().is_none() {
            write!(formatter, ", {}", if self.has_header { "header" } else { "no header" })?;
        }
        let label = self.label_name().unwrap_or_else(|| "none".into());
        match &self.columns {
            Columns::Texts { texts, .. } => write!(formatter, "; label: {label}; text: {}", self.list(texts))?,
            Columns::Frames { sequence, channels, runs, .. } => {
                let role = if runs.is_some() { "recording" } else { "sequence" };
                if let Some(sequence) = sequence {
                    write!(formatter, "; {role}: {}", self.name(*sequence))?;
                }
                write!(formatter, "; label: {label}; {}", self.list_channels(channels))?;
            }
            Columns::Dimensions { channels, .. } => {
                write!(formatter, "; label: {label}; a sequence a row, {}", self.list_channels(channels))?;
            }
            Columns::Series { values, .. } => {
                write!(formatter, "; label: {label}; a sequence of up to {} values a row, one channel", values.len())?;
            }
        }
        if let Some(departure) = &self.departure {
            write!(formatter, " ({departure})")?;
        }
        let others = [("group", self.group), ("time", self.columns.time())];
        for (role, column) in others.into_iter().filter_map(|(role, column)| Some((role, column?))) {
            write!(formatter, "; {role}: {}", self.name(column))?;
        }
        if self.decimal_comma {
            write!(formatter, "; decimal commas")?;
        }
        if !self.ignored.is_empty() {
            let shown = self.ignored.iter().map(|ignored| {
                let reason = ignored.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
                self.name(ignored.column) + &reason
            });
            write!(formatter, "; ignored: {}", first_of(shown, MOST_NAMED))?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
