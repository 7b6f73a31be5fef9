use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a step of a sequence is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// The words of texts, the frames of a file of frames.
    #[default]
    Auto,
    /// A word, looked up in a vocabulary.
    Words,
    /// A word, numbered by its hash: no vocabulary.
    HashedWords,
    /// A word, looked up in a vocabulary of which the model file holds parts of hashes, no strings.
    FingerprintedWords,
    /// A character, looked up in an alphabet.
    Characters,
    /// A byte.
    Bytes,
    /// A frame of numbers.
    Frames,
}
