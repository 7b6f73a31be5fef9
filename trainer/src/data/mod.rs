//! Labelled texts and frames: built in, or files of a user.

mod columns;
mod decoded;
mod encodings;
mod error;
mod form;
mod formats;
mod frames;
mod hasher;
pub mod home_commands;
mod inspection;
mod lines;
mod listing;
mod mismatch;
mod options;
mod reader;
mod records;
mod row;
mod source;
mod split;
mod training;
mod unpacked;

pub use columns::{ColumnNames, ColumnRole};
pub use error::{ColumnError, DataError, RecordError};
pub use frames::parse_frame;
pub use inspection::RowNotes;
pub use lines::DataFile;
pub(crate) use listing::first_of;
pub use mismatch::Mismatch;
pub use options::ReadOptions;
pub use reader::{Rows, parse_rows, read_rows};
pub use row::{Content, Frames, Row};
pub use source::{HeldOut, Selection, Source};
pub use split::{fold_by_label, split_by_label};
pub use training::{Part, TrainingData, TrainingRow};
