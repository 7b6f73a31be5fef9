//! The end of a training: ranges for int8, and how the validation rows were answered.

use crate::config::TrainingConfig;
use crate::error::Error;
use crate::operations::NetworkBackend;
use crate::quantize::measure_ranges;
use crate::report::EvaluationReport;
use crate::run::{RunResult, load_network};
use crate::run_folder::{RunFolder, write_toml};
use crate::training::{CrossValidation, Measurements, Prepared, evaluate};

/// The result of a run that was just finished, with the answers to its validation rows.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedRun {
    /// What it came to.
    pub result: RunResult,
    /// The measurements.
    pub measurements: Measurements,
    /// How the validation rows were answered, class by class.
    pub validation: EvaluationReport,
    /// The class that each of these rows was given; of a cross-validation part after part.
    pub answers: Vec<usize>,
}

impl FinishedRun {
    /// Says that the network learned nothing that holds for rows that it has not seen, and what to try; nothing if it
    /// did learn.
    ///
    /// It did not if the validation accuracy is less than two standard errors above the share `p` of the largest class:
    /// `p + 2 sqrt(p (1 - p) / n)` with `n` rows. As the kept epoch is the best of several, the mean accuracy over the
    /// second half of the training has to reach that too.
    pub fn learning_problem(&self) -> Option<String> {
        let Self { measurements, validation, .. } = self;
        let rows = validation.rows.max(1) as f64;
        let largest = validation.classes.iter().max_by_key(|class| class.rows)?;
        let share = largest.rows as f64 / rows;
        let bound = share + 2.0 * (share * (1.0 - share) / rows).sqrt();
        let history = &measurements.history;
        let half = history.get(history.len() / 2..).unwrap_or_default();
        let mean = half.iter().map(|metrics| metrics.validation_accuracy).sum::<f64>() / half.len().max(1) as f64;
        let accuracy = validation.accuracy.min(mean);
        let trained = history.iter().map(|metrics| metrics.training_accuracy).fold(0.0, f64::max);
        if accuracy >= bound.min(1.0) {
            return None;
        }
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let advice = if trained >= bound {
            "it knows its training rows by heart, and they tell nothing about others: check that the label belongs to the \
             rows, and give more rows"
        } else {
            "it does not know its training rows either: try --learning-rate 0.001, more --steps, a larger --hidden-size, \
             or another --input"
        };
        Some(format!(
            "warning: this network did not learn: {} of {} validation rows are right, and always saying `{}` is right on \
             {} (two standard errors more: {}); training accuracy {}; {advice}",
            percent(accuracy),
            validation.rows,
            largest.label,
            percent(share),
            percent(bound),
            percent(trained)
        ))
    }
}

/// Measures the int8 ranges of a trained network on training rows and its answers to the validation rows, and writes
/// `result.toml`: the run is finished. The answers of a cross-validation are those at the share of the training that is
/// kept.
///
/// # Errors
/// [`Error::Unwritable`], and as [`Run::load`].
pub fn finish<B: NetworkBackend>(
    folder: &RunFolder,
    config: &TrainingConfig,
    prepared: &Prepared,
    measurements: Measurements,
    cross_validation: Option<&CrossValidation>,
    device: &B::Device,
) -> Result<FinishedRun, Error> {
    let network = load_network::<B>(folder, config, &prepared.encoder, prepared.labels.len(), device)?;
    let shape = config.network(prepared.input_shape(config));
    let kept = measurements.kept;
    let (expected, answered) = match cross_validation {
        Some(parts) => (parts.expected(), parts.at(kept.epoch as f64 / config.epochs as f64).answers),
        None => {
            let rows = &prepared.validation;
            (rows.classes(), evaluate(&network, &shape, rows, device)?.answers)
        }
    };
    let validation = EvaluationReport::new(prepared.labels.iter().map(String::as_str), &expected, &answered);
    let rows = prepared.calibration_rows(config.calibration_rows)?;
    let result = RunResult {
        trainer_version: env!("CARGO_PKG_VERSION").into(),
        training_rows: prepared.training.len(),
        validation_rows: validation.rows,
        folds: config.folds,
        macro_f1: Some(validation.macro_f1),
        calibration_rows: rows.len(),
        calibration_data: None,
        longest_row: prepared.training.longest(),
        columns: prepared.columns.clone(),
        ranges: measure_ranges(&network, &shape, &rows, config.calibration_percentile)?,
        kept,
    };
    write_toml(&folder.result(), &result)?;
    Ok(FinishedRun { result, measurements, validation, answers: answered })
}
