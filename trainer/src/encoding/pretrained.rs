//! Word vectors that others have trained, from a text file.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Vocabulary;
use crate::error::Error;
use crate::examples::Examples;

/// Most bytes of a line, more than the largest vector takes when its numbers are written out in full.
const LONGEST_LINE: u64 = 1 << 20;
/// Lines, at most, that tell the size of the vectors of a file without a header.
const LINES_OF_SIZE: usize = 64;

/// Vectors of a vocabulary's words, and how much they cover.
#[derive(Debug, Clone, PartialEq)]
pub struct Pretrained {
    /// Tokens and their vectors, in the order of the file, each token once.
    pub vectors: Vec<(u32, Vec<f32>)>,
    /// Words of the vocabulary, of which `vectors.len()` have a vector.
    pub words: usize,
    /// Tokens of the training rows, words that are not in the vocabulary among them.
    pub training_tokens: usize,
    /// Those of them that have a vector.
    pub covered_tokens: usize,
    /// Vectors of the file that have no word, which are skipped.
    pub nameless: u64,
}

/// Why a file of word vectors cannot be used.
#[derive(Debug, Error)]
pub enum PretrainedError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file without a vector.
    #[error("{}: no word vectors; expected lines of a word and its numbers", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Vectors of another size than the embedding's.
    #[error(
        "{}, line {line}: vectors of {found} numbers, but --embedding-size is {expected}; leave it out to take {found}",
        path.display()
    )]
    Size {
        /// The file.
        path: PathBuf,
        /// The first line that says so, from 1.
        line: u64,
        /// The embedding size.
        expected: usize,
        /// Numbers of a vector of the file.
        found: usize,
    },
    /// A line that is no word and its numbers, or contradicts the first one.
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
}

impl From<PretrainedError> for Error {
    fn from(error: PretrainedError) -> Self {
        Self::Input(Box::new(error))
    }
}

impl Pretrained {
    /// Reads the vectors of a vocabulary's words, each of `embedding_size` numbers, and counts how much of
    /// `training` they cover.
    ///
    /// A line is a word and its numbers, with spaces or tabs between them. The last `embedding_size` numbers are the
    /// vector and everything before them is the word, so that a word may have spaces; a vector without a word is
    /// skipped. A first line of two whole numbers, as word2vec writes it, is the count of the vectors and their size;
    /// without it, the size is the one that most of the first lines have. A word of the file is one of the vocabulary
    /// if it is the same, byte for byte (a vocabulary is in lower case); of several vectors for a word the first
    /// counts. The file is read once, line by line, and only the vectors that are returned are kept.
    ///
    /// # Errors
    /// [`Error::Input`], with the line; those of reading `training`.
    pub fn read(
        path: &Path,
        embedding_size: usize,
        vocabulary: &Vocabulary,
        training: &Examples,
    ) -> Result<Self, Error> {
        let mut file = VectorFile::open(path, Some(embedding_size))?;
        if file.size != embedding_size {
            let (line, found) = (file.size_line, file.size);
            return Err(PretrainedError::Size { path: path.into(), line, expected: embedding_size, found }.into());
        }
        let mut vectors = Vec::new();
        let mut found = HashSet::<u32>::new();
        while let Some(WordVector { word, values }) = file.read_vector()? {
            if let Some(token) = vocabulary.token(&word).filter(|token| found.insert(*token)) {
                vectors.push((token, values));
            }
        }
        let (mut training_tokens, mut covered_tokens) = (0, 0);
        for example in training.iter() {
            let sequence = example?.sequence;
            training_tokens += sequence.tokens().len();
            covered_tokens += sequence.tokens().iter().filter(|token| found.contains(token)).count();
        }
        let nameless = file.nameless;
        Ok(Self { vectors, words: vocabulary.words().len(), training_tokens, covered_tokens, nameless })
    }

    /// Numbers of each vector of a file.
    ///
    /// # Errors
    /// [`PretrainedError`] for a file whose first lines have no vector.
    pub fn vector_size(path: &Path) -> Result<usize, PretrainedError> {
        VectorFile::open(path, None).map(|file| file.size)
    }
}

impl fmt::Display for Pretrained {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        let Self { vectors, words, training_tokens, covered_tokens, nameless } = self;
        write!(
            formatter,
            "vectors for {} of {words} words ({:.1} %), which are {:.1} % of the words of the training rows",
            vectors.len(),
            percent(vectors.len(), *words),
            percent(*covered_tokens, *training_tokens)
        )?;
        match nameless {
            0 => Ok(()),
            1 => write!(formatter, "; 1 vector without a word is skipped"),
            more => write!(formatter, "; {more} vectors without a word are skipped"),
        }
    }
}

struct WordVector {
    word: String,
    values: Vec<f32>,
}

/// A file of word vectors that is read line by line.
struct VectorFile<'p> {
    path: &'p Path,
    reader: BufReader<File>,
    /// Numbers of each vector, and the line that says so.
    size: usize,
    size_line: u64,
    /// Vectors that the header announces.
    announced: Option<u64>,
    /// Lines read so far, and the one that is looked at.
    lines: u64,
    line: u64,
    /// Vectors with a word, and without one.
    vectors: u64,
    nameless: u64,
    /// Lines that were read to learn the size, with their numbers.
    ahead: VecDeque<(u64, String)>,
    /// What ended the reading ahead, if that is a fault.
    fault: Option<PretrainedError>,
}

impl<'p> VectorFile<'p> {
    /// Opens a file and learns the size of its vectors from a header or from the first lines; of sizes that equally
    /// many lines have, `wanted` is taken.
    fn open(path: &'p Path, wanted: Option<usize>) -> Result<Self, PretrainedError> {
        let reader = File::open(path).map_err(|source| PretrainedError::Unreadable { path: path.into(), source })?;
        let mut file = Self {
            path,
            reader: BufReader::new(reader),
            size: 0,
            size_line: 1,
            announced: None,
            lines: 0,
            line: 0,
            vectors: 0,
            nameless: 0,
            ahead: VecDeque::new(),
            fault: None,
        };
        let line = file.read_line()?.ok_or_else(|| file.empty())?;
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        let header: Option<Vec<u64>> = fields(line).map(|field| field.parse().ok()).collect();
        if let Some([count, size]) = header.as_deref() {
            (file.announced, file.size) = (Some(*count), usize::try_from(*size).unwrap_or(usize::MAX));
        } else {
            file.ahead.push_back((1, line.into()));
            file.learn_size(wanted);
        }
        file.line = file.size_line;
        if file.size == 0 { Err(file.wrong("no numbers; expected a word and its numbers".into())) } else { Ok(file) }
    }

    /// Reads some lines ahead and takes the size that most of them have; of equally frequent ones `wanted`, else the
    /// smallest. Lines of numbers alone tell nothing if there are others: they may have no word.
    fn learn_size(&mut self, wanted: Option<usize>) {
        while self.ahead.len() < LINES_OF_SIZE {
            match self.read_line() {
                Ok(Some(line)) => self.ahead.push_back((self.lines, line)),
                Ok(None) => break,
                Err(fault) => {
                    self.fault = Some(fault);
                    break;
                }
            }
        }
        let is_worded = |line: &str| fields(line).next().is_some_and(|field| number(field).is_none());
        let any_worded = self.ahead.iter().any(|(_, line)| is_worded(line));
        let mut lines_of = BTreeMap::<usize, Vec<u64>>::new();
        for (place, line) in self.ahead.iter().filter(|(_, line)| is_worded(line) || !any_worded) {
            lines_of.entry(fields(line).count().saturating_sub(1)).or_default().push(*place);
        }
        lines_of.remove(&0);
        let most = lines_of.values().map(Vec::len).max();
        let mut frequent: Vec<_> = lines_of.iter().filter(|(_, lines)| Some(lines.len()) == most).collect();
        frequent.sort_by_key(|(size, _)| Some(**size) != wanted);
        if let Some((size, lines)) = frequent.first() {
            (self.size, self.size_line) = (**size, lines.first().copied().unwrap_or(1));
        }
    }

    /// The next vector that has a word.
    fn read_vector(&mut self) -> Result<Option<WordVector>, PretrainedError> {
        loop {
            let Some(line) = self.next_line()? else {
                self.check_count()?;
                return Ok(None);
            };
            let found = self.vector_of(&line)?;
            if found.word.trim().is_empty() {
                self.nameless += 1;
            } else {
                self.vectors += 1;
                return Ok(Some(found));
            }
        }
    }

    fn next_line(&mut self) -> Result<Option<String>, PretrainedError> {
        if let Some((number, line)) = self.ahead.pop_front() {
            self.line = number;
            return Ok(Some(line));
        }
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let line = self.read_line();
        self.line = self.lines;
        line
    }

    /// The word of a line, which is empty if there is none, and the vector after it.
    fn vector_of(&self, line: &str) -> Result<WordVector, PretrainedError> {
        let fields: Vec<&str> = fields(line).collect();
        let first_is_number = fields.first().is_some_and(|field| number(field).is_some());
        let words = match fields.len().checked_sub(self.size) {
            Some(0) if first_is_number => 0,
            Some(words) if words > 0 => words,
            _ => {
                let found = fields.len().saturating_sub(1);
                return Err(self.wrong(format!("{found} numbers after the word, expected {}", self.size)));
            }
        };
        let value = |field: &&str| {
            let shown = || field.chars().take(40).collect::<String>();
            number(field).ok_or_else(|| self.wrong(format!("`{}` is not a finite number", shown().escape_debug())))
        };
        let values = fields[words..].iter().map(value).collect::<Result<_, _>>()?;
        Ok(WordVector { word: fields[..words].join(" "), values })
    }

    /// Checks at the end that there were as many vectors as announced, and any at all.
    fn check_count(&self) -> Result<(), PretrainedError> {
        match self.announced {
            Some(announced) if announced != self.vectors + self.nameless => Err(PretrainedError::Line {
                path: self.path.into(),
                line: 1,
                problem: format!(
                    "the header announces {announced} vectors, the file has {}",
                    self.vectors + self.nameless
                ),
            }),
            _ if self.vectors == 0 => Err(self.empty()),
            _ => Ok(()),
        }
    }

    /// The next line without its end.
    fn read_line(&mut self) -> Result<Option<String>, PretrainedError> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes);
        read.map_err(|source| PretrainedError::Unreadable { path: self.path.into(), source })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.lines += 1;
        if bytes.len() as u64 == LONGEST_LINE {
            return Err(
                self.unreadable_line(format!("longer than {LONGEST_LINE} bytes; expected a word and its numbers"))
            );
        }
        let line = String::from_utf8(bytes);
        line.map(Some).map_err(|_| self.unreadable_line("not UTF-8; convert the file (iconv -t utf-8)".into()))
    }

    fn empty(&self) -> PretrainedError {
        PretrainedError::Empty { path: self.path.into() }
    }

    /// A fault of the line that is looked at.
    fn wrong(&self, problem: String) -> PretrainedError {
        PretrainedError::Line { path: self.path.into(), line: self.line, problem }
    }

    /// A fault of the line that was read last.
    fn unreadable_line(&self, problem: String) -> PretrainedError {
        PretrainedError::Line { path: self.path.into(), line: self.lines, problem }
    }
}

/// A finite number.
fn number(field: &str) -> Option<f32> {
    field.parse().ok().filter(|value: &f32| value.is_finite())
}

/// What stands between spaces, tabs and the line's end.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', '\t', '\r', '\n']).filter(|field| !field.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
