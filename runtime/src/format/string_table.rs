use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::Tensors;
use crate::error::{Error, Field, expect, invalid};

/// Strings between two entries of a table's index.
pub const STRINGS_PER_BLOCK: usize = 16;

/// How many strings a table has, and how many bytes.
///
/// Its tensors are an index, `u32`: where the strings 16, 32, .. start; and the strings one after another, `u8`, each as
/// its length in bytes and its UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StringTableSize {
    /// Number of strings.
    pub count: u32,
    /// Bytes of all strings with their lengths.
    pub bytes: u32,
}

impl StringTableSize {
    /// Entries of the index.
    pub const fn index_entries(&self) -> usize {
        (self.count as usize).div_ceil(STRINGS_PER_BLOCK).saturating_sub(1)
    }
}

/// Strings of at most 255 bytes, read where they lie; found by number, and by content if sorted.
#[derive(Debug, Clone, Copy)]
pub struct StringTable<'m> {
    count: usize,
    index: &'m [u32],
    bytes: &'m [u8],
}

impl<'m> StringTable<'m> {
    /// Borrows and checks a table: index, lengths, UTF-8.
    ///
    /// # Errors
    /// [`Error::Invalid`] with `field` for a string or index entry that is not right (`found`: the number
    /// of the string), and what [`Tensors::take`] returns.
    pub fn parse(tensors: &mut Tensors<'m>, size: StringTableSize, field: Field) -> Result<Self, Error> {
        let count = size.count as usize;
        let index: &[u32] = tensors.take(size.index_entries())?;
        let bytes = tensors.take_bytes(size.bytes as usize)?;
        let table = Self { count, index, bytes };
        let mut rest: &[u8] = bytes;
        for number in 0..count {
            let is_at_its_place = !number.is_multiple_of(STRINGS_PER_BLOCK)
                || table.block_start(number / STRINGS_PER_BLOCK) == Some(bytes.len().wrapping_sub(rest.len()));
            let string = split_string(rest).filter(|_| is_at_its_place);
            let (string, after) = string.ok_or(invalid(field, count, number))?;
            core::str::from_utf8(string).map_err(|_| invalid(field, count, number))?;
            rest = after;
        }
        expect(field, bytes.len(), bytes.len().wrapping_sub(rest.len()))?;
        Ok(table)
    }

    /// Number of strings.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no string.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All strings, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        let mut rest = self.bytes;
        (0..self.count).map_while(move |_| {
            let (string, after) = split_string(rest)?;
            rest = after;
            core::str::from_utf8(string).ok()
        })
    }

    /// The string with this number.
    pub fn get(&self, number: usize) -> Option<&'m str> {
        let mut rest = self.block(number / STRINGS_PER_BLOCK)?;
        for _ in 0..number % STRINGS_PER_BLOCK {
            rest = split_string(rest)?.1;
        }
        core::str::from_utf8(split_string(rest)?.0).ok()
    }

    /// The number of `string` in a table sorted by bytes, by binary search over the blocks.
    ///
    /// # Panics
    /// Never.
    pub fn find(&self, string: &[u8]) -> Option<usize> {
        // The first block needs no entry: a string before the first of the second block is in it.
        let block = self.index.partition_point(|start| {
            let first = self.bytes.get(*start as usize..).and_then(split_string);
            first.is_some_and(|(first, _)| first <= string)
        });
        let mut rest = self.block(block)?;
        let start = block * STRINGS_PER_BLOCK;
        for number in start..self.count.min(start + STRINGS_PER_BLOCK) {
            let (candidate, after) = split_string(rest)?;
            match candidate.cmp(string) {
                Ordering::Less => rest = after,
                Ordering::Equal => return Some(number),
                Ordering::Greater => return None,
            }
        }
        None
    }

    /// Checks that the strings ascend strictly, by bytes, as [`Self::find`] needs.
    pub(crate) fn check_sorted(&self, field: Field) -> Result<(), Error> {
        let mut previous: Option<&str> = None;
        for (number, string) in self.iter().enumerate() {
            if previous.is_some_and(|previous| previous >= string) {
                return Err(invalid(field, self.count, number));
            }
            previous = Some(string);
        }
        Ok(())
    }

    fn block(&self, block: usize) -> Option<&'m [u8]> {
        self.bytes.get(self.block_start(block)?..)
    }

    /// Where the first string of a block starts.
    fn block_start(&self, block: usize) -> Option<usize> {
        match block.checked_sub(1) {
            None => Some(0),
            Some(entry) => self.index.get(entry).map(|start| *start as usize),
        }
    }
}

/// The first string of `bytes`, and the bytes after it.
fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(*length as usize)
}
