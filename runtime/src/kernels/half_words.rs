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
use cortex_m_dsp::{BlockUnits, dot_4, quantize_hidden, requantize_4, widen};
#[cfg(not(cortex_m_dsp))]
use portable::{BlockUnits, dot_4, quantize_hidden, requantize_4, widen};

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
        // An empty slice that lies nowhere may lie at no multiple of a word.
        let pairs: &[u32] = match hidden.get(..hidden.len() & !1) {
            Some(pairs) if !is_rectified => bytemuck::try_cast_slice(pairs).ok()?,
            _ => &[],
        };
        quantize_hidden(pairs, of_hidden);
        let done = pairs.len().wrapping_mul(2);
        let rest: &mut [i16] = bytemuck::try_cast_slice_mut(of_hidden).ok()?;
        for (target, hidden) in rest.iter_mut().zip(hidden).skip(done) {
            let value = if is_rectified { quantize_rectified(*hidden) } else { numeric::quantize_hidden(*hidden) };
            *target = value.into();
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
        let sums = [[0; 4]; BLOCK_ROWS];
        Some(GroupedUnits { blocks: self.blocks()?, vectors, scales: *scales, weights: *self, taken: 0, sums })
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
    blocks: &'a [u32],
    vectors: WideVectors<'v>,
    scales: Requantization<'a>,
    weights: IntegerWeights<'a>,
    /// Units that were taken.
    taken: usize,
    /// Sums of the rows of the four units.
    sums: [[i32; 4]; BLOCK_ROWS],
}

impl GroupedUnits<'_, '_> {
    /// The products of the next block, whose columns are those of the vector.
    #[inline(always)]
    fn next_block(&mut self, vector: &[u32]) -> [i32; BLOCK_ROWS] {
        let Some((block, rest)) = self.blocks.split_at_checked(vector.len().wrapping_mul(2)) else {
            return [0; BLOCK_ROWS];
        };
        self.blocks = rest;
        dot_4(block, vector)
    }

    /// The number of the next unit.
    #[inline(always)]
    fn next_unit(&mut self) -> usize {
        let unit = self.taken;
        self.taken = unit.wrapping_add(1);
        unit
    }

    /// The pre-activations of the next unit's four results.
    #[inline(always)]
    fn next_results(&mut self, sums: [i32; 4]) -> [i16; 4] {
        match self.scales.take_4() {
            Some((bias, multipliers)) => requantize_4(sums, bias, multipliers, self.scales.accumulator_shift),
            None => [0; 4],
        }
    }

    /// The pre-activations of the next unit of three gates. Four units have four blocks: two of the rows of r and z of two
    /// units each, then the rows of n of all four, of `x` and of `h`.
    #[inline(always)]
    pub(crate) fn next_of_3_gates(&mut self) -> [i16; 4] {
        let unit = self.next_unit();
        if unit.is_multiple_of(BLOCK_ROWS) {
            self.sums = self.next_group_of_3_gates();
        }
        let [reset, update, new_x, new_h] = self.sums.get(unit % BLOCK_ROWS).copied().unwrap_or_default();
        let mut sums = [reset, update, new_x];
        self.weights.add_one_hot(&mut sums, &self.weights.row_indices::<3>(unit));
        let [reset, update, new_x] = sums;
        self.next_results([reset, update, new_x, new_h])
    }

    #[inline(always)]
    fn next_group_of_3_gates(&mut self) -> [[i32; 4]; BLOCK_ROWS] {
        let WideVectors { both, x, h } = self.vectors;
        let [reset_0, update_0, reset_1, update_1] = self.next_block(both);
        let [reset_2, update_2, reset_3, update_3] = self.next_block(both);
        let new_x = self.next_block(x);
        let new_h = self.next_block(h);
        let mut sums = [
            [reset_0, update_0, 0, 0],
            [reset_1, update_1, 0, 0],
            [reset_2, update_2, 0, 0],
            [reset_3, update_3, 0, 0],
        ];
        for ((sums, of_x), of_h) in sums.iter_mut().zip(new_x).zip(new_h) {
            let [_, _, new_x, new_h] = sums;
            (*new_x, *new_h) = (of_x, of_h);
        }
        sums
    }

    /// The pre-activation of the next unit of one gate; the rows of four units are a block.
    #[inline(always)]
    pub(crate) fn next_of_1_gate(&mut self) -> i16 {
        let unit = self.next_unit();
        if unit.is_multiple_of(BLOCK_ROWS) {
            self.sums = [self.next_block(self.vectors.both), [0; 4], [0; 4], [0; 4]];
        }
        let [sums, ..] = &self.sums;
        let mut sums = [sums.get(unit % BLOCK_ROWS).copied().unwrap_or(0)];
        self.weights.add_one_hot(&mut sums, &self.weights.row_indices::<1>(unit));
        let [pre_activation] = self.scales.pre_activations([unit], sums);
        pre_activation
    }
}
