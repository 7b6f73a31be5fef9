//! From trained weights to a model file.

mod assembly;
mod directions;
mod file;
mod frames;
mod packing;
mod part_two;
mod precision;
mod rows;
mod tensors;
mod writer;

pub(crate) use assembly::{Assembly, Behind, model_id};
pub use file::ModelFile;
pub use packing::repack;
pub use part_two::PartTwo;
pub use precision::ExportPrecision;
pub(crate) use tensors::TensorArea;
pub use writer::{ExportedInput, ExportedNetwork, export};
