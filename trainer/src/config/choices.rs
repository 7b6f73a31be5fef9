use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The epoch whose weights a run keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum KeptEpoch {
    /// The one of the largest validation accuracy, of equal ones that of the smallest loss.
    Best,
    /// The last one whose validation accuracy is within a standard error of the largest: its learning rate has fallen
    /// further.
    LastGood,
    /// The last one, whatever the validation rows say: for a network that learns from nearly all rows.
    Last,
}

/// How the learning rate goes on after it has risen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It falls to 0 in a straight line.
    Linear,
    /// It stays.
    Constant,
}

/// What teachers read of a training row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum TeachersRead {
    /// What the network that learns reads, with words dropped and another row's end: they answer in every epoch.
    ChangedRows,
    /// The row itself, with words that the network that learns may not know: they answer once.
    WholeRows,
}
