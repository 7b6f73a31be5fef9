use std::path::{Path, PathBuf};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::home_commands;
use super::{Content, DataError, Row, parse_rows, read_rows, split_by_label};

/// Training rows of the home commands.
const HOME_COMMANDS_ROWS: usize = 12_000;
/// What `--data` says for the handwritten digits.
const DIGITS_NAME: &str = "digits";

/// A file that is part of this program.
struct BuiltIn {
    name: &'static str,
    content: &'static str,
}

const HOME_COMMANDS_DEVELOPMENT: BuiltIn = BuiltIn {
    name: "home_commands/development.csv",
    content: include_str!("../../data/home_commands/development.csv"),
};
const HOME_COMMANDS_TEST: BuiltIn =
    BuiltIn { name: "home_commands/test.csv", content: include_str!("../../data/home_commands/test.csv") };
const DIGITS_TRAINING: BuiltIn =
    BuiltIn { name: "digits/train.csv", content: include_str!("../../data/digits/train.csv") };
const DIGITS_TEST: BuiltIn = BuiltIn { name: "digits/test.csv", content: include_str!("../../data/digits/test.csv") };

impl BuiltIn {
    fn rows(&self, text_columns: &[String]) -> Result<Vec<Row>, DataError> {
        parse_rows(Path::new(self.name), self.content.as_bytes(), text_columns)
    }
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The built-in home commands.
    HomeCommands,
    /// The built-in handwritten digits: frames of numbers.
    Digits,
    /// A CSV or TSV file, or a folder with `train.csv` and perhaps `valid.csv`.
    Path(PathBuf),
}

/// Which rows, and what of them, a training is given.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// A file of validation rows of its own.
    pub validation: Option<&'a Path>,
    /// The share of training rows that is held out where no validation rows are given.
    pub validation_share: f64,
    /// Where all chance comes from.
    pub seed: u64,
    /// Columns of text, as [`read_rows`] has them.
    pub text_columns: &'a [String],
}

/// Rows to train on and rows to choose by.
#[derive(Debug, Clone)]
pub struct TrainingData {
    /// Rows to train on.
    pub training: Vec<Row>,
    /// Rows that choose the best epoch.
    pub validation: Vec<Row>,
    /// How the validation rows' source is named in messages.
    pub validation_place: String,
    /// SHA-256 of all labels, texts and frames as they were read, hexadecimal.
    pub hash: String,
}

impl Source {
    /// The source for a `--data` argument: none is the home commands, `digits` the handwritten digits (a folder of
    /// this name is `./digits`).
    pub fn new(argument: Option<&Path>) -> Self {
        match argument {
            None => Self::HomeCommands,
            Some(name) if name.as_os_str() == DIGITS_NAME => Self::Digits,
            Some(path) => Self::Path(path.into()),
        }
    }

    /// How the source is named in messages.
    pub fn name(&self) -> String {
        match self {
            Self::HomeCommands => "home commands".into(),
            Self::Digits => "digits".into(),
            Self::Path(path) => path.display().to_string(),
        }
    }

    /// Reads training and validation rows: those of a file or folder for validation where there is one,
    /// the hand-written development sentences for the home commands, else a share of the training rows.
    ///
    /// The columns of text change nothing about which rows are chosen, and their order.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn training_data(&self, selection: &Selection<'_>) -> Result<TrainingData, DataError> {
        let Selection { text_columns, seed, .. } = *selection;
        let (rows, beside) = self.rows_and_validation(selection)?;
        let given = selection.validation.map(|path| read_placed(path, text_columns)).transpose()?.or(beside);
        let hash = hash(rows.iter().chain(given.iter().flat_map(|placed| &placed.rows)));
        let total = rows.len();
        let (training, validation) = match given {
            Some(validation) => (rows, validation),
            None => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let share = selection.validation_share;
                let (training, validation) = split_by_label(rows, |row| &row.label, share, &mut rng);
                (training, PlacedRows { rows: validation, place: format!("validation rows of {}", self.name()) })
            }
        };
        if validation.rows.is_empty() || training.is_empty() {
            return Err(DataError::TooFewRows { place: self.name(), rows: total });
        }
        Ok(TrainingData { training, validation: validation.rows, validation_place: validation.place, hash })
    }

    /// All rows, and those for validation that stand beside them.
    fn rows_and_validation(&self, selection: &Selection<'_>) -> Result<(Vec<Row>, Option<PlacedRows>), DataError> {
        let Selection { text_columns, seed, .. } = *selection;
        match self {
            Self::HomeCommands => {
                let rows = HOME_COMMANDS_DEVELOPMENT.rows(text_columns)?;
                let validation = PlacedRows { rows, place: HOME_COMMANDS_DEVELOPMENT.name.into() };
                Ok((home_commands::training_rows(seed, HOME_COMMANDS_ROWS)?, Some(validation)))
            }
            Self::Digits => Ok((DIGITS_TRAINING.rows(text_columns)?, None)),
            Self::Path(path) if path.is_dir() => {
                let training = beside(path, "train").ok_or(DataError::NoTrainingFile { path: path.into() })?;
                let validation = beside(path, "valid").map(|path| read_placed(&path, text_columns)).transpose()?;
                Ok((read_rows(&training, text_columns)?, validation))
            }
            Self::Path(path) => Ok((read_rows(path, text_columns)?, None)),
        }
    }

    /// Reads rows to measure on: the test rows of built-in data, the rows of a file, or `test.csv` of a folder.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn test_rows(&self, text_columns: &[String]) -> Result<Vec<Row>, DataError> {
        match self {
            Self::HomeCommands => HOME_COMMANDS_TEST.rows(text_columns),
            Self::Digits => DIGITS_TEST.rows(text_columns),
            Self::Path(path) if path.is_dir() => {
                read_rows(&beside(path, "test").unwrap_or(path.join("test.csv")), text_columns)
            }
            Self::Path(path) => read_rows(path, text_columns),
        }
    }
}

/// The file of a folder with this stem.
fn beside(folder: &Path, stem: &str) -> Option<PathBuf> {
    ["csv", "tsv"].map(|extension| folder.join(stem).with_extension(extension)).into_iter().find(|path| path.is_file())
}

/// Rows, and how their source is named in messages.
struct PlacedRows {
    rows: Vec<Row>,
    place: String,
}

fn read_placed(path: &Path, text_columns: &[String]) -> Result<PlacedRows, DataError> {
    Ok(PlacedRows { rows: read_rows(path, text_columns)?, place: path.display().to_string() })
}

fn hash<'r>(rows: impl Iterator<Item = &'r Row>) -> String {
    let mut hasher = Sha256::new();
    let add_text = |hasher: &mut Sha256, text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    };
    for Row { label, content } in rows {
        add_text(&mut hasher, label);
        match content {
            Content::Text(text) => add_text(&mut hasher, text),
            Content::Frames(frames) => {
                hasher.update((frames.channels as u64).to_le_bytes());
                hasher.update((frames.values.len() as u64).to_le_bytes());
                frames.values.iter().for_each(|value| hasher.update(value.to_le_bytes()));
            }
        }
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::encoding::FrameNormalization;

    fn selection(text_columns: &[String]) -> Selection<'_> {
        Selection { validation: None, validation_share: 0.1, seed: 1, text_columns }
    }

    #[test]
    fn the_digits_are_8_frames_of_8_channels_each_digit_in_both_parts() {
        assert_eq!(Source::new(Some(Path::new("digits"))), Source::Digits);
        assert_eq!(Source::new(Some(Path::new("./digits"))), Source::Path("./digits".into()));
        let data = Source::Digits.training_data(&selection(&[])).unwrap();
        let test = Source::Digits.test_rows(&[]).unwrap();
        assert_eq!((data.training.len() + data.validation.len(), test.len()), (1_347, 450));
        for rows in [&data.training, &data.validation, &test] {
            let mut counts = BTreeMap::<&str, usize>::new();
            for row in rows {
                *counts.entry(&row.label).or_default() += 1;
                let frames = row.content.frames().unwrap();
                assert_eq!((frames.channels, frames.iter().len()), (8, 8));
                assert!(frames.values.iter().all(|value| (0.0..=16.0).contains(value)));
            }
            let (fewest, most) = (counts.values().min().unwrap(), counts.values().max().unwrap());
            assert!(counts.len() == 10 && most - fewest <= rows.len() / 100 + 1, "{counts:?}");
        }
        let rows = data.training.iter().filter_map(|row| row.content.frames());
        assert_eq!(FrameNormalization::learn(rows, 8, None).unit, 1.0);
    }

    #[test]
    fn columns_of_text_change_nothing_about_which_rows_are_held_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let lines = (0..50).map(|row| format!("{},t{row},d{row}\n", row % 3));
        std::fs::write(&path, lines.collect::<String>()).unwrap();
        let read = |column: &str| {
            let data = Source::Path(path.clone()).training_data(&selection(&[column.into()])).unwrap();
            let numbers = |rows: &[Row]| -> Vec<String> {
                rows.iter().map(|row| row.content.text().unwrap()[1..].to_owned()).collect()
            };
            ((numbers(&data.training), numbers(&data.validation)), data.hash)
        };
        let (titles, descriptions) = (read("title"), read("description"));
        assert_eq!(titles.0, descriptions.0);
        assert_ne!(titles.1, descriptions.1);
    }
}
