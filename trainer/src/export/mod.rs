//! From trained weights to a model file.

mod directions;
mod file;
mod frames;
mod rows;
mod tensors;
mod writer;

pub use file::ModelFile;
pub use writer::{ExportedInput, ExportedNetwork, export};
