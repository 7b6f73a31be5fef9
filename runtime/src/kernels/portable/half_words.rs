//! The products of half-words in plain Rust, which define what the other kernels compute.

use crate::kernels::weights::IntegerWeights;
use crate::numeric::{self, Requantization, requantize, saturate_i16};

/// Four bytes of each word of `values` as half-words, in two words of `target`.
pub(super) fn widen(values: &[u32], target: &mut [u32]) {
    for (word, target) in values.iter().zip(target.as_chunks_mut::<2>().0) {
        let [a, b, c, d] = word.to_le_bytes().map(|byte| i16::from(byte as i8) as u16);
        *target = [word_of([a, b]), word_of([c, d])];
    }
}

/// Two hidden states of each word of `pairs` as a product takes them in, in a word of `target`.
pub(super) fn quantize_hidden(pairs: &[u32], target: &mut [u32]) {
    for (word, target) in pairs.iter().zip(target) {
        *target = word_of(half_words(*word).map(|hidden| i16::from(numeric::quantize_hidden(hidden)) as u16));
    }
}

fn word_of([low, high]: [u16; 2]) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

fn half_words(word: u32) -> [i16; 2] {
    [word as i16, (word >> 16) as i16]
}

/// A vector that blocks are multiplied with.
pub(super) struct BlockVector<'v>(&'v [u32]);

impl<'v> BlockVector<'v> {
    pub(super) fn of(words: &'v [u32]) -> Self {
        Self(words)
    }

    /// Takes away a block, two words for each word of the vector: its products. Zeros if there is none.
    pub(super) fn take(&self, blocks: &mut &[u32]) -> [i32; 4] {
        let Some((block, rest)) = blocks.split_at_checked(self.0.len().wrapping_mul(2)) else { return [0; 4] };
        *blocks = rest;
        [0, 1, 2, 3].map(|row| row_sum(block, self.0, row))
    }
}

/// The product of one row of a block.
fn row_sum(block: &[u32], vector: &[u32], row: usize) -> i32 {
    let mut sum = 0_i32;
    for (words, values) in block.as_chunks::<2>().0.iter().zip(vector) {
        let word = words.get(row / 2).copied().unwrap_or(0);
        for (pair, value) in half_words(word).into_iter().zip(half_words(*values)) {
            let low = i32::from(pair as i8);
            let weight = if row.is_multiple_of(2) { (i32::from(pair) - low) >> 8 } else { low };
            sum = sum.wrapping_add(weight.wrapping_mul(value.into()));
        }
    }
    sum
}

/// Sums with the biases of their results, in the units of the results, each the nearest `i16`. A word has two multipliers.
pub(super) fn requantize_4(sums: [i32; 4], bias: &[i32; 4], multipliers: &[u32; 2], shift: u8) -> [i16; 4] {
    let [[a, b], [c, d]] = multipliers.map(half_words);
    let of = |sum: i32, bias: i32, multiplier| saturate_i16(requantize(sum.wrapping_add(bias), multiplier, shift));
    let ([first, second, third, fourth], [of_a, of_b, of_c, of_d]) = (sums, *bias);
    [of(first, of_a, a), of(second, of_b, b), of(third, of_c, c), of(fourth, of_d, d)]
}

/// Units whose four rows are a block, taken one after another.
pub(crate) struct BlockUnits<'a, 'v> {
    blocks: &'a [u32],
    vector: BlockVector<'v>,
    weights: IntegerWeights<'a>,
    scales: Requantization<'a>,
}

impl<'a, 'v> BlockUnits<'a, 'v> {
    /// Always some.
    pub(super) fn of(
        blocks: &'a [u32],
        vector: &'v [u32],
        weights: &IntegerWeights<'a>,
        scales: &Requantization<'a>,
    ) -> Option<Self> {
        Some(Self { blocks, vector: BlockVector::of(vector), weights: *weights, scales: *scales })
    }

    /// Calls `update` with the pre-activations of each unit, and its states.
    pub(crate) fn update(mut self, c: &mut [i16], h: &mut [i16], update: impl Fn([i16; 4], &mut i16, &mut i16)) {
        for (unit, (c, h)) in c.iter_mut().zip(h).enumerate() {
            let Some((bias, multipliers)) = self.scales.take_4() else { return };
            let mut sums = self.vector.take(&mut self.blocks);
            self.weights.add_one_hot(&mut sums, &self.weights.row_indices::<4>(unit));
            update(requantize_4(sums, bias, multipliers, self.scales.accumulator_shift), c, h);
        }
    }
}
