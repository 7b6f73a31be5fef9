use std::iter::{repeat_n, zip};

use burn::module::Param;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{Bits, IntegerBits, Ranges, embedding_scales, state_fraction_bits};
use crate::network::{Cell, Classifier, Direction, Head, InputShape, Layer, NetworkConfig};
use crate::operations::recurrence::{Grid, StateRounding};
use crate::operations::straight_through;
use crate::weights::NetworkWeights;

/// Below it a row's largest magnitude counts as this, so that a row of zeros has a unit.
const SMALLEST: f32 = 1e-20;
/// What a 1 of a one-hot token stands for in a product.
const ONE_HOT_UNIT: f32 = 1.0 / 127.0;

/// How an integer model rounds, as training simulates it: the grids of the embedding and of the states are fixed when
/// simulation begins, those of the weights follow each row's largest magnitude, as in an export.
///
/// What is not simulated: that of a composed word, half of an odd sum of two vectors in 8 bits is rounded down. In 4 bits
/// there is none.
///
/// # Source
/// Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference"
/// (2018), with a scale a row, and states rounded after every step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rounding {
    /// Bits of the matrices.
    pub bits: IntegerBits,
    /// What 1 in each column of the embedding, or in each channel of a frame as a product takes it in, stands for;
    /// empty for one-hot tokens.
    pub input_units: Vec<f32>,
    /// Fraction bits of the measured state of each layer's directions, forward first.
    pub state_fraction_bits: Vec<Vec<u8>>,
}

impl Rounding {
    /// The rounding of a network that is trained on with these ranges.
    pub fn new(bits: IntegerBits, weights: &NetworkWeights, ranges: &Ranges) -> Self {
        let of_channels = ranges.inputs.iter().map(|range| range.max(SMALLEST) / f32::from(Bits::Eight.largest()));
        let states = zip(&weights.layers, &ranges.states);
        Self {
            bits,
            input_units: match &weights.embedding {
                Some(embedding) => embedding_scales(embedding, bits.embedding),
                None => of_channels.collect(),
            },
            state_fraction_bits: states
                .map(|(layer, ranges)| ranges.iter().map(|range| state_fraction_bits(layer.cell, *range)).collect())
                .collect(),
        }
    }

    /// A network's settings with these states.
    pub fn apply(&self, config: NetworkConfig) -> NetworkConfig {
        let rounding = std::array::from_fn(|layer| {
            let bits = self.state_fraction_bits.get(layer).map_or(&[][..], Vec::as_slice);
            [0, 1].map(|direction| StateRounding::new(config.cell, bits.get(direction).copied().unwrap_or(0)))
        });
        NetworkConfig { rounding: Some(rounding), ..config }
    }

    /// What the integers of each channel of a frame stand for; nothing for tokens.
    pub fn channel_grids(&self, config: &NetworkConfig) -> Vec<Grid> {
        let grid = |unit: &f32| Grid::new(*unit, f32::from(Bits::Eight.largest()));
        match config.input {
            InputShape::Frames { .. } => self.input_units.iter().map(grid).collect(),
            InputShape::Tokens { .. } => Vec::new(),
        }
    }

    /// A network whose weights are those that the integers stand for; gradients pass straight through to the
    /// network's own. `config` is one that [`Self::apply`] made.
    pub fn rounded<B: Backend>(&self, config: &NetworkConfig, network: &Classifier<B>) -> Classifier<B> {
        let device = network.head.bias.device();
        let mut input_units = self.first_layer_units(config);
        // The weights of one-hot tokens have 8 bits whatever the others have.
        let one_hot = matches!(config.input, InputShape::Tokens { embedding_size: 0, .. });
        let mut layers = Vec::with_capacity(network.layers.len());
        for (number, layer) in network.layers.iter().enumerate() {
            let hidden_units = self.hidden_units(config, number);
            let input_bits = if one_hot && number == 0 { Bits::Eight } else { self.bits.weights };
            let direction = |direction: &Direction<B>, number: usize| {
                let input = self.row(&input_units, &device);
                let units = Units { input, input_bits, hidden: hidden_units[number] };
                self.direction(config.cell, direction, &units)
            };
            layers.push(Layer {
                forward: direction(&layer.forward, 0),
                reverse: layer.reverse.as_ref().map(|reverse| direction(reverse, 1)),
            });
            let directions = if config.bidirectional { 2 } else { 1 };
            input_units =
                hidden_units.iter().take(directions).flat_map(|unit| repeat_n(*unit, config.hidden_size)).collect();
        }
        let nearest_weight = |weight: Tensor<B, 2>| {
            let units = row_units(&weight, Bits::Eight);
            nearest(weight, units)
        };
        Classifier {
            embedding: network.embedding.as_ref().map(|embedding| self.embedding(embedding)),
            layers,
            head: Head { weight: changed(&network.head.weight, nearest_weight), bias: network.head.bias.clone() },
        }
    }

    fn embedding<B: Backend>(&self, embedding: &Param<Tensor<B, 2>>) -> Param<Tensor<B, 2>> {
        let largest = f32::from(self.bits.embedding.largest());
        let units = self.row(&self.input_units, &embedding.device());
        changed(embedding, |values| (values / units.clone()).clamp(-largest, largest).round() * units.clone())
    }

    /// What 1 of each input of the first layer stands for in a product.
    fn first_layer_units(&self, config: &NetworkConfig) -> Vec<f32> {
        match config.input {
            InputShape::Tokens { tokens, embedding_size: 0 } => vec![ONE_HOT_UNIT; tokens],
            InputShape::Tokens { .. } => {
                let factor = f32::from(self.bits.embedding.input_factor());
                self.input_units.iter().map(|unit| unit / factor).collect()
            }
            InputShape::Frames { .. } => self.input_units.clone(),
        }
    }

    /// What 1 of the hidden state of each direction of a layer stands for in a product.
    fn hidden_units(&self, config: &NetworkConfig, layer: usize) -> [f32; 2] {
        let rounding = config.rounding.and_then(|rounding| rounding.get(layer).copied());
        rounding.map_or([1.0; 2], |rounding| rounding.map(|rounding| rounding.narrow_unit()))
    }

    /// Values as a row.
    fn row<B: Backend>(&self, values: &[f32], device: &B::Device) -> Tensor<B, 2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len()]), device)
    }

    fn direction<B: Backend>(&self, cell: Cell, direction: &Direction<B>, units: &Units<B>) -> Direction<B> {
        let [weight_ih, weight_hh] = [&direction.weight_ih, &direction.weight_hh].map(|weight| weight.val().detach());
        let (of_input, of_hidden) = (weight_ih * units.input.clone(), weight_hh.mul_scalar(units.hidden));
        let [of_input, of_hidden] = rows(cell, [(of_input, units.input_bits), (of_hidden, self.bits.weights)]);
        Direction {
            weight_ih: changed(&direction.weight_ih, |_| of_input.clone() / units.input.clone()),
            weight_hh: changed(&direction.weight_hh, |_| of_hidden.clone().div_scalar(units.hidden)),
            bias: direction.bias.clone(),
        }
    }
}

/// Both parts of all rows, in units of what they are multiplied with, with their bits. A row has one grid for both,
/// but for those of a GRU's last gate, whose two parts are two results.
fn rows<B: Backend>(cell: Cell, parts: [(Tensor<B, 2>, Bits); 2]) -> [Tensor<B, 2>; 2] {
    let rows = parts[0].0.dims()[0];
    let joint = if cell == Cell::Gru { rows / 3 * 2 } else { rows };
    let slice = |values: &Tensor<B, 2>, rows: std::ops::Range<usize>| {
        let columns = values.dims()[1];
        values.clone().slice([rows, 0..columns])
    };
    let [of_input, of_hidden] = parts.each_ref().map(|(values, bits)| row_units(&slice(values, 0..joint), *bits));
    let units = of_input.max_pair(of_hidden);
    parts.map(|(values, bits)| {
        let joined = nearest(slice(&values, 0..joint), units.clone());
        if joint == rows {
            return joined;
        }
        let alone = slice(&values, joint..rows);
        let units = row_units(&alone, bits);
        Tensor::cat(vec![joined, nearest(alone, units)], 0)
    })
}

/// What 1 of the values that a direction's rows are multiplied with stands for.
struct Units<B: Backend> {
    /// `[1, input_size]`
    input: Tensor<B, 2>,
    /// Bits of the weights of the input.
    input_bits: Bits,
    hidden: f32,
}

/// A parameter's values changed, with its gradient.
fn changed<B: Backend>(
    parameter: &Param<Tensor<B, 2>>,
    change: impl Fn(Tensor<B, 2>) -> Tensor<B, 2>,
) -> Param<Tensor<B, 2>> {
    Param::initialized(parameter.id, straight_through(parameter.val(), change))
}

/// What 1 of an integer of each row stands for, `[rows, 1]`: the row's largest magnitude is the largest integer.
fn row_units<B: Backend>(rows: &Tensor<B, 2>, bits: Bits) -> Tensor<B, 2> {
    rows.clone().abs().max_dim(1).clamp_min(SMALLEST).div_scalar(f32::from(bits.largest()))
}

/// Each value as the nearest that an integer of its row stands for.
fn nearest<B: Backend>(rows: Tensor<B, 2>, units: Tensor<B, 2>) -> Tensor<B, 2> {
    (rows / units.clone()).round() * units
}
