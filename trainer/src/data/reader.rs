use std::io::{Cursor, Read};
use std::ops::Range;
use std::path::Path;

use super::columns::{ColumnNames, ColumnRole, Columns, Layout, Sample};
use super::encodings::read_up_to;
use super::error::MOST_ROWS;
use super::form::{Form, SAMPLE};
use super::formats::refuse_others;
use super::frames::{FrameColumns, Sequences, ValueColumns};
use super::records::{Fingerprint, LabelColumn, Record, Records};
use super::unpacked::{open, read_error, unpacked};
use super::{Content, DataError, ReadOptions, Row};

/// Bytes that are looked at before the first row is handed out.
const HEAD: usize = 1 << 22;

/// The rows of a file in UTF-8, one after another: CSV with `,`, `;`, `|` or a tab, lines of fastText, or a JSON object a
/// line. The file may be gzip, which its content says; its name may end in `.gz`.
///
/// The first 1,000 records, of at most 4 MiB, tell before the first row what separates columns, whether the first record
/// is a header, and which column is what; [`Self::layout`] says it. What [`ReadOptions`] give comes first.
///
/// **Texts.** The label is the column with a name in use for labels (`label`, `class`, `target`, `sentiment` and others,
/// in any order and case), else the column whose values repeat, else the first one. The text is all columns with a name
/// in use for texts (`text`, `message`, `title`, `description` and others), else what is left when the label, empty
/// columns and row numbers are taken away. Several texts are joined by a space. In a file with tabs a quote is a
/// character like any other.
///
/// **Frames.** A header with a column `sequence`, or a column whose values tell the recordings of numbers apart; a label;
/// all other columns of numbers are channels, in their order, but times and what counts frames. A row is a frame, and the
/// rows of a sequence stand together. A row of a label and at least eight numbers, whose columns have no names of their
/// own, is a sequence of one channel.
///
/// **Memory.** A row at a time beside the first 4 MiB: a record has at most 16 MiB, a sequence of frames at most 2^24
/// values; a longer one is refused, and so is a file of more than 2^27 rows. Of each sequence of frames 16 bytes stay.
pub struct Rows<'r> {
    records: Records<'r>,
    layout: Layout,
    builder: Builder,
    label: LabelColumn,
    header: Option<Range<u64>>,
    found: usize,
    /// Whether the fields of rows are kept.
    keeps_fields: bool,
}

/// How records become rows.
enum Builder {
    Texts(Vec<usize>),
    Frames(Sequences),
    Series(ValueColumns),
}

/// The records of a file with a frame a row.
pub(super) struct FrameRecords<'r> {
    pub(super) records: Records<'r>,
    pub(super) columns: FrameColumns,
}

/// A row, and its bytes in the unpacked file, without the last line end.
pub(super) struct PlacedRow {
    pub(super) row: Row,
    pub(super) span: Range<u64>,
    /// Its fields, if they are kept: all of a row's record, or the name and the label of a sequence of frames.
    pub(super) fields: Vec<String>,
}

impl Rows<'static> {
    /// The rows of a file.
    ///
    /// # Errors
    /// [`DataError`], with the line.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, DataError> {
        Self::of_text(path, open(path, options)?, options)
    }
}

impl<'r> Rows<'r> {
    /// The rows that a reader gives, which may be gzip; `path` decides what its content does not and is named in errors.
    ///
    /// # Errors
    /// [`DataError`], with the line.
    pub fn new(path: &Path, reader: impl Read + 'r, options: &ReadOptions) -> Result<Self, DataError> {
        Self::of_text(path, unpacked(path, reader, options)?, options)
    }

    /// The rows of what is unpacked.
    pub(super) fn of_text(path: &Path, mut reader: impl Read + 'r, options: &ReadOptions) -> Result<Self, DataError> {
        let head = read_up_to(&mut reader, HEAD).map_err(|source| read_error(path, source))?;
        refuse_others(path, &head)?;
        let whole = whole_records(&head);
        let form = match options.delimiter {
            Some(delimiter) => Form::separated(delimiter),
            None => Form::detect(path, whole, options.labels_are_optional),
        };
        let sample: Vec<Record> = Records::new(path, whole, form.clone()).map_while(Result::ok).take(SAMPLE).collect();
        let layout = match sample.split_first() {
            Some((first, below)) => Some(Layout::recognize(&Sample::new(path, &form, first, below), options)?),
            None => None,
        };
        let mut records = Records::new(path, Cursor::new(head).chain(reader), form);
        let Some(layout) = layout else {
            return Err(match records.next() {
                Some(Err(error)) => error,
                _ => DataError::Empty { path: path.into(), expected: "label,text" },
            });
        };
        let header = layout.has_header.then(|| records.next()).flatten().transpose()?.map(|header| header.span);
        let label = LabelColumn { place: layout.label(), is_optional: options.labels_are_optional };
        let builder = match layout.columns.clone() {
            Columns::Texts { texts, .. } => Builder::Texts(texts),
            Columns::Frames { sequence, channels, .. } => {
                let values = values_of(&layout, channels);
                Builder::Frames(Sequences::new(FrameColumns { sequence, label, values }))
            }
            Columns::Series { values, .. } => Builder::Series(values_of(&layout, values)),
        };
        Ok(Self { records, layout, builder, label, header, found: 0, keeps_fields: false })
    }

    /// What the file is and which of its columns is what, for a message.
    pub fn layout(&self) -> String {
        self.layout.to_string()
    }

    /// The column of labels as a message names it, if there is one.
    pub fn label_name(&self) -> Option<String> {
        self.layout.label_name()
    }

    /// The names of the channels of frames, as a message has them; none for texts.
    pub fn channel_names(&self) -> Vec<String> {
        self.layout.channel_names()
    }

    /// What each column is.
    pub fn column_roles(&self) -> &[ColumnRole] {
        &self.layout.roles
    }

    /// The names of the columns that are read.
    pub fn column_names(&self) -> ColumnNames {
        self.layout.read_names()
    }

    /// The next row with its fields, which have the names of [`Self::field_names`].
    ///
    /// # Errors
    /// [`DataError`], with the line.
    pub fn next_with_fields(&mut self) -> Result<Option<(Row, Vec<String>)>, DataError> {
        self.keeps_fields = true;
        Ok(self.next_placed()?.map(|placed| (placed.row, placed.fields)))
    }

    /// The names of the fields that rows are handed out with: the file's columns, of a file of frames those of the
    /// sequence and its label. Columns without a name are `column 1` and so on.
    pub fn field_names(&self) -> Vec<String> {
        self.layout.field_names()
    }

    /// The records that follow and which of their columns is what, of a file with a frame a row.
    pub(super) fn into_frames(self) -> Option<FrameRecords<'r>> {
        match self.builder {
            Builder::Frames(sequences) => {
                Some(FrameRecords { records: self.records, columns: sequences.into_columns() })
            }
            Builder::Texts(_) | Builder::Series(_) => None,
        }
    }

    /// The extension of a file of this form.
    pub(super) fn extension(&self) -> &'static str {
        self.layout.form.extension()
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
            let expected = match self.builder {
                Builder::Texts(_) => "label,text",
                Builder::Frames(_) => "sequence,label,channels",
                Builder::Series(_) => "label,values",
            };
            return Err(DataError::Empty { path: path.into(), expected });
        }
        Ok(next)
    }

    fn read(&mut self) -> Result<Option<PlacedRow>, DataError> {
        while let Some(record) = self.records.next().transpose()? {
            let path = self.records.path();
            let content = match &mut self.builder {
                Builder::Texts(texts) => {
                    let texts: Vec<&str> = texts.iter().map(|column| record.field(*column)).collect();
                    Content::Text(texts.join(" "))
                }
                Builder::Series(values) => Content::Frames(values.series(path, &record)?),
                Builder::Frames(sequences) => match sequences.push(path, &record)? {
                    None => continue,
                    complete => return Ok(complete),
                },
            };
            let label = record.label(path, self.label)?.to_owned();
            let fields = match self.keeps_fields {
                true => (0..record.fields.len()).map(|column| record.field(column).to_owned()).collect(),
                false => Vec::new(),
            };
            return Ok(Some(PlacedRow { row: Row { label, content }, span: record.span, fields }));
        }
        Ok(match &mut self.builder {
            Builder::Frames(sequences) => sequences.finish(),
            Builder::Texts(_) | Builder::Series(_) => None,
        })
    }
}

fn values_of(layout: &Layout, columns: Vec<usize>) -> ValueColumns {
    ValueColumns { names: layout.plain_names(&columns), columns, decimal_comma: layout.decimal_comma }
}

/// The beginning of a file without the record that it cuts off, if there is one before it.
fn whole_records(head: &[u8]) -> &[u8] {
    let end = match head.len() {
        HEAD.. => head.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')),
        _ => None,
    };
    let whole = head.get(..end.unwrap_or(head.len())).unwrap_or(head);
    match std::str::from_utf8(whole) {
        // A character that is cut off is none.
        Err(error) if end.is_none() && error.error_len().is_none() => whole.get(..error.valid_up_to()).unwrap_or(whole),
        _ => whole,
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
pub fn read_rows(path: &Path, options: &ReadOptions) -> Result<Vec<Row>, DataError> {
    Rows::open(path, options)?.collect()
}

/// [`read_rows`] of a file's content; `path` decides what its content does not and is named in errors.
///
/// # Errors
/// [`DataError`], with the line.
pub fn parse_rows(path: &Path, bytes: &[u8], options: &ReadOptions) -> Result<Vec<Row>, DataError> {
    Rows::new(path, bytes, options)?.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::{Content, Frames};

    fn parse_texts(name: &str, text: &str, columns: &[&str]) -> Result<Vec<(String, String)>, String> {
        let columns: Vec<String> = columns.iter().map(|column| column.to_string()).collect();
        let options = ReadOptions::default().with_text_columns(&columns);
        let text_of = |row: &Row| row.content.text().unwrap().to_owned();
        parse_rows(Path::new(name), text.as_bytes(), &options)
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
        let four = "a.csv: no text column `title`; \
                    it has no header and 4 columns, which have numbers from 1 and no names";
        assert_eq!(refused("1,a,b,c\n", "title"), four);
        let frames = "sequence,label,x\ns,on,1\n";
        assert_eq!(refused(frames, "title"), "a.csv: no text column `title`; it has frames of numbers");
    }

    #[test]
    fn each_fault_names_its_line() {
        let error = |text: &str| parse_texts("a.csv", text, &[]).unwrap_err();
        assert_eq!(error(""), "a.csv: no rows; expected lines of `label,text`");
        assert_eq!(error("label,text\n"), "a.csv: no rows; expected lines of `label,text`");
        let two = "expected at least 2: a label and a text, with `,`, `;`, `|` or a tab between them";
        assert_eq!(error("a\n"), format!("a.csv, line 1: 1 column(s), {two}"));
        assert_eq!(error("a,b\nc,d\ne\n"), "a.csv, line 3: 1 column(s), expected 2 as in the first line");
        assert_eq!(error("a,b\n,d\n"), "a.csv, line 2: the label is empty");
        let no_text = error("label,id,size\na,1,2\nb,2,3\n");
        assert!(
            no_text.starts_with("a.csv, line 1: no column of text found; choose one with --text-columns"),
            "{no_text}"
        );
        assert!(error("a,b\nc,\"d\n").starts_with("a.csv, line 2, column 3: a quote that is opened here"));
        let error = parse_rows(Path::new("a.csv"), b"a,b\nc,d\xff\n", &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.starts_with("a.csv, line 2, column 4: the byte 0xFF is not UTF-8"), "{error}");
    }

    fn parse_frames(text: &str) -> Result<Vec<Row>, String> {
        parse_rows(Path::new("a.csv"), text.as_bytes(), &ReadOptions::default()).map_err(|error| error.to_string())
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
        let no_channel =
            "a.csv, line 1: 0 channels, expected 1 to 16384 columns of numbers beside `sequence` and the label";
        assert_eq!(header("sequence,label\na,on\n"), no_channel);
        let no_label = "a.csv, line 1: sequences by `sequence`, but no column of labels found; \
                        choose one with --label-column: the file has `x`";
        assert_eq!(header("sequence,x\na,1\n"), no_label);
    }
}
