//! The network in Burn: embedding, LSTM layers, pooling, dropout, linear head.

mod classifier;
mod initial;
mod lstm;
mod packed;

pub(crate) use classifier::values;
pub use classifier::{Classifier, Head, NetworkConfig, Pooling};
pub use lstm::{Lstm, LstmOutput};
pub use packed::Packed;
