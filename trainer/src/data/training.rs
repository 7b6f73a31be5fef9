use std::collections::HashMap;
use std::path::PathBuf;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::records::Fingerprint;
use super::{Content, DataError, Row, Rows, Selection, split_by_label};

/// A file that is part of this program.
#[derive(Debug, Clone, Copy)]
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) content: &'static str,
}

impl BuiltIn {
    pub(super) fn rows(self, text_columns: &[String]) -> Result<Rows<'static>, DataError> {
        Rows::new(self.name.as_ref(), self.content.as_bytes(), text_columns)
    }
}

/// Rows that can be read again and again.
#[derive(Debug, Clone)]
pub(super) enum RowSource {
    /// Rows that were made here.
    Rows(Vec<Row>),
    /// Those of a file that is part of this program.
    BuiltIn(BuiltIn),
    /// A file.
    File(PathBuf),
}

impl RowSource {
    /// A file that can be read several times.
    pub(super) fn file(path: PathBuf) -> Result<Self, DataError> {
        match std::fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => Err(DataError::ReadOnce { path }),
            _ => Ok(Self::File(path)),
        }
    }

    /// Calls `each` with every row, in order; what was read.
    fn for_each<Error: From<DataError>>(
        &self,
        text_columns: &[String],
        mut each: impl FnMut(&Row) -> Result<(), Error>,
    ) -> Result<Fingerprint, Error> {
        let mut rows = match self {
            Self::Rows(rows) => {
                rows.iter().try_for_each(each)?;
                return Ok(Fingerprint::default());
            }
            Self::BuiltIn(file) => file.rows(text_columns)?,
            Self::File(path) => Rows::open(path, text_columns)?,
        };
        rows.by_ref().try_for_each(|row| each(&row?))?;
        Ok(rows.fingerprint())
    }
}

/// What a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// To train on.
    Training,
    /// To measure epochs with.
    Validation,
}

/// A row of training data.
#[derive(Debug, Clone, Copy)]
pub struct TrainingRow<'r> {
    /// What it is for.
    pub part: Part,
    /// Its number among the rows of its part, from 0.
    pub number: usize,
    /// Itself.
    pub row: &'r Row,
}

/// Rows to train on and rows to choose by, which are read from where they are whenever they are needed; in memory is
/// a number a row.
#[derive(Debug, Clone)]
pub struct TrainingData {
    /// Rows to train on.
    pub training_rows: usize,
    /// Rows to measure epochs with.
    pub validation_rows: usize,
    /// Labels of the training rows, sorted.
    pub labels: Vec<String>,
    /// Values of a training row's frames; nothing for texts.
    pub channels: Option<usize>,
    /// How the source is named in messages.
    pub place: String,
    /// How the validation rows' source is named in messages.
    pub validation_place: String,
    /// SHA-256 of all labels, texts and frames as they were read, hexadecimal.
    pub hash: String,
    rows: Known,
    /// Validation rows that stand elsewhere.
    validation: Option<Known>,
    /// The number of each of `rows`: first those to train on, then those held out.
    order: Vec<u32>,
}

/// A source, and what reading it gave.
#[derive(Debug, Clone)]
struct Known {
    source: RowSource,
    fingerprint: Fingerprint,
}

/// Validation rows of their own.
pub(super) struct ValidationRows {
    pub(super) source: RowSource,
    /// How the source is named in messages.
    pub(super) place: String,
}

impl ValidationRows {
    pub(super) fn of_file(path: PathBuf) -> Result<Self, DataError> {
        let place = path.display().to_string();
        Ok(Self { source: RowSource::file(path)?, place })
    }
}

impl TrainingData {
    /// Reads all rows once: which are trained on, and what must be known of them before they are read again.
    pub(super) fn survey(
        source: RowSource,
        validation: Option<ValidationRows>,
        selection: &Selection<'_>,
        place: String,
    ) -> Result<Self, DataError> {
        let mut hasher = Hasher::default();
        let mut labels = HashMap::<String, u32>::new();
        let (mut classes, mut channels) = (Vec::<u32>::new(), None);
        let fingerprint = source.for_each::<DataError>(selection.text_columns, |row| {
            hasher.add(row);
            channels = row.content.frames().map(|frames| frames.channels);
            let next = labels.len() as u32;
            classes.push(match labels.get(&row.label) {
                Some(class) => *class,
                None => *labels.entry(row.label.clone()).or_insert(next),
            });
            Ok(())
        })?;
        let total = classes.len();
        let mut validation_rows = 0;
        let mut validation_place = format!("validation rows of {place}");
        let mut beside = None;
        if let Some(ValidationRows { source, place }) = validation {
            let fingerprint = source.for_each::<DataError>(selection.text_columns, |row| {
                hasher.add(row);
                validation_rows += 1;
                Ok(())
            })?;
            validation_place = place;
            beside = Some(Known { source, fingerprint });
        }
        let mut training: Vec<u32> = (0..total as u32).collect();
        let mut order: Vec<u32> = training.clone();
        if beside.is_none() {
            let mut rng = ChaCha8Rng::seed_from_u64(selection.seed);
            let class = |row: &u32| classes[*row as usize];
            let (kept, held_out) = split_by_label(training, class, selection.validation_share, &mut rng);
            for (number, row) in (0..).zip(kept.iter().chain(&held_out)) {
                order[*row as usize] = number;
            }
            validation_rows = held_out.len();
            training = kept;
        }
        if validation_rows == 0 || training.is_empty() {
            return Err(DataError::TooFewRows { place, rows: total });
        }
        let labels = labels_of(labels, training.iter().map(|row| classes[*row as usize]));
        let (rows, training_rows) = (Known { source, fingerprint }, training.len());
        Ok(Self {
            training_rows,
            validation_rows,
            labels,
            channels,
            place,
            validation_place,
            hash: hasher.finish(),
            rows,
            validation: beside,
            order,
        })
    }

    /// Whether the validation rows are held out by chance, and not rows of their own.
    pub fn holds_out(&self) -> bool {
        self.validation.is_none()
    }

    /// Reads all rows again, in the order in which they stand, each with its number among those of its part.
    ///
    /// # Errors
    /// [`DataError`]; [`DataError::Changed`] if they are not those that were read first.
    pub fn for_each<Error: From<DataError>>(
        &self,
        text_columns: &[String],
        mut each: impl FnMut(TrainingRow<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut numbers = self.order.iter().map(|number| *number as usize);
        self.rows.read_again(text_columns, &self.place, |row| {
            let number = numbers.next().ok_or_else(|| DataError::Changed { place: self.place.clone() })?;
            each(match number.checked_sub(self.training_rows) {
                None => TrainingRow { part: Part::Training, number, row },
                Some(number) => TrainingRow { part: Part::Validation, number, row },
            })
        })?;
        let Some(validation) = &self.validation else {
            return Ok(());
        };
        let mut numbers = 0..self.validation_rows;
        validation.read_again(text_columns, &self.validation_place, |row| {
            let number = numbers.next().ok_or_else(|| DataError::Changed { place: self.validation_place.clone() })?;
            each(TrainingRow { part: Part::Validation, number, row })
        })
    }
}

impl Known {
    fn read_again<Error: From<DataError>>(
        &self,
        text_columns: &[String],
        place: &str,
        each: impl FnMut(&Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let found = self.source.for_each(text_columns, each)?;
        if found == self.fingerprint { Ok(()) } else { Err(DataError::Changed { place: place.into() }.into()) }
    }
}

/// The labels of these classes, sorted.
fn labels_of(labels: HashMap<String, u32>, classes: impl Iterator<Item = u32>) -> Vec<String> {
    let mut found = vec![false; labels.len()];
    classes.for_each(|class| found[class as usize] = true);
    let mut labels: Vec<String> =
        labels.into_iter().filter(|(_, class)| found[*class as usize]).map(|(label, _)| label).collect();
    labels.sort_unstable();
    labels
}

/// SHA-256 of rows.
#[derive(Default)]
struct Hasher(Sha256);

impl Hasher {
    fn add(&mut self, Row { label, content }: &Row) {
        self.add_text(label);
        match content {
            Content::Text(text) => self.add_text(text),
            Content::Frames(frames) => {
                self.0.update((frames.channels as u64).to_le_bytes());
                self.0.update((frames.values.len() as u64).to_le_bytes());
                frames.values.iter().for_each(|value| self.0.update(value.to_le_bytes()));
            }
        }
    }

    fn add_text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
impl TrainingData {
    /// Rows to train on that stand nowhere else, which choose the epoch too.
    pub(crate) fn of_rows(rows: &[Row], place: &str) -> Result<Self, DataError> {
        let source = || RowSource::Rows(rows.to_vec());
        let validation = ValidationRows { source: source(), place: place.into() };
        let selection = Selection { validation: None, validation_share: 0.1, seed: 1, text_columns: &[] };
        Self::survey(source(), Some(validation), &selection, place.into())
    }

    /// The rows of a part, by their numbers.
    pub(crate) fn part(&self, part: Part, text_columns: &[String]) -> Vec<Row> {
        let mut rows = std::collections::BTreeMap::new();
        let keep = |found: TrainingRow<'_>| {
            if found.part == part {
                assert_eq!(rows.insert(found.number, found.row.clone()), None);
            }
            Ok(())
        };
        self.for_each::<DataError>(text_columns, keep).unwrap();
        assert_eq!(rows.keys().next_back(), Some(&(rows.len() - 1)));
        rows.into_values().collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn selection() -> Selection<'static> {
        Selection { validation: None, validation_share: 0.2, seed: 1, text_columns: &[] }
    }

    #[test]
    fn rows_that_change_between_two_readings_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, validation) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
        let rows = "a,one\nb,two\na,three\nb,four\n";
        for beside in [false, true] {
            std::fs::write(&path, rows).unwrap();
            std::fs::write(&validation, rows).unwrap();
            let given = beside.then(|| ValidationRows::of_file(validation.clone()).unwrap());
            let source = RowSource::file(path.clone()).unwrap();
            let data = TrainingData::survey(source, given, &selection(), "a.csv".into()).unwrap();
            assert_eq!((data.training_rows, data.validation_rows), if beside { (4, 4) } else { (2, 2) });
            let again = || data.for_each::<DataError>(&[], |_| Ok(())).map_err(|error| error.to_string());
            assert_eq!(again(), Ok(()));
            let changed = "the rows changed while they were read; train again when nothing writes to them";
            for content in [&rows.replace("one", "ONE"), &rows[..rows.len() - 7], &format!("{rows}a,five\n")] {
                std::fs::write(&path, content).unwrap();
                assert_eq!(again(), Err(format!("a.csv: {changed}")), "{content}");
            }
            std::fs::write(&path, rows).unwrap();
            assert_eq!(again(), Ok(()));
            if beside {
                std::fs::write(&validation, format!("{rows}a,five\n")).unwrap();
                assert_eq!(again(), Err(format!("{}: {changed}", validation.display())));
            }
        }
    }
}
