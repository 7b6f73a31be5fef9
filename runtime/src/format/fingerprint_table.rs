use serde::{Deserialize, Serialize};

use super::Tensors;
use crate::error::{Error, Field, expect, expect_within, invalid};

/// Buckets between two entries of a table's index.
pub const BUCKETS_PER_BLOCK: usize = 128;
/// Most words of a table.
pub const MAX_FINGERPRINTS: usize = 1 << 24;
/// Most bits of a remainder.
pub const MAX_REMAINDER_BITS: u8 = 24;

/// How many words a table of fingerprints has, and how their hashes are stored.
///
/// Its tensors are, in this order:
/// - `buckets`, `u32`: a string of `2 * count` bits, the lowest of a word first: for each bucket a 1 for each of its
///   words, then a 0;
/// - `index`, `u32`, one for every [`BUCKETS_PER_BLOCK`] buckets: words in the buckets before;
/// - `remainders`, `u8`: a string of `remainder_bits` bits a word, the lowest of a byte first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerprintTableSize {
    /// Number of words, at most [`MAX_FINGERPRINTS`]; there are as many buckets.
    pub count: u32,
    /// Seed of the hash.
    pub seed: u32,
    /// Bits of a remainder, 1 to [`MAX_REMAINDER_BITS`].
    pub remainder_bits: u8,
}

impl FingerprintTableSize {
    /// Words of 32 bits that `buckets` takes.
    pub const fn bucket_words(&self) -> usize {
        (self.count as usize).saturating_mul(2).div_ceil(u32::BITS as usize)
    }

    /// Entries of `index`.
    pub const fn index_entries(&self) -> usize {
        (self.count as usize).div_ceil(BUCKETS_PER_BLOCK)
    }

    /// Bytes of `remainders`.
    pub const fn remainder_bytes(&self) -> usize {
        (self.count as usize).saturating_mul(self.remainder_bits as usize).div_ceil(8)
    }
}

/// What is stored of the hash of a word; words are in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint {
    /// Its bucket: the hash as a share of 2^32, in units of one bucket.
    pub quotient: u32,
    /// The lowest bits of the hash.
    pub remainder: u32,
}

impl Fingerprint {
    /// That of a hash in a table of `count` words with remainders of `remainder_bits` bits, at most 31.
    ///
    /// # Panics
    /// Never.
    pub const fn new(hash: u32, count: u32, remainder_bits: u8) -> Self {
        let quotient = (hash as u64).wrapping_mul(count as u64) >> 32;
        Self { quotient: quotient as u32, remainder: hash & 1_u32.wrapping_shl(remainder_bits as u32).wrapping_sub(1) }
    }
}

/// A sorted list of hashes, of which a bucket and a remainder are stored, read where it lies; a hash is found by its
/// content.
///
/// A hash is taken for a word's if it has the word's [`Fingerprint`]: a chance one with a probability of about
/// `2^-remainder_bits`.
///
/// # Source
/// Elias (1974), Efficient storage and retrieval by content and address of static files; Cleary (1984), Compact hash
/// tables using bidirectional linear probing.
#[derive(Debug, Clone, Copy)]
pub struct FingerprintTable<'m> {
    /// As in [`FingerprintTableSize`].
    pub count: u32,
    /// As in [`FingerprintTableSize`].
    pub seed: u32,
    /// As in [`FingerprintTableSize`].
    pub remainder_bits: u8,
    /// As in [`FingerprintTableSize`].
    pub buckets: &'m [u32],
    /// As in [`FingerprintTableSize`].
    pub index: &'m [u32],
    /// As in [`FingerprintTableSize`].
    pub remainders: &'m [u8],
}

impl<'m> FingerprintTable<'m> {
    /// Borrows and checks a table.
    ///
    /// # Errors
    /// As [`Self::check`], and what [`Tensors::take`] returns.
    pub(crate) fn parse(tensors: &mut Tensors<'m>, size: FingerprintTableSize) -> Result<Self, Error> {
        let FingerprintTableSize { count, seed, remainder_bits } = size;
        check_sizes(count, remainder_bits)?;
        let table = Self {
            count,
            seed,
            remainder_bits,
            buckets: tensors.take(size.bucket_words())?,
            index: tensors.take(size.index_entries())?,
            remainders: tensors.take(size.remainder_bytes())?,
        };
        table.check()?;
        Ok(table)
    }

    /// Checks what [`Self::find`] relies on: as many words and buckets as `count`, the index, the order of the
    /// remainders in each bucket, and that unused bits are 0.
    ///
    /// # Errors
    /// [`Error::Invalid`] with [`Field::Vocabulary`], [`Field::RemainderBits`] or [`Field::VocabularyOrder`].
    ///
    /// # Panics
    /// Never.
    pub fn check(&self) -> Result<(), Error> {
        check_sizes(self.count, self.remainder_bits)?;
        let count = self.count as usize;
        let wrong = |number| invalid(Field::Vocabulary, count, number);
        let (mut number, mut place) = (0, 0);
        for bucket in 0..count {
            if bucket % BUCKETS_PER_BLOCK == 0 && self.block_start(bucket / BUCKETS_PER_BLOCK) != Some(number) {
                return Err(wrong(number));
            }
            let mut previous = None;
            while self.bit(place).ok_or(wrong(number))? {
                if number == count {
                    return Err(wrong(number + 1));
                }
                let remainder = Some(self.remainder(number));
                if previous >= remainder {
                    return Err(invalid(Field::VocabularyOrder, count, number));
                }
                previous = remainder;
                number += 1;
                place += 1;
            }
            place += 1;
        }
        expect(Field::Vocabulary, count, number)?;
        let after_buckets = self.buckets.last().map_or(0, |last| unused(*last, place, u32::BITS));
        let after_remainders = number * self.remainder_bits as usize;
        let after_remainders =
            self.remainders.last().map_or(0, |last| unused((*last).into(), after_remainders, u8::BITS));
        expect(Field::Vocabulary, 0, after_buckets as usize)?;
        expect(Field::Vocabulary, 0, after_remainders as usize)
    }

    /// The number of the word that a hash is taken for. A table that was not checked may find another one than it
    /// should, or none.
    ///
    /// # Panics
    /// Never.
    pub fn find(&self, hash: u32) -> Option<usize> {
        let Fingerprint { quotient, remainder } = Fingerprint::new(hash, self.count, self.remainder_bits);
        let (block, buckets) = (quotient as usize / BUCKETS_PER_BLOCK, quotient as usize % BUCKETS_PER_BLOCK);
        let mut number = self.block_start(block)?;
        let mut place = number.wrapping_add(block * BUCKETS_PER_BLOCK);
        for _ in 0..buckets {
            while self.bit(place)? {
                number = number.wrapping_add(1);
                place = place.wrapping_add(1);
            }
            place = place.wrapping_add(1);
        }
        while self.bit(place)? {
            if self.remainder(number) == remainder {
                return Some(number);
            }
            number = number.wrapping_add(1);
            place = place.wrapping_add(1);
        }
        None
    }

    /// Words in the buckets before a block.
    fn block_start(&self, block: usize) -> Option<usize> {
        self.index.get(block).map(|number| *number as usize)
    }

    fn bit(&self, place: usize) -> Option<bool> {
        let bits = self.buckets.get(place / u32::BITS as usize)?;
        Some(bits >> (place % u32::BITS as usize) & 1 == 1)
    }

    /// The remainder of a word; its bits beyond the end of the table are 0.
    fn remainder(&self, number: usize) -> u32 {
        let place = number.wrapping_mul(self.remainder_bits as usize);
        let mut bits = 0;
        for (byte, shift) in self.remainders.get(place / 8..).unwrap_or_default().iter().zip([0, 8, 16, 24]) {
            bits |= u32::from(*byte) << shift;
        }
        Fingerprint::new(bits >> (place % 8), 0, self.remainder_bits).remainder
    }
}

fn check_sizes(count: u32, remainder_bits: u8) -> Result<(), Error> {
    expect_within(Field::Vocabulary, 0, MAX_FINGERPRINTS, count as usize)?;
    expect_within(Field::RemainderBits, 1, MAX_REMAINDER_BITS as usize, remainder_bits as usize)
}

/// The bits of the last of some words of `size` bits that lie after the first `used` bits of all of them.
fn unused(last: u32, used: usize, size: u32) -> u32 {
    match used as u32 % size {
        0 => 0,
        used => last >> used,
    }
}
