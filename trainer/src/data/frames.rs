use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::LONGEST_RECORD;
use super::origin::Origin;
use super::reader::PlacedRow;
use super::records::{LabelColumn, Record};
use super::{Content, DataError, Frames, RecordError, Row};

/// Most channels of a frame.
pub(super) const MOST_CHANNELS: usize = runtime::format::MAX_SIZE;

/// Most characters of a field that an error shows.
const LONGEST_SHOWN: usize = 40;

/// Which columns of a file of frames are what.
#[derive(Debug, Clone)]
pub(super) struct FrameColumns {
    pub(super) sequence: Option<usize>,
    pub(super) label: LabelColumn,
    pub(super) group: Option<usize>,
    pub(super) values: ValueColumns,
}

/// Columns of numbers.
#[derive(Debug, Clone)]
pub(super) struct ValueColumns {
    pub(super) columns: Vec<usize>,
    /// How they are named in errors.
    pub(super) names: Vec<String>,
    /// Whether `1,5` is a number.
    pub(super) decimal_comma: bool,
}

impl ValueColumns {
    /// Adds the values of a record's frame.
    pub(super) fn append(&self, path: &Path, record: &Record, values: &mut Vec<f32>) -> Result<(), DataError> {
        self.append_first(self.columns.len(), path, record, values)
    }

    /// The values of a record that is a sequence of its own; empty fields at its end are none.
    pub(super) fn series(&self, path: &Path, record: &Record) -> Result<Frames, DataError> {
        let is_filled = |column: &usize| !["", "nan"].contains(&record.field(*column).to_lowercase().as_str());
        let length = self.columns.iter().rposition(is_filled).map_or(0, |last| last + 1);
        let mut values = Vec::with_capacity(length);
        self.append_first(length, path, record, &mut values)?;
        Ok(Frames { channels: 1, values })
    }

    /// The values of a record with a list of them, with commas between, in each column: a channel a column. Values that
    /// are missing at the end of all lists are none.
    pub(super) fn dimensions(&self, path: &Path, record: &Record) -> Result<Frames, DataError> {
        let is_missing = |value: &str| value.is_empty() || value == "?" || value.eq_ignore_ascii_case("nan");
        let mut lists = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let mut values: Vec<&str> = record.field(*column).split(',').map(str::trim).collect();
            values.truncate(values.iter().rposition(|value| !is_missing(value)).map_or(0, |last| last + 1));
            lists.push(values);
        }
        let length = lists.first().map_or(0, Vec::len);
        if let Some(place) = lists.iter().position(|values| values.len() != length) {
            let found = lists.get(place).map_or(0, Vec::len);
            let column = self.names.get(place).cloned().unwrap_or_default();
            return Err(
                RecordError::UnevenSeries { path: path.into(), line: record.line, column, length, found }.into()
            );
        }
        let mut values = Vec::with_capacity(length * lists.len());
        for step in 0..length {
            for (place, list) in lists.iter().enumerate() {
                let value = list.get(step).copied().unwrap_or_default();
                values.push(parse_value(value).ok_or_else(|| self.not_this_number(path, record, place, value))?);
            }
        }
        Ok(Frames { channels: lists.len(), values })
    }

    /// Adds the values of the first `length` columns.
    fn append_first(
        &self,
        length: usize,
        path: &Path,
        record: &Record,
        values: &mut Vec<f32>,
    ) -> Result<(), DataError> {
        for (place, column) in self.columns.iter().take(length).enumerate() {
            let field = record.field(*column);
            values.push(self.parse(field).ok_or_else(|| self.not_a_number(path, record, place))?);
        }
        Ok(())
    }

    fn parse(&self, field: &str) -> Option<f32> {
        parse_value(field).or_else(|| {
            parse_value(&field.replacen(',', ".", 1)).filter(|_| self.decimal_comma && !field.contains('.'))
        })
    }

    fn not_a_number(&self, path: &Path, record: &Record, place: usize) -> DataError {
        let field = record.field(self.columns.get(place).copied().unwrap_or_default());
        self.not_this_number(path, record, place, field)
    }

    fn not_this_number(&self, path: &Path, record: &Record, place: usize, field: &str) -> DataError {
        let error = RecordError::NotANumber {
            path: path.into(),
            line: record.line,
            column: self.names.get(place).cloned().unwrap_or_default(),
            found: field.chars().take(LONGEST_SHOWN).collect(),
        };
        error.into()
    }
}

/// Frames of a file that become rows, sequence by sequence.
pub(super) struct Sequences {
    columns: FrameColumns,
    names: SequenceNames,
    open: Option<OpenSequence>,
}

/// The names of the sequences of a file, whose frames stand together.
#[derive(Default)]
pub(super) struct SequenceNames {
    /// The name of the sequence that may go on.
    current: Option<String>,
    /// The hashes of the names so far: 128 bits, which two names do not share.
    seen: HashSet<[u8; 16]>,
}

impl SequenceNames {
    /// Whether a record with this name of a sequence starts a sequence.
    ///
    /// # Errors
    /// [`RecordError::EmptySequence`]; [`RecordError::SequenceAgain`] for a sequence that has ended.
    pub(super) fn is_start(&mut self, name: &str, path: &Path, line: usize) -> Result<bool, RecordError> {
        if name.is_empty() {
            return Err(RecordError::EmptySequence { path: path.into(), line });
        }
        if self.current.as_deref() == Some(name) {
            return Ok(false);
        }
        if !self.seen.insert(hash(name)) {
            return Err(RecordError::SequenceAgain { path: path.into(), line, sequence: name.into() });
        }
        self.current = Some(name.into());
        Ok(true)
    }
}

/// A sequence that may go on.
struct OpenSequence {
    name: String,
    label: String,
    group: Option<String>,
    values: Vec<f32>,
    span: Range<u64>,
}

impl Sequences {
    pub(super) fn new(columns: FrameColumns) -> Self {
        Self { columns, names: SequenceNames::default(), open: None }
    }

    fn channels(&self) -> usize {
        self.columns.values.columns.len()
    }

    /// Which columns are what.
    pub(super) fn into_columns(self) -> FrameColumns {
        self.columns
    }

    /// Takes in the next record; the sequence before it, if that is complete now.
    pub(super) fn push(&mut self, path: &Path, record: &Record) -> Result<Option<PlacedRow>, DataError> {
        let line = record.line;
        let name = self.columns.sequence.map_or("", |column| record.field(column));
        let group = self.columns.group.map(|column| record.field(column));
        let label = record.label(path, self.columns.label)?;
        let complete = if self.names.is_start(name, path, line)? { self.finish() } else { None };
        let start = || OpenSequence {
            name: name.into(),
            label: label.into(),
            group: group.map(str::to_owned),
            values: Vec::new(),
            span: record.span.clone(),
        };
        let open = self.open.get_or_insert_with(start);
        if open.label != label {
            let (path, sequence, expected) = (path.into(), name.into(), open.label.clone());
            return Err(RecordError::LabelChange { path, line, sequence, expected, found: label.into() }.into());
        }
        if open.group.as_deref() != group {
            let (expected, found) = (open.group.clone().unwrap_or_default(), group.unwrap_or_default().into());
            let (path, sequence) = (path.into(), name.into());
            return Err(RecordError::GroupChange { path, line, sequence, expected, found }.into());
        }
        self.columns.values.append(path, record, &mut open.values)?;
        if open.values.len() > LONGEST_RECORD {
            return Err(RecordError::LongSequence { path: path.into(), line, sequence: name.into() }.into());
        }
        open.span.end = record.span.end;
        Ok(complete)
    }

    /// The last sequence, if there is one.
    pub(super) fn finish(&mut self) -> Option<PlacedRow> {
        let OpenSequence { name, label, group, values, span } = self.open.take()?;
        let content = Content::Frames(Frames { channels: self.channels(), values });
        let (row, origin) = (Row { label: label.clone(), content }, Origin::default());
        Some(PlacedRow { row, span, fields: vec![name, label], group, origin })
    }
}

/// Half of the hash of a sequence's name.
fn hash(name: &str) -> [u8; 16] {
    let whole: [u8; 32] = Sha256::digest(name).into();
    std::array::from_fn(|place| whole[place])
}

/// The values of a frame that stands on a line of its own, with commas between them; `path` and `line` are named in
/// errors.
///
/// # Errors
/// [`RecordError::Columns`], [`RecordError::NotANumber`].
pub fn parse_frame(text: &str, channels: usize, path: &Path, line: usize) -> Result<Vec<f32>, DataError> {
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    if fields.len() != channels {
        let expected = format!("{channels}, one a channel of the model");
        return Err(RecordError::Columns { path: path.into(), line, expected, found: fields.len() }.into());
    }
    let parse = |(column, field): (usize, &&str)| {
        parse_value(field).ok_or_else(|| RecordError::NotANumber {
            path: path.into(),
            line,
            column: column.to_string(),
            found: field.chars().take(LONGEST_SHOWN).collect(),
        })
    };
    Ok((1..).zip(&fields).map(parse).collect::<Result<_, _>>()?)
}

/// A finite number.
fn parse_value(text: &str) -> Option<f32> {
    text.parse().ok().filter(|value: &f32| value.is_finite())
}
