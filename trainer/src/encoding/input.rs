use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a step of a sequence is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Words of texts, frames of a file of frames.
    #[default]
    Auto,
    /// A word, looked up in a vocabulary.
    Words,
    /// A frame of numbers.
    Frames,
}
