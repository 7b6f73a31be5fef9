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
mod header;
mod inputs;
mod locks;
mod model;
mod options;
mod outputs;
mod part_one;
mod part_one_fields;
mod properties;
mod repeated;
mod run_folder;
mod seeds;
mod small_sets;
mod streams;
mod tensors;
mod training_input;
mod upgrade;
mod weights;
