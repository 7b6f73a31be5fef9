//! From trained weights to a model file.

mod directions;
mod file;
mod frames;
mod precision;
mod rows;
mod tensors;
mod version;
mod writer;

pub use file::ModelFile;
pub use precision::ExportPrecision;
pub use version::TrainerVersion;
pub use writer::{ExportedInput, ExportedNetwork, export};
