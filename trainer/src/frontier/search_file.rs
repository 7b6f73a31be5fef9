use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Budget;
use crate::config::TrainingConfig;
use crate::data::TrainingData;
use crate::error::Error;
use crate::file_names::{FILES, SEARCH_FILE};
use crate::folder_lock::FolderLock;
use crate::hexadecimal;
use crate::run_folder::{RunFolder, read_toml, write_toml};

/// The folder of the runs of a search, in that of the search.
pub(super) const RUNS: &str = "runs";
/// The table of a search, and its plots.
const RESULTS: [&str; 3] = ["frontier.csv", "frontier.png", "frontier.svg"];
/// Files of a run that change nothing of what is trained with it.
const WITHOUT_EFFECT: [&str; 3] = ["metrics.csv", "result.toml", "checkpoint.bin"];
/// Bytes that are hashed at once.
const CHUNK: usize = 1 << 16;

/// What decides the runs of a search beside their settings: `search.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchInputs {
    /// Version of the trainer.
    pub trainer_version: String,
    /// SHA-256 of all rows.
    pub data_hash: String,
    /// Rows to train on.
    pub training_rows: usize,
    /// Rows to choose by.
    pub validation_rows: usize,
    /// SHA-256 of files of word vectors, and of the runs that are tuned or learned from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<PathBuf, String>,
}

impl SearchInputs {
    /// Those of a search with these settings on these rows.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn read(base: &TrainingConfig, data: &TrainingData) -> Result<Self, Error> {
        let runs = base.teachers.iter().chain(&base.fine_tune);
        let of_runs =
            runs.flat_map(|run| FILES.iter().filter(|name| !WITHOUT_EFFECT.contains(name)).map(|name| run.join(name)));
        let files = base.pretrained_embeddings.iter().cloned().chain(of_runs.filter(|path| path.exists()));
        Ok(Self {
            trainer_version: env!("CARGO_PKG_VERSION").into(),
            data_hash: data.hash.clone(),
            training_rows: data.training_rows,
            validation_rows: data.validation_rows,
            files: files.map(|path| hash_of(&path).map(|hash| (path, hash))).collect::<Result<_, Error>>()?,
        })
    }

    /// What is different about another search, in words; nothing if it has the same inputs.
    fn difference(&self, other: &Self) -> Option<String> {
        let rows = |inputs: &Self| (inputs.training_rows, inputs.validation_rows);
        if self.trainer_version != other.trainer_version {
            Some(format!("by trainer {}, and this is {}", self.trainer_version, other.trainer_version))
        } else if self.data_hash != other.data_hash {
            Some(format!("on other rows (SHA-256 {}, and now {})", self.data_hash, other.data_hash))
        } else if rows(self) != rows(other) {
            let ((training, validation), (now, to_choose_by)) = (rows(self), rows(other));
            Some(format!("on {training} rows and {validation} validation rows, and now {now} and {to_choose_by}"))
        } else {
            let mut paths = self.files.keys().chain(other.files.keys());
            let changed = paths.find(|path| self.files.get(*path) != other.files.get(*path))?;
            Some(format!("with another {}", changed.display()))
        }
    }
}

/// A search's folder, which this program alone writes to.
#[derive(Debug)]
pub struct SearchFolder {
    path: PathBuf,
    lock: FolderLock,
}

impl SearchFolder {
    /// Locks a folder, made if it is not there. It goes again if nothing is begun in it.
    ///
    /// # Errors
    /// As [`FolderLock::take`]; [`Error::Run`] if it holds a run, or files of others that the search would overwrite.
    pub fn claim(path: &Path, budgets: &[Budget]) -> Result<Self, Error> {
        let lock = FolderLock::take(path)?;
        let refuse = |problem: String| Err(Error::Run { path: path.into(), problem });
        if path.join("config.toml").exists() {
            return refuse("holds a run, and a search has a folder of its own; choose another --out".into());
        }
        let models = budgets.iter().map(|budget| format!("{budget}.rnl"));
        let mut results = RESULTS.iter().map(ToString::to_string).chain(models);
        let found = results.find(|name| path.join(name).exists()).filter(|_| !path.join(SEARCH_FILE).exists());
        match found {
            Some(name) => {
                refuse(format!("holds {name}, which is of no search (no {SEARCH_FILE}); choose another --out"))
            }
            None => Ok(Self { path: path.into(), lock }),
        }
    }

    /// Begins a search with these inputs, or goes on with one.
    ///
    /// # Errors
    /// [`Error::Run`] if the search in the folder, or a run of it, had other inputs; [`Error::Unwritable`].
    pub fn begin(&self, inputs: &SearchInputs) -> Result<(), Error> {
        let file = self.path.join(SEARCH_FILE);
        if file.exists() {
            let problem = read_toml::<SearchInputs>(&file)?.difference(inputs);
            return match problem {
                Some(problem) => {
                    let problem = format!("holds a search {problem}; choose another --out");
                    Err(Error::Run { path: self.path.clone(), problem })
                }
                None => Ok(()),
            };
        }
        self.check_runs(inputs)?;
        self.lock.keep();
        write_toml(&file, inputs)
    }

    /// Checks that the runs of a folder that does not say so itself were trained on these rows.
    fn check_runs(&self, inputs: &SearchInputs) -> Result<(), Error> {
        let runs = std::fs::read_dir(self.path.join(RUNS)).into_iter().flatten().flatten();
        for folder in runs.filter_map(|entry| RunFolder::open(&entry.path()).ok()) {
            let config: TrainingConfig = read_toml(&folder.config())?;
            if config.data_hash.as_ref() != Some(&inputs.data_hash) {
                let problem = "was trained on other rows than this search has; choose another --out";
                return Err(Error::Run { path: folder.path().into(), problem: problem.into() });
            }
        }
        Ok(())
    }
}

/// SHA-256 of a file, hexadecimal.
fn hash_of(path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Unreadable { path: path.into(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let (mut hasher, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk).map_err(unreadable)? {
            0 => break,
            read => hasher.update(chunk.get(..read).unwrap_or_default()),
        }
    }
    Ok(hexadecimal::digits(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> SearchInputs {
        SearchInputs {
            trainer_version: "1".into(),
            data_hash: "ab".into(),
            training_rows: 90,
            validation_rows: 10,
            files: [(PathBuf::from("vectors.txt"), "cd".into())].into(),
        }
    }

    #[test]
    fn each_input_that_changed_is_named() {
        assert_eq!(inputs().difference(&inputs()), None);
        for (changed, says) in [
            (SearchInputs { trainer_version: "2".into(), ..inputs() }, "by trainer 1, and this is 2"),
            (SearchInputs { data_hash: "cd".into(), ..inputs() }, "on other rows (SHA-256 ab, and now cd)"),
            (
                SearchInputs { training_rows: 80, validation_rows: 20, ..inputs() },
                "on 90 rows and 10 validation rows, and now 80 and 20",
            ),
            (
                SearchInputs { files: [("vectors.txt".into(), "ef".into())].into(), ..inputs() },
                "with another vectors.txt",
            ),
            (SearchInputs { files: BTreeMap::new(), ..inputs() }, "with another vectors.txt"),
        ] {
            assert_eq!(inputs().difference(&changed).as_deref(), Some(says));
        }
    }
}
