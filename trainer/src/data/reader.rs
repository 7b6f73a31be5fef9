use std::path::Path;

use super::error::LONGEST_LABEL;
use super::quotes::{BrokenQuote, find_broken_quote};
use super::{DataError, Row};

const LABEL_COLUMNS: [&str; 4] = ["label", "class", "class index", "category"];
const TEXT_COLUMNS: [&str; 3] = ["title", "description", "text"];

/// Which columns of a file are what.
struct Columns {
    label: usize,
    texts: Vec<usize>,
}

/// Reads the rows of a CSV file, or a TSV file (`.tsv`, `.tab`), in UTF-8.
///
/// Without a header the first column is the label and the others are texts (`class,text` or
/// `class,title,description`). A header names a label column (`label`, `class`, `class index`, `category`)
/// and text columns (`text`, or `title` and `description`), in any order and case; other columns are left
/// out. Several texts are joined by a space.
///
/// # Errors
/// [`DataError`], with the line.
pub fn read_rows(path: &Path) -> Result<Vec<Row>, DataError> {
    let bytes = std::fs::read(path).map_err(|source| DataError::Unreadable { path: path.into(), source })?;
    parse_rows(path, &bytes)
}

/// [`read_rows`] of a file's content; `path` decides between commas and tabs and is named in errors.
///
/// # Errors
/// [`DataError`], with the line.
pub fn parse_rows(path: &Path, bytes: &[u8]) -> Result<Vec<Row>, DataError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let delimiter = match path.extension().and_then(|extension| extension.to_str()) {
        Some("tsv" | "tab") => b'\t',
        _ => b',',
    };
    if let Err(error) = std::str::from_utf8(bytes) {
        let (line, column) = line_and_column(bytes, error.valid_up_to());
        return Err(DataError::NotUtf8 { path: path.into(), line, column });
    }
    if let Some(BrokenQuote { offset, problem }) = find_broken_quote(bytes, delimiter) {
        let (line, column) = line_and_column(bytes, offset);
        return Err(DataError::BrokenQuote { path: path.into(), line, column, problem });
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let mut columns: Option<Columns> = None;
    let mut width = 0;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|source| DataError::Csv { path: path.into(), source })?;
        let line = line_of(bytes, &record);
        let wrong = |expected: String| DataError::Columns { path: path.into(), line, expected, found: record.len() };
        let Some(columns) = &columns else {
            if record.len() < 2 {
                return Err(wrong("at least 2: a label and a text".into()));
            }
            width = record.len();
            let header = header_columns(path, &record)?;
            let is_header = header.is_some();
            let found = header.unwrap_or(Columns { label: 0, texts: (1..width).collect() });
            if !is_header {
                rows.push(row(path, &record, &found, line)?);
            }
            columns = Some(found);
            continue;
        };
        if record.len() != width {
            return Err(wrong(format!("{width} as in the first line")));
        }
        rows.push(row(path, &record, columns, line)?);
    }
    if rows.is_empty() { Err(DataError::Empty { path: path.into() }) } else { Ok(rows) }
}

/// The columns that a header names; `None` if `record` is not a header.
fn header_columns(path: &Path, record: &csv::StringRecord) -> Result<Option<Columns>, DataError> {
    let find = |name: &str| record.iter().position(|field| field.trim().eq_ignore_ascii_case(name));
    let Some(label) = LABEL_COLUMNS.into_iter().find_map(find) else {
        return Ok(None);
    };
    let texts: Vec<usize> = TEXT_COLUMNS.into_iter().filter_map(find).collect();
    if texts.is_empty() {
        return Err(DataError::NoTextColumn { path: path.into() });
    }
    Ok(Some(Columns { label, texts }))
}

fn row(path: &Path, record: &csv::StringRecord, columns: &Columns, line: usize) -> Result<Row, DataError> {
    let field = |column: usize| record.get(column).unwrap_or_default().trim();
    let label = field(columns.label);
    if label.is_empty() {
        return Err(DataError::EmptyLabel { path: path.into(), line });
    }
    if label.contains(['\n', '\r']) {
        return Err(DataError::LabelOfLines { path: path.into(), line });
    }
    if label.len() > LONGEST_LABEL {
        return Err(DataError::LongLabel { path: path.into(), line, found: label.len() });
    }
    let texts: Vec<&str> = columns.texts.iter().map(|column| field(*column)).collect();
    Ok(Row { label: label.into(), text: texts.join(" ") })
}

/// The line on which a record starts: the reader's own position may lie before line ends that it skips.
fn line_of(bytes: &[u8], record: &csv::StringRecord) -> usize {
    let start = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
    let skipped = bytes.iter().skip(start).take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    line_and_column(bytes, start + skipped).0
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

    fn parse(name: &str, text: &str) -> Result<Vec<(String, String)>, String> {
        parse_rows(Path::new(name), text.as_bytes())
            .map(|rows| rows.into_iter().map(|row| (row.label, row.text)).collect())
            .map_err(|error| error.to_string())
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(label, text)| (label.to_string(), text.to_string())).collect()
    }

    #[test]
    fn the_forms_of_a_file() {
        let expected = pairs(&[("3", "Prices rise. \"Slightly\", says x"), ("1", "b c")]);
        assert_eq!(parse("a.csv", "\"3\",\"Prices rise.\",\"\"\"Slightly\"\", says x\"\n1,b,c\n").unwrap(), expected);
        assert_eq!(parse("a.csv", "label,text\non,a b\n").unwrap(), pairs(&[("on", "a b")]));
        assert_eq!(parse("a.csv", "id,Text,Label\n7,a b,on\r\n").unwrap(), pairs(&[("on", "a b")]));
        assert_eq!(parse("a.csv", "Class Index,Title,Description\n1,t,d\n").unwrap(), pairs(&[("1", "t d")]));
        assert_eq!(parse("a.tsv", "on\ta, b\n").unwrap(), pairs(&[("on", "a, b")]));
        assert_eq!(parse("a.csv", "\u{feff}label,text\non,é").unwrap(), pairs(&[("on", "é")]));
    }

    #[test]
    fn each_fault_names_its_line() {
        let error = |text: &str| parse("a.csv", text).unwrap_err();
        assert_eq!(error(""), "a.csv: no rows; expected lines of `label,text`");
        assert_eq!(error("label,text\n"), "a.csv: no rows; expected lines of `label,text`");
        assert_eq!(error("a\n"), "a.csv, line 1: 1 column(s), expected at least 2: a label and a text");
        assert_eq!(error("a,b\nc,d\ne\n"), "a.csv, line 3: 1 column(s), expected 2 as in the first line");
        assert_eq!(error("a,b\n,d\n"), "a.csv, line 2: the label is empty");
        assert!(error("label,words\na,b\n").starts_with("a.csv, line 1: the header has a label but no column"));
        assert!(error("a,b\nc,\"d\n").starts_with("a.csv, line 2, column 3: a quote that is opened here"));
        let error = parse_rows(Path::new("a.csv"), b"a,b\nc,d\xff\n").unwrap_err().to_string();
        assert!(error.starts_with("a.csv, line 2, column 4: not UTF-8"), "{error}");
    }
}
