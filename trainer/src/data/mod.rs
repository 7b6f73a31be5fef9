//! Labelled texts and frames: built in, or files of a user.

mod error;
mod frames;
pub mod home_commands;
mod quotes;
mod reader;
mod row;
mod source;
mod split;
mod table;
mod texts;

pub use error::DataError;
pub use frames::parse_frame;
pub use reader::{DataFile, parse_rows, read_rows};
pub use row::{Content, Frames, Row};
pub use source::{Selection, Source, TrainingData};
pub use split::split_by_label;
