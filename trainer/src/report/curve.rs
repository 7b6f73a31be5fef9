use std::fmt;

use runtime::Model;
use serde::Serialize;

use crate::data::Row;
use crate::inference::{HostClassifier, InferenceError, classes_by_step};

/// Most lines of a printed curve.
const PRINTED_POINTS: usize = 32;

/// How right a model is after the first steps of sequences, computed step by step as a device does.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Curve {
    /// One point a step, from the first to the last of the longest sequence.
    pub points: Vec<CurvePoint>,
}

/// How right a model is after some steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Steps seen, from 1.
    pub steps: usize,
    /// Sequences that have so many steps, or more.
    pub rows: usize,
    /// Share of all sequences whose class is right; a shorter one counts with its last answer.
    pub accuracy: f64,
}

impl Curve {
    /// The curve of a model on rows of the `expected` classes.
    ///
    /// # Errors
    /// [`InferenceError`].
    pub fn new(model: &Model<'_>, rows: &[Row], expected: &[usize]) -> Result<Self, InferenceError> {
        let mut classifier = HostClassifier::new(model)?;
        let mut counts = Vec::<Counts>::new();
        for (row, expected) in rows.iter().zip(expected) {
            let answers = classes_by_step(&mut classifier, &row.content)?;
            let length = answers.by_step.len();
            if counts.len() <= length {
                counts.resize(length + 1, Counts::default());
            }
            counts[length].ended_right += usize::from(answers.last == *expected);
            for (counts, class) in counts[1..].iter_mut().zip(&answers.by_step) {
                counts.rows += 1;
                counts.right += usize::from(class == expected);
            }
        }
        let mut ended_right = 0;
        let points = counts.iter().enumerate().map(|(steps, counts)| {
            let right = counts.right + ended_right;
            ended_right += counts.ended_right;
            CurvePoint { steps, rows: counts.rows, accuracy: right as f64 / rows.len().max(1) as f64 }
        });
        Ok(Self { points: points.skip(1).collect() })
    }
}

/// What happens after a number of steps.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    /// Sequences that have come so far, and those of them whose class is right here.
    rows: usize,
    right: usize,
    /// Sequences that end here with the right class.
    ended_right: usize,
}

impl fmt::Display for Curve {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:>6}  {:>6}  {:>9}", "steps", "rows", "accuracy")?;
        let every = self.points.len().div_ceil(PRINTED_POINTS).max(1);
        let last = self.points.len();
        for point in self.points.iter().filter(|point| point.steps.is_multiple_of(every) || point.steps == last) {
            let CurvePoint { steps, rows, accuracy } = point;
            write!(formatter, "\n{steps:>6}  {rows:>6}  {:>7.2} %", 100.0 * accuracy)?;
        }
        Ok(())
    }
}
