use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folder::{EXTENSIONS, Listing};
use super::home_commands;
use super::training::{BuiltIn, RowSource, ValidationRows};
use super::{DataError, ReadOptions, Rows, TrainingData};

/// Training rows of the home commands.
const HOME_COMMANDS_ROWS: usize = 12_000;
/// Names of the file of validation rows in a folder; the first one that is there is read.
const VALIDATION_NAMES: [&str; 4] = ["valid", "val", "dev", "validation"];
/// What `--data` says for the handwritten digits.
const DIGITS_NAME: &str = "digits";

const HOME_COMMANDS_DEVELOPMENT: BuiltIn = BuiltIn {
    name: "home_commands/development.csv",
    content: include_str!("../../data/home_commands/development.csv"),
};
const HOME_COMMANDS_TEST: BuiltIn =
    BuiltIn { name: "home_commands/test.csv", content: include_str!("../../data/home_commands/test.csv") };
const DIGITS_TRAINING: BuiltIn =
    BuiltIn { name: "digits/train.csv", content: include_str!("../../data/digits/train.csv") };
const DIGITS_TEST: BuiltIn = BuiltIn { name: "digits/test.csv", content: include_str!("../../data/digits/test.csv") };

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The built-in home commands.
    HomeCommands,
    /// The built-in handwritten digits: frames of numbers.
    Digits,
    /// A file of rows, a folder with `train.csv` and perhaps `valid.csv`, or a folder of recordings.
    Path(PathBuf),
}

/// Which rows, and what of them, a training is given.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// A file of validation rows of its own.
    pub validation: Option<&'a Path>,
    /// The training rows that are held out where no validation rows are given.
    pub held_out: HeldOut,
    /// Where all chance comes from.
    pub seed: u64,
    /// How the rows of files are read.
    pub reading: &'a ReadOptions,
}

/// Training rows that are held out to validate with, the same part of each label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HeldOut {
    /// This share.
    Share(f64),
    /// One of so many parts, counted from 0.
    Fold {
        /// The part.
        fold: usize,
        /// Parts there are.
        folds: usize,
    },
    /// None.
    Nothing,
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

    /// The name of the file that rows to measure on come from, where it is not the source itself.
    pub fn test_file(&self) -> Option<PathBuf> {
        match self {
            Self::HomeCommands | Self::Digits => None,
            Self::Path(path) if path.is_dir() => {
                Some(beside(path, "test").unwrap_or_else(|| match is_of_parts(path) {
                    true => path.join("test.csv"),
                    false => path.clone(),
                }))
            }
            Self::Path(path) => Some(path.clone()),
        }
    }

    /// Reads training and validation rows for the first time: those of a file or folder for validation where there is
    /// one, the hand-written development sentences for the home commands, else a share of the training rows.
    ///
    /// The columns of text change nothing about which rows are chosen, and their order.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn training_data(&self, selection: &Selection<'_>) -> Result<TrainingData, DataError> {
        let beside = match selection.validation.map(Path::to_path_buf) {
            Some(path) => Some(ValidationRows::of_file(path)?),
            None => self.validation_beside()?,
        };
        TrainingData::survey(self.training_rows(selection.seed)?, beside, selection, self.name())
    }

    fn training_rows(&self, seed: u64) -> Result<RowSource, DataError> {
        match self {
            Self::HomeCommands => Ok(RowSource::Rows(home_commands::training_rows(seed, HOME_COMMANDS_ROWS)?)),
            Self::Digits => Ok(RowSource::BuiltIn(DIGITS_TRAINING)),
            Self::Path(path) if path.is_dir() => {
                let own = || Listing::read(path).map(|listing| listing.map(|_| path.clone()));
                let found = beside(path, "train").map_or_else(own, |found| Ok(Some(found)))?;
                RowSource::file(found.ok_or(DataError::NoTrainingFile { path: path.into() })?)
            }
            Self::Path(path) => RowSource::file(path.clone()),
        }
    }

    /// The validation rows that stand beside those to train on.
    fn validation_beside(&self) -> Result<Option<ValidationRows>, DataError> {
        match self {
            Self::HomeCommands => {
                let (source, place) = (HOME_COMMANDS_DEVELOPMENT, HOME_COMMANDS_DEVELOPMENT.name.into());
                Ok(Some(ValidationRows { source: RowSource::BuiltIn(source), place }))
            }
            Self::Path(path) if path.is_dir() => {
                let names = VALIDATION_NAMES.iter().find_map(|name| beside(path, name));
                names.map(ValidationRows::of_file).transpose()
            }
            Self::Digits | Self::Path(_) => Ok(None),
        }
    }

    /// Rows to measure on: the test rows of built-in data, the rows of a file, or `test.csv` of a folder.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn test_rows(&self, options: &ReadOptions) -> Result<Rows<'static>, DataError> {
        match self {
            Self::HomeCommands => HOME_COMMANDS_TEST.rows(options),
            Self::Digits => DIGITS_TEST.rows(options),
            Self::Path(path) => Rows::open(&self.test_file().unwrap_or(path.clone()), options),
        }
    }
}

/// The file of a folder with this stem, or the folder of recordings in it that has this name.
fn beside(folder: &Path, stem: &str) -> Option<PathBuf> {
    let extensions = EXTENSIONS.into_iter().chain(["ts"]);
    let names = extensions.flat_map(|extension| [format!("{stem}.{extension}"), format!("{stem}.{extension}.gz")]);
    let file = names.map(|name| folder.join(name)).find(|path| path.is_file());
    let of_recordings = |path: &PathBuf| path.is_dir() && matches!(Listing::read(path), Ok(Some(_)) | Err(_));
    file.or_else(|| Some(folder.join(stem)).filter(of_recordings))
}

/// Whether a folder has training rows of their own, and is no folder of recordings itself.
fn is_of_parts(folder: &Path) -> bool {
    beside(folder, "train").is_some() || !matches!(Listing::read(folder), Ok(Some(_)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::data::Part;
    use crate::encoding::{Encoder, EncoderSettings};

    fn selection(reading: &ReadOptions) -> Selection<'_> {
        Selection { validation: None, held_out: HeldOut::Share(0.1), seed: 1, reading }
    }

    #[test]
    fn the_digits_are_8_frames_of_8_channels_each_digit_in_both_parts() {
        assert_eq!(Source::new(Some(Path::new("digits"))), Source::Digits);
        assert_eq!(Source::new(Some(Path::new("./digits"))), Source::Path("./digits".into()));
        let options = ReadOptions::default();
        let data = Source::Digits.training_data(&selection(&options)).unwrap();
        let test: Vec<_> = Source::Digits.test_rows(&options).unwrap().map(Result::unwrap).collect();
        let [training, validation] = [Part::Training, Part::Validation].map(|part| data.part(part, &options));
        assert_eq!((training.len() + validation.len(), test.len()), (1_347, 450));
        for rows in [&training, &validation, &test] {
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
        let encoder = Encoder::learn(&EncoderSettings::default(), &data).unwrap();
        assert_eq!(encoder.normalization().unwrap().unit(0), 1.0);
    }

    #[test]
    fn columns_of_text_change_nothing_about_which_rows_are_held_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let lines = (0..50).map(|row| format!("{},t{row},d{row}\n", row % 3));
        std::fs::write(&path, lines.collect::<String>()).unwrap();
        let read = |column: &str| {
            let columns = ReadOptions::default().with_text_columns(&[column.into()]);
            let data = Source::Path(path.clone()).training_data(&selection(&columns)).unwrap();
            let numbers = |part| -> Vec<String> {
                data.part(part, &columns).iter().map(|row| row.content.text().unwrap()[1..].to_owned()).collect()
            };
            ([Part::Training, Part::Validation].map(numbers), data.hash.clone())
        };
        let (titles, descriptions) = (read("title"), read("description"));
        assert_eq!(titles.0, descriptions.0);
        assert_ne!(titles.1, descriptions.1);
    }
}
