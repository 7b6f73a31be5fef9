//! What the build scripts of the images share.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs the steps of a package's build, which get the folder for their outputs. A build for the host checks the source
/// alone and has no steps: it has neither a board nor a model.
pub(crate) fn run(package: &str, steps: impl FnOnce(&Path) -> Result<(), String>) -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return ExitCode::SUCCESS;
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| "cargo did not set OUT_DIR".to_owned());
    match out.and_then(|out| steps(&PathBuf::from(out))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{package}: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Links the image for a board, whose memory map is in a folder.
pub(crate) fn link_for(board: &str, boards: &Path, out: &Path) -> Result<(), String> {
    link_with(&boards.join(format!("{board}.x")), out)
}

/// Links the image with a memory map.
pub(crate) fn link_with(memory: &Path, out: &Path) -> Result<(), String> {
    copy(memory, &out.join("memory.x"))?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}

/// Copies a file, and builds again when it changes.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", from.display());
    fs::copy(from, to).map(drop).map_err(|error| format!("{}: {error}", from.display()))
}
