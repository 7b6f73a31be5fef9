mod columns;
mod records;

use std::path::PathBuf;

use thiserror::Error;

pub use columns::ColumnError;
pub use records::RecordError;

use super::Mismatch;
use crate::error::Error;

/// Longest label, in bytes.
pub(super) const LONGEST_LABEL: usize = runtime::format::MAX_STRING_BYTES;
/// Most bytes of a record, and most values of a sequence of frames: what is longer is refused, so that a file of any
/// size, a gzip file of whatever size it has unpacked too, is read in bounded memory.
pub(super) const LONGEST_RECORD: usize = 1 << 24;
/// Most rows of a file: a row has a few bytes of its own in memory, wherever its steps are.
pub(super) const MOST_ROWS: usize = 1 << 27;

/// Why data cannot be used: which file and line, what was expected, what to do.
#[derive(Debug, Error)]
pub enum DataError {
    /// The file or folder cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A gzip file that does not unpack.
    #[error("{}: a damaged or incomplete gzip file ({source}); fetch or pack it again", path.display())]
    DamagedGzip {
        /// The file.
        path: PathBuf,
        /// What unpacking said.
        source: std::io::Error,
    },
    /// What is no file, where rows are read several times.
    #[error("{}: can be read only once, training reads rows several times; save them as a file first", path.display())]
    ReadOnce {
        /// The pipe, or whatever it is.
        path: PathBuf,
    },
    /// A file that is not the same when it is read again.
    #[error("{place}: the rows changed while they were read; train again when nothing writes to them")]
    Changed {
        /// The file.
        place: String,
    },
    /// A folder without training rows.
    #[error(
        "{}: no train.csv or train.tsv, or one of them as .gz, and no recordings in this folder; name the file itself, or \
         add one",
        path.display()
    )]
    NoTrainingFile {
        /// The folder.
        path: PathBuf,
    },
    /// A folder without files of rows.
    #[error(
        "{}: no files of rows in this folder; expected .csv, .tsv or .jsonl files, or folders of files with the \
         names of the labels",
        path.display()
    )]
    NoRecordings {
        /// The folder.
        path: PathBuf,
    },
    /// A folder whose files stand in folders and beside them.
    #[error(
        "{}: has files ({}) and folders of files ({}); expected files alone, or a folder for each label",
        path.display(), file.escape_debug(), folder.escape_debug()
    )]
    FilesBesideFolders {
        /// The folder.
        path: PathBuf,
        /// One of the files.
        file: String,
        /// One of the folders.
        folder: String,
    },
    /// A folder where a file is to be split.
    #[error("{}: a folder; expected one file of rows; to split a folder of recordings, move whole files", path.display())]
    SplitFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Recordings that are all shorter than a window.
    #[error("{}: {counts}; no run has so many frames: give a smaller --segment", path.display())]
    NoWindow {
        /// The file.
        path: PathBuf,
        /// What became of the frames.
        counts: String,
    },
    /// A label that has no name.
    #[error("{}, row {row}: --label-names has no name for the label `{}`; it has names for {known}", path.display(), label.escape_debug())]
    UnnamedLabel {
        /// The file.
        path: PathBuf,
        /// Row, from 1.
        row: usize,
        /// The label.
        label: String,
        /// The labels that have names.
        known: String,
    },
    /// Names of labels without the label of each.
    #[error("--label-names: {problem}; give the label of each name, as 1=NAME,2=NAME")]
    LabelNames {
        /// What is wrong.
        problem: String,
    },
    /// A file without a row.
    #[error("{}: no rows; expected lines of `{expected}`", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The form of a line.
        expected: &'static str,
    },
    /// A file without recordings, where the label of each frame is read.
    #[error("{}: no recordings; expected lines of `sequence,label,channels`, a frame a line", path.display())]
    NotRecordings {
        /// The file.
        path: PathBuf,
    },
    /// Recordings of which no frame has a label that the model has.
    #[error("{}: no frame has a label of the model, which has {known}", path.display())]
    NoKnownLabel {
        /// The file.
        path: PathBuf,
        /// The model's labels.
        known: String,
    },
    /// Bytes that are not UTF-8.
    #[error("{}, line {line}, column {column}: the byte 0x{byte:02X} is not UTF-8; {advice}", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Byte of the line, from 1.
        column: usize,
        /// The byte.
        byte: u8,
        /// What the encoding probably is, and a command that converts the file.
        advice: String,
    },
    /// Text whose characters have two or four bytes each.
    #[error("{}: {}, expected UTF-8; convert the file: {command}", path.display(), encoding.to_uppercase())]
    WideText {
        /// The file.
        path: PathBuf,
        /// The encoding, as `iconv` calls it.
        encoding: &'static str,
        /// A command that converts the file.
        command: String,
    },
    /// A file of another format.
    #[error("{}: {format}, not lines of rows; {advice}", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// What it is.
        format: &'static str,
        /// What to do.
        advice: String,
    },
    /// A label in nearly every row that no other row has.
    #[error(
        "{place}: {column} has {distinct} different values in {rows} rows and cannot be the label; \
         choose one with --label-column"
    )]
    TooManyLabels {
        /// The file.
        place: String,
        /// The column.
        column: String,
        /// Different values.
        distinct: usize,
        /// Rows.
        rows: usize,
    },
    /// An encoding that there is not.
    #[error(
        "--encoding {name}: no encoding has this name; usual ones are utf-8, utf-16le, latin1, windows-1251, \
         windows-1252, shift_jis, gbk, big5, euc-kr, koi8-r"
    )]
    UnknownEncoding {
        /// The name.
        name: String,
    },
    /// Rows without a word.
    #[error("{place}: no training row has a word (letters or digits); read them with --input characters")]
    NoWords {
        /// The file.
        place: String,
    },
    /// Rows without a text.
    #[error("{place}: the text of every training row is empty; choose columns with --text-columns")]
    NoTexts {
        /// The file.
        place: String,
    },
    /// Rows of another kind than the model's, or than the rows trained on.
    #[error("{place}: {mismatch}")]
    Mismatch {
        /// The file, or what else the rows come from.
        place: String,
        /// What does not fit.
        mismatch: Mismatch,
    },
    /// More rows than there can be.
    #[error("{place}: more than {MOST_ROWS} rows; leave some out")]
    TooManyRows {
        /// The file.
        place: String,
    },
    /// The grammar of the home commands is broken.
    #[error(transparent)]
    Grammar(#[from] super::home_commands::GrammarError),
    /// A label that was not trained.
    #[error("{place}, row {row}: label `{}` is not one of the model's: {known}", label.escape_debug())]
    UnknownLabel {
        /// The file, or what else the rows come from.
        place: String,
        /// Row, from 1.
        row: usize,
        /// The label.
        label: String,
        /// The labels there are.
        known: String,
    },
    /// One class, or none.
    #[error("{place}: a classifier needs rows of at least two labels, found only `{}`", label.escape_debug())]
    OneLabel {
        /// The file, or what else the rows come from.
        place: String,
        /// The only label.
        label: String,
    },
    /// Words that no fingerprints tell apart.
    #[error("{place}: no seed tells {words} words apart by fingerprints; give a smaller --vocabulary-size")]
    Fingerprints {
        /// The file, or what else the rows come from.
        place: String,
        /// Words of the vocabulary.
        words: usize,
    },
    /// Groups of which none can be held out.
    #[error(
        "{place}: rows cannot be held out by {name}: each of the {count} has all rows of a class; give a validation file, or \
         --group-column none"
    )]
    TooFewGroups {
        /// The file, or what else the rows come from.
        place: String,
        /// Groups there are.
        count: usize,
        /// What they are.
        name: String,
    },
    /// A cross-validation of more parts than there are groups.
    #[error("--folds {folds}: {place} has {count} {name}; expected at most {count} parts")]
    FewerGroups {
        /// The file, or what else the rows come from.
        place: String,
        /// Parts.
        folds: usize,
        /// Groups there are.
        count: usize,
        /// What they are.
        name: String,
    },
    /// Too few rows to hold some out.
    #[error("{place}: {rows} rows are too few to hold out validation rows; give more, or a validation file")]
    TooFewRows {
        /// The file, or what else the rows come from.
        place: String,
        /// Rows there are.
        rows: usize,
    },
    /// Columns that do not tell what the rows are.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A line that is no row.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<DataError> for Error {
    fn from(error: DataError) -> Self {
        Self::Input(Box::new(error))
    }
}

/// Rows from which on labels that hardly repeat are refused.
const FEWEST_JUDGED_ROWS: usize = 8;

impl DataError {
    /// Refuses labels of which nearly every row has one of its own: more than half as many as rows.
    pub(super) fn check_labels(place: &str, column: Option<String>, distinct: usize, rows: usize) -> Result<(), Self> {
        if rows < FEWEST_JUDGED_ROWS || 2 * distinct <= rows {
            return Ok(());
        }
        let column = column.map_or_else(
            || "the label".into(),
            |column| match column.starts_with('`') {
                true => format!("column {column}"),
                false => column,
            },
        );
        Err(Self::TooManyLabels { place: place.into(), column, distinct, rows })
    }
}
