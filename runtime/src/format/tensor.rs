use bytemuck::AnyBitPattern;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Field, expect, invalid};

/// Every tensor, and the file itself in memory, starts at a multiple of this many bytes.
pub const ALIGNMENT: usize = 16;

/// The type of a tensor's elements, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataType {
    /// Unsigned bytes.
    U8,
    /// Signed 8-bit integers.
    I8,
    /// Signed 16-bit integers.
    I16,
    /// Signed 32-bit integers.
    I32,
    /// Unsigned 32-bit integers.
    U32,
    /// IEEE 754 binary16.
    F16,
    /// IEEE 754 binary32.
    F32,
    /// Signed 4-bit integers, two in a byte: the first in its low half.
    I4,
}

impl DataType {
    /// Bits of an element.
    pub const fn bits(self) -> usize {
        match self {
            Self::I4 => 4,
            Self::U8 | Self::I8 => 8,
            Self::I16 | Self::F16 => 16,
            Self::I32 | Self::U32 | Self::F32 => 32,
        }
    }

    /// Bytes of so many elements; saturates.
    pub const fn bytes(self, elements: usize) -> usize {
        match self {
            Self::I4 => elements.div_ceil(2),
            _ => elements.saturating_mul(self.bits() / 8),
        }
    }
}

/// A Rust type that a tensor of a [`DataType`] is read as.
pub trait Element: AnyBitPattern {
    /// Its data type in a file.
    const DATA_TYPE: DataType;
}

macro_rules! element {
    ($($rust:ty => $data_type:ident),* $(,)?) => {
        $(impl Element for $rust { const DATA_TYPE: DataType = DataType::$data_type; })*
    };
}
element!(u8 => U8, i8 => I8, i16 => I16, i32 => I32, u32 => U32, f32 => F32);
#[cfg(feature = "float")]
element!(half::f16 => F16);

/// Where a tensor lies in a file, and what it is made of; its shape follows from the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tensor {
    /// Type of the elements.
    pub data_type: DataType,
    /// Bytes from the start of the tensors, a multiple of [`ALIGNMENT`].
    pub offset: u32,
    /// Number of elements.
    pub elements: u32,
}

impl Tensor {
    /// Bytes of its elements.
    pub const fn length(&self) -> usize {
        self.data_type.bytes(self.elements as usize)
    }
}

/// The bytes of all tensors of a file.
#[derive(Debug, Clone, Copy)]
pub struct Tensors<'m>(pub(crate) &'m [u8]);

impl<'m> Tensors<'m> {
    /// The elements of `tensor`, borrowed from the file.
    ///
    /// # Errors
    /// [`Error::Invalid`] if type, number or place are not as expected or outside of the file;
    /// [`Error::Misaligned`] if the file itself is.
    ///
    /// # Panics
    /// Never.
    pub fn view<T: Element>(&self, tensor: &Tensor, elements: usize) -> Result<&'m [T], Error> {
        let bytes = self.bytes(tensor, T::DATA_TYPE, elements)?;
        bytemuck::try_cast_slice(bytes).map_err(|_| Error::Misaligned { required: ALIGNMENT as u32 })
    }

    /// The bytes of `tensor`, as [`Self::view`] checks it.
    pub(crate) fn bytes(&self, tensor: &Tensor, data_type: DataType, elements: usize) -> Result<&'m [u8], Error> {
        expect(Field::TensorType, data_type as usize, tensor.data_type as usize)?;
        expect(Field::TensorLength, elements, tensor.elements as usize)?;
        let start = tensor.offset as usize;
        expect(Field::TensorOffset, 0, start % ALIGNMENT)?;
        let outside = invalid(Field::TensorOffset, self.0.len(), start);
        let end = start.checked_add(data_type.bytes(elements)).ok_or(outside)?;
        self.0.get(start..end).ok_or(outside)
    }
}
