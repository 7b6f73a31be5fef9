//! The network in Burn: embedding, recurrent layers, pooling, dropout, linear head.

mod classifier;
mod initial;
mod layer;
mod packed;

pub use classifier::{Classifier, Head, InputShape, NetworkConfig, Pooling, Targets};
pub(crate) use initial::normal_value;
pub use layer::{Direction, DirectionStates, Layer, LayerInput, LayerStates};
pub use packed::{Packed, Sequence};

pub use crate::operations::Cell;
