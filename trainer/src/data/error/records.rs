//! What can be wrong with a line of a file.

use std::path::PathBuf;

use thiserror::Error;

use super::{LONGEST_LABEL, LONGEST_RECORD};

/// Why a record, or a frame of a sequence, cannot be used: its line, what stands there, what was expected.
#[derive(Debug, Error)]
pub enum RecordError {
    /// A line that is not as the lines before it.
    #[error("{}, line {line}: {form}: {problem}", path.display())]
    NotOfForm {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The form of the file.
        form: String,
        /// What is wrong.
        problem: &'static str,
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
    /// Lists of values that are not of one length.
    #[error(
        "{}, line {line}: {found} values in `{}`, expected {length} as in the first dimension",
        path.display(), column.escape_debug()
    )]
    UnevenSeries {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The dimension.
        column: String,
        /// Values of the first one.
        length: usize,
        /// Values found.
        found: usize,
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
        "{}, line {line}: sequence `{}` has the label `{}`, and `{}` before; expected one label; cut recordings \
         whose label changes with --segment N, into windows of N frames",
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
    /// A sequence of two groups.
    #[error(
        "{}, line {line}: sequence `{}` has the group `{}`, and `{}` before; expected one, or give --group-column none",
        path.display(), sequence.escape_debug(), found.escape_debug(), expected.escape_debug()
    )]
    GroupChange {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The sequence.
        sequence: String,
        /// Its group so far.
        expected: String,
        /// The group on this line.
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
}
