//! Places the chosen board's memory map, the model and the known answers where the image includes them.

mod build_steps;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Boards that QEMU emulates, and real ones.
const EMULATED: [&str; 6] = ["m0", "m3", "m4", "m7", "m33", "m55"];
const REAL: [&str; 3] = ["nrf52840", "stm32f411", "rp2040"];
/// Boards whose serial line the feature `talk` knows.
const WITH_CMSDK_UART: [&str; 3] = ["m3", "m4", "m7"];
/// Cores without a cycle counter, by the beginning of their triples.
const WITHOUT_CYCLE_COUNTER: [&str; 2] = ["thumbv6m", "thumbv8m.base"];

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build_steps.rs");
    println!("cargo::rustc-check-cfg=cfg(cycle_counter)");
    build_steps::run("firmware-demo", prepare)
}

fn prepare(out: &Path) -> Result<(), String> {
    let board = match chosen_board()? {
        Some(board) => {
            build_steps::link_for(board, Path::new("boards"), out)?;
            board.to_owned()
        }
        None => {
            let memory = input("RUNNEL_MEMORY", "the memory map of your board, as firmware-demo/boards has them")?;
            build_steps::link_with(&memory, out)?;
            memory.file_stem().unwrap_or_default().to_string_lossy().into_owned()
        }
    };
    println!("cargo::rustc-env=RUNNEL_BOARD={board}");
    let triple = env::var("TARGET").unwrap_or_default();
    if has_feature("probe") && !WITHOUT_CYCLE_COUNTER.iter().any(|core| triple.starts_with(core)) {
        println!("cargo::rustc-cfg=cycle_counter");
    }

    if has_feature("talk") && !WITH_CMSDK_UART.contains(&board.as_str()) {
        return Err(format!(
            "the feature talk needs a board with its serial line: one of {}",
            WITH_CMSDK_UART.join(", ")
        ));
    }

    // File times alone miss a model replaced by an older one; the caller may name the content instead.
    println!("cargo::rerun-if-env-changed=RUNNEL_INPUT_DIGEST");
    build_steps::copy(&input("RUNNEL_MODEL", "the .rnl file to put into the image")?, &out.join("model.rnl"))?;
    if has_feature("talk") {
        return Ok(());
    }
    build_steps::copy(
        &input("RUNNEL_ANSWERS", "a file written by `trainer known-answers`")?,
        &out.join("answers.bin"),
    )?;
    if has_feature("stream") { write_stream_settings(out) } else { Ok(()) }
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

/// The board of this name; `None` if RUNNEL_MEMORY describes it.
fn chosen_board() -> Result<Option<&'static str>, String> {
    let mut chosen = EMULATED.into_iter().chain(REAL).filter(|board| has_feature(board));
    match (chosen.next(), chosen.next()) {
        (Some(board), None) if has_feature("probe") && EMULATED.contains(&board) => Err(format!(
            "the emulated board {board} has no debug probe: leave one of the features {board} and probe out"
        )),
        (Some(board), None) => Ok(Some(board)),
        (None, None) if has_feature("probe") => Ok(None),
        _ => Err(format!(
            "choose one board: --no-default-features --features NAME, with NAME one of {}, or `probe` for another board",
            EMULATED.into_iter().chain(REAL).collect::<Vec<_>>().join(", ")
        )),
    }
}

fn has_feature(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{}", name.to_uppercase())).is_some()
}

fn input(variable: &str, meaning: &str) -> Result<PathBuf, String> {
    println!("cargo::rerun-if-env-changed={variable}");
    let path = env::var_os(variable)
        .ok_or_else(|| format!("set {variable} to {meaning} (firmware-demo/emulate does all of this)"))?;
    std::path::absolute(&path).map_err(|error| format!("{variable}: {error}"))
}
