use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The epoch whose weights a run keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum KeptEpoch {
    /// The epoch with the largest validation accuracy; among equals, the one with the smallest loss.
    Best,
    /// The last epoch whose validation accuracy is within one standard error of the largest: its learning rate has fallen
    /// further.
    LastGood,
    /// The last epoch, whatever the validation rows say: for a network that trains on nearly all rows.
    Last,
}

/// The learning-rate schedule after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The learning rate falls linearly to 0.
    Linear,
    /// The learning rate stays constant.
    Constant,
}

/// What teachers read of a training row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum TeachersRead {
    /// What the student reads, with dropped words and spliced ends: teachers answer in every epoch.
    ChangedRows,
    /// The unchanged row, with words that the student may not know: teachers answer once.
    WholeRows,
}
