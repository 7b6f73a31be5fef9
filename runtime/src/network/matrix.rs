use super::arithmetic::Arithmetic;
use crate::error::{Error, Field, invalid, saturated};
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
    pub(crate) weights: &'m [A::Weight],
    pub(crate) bias: &'m [A::Bias],
    pub(crate) scales: A::Scales<'m>,
    pub(crate) columns: usize,
}

impl<'m, A: Arithmetic> Matrix<'m, A> {
    /// Borrows the parts; what they hold is not checked but for the scales.
    pub(crate) fn parse(tensors: &Tensors<'m>, shape: MatrixShape, parts: MatrixParts<'_>) -> Result<Self, Error> {
        let MatrixShape { rows, columns, results } = shape;
        let elements = rows.checked_mul(columns).ok_or(invalid(Field::TensorLength, usize::MAX, rows))?;
        Ok(Self {
            weights: tensors.view(parts.weights, elements)?,
            bias: tensors.view(parts.bias, results)?,
            scales: A::parse_scales(tensors, parts.scales, results, parts.largest_fraction_bits)?,
            columns,
        })
    }

    /// The weights of a row; none for a row that does not exist.
    pub(crate) fn row(&self, row: usize) -> &'m [A::Weight] {
        let start = row.wrapping_mul(self.columns);
        self.weights.get(start..start.wrapping_add(self.columns)).unwrap_or_default()
    }
}

/// The error of an int8 model's fields in a float model, or the reverse.
pub(crate) fn precision_mismatch(expected: u16, found: u16) -> Error {
    Error::Invalid { field: Field::Precision, expected: saturated(expected.into()), found: saturated(found.into()) }
}
