use std::path::PathBuf;

use thiserror::Error;

/// Longest label, in bytes.
pub(super) const LONGEST_LABEL: usize = 255;
/// Most bytes of a record, and most values of a sequence of frames: what is longer is refused, so that a file of any
/// size, a gzip file of whatever size it has unpacked too, is read in bounded memory.
pub(super) const LONGEST_RECORD: usize = 1 << 24;
/// Most rows of a file: a row has a few bytes of its own in memory, wherever its steps are.
pub(super) const MOST_ROWS: usize = 1 << 27;

/// Why data can not be used: which file and line, what was expected, what to do.
#[derive(Debug, Error)]
pub enum DataError {
    /// The file or folder can not be read.
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
        "{}: no train.csv or train.tsv, or one of them as .gz, in this folder; name the file itself, or add one",
        path.display()
    )]
    NoTrainingFile {
        /// The folder.
        path: PathBuf,
    },
    /// A file without a row.
    #[error("{}: no rows; expected lines of `{expected}`", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The form of a line.
        expected: &'static str,
    },
    /// Bytes that are not UTF-8.
    #[error("{}, line {line}, column {column}: not UTF-8; convert the file (iconv -t utf-8)", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Byte of the line, from 1.
        column: usize,
    },
    /// A quoted field that does not end as one.
    #[error("{}, line {line}, column {column}: {problem}", path.display())]
    BrokenQuote {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Byte of the line, from 1.
        column: usize,
        /// What is wrong, and how to write it.
        problem: &'static str,
    },
    /// A row with too few columns, or another number than the rows before it.
    #[error("{}, line {line}: {found} column(s), expected {expected}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What was expected.
        expected: String,
        /// Columns found.
        found: usize,
    },
    /// A header without a column of text.
    #[error("{}, line 1: the header has a label but no column `text`, `title` or `description`", path.display())]
    NoTextColumn {
        /// The file.
        path: PathBuf,
    },
    /// A text column that was asked for and is not there.
    #[error("{place}: no text column `{}`; it has {known}", column.escape_debug())]
    UnknownTextColumn {
        /// The file, or what else the rows come from.
        place: String,
        /// The column that was asked for.
        column: String,
        /// What is there.
        known: String,
    },
    /// Frames without a column of labels.
    #[error("{}, line 1: the header has a column `sequence` but none of labels; expected `label`", path.display())]
    NoLabelColumn {
        /// The file.
        path: PathBuf,
    },
    /// Frames without a channel, or with too many.
    #[error(
        "{}, line 1: {found} channels, expected 1 to {largest} columns beside `sequence` and the label",
        path.display()
    )]
    ChannelCount {
        /// The file.
        path: PathBuf,
        /// Channels found.
        found: usize,
        /// Most channels.
        largest: usize,
    },
    /// A channel's value that is none.
    #[error(
        "{}, line {line}: `{}` in column `{}`, expected a finite number",
        path.display(), found.escape_debug(), column.escape_debug()
    )]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The channel.
        column: String,
        /// What stands there.
        found: String,
    },
    /// A frame of no sequence.
    #[error("{}, line {line}: the name of the sequence is empty", path.display())]
    EmptySequence {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// A sequence of two labels.
    #[error(
        "{}, line {line}: sequence `{}` has the label `{}`, and `{}` before; expected one label",
        path.display(), sequence.escape_debug(), found.escape_debug(), expected.escape_debug()
    )]
    LabelChange {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The sequence.
        sequence: String,
        /// Its label so far.
        expected: String,
        /// The label on this line.
        found: String,
    },
    /// A sequence whose rows do not stand together.
    #[error(
        "{}, line {line}: sequence `{}` again, after another one; its rows must stand together",
        path.display(), sequence.escape_debug()
    )]
    SequenceAgain {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The sequence.
        sequence: String,
    },
    /// Rows of another kind than the model's, or than the rows trained on.
    #[error("{place}: {mismatch}")]
    Mismatch {
        /// The file, or what else the rows come from.
        place: String,
        /// What does not fit.
        mismatch: crate::encoding::Mismatch,
    },
    /// A row without a label.
    #[error("{}, line {line}: the label is empty", path.display())]
    EmptyLabel {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// A label that no model file can hold.
    #[error("{}, line {line}: a label of {found} bytes, expected at most {LONGEST_LABEL}", path.display())]
    LongLabel {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Bytes of the label.
        found: usize,
    },
    /// A label that no file of one label a line can hold.
    #[error("{}, line {line}: a label with a line end; expected a label on one line", path.display())]
    LabelOfLines {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// A record that is too long to be one.
    #[error(
        "{}, line {line}: longer than {LONGEST_RECORD} bytes; if it is not one row, a quote is not closed",
        path.display()
    )]
    LongRecord {
        /// The file.
        path: PathBuf,
        /// The line where it starts, from 1.
        line: usize,
    },
    /// A sequence of frames that is too long.
    #[error(
        "{}, line {line}: sequence `{}` has more than {LONGEST_RECORD} values; expected shorter sequences",
        path.display(), sequence.escape_debug()
    )]
    LongSequence {
        /// The file.
        path: PathBuf,
        /// Line of the first frame that is too much, from 1.
        line: usize,
        /// The sequence.
        sequence: String,
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
    /// Too few rows to hold some out.
    #[error("{place}: {rows} rows are too few to hold out validation rows; give more, or a validation file")]
    TooFewRows {
        /// The file, or what else the rows come from.
        place: String,
        /// Rows there are.
        rows: usize,
    },
}
