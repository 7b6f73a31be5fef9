use std::ops::Range;
use std::path::Path;

use super::frames::{FrameColumns, Sequence};
use super::table::{Table, is_tab_separated};
use super::texts::TextColumns;
use super::{DataError, Row};

/// Reads the rows of a CSV file, or a TSV file (`.tsv`, `.tab`), in UTF-8.
///
/// **Texts.** Without a header the first column is the label and the others are texts (`class,text` or
/// `class,title,description`). A header names a label column (`label`, `class`, `class index`, `category`)
/// and text columns (`text`, or `title` and `description`), in any order and case; other columns are left
/// out. Several texts are joined by a space. `text_columns` chooses the columns by name: any that a header has,
/// `title` and `description` of three columns without a header, `text` of two; empty: as above.
///
/// **Frames.** A header with a column `sequence` and one of labels, in any place; all other columns are channels,
/// in their order. A row is a frame, and the rows of a sequence stand together.
///
/// # Errors
/// [`DataError`], with the line.
pub fn read_rows(path: &Path, text_columns: &[String]) -> Result<Vec<Row>, DataError> {
    DataFile::read(path, text_columns).map(|file| file.rows)
}

/// [`read_rows`] of a file's content; `path` decides between commas and tabs and is named in errors.
///
/// # Errors
/// [`DataError`], with the line.
pub fn parse_rows(path: &Path, bytes: &[u8], text_columns: &[String]) -> Result<Vec<Row>, DataError> {
    let parsed = parse(&Table::new(path, without_mark(bytes))?, text_columns)?;
    Ok(parsed.placed.into_iter().map(|placed| placed.row).collect())
}

/// A file of rows, with the lines that each was read from.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// The rows.
    pub rows: Vec<Row>,
    tab_separated: bool,
    bytes: Vec<u8>,
    header: Option<Range<usize>>,
    spans: Vec<Range<usize>>,
}

impl DataFile {
    /// Reads a file as [`read_rows`] does.
    ///
    /// # Errors
    /// [`DataError`], with the line.
    pub fn read(path: &Path, text_columns: &[String]) -> Result<Self, DataError> {
        let bytes = std::fs::read(path).map_err(|source| DataError::Unreadable { path: path.into(), source })?;
        let bytes = without_mark(&bytes).to_vec();
        let Parsed { header, placed } = parse(&Table::new(path, &bytes)?, text_columns)?;
        let (rows, spans) = placed.into_iter().map(|placed| (placed.row, placed.span)).unzip();
        Ok(Self { rows, tab_separated: is_tab_separated(path), bytes, header, spans })
    }

    /// The extension of a file with these rows: `csv` or `tsv`.
    pub fn extension(&self) -> &'static str {
        if self.tab_separated { "tsv" } else { "csv" }
    }

    /// The lines that the rows of these numbers were read from, as they stand in the file, after its header if it
    /// has one.
    pub fn lines_of(&self, rows: impl Iterator<Item = usize>) -> Vec<u8> {
        let spans = rows.filter_map(|row| self.spans.get(row));
        let mut lines = Vec::new();
        for span in self.header.iter().chain(spans) {
            lines.extend(self.bytes.get(span.clone()).unwrap_or_default());
            lines.push(b'\n');
        }
        lines
    }
}

/// A row, and the bytes that it was read from.
struct Placed {
    row: Row,
    span: Range<usize>,
}

struct Parsed {
    header: Option<Range<usize>>,
    placed: Vec<Placed>,
}

fn parse(table: &Table<'_>, text_columns: &[String]) -> Result<Parsed, DataError> {
    let empty = |expected| DataError::Empty { path: table.path().into(), expected };
    let mut records = table.records();
    let first = records.next().transpose()?.ok_or(empty("label,text"))?;
    if let Some(columns) = FrameColumns::new(table, &first)? {
        if let Some(column) = text_columns.first() {
            let (place, known) = (table.path().display().to_string(), "frames of numbers".into());
            return Err(DataError::UnknownTextColumn { place, column: column.clone(), known });
        }
        let sequences = columns.sequences(table, records)?;
        if sequences.is_empty() {
            return Err(empty("sequence,label,channels"));
        }
        let placed = sequences.into_iter().map(|Sequence { row, span }| Placed { row, span }).collect();
        return Ok(Parsed { header: Some(first.span), placed });
    }
    let columns = TextColumns::new(table, &first, text_columns)?;
    let header = columns.has_header.then(|| first.span.clone());
    let without_header = (!columns.has_header).then_some(Ok(first));
    let placed = without_header.into_iter().chain(records).map(|record| {
        let record = record?;
        Ok(Placed { row: columns.row(table, &record)?, span: record.span })
    });
    let placed = placed.collect::<Result<Vec<_>, DataError>>()?;
    if placed.is_empty() { Err(empty("label,text")) } else { Ok(Parsed { header, placed }) }
}

/// A file's content without a byte-order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::{Content, Frames};

    fn parse_texts(name: &str, text: &str, columns: &[&str]) -> Result<Vec<(String, String)>, String> {
        let columns: Vec<String> = columns.iter().map(|column| column.to_string()).collect();
        let text_of = |row: &Row| row.content.text().unwrap().to_owned();
        parse_rows(Path::new(name), text.as_bytes(), &columns)
            .map(|rows| rows.iter().map(|row| (row.label.clone(), text_of(row))).collect())
            .map_err(|error| error.to_string())
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(label, text)| (label.to_string(), text.to_string())).collect()
    }

    #[test]
    fn the_forms_of_a_file() {
        let parse = |name, text| parse_texts(name, text, &[]).unwrap();
        let expected = pairs(&[("3", "Prices rise. \"Slightly\", says x"), ("1", "b c")]);
        assert_eq!(parse("a.csv", "\"3\",\"Prices rise.\",\"\"\"Slightly\"\", says x\"\n1,b,c\n"), expected);
        assert_eq!(parse("a.csv", "label,text\non,a b\n"), pairs(&[("on", "a b")]));
        assert_eq!(parse("a.csv", "id,Text,Label\n7,a b,on\r\n"), pairs(&[("on", "a b")]));
        assert_eq!(parse("a.csv", "Class Index,Title,Description\n1,t,d\n"), pairs(&[("1", "t d")]));
        assert_eq!(parse("a.tsv", "on\ta, b\n"), pairs(&[("on", "a, b")]));
        assert_eq!(parse("a.csv", "\u{feff}label,text\non,é"), pairs(&[("on", "é")]));
    }

    #[test]
    fn columns_are_chosen_by_name() {
        let parse = |text, columns: &[&str]| parse_texts("a.csv", text, columns);
        let titled = "Class Index,Title,Description,source\n1,t,d,s\n";
        assert_eq!(parse(titled, &["title"]).unwrap(), pairs(&[("1", "t")]));
        assert_eq!(parse(titled, &["Description", "title"]).unwrap(), pairs(&[("1", "d t")]));
        assert_eq!(parse(titled, &["source"]).unwrap(), pairs(&[("1", "s")]));
        assert_eq!(parse("1,t,d\n", &["title"]).unwrap(), pairs(&[("1", "t")]));
        assert_eq!(parse("1,t,d\n", &["title", "description"]).unwrap(), pairs(&[("1", "t d")]));
        assert_eq!(parse("1,x\n", &["text"]).unwrap(), pairs(&[("1", "x")]));
        let refused = |text, column| parse(text, &[column]).unwrap_err();
        assert_eq!(
            refused(titled, "headline"),
            "a.csv: no text column `headline`; it has `Title`, `Description`, `source`"
        );
        assert_eq!(refused(titled, "class index"), refused(titled, "headline").replace("headline", "class index"));
        assert_eq!(refused("1,x\n", "title"), "a.csv: no text column `title`; it has no header, and `text`");
        let four = "a.csv: no text column `title`; it has no header and 4 columns, which have no names";
        assert_eq!(refused("1,a,b,c\n", "title"), four);
        let frames = "sequence,label,x\ns,on,1\n";
        assert_eq!(refused(frames, "title"), "a.csv: no text column `title`; it has frames of numbers");
    }

    #[test]
    fn each_fault_names_its_line() {
        let error = |text: &str| parse_texts("a.csv", text, &[]).unwrap_err();
        assert_eq!(error(""), "a.csv: no rows; expected lines of `label,text`");
        assert_eq!(error("label,text\n"), "a.csv: no rows; expected lines of `label,text`");
        assert_eq!(error("a\n"), "a.csv, line 1: 1 column(s), expected at least 2: a label and a text");
        assert_eq!(error("a,b\nc,d\ne\n"), "a.csv, line 3: 1 column(s), expected 2 as in the first line");
        assert_eq!(error("a,b\n,d\n"), "a.csv, line 2: the label is empty");
        assert!(error("label,words\na,b\n").starts_with("a.csv, line 1: the header has a label but no column"));
        assert!(error("a,b\nc,\"d\n").starts_with("a.csv, line 2, column 3: a quote that is opened here"));
        let error = parse_rows(Path::new("a.csv"), b"a,b\nc,d\xff\n", &[]).unwrap_err().to_string();
        assert!(error.starts_with("a.csv, line 2, column 4: not UTF-8"), "{error}");
    }

    fn parse_frames(text: &str) -> Result<Vec<Row>, String> {
        parse_rows(Path::new("a.csv"), text.as_bytes(), &[]).map_err(|error| error.to_string())
    }

    #[test]
    fn frames_of_a_sequence_are_one_row() {
        let rows = parse_frames("Label, x ,Sequence,y\non,1,a,-2.5\r\non, 3 ,a,4e1\n\noff,5,b,6\n").unwrap();
        let row = |label: &str, values: &[f32]| Row {
            label: label.into(),
            content: Content::Frames(Frames { channels: 2, values: values.into() }),
        };
        assert_eq!(rows, [row("on", &[1.0, -2.5, 3.0, 40.0]), row("off", &[5.0, 6.0])]);
        assert_eq!(rows[0].content.frames().unwrap().iter().len(), 2);
    }

    #[test]
    fn each_fault_of_frames_names_its_line() {
        let error = |text: &str| parse_frames(&format!("sequence,label,x,y\n{text}")).unwrap_err();
        assert_eq!(error(""), "a.csv: no rows; expected lines of `sequence,label,channels`");
        assert_eq!(error("a,on,1\n"), "a.csv, line 2: 3 column(s), expected 4 as in the first line");
        for value in ["", "abc", "NaN", "inf", "-1e39", "0x10"] {
            let expected = format!("a.csv, line 3: `{value}` in column `y`, expected a finite number");
            assert_eq!(error(&format!("a,on,1,2\na,on,1,{value}\n")), expected);
        }
        assert_eq!(error(",on,1,2\n"), "a.csv, line 2: the name of the sequence is empty");
        assert_eq!(error("a,,1,2\n"), "a.csv, line 2: the label is empty");
        let change = "a.csv, line 3: sequence `a` has the label `off`, and `on` before; expected one label";
        assert_eq!(error("a,on,1,2\na,off,1,2\n"), change);
        let again = "a.csv, line 4: sequence `a` again, after another one; its rows must stand together";
        assert_eq!(error("a,on,1,2\nb,on,1,2\na,on,1,2\n"), again);
        let header = |text| parse_frames(text).unwrap_err();
        let no_channel = "a.csv, line 1: 0 channels, expected 1 to 16384 columns beside `sequence` and the label";
        assert_eq!(header("sequence,label\na,on\n"), no_channel);
        let no_label = "a.csv, line 1: the header has a column `sequence` but none of labels; expected `label`";
        assert_eq!(header("sequence,x\na,1\n"), no_label);
    }
}
