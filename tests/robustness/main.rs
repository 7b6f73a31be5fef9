//! What reads bytes that it did not write: model files, data files, run folders, the command line.
//!
//! A damaged or impossible input is refused with an error that says what and where; nothing panics.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../runtime/tests/common/mod.rs"]
mod common;
#[path = "../../runtime/tests/common/exercise.rs"]
mod exercise;

mod answered;
mod cases;
mod changed;
mod command;
mod command_line;
mod data;
mod encodings;
mod exported;
mod fixture;
mod frame_model;
mod frontier;
mod good_inputs;
mod gzip;
mod inputs;
mod locks;
mod measured_streams;
mod misspelt;
mod modules;
mod options;
mod outputs;
mod pieces;
mod recordings;
mod repeated;
mod report;
mod run_folder;
mod schema;
mod small_sets;
mod streams;
mod terminal;
mod training_input;
mod upgrade;
