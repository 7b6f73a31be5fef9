//! From settings to a finished run: what every command that trains does.

mod finish;
#[cfg(not(test))]
mod folds;

use std::path::Path;

pub use finish::{FinishedRun, finish};

use crate::config::{Chosen, TrainingConfig};
use crate::error::Error;
use crate::examples::Spill;
use crate::run::{RunResult, is_of_earlier_version, read_config};
use crate::run_folder::{RunFolder, read_toml};
use crate::training::Prepared;

/// A training that is about to begin, or to go on.
#[derive(Debug)]
pub struct Session {
    /// The settings; none of them is automatic any more.
    pub config: TrainingConfig,
    /// What was chosen of them by the rows, if something was.
    pub chosen: Option<Chosen>,
    /// The rows.
    pub prepared: Prepared,
    /// The run's folder.
    pub folder: RunFolder,
    /// Whether it goes on from the folder's checkpoint.
    pub resume: bool,
}

impl Session {
    /// A training in a new run folder, which is locked before the rows are read, and stays once the settings and the
    /// rows have been found good.
    ///
    /// # Errors
    /// As [`RunFolder::claim_new`]; [`Error::Setting`]; as [`Prepared::read`]; [`Error::Unwritable`].
    pub fn start(out: &Path, config: TrainingConfig) -> Result<Self, Error> {
        Self::start_if(out, config, |_| Ok(()))
    }

    /// [`Self::start`], of rows that `accept` is content with.
    ///
    /// # Errors
    /// As [`Self::start`]; those of `accept`.
    pub fn start_if(
        out: &Path,
        mut config: TrainingConfig,
        accept: impl FnOnce(&Prepared) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let folder = RunFolder::claim_new(out)?;
        config.check()?;
        let held_out = config.held_out();
        let data = Prepared::survey(&config, held_out)?;
        config.choose_by_signal(&data);
        let mut prepared = Prepared::encode(&config, &data, Spill::beside(out))?;
        drop(data);
        accept(&prepared)?;
        let chosen = config.choose(prepared.extent());
        config.check()?;
        if config.held_out() != held_out {
            prepared = Prepared::read(&config, Spill::beside(out))?;
        }
        folder.keep();
        prepared.write(&folder, &config)?;
        Ok(Self { config, chosen, prepared, folder, resume: false })
    }

    /// The training of a run's folder, which is locked, from its checkpoint if there is one.
    ///
    /// # Errors
    /// As [`RunFolder::claim`]; [`Error::Run`] for a folder of no run, or of one that was imported; as [`Self::start`].
    pub fn resume(out: &Path) -> Result<Self, Error> {
        let folder = RunFolder::claim(out)?;
        let config = read_config(&folder)?;
        config.check()?;
        if is_of_earlier_version(&folder)? && !folder.result().is_file() {
            let problem = "was begun by an earlier version of the trainer, which read rows otherwise; train anew, with \
                           another --out";
            return Err(Error::Run { path: folder.path().into(), problem: problem.into() });
        }
        if folder.result().is_file() && read_toml::<RunResult>(&folder.result())?.is_imported() {
            let problem = "was imported, there is no training to go on with; choose another --out to train anew";
            return Err(Error::Run { path: folder.path().into(), problem: problem.into() });
        }
        let prepared = Prepared::read(&config, Spill::beside(out))?;
        let resume = folder.checkpoint().is_file();
        folder.keep();
        Ok(Self { config, chosen: None, prepared, folder, resume })
    }

    /// Trains, after a cross-validation if there is to be one, and finishes the run; nothing if it was asked to stop
    /// before, and can go on.
    ///
    /// # Errors
    /// As [`crate::training::fit`] and [`Prepared::read`]; [`Error::Unwritable`].
    #[cfg(not(test))]
    pub fn run(
        &self,
        device: &crate::device::Device,
        progress: &mut crate::training::Progress,
        should_stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<FinishedRun>, Error> {
        use burn_ndarray::NdArray;

        use crate::config::KeptEpoch;
        use crate::training::{Ending, Fit, Validation};

        let Self { config, prepared, folder, resume, .. } = self;
        let crossed = match config.folds {
            0 => None,
            _ => match self.cross_validation(device, progress, should_stop)? {
                Some(crossed) => Some(crossed),
                None => return Ok(None),
            },
        };
        let validation = crossed.as_ref().map_or(Validation::Rows, Validation::Crossed);
        let keep_epoch = if crossed.is_some() { KeptEpoch::Last } else { config.keep_epoch };
        let of_fit = TrainingConfig { keep_epoch, ..config.clone() };
        let fit = Fit { config: &of_fit, prepared, folder, resume: *resume, validation, should_stop };
        match device.fit(&fit, progress)? {
            Ending::Interrupted => Ok(None),
            Ending::Finished(measurements) => {
                let crossed = crossed.as_ref();
                let device = Default::default();
                finish::<NdArray<f32>>(folder, config, prepared, measurements, crossed, &device).map(Some)
            }
        }
    }
}
