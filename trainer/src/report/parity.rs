use std::fmt;

use crate::operations::NetworkBackend;
use runtime::format::Precision;
use serde::Serialize;

use crate::data::Row;
use crate::error::Error;
use crate::inference::row_answers;
use crate::run::Run;
use crate::training::{encode_rows, logits};

/// The trained network beside the files that are made from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParityReport {
    /// Rows measured.
    pub rows: usize,
    /// Accuracy of the trained network itself, computed by Burn.
    pub accuracy: f64,
    /// The runtime on the exported f32 file.
    pub f32: PrecisionParity,
    /// The runtime on the exported f16 file.
    pub f16: PrecisionParity,
    /// The runtime on the exported int8 file.
    pub int8: PrecisionParity,
}

/// One precision beside the trained network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PrecisionParity {
    /// Share of rows that are right.
    pub accuracy: f64,
    /// Share of rows with the trained network's class.
    pub agreement: f64,
    /// Largest difference of a logit.
    pub max_logit_error: f32,
    /// Mean difference of a logit.
    pub mean_logit_error: f64,
    /// Bytes of the file.
    pub flash_bytes: usize,
}

impl ParityReport {
    /// Measures a run on rows.
    ///
    /// # Errors
    /// [`Error::Data`] for a label that is not the model's; [`Error::Export`].
    pub fn new<B: NetworkBackend>(run: &Run<B>, rows: &[Row], place: &str) -> Result<Self, Error> {
        let examples = encode_rows(rows, place, &run.labels, &run.encoder, &run.config)?;
        let expected: Vec<usize> = (0..examples.len()).map(|row| examples.class(row)).collect();
        let reference = logits(&run.network, &run.network_config(), &examples)?;
        let classes: Vec<usize> = reference.iter().map(|logits| argmax(logits)).collect();
        let parity = |precision| -> Result<PrecisionParity, Error> {
            let file = run.export(precision)?;
            let model = file.parse("exported model".as_ref())?;
            let answers = row_answers(&model, rows).map_err(|error| error.named("exported model".as_ref(), place))?;
            let answered: Vec<usize> = answers.iter().map(|answer| answer.class).collect();
            let errors = answers.iter().zip(&reference).flat_map(|(answer, reference)| {
                answer.logits.iter().zip(reference).map(|(found, expected)| (found - expected).abs())
            });
            let errors: Vec<f32> = errors.collect();
            Ok(PrecisionParity {
                accuracy: agreement(&answered, &expected),
                agreement: agreement(&answered, &classes),
                max_logit_error: errors.iter().copied().fold(0.0, f32::max),
                mean_logit_error: errors.iter().copied().map(f64::from).sum::<f64>() / errors.len().max(1) as f64,
                flash_bytes: file.bytes().len(),
            })
        };
        Ok(Self {
            rows: rows.len(),
            accuracy: agreement(&classes, &expected),
            f32: parity(Precision::F32)?,
            f16: parity(Precision::F16)?,
            int8: parity(Precision::Int8)?,
        })
    }
}

fn agreement(found: &[usize], expected: &[usize]) -> f64 {
    let equal = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    equal as f64 / expected.len().max(1) as f64
}

/// The class of the largest logit, the first of equal ones.
fn argmax(logits: &[f32]) -> usize {
    (0..logits.len()).reduce(|best, class| if logits[class] > logits[best] { class } else { best }).unwrap_or(0)
}

impl fmt::Display for ParityReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} rows; trained network (Burn): accuracy {:.2} %\n", self.rows, 100.0 * self.accuracy)?;
        write!(formatter, "runtime   accuracy   agreement   largest logit error   mean        bytes")?;
        for (name, parity) in [("f32", self.f32), ("f16", self.f16), ("int8", self.int8)] {
            let PrecisionParity { accuracy, agreement, max_logit_error, mean_logit_error, flash_bytes } = parity;
            write!(
                formatter,
                "\n{name:7}  {:>7.2} %   {:>7.2} %   {max_logit_error:>19.6}   {mean_logit_error:.6}   {flash_bytes:>6}",
                100.0 * accuracy,
                100.0 * agreement
            )?;
        }
        Ok(())
    }
}
