use std::io::Read;
use std::ops::Range;
use std::path::Path;

use super::error::MOST_ROWS;
use super::frames::{FrameColumns, Sequences};
use super::records::{Fingerprint, Record, Records};
use super::texts::TextColumns;
use super::unpacked::{open, read_error, unpacked};
use super::{DataError, Row};

/// The rows of a CSV file, or a TSV file (`.tsv`, `.tab`), in UTF-8, one after another. The file may be gzip, which its
/// content says; its name may end in `.gz`.
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
/// **Memory.** A row at a time: a record has at most 16 MiB, a sequence of frames at most 2^24 values; a longer one is
/// refused, and so is a file of more than 2^27 rows. Of each sequence of frames 16 bytes stay.
pub struct Rows<'r> {
    records: Records<'r>,
    columns: Columns,
    /// The first record, where it is a row.
    first: Option<Record>,
    header: Option<Range<u64>>,
    found: usize,
}

/// How records become rows.
enum Columns {
    Texts(TextColumns),
    Frames(Sequences),
}

/// A row, and its bytes in the unpacked file, without the last line end.
pub(super) struct PlacedRow {
    pub(super) row: Row,
    pub(super) span: Range<u64>,
}

impl Rows<'static> {
    /// The rows of a file.
    ///
    /// # Errors
    /// [`DataError`], with the line.
    pub fn open(path: &Path, text_columns: &[String]) -> Result<Self, DataError> {
        Self::of_text(path, open(path)?, text_columns)
    }
}

impl<'r> Rows<'r> {
    /// The rows that a reader gives, which may be gzip; `path` decides between commas and tabs and is named in errors.
    ///
    /// # Errors
    /// [`DataError`], with the line.
    pub fn new(path: &Path, reader: impl Read + 'r, text_columns: &[String]) -> Result<Self, DataError> {
        let reader = unpacked(reader).map_err(|source| read_error(path, source))?;
        Self::of_text(path, reader, text_columns)
    }

    /// The rows of what is unpacked.
    pub(super) fn of_text(path: &Path, reader: impl Read + 'r, text_columns: &[String]) -> Result<Self, DataError> {
        let mut records = Records::new(path, reader);
        let first = records.next().transpose()?;
        let first = first.ok_or(DataError::Empty { path: path.into(), expected: "label,text" })?;
        if let Some(columns) = FrameColumns::new(path, &first)? {
            if let Some(column) = text_columns.first() {
                let (place, known) = (path.display().to_string(), "frames of numbers".into());
                return Err(DataError::UnknownTextColumn { place, column: column.clone(), known });
            }
            let columns = Columns::Frames(Sequences::new(columns));
            return Ok(Self { records, columns, first: None, header: Some(first.span), found: 0 });
        }
        let columns = TextColumns::new(path, &first, text_columns)?;
        let header = columns.has_header.then(|| first.span.clone());
        let first = (!columns.has_header).then_some(first);
        Ok(Self { records, columns: Columns::Texts(columns), first, header, found: 0 })
    }

    /// The header's bytes in the unpacked file, if it has one.
    pub(super) fn header(&self) -> Option<Range<u64>> {
        self.header.clone()
    }

    /// Of what was read so far.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.records.fingerprint()
    }

    /// The next row and where it stands.
    pub(super) fn next_placed(&mut self) -> Result<Option<PlacedRow>, DataError> {
        let next = self.read()?;
        self.found += usize::from(next.is_some());
        let path = self.records.path();
        if self.found > MOST_ROWS {
            return Err(DataError::TooManyRows { place: path.display().to_string() });
        }
        if self.found == 0 {
            let expected = match self.columns {
                Columns::Texts(_) => "label,text",
                Columns::Frames(_) => "sequence,label,channels",
            };
            return Err(DataError::Empty { path: path.into(), expected });
        }
        Ok(next)
    }

    fn read(&mut self) -> Result<Option<PlacedRow>, DataError> {
        while let Some(record) = self.first.take().map(Ok).or_else(|| self.records.next()).transpose()? {
            let path = self.records.path();
            match &mut self.columns {
                Columns::Texts(columns) => {
                    return Ok(Some(PlacedRow { row: columns.row(path, &record)?, span: record.span }));
                }
                Columns::Frames(sequences) => {
                    let complete = sequences.push(path, &record)?;
                    if complete.is_some() {
                        return Ok(complete);
                    }
                }
            }
        }
        Ok(match &mut self.columns {
            Columns::Texts(_) => None,
            Columns::Frames(sequences) => sequences.finish(),
        })
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_placed().map(|placed| placed.map(|placed| placed.row)).transpose()
    }
}

/// All rows of a file, as [`Rows`] has them.
///
/// # Errors
/// [`DataError`], with the line.
pub fn read_rows(path: &Path, text_columns: &[String]) -> Result<Vec<Row>, DataError> {
    Rows::open(path, text_columns)?.collect()
}

/// [`read_rows`] of a file's content; `path` decides between commas and tabs and is named in errors.
///
/// # Errors
/// [`DataError`], with the line.
pub fn parse_rows(path: &Path, bytes: &[u8], text_columns: &[String]) -> Result<Vec<Row>, DataError> {
    Rows::new(path, bytes, text_columns)?.collect()
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
