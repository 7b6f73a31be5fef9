//! What can be wrong with the columns of a file.

use std::path::PathBuf;

use thiserror::Error;

use crate::shell_word;

/// Why the columns of a file do not tell what its rows are: what is there, and the option that says it.
#[derive(Debug, Error)]
pub enum ColumnError {
    /// A first record that may be a header or a row.
    #[error(
        "{}, line {line}: a header, or a row? `{}` occurs in no line below; \
         if the columns have names say --label-column {}, if they have none say --label-column {number}",
        path.display(), name.escape_debug(), shell_word(name.as_ref())
    )]
    DoubtfulHeader {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What stands where the label would be.
        name: String,
        /// The number of the column, from 1.
        number: usize,
    },
    /// Two columns that could both be the label.
    #[error(
        "{}, line {line}: {columns} could each be the label; choose one, as with --label-column {}",
        path.display(), shell_word(example.as_ref())
    )]
    AmbiguousLabel {
        /// The file.
        path: PathBuf,
        /// Line of the first record, from 1.
        line: usize,
        /// The columns.
        columns: String,
        /// The name or number of one of them.
        example: String,
    },
    /// A column of labels that was asked for and is not there.
    #[error("{place}: no column `{}` for the label; it has {known}", column.escape_debug())]
    UnknownLabelColumn {
        /// The file.
        place: String,
        /// The column that was asked for.
        column: String,
        /// What is there.
        known: String,
    },
    /// A channel that was asked for and is not there.
    #[error("{place}: no channel `{}`; it has {known}", column.escape_debug())]
    UnknownChannel {
        /// The file.
        place: String,
        /// The column that was asked for.
        column: String,
        /// What is there.
        known: String,
    },
    /// Channels of other names than those of the rows that a model was trained on.
    #[error(
        "{}, line {line}: no channel {missing}; the rows trained on have {trained}, and this file has {known}; name its \
         channels in the same order with --channels",
        path.display()
    )]
    MissingChannels {
        /// The file.
        path: PathBuf,
        /// The line of the header.
        line: usize,
        /// The channels that the model was trained on.
        trained: String,
        /// Those of them that the file does not have.
        missing: String,
        /// The file's columns.
        known: String,
    },
    /// Numbers, and nothing that tells which sequence they belong to.
    #[error(
        "{}, line {line}: numbers ({channels}) without a column that tells sequences apart; cut a long recording into \
         windows of N frames with --segment N, or add a column `sequence` with a name for each gesture or window, or \
         name the text with --text-columns",
        path.display()
    )]
    NoSequenceColumn {
        /// The file.
        path: PathBuf,
        /// Line of the first record, from 1.
        line: usize,
        /// The columns of numbers.
        channels: String,
    },
    /// Frames, and nothing that tells which recording they belong to, where the label of each frame is read.
    #[error(
        "{}, line {line}: frames ({channels}) without a column that names their recordings; add a column `sequence` with \
         a name for each recording",
        path.display()
    )]
    NoRecordingColumn {
        /// The file.
        path: PathBuf,
        /// Line of the first record, from 1.
        line: usize,
        /// The columns of numbers.
        channels: String,
    },
    /// No column of text.
    #[error(
        "{}, line {line}: no column of text found; choose one with --text-columns: the file has {known}",
        path.display()
    )]
    NoTextColumn {
        /// The file.
        path: PathBuf,
        /// Line of the first record, from 1.
        line: usize,
        /// The columns.
        known: String,
    },
    /// No column of labels.
    #[error(
        "{}, line {line}: no column of labels found; choose one with --label-column: the file has {known}",
        path.display()
    )]
    NoLabelColumn {
        /// The file.
        path: PathBuf,
        /// Line of the first record, from 1.
        line: usize,
        /// The columns.
        known: String,
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
    /// A group column that was asked for and is not there.
    #[error("{place}: no column `{}` for the group; it has {known}", column.escape_debug())]
    UnknownGroupColumn {
        /// The file.
        place: String,
        /// The column that was asked for.
        column: String,
        /// What is there.
        known: String,
    },
    /// Texts where recordings are to be cut.
    #[error(
        "{}, line {line}: --segment cuts recordings of numbers, and this file has texts: {known}; leave it out, or choose \
         the columns of numbers with --channels",
        path.display()
    )]
    SegmentOfTexts {
        /// The file.
        path: PathBuf,
        /// Line of the first record, from 1.
        line: usize,
        /// The columns.
        known: String,
    },
    /// A file of a folder whose columns are not those of the first one.
    #[error(
        "{}, line {line}: columns {found}, expected {expected} as in {}; the files of a folder have the same columns",
        path.display(), first.display()
    )]
    OtherColumns {
        /// The file.
        path: PathBuf,
        /// Line of its first record, from 1.
        line: usize,
        /// Its columns.
        found: String,
        /// Those of the first file.
        expected: String,
        /// The first file.
        first: PathBuf,
    },
    /// Frames without a column of labels.
    #[error(
        "{}, line {line}: sequences by {sequence}, but no column of labels found; choose one with --label-column: the \
         file has {known}",
        path.display()
    )]
    NoLabelOfSequences {
        /// The file.
        path: PathBuf,
        /// Line of the first record, from 1.
        line: usize,
        /// The column that tells sequences apart.
        sequence: String,
        /// The other columns.
        known: String,
    },
    /// Frames without a channel, or with too many.
    #[error(
        "{}, line {line}: {found} channels, expected 1 to {largest} columns of numbers beside `sequence` and the label",
        path.display()
    )]
    ChannelCount {
        /// The file.
        path: PathBuf,
        /// Line of the first record, from 1.
        line: usize,
        /// Channels found.
        found: usize,
        /// Most channels.
        largest: usize,
    },
}
