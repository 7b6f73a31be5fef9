use std::path::PathBuf;

use thiserror::Error;

use super::Mismatch;
use crate::error::Error;
use crate::shell_word;

/// Longest label, in bytes.
pub(super) const LONGEST_LABEL: usize = runtime::format::MAX_STRING_BYTES;
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
    /// A file without recordings, where the label of each frame is read.
    #[error("{}: no recordings; expected lines of `sequence,label,channels`, a frame a line", path.display())]
    NoRecordings {
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
    /// An encoding that there is not.
    #[error(
        "--encoding {name}: no encoding has this name; usual ones are utf-8, utf-16le, latin1, windows-1251, \
         windows-1252, shift_jis, gbk, big5, euc-kr, koi8-r"
    )]
    UnknownEncoding {
        /// The name.
        name: String,
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
        "{}, line {line}: numbers ({channels}) without a column that tells sequences apart; add a column `sequence` with \
         a name for each gesture or window (cut a long recording into windows of some hundred frames), or name the \
         text with --text-columns",
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
        mismatch: Mismatch,
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
