use std::fmt;

use serde::Serialize;

use crate::inference::StepClasses;

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

/// The answers to sequences, one after another, that become a curve.
#[derive(Debug, Clone, Default)]
pub struct CurveCounts {
    rows: usize,
    by_steps: Vec<Counts>,
}

impl CurveCounts {
    /// Adds the answers to a sequence of the `expected` class.
    pub fn add(&mut self, answers: &StepClasses, expected: usize) {
        self.rows += 1;
        let length = answers.by_step.len();
        if self.by_steps.len() <= length {
            self.by_steps.resize(length + 1, Counts::default());
        }
        self.by_steps[length].ended_right += usize::from(answers.last == expected);
        for (counts, class) in self.by_steps[1..].iter_mut().zip(&answers.by_step) {
            counts.rows += 1;
            counts.right += usize::from(*class == expected);
        }
    }

    /// The curve of what was added.
    pub fn curve(self) -> Curve {
        let mut ended_right = 0;
        let points = self.by_steps.iter().enumerate().map(|(steps, counts)| {
            let right = counts.right + ended_right;
            ended_right += counts.ended_right;
            CurvePoint { steps, rows: counts.rows, accuracy: right as f64 / self.rows.max(1) as f64 }
        });
        Curve { points: points.skip(1).collect() }
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
