//! Places the chosen board's memory map, the model and the known answers where the image includes them.

mod build_steps;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const BOARDS: [&str; 6] = ["m0", "m3", "m4", "m7", "m33", "nrf52840"];

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build_steps.rs");
    build_steps::run("firmware-demo", prepare)
}

fn prepare(out: &Path) -> Result<(), String> {
    build_steps::link_for(chosen_board()?, Path::new("boards"), out)?;

    // File times alone miss a model replaced by an older one; the caller may name the content instead.
    println!("cargo::rerun-if-env-changed=RUNNEL_INPUT_DIGEST");
    build_steps::copy(&input("RUNNEL_MODEL", "the .rnl file to put into the image")?, &out.join("model.rnl"))?;
    build_steps::copy(
        &input("RUNNEL_ANSWERS", "a file written by `trainer known-answers`")?,
        &out.join("answers.bin"),
    )?;
    if env::var_os("CARGO_FEATURE_STREAM").is_some() { write_stream_settings(out) } else { Ok(()) }
}

/// Writes the settings of the stream where the image includes them.
fn write_stream_settings(out: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=RUNNEL_STREAM");
    let given = env::var("RUNNEL_STREAM").unwrap_or_default();
    let numbers: Option<Vec<u32>> = given.split(',').map(|number| number.parse().ok()).collect();
    let Some([span, hop]) = numbers.as_deref() else {
        return Err(format!("RUNNEL_STREAM=`{given}`: expected `SPAN,HOP` in frames, as 128,32"));
    };
    let settings = format!("StreamSettings::last({span}, {hop})");
    fs::write(out.join("stream_settings.rs"), settings).map_err(|error| format!("stream_settings.rs: {error}"))
}

fn chosen_board() -> Result<&'static str, String> {
    let feature = |board: &str| format!("CARGO_FEATURE_{}", board.to_uppercase());
    let mut chosen = BOARDS.into_iter().filter(|board| env::var_os(feature(board)).is_some());
    match (chosen.next(), chosen.next()) {
        (Some(board), None) => Ok(board),
        _ => Err(format!(
            "choose one board: --no-default-features --features NAME, with NAME one of {}",
            BOARDS.join(", ")
        )),
    }
}

fn input(variable: &str, meaning: &str) -> Result<PathBuf, String> {
    println!("cargo::rerun-if-env-changed={variable}");
    let path = env::var_os(variable)
        .ok_or_else(|| format!("set {variable} to {meaning} (firmware-demo/emulate does all of this)"))?;
    std::path::absolute(&path).map_err(|error| format!("{variable}: {error}"))
}
