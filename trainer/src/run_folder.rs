//! The folder that a training run leaves: everything written beside its place first, synced, then renamed.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

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
/// | `cross-validation/fold-N.toml` | few rows: the measurements on a part of them, of a training without that part |
/// | `checkpoint.bin` | where to go on after an interruption |
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// An existing run's folder.
    ///
    /// # Errors
    /// [`Error::Run`] if there is no run in it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = Self { path: path.into() };
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
        if (Self { path: path.into() }).config().exists() {
            let problem = "holds a run already; choose another --out, go on with --resume, or delete it";
            return Err(Error::Run { path: path.into(), problem: problem.into() });
        }
        Ok(())
    }

    /// A folder for a new run, made if it is not there.
    ///
    /// # Errors
    /// [`Error::Run`] if it holds a run already, [`Error::Unwritable`].
    pub fn create(path: &Path) -> Result<Self, Error> {
        Self::check_free(path)?;
        fs::create_dir_all(path).map_err(|source| Error::Unwritable { path: path.into(), source })?;
        Ok(Self { path: path.into() })
    }

    /// A folder that may be there already, made if it is not.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub(crate) fn reopen(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(|source| Error::Unwritable { path: path.into(), source })?;
        Ok(Self { path: path.into() })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `config.toml`
    pub fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// `result.toml`
    pub fn result(&self) -> PathBuf {
        self.path.join("result.toml")
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
        self.path.join("checkpoint.bin")
    }

    /// `cross-validation`
    pub fn cross_validation(&self) -> PathBuf {
        self.path.join("cross-validation")
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

/// Writes a whole file, or nothing: beside its place, synced, renamed.
///
/// # Errors
/// [`Error::Unwritable`].
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<(), Error> {
    write_atomically_with(path, |file| file.write_all(content))
}

/// [`write_atomically`] of what `write` writes, piece by piece.
///
/// # Errors
/// [`Error::Unwritable`].
pub fn write_atomically_with(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Error> {
    let unwritable = |source| Error::Unwritable { path: path.into(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".writing-").tempfile_in(folder).map_err(unwritable)?;
    let mut buffer = BufWriter::new(file.as_file_mut());
    write(&mut buffer).and_then(|()| buffer.flush()).map_err(unwritable)?;
    drop(buffer);
    file.as_file().sync_all().map_err(unwritable)?;
    #[cfg(unix)]
    make_readable(file.as_file()).map_err(unwritable)?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    Ok(())
}

/// A file without a name, in this folder or in the nearest one above it that is there.
///
/// # Errors
/// [`Error::Unwritable`].
pub fn temporary_file_near(folder: &Path) -> Result<File, Error> {
    let above = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(above).map_err(|source| Error::Unwritable { path: above.into(), source })
}

/// Gives a temporary file, which only its owner can read, the permissions of an ordinary one.
#[cfg(unix)]
fn make_readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
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
        let problem = format!("line {line}: {}", error.message().replace('\n', " "));
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
