use std::path::{Path, PathBuf};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::home_commands;
use super::{DataError, Row, parse_rows, read_rows, split_validation};

/// Training rows of the home commands.
const HOME_COMMANDS_ROWS: usize = 12_000;
const DEVELOPMENT_NAME: &str = "development.csv";
const TEST_NAME: &str = "test.csv";
const HOME_COMMANDS_DEVELOPMENT: &str = include_str!("../../data/home_commands/development.csv");
const HOME_COMMANDS_TEST: &str = include_str!("../../data/home_commands/test.csv");

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The built-in home commands.
    HomeCommands,
    /// A CSV or TSV file, or a folder with `train.csv` and perhaps `valid.csv`.
    Path(PathBuf),
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
    /// SHA-256 of all labels and texts as they were read, hexadecimal.
    pub hash: String,
}

impl Source {
    /// The source for a `--data` argument.
    pub fn new(path: Option<&Path>) -> Self {
        path.map_or(Self::HomeCommands, |path| Self::Path(path.into()))
    }

    /// How the source is named in messages.
    pub fn name(&self) -> String {
        match self {
            Self::HomeCommands => "home commands".into(),
            Self::Path(path) => path.display().to_string(),
        }
    }

    /// Reads training and validation rows: those of a file or folder for validation where there is one,
    /// the hand-written development sentences for the home commands, else `share` of the training rows.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn training_data(&self, validation: Option<&Path>, share: f64, seed: u64) -> Result<TrainingData, DataError> {
        let (rows, beside) = match self {
            Self::HomeCommands => {
                (home_commands::training_rows(seed, HOME_COMMANDS_ROWS)?, Some(built_in(DEVELOPMENT_NAME)?))
            }
            Self::Path(path) if path.is_dir() => {
                let training = beside(path, "train").ok_or(DataError::NoTrainingFile { path: path.into() })?;
                let validation = beside(path, "valid").map(|path| read_placed(&path)).transpose()?;
                (read_rows(&training)?, validation)
            }
            Self::Path(path) => (read_rows(path)?, None),
        };
        let given = validation.map(read_placed).transpose()?.or(beside);
        let hash = hash(rows.iter().chain(given.iter().flat_map(|(rows, _)| rows)));
        let total = rows.len();
        let (training, (validation, validation_place)) = match given {
            Some(validation) => (rows, validation),
            None => {
                let (training, validation) = split_validation(rows, share, &mut ChaCha8Rng::seed_from_u64(seed));
                (training, (validation, format!("validation rows of {}", self.name())))
            }
        };
        if validation.is_empty() || training.is_empty() {
            return Err(DataError::TooFewRows { place: self.name(), rows: total });
        }
        Ok(TrainingData { training, validation, validation_place, hash })
    }

    /// Reads rows to measure on: the test sentences of the home commands, the rows of a file, or `test.csv`
    /// of a folder.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn test_rows(&self) -> Result<Vec<Row>, DataError> {
        match self {
            Self::HomeCommands => Ok(built_in(TEST_NAME)?.0),
            Self::Path(path) if path.is_dir() => read_rows(&beside(path, "test").unwrap_or(path.join("test.csv"))),
            Self::Path(path) => read_rows(path),
        }
    }
}

/// The file of a folder with this stem.
fn beside(folder: &Path, stem: &str) -> Option<PathBuf> {
    ["csv", "tsv"].map(|extension| folder.join(stem).with_extension(extension)).into_iter().find(|path| path.is_file())
}

/// Rows, and how their source is named in messages.
type PlacedRows = (Vec<Row>, String);

fn read_placed(path: &Path) -> Result<PlacedRows, DataError> {
    Ok((read_rows(path)?, path.display().to_string()))
}

/// Hand-written sentences of the home commands.
fn built_in(name: &str) -> Result<PlacedRows, DataError> {
    let text = if name == TEST_NAME { HOME_COMMANDS_TEST } else { HOME_COMMANDS_DEVELOPMENT };
    let path = Path::new("home_commands").join(name);
    Ok((parse_rows(&path, text.as_bytes())?, path.display().to_string()))
}

fn hash<'r>(rows: impl Iterator<Item = &'r Row>) -> String {
    let mut hasher = Sha256::new();
    for field in rows.flat_map(|row| [&row.label, &row.text]) {
        hasher.update((field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
