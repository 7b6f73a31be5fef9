use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use rand_chacha::ChaCha8Rng;

use super::origin::Origin;
use super::unpacked::{open, read_error};
use super::{DataError, Groups, ReadOptions, Rows, split_by_group, split_by_label};
use crate::error::Error;

/// Bytes that are copied at once.
const CHUNK: usize = 1 << 16;

/// The rows of a file as lines that can be written again. The lines lie in a temporary file; in memory are a class and
/// a place a row.
#[derive(Debug)]
pub struct DataFile {
    /// The number of each row's label.
    pub classes: Vec<u32>,
    /// What the file is and which of its columns is what, for a message.
    pub layout: String,
    /// Different labels.
    pub labels: usize,
    /// What a split keeps on one side, where rows belong together.
    pub groups: Option<Groups>,
    /// What is to be said of that.
    pub notice: Option<String>,
    extension: &'static str,
    /// The unpacked file.
    lines: File,
    header: Option<Range<u64>>,
    spans: Vec<Range<u64>>,
}

impl DataFile {
    /// Reads a file once; `lines` holds its lines afterwards.
    ///
    /// # Errors
    /// [`Error::Input`], with the line; [`Error::Unwritable`].
    pub fn read(path: &Path, options: &ReadOptions, mut lines: File) -> Result<Self, Error> {
        if path.is_dir() {
            return Err(DataError::SplitFolder { path: path.into() }.into());
        }
        let mut reader = open(path, options)?;
        let mut chunk = vec![0; CHUNK];
        let unwritable = |source| Error::Unwritable { path: "temporary file".into(), source };
        loop {
            let read = reader.read(&mut chunk).map_err(|source| read_error(path, source))?;
            if read == 0 {
                break;
            }
            lines.write_all(chunk.get(..read).unwrap_or_default()).map_err(unwritable)?;
        }
        lines.rewind().map_err(unwritable)?;
        let mut rows = Rows::of_text(path, &lines, options)?;
        let (mut classes, mut spans, mut origins) = (Vec::new(), Vec::new(), Vec::new());
        let mut labels = HashMap::<String, u32>::new();
        while let Some(placed) = rows.next_placed()? {
            let next = labels.len() as u32;
            classes.push(*labels.entry(placed.row.label).or_insert(next));
            spans.push(placed.span);
            if placed.origin != Origin::default() {
                origins.push(placed.origin);
            }
        }
        let place = path.display().to_string();
        DataError::check_labels(&place, rows.label_name(), labels.len(), classes.len())?;
        let (header, layout, extension) = (rows.header(), rows.layout(), rows.extension());
        let (groups, notice) = Groups::of(&origins, &classes, rows.group());
        drop(rows);
        Ok(Self { classes, layout, labels: labels.len(), groups, notice, extension, lines, header, spans })
    }

    /// The numbers of the rows of two parts, the second with `share` of each label's rows, or of whole groups.
    pub fn split(&self, share: f64, rng: &mut ChaCha8Rng) -> (Vec<u32>, Vec<u32>) {
        let class = |row: &u32| self.classes.get(*row as usize);
        match &self.groups {
            Some(groups) => split_by_group(&self.classes, &groups.of_row, share, rng),
            None => split_by_label((0..self.classes.len() as u32).collect(), class, share, rng),
        }
    }

    /// The extension of a file with these rows, as `csv` or `tsv`.
    pub fn extension(&self) -> &'static str {
        self.extension
    }

    /// Writes the lines that the rows of these numbers were read from, as they stand in the file, after its header if
    /// it has one.
    ///
    /// # Errors
    /// The operating system's.
    pub fn write_lines(&self, rows: &[u32], writer: &mut dyn Write) -> std::io::Result<()> {
        let spans = rows.iter().filter_map(|row| self.spans.get(*row as usize));
        for span in self.header.iter().chain(spans) {
            (&self.lines).seek(SeekFrom::Start(span.start))?;
            std::io::copy(&mut (&self.lines).take(span.end - span.start), writer)?;
            writer.write_all(b"\n")?;
        }
        Ok(())
    }
}
