//! Labelled texts: the built-in home commands, or files of a user.

mod error;
pub mod home_commands;
mod quotes;
mod reader;
mod source;
mod split;

pub use error::DataError;
pub use reader::{parse_rows, read_rows};
pub use source::{Source, TrainingData};
pub use split::split_validation;

/// A labelled text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name of its class.
    pub label: String,
    /// The text.
    pub text: String,
}
