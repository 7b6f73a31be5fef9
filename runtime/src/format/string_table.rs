use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{MAX_STRING_BYTES, Tensors, rest, u32_at};
use crate::error::{Error, Field, attempt};

/// Strings between two entries of a table's index.
pub const STRINGS_PER_BLOCK: usize = 16;

/// How many strings a table has, and how many bytes.
///
/// Its tensors are an index, `u32`: where the strings 16, 32, .. start; and the strings one after another, `u8`, each as
/// its length in bytes, at most [`MAX_STRING_BYTES`], and its UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StringTableSize {
    /// Number of strings.
    pub count: u32,
    /// Bytes of all strings with their lengths.
    pub bytes: u32,
}

impl StringTableSize {
    /// Entries of the index.
    #[inline]
    pub const fn index_entries(&self) -> usize {
        (self.count as usize).div_ceil(STRINGS_PER_BLOCK).saturating_sub(1)
    }
}

/// Strings of at most [`MAX_STRING_BYTES`] bytes, read where they lie; found by number, and by content if sorted.
#[derive(Debug, Clone, Copy)]
pub struct StringTable<'m> {
    count: usize,
    /// `u32`, little-endian.
    index: &'m [u8],
    /// The strings with their lengths. A length is an ASCII character, so that all of it is UTF-8.
    text: &'m str,
}

impl<'m> StringTable<'m> {
    pub(crate) const EMPTY: Self = Self { count: 0, index: &[], text: "" };

    /// Borrows and checks a table: index, lengths, UTF-8.
    ///
    /// # Errors
    /// [`Error::Invalid`] with `field` for a string or index entry that is not right (`found`: the number of the string),
    /// and with [`Field::Tensors`] for a table that is longer than the bytes.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn parse(tensors: &mut Tensors<'m>, size: StringTableSize, field: Field) -> Result<Self, Error> {
        let table = Self::read(tensors, size, field);
        attempt!(tensors.result());
        Ok(table)
    }

    /// As [`Self::parse`]; an error is kept by `tensors`, and the table is then empty.
    #[inline]
    pub(crate) const fn read(tensors: &mut Tensors<'m>, size: StringTableSize, field: Field) -> Self {
        let count = size.count as usize;
        let index = tensors.take(size.index_entries(), 4);
        let bytes = tensors.take(size.bytes as usize, 1);
        if tensors.result().is_err() {
            return Self::EMPTY;
        }
        let (text, valid) = match core::str::from_utf8(bytes) {
            Ok(text) => (text, bytes.len()),
            Err(error) => ("", error.valid_up_to()),
        };
        let table = Self { count, index, text };
        if !tensors.need_checks() {
            return table;
        }
        let mut rest = bytes;
        let mut number = 0;
        while number < count {
            let place = bytes.len().wrapping_sub(rest.len());
            let is_start = number % STRINGS_PER_BLOCK == 0;
            rest = match split_string(rest) {
                Some((_, after))
                    if bytes.len().wrapping_sub(after.len()) <= valid
                        && !(is_start && table.block_start(number / STRINGS_PER_BLOCK) != place) =>
                {
                    after
                }
                _ => {
                    tensors.refuse(field, count, number);
                    return Self::EMPTY;
                }
            };
            number += 1;
        }
        tensors.expect(field, bytes.len(), bytes.len().wrapping_sub(rest.len()));
        table
    }

    /// Checks that the strings ascend strictly, by bytes, as [`Self::find`] needs; and that each is one character, if all
    /// are to be.
    #[inline]
    pub(crate) const fn check_vocabulary(&self, tensors: &mut Tensors<'_>, are_characters: bool) {
        if !tensors.need_checks() {
            return;
        }
        let mut strings = self.text.as_bytes();
        let mut previous: Option<&[u8]> = None;
        let mut number = 0;
        while let Some((string, after)) = split_string(strings) {
            if let Some(previous) = previous
                && !matches!(compare(previous, string), Ordering::Less)
            {
                return tensors.refuse(Field::VocabularyOrder, self.count, number);
            }
            if are_characters && count_characters(string) != 1 {
                return tensors.refuse(Field::Vocabulary, self.count, number);
            }
            previous = Some(string);
            strings = after;
            number += 1;
        }
    }

    /// Number of strings.
    #[inline]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no string.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All strings, in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        let mut rest = self.text;
        (0..self.count).map_while(move |_| {
            let (string, after) = split_text(rest)?;
            rest = after;
            Some(string)
        })
    }

    /// The string with this number.
    #[inline]
    pub fn get(&self, number: usize) -> Option<&'m str> {
        if number >= self.count {
            return None;
        }
        let mut rest = self.text.get(self.block_start(number / STRINGS_PER_BLOCK)..)?;
        for _ in 0..number % STRINGS_PER_BLOCK {
            rest = split_text(rest)?.1;
        }
        Some(split_text(rest)?.0)
    }

    /// The number of `string` in a table sorted by bytes, by binary search over the blocks.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn find(&self, string: &[u8]) -> Option<usize> {
        // The first block needs no entry: a string before the first of the second block is in it.
        let (mut block, mut end) = (0, self.index.len() / size_of::<u32>());
        while block < end {
            let middle = block.midpoint(end);
            let first = split_string(self.block(middle.wrapping_add(1)));
            if first.is_some_and(|(first, _)| compare(first, string).is_le()) {
                block = middle.wrapping_add(1);
            } else {
                end = middle;
            }
        }
        let mut rest = self.block(block);
        let start = block.wrapping_mul(STRINGS_PER_BLOCK);
        for number in start..self.count.min(start.wrapping_add(STRINGS_PER_BLOCK)) {
            let (candidate, after) = split_string(rest)?;
            match compare(candidate, string) {
                Ordering::Less => rest = after,
                Ordering::Equal => return Some(number),
                Ordering::Greater => return None,
            }
        }
        None
    }

    /// The strings from the first of a block on.
    #[inline]
    const fn block(&self, block: usize) -> &'m [u8] {
        rest(self.text.as_bytes(), self.block_start(block))
    }

    /// Where the first string of a block starts.
    #[inline]
    const fn block_start(&self, block: usize) -> usize {
        match block.checked_sub(1) {
            None => 0,
            Some(entry) => u32_at(self.index, entry.wrapping_mul(size_of::<u32>())) as usize,
        }
    }
}

/// The first string of `bytes`, and the bytes after it.
#[inline]
const fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes.split_first() {
        Some((length, rest)) if *length as usize <= MAX_STRING_BYTES => rest.split_at_checked(*length as usize),
        _ => None,
    }
}

/// The first string of a checked table's `text`, and the text after it.
#[inline]
fn split_text(text: &str) -> Option<(&str, &str)> {
    let length = text.as_bytes().first()?;
    text.get(1..)?.split_at_checked((*length).into())
}

/// The order of two strings, by bytes. A loop of its own: `memcmp` would be one more function in an image.
#[inline(never)]
const fn compare(mut string: &[u8], mut other: &[u8]) -> Ordering {
    while let (Some((byte, rest)), Some((other_byte, other_rest))) = (string.split_first(), other.split_first()) {
        if *byte != *other_byte {
            return if *byte < *other_byte { Ordering::Less } else { Ordering::Greater };
        }
        (string, other) = (rest, other_rest);
    }
    if string.len() < other.len() {
        Ordering::Less
    } else if string.len() == other.len() {
        Ordering::Equal
    } else {
        Ordering::Greater
    }
}

/// Characters of a string in UTF-8.
#[inline]
const fn count_characters(mut string: &[u8]) -> usize {
    let mut count = 0_usize;
    while let Some((byte, rest)) = string.split_first() {
        if *byte & 0xC0 != 0x80 {
            count = count.wrapping_add(1);
        }
        string = rest;
    }
    count
}
