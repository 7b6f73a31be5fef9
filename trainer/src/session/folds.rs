//! The cross-validation of a training on few rows.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

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
        let done: Mutex<Vec<Option<Result<Option<Fold>, Error>>>> = Mutex::new((0..folds).map(|_| None).collect());
        let train_next = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= folds {
                    break;
                }
                let fold = self.fold(number, device, should_stop);
                if let Ok(Some(fold)) = &fold {
                    progress.end_fold(number + 1, folds, fold);
                }
                let failed = fold.is_err();
                if let Ok(mut done) = done.lock() {
                    done[number] = Some(fold);
                }
                if failed {
                    next.store(folds, Ordering::Relaxed);
                }
            }
        };
        let workers = if *device == Device::Cpu { rayon::current_num_threads().min(folds) } else { 1 };
        if workers > 1 {
            std::thread::scope(|scope| {
                for _ in 0..workers {
                    scope.spawn(|| {
                        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
                        match alone {
                            Ok(pool) => pool.install(train_next),
                            Err(_) => train_next(),
                        }
                    });
                }
            });
        } else {
            train_next();
        }
        let done = done.into_inner().unwrap_or_default();
        let done = done.into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
        let folds: Option<Vec<Fold>> = done.into_iter().collect();
        Ok(folds.map(CrossValidation::new))
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
        let classes = (0..prepared.validation.len()).map(|row| prepared.validation.class(row) as u32);
        let fold = Fold {
            epochs: config.epochs,
            expected: classes.collect(),
            answers: measured.answers,
            history: measured.history,
        };
        write_toml(&finished, &fold)?;
        let unwritable = |source| Error::Unwritable { path: path.clone(), source };
        std::fs::remove_dir_all(&path).map_err(unwritable)?;
        Ok(Some(fold))
    }

    /// Where a part is trained; what it came to lies beside it.
    fn fold_path(&self, number: usize) -> PathBuf {
        self.folder.cross_validation().join(format!("fold-{}", number + 1))
    }
}
