//! Places the board's memory map and the model where the image includes them.

#[path = "../build_steps.rs"]
mod build_steps;

use std::env;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=../build_steps.rs");
    build_steps::run("firmware-size", prepare)
}

fn prepare(out: &Path) -> Result<(), String> {
    build_steps::link_for(&variable("RUNNEL_BOARD")?, Path::new("../boards"), out)?;
    if env::var_os("CARGO_FEATURE_LIBRARY").is_some() {
        build_steps::copy(Path::new(&variable("RUNNEL_MODEL")?), &out.join("model.rnl"))?;
    }
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    println!("cargo::rerun-if-env-changed={name}");
    env::var(name).map_err(|error| format!("{name}: {error} (firmware-demo/size sets it)"))
}
