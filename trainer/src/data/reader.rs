use std::io::{Cursor, Read};
use std::ops::Range;
use std::path::Path;

use super::columns::{ColumnNames, ColumnRole, Columns, Layout, PathColumns, Sample};
use super::encodings::read_up_to;
use super::error::MOST_ROWS;
use super::folder::{FolderRecords, Listing};
use super::form::{Form, SAMPLE};
use super::formats::refuse_others;
use super::frames::{FrameColumns, Sequences, ValueColumns};
use super::label_names::LabelNames;
use super::origin::{GroupColumn, Numbers, Origin};
use super::records::{Fingerprint, LabelColumn, Record, Records};
use super::segments::{RecordingColumns, SegmentCounts, Segmenter};
use super::tables::Tables;
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
/// **Recordings.** With [`ReadOptions::segment`] a row is a window of frames: it lies in one recording and has one label,
/// and time has no gap in it. [`Self::segments`] says what became of the frames.
///
/// **Folders.** The files of a folder are read one after another, each of them a recording; where they stand in folders,
/// those have the names of the labels. Files of texts in such folders are a row each.
///
/// **Memory.** A row at a time beside the first 4 MiB: a record has at most 16 MiB, a sequence of frames at most 2^24
/// values; a longer one is refused, and so is a file of more than 2^27 rows. Of each sequence of frames 16 bytes stay.
pub struct Rows<'r> {
    records: Tables<'r>,
    layout: Layout,
    builder: Builder,
    label: LabelColumn,
    group: Option<GroupColumn>,
    groups: Numbers,
    label_names: Option<LabelNames>,
    header: Option<Range<u64>>,
    found: usize,
    /// Whether the fields of rows are kept.
    keeps_fields: bool,
}

/// How records become rows.
enum Builder {
    Texts(Vec<usize>),
    Frames(Box<Sequences>),
    Windows(Box<Segmenter>),
    Series(ValueColumns),
    Dimensions(ValueColumns),
}

/// The records of a file with a frame a row.
pub(super) struct FrameRecords<'r> {
    pub(super) records: Tables<'r>,
    pub(super) columns: FrameColumns,
    pub(super) label_names: Option<LabelNames>,
}

/// A row, and its bytes in the unpacked file, without the last line end.
pub(super) struct PlacedRow {
    pub(super) row: Row,
    pub(super) span: Range<u64>,
    /// Its fields, if they are kept: all of a row's record, or the name and the label of a sequence of frames.
    pub(super) fields: Vec<String>,
    /// The name of its group, where rows have groups.
    pub(super) group: Option<String>,
    pub(super) origin: Origin,
}

impl Rows<'static> {
    /// The rows of a file.
    ///
    /// # Errors
    /// [`DataError`], with the line.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, DataError> {
        if path.is_dir() {
            return Self::of_folder(path, options);
        }
        Self::of_text(path, open(path, options)?, options)
    }

    /// The rows of the files of a folder.
    fn of_folder(path: &Path, options: &ReadOptions) -> Result<Self, DataError> {
        let listing = Listing::read(path)?.ok_or_else(|| DataError::NoRecordings { path: path.into() })?;
        let (form, sample) = listing.sample(options)?;
        let of_path = sample.first().map(|record| listing.columns(record.fields.len()));
        let first = listing.first().to_owned();
        let layout = recognize(&first, &form, &sample, of_path, options)?;
        let layout = layout.ok_or(DataError::Empty { path: first, expected: "label,text" })?;
        let records = FolderRecords::new(listing, form, layout.has_header, options);
        Self::begin(Tables::Folder(Box::new(records)), layout, &sample, options)
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
        let layout = recognize(path, &form, &sample, None, options)?;
        let mut records = Records::new(path, Cursor::new(head).chain(reader), form);
        let Some(layout) = layout else {
            return Err(match records.next() {
                Some(Err(error)) => error,
                _ => DataError::Empty { path: path.into(), expected: "label,text" },
            });
        };
        let header = layout.has_header.then(|| records.next()).flatten().transpose()?.map(|header| header.span);
        let header = header.or_else(|| layout.form.preamble());
        let rows = Self::begin(Tables::File(records), layout, &sample, options)?;
        Ok(Self { header, ..rows })
    }

    /// The rows of records whose layout is known.
    fn begin(records: Tables<'r>, layout: Layout, sample: &[Record], options: &ReadOptions) -> Result<Self, DataError> {
        let label = LabelColumn { place: layout.label(), is_optional: options.labels_are_optional };
        let builder = match layout.columns.clone() {
            Columns::Texts { texts, .. } => Builder::Texts(texts),
            Columns::Frames { sequence, channels, runs, .. } => {
                let values = values_of(&layout, channels);
                let frames = FrameColumns { sequence, label, group: layout.group, values };
                match (runs, options.segment) {
                    (Some(runs), Some(segment)) => {
                        let (breaks, time) = (runs.breaks, runs.time);
                        Builder::Windows(Box::new(Segmenter::new(RecordingColumns { frames, breaks, time, segment })))
                    }
                    _ => Builder::Frames(Box::new(Sequences::new(frames))),
                }
            }
            Columns::Series { values, .. } => Builder::Series(values_of(&layout, values)),
            Columns::Dimensions { channels, .. } => Builder::Dimensions(values_of(&layout, channels)),
        };
        let is_given = options.group_column.is_some();
        let group = layout.group.map(|column| GroupColumn { name: layout.name(column), is_given });
        let below = sample.get(usize::from(layout.has_header)..).unwrap_or_default();
        let labels = below.iter().filter_map(|record| label.place.map(|place| record.field(place)));
        let label_names = LabelNames::of(&options.label_names, labels)?;
        let (found, groups, header) = (0, Numbers::default(), None);
        Ok(Self { records, layout, builder, label, group, groups, label_names, header, found, keeps_fields: false })
    }

    /// What the file is and which of its columns is what, for a message; and what became of recordings that were read.
    pub fn layout(&self) -> String {
        let files = self.records.listing().map(|listing| format!("{listing}, ")).unwrap_or_default();
        let named = self.label_names.as_ref().map(|names| format!("; {names}")).unwrap_or_default();
        let segments = self.segments().map(|counts| format!("; {counts}")).unwrap_or_default();
        format!("{files}{}{named}{segments}", self.layout)
    }

    /// What became of the recordings so far, where windows are cut out of them.
    pub fn segments(&self) -> Option<&SegmentCounts> {
        match &self.builder {
            Builder::Windows(segmenter) => Some(segmenter.counts()),
            _ => None,
        }
    }

    /// The column of groups.
    pub(super) fn group(&self) -> Option<&GroupColumn> {
        self.group.as_ref()
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
                let (records, label_names) = (self.records, self.label_names);
                Some(FrameRecords { records, columns: sequences.into_columns(), label_names })
            }
            _ => None,
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
        let mut next = self.read()?;
        self.found += usize::from(next.is_some());
        let path = self.records.path();
        if let Some(placed) = &mut next {
            placed.origin.group = placed.group.as_ref().map(|group| self.groups.of(group));
            if let Some(names) = &self.label_names {
                placed.row.label = names.name(std::mem::take(&mut placed.row.label), path, self.found)?;
            }
        }
        if self.found > MOST_ROWS {
            return Err(DataError::TooManyRows { place: path.display().to_string() });
        }
        if self.found == 0 {
            let expected = match &self.builder {
                Builder::Texts(_) => "label,text",
                Builder::Frames(_) => "sequence,label,channels",
                Builder::Series(_) => "label,values",
                Builder::Dimensions(_) => "values:values:label",
                Builder::Windows(segmenter) => {
                    let counts = segmenter.counts();
                    if counts.frames > 0 {
                        return Err(DataError::NoWindow { path: path.into(), counts: counts.to_string() });
                    }
                    "time,label,channels"
                }
            };
            return Err(DataError::Empty { path: path.into(), expected });
        }
        Ok(next)
    }

    fn read(&mut self) -> Result<Option<PlacedRow>, DataError> {
        while let Some(record) = self.records.next()? {
            let path = self.records.path();
            let content = match &mut self.builder {
                Builder::Texts(texts) => {
                    let texts: Vec<&str> = texts.iter().map(|column| record.field(*column)).collect();
                    Content::Text(texts.join(" "))
                }
                Builder::Series(values) => Content::Frames(values.series(path, &record)?),
                Builder::Dimensions(values) => Content::Frames(values.dimensions(path, &record)?),
                Builder::Windows(segmenter) => match segmenter.push(path, &record)? {
                    None => continue,
                    window => return Ok(window),
                },
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
            let (group, origin) = (self.layout.group.map(|column| record.field(column).to_owned()), Origin::default());
            return Ok(Some(PlacedRow { row: Row { label, content }, span: record.span, fields, group, origin }));
        }
        Ok(match &mut self.builder {
            Builder::Frames(sequences) => sequences.finish(),
            _ => None,
        })
    }
}

/// The layout of a file that starts with these records; none if there is none.
fn recognize(
    path: &Path,
    form: &Form,
    sample: &[Record],
    of_path: Option<PathColumns>,
    options: &ReadOptions,
) -> Result<Option<Layout>, DataError> {
    let Some((first, below)) = sample.split_first() else { return Ok(None) };
    Layout::recognize(&Sample::new(path, form, first, below, of_path), options).map(Some)
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
mod tests;
