use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::Utf8Error;

use super::encodings::not_utf8;
use super::error::{LONGEST_LABEL, LONGEST_RECORD};
use super::form::{Form, Quotes};
use super::unpacked::read_error;
use super::{DataError, RecordError};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 16;

/// One record of a table.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// Its fields, as many as every record of the table has.
    pub(super) fields: csv::StringRecord,
    /// The line on which it starts, from 1.
    pub(super) line: usize,
    /// Its bytes in the unpacked file, without the line end.
    pub(super) span: Range<u64>,
}

impl Record {
    /// A field without the spaces around it.
    pub(super) fn field(&self, column: usize) -> &str {
        self.fields.get(column).unwrap_or_default().trim()
    }

    /// Its label, which a model file and a file of one label a line can hold, or nothing where it may have none; `path`
    /// is named in errors.
    pub(super) fn label(&self, path: &Path, column: LabelColumn) -> Result<&str, DataError> {
        let label = column.place.map(|place| self.field(place)).unwrap_or_default();
        let (path, line) = (path.into(), self.line);
        if label.is_empty() {
            if column.is_optional {
                return Ok(label);
            }
            return Err(RecordError::EmptyLabel { path, line }.into());
        }
        if label.contains(['\n', '\r']) {
            return Err(RecordError::LabelOfLines { path, line }.into());
        }
        if label.len() > LONGEST_LABEL {
            return Err(RecordError::LongLabel { path, line, found: label.len() }.into());
        }
        Ok(label)
    }
}

/// Where a record has its label.
#[derive(Debug, Clone, Copy)]
pub(super) struct LabelColumn {
    pub(super) place: Option<usize>,
    /// Whether it may be empty.
    pub(super) is_optional: bool,
}

/// What a reading of a table gave, to tell whether another one gives the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) bytes: u64,
    pub(super) crc: u32,
}

/// The records of a file in UTF-8, one after another; blank lines are none. Any of `\n`, `\r\n` and `\r` ends a record
/// that has no quote open. A record is in memory at a time.
pub(super) struct Records<'r> {
    path: PathBuf,
    form: Form,
    /// What separates fields, where quotes matter.
    quoted: Option<u8>,
    reader: BufReader<Box<dyn Read + 'r>>,
    /// Of the next byte.
    position: Position,
    /// The record that is read.
    bytes: Vec<u8>,
    /// Fields of every record.
    width: Option<usize>,
    crc: flate2::Crc,
}

/// A byte of the unpacked file.
#[derive(Debug, Clone, Copy)]
struct Position {
    offset: u64,
    /// From 1.
    line: usize,
    /// Byte of the line, from 1.
    column: usize,
}

impl Position {
    const START: Self = Self { offset: 0, line: 1, column: 1 };

    fn after(mut self, byte: u8) -> Self {
        self.offset += 1;
        (self.line, self.column) = if byte == b'\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        self
    }
}

/// Where in a record a byte stands.
#[derive(Clone, Copy)]
enum Place {
    FieldStart,
    Unquoted,
    Quoted { from: Position },
    AfterQuote,
}

impl<'r> Records<'r> {
    /// The records of this form that a reader gives; `path` is named in errors.
    pub(super) fn new(path: &Path, reader: impl Read + 'r, form: Form) -> Self {
        let quoted = match form {
            Form::Separated { delimiter, quotes: Quotes::Rfc4180 } => Some(delimiter),
            _ => None,
        };
        Self {
            path: path.into(),
            form,
            quoted,
            reader: BufReader::with_capacity(CHUNK, Box::new(reader)),
            position: Position::START,
            bytes: Vec::new(),
            width: None,
            crc: flate2::Crc::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Of what was read so far.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint { bytes: self.position.offset, crc: self.crc.sum() }
    }

    /// Reads the bytes of the next record, without its line end; where it starts, if there is one.
    fn next_bytes(&mut self) -> Result<Option<Position>, DataError> {
        self.bytes.clear();
        let mut start = self.position;
        let mut place = Place::FieldStart;
        loop {
            let chunk = self.reader.fill_buf().map_err(|source| read_error(&self.path, source))?;
            if chunk.is_empty() {
                return match place {
                    Place::Quoted { from } => {
                        Err(broken_quote(&self.path, from, "a quote that is opened here is never closed"))
                    }
                    _ => Ok((!self.bytes.is_empty()).then_some(start)),
                };
            }
            let mut used = 0;
            let mut ended = false;
            for byte in chunk.iter().copied() {
                let here = self.position;
                self.position = here.after(byte);
                used += 1;
                let is_line_end = matches!(byte, b'\n' | b'\r');
                if is_line_end && !matches!(place, Place::Quoted { .. }) {
                    if !self.bytes.is_empty() {
                        ended = true;
                        break;
                    }
                    start = self.position;
                    continue;
                }
                place = match place {
                    Place::FieldStart if byte == b'"' && self.quoted.is_some() => Place::Quoted { from: here },
                    Place::Quoted { .. } if byte == b'"' => Place::AfterQuote,
                    Place::Quoted { from } => Place::Quoted { from },
                    _ if self.quoted == Some(byte) => Place::FieldStart,
                    Place::FieldStart | Place::Unquoted => Place::Unquoted,
                    Place::AfterQuote if byte == b'"' => Place::Quoted { from: here },
                    Place::AfterQuote => {
                        let problem = "text after a closing quote; write a quote inside a quoted field as \"\"";
                        return Err(broken_quote(&self.path, here, problem));
                    }
                };
                self.bytes.push(byte);
            }
            self.crc.update(chunk.get(..used).unwrap_or_default());
            self.reader.consume(used);
            if self.bytes.len() > LONGEST_RECORD {
                return Err(RecordError::LongRecord { path: self.path.clone(), line: start.line }.into());
            }
            if ended {
                return Ok(Some(start));
            }
        }
    }

    /// The text of the next record.
    pub(super) fn next_text(&mut self) -> Result<Option<String>, DataError> {
        let Some(start) = self.next_bytes()? else {
            return Ok(None);
        };
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(error) => Err(self.not_text(start, error)),
        }
    }

    /// What is wrong with the record that was read last, which is no text; the rest of the file is looked at to tell
    /// what it is.
    fn not_text(&mut self, start: Position, error: Utf8Error) -> DataError {
        let before = self.bytes.get(..error.valid_up_to()).unwrap_or_default();
        let Position { line, column, .. } = before.iter().copied().fold(start, Position::after);
        let first = self.bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        not_utf8(&self.path, line, column, first, &self.bytes, &mut self.reader)
    }

    fn read(&mut self) -> Result<Option<Record>, DataError> {
        let start = loop {
            let Some(start) = self.next_bytes()? else {
                return Ok(None);
            };
            match std::str::from_utf8(&self.bytes) {
                Ok(text) if self.form.is_no_record(text) => {}
                Ok(_) => break start,
                Err(error) => return Err(self.not_text(start, error)),
            }
        };
        let text = std::str::from_utf8(&self.bytes).unwrap_or_default();
        let line = start.line;
        let fields = self.form.fields(text).map_err(|problem| {
            let (path, problem) = (self.path.clone(), problem);
            RecordError::NotOfForm { path, line, form: self.form.to_string(), problem }
        })?;
        let (expected, found) = (*self.width.get_or_insert(fields.len()), fields.len());
        if found != expected {
            let expected = format!("{expected} as in the first line");
            return Err(RecordError::Columns { path: self.path.clone(), line, expected, found }.into());
        }
        Ok(Some(Record { fields, line, span: start.offset..start.offset + text.len() as u64 }))
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn broken_quote(path: &Path, place: Position, problem: &'static str) -> DataError {
    RecordError::BrokenQuote { path: path.into(), line: place.line, column: place.column, problem }.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(text: &[u8]) -> Result<Vec<Record>, DataError> {
        Records::new(Path::new("a.csv"), text, Form::separated(b',')).collect()
    }

    #[test]
    fn a_record_knows_its_line_and_its_bytes() {
        let text = "\n\na,b\r\n\r\n\"two\nlines\",x\nc,\"d\n\"\n\n";
        let found = records(text.as_bytes()).unwrap();
        let found: Vec<_> =
            found.into_iter().map(|r| (r.line, &text[r.span.start as usize..r.span.end as usize])).collect();
        assert_eq!(found, [(3, "a,b"), (5, "\"two\nlines\",x"), (7, "c,\"d\n\"")]);
    }

    #[test]
    fn quoting_of_rfc_4180_is_accepted() {
        for text in ["", "\"a\",\"b \"\"c\"\" d\"\r\n", "a,5\" pipe\n", "\"two\nlines\",x", "\"\",\"\""] {
            assert!(records(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_place_of_a_broken_quote_is_told() {
        let place = |text: &str| match records(text.as_bytes()) {
            Err(DataError::Record(RecordError::BrokenQuote { line, column, .. })) => (line, column),
            other => panic!("{other:?}"),
        };
        assert_eq!(place("a,b\nc,\"d\ne,f\n"), (2, 3));
        assert_eq!(place("a,\"b\"c\n"), (1, 6));
        assert_eq!(place("\"a\"\"\n"), (1, 4));
    }

    #[test]
    fn a_record_of_any_length_is_refused_before_it_fills_memory() {
        let endless = b"a,b\nc,".chain(std::io::repeat(b'x'));
        let found: Result<Vec<_>, _> = Records::new(Path::new("a.csv"), endless, Form::separated(b',')).collect();
        assert!(matches!(found, Err(DataError::Record(RecordError::LongRecord { line: 2, .. }))), "{found:?}");
    }

    proptest! {
        #[test]
        fn fields_are_those_of_the_csv_crate(text in "([ab,\"é \r\n]|\"\"|,\"|\",){0,30}") {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<_> = reader.records().map(|record| record.unwrap()).collect();
            let form = Form::separated(b',');
            let mut records = Records::new(Path::new("a.csv"), text.as_bytes(), form.clone());
            let mut found = Vec::new();
            loop {
                match records.next_text() {
                    Ok(Some(text)) => found.push(form.fields(&text).unwrap()),
                    Ok(None) => break,
                    Err(_) => return Ok(()),
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
