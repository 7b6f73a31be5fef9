//! What can go wrong, and the exit code that says so.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a command did not do its work.
#[derive(Debug, Error)]
pub enum Error {
    /// Rows, word vectors or a model of another framework that cannot be used.
    #[error(transparent)]
    Input(Box<dyn std::error::Error + Send + Sync>),
    /// A model file that was refused, or is too large for this program.
    #[error("{}: {source}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What the runtime said.
        source: runtime::Error,
    },
    /// A model file whose content is not what its id says.
    #[error("{}: the model id is not that of the content: the file was changed", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A file or folder that cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// An output that the command refuses to write, found before it computes anything.
    #[error("{}: {problem}", path.display())]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A setting that makes no sense.
    #[error("{0}")]
    Setting(String),
    /// A run folder, or a file in it, that is not one.
    #[error("{}: {problem}", path.display())]
    Run {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A device that is not there.
    #[error("{0}")]
    Device(String),
    /// A model that cannot be written in this precision.
    #[error("the network cannot be exported: {0}")]
    Export(runtime::Error),
    /// A network with a weight that is not finite.
    #[error("the network cannot be exported: a weight is not finite")]
    NotFinite,
    /// Training that does not work out.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// Names the file of a model that the runtime refused.
    pub fn of_model(path: &Path) -> impl FnOnce(runtime::Error) -> Self + '_ {
        move |source| Self::Model { path: path.into(), source }
    }

    /// 2 for bad usage or input, 1 for a run that failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unwritable { .. } | Self::Export(_) | Self::NotFinite | Self::Failed(_) => 1,
            _ => 2,
        }
    }
}
