//! The runtime as a static library for firmware in C: `librunnel.a` and `include/runnel.h`.
//!
//! Each function of the header checks its pointers and then calls the crate `runtime`. README.md says how to build the
//! library and how to link it.
//!
//! # Memory model
//! No allocator and no static variable: the caller owns the model's file, the parsed model, the classifier and its words of state.
//!
//! # Features
//! Those of the crate `runtime`; each leaves its code in the library.
//!
//! # Panics
//! Never: the panic handler calls a function that no one defines, so a firmware in which a panicking branch is left does
//! not link.

#![cfg_attr(target_os = "none", no_std)]

mod functions;
mod memory;
#[cfg(target_os = "none")]
mod no_panic;
mod pointers;
mod status;
#[cfg(test)]
mod tests;

pub use functions::*;
pub use memory::{
    RUNNEL_CLASSIFIER_WORDS, RUNNEL_MODEL_WORDS, RunnelClassifier, RunnelModel, RunnelModelInfo, RunnelPrediction,
    RunnelPushed,
};
pub use status::RunnelStatus;
