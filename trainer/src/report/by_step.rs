use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::trace::{Quantity, StepTrace};

/// How far what a precision computes is from what f32 computes, for each direction of each layer, quantity and step.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ByStep {
    /// The directions, from the input to the head, forward first.
    pub directions: Vec<DirectionErrors>,
}

/// One direction of a layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DirectionErrors {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// Whether it runs from the last step to the first.
    pub reverse: bool,
    /// `x`, the gates (`i f g o` of an LSTM, `r z n` of a GRU), `c` of an LSTM, `h`; see [`Quantity`].
    pub quantities: Vec<QuantityErrors>,
}

/// One thing that a step computes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuantityErrors {
    /// Its name.
    pub name: String,
    /// What was found at each step, from the first on.
    pub steps: Vec<StepErrors>,
}

/// What was found at a step, over all units and rows that have the step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StepErrors {
    /// Values that were compared; none of `x`, whose units are not known.
    pub values: u64,
    /// Largest absolute error.
    pub max_error: f32,
    /// Mean absolute error.
    pub mean_error: f64,
    /// Numbers that may be at the ends of their format.
    pub bounded: u64,
    /// Those of them that are.
    pub saturated: u64,
}

impl StepErrors {
    /// Both together.
    fn and(self, other: Self) -> Self {
        let values = self.values + other.values;
        let sum = self.mean_error * self.values as f64 + other.mean_error * other.values as f64;
        Self {
            values,
            max_error: self.max_error.max(other.max_error),
            mean_error: sum / values.max(1) as f64,
            bounded: self.bounded + other.bounded,
            saturated: self.saturated + other.saturated,
        }
    }

    fn of(reference: &Quantity, found: &Quantity) -> Self {
        let errors = || found.values.iter().zip(&reference.values).map(|(found, expected)| (found - expected).abs());
        let sum: f64 = errors().map(f64::from).sum();
        Self {
            values: found.values.len() as u64,
            max_error: errors().fold(0.0, f32::max),
            mean_error: sum / found.values.len().max(1) as f64,
            bounded: found.bounded as u64,
            saturated: found.saturated as u64,
        }
    }
}

impl QuantityErrors {
    /// All steps together.
    pub fn total(&self) -> StepErrors {
        self.steps.iter().copied().fold(StepErrors::default(), StepErrors::and)
    }
}

impl ByStep {
    /// A quantity of a direction of a layer, from 1.
    pub fn quantity(&self, layer: usize, reverse: bool, name: &str) -> Option<&QuantityErrors> {
        let direction = self.directions.iter().find(|found| found.layer == layer && found.reverse == reverse)?;
        direction.quantities.iter().find(|quantity| quantity.name == name)
    }

    /// The steps of the quantities of a name, of all directions and layers together.
    pub fn of_all_layers(&self, name: &str) -> Vec<StepErrors> {
        let mut steps: Vec<StepErrors> = Vec::new();
        let quantities = self.directions.iter().flat_map(|direction| &direction.quantities);
        for quantity in quantities.filter(|quantity| quantity.name == name) {
            steps.resize(steps.len().max(quantity.steps.len()), StepErrors::default());
            for (sum, step) in steps.iter_mut().zip(&quantity.steps) {
                *sum = sum.and(*step);
            }
        }
        steps
    }
}

/// The rows that become a [`ByStep`], one after another.
#[derive(Debug, Default)]
pub(super) struct ByStepSums(BTreeMap<(usize, bool), Vec<QuantityErrors>>);

impl ByStepSums {
    /// Adds what f32 and a precision computed of a row, the same steps in the same order.
    pub(super) fn add(&mut self, reference: &[StepTrace], found: &[StepTrace]) {
        for (reference, found) in reference.iter().zip(found) {
            let quantities = self.0.entry((found.layer, found.reverse)).or_insert_with(|| {
                let empty = |quantity: &Quantity| QuantityErrors { name: quantity.name.into(), steps: Vec::new() };
                found.quantities.iter().map(empty).collect()
            });
            let pairs = reference.quantities.iter().zip(&found.quantities);
            for (sums, (reference, found_quantity)) in quantities.iter_mut().zip(pairs) {
                sums.steps.resize(sums.steps.len().max(found.step + 1), StepErrors::default());
                let sum = &mut sums.steps[found.step];
                *sum = sum.and(StepErrors::of(reference, found_quantity));
            }
        }
    }

    /// What was added.
    pub(super) fn finish(self) -> ByStep {
        let directions = self.0.into_iter().map(|((layer, reverse), quantities)| DirectionErrors {
            layer: layer + 1,
            reverse,
            quantities,
        });
        ByStep { directions: directions.collect() }
    }
}

/// Steps that share a column of the table: the first alone, then twice as many each time.
fn columns(steps: usize) -> Vec<std::ops::Range<usize>> {
    let starts = std::iter::successors(Some(1_usize), |start| start.checked_mul(2));
    starts.take_while(|start| *start <= steps).map(|start| start - 1..(2 * start - 1).min(steps)).collect()
}

impl fmt::Display for ByStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quantities = || self.directions.iter().flat_map(|direction| &direction.quantities);
        let columns = columns(quantities().map(|quantity| quantity.steps.len()).max().unwrap_or(0));
        let both = self.directions.iter().any(|direction| direction.reverse);
        let width = if both { 17 } else { 9 };
        write!(formatter, "{:width$}", "step")?;
        for column in &columns {
            let (first, last) = (column.start + 1, column.end);
            let name = if first == last { format!("{first}") } else { format!("{first}-{last}") };
            write!(formatter, "  {name:>7}")?;
        }
        write!(formatter, "      mean  at the ends of its format")?;
        for direction in &self.directions {
            let name = match (both, direction.reverse) {
                (false, _) => format!("layer {}", direction.layer),
                (true, false) => format!("layer {} forward", direction.layer),
                (true, true) => format!("layer {} reverse", direction.layer),
            };
            let name_width = width - 2;
            for QuantityErrors { name: quantity, steps } in &direction.quantities {
                write!(formatter, "\n{name:name_width$} {quantity}")?;
                for column in &columns {
                    let steps = steps.get(column.start..column.end.min(steps.len())).unwrap_or_default();
                    let sum = steps.iter().copied().fold(StepErrors::default(), StepErrors::and);
                    match sum.values {
                        0 => write!(formatter, "  {:>7}", "")?,
                        _ => write!(formatter, "  {:>7.4}", sum.max_error)?,
                    }
                }
                let total = steps.iter().copied().fold(StepErrors::default(), StepErrors::and);
                let mean = if total.values == 0 { String::new() } else { format!("{:.6}", total.mean_error) };
                write!(formatter, "  {mean:>8}")?;
                if total.bounded > 0 {
                    write!(formatter, "  {} of {}", total.saturated, total.bounded)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: usize, values: &[f32], saturated: usize) -> StepTrace {
        let quantity = Quantity { name: "c", values: values.to_vec(), bounded: values.len(), saturated };
        StepTrace { layer: 0, reverse: false, step, quantities: vec![quantity] }
    }

    #[test]
    fn errors_are_summed_where_they_are() {
        let mut sums = ByStepSums::default();
        sums.add(
            &[step(0, &[1.0, 2.0], 0), step(1, &[0.0, 0.0], 0)],
            &[step(0, &[1.5, 2.0], 1), step(1, &[0.0, -1.0], 0)],
        );
        sums.add(&[step(0, &[0.0, 0.0], 0)], &[step(0, &[0.0, 0.25], 0)]);
        let found = sums.finish();
        let quantity = found.quantity(1, false, "c").map(|quantity| quantity.steps.clone());
        let first = StepErrors { values: 4, max_error: 0.5, mean_error: 0.1875, bounded: 4, saturated: 1 };
        let second = StepErrors { values: 2, max_error: 1.0, mean_error: 0.5, bounded: 2, saturated: 0 };
        assert_eq!(quantity, Some(vec![first, second]));
        assert_eq!(found.of_all_layers("c"), [first, second]);
        assert_eq!(found.of_all_layers("h"), []);
        let text = found.to_string();
        assert!(text.ends_with("layer 1 c   0.5000   1.0000  0.291667  1 of 6"), "{text}");
    }

    #[test]
    fn columns_double() {
        assert!(columns(0).is_empty());
        assert_eq!(columns(9), [0..1, 1..3, 3..7, 7..9]);
    }
}
