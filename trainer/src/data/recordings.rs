use std::path::Path;

use super::frames::{FrameColumns, SequenceNames};
use super::reader::{FrameRecords, Rows};
use super::tables::Tables;
use super::{ColumnError, DataError, LabelNames, ReadOptions};

/// The frames of recordings, each with a label of its own: lines of `sequence,label,channels` as [`Rows`] reads them, in
/// which the label may change from frame to frame and may be empty.
///
/// **Memory.** A frame at a time beside the first 4 MiB of the file, and 16 bytes a recording: a recording may have any length.
pub struct Recordings<'r> {
    records: Tables<'r>,
    columns: FrameColumns,
    label_names: Option<LabelNames>,
    layout: String,
    names: SequenceNames,
    label: String,
    values: Vec<f32>,
}

/// A frame of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelledFrame<'f> {
    /// Whether it is the first of its recording.
    pub is_first: bool,
    /// What happens there; empty where nothing is said.
    pub label: &'f str,
    /// `[channels]`, in the units of the file; each is finite.
    pub values: &'f [f32],
}

impl Recordings<'static> {
    /// The recordings of a file.
    ///
    /// # Errors
    /// [`DataError`], with the line; [`DataError::NotRecordings`] for a file of texts, or with a sequence in each row;
    /// [`ColumnError::NoRecordingColumn`] for frames without a column that names their recordings.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, DataError> {
        Self::of_rows(path, Rows::open(path, options))
    }
}

impl<'r> Recordings<'r> {
    fn of_rows(path: &Path, rows: Result<Rows<'r>, DataError>) -> Result<Self, DataError> {
        let rows = rows.map_err(|error| match error {
            DataError::Column(ColumnError::NoSequenceColumn { path, line, channels }) => {
                ColumnError::NoRecordingColumn { path, line, channels }.into()
            }
            error => error,
        })?;
        let layout = rows.layout();
        let frames = rows.into_frames().ok_or_else(|| DataError::NotRecordings { path: path.into() })?;
        let FrameRecords { records, mut columns, label_names } = frames;
        columns.label.is_optional = true;
        let (names, label, values) = (SequenceNames::default(), String::new(), Vec::new());
        Ok(Self { records, columns, label_names, layout, names, label, values })
    }

    /// What the file is and which of its columns is what, for a message.
    pub fn layout(&self) -> &str {
        &self.layout
    }

    /// Values of a frame.
    pub fn channels(&self) -> usize {
        self.columns.values.columns.len()
    }

    /// The next frame.
    ///
    /// # Errors
    /// [`DataError`], with the line.
    pub fn next_frame(&mut self) -> Result<Option<LabelledFrame<'_>>, DataError> {
        let Some(record) = self.records.next()? else {
            return Ok(None);
        };
        let (path, line) = (self.records.path(), record.line);
        let name = self.columns.sequence.map_or("", |column| record.field(column));
        let is_first = self.names.is_start(name, path, line)?;
        self.values.clear();
        self.columns.values.append(path, &record, &mut self.values)?;
        record.label(path, self.columns.label)?.clone_into(&mut self.label);
        if let Some(names) = &self.label_names {
            self.label = names.name(std::mem::take(&mut self.label), path, line)?;
        }
        Ok(Some(LabelledFrame { is_first, label: &self.label, values: &self.values }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn recordings(text: &str) -> Result<Vec<(bool, String, Vec<f32>)>, String> {
        let path = Path::new("a.csv");
        let rows = Rows::new(path, text.as_bytes(), &ReadOptions::default());
        let mut recordings = Recordings::of_rows(path, rows).map_err(|error| error.to_string())?;
        let mut frames = Vec::new();
        while let Some(frame) = recordings.next_frame().map_err(|error| error.to_string())? {
            frames.push((frame.is_first, frame.label.to_owned(), frame.values.to_vec()));
        }
        Ok(frames)
    }

    #[test]
    fn a_label_may_change_within_a_recording() {
        let text = "sequence,label,x,y\na,up,1,2\na,up,3,4\na,,5,6\na,down,7,8\nb,up,9,1\n";
        let labels: Vec<_> = recordings(text).unwrap().into_iter().map(|(first, label, _)| (first, label)).collect();
        let expected = [(true, "up"), (false, "up"), (false, ""), (false, "down"), (true, "up")];
        assert_eq!(labels, expected.map(|(first, label)| (first, label.to_owned())));
        assert_eq!(recordings(text).unwrap()[3].2, [7.0, 8.0]);
    }

    #[test]
    fn each_fault_names_its_line() {
        let error = |lines: &str| recordings(&format!("sequence,label,x\n{lines}")).unwrap_err();
        assert_eq!(error("a,up,1\na,up,x\n"), "a.csv, line 3: `x` in column `x`, expected a finite number");
        assert_eq!(error(",up,1\n"), "a.csv, line 2: the name of the sequence is empty");
        let again = "a.csv, line 4: sequence `a` again, after another one; its rows must stand together";
        assert_eq!(error("a,up,1\nb,up,1\na,down,2\n"), again);
        let texts = recordings("label,text\non,lights on\noff,lights off\n").unwrap_err();
        assert_eq!(texts, "a.csv: no recordings; expected lines of `sequence,label,channels`, a frame a line");
        let unnamed = recordings("timestamp,x,y,label\n0,1,2,up\n20,1,2,up\n40,5,5,down\n").unwrap_err();
        let says = "a.csv, line 1: frames (`x`, `y`) without a column that names their recordings; add a column `sequence` \
                    with a name for each recording";
        assert_eq!(unnamed, says);
    }
}
