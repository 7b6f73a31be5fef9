//! The trained network beside the runtime in f32, f16 and int8: end to end and step by step.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod by_step;
mod curve;
mod departures;
mod end_to_end;
mod fingerprints;
mod models;
mod simulated;
mod streams;
