//! Random rows, on which implementations are compared.

use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::check::{Difference, largest_difference};
use super::super::host::Host;
use super::super::{NetworkBackend, unwrap, wrap};
use super::*;
use crate::operations::values;

const SIZE: usize = 5;

/// Some rows of a table of random values, and perhaps a step with their gradient.
pub(super) struct Trial {
    /// Vectors, first and second moments.
    table: [Vec<f32>; 3],
    rows: TableRows,
    step: Option<(AdamStep, Vec<f32>)>,
}

impl Trial {
    /// A table of `count` rows, about a share of which take part.
    pub(super) fn new(share: f64, count: usize, steps: bool, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut random =
            |rows: usize, low: f32| -> Vec<f32> { (0..rows * SIZE).map(|_| rng.random_range(low..=1.0)).collect() };
        let table = [random(count, -1.0), random(count, -1.0), random(count, 0.0)];
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 1);
        let mut tokens: Vec<u32> = (0..count as u32).filter(|_| rng.random_bool(share)).collect();
        if tokens.is_empty() {
            tokens.push(0);
        }
        let mut part = || rng.random_range(0.1..0.9);
        let missed = tokens.iter().map(|_| Missed { moved: part(), epsilon: part(), first: part(), second: part() });
        let rows = TableRows { missed: missed.collect(), tokens };
        let step = steps.then(|| (AdamStep::new(0.1, 3), random(rows.tokens.len(), -1.0)));
        Self { table, rows, step }
    }

    /// The rows as they are now, and the table after the change.
    pub(super) fn results<B: NetworkBackend>(
        &self,
        device: &B::Device,
        table_rows: impl Fn(&AdamTable<B>, &TableRows) -> FloatTensor<B>,
        change_rows: impl Fn(AdamTable<B>, &TableRows, Option<(AdamStep, FloatTensor<B>)>) -> AdamTable<B>,
    ) -> [Vec<f32>; 4] {
        let tensor = |values: &Vec<f32>| {
            let data = TensorData::new(values.clone(), [values.len() / SIZE, SIZE]);
            unwrap(Tensor::<B, 2>::from_data(data, device))
        };
        let [vectors, first, second] = self.table.each_ref().map(tensor);
        let table = AdamTable { vectors, first, second };
        let now = table_rows(&table, &self.rows);
        let step = self.step.as_ref().map(|(step, gradient)| (*step, tensor(gradient)));
        let AdamTable { vectors, first, second } = change_rows(table, &self.rows, step);
        [now, vectors, first, second].map(|tensor| values(wrap::<B, 2>(tensor)))
    }
}

/// A backend against the slices: with a gradient and without one, some rows and all.
pub(in super::super) fn differences<B: NetworkBackend>(device: &B::Device) -> Vec<Difference> {
    let mut all = Vec::new();
    for (share, count, steps) in [(0.3, 90, true), (0.3, 90, false), (1.0, 7, true)] {
        let trial = Trial::new(share, count, steps, 5);
        let found = trial.results::<B>(device, B::table_rows, B::change_rows);
        let expected = trial.results::<Host>(&Default::default(), Host::table_rows, Host::change_rows);
        let names = ["rows", "vectors", "first moments", "second moments"];
        all.extend(names.iter().zip(found.iter().zip(&expected)).map(|(what, (found, expected))| Difference {
            what: format!("Adam on a part of {count} rows, with a gradient {steps}: {what}"),
            largest: largest_difference(found, expected),
        }));
    }
    all
}
