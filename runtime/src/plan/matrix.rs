use super::bounds::check_numbers;
use crate::error::Field;
use crate::format::{Feature, Precision, Tensors, rest};

/// How the numbers of a matrix are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberFormat {
    /// `f32`.
    F32,
    /// `f16`.
    F16,
    /// `i8`.
    I8,
    /// `i4`: two numbers a byte, the first in the low half; each row starts at a byte.
    I4,
    /// `i8`, packed by [`crate::format::HalfWords`]: rows do not lie one after another.
    HalfWords,
}

impl NumberFormat {
    /// The format of a matrix of so many bits a number, which is refused if the precision does not have them.
    #[inline]
    pub(crate) const fn read(tensors: &mut Tensors<'_>, precision: Precision, bits: u8) -> Self {
        let whole = Self::whole(precision);
        if Feature::Int4.is_built() && bits == 4 && !precision.is_float() {
            return Self::I4;
        }
        tensors.expect(Field::Bits, whole.bytes(1) * 8, bits as usize);
        whole
    }

    /// The format of the head's weights and of one-hot tokens' weights, which never have 4 bits.
    #[inline]
    pub(crate) const fn whole(precision: Precision) -> Self {
        match precision {
            Precision::F32 if Feature::Float.is_built() => Self::F32,
            Precision::F16 if Feature::Float.is_built() => Self::F16,
            _ => Self::I8,
        }
    }

    /// Whether numbers are floats.
    #[inline]
    pub(super) const fn is_float(self) -> bool {
        Feature::Float.is_built() && matches!(self, Self::F32 | Self::F16)
    }

    /// The largest magnitude of an integer.
    #[inline]
    pub(super) const fn largest(self) -> usize {
        match self {
            Self::I4 if Feature::Int4.is_built() => 7,
            _ => 127,
        }
    }

    /// Bytes of `columns` numbers.
    #[inline]
    pub(crate) const fn bytes(self, columns: usize) -> usize {
        match self {
            Self::F32 if Feature::Float.is_built() => columns.saturating_mul(4),
            Self::F16 if Feature::Float.is_built() => columns.saturating_mul(2),
            Self::I4 if Feature::Int4.is_built() => columns.div_ceil(2),
            _ => columns,
        }
    }
}

/// A matrix that is read where it lies, row after row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'m> {
    pub(crate) format: NumberFormat,
    pub(crate) bytes: &'m [u8],
    /// Numbers of a row.
    pub(crate) columns: usize,
}

impl<'m> Matrix<'m> {
    /// A matrix without an element.
    #[inline]
    pub(super) const fn empty(bytes: &'m [u8]) -> Self {
        Self { format: NumberFormat::I8, bytes, columns: 0 }
    }

    /// The next tensor as a matrix, whose numbers are checked one by one.
    #[inline]
    pub(crate) const fn take(tensors: &mut Tensors<'m>, format: NumberFormat, rows: usize, columns: usize) -> Self {
        Self { format, bytes: take_numbers(tensors, format, rows, format.bytes(columns)), columns }
    }

    /// Bytes of a row.
    #[inline]
    pub(crate) const fn stride(&self) -> usize {
        self.format.bytes(self.columns)
    }

    /// Values of a vector that a row is multiplied with: one a column, and one for the unused half of the last byte.
    #[inline]
    pub(crate) const fn width(&self) -> usize {
        match self.format {
            NumberFormat::I4 if Feature::Int4.is_built() => self.columns.wrapping_add(self.columns & 1),
            _ => self.columns,
        }
    }

    /// The bytes of a row; none of a row that does not exist.
    #[inline]
    pub(crate) const fn row(&self, row: usize) -> &'m [u8] {
        match rest(self.bytes, row.wrapping_mul(self.stride())).split_at_checked(self.stride()) {
            Some((row, _)) => row,
            None => &[],
        }
    }
}

/// The next tensor, of rows of so many bytes, whose numbers are checked one by one. Not inlined, because it is called for each
/// matrix; returns no matrix, which would be copied.
#[inline(never)]
const fn take_numbers<'m>(tensors: &mut Tensors<'m>, format: NumberFormat, rows: usize, stride: usize) -> &'m [u8] {
    let bytes = tensors.take(rows, stride);
    if tensors.need_checks() {
        check_numbers(tensors, format, bytes, stride);
    }
    bytes
}
