//! Products of weights that are packed in pairs of rows as half-words, for processors that multiply two half-words and add
//! both products in one instruction.
//!
//! A half-word is `256 * a + b` of the weights `a` and `b` of two rows in one column. Multiplied with the column's value, half-words
//! add up to `256 * A + B` and their low bytes to `B`, so that `A = (sum - B) >> 8`: exact while `A` has 24 bits, which
//! [`crate::Model::parse`] has checked. A block is four rows: for each pair of columns a word of the first two rows and a word
//! of the other two, each with the first column in its low half-word.
//!
//! [`portable`] defines what is correct.

use super::weights::{IntegerWeights, Layout};
use crate::format::Packing;
use crate::numeric::{self, Requantization, quantize_rectified};

#[cfg(cortex_m_dsp)]
#[path = "cortex_m_dsp/half_words.rs"]
mod cortex_m_dsp;
#[cfg(any(not(cortex_m_dsp), test))]
#[path = "portable/half_words.rs"]
mod portable;

#[cfg(cortex_m_dsp)]
use cortex_m_dsp::{BlockUnits, BlockVector, quantize_hidden, requantize_4, widen};
#[cfg(not(cortex_m_dsp))]
use portable::{BlockUnits, BlockVector, quantize_hidden, requantize_4, widen};

/// Rows of a block.
pub(crate) const BLOCK_ROWS: usize = 4;

/// `[x; h]` in 16 bits, two values a word, each of both in whole words.
#[derive(Clone, Copy, Default)]
pub(crate) struct WideVectors<'v> {
    both: &'v [u32],
    x: &'v [u32],
    h: &'v [u32],
}

impl<'v> WideVectors<'v> {
    /// Writes `x`, `[input_size]` with zeros up to a whole word, and the hidden states as a product takes them in into words, of
    /// which there are [`crate::format::HalfWords::vector_words`]. Nothing if one of them has another size.
    #[inline(always)]
    pub(crate) fn write(
        words: &'v mut [u32],
        x: &[i8],
        input_size: usize,
        hidden: &[i16],
        is_rectified: bool,
    ) -> Option<Self> {
        let of_x = input_size.div_ceil(2);
        // `x` comes first: what it fills up its last word with is where the hidden states begin.
        widen(bytemuck::try_cast_slice(x).ok()?.get(..input_size.div_ceil(4))?, words);
        let of_hidden = words.get_mut(of_x..)?;
        if is_rectified {
            let target: &mut [i16] = bytemuck::try_cast_slice_mut(of_hidden).ok()?;
            for (target, hidden) in target.iter_mut().zip(hidden) {
                *target = quantize_rectified(*hidden).into();
            }
        } else {
            let (pairs, last) = hidden.split_at_checked(hidden.len() & !1)?;
            if let ([hidden], Some(target)) = (last, of_hidden.get_mut(pairs.len() / 2)) {
                // What fills up the word is 0.
                *target = (i16::from(numeric::quantize_hidden(*hidden)) as u16).into();
            }
            // An empty slice that lies nowhere may lie at no multiple of a word.
            quantize_hidden(bytemuck::try_cast_slice(pairs).unwrap_or_default(), of_hidden);
        }
        let both = words.get(..of_x.wrapping_add(hidden.len().div_ceil(2)))?;
        let (x, h) = both.split_at_checked(of_x)?;
        Some(Self { both, x, h })
    }
}

impl<'a> IntegerWeights<'a> {
    /// The units of a direction of four gates, if its weights are half-words.
    #[inline(always)]
    pub(crate) fn half_words_of_4_gates<'v>(
        &self,
        scales: &Requantization<'a>,
        vectors: WideVectors<'v>,
    ) -> Option<BlockUnits<'a, 'v>> {
        BlockUnits::of(self.blocks()?, vectors.both, self, scales)
    }

    /// The units of a direction of three gates or one, if its weights are half-words.
    #[inline(always)]
    pub(crate) fn half_words_of_groups<'v>(
        &self,
        scales: &Requantization<'a>,
        vectors: WideVectors<'v>,
    ) -> Option<GroupedUnits<'a, 'v>> {
        let [both, x, h] = [vectors.both, vectors.x, vectors.h].map(BlockVector::of);
        Some(GroupedUnits { groups: Groups { blocks: self.blocks()?, both, x, h }, scales: *scales, weights: *self })
    }

    /// Its blocks; `None` if it has rows.
    #[inline(always)]
    fn blocks(&self) -> Option<&'a [u32]> {
        let has_blocks = Packing::HalfWords.is_built() && self.layout == Layout::HalfWords;
        if has_blocks { bytemuck::try_cast_slice(self.recurrent.items).ok() } else { None }
    }
}

/// The units of a direction of which four have blocks together.
pub(crate) struct GroupedUnits<'a, 'v> {
    groups: Groups<'a, 'v>,
    scales: Requantization<'a>,
    weights: IntegerWeights<'a>,
}

impl GroupedUnits<'_, '_> {
    /// Calls `update` with the pre-activations of the four results of each unit of three gates, and its state.
    #[inline(always)]
    pub(crate) fn update_3_gates(self, h: &mut [i16], update: impl Fn([i16; 4], &mut i16)) {
        let Self { mut groups, scales, weights } = self;
        let multipliers: &[[u32; 2]] = bytemuck::try_cast_slice(scales.multipliers).unwrap_or_default();
        let results = scales.bias.as_chunks::<4>().0.iter().zip(multipliers);
        // The compiler does not know the value, and so calls no `memset`.
        let mut sums = [[core::hint::black_box(0); 4]; BLOCK_ROWS];
        for (unit, (h, (bias, multipliers))) in h.iter_mut().zip(results).enumerate() {
            if unit.is_multiple_of(BLOCK_ROWS) {
                groups.next_of_3_gates(&mut sums);
            }
            let mut sums = sums[unit % BLOCK_ROWS];
            weights.add_one_hot(&mut sums, &weights.row_indices::<3>(unit));
            update(requantize_4(sums, bias, multipliers, scales.accumulator_shift), h);
        }
    }

    /// Calls `update` with the pre-activation of each unit of one gate, and its state. The rows of four units are a block.
    #[inline(always)]
    pub(crate) fn update_1_gate(self, h: &mut [i16], update: impl Fn(i16, &mut i16)) {
        let Self { groups: Groups { mut blocks, both, .. }, scales, weights } = self;
        let mut unit = 0_usize;
        for h in h.chunks_mut(BLOCK_ROWS) {
            for (h, sum) in h.iter_mut().zip(both.take(&mut blocks)) {
                let mut sums = [sum];
                weights.add_one_hot(&mut sums, &[unit]);
                let [pre_activation] = scales.pre_activations([unit], sums);
                unit = unit.wrapping_add(1);
                update(pre_activation, h);
            }
        }
    }
}

/// The blocks of groups of four units, and the vectors that they are multiplied with.
struct Groups<'a, 'v> {
    blocks: &'a [u32],
    both: BlockVector<'v>,
    x: BlockVector<'v>,
    h: BlockVector<'v>,
}

impl Groups<'_, '_> {
    /// The sums of the next four units of three gates: r, z, n of `x` and n of `h` of each. They have four blocks: two of the rows
    /// of r and z of two units each, then the rows of n of all four, of `x` and of `h`.
    ///
    /// A function of its own: the loop that calls it needs the registers.
    #[inline(never)]
    fn next_of_3_gates(&mut self, sums: &mut [[i32; 4]; BLOCK_ROWS]) {
        let [reset_0, update_0, reset_1, update_1] = self.both.take(&mut self.blocks);
        let [reset_2, update_2, reset_3, update_3] = self.both.take(&mut self.blocks);
        let [x_0, x_1, x_2, x_3] = self.x.take(&mut self.blocks);
        let [h_0, h_1, h_2, h_3] = self.h.take(&mut self.blocks);
        *sums = [
            [reset_0, update_0, x_0, h_0],
            [reset_1, update_1, x_1, h_1],
            [reset_2, update_2, x_2, h_2],
            [reset_3, update_3, x_3, h_3],
        ];
    }
}
