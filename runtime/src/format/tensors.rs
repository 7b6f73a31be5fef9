use super::{round_up, slice};
use crate::error::{Error, Field, expect, invalid};

/// Takes the tensors of a file, one after another, as bytes.
///
/// Part one says how many elements each tensor has and in which order the tensors come. Each starts at the next multiple
/// of the file's alignment, and the last one ends where the tensors do.
#[derive(Debug, Clone)]
pub struct Tensors<'m> {
    bytes: &'m [u8],
    place: usize,
    alignment: usize,
}

impl<'m> Tensors<'m> {
    /// The tensors in these bytes, which start at a multiple of `alignment`, a power of two.
    #[inline]
    pub const fn new(bytes: &'m [u8], alignment: usize) -> Self {
        Self { bytes, place: 0, alignment }
    }

    /// The next tensor, of so many elements of `size` bytes.
    ///
    /// # Errors
    /// [`Error::Invalid`] with [`Field::Tensors`] if it does not end within the bytes (expected: where it ends).
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn take(&mut self, elements: usize, size: usize) -> Result<&'m [u8], Error> {
        let length = elements.saturating_mul(size);
        // A tensor without an element lies nowhere.
        if length == 0 {
            return Ok(&[]);
        }
        let start = round_up(self.place, self.alignment);
        let end = start.saturating_add(length);
        match slice(self.bytes, start, end) {
            Some(taken) => {
                self.place = end;
                Ok(taken)
            }
            None => Err(invalid(Field::Tensors, end, self.bytes.len())),
        }
    }

    /// Checks that nothing is left over.
    ///
    /// # Errors
    /// [`Error::Invalid`] with [`Field::Tensors`].
    #[inline]
    pub const fn end(&self) -> Result<(), Error> {
        expect(Field::Tensors, self.place, self.bytes.len())
    }
}
