//! LSTM layers against PyTorch: all time steps, final states and gradients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod case;
mod runtime_layers;
mod trainer_layers;
