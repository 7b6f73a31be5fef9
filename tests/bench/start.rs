//! What a run's training began with, for another framework to train the same: `training-start RUN OUT`.
//!
//! Reads the rows again that the run's settings name, and writes `OUT/weights.safetensors`, as a run's folder has it,
//! and `OUT/batches.json`: for each epoch the batches, for each batch the numbers of its training rows, from 0.

use std::path::Path;
use std::process::ExitCode;

use burn::backend::Autodiff;
use tests::Cpu;
use trainer::config::TrainingConfig;
use trainer::examples::Spill;
use trainer::output::write_atomically;
use trainer::run_folder::{RunFolder, read_toml};
use trainer::training::{Prepared, batches_of_epoch, initial_network};
use trainer::{Error, note, weights};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [run, out] = arguments.as_slice() else {
        note("usage: training-start RUN OUT");
        return ExitCode::from(2);
    };
    match write(run.as_ref(), out.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn write(run: &Path, out: &Path) -> Result<(), Error> {
    let config: TrainingConfig = read_toml(&RunFolder::open(run)?.config())?;
    let prepared = Prepared::read(&config, Spill::beside(run))?;
    std::fs::create_dir_all(out).map_err(|source| Error::Unwritable { path: out.into(), source })?;
    let network = initial_network::<Autodiff<Cpu>>(&config, &prepared, &Default::default())?;
    weights::save(&network, &out.join("weights.safetensors"))?;
    let epochs: Vec<_> = (0..config.epochs).map(|epoch| batches_of_epoch(&config, &prepared, epoch)).collect();
    let epochs = serde_json::to_vec(&epochs).map_err(|error| Error::Failed(error.to_string()))?;
    write_atomically(&out.join("batches.json"), &epochs)
}
