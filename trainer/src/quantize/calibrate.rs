use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use serde::{Deserialize, Serialize};

use crate::batches::{Batch, evaluation_batches};
use crate::encoding::ChannelRange;
use crate::error::Error;
use crate::examples::Examples;
use crate::network::{Cell, Classifier, DirectionStates, NetworkConfig, Sequence};
use crate::operations::NetworkBackend;
use crate::operations::values;

/// How much larger a state may be on new rows than on those measured.
const HEADROOM: f32 = 1.25;
/// Rows that are measured together.
const BATCH_SIZE: usize = 64;

/// The largest magnitudes that were met on some rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ranges {
    /// Of each channel of the normalized frames; empty for tokens.
    pub inputs: Vec<f32>,
    /// Of each layer's directions, forward first: of an LSTM's `c`, of any other cell's `h`.
    pub states: Vec<Vec<f32>>,
}

/// Runs a network over examples and keeps the largest magnitudes, those of states up to a percentile.
///
/// # Errors
/// As [`Examples::get`].
pub fn measure_ranges<B: NetworkBackend>(
    network: &Classifier<B>,
    config: &NetworkConfig,
    examples: &Examples,
    percentile: f64,
) -> Result<Ranges, Error> {
    let mut magnitudes: Vec<Vec<Magnitudes>> = Vec::new();
    for rows in evaluation_batches(examples, BATCH_SIZE) {
        let batch = Batch::read(examples, &rows)?;
        let states = network.states(config, &batch.packed);
        magnitudes.resize_with(states.len(), Vec::new);
        for (layer, magnitudes) in states.iter().zip(&mut magnitudes) {
            let directions: Vec<_> = std::iter::once(&layer.forward).chain(&layer.reverse).collect();
            magnitudes.resize_with(directions.len(), Magnitudes::default);
            directions.into_iter().zip(magnitudes).for_each(|(states, magnitudes)| magnitudes.add(states));
        }
    }
    let percentiles = |layer: Vec<Magnitudes>| layer.iter().map(|all| all.percentile(percentile)).collect();
    let mut ranges = Ranges { states: magnitudes.into_iter().map(percentiles).collect(), ..Ranges::default() };
    let mut inputs: Vec<ChannelRange> = Vec::new();
    for example in examples.iter() {
        if let Sequence::Frames { channels, values } = example?.sequence {
            inputs.resize_with(channels, ChannelRange::default);
            for frame in values.chunks(channels.max(1)) {
                inputs.iter_mut().zip(frame).for_each(|(range, value)| range.add(*value));
            }
        }
    }
    // A few values far from the others would leave few integers to those.
    ranges.inputs = inputs.iter().map(|range| range.without_outliers().magnitude() as f32).collect();
    Ok(ranges)
}

/// How often magnitudes were met.
#[derive(Default)]
struct Magnitudes {
    largest: f32,
    /// By the upper 16 bits of the magnitude, without the sign: to 1 part in 256.
    counts: Vec<u64>,
}

impl Magnitudes {
    /// Adds an LSTM's `c`, any other cell's `h`.
    fn add<B: Backend>(&mut self, states: &DirectionStates<B>) {
        let state: &Tensor<B, 2> = states.cell.as_ref().unwrap_or(&states.hidden);
        self.counts.resize(1 << 16, 0);
        for value in values(state.clone()) {
            self.largest = self.largest.max(value.abs());
            self.counts[(value.abs().to_bits() >> 15) as usize] += 1;
        }
    }

    /// A magnitude that this percentile of all does not exceed; 100: the largest.
    fn percentile(&self, percentile: f64) -> f32 {
        let total: u64 = self.counts.iter().sum();
        let within = (percentile / 100.0 * total as f64).ceil() as u64;
        let mut so_far = 0;
        let bin = self.counts.iter().position(|count| {
            so_far += count;
            so_far >= within
        });
        bin.map_or(0.0, |bin| f32::from_bits((bin as u32 + 1) << 15)).min(self.largest)
    }
}

/// The fraction bits of an int8 model's state, an `i16`, that reached `range`: the most that hold it and a quarter
/// more. 0 for a state that needs none, being below 1.
pub fn state_fraction_bits(cell: Cell, range: f32) -> u8 {
    match cell {
        Cell::Gru | Cell::RnnTanh => 0,
        Cell::Lstm | Cell::RnnRelu => {
            let largest = range * HEADROOM;
            (0..=15).rev().find(|bits| largest <= f32::from(i16::MAX) / f32::from(1_u16 << bits)).unwrap_or(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_leaves_out_the_largest_magnitudes() {
        let device = Default::default();
        let mut magnitudes = Magnitudes::default();
        for start in [0.0, 500.0] {
            let values: Vec<f32> = (1..=500).map(|value| -(start + value as f32)).collect();
            let hidden = Tensor::<burn_ndarray::NdArray<f32>, 1>::from_floats(values.as_slice(), &device);
            magnitudes.add(&DirectionStates { hidden: hidden.reshape([50, 10]), cell: None });
        }
        for (percentile, expected) in [(100.0, 1_000.0), (99.0, 990.0), (50.0, 500.0)] {
            let found = magnitudes.percentile(percentile);
            assert!((expected..=expected * 1.005).contains(&found), "{percentile}: {found}");
        }
        assert_eq!(Magnitudes::default().percentile(99.0), 0.0);
    }

    #[test]
    fn fraction_bits_hold_the_range_with_headroom() {
        assert_eq!(
            [0.0, 0.79, 0.81, 1.59, 6.0, 6.5, 10.8, 30_000.0, f32::MAX]
                .map(|range| state_fraction_bits(Cell::Lstm, range)),
            [15, 15, 14, 14, 12, 11, 11, 0, 0]
        );
        assert_eq!(state_fraction_bits(Cell::Gru, 0.9), 0);
    }
}
