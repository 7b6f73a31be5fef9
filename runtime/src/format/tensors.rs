use bytemuck::AnyBitPattern;

use super::SMALLEST_ALIGNMENT;
use super::round_up;
use crate::error::{Error, Field, expect, invalid};

/// Takes the tensors of a file, one after another.
///
/// Part one says how many elements each tensor has and in which order they come; each starts at the next multiple of
/// the file's alignment, and the last one ends where the tensors do.
#[derive(Debug, Clone)]
pub struct Tensors<'m> {
    bytes: &'m [u8],
    place: usize,
    alignment: usize,
}

impl<'m> Tensors<'m> {
    /// The tensors in these bytes, which start at a multiple of `alignment`, a power of two.
    pub const fn new(bytes: &'m [u8], alignment: usize) -> Self {
        Self { bytes, place: 0, alignment }
    }

    /// The next tensor, of so many elements.
    ///
    /// # Errors
    /// [`Error::Invalid`] with [`Field::Tensors`] if it does not end within the bytes (expected: where it ends);
    /// [`Error::Misaligned`] if the file itself is.
    ///
    /// # Panics
    /// Never.
    pub fn take<T: AnyBitPattern>(&mut self, elements: usize) -> Result<&'m [T], Error> {
        let bytes = self.take_bytes(elements.saturating_mul(size_of::<T>()))?;
        // The slice of nothing need not be aligned.
        if bytes.is_empty() {
            return Ok(&[]);
        }
        bytemuck::try_cast_slice(bytes).map_err(|_| Error::Misaligned { required: SMALLEST_ALIGNMENT as u32 })
    }

    /// The next tensor, of so many bytes.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_bytes(&mut self, length: usize) -> Result<&'m [u8], Error> {
        let start = round_up(self.place, self.alignment);
        let end = start.saturating_add(length);
        // A tensor without an element lies nowhere.
        if length == 0 {
            return Ok(&[]);
        }
        let taken = self.bytes.get(start..end).ok_or(invalid(Field::Tensors, end, self.bytes.len()))?;
        self.place = end;
        Ok(taken)
    }

    /// Checks that nothing is left over.
    ///
    /// # Errors
    /// [`Error::Invalid`] with [`Field::Tensors`].
    pub fn end(&self) -> Result<(), Error> {
        expect(Field::Tensors, self.place, self.bytes.len())
    }
}
