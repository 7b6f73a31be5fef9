//! Random operands, on which implementations are compared.

use burn::tensor::{DType, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::check::{Difference, largest_difference};
use super::super::host::Host;
use super::*;
use crate::operations::values;

pub(super) const CELLS: [Cell; 4] = [Cell::Lstm, Cell::Gru, Cell::RnnTanh, Cell::RnnRelu];

/// A direction over rows of these lengths, with random operands.
pub(super) struct Trial {
    pub(super) direction: Recurrence,
    /// The precision that it is computed in.
    precision: DType,
    size: usize,
    pub(super) projected: Vec<f32>,
    pub(super) weight_hh: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) gradient: Vec<f32>,
}

impl Trial {
    /// With a vocabulary, steps take rows of so many; without one, each its own.
    pub(super) fn new(
        cell: Cell,
        mut lengths: Vec<usize>,
        size: usize,
        reverse: bool,
        vocabulary: Option<usize>,
        seed: u64,
    ) -> Self {
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        let mut start = 0;
        let steps = (0..lengths.first().copied().unwrap_or(0)).map(|step| {
            let active = lengths.iter().filter(|length| **length > step).count();
            start += active;
            start - active..start
        });
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut direction = Recurrence { cell, steps: steps.collect(), reverse, lookup: None, rounding: None };
        direction.lookup = vocabulary.map(|count| {
            let rows = (0..direction.total_steps()).map(|_| rng.random_range(0..count as u32));
            Arc::new(Lookup::new(rows.collect(), count))
        });
        let mut random =
            |count: usize, most: f32| (0..count).map(|_| rng.random_range(-most..=most)).collect::<Vec<f32>>();
        let total = direction.total_steps();
        // Weights of many units are small, as in a network: large ones would multiply every step's rounding.
        let largest_weight = (1.6 / (size as f32).sqrt()).min(0.8);
        Self {
            precision: DType::F32,
            size,
            projected: random(direction.projected_rows() * cell.gates() * size, 0.8),
            weight_hh: random(cell.gates() * size * size, largest_weight),
            bias: random(cell.results() * size, 0.8),
            gradient: random(total * cell.states() * size, 0.8),
            direction,
        }
    }

    /// The same with states rounded as an integer model's.
    #[cfg(test)]
    pub(super) fn rounded(mut self) -> Self {
        self.direction.rounding = Some(StateRounding::new(self.direction.cell, 12));
        self
    }

    /// The same computed in double precision, where an implementation goes by the type of its operands.
    #[cfg(test)]
    pub(super) fn in_double_precision(self) -> Self {
        Self { precision: DType::F64, ..self }
    }

    pub(super) fn operands<B: Backend>(&self, device: &B::Device) -> [Tensor<B, 2>; 3] {
        let (cell, rows) = (self.direction.cell, self.direction.projected_rows());
        let tensor = |values: &[f32], shape: [usize; 2]| self.tensor(values, shape, device);
        [
            tensor(&self.projected, [rows, cell.gates() * self.size]),
            tensor(&self.weight_hh, [cell.gates() * self.size, self.size]),
            tensor(&self.bias, [1, cell.results() * self.size]),
        ]
    }

    pub(super) fn gradient<B: Backend>(&self, device: &B::Device) -> Tensor<B, 2> {
        let shape = [self.direction.total_steps(), self.direction.cell.states() * self.size];
        self.tensor(&self.gradient, shape, device)
    }

    fn tensor<B: Backend>(&self, values: &[f32], shape: [usize; 2], device: &B::Device) -> Tensor<B, 2> {
        Tensor::from_data(TensorData::new(values.to_vec(), shape), (device, self.precision))
    }
}

/// What a backend computes of a trial: the states, the activations, and the gradients of the operands.
pub(super) fn computed<B: Backend>(
    trial: &Trial,
    device: &B::Device,
    forward: impl Fn(&Recurrence, Operands<B>) -> Computed<B>,
    backward: impl Fn(&Recurrence, FloatTensor<B>, Computed<B>, FloatTensor<B>) -> Operands<B>,
) -> [(&'static str, Vec<f32>); 5] {
    let [_, weight_hh, _] = trial.operands::<B>(device);
    let computed = forward(&trial.direction, primitives(trial.operands(device)));
    let [states, activations] = [&computed.states, &computed.activations].map(|tensor| wrap::<B, 2>(tensor.clone()));
    let gradients = backward(&trial.direction, unwrap(weight_hh), computed, unwrap(trial.gradient::<B>(device)));
    [
        ("states", values(states)),
        ("activations", values(activations)),
        ("gradient of projected", values(wrap::<B, 2>(gradients.projected))),
        ("gradient of weight_hh", values(wrap::<B, 2>(gradients.weight_hh))),
        ("gradient of bias", values(wrap::<B, 1>(gradients.bias))),
    ]
}

pub(super) fn primitives<B: Backend>([projected, weight_hh, bias]: [Tensor<B, 2>; 3]) -> Operands<B> {
    let bias: Tensor<B, 1> = bias.squeeze_dim(0);
    Operands { projected: unwrap(projected), weight_hh: unwrap(weight_hh), bias: unwrap(bias) }
}

/// A backend against the slices: every cell, both directions, steps with rows of their own and of a vocabulary.
pub(in super::super) fn differences<B: NetworkBackend>(device: &B::Device) -> Vec<Difference> {
    let mut all = Vec::new();
    for (cell, reverse) in CELLS.into_iter().flat_map(|cell| [false, true].map(|reverse| (cell, reverse))) {
        for (vocabulary, size) in [(None, 5), (Some(9), 24)] {
            let lengths = (0..20).map(|row| 1 + row * 5 % 7).collect();
            let trial = Trial::new(cell, lengths, size, reverse, vocabulary, 3);
            let found = computed::<B>(&trial, device, B::recurrence, B::recurrence_backward);
            let expected = computed::<Host>(&trial, &Default::default(), Host::recurrence, Host::recurrence_backward);
            let direction = if reverse { "reverse" } else { "forward" };
            let rows = if vocabulary.is_some() { "of a vocabulary" } else { "of their own" };
            all.extend(found.iter().zip(&expected).map(|((what, found), (_, expected))| Difference {
                what: format!("{cell:?} {direction}, steps with rows {rows}: {what}"),
                largest: largest_difference(found, expected),
            }));
        }
    }
    all
}
