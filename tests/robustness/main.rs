//! What reads bytes that it did not write: model files, data files, run folders, the command line.
//!
//! A damaged or impossible input is refused with an error that says what and where; nothing panics.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
mod command;
mod command_line;
mod data;
mod fingerprints;
mod fixture;
mod frame_model;
mod frontier;
mod good_inputs;
mod gzip;
mod inputs;
mod locks;
mod manifest;
mod manifest_fields;
mod model;
mod options;
mod outputs;
mod properties;
mod repeated;
mod run_folder;
mod seeds;
mod small_sets;
mod streams;
mod training_input;
mod weights;
