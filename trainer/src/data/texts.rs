use std::path::Path;

use super::records::Record;
use super::{DataError, Row};

/// Columns of text that are read where none is asked for, in the order in which they are joined.
const TEXT_COLUMNS: [&str; 3] = ["title", "description", "text"];

/// Which columns of a file of texts are what.
#[derive(Debug, Clone)]
pub(super) struct TextColumns {
    label: usize,
    texts: Vec<usize>,
    /// Whether the first record names them.
    pub(super) has_header: bool,
}

impl TextColumns {
    /// The columns by a file's first record: `wanted` ones, or all that are there if none is.
    pub(super) fn new(path: &Path, first: &Record, wanted: &[String]) -> Result<Self, DataError> {
        let Some(label) = first.label_column() else {
            return Self::without_header(path, first.fields.len(), wanted);
        };
        let texts: Vec<usize> = if wanted.is_empty() {
            TEXT_COLUMNS.into_iter().filter_map(|name| first.find(name)).collect()
        } else {
            let names = first.fields.iter().enumerate().filter(|(column, _)| *column != label);
            let known = names.map(|(_, name)| format!("`{}`", name.trim().escape_debug())).collect::<Vec<_>>();
            let find = |name: &String| first.find(name).filter(|column| *column != label);
            let find = |name| find(name).ok_or_else(|| unknown(path, name, known.join(", ")));
            wanted.iter().map(find).collect::<Result<_, _>>()?
        };
        if texts.is_empty() {
            return Err(DataError::NoTextColumn { path: path.into() });
        }
        Ok(Self { label, texts, has_header: true })
    }

    /// The label first; of two columns the other is the text, of three the others are title and description.
    fn without_header(path: &Path, width: usize, wanted: &[String]) -> Result<Self, DataError> {
        let names: &[&str] = match width {
            2 => &["text"],
            3 => &["title", "description"],
            _ => &[],
        };
        let known = || match names {
            [] => format!("no header and {width} columns, which have no names"),
            names => format!(
                "no header, and {}",
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        let find = |name: &String| names.iter().position(|known| known.eq_ignore_ascii_case(name));
        let find = |name| find(name).map(|place| place + 1).ok_or_else(|| unknown(path, name, known()));
        let texts =
            if wanted.is_empty() { (1..width).collect() } else { wanted.iter().map(find).collect::<Result<_, _>>()? };
        Ok(Self { label: 0, texts, has_header: false })
    }

    /// The row of a record; several texts are joined by a space.
    pub(super) fn row(&self, path: &Path, record: &Record) -> Result<Row, DataError> {
        let label = record.label(path, self.label)?;
        let texts: Vec<&str> = self.texts.iter().map(|column| record.field(*column)).collect();
        Ok(Row::of_text(label, texts.join(" ")))
    }
}

fn unknown(path: &Path, column: &str, known: String) -> DataError {
    DataError::UnknownTextColumn { place: path.display().to_string(), column: column.into(), known }
}
