use std::fmt;

use crate::config::TrainingConfig;
use crate::data::{DataError, Part, Row, TrainingRow};
use crate::error::Error;
use crate::examples::spread;
use crate::export::ModelFile;
use crate::inference::row_answers;
use crate::operations::NetworkBackend;
use crate::run::{CalibrationData, Run};
use crate::training::{Prepared, encode_rows, logits};

use super::disagreement::argmax;
use super::parity::EXPORTED;

/// The share of rows whose class changes from which a user has to know.
const MANY: f64 = 0.02;

/// How the answers of a model file to the calibration rows of its run differ from those of the trained network.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationLoss {
    /// What the file's numbers are called.
    pub precision: String,
    /// Rows, all of them seen in training.
    pub rows: usize,
    /// Rows to which the file gives another class than the trained network.
    pub changed: usize,
    /// Rows that the trained network is right on.
    pub right_before: usize,
    /// Rows that the file is right on.
    pub right: usize,
}

impl CalibrationLoss {
    /// Reads the calibration rows of a run again and answers them with the trained network and with the file, through
    /// the runtime. None if the run has no such rows.
    ///
    /// # Errors
    /// [`Error::Input`] and [`Error::Setting`] if the rows are no longer there, or are others; as
    /// [`super::ParityReport::new`].
    pub fn measure<B: NetworkBackend>(run: &Run<B>, file: &ModelFile, precision: &str) -> Result<Option<Self>, Error> {
        let rows = calibration_rows(run)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let place = "the calibration rows";
        let as_exported = TrainingConfig { max_length: run.max_steps(), ..run.config.clone() };
        let examples = encode_rows(&rows, place, &run.labels, &run.encoder, &as_exported)?;
        let expected = examples.classes();
        let before = logits(&run.network, &run.network_config(), &examples)?;
        let before: Vec<usize> = before.iter().map(|logits| argmax(logits)).collect();
        let model = file.parse(EXPORTED.as_ref())?;
        let answers = row_answers(&model, &rows).map_err(|error| error.named(EXPORTED.as_ref(), place))?;
        let after: Vec<usize> = answers.iter().map(|answer| answer.class).collect();
        let equal = |one: &[usize], other: &[usize]| one.iter().zip(other).filter(|(one, other)| one == other).count();
        Ok(Some(Self {
            precision: precision.into(),
            rows: rows.len(),
            changed: rows.len() - equal(&before, &after),
            right_before: equal(&before, &expected),
            right: equal(&after, &expected),
        }))
    }

    /// The warning to print if many rows change class.
    pub fn warning(&self) -> Option<String> {
        let Self { precision, rows, changed, .. } = self;
        let share = *changed as f64 / (*rows).max(1) as f64;
        (share >= MANY).then(|| {
            let percent = 100.0 * share;
            let advice = match precision.as_str() {
                "int8" => "look at `trainer parity --by-step --worst 20`, or train with --quantize-aware 8",
                other if other.contains('4') => {
                    "export with --precision int8, or --embedding-bits 8, or train with --quantize-aware 4"
                }
                _ => "look at `trainer parity --worst 20`",
            };
            format!("warning: {precision} changes the class of {percent:.1} % of the calibration rows: {advice}")
        })
    }
}

impl fmt::Display for CalibrationLoss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { precision, rows, changed, right_before, right } = self;
        let percent = |part: &usize| 100.0 * *part as f64 / (*rows).max(1) as f64;
        write!(
            formatter,
            "{precision}: {changed} of {rows} calibration rows change class; right on {:.2} %, the trained network on {:.2} %",
            percent(right),
            percent(right_before)
        )
    }
}

/// The rows that the ranges of a run's integers were measured on; none of an imported run without such rows.
fn calibration_rows<B: NetworkBackend>(run: &Run<B>) -> Result<Vec<Row>, Error> {
    let config = &run.config;
    let count = run.result.calibration_rows;
    if run.result.is_imported() {
        let Some(CalibrationData { data, reading }) = &run.result.calibration_data else { return Ok(Vec::new()) };
        let options = TrainingConfig::from_layers([reading.clone()])?.read_options().with_known_labels(&run.labels);
        let rows = data.test_rows(&options)?.collect::<Result<Vec<_>, _>>()?;
        let numbers = spread(count, rows.len());
        return Ok(numbers.filter_map(|number| rows.get(number).cloned()).collect());
    }
    let data = Prepared::survey(config, config.held_out())?;
    let share = (config.training_share * data.training_rows as f64).ceil() as usize;
    let trained: Vec<usize> = spread(share, data.training_rows).collect();
    let mut wanted: Vec<usize> = spread(count, trained.len()).filter_map(|place| trained.get(place).copied()).collect();
    wanted.sort_unstable();
    let mut rows = Vec::with_capacity(wanted.len());
    data.for_each::<DataError>(&config.read_options(), |TrainingRow { part, number, row }| {
        if part == Part::Training && wanted.binary_search(&number).is_ok() {
            rows.push(row.clone());
        }
        Ok(())
    })?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_are_a_warning() {
        let loss =
            |changed| CalibrationLoss { precision: "int4".into(), rows: 420, changed, right_before: 400, right: 399 };
        assert_eq!(
            loss(73).to_string(),
            "int4: 73 of 420 calibration rows change class; right on 95.00 %, the trained network on 95.24 %"
        );
        let warning = loss(73).warning().unwrap_or_default();
        assert!(
            warning.starts_with("warning: int4 changes the class of 17.4 % ") && warning.contains("int8"),
            "{warning}"
        );
        assert_eq!((loss(8).warning(), loss(9).warning().is_some()), (None, true));
    }
}
