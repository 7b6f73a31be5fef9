//! The slices' implementation against the tensors', and both against differences.

use burn::backend::Autodiff;
use burn::tensor::TensorData;
use burn_ndarray::NdArray;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::network::values;

type Host = NdArray<f32>;

const CELLS: [Cell; 4] = [Cell::Lstm, Cell::Gru, Cell::RnnTanh, Cell::RnnRelu];

/// A direction over rows of these lengths, with random operands.
struct Trial {
    direction: Recurrence,
    size: usize,
    projected: Vec<f32>,
    weight_hh: Vec<f32>,
    bias: Vec<f32>,
    gradient: Vec<f32>,
}

impl Trial {
    /// With a vocabulary, steps take rows of so many; without one, each its own.
    fn new(
        cell: Cell,
        mut lengths: Vec<usize>,
        size: usize,
        reverse: bool,
        vocabulary: Option<usize>,
        seed: u64,
    ) -> Self {
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        let mut start = 0;
        let steps = (0..lengths[0]).map(|step| {
            let active = lengths.iter().filter(|length| **length > step).count();
            start += active;
            start - active..start
        });
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut direction = Recurrence { cell, steps: steps.collect(), reverse, lookup: None };
        direction.lookup = vocabulary.map(|count| {
            let rows = (0..direction.total_steps()).map(|_| rng.random_range(0..count as u32));
            Arc::new(Lookup::new(rows.collect(), count))
        });
        let mut random = |count: usize| (0..count).map(|_| rng.random_range(-0.8..=0.8)).collect::<Vec<f32>>();
        let total = direction.total_steps();
        Self {
            size,
            projected: random(direction.projected_rows() * cell.gates() * size),
            weight_hh: random(cell.gates() * size * size),
            bias: random(cell.results() * size),
            gradient: random(total * cell.states() * size),
            direction,
        }
    }

    fn operands<B: Backend>(&self) -> [Tensor<B, 2>; 3] {
        let (cell, rows) = (self.direction.cell, self.direction.projected_rows());
        let tensor = |values: &[f32], shape: [usize; 2]| {
            Tensor::from_data(TensorData::new(values.to_vec(), shape), &Default::default())
        };
        [
            tensor(&self.projected, [rows, cell.gates() * self.size]),
            tensor(&self.weight_hh, [cell.gates() * self.size, self.size]),
            tensor(&self.bias, [1, cell.results() * self.size]),
        ]
    }

    fn gradient<B: Backend>(&self) -> Tensor<B, 2> {
        let shape = [self.direction.total_steps(), self.direction.cell.states() * self.size];
        Tensor::from_data(TensorData::new(self.gradient.clone(), shape), &Default::default())
    }
}

fn primitives<B: Backend>([projected, weight_hh, bias]: [Tensor<B, 2>; 3]) -> Operands<B> {
    let bias: Tensor<B, 1> = bias.squeeze_dim(0);
    Operands { projected: unwrap(projected), weight_hh: unwrap(weight_hh), bias: unwrap(bias) }
}

fn assert_near(what: &str, found: Tensor<Host, 2>, expected: Tensor<Host, 2>) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    for (found, expected) in values(found).iter().zip(values(expected)) {
        assert!((found - expected).abs() <= 2e-5 * expected.abs().max(1.0), "{what}: {found} instead of {expected}");
    }
}

fn check(trial: &Trial) {
    let of_slices = Host::recurrence(&trial.direction, primitives(trial.operands()));
    let of_tensors = tensors::forward::<Host>(&trial.direction, primitives(trial.operands()));
    assert_near("states", wrap(of_slices.states.clone()), wrap(of_tensors.states.clone()));
    assert_near("activations", wrap(of_slices.activations.clone()), wrap(of_tensors.activations.clone()));
    let [_, weight_hh, _] = trial.operands::<Host>();
    let weight_hh = unwrap(weight_hh);
    let gradient = unwrap(trial.gradient::<Host>());
    let found = Host::recurrence_backward(&trial.direction, weight_hh.clone(), of_slices, gradient.clone());
    let expected = tensors::backward::<Host>(&trial.direction, weight_hh, of_tensors, gradient);
    assert_near("projected", wrap(found.projected), wrap(expected.projected));
    assert_near("weight_hh", wrap(found.weight_hh), wrap(expected.weight_hh));
    let row = |bias| wrap::<Host, 1>(bias).unsqueeze::<2>();
    assert_near("bias", row(found.bias), row(expected.bias));
}

proptest! {
    #[test]
    fn slices_and_tensors_agree(
        cell in 0_usize..4, lengths in prop::collection::vec(1_usize..9, 1..40), size in 1_usize..20,
        reverse in any::<bool>(), vocabulary in prop::option::of(1_usize..30), seed in any::<u64>(),
    ) {
        check(&Trial::new(CELLS[cell], lengths, size, reverse, vocabulary, seed));
    }
}

/// The loss `sum(states * gradient)` in double precision would need another implementation; differences over a
/// step of 2^-7 in single precision are exact to about 1e-3 here.
#[test]
fn gradients_are_those_of_differences() {
    let directions = [(false, None), (true, None), (false, Some(5))];
    for (cell, (reverse, vocabulary)) in CELLS.into_iter().flat_map(|cell| directions.map(|how| (cell, how))) {
        let new = || Trial::new(cell, vec![4, 3, 1], 3, reverse, vocabulary, 11);
        let trial = new();
        let loss = |trial: &Trial| -> f64 {
            let states = Host::recurrence(&trial.direction, primitives(trial.operands())).states;
            let states = values(wrap::<Host, 2>(states));
            states.iter().zip(&trial.gradient).map(|(state, gradient)| f64::from(*state) * f64::from(*gradient)).sum()
        };
        let operands = trial.operands::<Autodiff<Host>>().map(Tensor::require_grad);
        let [projected, weight_hh, bias] = operands.clone();
        let states = run(&trial.direction, projected, weight_hh, bias.squeeze_dim(0));
        let gradients = (states * trial.gradient()).sum().backward();
        let mut compared = 0;
        for (number, operand) in operands.iter().enumerate() {
            let gradient = operand.grad(&gradients).map(values).unwrap_or_default();
            for (place, expected) in gradient.iter().enumerate() {
                let moved = |difference: f32| {
                    let mut trial = new();
                    let operand = [&mut trial.projected, &mut trial.weight_hh, &mut trial.bias];
                    operand[number][place] += difference;
                    loss(&trial)
                };
                let step = 1.0 / 128.0;
                let found = (moved(step) - moved(-step)) / f64::from(2.0 * step);
                let kink = cell == Cell::RnnRelu;
                if !kink {
                    assert!(
                        (found - f64::from(*expected)).abs() <= 2e-3,
                        "{cell:?} {number}[{place}]: {found} {expected}"
                    );
                }
                compared += usize::from((found - f64::from(*expected)).abs() <= 2e-3);
            }
        }
        let total = trial.projected.len() + trial.weight_hh.len() + trial.bias.len();
        assert!(compared * 10 >= total * 9, "{cell:?}: {compared} of {total}");
    }
}
