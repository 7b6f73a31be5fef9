use std::ops::Range;
use std::path::Path;

use super::DataError;
use super::error::LONGEST_LABEL;
use super::quotes::{BrokenQuote, find_broken_quote};

/// Names of the column of labels, in a header.
pub(super) const LABEL_COLUMNS: [&str; 4] = ["label", "class", "class index", "category"];

/// A CSV or TSV file that is UTF-8 with its quotes in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'t> {
    path: &'t Path,
    bytes: &'t [u8],
    delimiter: u8,
}

/// One record of a table.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// Its fields, as many as every record of the table has.
    pub(super) fields: csv::StringRecord,
    /// The line on which it starts, from 1.
    pub(super) line: usize,
    /// Its bytes, without the line end.
    pub(super) span: Range<usize>,
}

impl Record {
    /// A field without the spaces around it.
    pub(super) fn field(&self, column: usize) -> &str {
        self.fields.get(column).unwrap_or_default().trim()
    }

    /// The column with this name in any case, where the record is a header.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.trim().eq_ignore_ascii_case(name))
    }

    /// The column of labels, where the record is a header.
    pub(super) fn label_column(&self) -> Option<usize> {
        LABEL_COLUMNS.into_iter().find_map(|name| self.find(name))
    }
}

impl<'t> Table<'t> {
    /// `bytes` as a table; `path` decides between commas and tabs and is named in errors. A byte-order mark has
    /// been taken off.
    pub(super) fn new(path: &'t Path, bytes: &'t [u8]) -> Result<Self, DataError> {
        if let Err(error) = std::str::from_utf8(bytes) {
            let (line, column) = line_and_column(bytes, error.valid_up_to());
            return Err(DataError::NotUtf8 { path: path.into(), line, column });
        }
        let delimiter = if is_tab_separated(path) { b'\t' } else { b',' };
        if let Some(BrokenQuote { offset, problem }) = find_broken_quote(bytes, delimiter) {
            let (line, column) = line_and_column(bytes, offset);
            return Err(DataError::BrokenQuote { path: path.into(), line, column, problem });
        }
        Ok(Self { path, bytes, delimiter })
    }

    pub(super) fn path(&self) -> &'t Path {
        self.path
    }

    /// The records from the first to the last; blank lines are none.
    pub(super) fn records(&self) -> Records<'t> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(self.bytes);
        Records { table: *self, reader, width: None, counted: 0, line: 1 }
    }

    /// Checks that a record's label is one that a model file and a file of one label a line can hold.
    pub(super) fn label<'r>(&self, record: &'r Record, column: usize) -> Result<&'r str, DataError> {
        let (path, line, label) = (self.path.into(), record.line, record.field(column));
        if label.is_empty() {
            return Err(DataError::EmptyLabel { path, line });
        }
        if label.contains(['\n', '\r']) {
            return Err(DataError::LabelOfLines { path, line });
        }
        if label.len() > LONGEST_LABEL {
            return Err(DataError::LongLabel { path, line, found: label.len() });
        }
        Ok(label)
    }
}

/// Whether a file's name says that tabs separate its columns.
pub(super) fn is_tab_separated(path: &Path) -> bool {
    matches!(path.extension().and_then(|extension| extension.to_str()), Some("tsv" | "tab"))
}

/// The records of a table.
pub(super) struct Records<'t> {
    table: Table<'t>,
    reader: csv::Reader<&'t [u8]>,
    width: Option<usize>,
    /// Bytes in which line ends have been counted, and the line after them.
    counted: usize,
    line: usize,
}

impl Records<'_> {
    fn offset(&self) -> usize {
        usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX)
    }

    /// The line of an offset that is not before the one asked for last.
    fn line_at(&mut self, offset: usize) -> usize {
        let between = self.table.bytes.get(self.counted..offset).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.counted = offset;
        self.line
    }

    fn read(&mut self) -> Result<Option<Record>, DataError> {
        let Table { path, bytes, .. } = self.table;
        let start = self.offset();
        let mut fields = csv::StringRecord::new();
        let found = self.reader.read_record(&mut fields);
        if !found.map_err(|source| DataError::Csv { path: path.into(), source })? {
            return Ok(None);
        }
        // The reader's positions may lie on either side of the line ends between two records.
        let is_line_end = |byte: &&u8| matches!(byte, b'\n' | b'\r');
        let read = bytes.get(start..self.offset()).unwrap_or_default();
        let before = read.iter().take_while(is_line_end).count();
        let after = read.iter().rev().take_while(is_line_end).count();
        let span = start + before..start + read.len() - after.min(read.len() - before);
        let line = self.line_at(span.start);
        let (expected, found) = (*self.width.get_or_insert(fields.len()), fields.len());
        if found < 2 && found == expected {
            let expected = "at least 2: a label and a text".into();
            return Err(DataError::Columns { path: path.into(), line, expected, found });
        }
        if found != expected {
            let expected = format!("{expected} as in the first line");
            return Err(DataError::Columns { path: path.into(), line, expected, found });
        }
        Ok(Some(Record { fields, line, span }))
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn line_and_column(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    (line, column)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_record_knows_its_line_and_its_bytes() {
        let text = "\n\na,b\r\n\r\n\"two\nlines\",x\nc,\"d\n\"\n\n";
        let table = Table::new(Path::new("a.csv"), text.as_bytes()).unwrap();
        let found: Vec<_> = table.records().map(|record| record.unwrap()).map(|r| (r.line, &text[r.span])).collect();
        assert_eq!(found, [(3, "a,b"), (5, "\"two\nlines\",x"), (7, "c,\"d\n\"")]);
    }
}
