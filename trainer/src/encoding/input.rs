use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a step of a sequence is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// A word for texts, a frame for a file of frames.
    #[default]
    Auto,
    /// A word, looked up in a vocabulary.
    Words,
    /// A word, numbered by its hash; no vocabulary.
    HashedWords,
    /// A word, looked up in a vocabulary; the model file stores a few bits of each hash, no strings.
    FingerprintedWords,
    /// A character, looked up in an alphabet.
    Characters,
    /// A byte.
    Bytes,
    /// A frame of numbers.
    Frames,
}
