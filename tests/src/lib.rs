//! What the tests share: trained runs, and the folder of real data.

use std::path::{Path, PathBuf};

use burn_ndarray::NdArray;
use trainer::Error;
use trainer::config::TrainingConfig;
use trainer::data::Source;
use trainer::device::Device;
use trainer::run::{Run, RunResult};
use trainer::run_folder::RunFolder;
use trainer::session::Session;
use trainer::training::Progress;

/// The CPU backend.
pub type Cpu = NdArray<f32>;

/// Trains on the CPU as `trainer train` does, in `folder`, until it is finished or `should_stop`: what it came to.
///
/// # Errors
/// As the trainer.
pub fn train(
    config: &TrainingConfig,
    folder: &RunFolder,
    resume: bool,
    should_stop: &(dyn Fn() -> bool + Sync),
) -> Result<Option<RunResult>, Error> {
    let session = if resume { Session::resume(folder.path()) } else { Session::start(folder.path(), config.clone()) };
    let finished = session?.run(&Device::Cpu, &mut Progress::silent(), should_stop)?;
    Ok(finished.map(|finished| finished.result))
}

/// A finished run of `config` in a folder of its own under `parent`.
///
/// # Errors
/// As the trainer.
pub fn trained_run(config: &TrainingConfig, parent: &Path) -> Result<Run<Cpu>, Error> {
    let path = parent.join("run");
    train(config, &RunFolder::create(&path)?, false, &|| false)?;
    Run::load(&path, &Default::default())
}

/// The folder of real data that `RUNNEL_DATA` names, if it is there; says so if it is not.
pub fn real_data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("RUNNEL_DATA").map(|data| Path::new(&data).join(name));
    let found = folder.filter(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("NOT RUN: RUNNEL_DATA names no folder with {name}; see README.md for where it is published");
    }
    found
}

/// The rows that a test measures on.
pub fn source(folder: Option<&Path>) -> Source {
    Source::new(folder)
}

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A program of this workspace, built in the same profile as the running test.
///
/// # Panics
/// If it has not been built.
#[allow(clippy::panic)]
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let path = test.ancestors().nth(2).unwrap_or(Path::new(".")).join(name);
    if path.is_file() { path } else { panic!("{} is missing: run `cargo build --release` first", path.display()) }
}
