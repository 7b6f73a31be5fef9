//! From the last layer's outputs to one vector.

use super::arithmetic::Arithmetic;
use super::fill;
use crate::format::Pooling;

/// Most steps that a mean counts: so many hidden states fit into an accumulator.
const MOST_SUMMED: u32 = 65_535;

/// Takes in one step's output after `summed` others, and counts it.
///
/// When a mean has as many steps as it can count, their sum and their number are halved first: every later step has
/// its whole weight, and the earlier ones fade. The count of other poolings stops there.
#[inline]
pub(crate) fn pool_update<A: Arithmetic>(
    pooling: Pooling,
    so_far: &mut [A::Sum],
    output: &[A::State],
    summed: &mut u32,
) {
    let is_first = *summed == 0;
    if *summed >= MOST_SUMMED {
        *summed = MOST_SUMMED.div_ceil(2);
        if pooling == Pooling::Mean {
            so_far.iter_mut().for_each(A::halve);
        }
    }
    *summed = summed.saturating_add(1);
    let so_far = so_far.iter_mut().zip(output);
    match pooling {
        Pooling::Last => {}
        Pooling::Mean => so_far.for_each(|(sum, value)| A::pool_sum(sum, *value)),
        Pooling::Max => so_far.for_each(|(largest, value)| A::pool_largest(largest, *value, is_first)),
    }
}

/// The pooled vector after so many steps; with [`Pooling::Last`] the caller has written it.
#[inline]
pub(crate) fn pool<A: Arithmetic>(pooling: Pooling, pooled: &mut [A::State], so_far: &[A::Sum], summed: u32) {
    match pooling {
        Pooling::Last => {}
        Pooling::Max => fill(pooled, so_far.iter().map(|largest| A::largest(*largest))),
        Pooling::Mean => fill(pooled, so_far.iter().map(|sum| A::mean(*sum, summed.max(1)))),
    }
}
