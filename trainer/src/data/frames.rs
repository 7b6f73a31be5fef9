use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::LONGEST_RECORD;
use super::reader::PlacedRow;
use super::records::Record;
use super::{Content, DataError, Frames, Row};

/// The name of the column that tells which sequence a frame belongs to; a header that has it makes a file one of
/// frames.
pub(super) const SEQUENCE_COLUMN: &str = "sequence";
/// Most channels of a frame.
const MOST_CHANNELS: usize = 16_384;

/// Most characters of a field that an error shows.
const LONGEST_SHOWN: usize = 40;

/// Which columns of a file of frames are what.
#[derive(Debug, Clone)]
pub(super) struct FrameColumns {
    sequence: usize,
    label: usize,
    channels: Vec<usize>,
    names: Vec<String>,
}

impl FrameColumns {
    /// The columns of a file whose first record names a sequence; `None` if it does not.
    pub(super) fn new(path: &Path, first: &Record) -> Result<Option<Self>, DataError> {
        let Some(sequence) = first.find(SEQUENCE_COLUMN) else {
            return Ok(None);
        };
        let label = first.label_column().ok_or(DataError::NoLabelColumn { path: path.into() })?;
        let channels: Vec<usize> =
            (0..first.fields.len()).filter(|column| *column != sequence && *column != label).collect();
        if !(1..=MOST_CHANNELS).contains(&channels.len()) {
            let (found, largest) = (channels.len(), MOST_CHANNELS);
            return Err(DataError::ChannelCount { path: path.into(), found, largest });
        }
        let names = first.fields.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Some(Self { sequence, label, channels, names }))
    }

    /// Values of a frame.
    pub(super) fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Adds the values of a record's frame.
    fn append(&self, path: &Path, record: &Record, values: &mut Vec<f32>) -> Result<(), DataError> {
        for column in &self.channels {
            let value = parse_value(record.field(*column)).ok_or_else(|| DataError::NotANumber {
                path: path.into(),
                line: record.line,
                column: self.names.get(*column).cloned().unwrap_or_default(),
                found: record.field(*column).chars().take(LONGEST_SHOWN).collect(),
            })?;
            values.push(value);
        }
        Ok(())
    }
}

/// Frames of a file that become rows, sequence by sequence.
pub(super) struct Sequences {
    columns: FrameColumns,
    /// The hashes of the names so far: 128 bits, which two names do not share.
    names: HashSet<[u8; 16]>,
    open: Option<OpenSequence>,
}

/// A sequence that may go on.
struct OpenSequence {
    name: String,
    label: String,
    values: Vec<f32>,
    span: Range<u64>,
}

impl Sequences {
    pub(super) fn new(columns: FrameColumns) -> Self {
        Self { columns, names: HashSet::new(), open: None }
    }

    pub(super) fn channels(&self) -> usize {
        self.columns.channels()
    }

    /// Takes in the next record; the sequence before it, if that is complete now.
    pub(super) fn push(&mut self, path: &Path, record: &Record) -> Result<Option<PlacedRow>, DataError> {
        let line = record.line;
        let name = record.field(self.columns.sequence);
        let label = record.label(path, self.columns.label)?;
        if name.is_empty() {
            return Err(DataError::EmptySequence { path: path.into(), line });
        }
        let mut complete = None;
        if self.open.as_ref().is_none_or(|open| open.name != name) {
            if !self.names.insert(hash(name)) {
                return Err(DataError::SequenceAgain { path: path.into(), line, sequence: name.into() });
            }
            complete = self.finish();
        }
        let start =
            || OpenSequence { name: name.into(), label: label.into(), values: Vec::new(), span: record.span.clone() };
        let open = self.open.get_or_insert_with(start);
        if open.label != label {
            let (path, sequence, expected) = (path.into(), name.into(), open.label.clone());
            return Err(DataError::LabelChange { path, line, sequence, expected, found: label.into() });
        }
        self.columns.append(path, record, &mut open.values)?;
        if open.values.len() > LONGEST_RECORD {
            return Err(DataError::LongSequence { path: path.into(), line, sequence: name.into() });
        }
        open.span.end = record.span.end;
        Ok(complete)
    }

    /// The last sequence, if there is one.
    pub(super) fn finish(&mut self) -> Option<PlacedRow> {
        let OpenSequence { label, values, span, .. } = self.open.take()?;
        let content = Content::Frames(Frames { channels: self.channels(), values });
        Some(PlacedRow { row: Row { label, content }, span })
    }
}

fn hash(name: &str) -> [u8; 16] {
    let whole: [u8; 32] = Sha256::digest(name).into();
    std::array::from_fn(|place| whole[place])
}

/// The values of a frame that stands on a line of its own, with commas between them; `path` and `line` are named in
/// errors.
///
/// # Errors
/// [`DataError::Columns`], [`DataError::NotANumber`].
pub fn parse_frame(text: &str, channels: usize, path: &Path, line: usize) -> Result<Vec<f32>, DataError> {
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    if fields.len() != channels {
        let expected = format!("{channels}, one a channel of the model");
        return Err(DataError::Columns { path: path.into(), line, expected, found: fields.len() });
    }
    let parse = |(column, field): (usize, &&str)| {
        parse_value(field).ok_or_else(|| DataError::NotANumber {
            path: path.into(),
            line,
            column: column.to_string(),
            found: field.chars().take(LONGEST_SHOWN).collect(),
        })
    };
    (1..).zip(&fields).map(parse).collect()
}

/// A finite number.
fn parse_value(text: &str) -> Option<f32> {
    text.parse().ok().filter(|value: &f32| value.is_finite())
}
