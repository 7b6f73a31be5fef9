use super::arithmetic::Arithmetic;
use crate::error::Error;
use crate::format::Tensors;

/// What turns sums of products into results: a bias, and for int8 a multiplier, for each result.
pub(crate) struct Results<'m, A: Arithmetic> {
    pub(crate) bias: &'m [A::Bias],
    pub(crate) scales: A::Scales<'m>,
}

/// The numbers of an int8 model that all results of a matrix share; 0 in float.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shifts {
    pub(crate) accumulator_shift: u8,
    pub(crate) state_fraction_bits: u8,
    /// Largest number of fraction bits that the state may have.
    pub(crate) largest_fraction_bits: u8,
}

impl<'m, A: Arithmetic> Results<'m, A> {
    /// Borrows the biases and scales of so many results; the biases are not checked.
    pub(crate) fn parse(tensors: &mut Tensors<'m>, results: usize, shifts: Shifts) -> Result<Self, Error> {
        Ok(Self { bias: tensors.take(results)?, scales: A::parse_scales(tensors, results, shifts)? })
    }
}
