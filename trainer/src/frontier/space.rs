use std::fmt;

use clap::ValueEnum;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::config::TrainingConfig;
use crate::network::Cell;
use crate::quantize::{Bits, IntegerBits};

/// What is searched: every combination of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Cells.
    pub cells: Vec<Cell>,
    /// Values of a token's vector.
    pub embedding_sizes: Vec<usize>,
    /// Values of a hidden state.
    pub hidden_sizes: Vec<usize>,
    /// Bits of the weights and of the embedding.
    pub bits: Vec<IntegerBits>,
}

/// A network but for its vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The cell.
    pub cell: Cell,
    /// Values of a token's vector.
    pub embedding_size: usize,
    /// Values of the hidden state.
    pub hidden_size: usize,
    /// Bits of the weights and of the embedding.
    pub bits: IntegerBits,
}

impl Space {
    /// All shapes, in an order of chance.
    pub fn shapes(&self, seed: u64) -> Vec<Shape> {
        let mut shapes = Vec::new();
        for cell in &self.cells {
            for embedding_size in &self.embedding_sizes {
                for hidden_size in &self.hidden_sizes {
                    shapes.extend(self.bits.iter().map(|bits| Shape {
                        cell: *cell,
                        embedding_size: *embedding_size,
                        hidden_size: *hidden_size,
                        bits: *bits,
                    }));
                }
            }
        }
        shapes.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        shapes
    }
}

impl Shape {
    /// The settings of a network of this shape with so many known words, or buckets of hashed words, 0 where there are
    /// none; the others are those of `base`. Training simulates integers of less than 8 bits; those of 8 are made
    /// afterwards.
    pub fn config(&self, base: &TrainingConfig, vocabulary: usize) -> TrainingConfig {
        let Self { cell, embedding_size, hidden_size, bits } = *self;
        let simulated = bits != IntegerBits::all(Bits::Eight);
        TrainingConfig {
            cell,
            embedding_size,
            hidden_size,
            vocabulary_size: if vocabulary > 0 { vocabulary } else { base.vocabulary_size },
            hash_buckets: if vocabulary > 0 { vocabulary } else { base.hash_buckets },
            quantize_aware: simulated.then_some(bits.weights).or(base.quantize_aware.map(|_| Bits::Eight)),
            embedding_bits: simulated.then_some(bits.embedding),
            float_epochs: base.float_epochs.filter(|_| simulated || base.quantize_aware.is_some()),
            ..base.clone()
        }
    }

    /// Whether another shape is the same network over frames, which have no embedding.
    pub(super) fn is_same_over_frames(&self, other: &Self) -> bool {
        let parts = |shape: &Self| (shape.cell, shape.hidden_size, shape.bits.weights);
        parts(self) == parts(other)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cell, embedding_size, hidden_size, bits: IntegerBits { weights, embedding } } = self;
        let cell = cell.to_possible_value();
        let cell = cell.as_ref().map_or("", |value| value.get_name());
        write!(formatter, "{cell}-embedding{embedding_size}-hidden{hidden_size}-bits{weights}.{embedding}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_every_combination_once() {
        let bits = [Bits::Eight, Bits::Four].map(IntegerBits::all);
        let space = Space {
            cells: vec![Cell::Lstm, Cell::Gru],
            embedding_sizes: vec![8, 16, 24],
            hidden_sizes: vec![32, 64],
            bits: bits.to_vec(),
        };
        let shapes = space.shapes(1);
        let mut names: Vec<String> = shapes.iter().map(ToString::to_string).collect();
        assert_eq!(shapes, space.shapes(1));
        assert_ne!(shapes, space.shapes(2));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 24);
        assert!(names.contains(&"gru-embedding24-hidden32-bits4.4".to_owned()), "{names:?}");
    }

    #[test]
    fn integers_below_8_bits_are_simulated_in_training() {
        let base = TrainingConfig { epochs: 3, ..TrainingConfig::default() };
        let mixed = IntegerBits { weights: Bits::Eight, embedding: Bits::Four };
        let shape = Shape { cell: Cell::Gru, embedding_size: 12, hidden_size: 40, bits: mixed };
        let config = shape.config(&base, 700);
        assert_eq!((config.vocabulary_size, config.hidden_size, config.epochs), (700, 40, 3));
        assert_eq!(config.integer_bits(), Some(mixed));
        assert_eq!(shape.config(&base, 0).vocabulary_size, base.vocabulary_size);
        let whole = Shape { bits: IntegerBits::all(Bits::Eight), ..shape };
        assert_eq!(whole.config(&base, 700).integer_bits(), None);
    }
}
