use super::ColumnNames;

/// What `--group-column` says where rows have no groups.
const NO_GROUP: &str = "none";

/// How long recordings are cut into rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Frames of a window.
    pub frames: usize,
    /// Frames from the start of a window to that of the next one.
    pub every: usize,
}

/// How the rows of a file are read: what its header and its content do not say, or not rightly.
///
/// A column is given by its name in the header, in any case, or by its number from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column of labels; without it the names of the columns and their content tell.
    pub label_column: Option<String>,
    /// The columns of text, joined in this order; empty: the names of the columns and their content tell.
    pub text_columns: Vec<String>,
    /// The channels of frames, in this order; empty: all columns of numbers but times and row numbers.
    pub channels: Vec<String>,
    /// The windows that recordings are cut into; without it each sequence is a row.
    pub segment: Option<Segment>,
    /// The column of persons or recordings that a split keeps on one side; without it a name in use for that tells.
    /// `none`: rows have no groups.
    pub group_column: Option<String>,
    /// Whether a file without that column is read too.
    pub group_is_optional: bool,
    /// Names of labels, see [`super::LabelNames`]; empty: labels are what the column has.
    pub label_names: Vec<String>,
    /// The byte between two columns; without it the first lines tell.
    pub delimiter: Option<u8>,
    /// A name of the file's encoding; without it UTF-8, or UTF-16 where its byte-order mark stands first.
    pub encoding: Option<String>,
    /// Labels that rows are expected to have, as those of a model; empty: any. They help to find the column.
    pub known_labels: Vec<String>,
    /// The columns of the rows that a model was trained on: those of the same names are read, unless the options above
    /// give others.
    pub schema: ColumnNames,
    /// Whether rows may have no label at all; it is empty then.
    pub labels_are_optional: bool,
}

impl ReadOptions {
    /// The same columns, with these labels expected, and those that have names.
    pub fn with_known_labels<Label: AsRef<str>>(mut self, labels: &[Label]) -> Self {
        let named = self.label_names.iter().filter_map(|entry| entry.split_once('='));
        let named = named.map(|(label, _)| label.trim().to_owned());
        self.known_labels = labels.iter().map(|label| label.as_ref().to_owned()).chain(named).collect();
        self
    }

    /// The same options for rows of a model that was trained on these columns.
    pub fn with_schema(self, schema: ColumnNames) -> Self {
        Self { schema, ..self }
    }

    /// Other columns of text, the same label.
    pub fn with_text_columns(mut self, columns: &[String]) -> Self {
        self.text_columns = columns.to_vec();
        self
    }

    /// Whether a record has one of the named columns, so that it is a header.
    pub(super) fn names_one_of<'f>(&self, fields: impl Iterator<Item = &'f str>) -> bool {
        let ColumnNames { label, texts, channels } = &self.schema;
        let of_schema = || texts.iter().chain(channels).chain([label]);
        let given = || self.given_columns();
        let named = || given().chain(of_schema());
        fields.map(str::trim).any(|field| {
            !field.is_empty() && field.parse::<f64>().is_err() && named().any(|name| name.eq_ignore_ascii_case(field))
        })
    }

    /// The columns that are given by name or number.
    fn given_columns(&self) -> impl Iterator<Item = &String> {
        let group = self.group_column.iter().filter(|_| !self.has_no_groups());
        self.label_column.iter().chain(&self.text_columns).chain(&self.channels).chain(group)
    }

    /// Whether `--group-column none` is given.
    pub(super) fn has_no_groups(&self) -> bool {
        self.group_column.as_ref().is_some_and(|column| column.eq_ignore_ascii_case(NO_GROUP))
    }

    /// Whether a column is given by a number.
    pub(super) fn has_numbers(&self) -> bool {
        self.given_columns().any(|name| name.parse::<usize>().is_ok())
    }
}
