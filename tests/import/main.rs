//! Models trained in PyTorch and Keras, imported.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod cases;
mod command;
mod golden;
mod onnx;
mod reference;
