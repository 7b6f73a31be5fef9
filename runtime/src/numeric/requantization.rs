use super::{requantize, saturate_i16};

/// What turns the accumulators of an int8 matrix into numbers again, see [`requantize`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requantization<'a> {
    /// One a result.
    pub(crate) bias: &'a [i32],
    /// One a result.
    pub(crate) multipliers: &'a [i16],
    pub(crate) accumulator_shift: u8,
    /// Fraction bits of the state whose range was measured.
    pub(crate) state_fraction_bits: u8,
}

impl<'a> Requantization<'a> {
    /// Takes away the biases of the first four results and their multipliers, two a word.
    #[cfg(any(not(cortex_m_dsp), test))]
    #[inline(always)]
    pub(crate) fn take_4(&mut self) -> Option<(&'a [i32; 4], &'a [u32; 2])> {
        let (bias, biases) = self.bias.split_first_chunk::<4>()?;
        let (multipliers, rest) = self.multipliers.split_first_chunk::<4>()?;
        (self.bias, self.multipliers) = (biases, rest);
        Some((bias, bytemuck::try_cast_ref(multipliers).ok()?))
    }

    /// A sum with the bias of its result, in the units of the result.
    #[inline(always)]
    pub(crate) fn result(&self, result: usize, sum: i32) -> i32 {
        let bias = self.bias.get(result).copied().unwrap_or(0);
        let multiplier = self.multipliers.get(result).copied().unwrap_or(0);
        requantize(sum.wrapping_add(bias), multiplier, self.accumulator_shift)
    }

    /// [`Self::result`] for each of some results, each the nearest `i16`.
    #[inline(always)]
    pub(crate) fn pre_activations<const RESULTS: usize>(
        &self,
        results: [usize; RESULTS],
        sums: [i32; RESULTS],
    ) -> [i16; RESULTS] {
        let mut pre_activations = [0; RESULTS];
        for ((target, sum), result) in pre_activations.iter_mut().zip(sums).zip(results) {
            *target = saturate_i16(self.result(result, sum));
        }
        pre_activations
    }
}
