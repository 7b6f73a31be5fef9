use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use serde::{Deserialize, Serialize};

use crate::batches::{Batch, evaluation_batches};
use crate::error::Error;
use crate::examples::Examples;
use crate::network::{Cell, Classifier, DirectionStates, NetworkConfig, Sequence, values};
use crate::operations::NetworkBackend;

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

/// Runs a network over examples and keeps the largest magnitudes.
///
/// # Errors
/// As [`Examples::get`].
pub fn measure_ranges<B: NetworkBackend>(
    network: &Classifier<B>,
    config: &NetworkConfig,
    examples: &Examples,
) -> Result<Ranges, Error> {
    let mut ranges = Ranges::default();
    for rows in evaluation_batches(examples, BATCH_SIZE) {
        let batch = Batch::read(examples, &rows)?;
        let states = network.states(config, &batch.packed);
        ranges.states.resize(states.len(), Vec::new());
        for (layer, ranges) in states.iter().zip(&mut ranges.states) {
            let directions = std::iter::once(&layer.forward).chain(&layer.reverse).map(largest_state);
            keep_largest(ranges, directions);
        }
    }
    for example in examples.iter() {
        if let Sequence::Frames { channels, values } = example?.sequence {
            for frame in values.chunks(channels.max(1)) {
                keep_largest(&mut ranges.inputs, frame.iter().copied());
            }
        }
    }
    Ok(ranges)
}

fn largest_state<B: Backend>(states: &DirectionStates<B>) -> f32 {
    let state: &Tensor<B, 2> = states.cell.as_ref().unwrap_or(&states.hidden);
    values(state.clone()).into_iter().fold(0.0, |largest, value| value.abs().max(largest))
}

fn keep_largest(ranges: &mut Vec<f32>, found: impl Iterator<Item = f32>) {
    for (place, found) in found.enumerate() {
        match ranges.get_mut(place) {
            Some(range) => *range = range.max(found.abs()),
            None => ranges.push(found.abs()),
        }
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
    fn fraction_bits_hold_the_range_with_headroom() {
        assert_eq!(
            [0.0, 0.79, 0.81, 1.59, 6.0, 6.5, 10.8, 30_000.0, f32::MAX]
                .map(|range| state_fraction_bits(Cell::Lstm, range)),
            [15, 15, 14, 14, 12, 11, 11, 0, 0]
        );
        assert_eq!(state_fraction_bits(Cell::Gru, 0.9), 0);
    }
}
