//! A folder with a file for each recording, or for each text.

use std::fmt;
use std::path::{Path, PathBuf};

use super::columns::PathColumns;
use super::encodings::{not_utf8, read_up_to};
use super::error::LONGEST_RECORD;
use super::form::{Form, SAMPLE};
use super::formats::refuse_others;
use super::listing::counted;
use super::records::{Fingerprint, Record, Records};
use super::unpacked::{open, read_error};
use super::{ColumnError, DataError, ReadOptions, RecordError};

/// What the names of files of rows end with; each may be followed by `.gz`.
pub(super) const EXTENSIONS: [&str; 5] = ["csv", "tsv", "tab", "txt", "jsonl"];
/// Names of files that are parts of the rows, and no recordings.
const PARTS: [&str; 6] = ["train", "valid", "val", "dev", "validation", "test"];
/// Files that are looked at before the first row is handed out.
const SAMPLE_FILES: usize = 50;
/// Bytes of each of them.
const HEAD: usize = 1 << 18;

/// The files of a folder, sorted by name.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    files: Vec<RecordingFile>,
    /// Folders, each with the name of a label; 0: the files stand side by side.
    labels: usize,
}

/// A file, and what its path says.
#[derive(Debug, Clone)]
struct RecordingFile {
    path: PathBuf,
    /// The name of its folder, where that is a label.
    label: Option<String>,
    /// Its name without its extension, after that of its folder.
    name: String,
}

impl Listing {
    /// The files of a folder, or of the folders in it; none if there are none, or if they are parts of rows such as
    /// `test.csv`.
    ///
    /// # Errors
    /// [`DataError::Unreadable`]; [`DataError::FilesBesideFolders`].
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, DataError> {
        let (mut own, folders) = entries(folder)?;
        // Texts have no label in them, and where there are parts, each has its rows.
        own.retain(|(name, _)| extension(name).as_deref() != Some("txt"));
        if own.iter().any(|(name, _)| PARTS.contains(&stem(name).to_lowercase().as_str())) {
            own.clear();
        }
        let mut files = Vec::new();
        let mut labels = 0;
        for (name, path) in &folders {
            let below = entries(path)?.0;
            labels += usize::from(!below.is_empty());
            let file = |(file, path): (String, PathBuf)| RecordingFile {
                name: format!("{name}/{}", stem(&file)),
                label: Some(name.clone()),
                path,
            };
            files.extend(below.into_iter().map(file));
        }
        if let (Some((file, _)), Some(RecordingFile { label: Some(label), .. })) = (own.first(), files.first()) {
            let (path, file, folder) = (folder.into(), file.clone(), label.clone());
            return Err(DataError::FilesBesideFolders { path, file, folder });
        }
        let own = own.into_iter().map(|(file, path)| RecordingFile { name: stem(&file), label: None, path });
        files.extend(own);
        Ok((!files.is_empty()).then_some(Self { files, labels }))
    }

    /// The first file.
    pub(super) fn first(&self) -> &Path {
        self.files.first().map_or(Path::new(""), |file| &file.path)
    }

    /// Which columns of records with so many are not of the files.
    pub(super) fn columns(&self, width: usize) -> PathColumns {
        let file = width.saturating_sub(1);
        PathColumns { file, label: (self.labels > 0).then(|| file.saturating_sub(1)) }
    }

    /// The form of the files, which is that of the first one, and their first records.
    ///
    /// # Errors
    /// [`DataError`] with the file.
    pub(super) fn sample(&self, options: &ReadOptions) -> Result<(Form, Vec<Record>), DataError> {
        let looked_at = self.files.get(..SAMPLE_FILES).unwrap_or(&self.files);
        let of_each = SAMPLE.div_ceil(looked_at.len().max(1));
        let (mut form, mut sample, mut header) = (None, Vec::<Record>::new(), None);
        for file in looked_at {
            let mut reader = open(&file.path, options)?;
            let head = read_up_to(&mut reader, HEAD).map_err(|source| read_error(&file.path, source))?;
            let form = match &form {
                Some(form) => form,
                None => {
                    refuse_others(&file.path, &head)?;
                    form.insert(self.form(file, &head, options))
                }
            };
            if *form == Form::WholeFile {
                sample.push(file.extended(file.text(options)?));
                continue;
            }
            // What a sample cuts off, or is wrong, is told when the file is read.
            let end = head.iter().rposition(|byte| *byte == b'\n').filter(|_| head.len() == HEAD);
            let whole = head.get(..end.unwrap_or(head.len())).unwrap_or(&head);
            let records = Records::new(&file.path, whole, form.clone()).map_while(Result::ok).take(of_each);
            let records: Vec<Record> = records.collect();
            let first = records.first().map(|record| record.fields.clone());
            let repeats = usize::from(header.is_some() && header == first);
            header = header.or(first);
            let width = header.as_ref().map_or(0, csv::StringRecord::len);
            let records: Vec<Record> = records.into_iter().filter(|record| record.fields.len() == width).collect();
            sample.extend(records.into_iter().skip(repeats).map(|record| file.extended(record)));
        }
        Ok((form.unwrap_or(Form::separated(b',')), sample))
    }

    fn form(&self, first: &RecordingFile, head: &[u8], options: &ReadOptions) -> Form {
        match options.delimiter {
            Some(delimiter) => Form::separated(delimiter),
            None if self.labels > 0 && is_text(&first.path, head) => Form::WholeFile,
            None => Form::detect(&first.path, head, options.labels_are_optional),
        }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", counted(self.files.len(), "file"))?;
        match self.labels {
            0 => Ok(()),
            labels => write!(formatter, " in {}", counted(labels, "folder")),
        }
    }
}

impl RecordingFile {
    /// A record of the file, with what the path says in its last columns.
    fn extended(&self, mut record: Record) -> Record {
        self.label.iter().for_each(|label| record.fields.push_field(label));
        record.fields.push_field(&self.name);
        record
    }

    /// The text that the file is.
    fn text(&self, options: &ReadOptions) -> Result<Record, DataError> {
        let mut reader = open(&self.path, options)?;
        let bytes = read_up_to(&mut reader, LONGEST_RECORD + 1).map_err(|source| read_error(&self.path, source))?;
        if bytes.len() > LONGEST_RECORD {
            return Err(RecordError::LongRecord { path: self.path.clone(), line: 1 }.into());
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Record { fields: [text].into_iter().collect(), line: 1, span: 0..bytes.len() as u64 }),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
                let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
                let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                Err(not_utf8(&self.path, line, column, byte, &bytes, &mut std::io::empty()))
            }
        }
    }
}

/// The records of the files of a folder, one file after another, each with what its path says.
pub(super) struct FolderRecords {
    listing: Listing,
    form: Form,
    has_header: bool,
    options: ReadOptions,
    /// Files that were begun.
    begun: usize,
    open: Option<Records<'static>>,
    /// The header, or the first record, of the first file.
    first: Option<csv::StringRecord>,
    bytes: u64,
    crc: flate2::Crc,
}

impl FolderRecords {
    pub(super) fn new(listing: Listing, form: Form, has_header: bool, options: &ReadOptions) -> Self {
        let (options, crc) = (options.clone(), flate2::Crc::new());
        Self { listing, form, has_header, options, begun: 0, open: None, first: None, bytes: 0, crc }
    }

    pub(super) fn listing(&self) -> &Listing {
        &self.listing
    }

    /// The file that the last record stands in.
    pub(super) fn path(&self) -> &Path {
        let file = self.begun.checked_sub(1).and_then(|place| self.listing.files.get(place));
        file.map_or_else(|| self.listing.first(), |file| &file.path)
    }

    /// The fingerprint of what was read so far.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint { bytes: self.bytes, crc: self.crc.sum() }
    }

    /// The next record.
    ///
    /// # Errors
    /// [`DataError`], with the file and the line.
    pub(super) fn next(&mut self) -> Result<Option<Record>, DataError> {
        loop {
            if let Some(records) = &mut self.open {
                match (records.next().transpose()?, self.begun.checked_sub(1).and_then(|at| self.listing.files.get(at)))
                {
                    (Some(record), Some(file)) => return Ok(Some(file.extended(record))),
                    _ => {
                        let Fingerprint { bytes, crc } = records.fingerprint();
                        self.add(bytes, &crc.to_le_bytes());
                        self.open = None;
                    }
                }
            }
            let Some(file) = self.listing.files.get(self.begun) else { return Ok(None) };
            self.begun += 1;
            if self.form == Form::WholeFile {
                let record = file.text(&self.options)?;
                let (file, bytes) = (file.clone(), record.field(0).as_bytes().to_vec());
                self.add(bytes.len() as u64, &bytes);
                return Ok(Some(file.extended(record)));
            }
            let path = file.path.clone();
            let mut records = Records::new(&path, open(&path, &self.options)?, self.form.clone());
            let first = if self.has_header { records.next().transpose()? } else { None };
            self.check(&path, first)?;
            self.open = Some(records);
        }
    }

    fn add(&mut self, bytes: u64, content: &[u8]) {
        self.bytes += bytes;
        self.crc.update(content);
    }

    /// Checks that a file has the header of the first one.
    fn check(&mut self, path: &Path, header: Option<Record>) -> Result<(), DataError> {
        let Some(Record { fields, line, .. }) = header else { return Ok(()) };
        let plain =
            |fields: &csv::StringRecord| fields.iter().map(|name| name.trim().to_lowercase()).collect::<Vec<_>>();
        let list = |fields: &csv::StringRecord| {
            fields.iter().map(|name| format!("`{}`", name.escape_debug())).collect::<Vec<_>>().join(", ")
        };
        match &self.first {
            Some(first) if plain(first) != plain(&fields) => {
                let (found, expected, first) = (list(&fields), list(first), self.listing.first().into());
                Err(ColumnError::OtherColumns { path: path.into(), line, found, expected, first }.into())
            }
            Some(_) => Ok(()),
            None => {
                self.first = Some(fields);
                Ok(())
            }
        }
    }
}

/// An entry of a folder: its name, and its path.
type Entry = (String, PathBuf);

/// The files of rows in a folder, and its folders, sorted by name; hidden ones are left out.
fn entries(folder: &Path) -> Result<(Vec<Entry>, Vec<Entry>), DataError> {
    let unreadable = |source| DataError::Unreadable { path: folder.into(), source };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            folders.push((name, path));
        } else if extension(&name).is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) {
            files.push((name, path));
        }
    }
    files.sort_unstable();
    folders.sort_unstable();
    Ok((files, folders))
}

/// A file's extension in lower case, without `.gz`.
fn extension(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let unpacked = name.strip_suffix(".gz").unwrap_or(&name);
    unpacked.rsplit_once('.').map(|(_, extension)| extension.to_owned())
}

/// A file's name without its extension.
fn stem(name: &str) -> String {
    let length = extension(name).map_or(0, |extension| extension.len() + 1);
    let packed = if name.to_lowercase().ends_with(".gz") { ".gz".len() } else { 0 };
    name.get(..name.len().saturating_sub(length + packed)).unwrap_or(name).to_owned()
}

/// Whether a file of a class is a text: plain text by its name, whose words are mostly no numbers.
fn is_text(path: &Path, head: &[u8]) -> bool {
    let name = path.to_string_lossy();
    let words = String::from_utf8_lossy(head);
    let words = words.split(|symbol: char| symbol.is_whitespace() || ",;|".contains(symbol));
    let (mut numbers, mut others) = (0, 0);
    for word in words.filter(|word| !word.is_empty()) {
        *(if word.parse::<f64>().is_ok() { &mut numbers } else { &mut others }) += 1;
    }
    extension(&name).as_deref() == Some("txt") && others > numbers
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::{Segment, read_rows};

    fn write(folder: &Path, name: &str, content: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn recording(from: usize) -> String {
        "t,x,y\n".to_owned() + &(0..6).map(|t| format!("{},{},{}\n", 20 * t, from + t, t % 3)).collect::<String>()
    }

    #[test]
    fn files_in_folders_of_labels_are_a_row_each() {
        let folder = tempfile::tempdir().unwrap();
        for (name, from) in [("wave/a.csv", 0), ("wave/b.csv", 10), ("idle/a.csv", 20)] {
            write(folder.path(), name, &recording(from));
        }
        write(folder.path(), "wave/.hidden.csv", "what");
        write(folder.path(), "notes/readme.md", "what");
        let rows = read_rows(folder.path(), &ReadOptions::default()).unwrap();
        let found: Vec<_> = rows.iter().map(|row| (row.label.as_str(), row.content.frames().unwrap())).collect();
        assert_eq!(found.iter().map(|(label, _)| *label).collect::<Vec<_>>(), ["idle", "wave", "wave"]);
        assert!(found.iter().all(|(_, frames)| frames.channels == 2 && frames.iter().len() == 6));
        assert_eq!(found[2].1.values[..4], [10.0, 0.0, 11.0, 1.0]);
        let options = ReadOptions { segment: Some(Segment { frames: 4, every: 2 }), ..ReadOptions::default() };
        let rows = read_rows(folder.path(), &options).unwrap();
        assert_eq!(rows.len(), 6, "two windows a file");
        assert_eq!(rows[1].content.frames().unwrap().values[0], 22.0);
        write(folder.path(), "wave/c.csv", "t,x\n0,1\n");
        let error = read_rows(folder.path(), &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("c.csv, line 1: columns `t`, `x`, expected `t`, `x`, `y` as in "), "{error}");
        write(folder.path(), "beside.csv", &recording(0));
        let error = read_rows(folder.path(), &ReadOptions::default()).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "has files (beside.csv) and folders of files (idle); expected files alone, or a folder for each label"
            ),
            "{error}"
        );
    }

    #[test]
    fn files_side_by_side_have_their_labels_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let content = |label: &str| {
            let lines = (0..40).map(|step| format!("{},{},{label}\n", step * step % 7, step % 5));
            "x,y,activity\n".to_owned() + &lines.collect::<String>()
        };
        write(folder.path(), "one.csv", &content("walk"));
        write(folder.path(), "two.csv", &content("sit"));
        let rows = read_rows(folder.path(), &ReadOptions::default()).unwrap();
        let labels: Vec<_> =
            rows.iter().map(|row| (row.label.as_str(), row.content.frames().unwrap().channels)).collect();
        assert_eq!(labels, [("walk", 2), ("sit", 2)]);
    }

    #[test]
    fn files_of_texts_in_folders_of_labels_are_a_row_each() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "pos/0_9.txt", "A fine film, warm and long.\n\nSee it twice.");
        write(folder.path(), "neg/1_2.txt", "Dull; \"very\" dull.");
        let rows = read_rows(folder.path(), &ReadOptions::default()).unwrap();
        let texts: Vec<_> = rows.iter().map(|row| (row.label.as_str(), row.content.text().unwrap())).collect();
        let expected = [("neg", "Dull; \"very\" dull."), ("pos", "A fine film, warm and long.\n\nSee it twice.")];
        assert_eq!(texts, expected);
    }
}
