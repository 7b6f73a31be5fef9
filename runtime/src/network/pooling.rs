//! From the last layer's outputs to one vector.

use super::arithmetic::Arithmetic;
use super::fill;
use crate::format::Pooling;

/// Takes in one step's output; `first`: nothing has been gathered yet.
#[inline(never)]
pub(crate) fn gather<A: Arithmetic>(pooling: Pooling, gathered: &mut [A::Sum], output: &[A::State], first: bool) {
    let gathered = gathered.iter_mut().zip(output);
    match pooling {
        Pooling::Last => {}
        Pooling::Mean => gathered.for_each(|(sum, value)| A::gather_sum(sum, *value)),
        Pooling::Max => gathered.for_each(|(largest, value)| A::gather_largest(largest, *value, first)),
    }
}

/// The pooled vector of what was gathered over `steps` steps; with [`Pooling::Last`] nothing was, and the caller
/// has written it.
#[inline(never)]
pub(crate) fn pool<A: Arithmetic>(pooling: Pooling, pooled: &mut [A::State], gathered: &[A::Sum], steps: u32) {
    match pooling {
        Pooling::Last => {}
        Pooling::Max => fill(pooled, gathered.iter().map(|largest| A::largest(*largest))),
        Pooling::Mean => fill(pooled, gathered.iter().map(|sum| A::mean(*sum, steps.max(1)))),
    }
}
