//! What a backend computes, against what the CPU computes.

use std::fmt;

use super::{NetworkBackend, recurrence, rows};

/// How far a backend is from the CPU in a part of an operation.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The part.
    pub what: String,
    /// The largest difference of a value; for a value larger than 1, its share of the value.
    pub largest: f32,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.1e}  {}", self.largest, self.what)
    }
}

/// Computes the operations on random operands, on a device and on the CPU.
pub fn differences<B: NetworkBackend>(device: &B::Device) -> Vec<Difference> {
    let mut all = recurrence::trial::differences::<B>(device);
    all.extend(rows::trial::differences::<B>(device));
    all
}

/// Infinite if there are not as many values, or one is not a number.
pub(super) fn largest_difference(found: &[f32], expected: &[f32]) -> f32 {
    if found.len() != expected.len() {
        return f32::INFINITY;
    }
    let differences = found.iter().zip(expected).map(|(found, expected)| {
        let difference = (found - expected).abs() / expected.abs().max(1.0);
        if difference.is_nan() { f32::INFINITY } else { difference }
    });
    differences.fold(0.0, f32::max)
}
