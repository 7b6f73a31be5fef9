use std::path::{Path, PathBuf};

use burn::tensor::backend::Backend;

use super::table::ChosenModel;
use super::{Budget, Measured};
use crate::data::{Part, ReadOptions, TrainingData, TrainingRow};
use crate::error::Error;
use crate::export::{ExportPrecision, ModelFile};
use crate::inference::{HostClassifier, InferenceError, answer};
use crate::output::write_atomically;
use crate::run::Run;
use crate::training::label_class;

/// What a file that is not written yet is called in errors.
const EXPORTED: &str = "exported model";

impl Measured {
    /// Exports the runs of a chosen candidate, measures each file on the validation rows with the runtime, and writes
    /// the best one to `out`, under the name of the budget.
    ///
    /// # Errors
    /// As [`Run::load`] and [`Run::export`]; [`Error::Failed`] if a file exceeds the budget; [`Error::Unwritable`].
    pub fn export<B: Backend>(&mut self, data: &TrainingData, out: &Path, device: &B::Device) -> Result<(), Error> {
        let mut best: Option<(f64, &PathBuf, ModelFile)> = None;
        for folder in &self.runs {
            let run = Run::<B>::load(folder, device)?;
            let file = run.export(ExportPrecision::Integer(self.candidate.shape.bits))?;
            check_size(&file, self.budget)?;
            let accuracy = validation_accuracy(&file, data, &run.config.read_options())?;
            if best.as_ref().is_none_or(|(most, _, _)| accuracy > *most) {
                best = Some((accuracy, folder, file));
            }
        }
        if let Some((accuracy, run, file)) = best {
            let path = out.join(format!("{}.rnl", self.budget));
            write_atomically(&path, file.bytes())?;
            self.candidate.size.bytes = file.bytes().len();
            self.model = Some(ChosenModel { run: run.clone(), file: path, accuracy });
        }
        Ok(())
    }
}

fn check_size(file: &ModelFile, budget: Budget) -> Result<(), Error> {
    let bytes = file.bytes().len();
    if bytes <= budget.0 {
        return Ok(());
    }
    Err(Error::Failed(format!("a trained model has {bytes} bytes, more than {budget} and than before its training")))
}

/// The share of the validation rows on which a file is right.
fn validation_accuracy(file: &ModelFile, data: &TrainingData, options: &ReadOptions) -> Result<f64, Error> {
    let path = Path::new(EXPORTED);
    let model = file.parse(path)?;
    let mut classifier = HostClassifier::new(&model).map_err(Error::of_model(path))?;
    let place = &data.validation_place;
    let mut right = 0_usize;
    data.for_each(options, |TrainingRow { part, number, row }| {
        if part == Part::Validation {
            let named = |error: InferenceError| error.named(path, place);
            let answered = answer(&mut classifier, &row.content).map_err(named)?.class;
            right += usize::from(answered == label_class(row, number, place, &data.labels)?);
        }
        Ok::<(), Error>(())
    })?;
    Ok(right as f64 / data.validation_rows.max(1) as f64)
}
