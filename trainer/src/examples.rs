//! Encoded rows, kept compactly: in memory while they are few, else in a temporary file.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::network::Sequence;
use crate::output::temporary_file_near;

/// An encoded row.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its steps.
    pub sequence: Sequence,
    /// The number of its class.
    pub class: usize,
}

/// How many steps of rows are kept in memory, and where the others go.
#[derive(Debug, Clone, Copy)]
pub struct Spill<'p> {
    /// Tokens, or values of frames, that are kept in memory at most; of more, all lie in a temporary file.
    pub after: usize,
    /// The temporary file, which has no name, lies here or in the nearest folder above that is there.
    pub folder: &'p Path,
}

impl<'p> Spill<'p> {
    /// 256 MiB: a quarter of the 1 GiB that a training on a million rows may take.
    pub const AFTER: usize = 1 << 26;

    /// The ordinary case: temporary files lie in or above a run's folder, where there is room for what a run leaves.
    pub fn beside(folder: &'p Path) -> Self {
        Self { after: Self::AFTER, folder }
    }
}

/// Encoded rows by their numbers.
///
/// # Shapes and units
/// 4 bytes a token or a value of a frame, all rows one after another, and 16 bytes a row.
#[derive(Debug)]
pub struct Examples {
    rows: Vec<Place>,
    /// Values of a frame; 0 for tokens.
    channels: usize,
    words: Words,
}

/// Where a row's words are.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    start: u64,
    words: u32,
    class: u32,
}

/// Tokens, or the bits of values.
#[derive(Debug)]
enum Words {
    Memory(Vec<u32>),
    File { file: Mutex<File>, path: PathBuf },
}

impl Examples {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the steps lie in a file.
    pub fn are_spilled(&self) -> bool {
        matches!(self.words, Words::File { .. })
    }

    /// Steps of a row; 0 of one that is not there.
    pub fn steps(&self, row: usize) -> usize {
        self.place(row).words as usize / self.channels.max(1)
    }

    /// Steps of the longest row; 0 without a row.
    pub fn longest(&self) -> usize {
        (0..self.len()).map(|row| self.steps(row)).max().unwrap_or(0)
    }

    /// The class of a row; 0 of one that is not there.
    pub fn class(&self, row: usize) -> usize {
        self.place(row).class as usize
    }

    /// The class of each row.
    pub fn classes(&self) -> Vec<usize> {
        self.rows.iter().map(|place| place.class as usize).collect()
    }

    /// A row; one that is not there has no step.
    ///
    /// # Errors
    /// [`Error::Failed`] if it lies in a file and that cannot be read.
    pub fn get(&self, row: usize) -> Result<Example, Error> {
        let Place { start, words: count, class } = self.place(row);
        let count = count as usize;
        let words = match &self.words {
            Words::Memory(all) => all.get(start as usize..start as usize + count).unwrap_or_default().to_vec(),
            Words::File { file, path } => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let mut words = vec![0; count];
                file.seek(SeekFrom::Start(start * size_of::<u32>() as u64))
                    .and_then(|_| file.read_exact(bytemuck::cast_slice_mut(&mut words)))
                    .map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
                words
            }
        };
        let sequence = match self.channels {
            0 => Sequence::Tokens(words),
            channels => Sequence::Frames { channels, values: words.into_iter().map(f32::from_bits).collect() },
        };
        Ok(Example { sequence, class: class as usize })
    }

    /// `count` rows, or all, evenly spread.
    pub fn spread(&self, count: usize) -> impl Iterator<Item = Result<Example, Error>> {
        spread(count, self.len()).map(move |row| self.get(row))
    }

    /// All rows, one after another.
    pub fn iter(&self) -> impl Iterator<Item = Result<Example, Error>> {
        (0..self.len()).map(|row| self.get(row))
    }

    fn place(&self, row: usize) -> Place {
        self.rows.get(row).copied().unwrap_or_default()
    }
}

/// Examples that come in any order, each with its number.
pub struct Collector<'s> {
    rows: Vec<Place>,
    channels: usize,
    spill: Spill<'s>,
    memory: Vec<u32>,
    file: Option<BufWriter<File>>,
    /// Words so far.
    words: u64,
}

impl<'s> Collector<'s> {
    /// Of `rows` rows with numbers from 0; one that never comes has no step. `channels`: values of a frame, 0 for
    /// tokens.
    pub fn new(rows: usize, channels: usize, spill: Spill<'s>) -> Self {
        Self { rows: vec![Place::default(); rows], channels, spill, memory: Vec::new(), file: None, words: 0 }
    }

    /// Takes in the row of a number.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if there is no room for the temporary file.
    pub fn add(&mut self, number: usize, example: Example) -> Result<(), Error> {
        let words = match example.sequence {
            Sequence::Tokens(tokens) => tokens,
            Sequence::Frames { values, .. } => values.into_iter().map(f32::to_bits).collect(),
        };
        if let Some(place) = self.rows.get_mut(number) {
            *place = Place { start: self.words, words: words.len() as u32, class: example.class as u32 };
        }
        self.words += words.len() as u64;
        if self.file.is_none() && self.memory.len() + words.len() > self.spill.after {
            let file = temporary_file_near(self.spill.folder)?;
            self.file = Some(BufWriter::with_capacity(1 << 20, file));
            let memory = std::mem::take(&mut self.memory);
            self.write(&memory)?;
        }
        if self.file.is_some() {
            return self.write(&words);
        }
        self.memory.extend(words);
        Ok(())
    }

    fn write(&mut self, words: &[u32]) -> Result<(), Error> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.write_all(bytemuck::cast_slice(words)).map_err(|source| unwritable(self.spill, source))
    }

    /// All that came.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn finish(mut self) -> Result<Examples, Error> {
        let words = match self.file {
            None => {
                self.memory.shrink_to_fit();
                Words::Memory(self.memory)
            }
            Some(file) => {
                let file = file.into_inner().map_err(|error| unwritable(self.spill, error.into_error()))?;
                Words::File { file: Mutex::new(file), path: temporary_in(self.spill) }
            }
        };
        Ok(Examples { rows: self.rows, channels: self.channels, words })
    }
}

/// How the temporary file is named in messages.
fn temporary_in(spill: Spill<'_>) -> PathBuf {
    spill.folder.join("a temporary file")
}

fn unwritable(spill: Spill<'_>, source: std::io::Error) -> Error {
    Error::Unwritable { path: temporary_in(spill), source }
}

/// In memory, in this order; what they are, tokens or frames, the first one says.
impl FromIterator<Example> for Examples {
    fn from_iter<I: IntoIterator<Item = Example>>(examples: I) -> Self {
        let (mut rows, mut all, mut channels) = (Vec::new(), Vec::new(), 0);
        for Example { sequence, class } in examples {
            let start = all.len();
            match sequence {
                Sequence::Tokens(tokens) => all.extend(tokens),
                Sequence::Frames { channels: found, values } => {
                    channels = found;
                    all.extend(values.into_iter().map(f32::to_bits));
                }
            }
            rows.push(Place { start: start as u64, words: (all.len() - start) as u32, class: class as u32 });
        }
        Self { rows, channels, words: Words::Memory(all) }
    }
}

/// The numbers of `count` of `all` rows, or of all, evenly spread.
pub(crate) fn spread(count: usize, all: usize) -> impl Iterator<Item = usize> {
    let count = count.min(all);
    (0..count).map(move |number| number * all / count)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn assert_kept(channels: usize, sequences: &[Sequence]) {
        let folder = tempfile::tempdir().unwrap();
        let example = |(class, sequence): (usize, &Sequence)| Example { sequence: sequence.clone(), class };
        let expected: Vec<Example> = sequences.iter().enumerate().map(example).collect();
        for (after, spilled) in [(usize::MAX, false), (8, false), (7, true), (3, true), (0, true)] {
            let missing = folder.path().join("not/there/yet");
            let mut collector = Collector::new(expected.len(), channels, Spill { after, folder: &missing });
            for number in [2, 0, 3, 1] {
                collector.add(number, expected[number].clone()).unwrap();
            }
            let found = collector.finish().unwrap();
            assert_eq!(found.are_spilled(), spilled, "{after}");
            assert_eq!(found.longest(), expected.iter().map(|row| row.sequence.steps()).max().unwrap());
            for number in [1, 3, 0, 2, 1] {
                assert_eq!(found.get(number).unwrap(), expected[number], "{after}");
                let parts = (found.steps(number), found.class(number));
                assert_eq!(parts, (expected[number].sequence.steps(), number));
            }
            assert_eq!(found.iter().collect::<Result<Vec<_>, _>>().unwrap(), expected);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the temporary file has no name");
        let collected: Examples = expected.iter().cloned().collect();
        assert_eq!(collected.iter().collect::<Result<Vec<_>, _>>().unwrap(), expected);
    }

    #[test]
    fn numbers_are_spread_evenly() {
        assert_eq!(spread(3, 10).collect::<Vec<_>>(), [0, 3, 6]);
        assert_eq!(spread(9, 2).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn rows_are_what_they_were_in_memory_and_in_a_file() {
        let tokens = [&[1, 2, 3][..], &[], &[u32::MAX, 7], &[4, 5, 6]];
        assert_kept(0, &tokens.map(|tokens| Sequence::Tokens(tokens.to_vec())));
        let values = [&[0.5, -1.0][..], &[], &[f32::MAX, 0.1, 3.0, -0.0], &[1e-40, 2.0]];
        assert_kept(2, &values.map(|values| Sequence::Frames { channels: 2, values: values.to_vec() }));
    }

    #[test]
    fn a_folder_without_room_for_a_file_is_named() {
        let folder = Path::new("/proc");
        let mut collector = Collector::new(1, 0, Spill { after: 0, folder });
        let error = collector.add(0, Example { sequence: Sequence::Tokens(vec![1]), class: 0 }).unwrap_err();
        assert!(error.to_string().starts_with("cannot write /proc: "), "{error}");
    }
}
