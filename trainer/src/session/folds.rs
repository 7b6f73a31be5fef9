//! The cross-validation of a training on few rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Session;
use crate::data::HeldOut;
use crate::device::Device;
use crate::error::Error;
use crate::examples::Spill;
use crate::run_folder::{RunFolder, read_toml, write_toml};
use crate::training::{CrossValidation, Ending, Fit, Fold, Prepared, Progress, Validation};

impl Session {
    /// Trains once without each part of the rows, and measures on that part. A part that was trained before is read
    /// from the run's folder, one that was interrupted goes on. Nothing if it was asked to stop.
    ///
    /// On a CPU the parts are trained side by side, each on a thread of its own: networks that learn from small batches
    /// keep no second thread busy. The results do not depend on it.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub(super) fn cross_validation(
        &self,
        device: &Device,
        progress: &Progress,
        should_stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<CrossValidation>, Error> {
        let folds = self.config.folds;
        let next = AtomicUsize::new(0);
        let (trained, failure) = (Mutex::new(BTreeMap::new()), Mutex::new(None));
        let train_next = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= folds {
                    break;
                }
                match self.fold(number, device, should_stop) {
                    Ok(Some(fold)) => {
                        progress.end_fold(number + 1, folds, &fold);
                        trained.lock().unwrap_or_else(PoisonError::into_inner).insert(number, fold);
                    }
                    Ok(None) => next.store(folds, Ordering::Relaxed),
                    Err(error) => {
                        next.store(folds, Ordering::Relaxed);
                        *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    }
                }
            }
        };
        let workers = if *device == Device::Cpu { rayon::current_num_threads().min(folds) } else { 1 };
        if workers > 1 {
            std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(|| on_one_thread(&train_next)))));
        } else {
            train_next();
        }
        if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let trained: BTreeMap<usize, Fold> = trained.into_inner().unwrap_or_else(PoisonError::into_inner);
        let is_complete = trained.len() == folds;
        Ok(is_complete.then(|| CrossValidation::new(trained.into_values().collect())))
    }

    fn fold(
        &self,
        number: usize,
        device: &Device,
        should_stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Fold>, Error> {
        let path = self.fold_path(number);
        let finished = path.with_extension("toml");
        if finished.is_file() {
            remove_folder(&path)?;
            return read_toml(&finished).map(Some);
        }
        let held_out = HeldOut::Fold { fold: number, folds: self.config.folds };
        let prepared = Prepared::read_holding_out(&self.config, held_out, Spill::beside(&path))?;
        let config = self.config.of_fold(self.prepared.training.len(), prepared.training.len());
        let folder = RunFolder::reopen(&path)?;
        let resume = folder.checkpoint().is_file();
        let validation = Validation::Answers;
        let fit = Fit { config: &config, prepared: &prepared, folder: &folder, resume, validation, should_stop };
        let measured = match device.fit(&fit, &mut Progress::silent())? {
            Ending::Interrupted => return Ok(None),
            Ending::Finished(measured) => measured,
        };
        let fold = Fold {
            epochs: config.epochs,
            groups: prepared.validation_groups,
            expected: prepared.validation.classes(),
            answers: measured.answers,
            history: measured.history,
        };
        write_toml(&finished, &fold)?;
        remove_folder(&path)?;
        Ok(Some(fold))
    }

    /// Where a part is trained; its measurements lie beside it.
    fn fold_path(&self, number: usize) -> PathBuf {
        self.folder.cross_validation().join(format!("fold-{}", number + 1))
    }
}

/// Removes what a part left where it was trained, if anything.
fn remove_folder(path: &Path) -> Result<(), Error> {
    if !path.exists() {
        return Ok(());
    }
    std::fs::remove_dir_all(path).map_err(|source| Error::Unwritable { path: path.into(), source })
}

/// Calls `work` with this thread alone to compute on.
fn on_one_thread(work: &(impl Fn() + Sync)) {
    match rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}
