use std::fmt;

use burn::tensor::backend::Backend;
use runtime::Model;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::disagreement::{Answers, argmax};
use super::drift::drift;
use super::{ByStep, ByStepSums, Disagreements, DriftReport, Histogram};
use crate::config::TrainingConfig;
use crate::data::{DataError, Row};
use crate::error::Error;
use crate::export::ExportPrecision;
use crate::inference::{HostClassifier, cut_rows, row_answers};
use crate::operations::NetworkBackend;
use crate::quantize::{Bits, IntegerBits};
use crate::run::Run;
use crate::trace::{step_contents, trace};
use crate::training::{encode_rows, logits};

/// What a file that is made from a run is called in errors.
pub(super) const EXPORTED: &str = "exported model";
/// The precisions that are compared, f32 first; after them the integers that training simulated.
fn precisions<B: Backend>(run: &Run<B>) -> Vec<ExportPrecision> {
    let all = [ExportPrecision::F32, ExportPrecision::F16, ExportPrecision::Integer(IntegerBits::all(Bits::Eight))];
    let simulated = run.rounding.as_ref().map(|rounding| ExportPrecision::Integer(rounding.bits));
    all.into_iter().chain(simulated.filter(|simulated| !all.contains(simulated))).collect()
}

/// What a [`ParityReport`] has beside its numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ParityDetail {
    /// Where a precision departs from f32: gates and states by layer and step, logit errors by size.
    pub by_step: bool,
    /// The so many rows that a precision departs on most.
    pub worst: usize,
    /// So many steps without a reset.
    pub drift: usize,
}

/// The trained network beside the files that are made from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParityReport {
    /// Rows measured.
    pub rows: usize,
    /// Rows with more steps than the run's model files take in, whose later steps were ignored.
    pub rows_cut: usize,
    /// Accuracy of the trained network itself, computed by Burn.
    pub accuracy: f64,
    /// The runtime on the file of each precision, f32 first; in JSON each under its name.
    #[serde(flatten, serialize_with = "under_names")]
    pub precisions: Vec<PrecisionParity>,
}

/// One precision beside the trained network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrecisionParity {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// Share of rows that are right.
    pub accuracy: f64,
    /// Share of rows with the trained network's class; a row whose logits are not finite has none.
    pub agreement: f64,
    /// Rows for which this precision or the trained network has a logit that is infinite or not a number.
    pub rows_not_finite: usize,
    /// Largest difference of a logit; infinite, in JSON `null`, where a logit is not finite.
    pub max_logit_error: f32,
    /// Mean difference of a logit, as the largest one.
    pub mean_logit_error: f64,
    /// Bytes of the file.
    pub flash_bytes: usize,
    /// Differences of logits by size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logit_errors: Option<Histogram>,
    /// The rows that it departs on most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<Disagreements>,
    /// Gates and states beside those of f32; none of f32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_step: Option<ByStep>,
    /// A long sequence beside f32; none of f32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftReport>,
}

fn under_names<S: Serializer>(precisions: &[PrecisionParity], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(precisions.len()))?;
    for precision in precisions {
        map.serialize_entry(&precision.name, precision)?;
    }
    map.end()
}

impl ParityReport {
    /// Measures a run on rows.
    ///
    /// # Errors
    /// [`Error::Input`] for a label that is not the model's; [`Error::Export`]; [`Error::Setting`] for a drift of a
    /// network that keeps no state.
    pub fn new<B: NetworkBackend>(
        run: &Run<B>,
        rows: &[Row],
        place: &str,
        detail: ParityDetail,
    ) -> Result<Self, Error> {
        let as_exported = TrainingConfig { max_length: run.max_steps(), ..run.config.clone() };
        let examples = encode_rows(rows, place, &run.labels, &run.encoder, &as_exported)?;
        let expected = examples.classes();
        let reference = logits(&run.network, &run.network_config(), &examples)?;
        let classes: Vec<usize> = reference.iter().map(|logits| argmax(logits)).collect();
        let compared = precisions(run);
        let files = compared.iter().map(|precision| run.export(*precision)).collect::<Result<Vec<_>, _>>()?;
        let models = files.iter().map(|file| file.parse(EXPORTED.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let mut precisions = Vec::new();
        let mut rows_cut = 0;
        for ((precision, file), model) in compared.iter().zip(&files).zip(&models) {
            let answers = row_answers(model, rows).map_err(|error| error.named(EXPORTED.as_ref(), place))?;
            rows_cut = cut_rows(&answers);
            let answered: Vec<usize> = answers.iter().map(|answer| answer.class).collect();
            let beside: Vec<Answers<'_>> = answers
                .iter()
                .zip(&reference)
                .map(|(answer, expected)| Answers { expected, found: &answer.logits, class: answer.class })
                .collect();
            let errors: Vec<f32> = beside.iter().flat_map(Answers::errors).collect();
            let is_other = *precision != ExportPrecision::F32;
            let long =
                (is_other && detail.drift > 0).then(|| drift(run, *precision, rows, detail.drift)).transpose()?;
            precisions.push(PrecisionParity {
                name: precision.to_string(),
                accuracy: agreement(&answered, &expected),
                agreement: share(beside.iter().filter(|answers| answers.agrees()).count(), rows.len()),
                rows_not_finite: beside.iter().filter(|answers| !answers.is_finite()).count(),
                max_logit_error: errors.iter().copied().fold(0.0, f32::max),
                mean_logit_error: errors.iter().copied().map(f64::from).sum::<f64>() / errors.len().max(1) as f64,
                flash_bytes: file.bytes().len(),
                logit_errors: detail.by_step.then(|| Histogram::new(errors)),
                worst: (detail.worst > 0).then(|| Disagreements::new(rows, &run.labels, &beside, detail.worst)),
                by_step: None,
                drift: long,
            });
        }
        if detail.by_step {
            let found = by_step(run, &models, rows, place)?;
            for (precision, found) in precisions.iter_mut().skip(1).zip(found) {
                precision.by_step = Some(found);
            }
        }
        Ok(Self { rows: rows.len(), rows_cut, accuracy: agreement(&classes, &expected), precisions })
    }

    /// Checks that every logit is a finite number.
    ///
    /// # Errors
    /// [`Error::Failed`] with the precisions for which one is not, and in how many rows.
    pub fn check_finite(&self) -> Result<(), Error> {
        let wrong = self.precisions.iter().filter(|precision| precision.rows_not_finite > 0);
        let counts: Vec<String> =
            wrong.map(|precision| format!("{} of {}", precision.rows_not_finite, precision.name)).collect();
        if counts.is_empty() {
            return Ok(());
        }
        Err(Error::Failed(format!(
            "of {} rows, so many have a logit that is infinite or not a number: {}",
            self.rows,
            counts.join(", ")
        )))
    }

    /// One of the precisions.
    pub fn precision(&self, name: &str) -> Option<&PrecisionParity> {
        self.precisions.iter().find(|precision| precision.name == name)
    }
}

/// What each model but the first computes beside the first, step by step.
fn by_step<B: Backend>(run: &Run<B>, models: &[Model<'_>], rows: &[Row], place: &str) -> Result<Vec<ByStep>, Error> {
    let classifiers = models.iter().map(|model| HostClassifier::new(model).map_err(Error::of_model(EXPORTED.as_ref())));
    let mut classifiers = classifiers.collect::<Result<Vec<_>, _>>()?;
    let mut sums: Vec<ByStepSums> = models.iter().skip(1).map(|_| ByStepSums::default()).collect();
    for row in rows {
        let mut traces = Vec::new();
        for (model, classifier) in models.iter().zip(&mut classifiers) {
            let mismatch = |mismatch| DataError::Mismatch { place: place.into(), mismatch };
            let steps = step_contents(&run.encoder, run.max_steps(), model, &row.content).map_err(mismatch)?;
            traces.push(trace(classifier, model, run.config.cell, &steps)?);
        }
        if let Some((reference, others)) = traces.split_first() {
            sums.iter_mut().zip(others).for_each(|(sums, found)| sums.add(reference, found));
        }
    }
    Ok(sums.into_iter().map(ByStepSums::finish).collect())
}

fn agreement(found: &[usize], expected: &[usize]) -> f64 {
    let equal = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    share(equal, expected.len())
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl fmt::Display for ParityReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} rows; trained network (Burn): accuracy {:.2} %\n", self.rows, 100.0 * self.accuracy)?;
        let width = self.precisions.iter().map(|precision| precision.name.len()).max().unwrap_or(0).max(7);
        write!(formatter, "{:width$}   accuracy   agreement   largest logit error   mean        bytes", "runtime")?;
        for precision in &self.precisions {
            let PrecisionParity { name, accuracy, agreement, max_logit_error, mean_logit_error, flash_bytes, .. } =
                precision;
            write!(
                formatter,
                "\n{name:width$}  {:>7.2} %   {:>7.2} %   {max_logit_error:>19.6}   {mean_logit_error:.6}   {flash_bytes:>6}",
                100.0 * accuracy,
                100.0 * agreement
            )?;
        }
        for PrecisionParity { name, rows_not_finite, .. } in &self.precisions {
            if *rows_not_finite > 0 {
                write!(formatter, "\n{name}: {rows_not_finite} rows have a logit that is infinite or not a number")?;
            }
        }
        for PrecisionParity { name, worst, by_step, drift, .. } in self.precisions.iter().skip(1) {
            if let Some(by_step) = by_step {
                write!(formatter, "\n\n{name} beside f32: largest error by step\n{by_step}")?;
            }
            if let Some(worst) = worst {
                write!(formatter, "\n\n{name} beside the trained network: the rows that it departs on most\n{worst}")?;
            }
            if let Some(drift) = drift {
                write!(formatter, "\n\n{name} beside f32: {} steps without a reset\n{drift}", drift.steps)?;
            }
        }
        Ok(())
    }
}
