//! Layers, pooling and head, generic over how numbers are stored and multiplied.

#[cfg(feature = "float")]
mod float;
mod int8;
mod state;
mod weights;

#[cfg(feature = "float")]
pub(crate) use float::{Half, Single};
pub(crate) use int8::Int8;
pub use state::LayerState;
pub(crate) use state::{LayerBuffers, Shape};
pub(crate) use weights::{Arithmetic, Matrix, Network};
