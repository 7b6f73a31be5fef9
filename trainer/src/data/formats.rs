//! Files that are no lines of text, named as what they are.

use std::path::Path;

use super::DataError;
use super::encodings::{command, wide_encoding};
use crate::shell_word;

/// What files of other formats start with, what they are, and what to do.
const FORMATS: [(&[u8], &str, Advice); 20] = [
    (b"PAR1", "a Parquet file", Advice::Pandas("parquet")),
    (b"ARROW1", "an Arrow (Feather) file", Advice::Pandas("feather")),
    (b"ORC", "an ORC file", Advice::Pandas("orc")),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", Advice::Save),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel (.xls) or Office file", Advice::Workbook),
    (b"\x93NUMPY", "a NumPy array (.npy)", Advice::Save),
    (b"\x80\x02", "a Python pickle", Advice::Save),
    (b"\x80\x03", "a Python pickle", Advice::Save),
    (b"\x80\x04", "a Python pickle", Advice::Save),
    (b"\x80\x05", "a Python pickle", Advice::Save),
    (b"MATLAB 5.0", "a MATLAB file", Advice::Save),
    (b"BZh", "a bzip2 file", Advice::Unpack("bzip2 -dk")),
    (b"\xfd7zXZ\0", "an xz file", Advice::Unpack("xz -dk")),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", Advice::Unpack("zstd -dk")),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", Advice::Unpack("7z x")),
    (b"Rar!", "a RAR archive", Advice::Unpack("unrar x")),
    (b"SQLite format 3\0", "an SQLite database", Advice::Save),
    (b"%PDF", "a PDF document", Advice::Save),
    (b"RIFF", "a RIFF (audio or video) file", Advice::Save),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself", Advice::Lfs),
];

/// What to do with a file of another format.
#[derive(Clone, Copy)]
enum Advice {
    /// Pandas reads it by a function of this name.
    Pandas(&'static str),
    Workbook,
    Unpack(&'static str),
    Json,
    Save,
    Lfs,
}

impl Advice {
    fn text(self, path: &Path) -> String {
        let file = shell_word(path);
        let csv = path.with_extension("rows.csv");
        let csv = csv.display();
        match self {
            Self::Pandas(format) => format!(
                "save it as CSV: python3 -c \"import pandas; \
                 pandas.read_{format}('{}').to_csv('{csv}', index=False)\"",
                path.display()
            ),
            Self::Workbook => "save the sheet as CSV (UTF-8) from the spreadsheet program".into(),
            Self::Unpack(command) => format!("unpack it: {command} {file}"),
            Self::Json => {
                format!("write an object a line: jq -c '.[]' {file} > {}", shell_word(&path.with_extension("jsonl")))
            }
            Self::Save => "save its rows as CSV".into(),
            Self::Lfs => "fetch it: git lfs pull".into(),
        }
    }
}

/// Refuses the beginning of a file that is no text.
///
/// # Errors
/// [`DataError::OtherFormat`] with what the file is; [`DataError::WideText`] for UTF-16 and UTF-32.
pub(super) fn refuse_others(path: &Path, head: &[u8]) -> Result<(), DataError> {
    if let Some(encoding) = wide_encoding(head) {
        return Err(DataError::WideText { path: path.into(), encoding, command: command(path, encoding) });
    }
    let found = if head.starts_with(b"PK\x03\x04") {
        Some(zip(head))
    } else if is_json_array(head) {
        Some(("a JSON array", Advice::Json))
    } else if is_arff(head) {
        Some(("an ARFF file of Weka", Advice::Save))
    } else if is_page(head) {
        Some(("an HTML page", Advice::Save))
    } else {
        let is_marked = |mark: &[u8]| head.starts_with(mark) && (is_binary(head) || mark.starts_with(b"version"));
        FORMATS.iter().find(|(mark, ..)| is_marked(mark)).map(|(_, format, advice)| (*format, *advice))
    };
    match found {
        None => Ok(()),
        Some((format, advice)) => Err(DataError::OtherFormat { path: path.into(), format, advice: advice.text(path) }),
    }
}

/// What a zip archive is, by the names of its members.
fn zip(head: &[u8]) -> (&'static str, Advice) {
    let start = head.get(..1 << 16).unwrap_or(head);
    let has = |name: &[u8]| start.windows(name.len()).any(|bytes| bytes == name);
    if has(b"xl/") {
        return ("an Excel workbook (.xlsx)", Advice::Workbook);
    }
    if has(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet") {
        return ("an OpenDocument spreadsheet", Advice::Workbook);
    }
    if has(b".npy") {
        return ("NumPy arrays (.npz)", Advice::Save);
    }
    ("a zip archive", Advice::Unpack("unzip"))
}

fn is_json_array(head: &[u8]) -> bool {
    let start = head.trim_ascii_start();
    start.strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
}

/// Whether the first line that is no comment names a relation, as Weka writes it.
fn is_arff(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"%"));
    first.is_some_and(|line| line.to_ascii_lowercase().starts_with(b"@relation "))
}

/// Whether the file is a page of the web, as a failed download leaves it.
fn is_page(head: &[u8]) -> bool {
    let start = head.get(..512).unwrap_or(head).trim_ascii_start().to_ascii_lowercase();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// Whether the first bytes are no text.
fn is_binary(head: &[u8]) -> bool {
    let start = head.get(..512).unwrap_or(head);
    let is_cut = |error: std::str::Utf8Error| error.error_len().is_none();
    let is_utf8 = std::str::from_utf8(start).map_or_else(is_cut, |_| true);
    let is_control = |byte: &u8| *byte < 0x20 && !byte.is_ascii_whitespace();
    !is_utf8 || start.iter().any(is_control)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn refusal(head: &[u8]) -> Option<String> {
        refuse_others(Path::new("my rows.csv"), head).err().map(|error| error.to_string())
    }

    #[test]
    fn files_of_other_formats_are_named() {
        for (head, says) in [
            (&b"PAR1\xde\x00\x01"[..], "my rows.csv: a Parquet file, not lines of rows; save it as CSV: python3 -c"),
            (b"PK\x03\x04\x14\0\0\0[Content_Types].xml xl/workbook.xml", "an Excel workbook (.xlsx)"),
            (b"PK\x03\x04\x14\0\0\0x.npy", "NumPy arrays (.npz)"),
            (b"PK\x03\x04\x14\0\0\0train.csv", "a zip archive, not lines of rows; unpack it: unzip 'my rows.csv'"),
            (b"\x80\x04\x95\0\0", "a Python pickle"),
            (b"\n<!DOCTYPE html><html>", "an HTML page"),
            (b"% made by hand\n\n@RELATION gestures\n@attribute x numeric\n", "an ARFF file of Weka"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
            (
                b" [\n {\"text\": 1}]",
                "a JSON array, not lines of rows; write an object a line: jq -c '.[]' 'my rows.csv'",
            ),
            (b"\xff\xfel\0a\0b\0", "my rows.csv: UTF-16"),
            (b"l\0a\0b\0e\0l\0,\0t\0", "iconv -f utf-16le -t utf-8 'my rows.csv' > 'my rows.utf8.csv'"),
        ] {
            let found = refusal(head).unwrap();
            assert!(found.contains(says), "{found}");
        }
    }

    #[test]
    fn texts_that_start_like_other_formats_are_texts() {
        for head in
            [&b"PAR1,a\n"[..], b"ORC,an elf\n", b"RIFF\tguitar\n", b"label,text\n", b"", b"\xc3\xa9,x\n", b"BZh,x"]
        {
            assert_eq!(refusal(head), None);
        }
    }
}
