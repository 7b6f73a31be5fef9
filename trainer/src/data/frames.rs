use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use super::table::{Record, Table};
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

/// A sequence that is complete, and its lines.
pub(super) struct Sequence {
    pub(super) row: Row,
    pub(super) span: Range<usize>,
}

impl FrameColumns {
    /// The columns of a file whose first record names a sequence; `None` if it does not.
    pub(super) fn new(table: &Table<'_>, first: &Record) -> Result<Option<Self>, DataError> {
        let Some(sequence) = first.find(SEQUENCE_COLUMN) else {
            return Ok(None);
        };
        let path = table.path();
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

    /// The sequences of the records after the header.
    pub(super) fn sequences(
        &self,
        table: &Table<'_>,
        records: impl Iterator<Item = Result<Record, DataError>>,
    ) -> Result<Vec<Sequence>, DataError> {
        let mut sequences: Vec<Sequence> = Vec::new();
        let mut names = HashSet::<String>::new();
        let mut last = String::new();
        for record in records {
            let record = record?;
            let (path, line) = (table.path().into(), record.line);
            let name = record.field(self.sequence);
            let label = table.label(&record, self.label)?;
            if name.is_empty() {
                return Err(DataError::EmptySequence { path, line });
            }
            match sequences.last_mut().filter(|_| name == last) {
                Some(sequence) => {
                    if sequence.row.label != label {
                        let (sequence, expected) = (name.into(), sequence.row.label.clone());
                        return Err(DataError::LabelChange { path, line, sequence, expected, found: label.into() });
                    }
                    self.append(table, &record, &mut sequence.row)?;
                    sequence.span.end = record.span.end;
                }
                None => {
                    if !names.insert(name.into()) {
                        return Err(DataError::SequenceAgain { path, line, sequence: name.into() });
                    }
                    name.clone_into(&mut last);
                    let content = Content::Frames(Frames { channels: self.channels.len(), values: Vec::new() });
                    let mut row = Row { label: label.into(), content };
                    self.append(table, &record, &mut row)?;
                    sequences.push(Sequence { row, span: record.span });
                }
            }
        }
        Ok(sequences)
    }

    /// Adds the frame of a record to a row of frames.
    fn append(&self, table: &Table<'_>, record: &Record, row: &mut Row) -> Result<(), DataError> {
        let Content::Frames(frames) = &mut row.content else {
            return Ok(());
        };
        for column in &self.channels {
            let value = parse_value(record.field(*column)).ok_or_else(|| DataError::NotANumber {
                path: table.path().into(),
                line: record.line,
                column: self.names.get(*column).cloned().unwrap_or_default(),
                found: record.field(*column).chars().take(LONGEST_SHOWN).collect(),
            })?;
            frames.values.push(value);
        }
        Ok(())
    }
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
