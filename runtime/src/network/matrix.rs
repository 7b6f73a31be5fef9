use super::arithmetic::Arithmetic;
use super::rows::Rows;
use crate::error::{Error, Field, saturated};
use crate::format::{Int8Scales, Tensor, Tensors};

/// The sizes of a [`Matrix`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatrixShape {
    /// Rows of weights.
    pub(crate) rows: usize,
    /// Weights of a row.
    pub(crate) columns: usize,
    /// Biases, and multipliers of an int8 model: one a row, but for a GRU.
    pub(crate) results: usize,
}

/// Where the parts of a [`Matrix`] lie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatrixParts<'a> {
    pub(crate) weights: &'a Tensor,
    pub(crate) bias: &'a Tensor,
    pub(crate) scales: Option<&'a Int8Scales>,
    /// Largest number of fraction bits of the state that the scales speak of.
    pub(crate) largest_fraction_bits: u8,
}

/// A weight matrix with a bias, and for int8 a scale, for each result.
pub(crate) struct Matrix<'m, A: Arithmetic> {
    pub(crate) rows: Rows<'m, A>,
    pub(crate) bias: &'m [A::Bias],
    pub(crate) scales: A::Scales<'m>,
}

impl<'m, A: Arithmetic> Matrix<'m, A> {
    /// Borrows the parts; what they hold is not checked but for the scales.
    pub(crate) fn parse(tensors: &Tensors<'m>, shape: MatrixShape, parts: MatrixParts<'_>) -> Result<Self, Error> {
        let MatrixShape { rows, columns, results } = shape;
        Ok(Self {
            rows: A::parse_rows(tensors, parts.weights, rows, columns)?,
            bias: tensors.view(parts.bias, results)?,
            scales: A::parse_scales(tensors, parts.scales, results, parts.largest_fraction_bits)?,
        })
    }

    /// The weights of a row, as items; none for a row that does not exist.
    pub(crate) fn row(&self, row: usize) -> &'m [A::Item] {
        self.rows.row(row)
    }
}

/// The error of an int8 model's fields in a float model, or the reverse.
pub(crate) fn precision_mismatch(expected: u16, found: u16) -> Error {
    Error::Invalid { field: Field::Precision, expected: saturated(expected.into()), found: saturated(found.into()) }
}
