//! Trains recurrent classifiers with Burn, quantizes them, and writes the model files that `runtime` runs.

pub mod batches;
pub mod config;
pub mod data;
pub mod device;
pub mod encoding;
pub mod error;
pub mod examples;
pub mod export;
pub mod file_names;
pub mod folder_lock;
pub mod frontier;
pub mod hexadecimal;
pub mod import;
pub mod inference;
pub mod nearest;
pub mod network;
pub mod operations;
pub mod output;
pub mod quantize;
pub mod report;
pub mod run;
pub mod run_folder;
pub mod session;
pub mod stream;
pub mod trace;
pub mod training;
pub mod upgrade;
pub mod weights;

pub use error::Error;

/// Prints a line on standard error; that whoever reads it has gone is no failure.
pub fn note(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A path as a word of a shell command.
pub fn shell_word(path: &std::path::Path) -> String {
    let path = path.display().to_string();
    let plain = |character: char| character.is_alphanumeric() || "/._-+".contains(character);
    if !path.is_empty() && path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}
