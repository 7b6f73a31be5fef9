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
}

impl DataType {
    /// Bytes of an element.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
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
        expect(Field::TensorType, T::DATA_TYPE as usize, tensor.data_type as usize)?;
        expect(Field::TensorLength, elements, tensor.elements as usize)?;
        let start = tensor.offset as usize;
        expect(Field::TensorOffset, 0, start % ALIGNMENT)?;
        let outside = invalid(Field::TensorOffset, self.0.len(), start);
        let length = elements.checked_mul(size_of::<T>()).ok_or(outside)?;
        let end = start.checked_add(length).ok_or(outside)?;
        let bytes = self.0.get(start..end).ok_or(outside)?;
        bytemuck::try_cast_slice(bytes).map_err(|_| Error::Misaligned { required: ALIGNMENT as u32 })
    }
}
