use std::fmt;

use burn::tensor::backend::Backend;
use runtime::format::Precision;
use serde::Serialize;

use super::parity::EXPORTED;
use crate::config::{LONGEST_MEAN, TrainingConfig};
use crate::data::Row;
use crate::error::Error;
use crate::export::ExportPrecision;
use crate::inference::HostClassifier;
use crate::network::{Cell, Pooling};
use crate::run::Run;
use crate::trace::{State, last_states, push, step_contents};

/// Blocks that the steps are divided into.
const BLOCKS: usize = 10;

/// How the states of a precision depart from those of f32 in one long sequence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriftReport {
    /// Steps that were taken.
    pub steps: usize,
    /// What was found in each part of them.
    pub blocks: Vec<DriftBlock>,
    /// The units that stand still in the last part where those of f32 do not.
    pub stuck: Vec<StuckUnit>,
    /// Units of all layers.
    pub units: usize,
}

/// What was found in some steps, over all layers and units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct DriftBlock {
    /// The first step, from 1.
    pub first_step: usize,
    /// The last step.
    pub last_step: usize,
    /// Errors of `h`.
    pub hidden: DriftErrors,
    /// Errors of `c`; zeros of a cell that has none.
    pub cell: DriftErrors,
    /// Largest magnitude in f32 of `c`, or of `h` without one.
    pub largest_reference: f32,
    /// Values of `c`, or of a rectifier's `h`, that are at the ends of their format.
    pub saturated: u64,
}

/// Errors of one kind of state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct DriftErrors {
    /// Largest absolute error.
    pub max: f32,
    /// Mean absolute error.
    pub mean: f64,
}

/// A unit that stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StuckUnit {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// Number of the unit, from 1.
    pub unit: usize,
    /// Whether its state is at an end of its format; its `h` is constant otherwise.
    pub saturated: bool,
}

impl DriftReport {
    /// Mean error of `h` in the second half of the parts beside the first half.
    pub fn growth(&self) -> f64 {
        let mean = |blocks: &[DriftBlock]| -> f64 {
            blocks.iter().map(|block| block.hidden.mean).sum::<f64>() / blocks.len().max(1) as f64
        };
        let (first, second) = self.blocks.split_at(self.blocks.len() / 2);
        mean(second) / mean(first).max(f64::MIN_POSITIVE)
    }
}

/// Runs f32 and another precision of a run side by side, without a reset and without a largest length, over the rows
/// one after another, which are repeated until there were `count` steps.
///
/// # Errors
/// [`Error::Setting`] for a network that keeps no state, or does not count so many steps; [`Error::Failed`] for rows
/// without a step.
pub(super) fn drift<B: Backend>(
    run: &Run<B>,
    precision: ExportPrecision,
    rows: &[Row],
    count: usize,
) -> Result<DriftReport, Error> {
    let failed = |problem: &dyn fmt::Display| Error::Failed(format!("the steps cannot be taken: {problem}"));
    let refuse = |problem: &str| Err(Error::Setting(format!("--drift {count}: {problem}")));
    if run.config.bidirectional {
        return refuse("a bidirectional network keeps no state; each answer is computed from a whole sequence");
    }
    let max_length = if run.config.pooling == Pooling::Mean { LONGEST_MEAN } else { 0 };
    if max_length > 0 && count > max_length {
        return refuse(&format!("expected at most {max_length}, which mean pooling counts"));
    }
    let endless = Run { config: TrainingConfig { max_length, ..run.config.clone() }, ..run.clone() };
    let files = [endless.export(Precision::F32)?, endless.export(precision)?];
    let [reference, found] = files.each_ref().map(|file| file.parse(EXPORTED.as_ref()));
    let (reference, found) = (reference?, found?);
    let mut steps = Vec::new();
    for row in rows {
        steps.extend(
            step_contents(&run.encoder, run.max_steps(), &found, &row.content).map_err(|error| failed(&error))?,
        );
        if steps.len() >= count {
            break;
        }
    }
    if steps.is_empty() {
        return Err(failed(&"no row has one"));
    }
    let classifiers = [&reference, &found].map(|model| HostClassifier::new(model).map_err(|error| failed(&error)));
    let [reference, found] = classifiers;
    let (mut reference, mut found) = (reference?, found?);
    let mut sums = DriftSums { cell: run.config.cell, blocks: Vec::new(), units: Vec::new() };
    for (number, step) in steps.iter().cycle().take(count).enumerate() {
        for classifier in [&mut reference, &mut found] {
            push(classifier, step).map_err(|error| failed(&error))?;
        }
        let block = number * BLOCKS / count;
        sums.add(number, block, &last_states(&mut reference), &last_states(&mut found));
    }
    Ok(sums.finish(count))
}

/// A report in the making.
struct DriftSums {
    cell: Cell,
    blocks: Vec<(DriftBlock, usize)>,
    /// Of the last block: for each layer, for each unit.
    units: Vec<Vec<UnitWatch>>,
}

/// What a unit did in the last block.
#[derive(Debug, Clone, Copy)]
struct UnitWatch {
    first: f32,
    first_reference: f32,
    moved: bool,
    reference_moved: bool,
    always_saturated: bool,
    reference_within: bool,
}

impl DriftSums {
    fn add(&mut self, number: usize, block: usize, reference: &[State], found: &[State]) {
        if self.blocks.len() <= block {
            self.blocks.push((DriftBlock { first_step: number + 1, ..DriftBlock::default() }, 0));
            self.units.clear();
        }
        let Some((sum, values)) = self.blocks.last_mut() else { return };
        sum.last_step = number + 1;
        let has_range = matches!(self.cell, Cell::Lstm | Cell::RnnRelu);
        for (reference, found) in reference.iter().zip(found) {
            add_errors(&mut sum.hidden, &reference.hidden, &found.hidden);
            add_errors(&mut sum.cell, &reference.cell, &found.cell);
            *values += found.hidden.len();
            let largest = reference.measured().iter().fold(0.0, |largest: f32, value| value.abs().max(largest));
            sum.largest_reference = sum.largest_reference.max(largest);
            sum.saturated += if has_range { found.saturated() as u64 } else { 0 };
            if self.units.len() <= found.layer {
                self.units.push(Vec::new());
            }
            watch(&mut self.units[found.layer], has_range, reference, found);
        }
    }

    fn finish(self, steps: usize) -> DriftReport {
        let blocks = self.blocks.into_iter().map(|(mut block, values)| {
            for errors in [&mut block.hidden, &mut block.cell] {
                errors.mean /= values.max(1) as f64;
            }
            block
        });
        let mut stuck = Vec::new();
        for (layer, units) in self.units.iter().enumerate() {
            for (unit, watch) in units.iter().enumerate() {
                let saturated = watch.always_saturated && watch.reference_within;
                if saturated || (!watch.moved && watch.reference_moved) {
                    stuck.push(StuckUnit { layer: layer + 1, unit: unit + 1, saturated });
                }
            }
        }
        let units = self.units.iter().map(Vec::len).sum();
        DriftReport { steps, blocks: blocks.collect(), stuck, units }
    }
}

/// Adds errors; `mean` is their sum.
fn add_errors(sum: &mut DriftErrors, reference: &[f32], found: &[f32]) {
    for (reference, found) in reference.iter().zip(found) {
        let error = (found - reference).abs();
        sum.max = sum.max.max(error);
        sum.mean += f64::from(error);
    }
}

/// Looks whether the units of a layer move.
fn watch(units: &mut Vec<UnitWatch>, has_range: bool, reference: &State, found: &State) {
    if units.is_empty() {
        let start = found.hidden.iter().zip(&reference.hidden).map(|(first, first_reference)| UnitWatch {
            first: *first,
            first_reference: *first_reference,
            moved: false,
            reference_moved: false,
            always_saturated: has_range,
            reference_within: false,
        });
        units.extend(start);
    }
    for (unit, watch) in units.iter_mut().enumerate() {
        watch.moved |= found.hidden[unit] != watch.first;
        watch.reference_moved |= reference.hidden[unit] != watch.first_reference;
        watch.always_saturated &= found.measured()[unit].abs() >= found.limit;
        watch.reference_within |= reference.measured()[unit].abs() < found.limit;
    }
}

impl fmt::Display for DriftReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:>13}   h largest      mean   c largest      mean   largest state of f32   at the ends",
            "steps"
        )?;
        for DriftBlock { first_step, last_step, hidden, cell, largest_reference, saturated } in &self.blocks {
            let steps = format!("{first_step}-{last_step}");
            write!(
                formatter,
                "\n{steps:>13}   {:>9.4}  {:>8.6}   {:>9.4}  {:>8.6}   {largest_reference:>20.3}   {saturated:>11}",
                hidden.max, hidden.mean, cell.max, cell.mean
            )?;
        }
        let constant = self.stuck.iter().filter(|unit| !unit.saturated).count();
        write!(
            formatter,
            "\nmean error of h, second half beside the first: {:.2}; stuck in the last {} steps, where f32 is not: {} of {} \
             units ({constant} constant, {} at an end)",
            self.growth(),
            self.blocks.last().map_or(0, |block| block.last_step + 1 - block.first_step),
            self.stuck.len(),
            self.units,
            self.stuck.len() - constant
        )
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    fn state(hidden: [f32; 3], cell: [f32; 3]) -> State {
        State { layer: 0, reverse: false, step: 0, hidden: hidden.to_vec(), cell: cell.to_vec(), limit: 16.0 }
    }

    #[test]
    fn units_that_stand_still_alone_are_found() {
        let mut sums = DriftSums { cell: Cell::Lstm, blocks: Vec::new(), units: Vec::new() };
        for number in 0..20 {
            let moving = number as f32 / 100.0;
            // The first unit follows, the second one is constant, and the third is at the end of its format.
            let reference = state([moving; 3], [moving; 3]);
            let found = state([moving + 0.25, 0.5, moving], [moving, 1.0, 16.0]);
            sums.add(number, number / 10, &[reference], &[found]);
        }
        let report = sums.finish(20);
        let stuck = |unit, saturated| StuckUnit { layer: 1, unit, saturated };
        assert_eq!((report.units, report.stuck.as_slice()), (3, [stuck(2, false), stuck(3, true)].as_slice()));
        let [first, last] = report.blocks.as_slice() else { panic!("{report:?}") };
        assert_eq!((first.last_step, last.first_step, last.last_step), (10, 11, 20));
        assert_eq!((first.saturated, last.largest_reference), (10, 0.19));
        assert!((first.hidden.max - 0.5).abs() < 1e-6 && (last.hidden.max - 0.4).abs() < 1e-6);
        assert!((last.cell.mean - (0.855 + 15.855) / 3.0).abs() < 1e-5, "{}", last.cell.mean);
    }

    #[test]
    fn a_unit_that_stands_still_in_f32_too_is_not_stuck() {
        let mut sums = DriftSums { cell: Cell::Lstm, blocks: Vec::new(), units: Vec::new() };
        for number in 0..10 {
            let found = state([0.5; 3], [16.0; 3]);
            sums.add(number, 0, &[State { cell: vec![40.0; 3], ..found.clone() }], &[found]);
        }
        assert_eq!(sums.finish(10).stuck, []);
    }
}
