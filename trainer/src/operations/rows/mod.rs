//! Adam on the rows of a table that a batch has touched.

pub(super) mod host;
pub(super) mod tensors;

use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;

/// Share of the first moment that a step keeps.
pub const BETA_1: f64 = 0.9;
/// Share of the second moment that a step keeps.
pub const BETA_2: f64 = 0.999;
/// What keeps Adam from dividing by zero.
pub const EPSILON: f64 = 1e-8;

/// Vectors with Adam's moments, `[tokens, size]` each.
#[derive(Debug, Clone)]
pub struct AdamTable<B: Backend> {
    /// The vectors.
    pub vectors: FloatTensor<B>,
    /// The moving mean of their gradients.
    pub first: FloatTensor<B>,
    /// The moving mean of their gradients' squares.
    pub second: FloatTensor<B>,
}

/// Some rows of a table, and how they went on since they were last changed, without a gradient.
#[derive(Debug, Clone)]
pub struct TableRows {
    /// The rows' numbers, ascending.
    pub tokens: Vec<u32>,
    /// How each went on.
    pub missed: Vec<Missed>,
}

/// `w -= moved m / (sqrt(v) + epsilon)`, `m *= first`, `v *= second`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missed {
    /// How far the vector moved.
    pub moved: f32,
    /// What that is taken with.
    pub epsilon: f32,
    /// What is left of the first moment.
    pub first: f32,
    /// What is left of the second moment.
    pub second: f32,
}

/// `w -= size m / (sqrt(v) + epsilon)`: Adam's step with its corrections of the moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// The rate, `sqrt(1 - BETA_2^j) / (1 - BETA_1^j)` of it.
    pub size: f32,
    /// `EPSILON sqrt(1 - BETA_2^j)`.
    pub epsilon: f32,
}

impl AdamStep {
    /// Step `j`, from 1.
    pub fn new(rate: f64, step: u32) -> Self {
        let correction = Self::correction(step);
        Self { size: Self::exact_size(rate, step) as f32, epsilon: (EPSILON * correction) as f32 }
    }

    /// [`AdamStep::size`] before it is rounded.
    pub fn exact_size(rate: f64, step: u32) -> f64 {
        rate * Self::correction(step) / (1.0 - BETA_1.powi(step as i32))
    }

    fn correction(step: u32) -> f64 {
        (1.0 - BETA_2.powi(step as i32)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Tensor, TensorData};
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::host::Host;
    use super::super::{unwrap, wrap};
    use super::*;
    use crate::network::values;

    const SIZE: usize = 5;

    fn assert_near(found: FloatTensor<Host>, expected: FloatTensor<Host>) {
        let [found, expected] = [found, expected].map(|tensor| values(wrap::<Host, 2>(tensor)));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= 2e-6 * expected.abs().max(1.0), "{found} instead of {expected}");
        }
    }

    proptest! {
        #[test]
        fn slices_and_tensors_agree(share in 0.01_f64..1.0, count in 1_usize..700, steps in any::<bool>(), seed in any::<u64>()) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut random = |rows: usize, low: f32| {
                let values: Vec<f32> = (0..rows * SIZE).map(|_| rng.random_range(low..=1.0)).collect();
                unwrap(Tensor::<Host, 2>::from_data(TensorData::new(values, [rows, SIZE]), &Default::default()))
            };
            let table = AdamTable { vectors: random(count, -1.0), first: random(count, -1.0), second: random(count, 0.0) };
            let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 1);
            let mut tokens: Vec<u32> = (0..count as u32).filter(|_| rng.random_bool(share)).collect();
            if tokens.is_empty() {
                tokens.push(0);
            }
            let mut part = || rng.random_range(0.1..0.9);
            let missed = tokens.iter().map(|_| Missed { moved: part(), epsilon: part(), first: part(), second: part() });
            let rows = TableRows { missed: missed.collect(), tokens };
            assert_near(host::table_rows(&table, &rows), tensors::table_rows(&table, &rows));
            let step = steps.then(|| (AdamStep::new(0.1, 3), random(rows.tokens.len(), -1.0)));
            let found = host::change_rows(table.clone(), &rows, step.clone());
            let expected = tensors::change_rows(table, &rows, step);
            assert_near(found.vectors, expected.vectors);
            assert_near(found.first, expected.first);
            assert_near(found.second, expected.second);
        }
    }
}
