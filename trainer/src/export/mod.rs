//! From trained weights to a model file.

mod file;
mod packing;
mod writer;

pub use file::ModelFile;
pub use writer::{ExportedNetwork, export};
