use super::{round_up, slice};
use crate::error::{Error, Field, invalid};

/// Takes the tensors of a file, one after another, as bytes.
///
/// Part one says how many elements each tensor has and in which order the tensors come. Each starts at the next multiple
/// of the file's alignment, and the last one ends where the tensors do.
///
/// The first error is kept: after it every tensor is empty. One look at it at the end tells, and is less code
/// than one after each check.
#[derive(Debug, Clone)]
pub struct Tensors<'m> {
    bytes: &'m [u8],
    place: usize,
    alignment: usize,
    result: Result<(), Error>,
    /// Whether each number in them has passed its check before.
    are_verified: bool,
}

impl<'m> Tensors<'m> {
    /// The tensors in these bytes, which start at a multiple of `alignment`, a power of two.
    #[inline]
    pub const fn new(bytes: &'m [u8], alignment: usize) -> Self {
        Self::of_file(bytes, alignment, false)
    }

    /// [`Self::new`], of numbers that may have passed their checks before.
    #[inline]
    pub(crate) const fn of_file(bytes: &'m [u8], alignment: usize, are_verified: bool) -> Self {
        Self { bytes, place: 0, alignment, result: Ok(()), are_verified }
    }

    /// Whether the numbers are to be checked one by one.
    #[inline]
    pub(crate) const fn need_checks(&self) -> bool {
        !self.are_verified && self.result.is_ok()
    }

    /// The next tensor, of so many elements of `size` bytes; [`Field::Tensors`] is refused if it does not end within the
    /// bytes (expected: where it ends).
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub(crate) const fn take(&mut self, elements: usize, size: usize) -> &'m [u8] {
        let length = elements.saturating_mul(size);
        // A tensor without an element lies nowhere.
        if length == 0 {
            return &[];
        }
        let start = round_up(self.place, self.alignment);
        let end = start.saturating_add(length);
        match slice(self.bytes, start, end) {
            Some(taken) if self.result.is_ok() => {
                self.place = end;
                taken
            }
            _ => {
                self.refuse(Field::Tensors, end, self.bytes.len());
                &[]
            }
        }
    }

    /// Refuses a field, unless an error is known already.
    #[cold]
    #[inline(never)]
    pub(crate) const fn refuse(&mut self, field: Field, expected: usize, found: usize) {
        if self.result.is_ok() {
            self.result = Err(invalid(field, expected, found));
        }
    }

    /// Refuses a field that is not what it must be.
    #[inline]
    pub(crate) const fn expect(&mut self, field: Field, expected: usize, found: usize) {
        self.expect_within(field, expected, expected, found);
    }

    /// Refuses a field that is smaller or larger than it may be.
    #[inline(never)]
    pub(crate) const fn expect_within(&mut self, field: Field, smallest: usize, largest: usize, found: usize) {
        if found < smallest || found > largest {
            self.refuse(field, if found < smallest { smallest } else { largest }, found);
        }
    }

    /// Keeps the error of a check, unless one is known already.
    #[inline]
    pub(crate) const fn keep(&mut self, checked: Result<(), Error>) {
        if self.result.is_ok() {
            self.result = checked;
        }
    }

    /// The first error so far.
    #[inline]
    pub(crate) const fn result(&self) -> Result<(), Error> {
        self.result
    }

    /// Refuses what is left over.
    #[inline]
    pub(crate) const fn end(&mut self) {
        self.expect(Field::Tensors, self.place, self.bytes.len());
    }
}
