//! The folder that a training run leaves: locked while it is written, each file whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::file_names::{CHECKPOINT, CONFIG, CROSS_VALIDATION, FILES, REPORT, SEARCH_FILE};
use crate::folder_lock::FolderLock;
use crate::nearest::of_serde;
use crate::output::{remove_unfinished, write_atomically};

/// A run's folder.
///
/// | file | content |
/// |---|---|
/// | `config.toml` | the settings, seed and data hash: all that repeats the run |
/// | `labels.txt` | one a line |
/// | `vocabulary.txt` | words: the vocabulary, one a line |
/// | `fingerprints.toml` | fingerprinted words: seed and bits; `vocabulary.txt` is in the order of the tokens |
/// | `alphabet.toml` | characters: the alphabet |
/// | `normalization.toml` | frames: unit, means and scales |
/// | `weights.safetensors` | the weights of the epoch that is kept |
/// | `rounding.toml` | training that simulates integers: what they stand for |
/// | `metrics.csv` | a row an epoch |
/// | `result.toml` | what came out, and the ranges that int8 needs |
/// | `report.html` | the run as a page to look at |
/// | `cross-validation/fold-N.toml` | few rows: the measurements on a part of them, of a training without that part |
/// | `checkpoint.bin` | where to go on after an interruption |
/// | `lock` | empty; locked by the program that writes to the folder, see [`FolderLock`] |
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    /// None where it is only read.
    lock: Option<Arc<FolderLock>>,
}

impl RunFolder {
    /// An existing run's folder.
    ///
    /// # Errors
    /// [`Error::Run`] if there is no run in it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = Self { path: path.into(), lock: None };
        if folder.config().is_file() {
            Ok(folder)
        } else {
            let problem = "not the folder of a run (no config.toml); give the folder that `trainer train --out` wrote";
            Err(Error::Run { path: path.into(), problem: problem.into() })
        }
    }

    /// Checks that `path` holds no run.
    ///
    /// # Errors
    /// [`Error::Run`] if it does.
    pub fn check_free(path: &Path) -> Result<(), Error> {
        if path.join(CONFIG).exists() {
            let problem = "holds a run already; choose another --out, go on with --resume, or delete it";
            return Err(Error::Run { path: path.into(), problem: problem.into() });
        }
        Ok(())
    }

    /// A folder for a new run, made if it is not there, and not locked: for callers that no other program meets.
    ///
    /// # Errors
    /// [`Error::Run`] if it holds a run already, [`Error::Unwritable`].
    pub fn create(path: &Path) -> Result<Self, Error> {
        Self::check_free(path)?;
        fs::create_dir_all(path).map_err(|source| Error::Unwritable { path: path.into(), source })?;
        Ok(Self { path: path.into(), lock: None })
    }

    /// A locked folder for a new run, made if it is not there. It goes again if [`Self::keep`] is never called.
    ///
    /// # Errors
    /// As [`FolderLock::take`]; [`Error::Run`] if it holds a run already, or files of others that a run would overwrite.
    pub fn claim_new(path: &Path) -> Result<Self, Error> {
        let lock = FolderLock::take(path)?;
        Self::check_free(path)?;
        // Where there was a lock, files without config.toml are what a training left that ended while it began.
        let overwritten = FILES.iter().copied().filter(|_| lock.is_new());
        if let Some(name) = overwritten.chain([SEARCH_FILE, CROSS_VALIDATION]).find(|name| path.join(name).exists()) {
            let problem = format!("holds {name}, which is of no run; choose another --out");
            return Err(Error::Run { path: path.into(), problem });
        }
        remove_unfinished(path, &FILES);
        Ok(Self { path: path.into(), lock: Some(Arc::new(lock)) })
    }

    /// An existing run's folder, locked to be written.
    ///
    /// # Errors
    /// As [`Self::open`] and [`FolderLock::take`].
    pub fn claim(path: &Path) -> Result<Self, Error> {
        let folder = Self::open(path)?;
        let lock = FolderLock::take(path)?;
        remove_unfinished(path, &FILES);
        Ok(Self { lock: Some(Arc::new(lock)), ..folder })
    }

    /// From now on a claimed folder has content, and stays.
    pub fn keep(&self) {
        self.lock.iter().for_each(|lock| lock.keep());
    }

    /// A folder within a run's folder that may be there already, made if it is not.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn reopen(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(|source| Error::Unwritable { path: path.into(), source })?;
        remove_unfinished(path, &FILES);
        Ok(Self { path: path.into(), lock: None })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `config.toml`
    pub fn config(&self) -> PathBuf {
        self.path.join(CONFIG)
    }

    /// `result.toml`
    pub fn result(&self) -> PathBuf {
        self.path.join("result.toml")
    }

    /// `report.html`
    pub fn report(&self) -> PathBuf {
        self.path.join(REPORT)
    }

    /// `metrics.csv`
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.csv")
    }

    /// `weights.safetensors`
    pub fn weights(&self) -> PathBuf {
        self.path.join("weights.safetensors")
    }

    /// `rounding.toml`
    pub fn rounding(&self) -> PathBuf {
        self.path.join("rounding.toml")
    }

    /// `checkpoint.bin`
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join(CHECKPOINT)
    }

    /// `cross-validation`
    pub fn cross_validation(&self) -> PathBuf {
        self.path.join(CROSS_VALIDATION)
    }

    /// `labels.txt`
    pub fn labels(&self) -> PathBuf {
        self.path.join("labels.txt")
    }

    /// `vocabulary.txt`
    pub fn vocabulary(&self) -> PathBuf {
        self.path.join("vocabulary.txt")
    }

    /// `fingerprints.toml`
    pub fn fingerprints(&self) -> PathBuf {
        self.path.join("fingerprints.toml")
    }

    /// `alphabet.toml`
    pub fn alphabet(&self) -> PathBuf {
        self.path.join("alphabet.toml")
    }

    /// `normalization.toml`
    pub fn normalization(&self) -> PathBuf {
        self.path.join("normalization.toml")
    }
}

/// Writes `value` as TOML.
///
/// # Errors
/// [`Error::Unwritable`], [`Error::Failed`].
pub fn write_toml(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let text = toml::to_string(value).map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
    write_atomically(path, text.as_bytes())
}

/// Reads TOML.
///
/// # Errors
/// [`Error::Unreadable`]; [`Error::Run`] with line and column.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = read_text(path)?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        let problem = format!("line {line}: {}", of_serde(&error.message().replace('\n', " ")));
        Error::Run { path: path.into(), problem }
    })
}

/// Writes one string a line.
///
/// # Errors
/// [`Error::Unwritable`].
pub fn write_lines(path: &Path, lines: &[String]) -> Result<(), Error> {
    write_atomically(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes())
}

/// Reads one string a line.
///
/// # Errors
/// [`Error::Unreadable`].
pub fn read_lines(path: &Path) -> Result<Vec<String>, Error> {
    Ok(read_text(path)?.lines().map(str::to_owned).collect())
}

fn read_text(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.into(), source })
}
