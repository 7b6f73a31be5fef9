use std::fmt;

use runtime::format::Precision;

use crate::quantize::{Bits, IntegerBits};

/// How the numbers of a model file are stored and computed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportPrecision {
    /// `f32` weights and arithmetic.
    F32,
    /// `f16` weights, `f32` arithmetic.
    F16,
    /// Integers only.
    Integer(IntegerBits),
}

impl ExportPrecision {
    /// What the header of the file says: integers of any bits are computed with alike.
    pub const fn in_file(self) -> Precision {
        match self {
            Self::F32 => Precision::F32,
            Self::F16 => Precision::F16,
            Self::Integer(_) => Precision::Int8,
        }
    }
}

impl From<Precision> for ExportPrecision {
    /// Integers of 8 bits for [`Precision::Int8`].
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::F16 => Self::F16,
            Precision::Int8 => Self::Integer(IntegerBits::all(Bits::Eight)),
        }
    }
}

impl fmt::Display for ExportPrecision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Integer(IntegerBits { weights, embedding }) => match (weights, embedding) {
                (Bits::Eight, Bits::Eight) => "int8",
                (Bits::Eight, Bits::Four) => "int8 with a 4-bit embedding",
                (Bits::Four, Bits::Eight) => "int4 with an 8-bit embedding",
                (Bits::Four, Bits::Four) => "int4",
            },
        })
    }
}
