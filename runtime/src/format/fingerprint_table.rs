use serde::{Deserialize, Serialize};

use super::{MAX_FINGERPRINTS, MAX_REMAINDER_BITS, Tensors, rest, u32_at};
use crate::error::{Error, Field, attempt, expect, expect_within, invalid};

/// Buckets between two entries of a table's index.
pub const BUCKETS_PER_BLOCK: usize = 128;

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
    #[inline]
    pub const fn bucket_words(&self) -> usize {
        (self.count as usize).saturating_mul(2).div_ceil(u32::BITS as usize)
    }

    /// Entries of `index`.
    #[inline]
    pub const fn index_entries(&self) -> usize {
        (self.count as usize).div_ceil(BUCKETS_PER_BLOCK)
    }

    /// Bytes of `remainders`.
    #[inline]
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
    #[inline]
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
    /// As in [`FingerprintTableSize`], little-endian.
    pub buckets: &'m [u8],
    /// As in [`FingerprintTableSize`], little-endian.
    pub index: &'m [u8],
    /// As in [`FingerprintTableSize`].
    pub remainders: &'m [u8],
}

impl<'m> FingerprintTable<'m> {
    /// Borrows and checks a table: errors as [`Self::check`], kept by `tensors`.
    #[inline]
    pub(crate) const fn read(tensors: &mut Tensors<'m>, size: FingerprintTableSize) -> Self {
        let FingerprintTableSize { count, seed, remainder_bits } = size;
        tensors.keep(check_sizes(count, remainder_bits));
        let buckets = tensors.take(size.bucket_words(), size_of::<u32>());
        let index = tensors.take(size.index_entries(), size_of::<u32>());
        let remainders = tensors.take(size.remainder_bytes(), 1);
        if tensors.need_checks() {
            tensors.keep(Self { count, seed, remainder_bits, buckets, index, remainders }.check());
        }
        // Not the one that was checked, which would be copied.
        Self { count, seed, remainder_bits, buckets, index, remainders }
    }

    /// Checks what [`Self::find`] relies on: as many words and buckets as `count`, the index, the order of the
    /// remainders in each bucket, and that unused bits are 0.
    ///
    /// # Errors
    /// [`Error::Invalid`] with [`Field::Vocabulary`], [`Field::RemainderBits`] or [`Field::VocabularyOrder`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn check(&self) -> Result<(), Error> {
        attempt!(check_sizes(self.count, self.remainder_bits));
        let count = self.count as usize;
        let (mut number, mut place, mut bucket) = (0, 0, 0);
        while bucket < count {
            if bucket % BUCKETS_PER_BLOCK == 0 && self.block_start(bucket / BUCKETS_PER_BLOCK) != number {
                return Err(invalid(Field::Vocabulary, count, number));
            }
            // One more than the largest remainder so far; 0 before the first.
            let mut next = 0;
            loop {
                match self.bit(place) {
                    Some(true) if number == count => return Err(invalid(Field::Vocabulary, count, number + 1)),
                    Some(true) => {}
                    Some(false) => break,
                    None => return Err(invalid(Field::Vocabulary, count, number)),
                }
                let remainder = self.remainder(number);
                if remainder < next {
                    return Err(invalid(Field::VocabularyOrder, count, number));
                }
                next = remainder + 1;
                number += 1;
                place += 1;
            }
            place += 1;
            bucket += 1;
        }
        attempt!(expect(Field::Vocabulary, count, number));
        attempt!(expect(Field::Vocabulary, 0, unused(self.buckets, place) as usize));
        expect(Field::Vocabulary, 0, unused(self.remainders, number * self.remainder_bits as usize) as usize)
    }

    /// The number of the word that a hash is taken for. A table that was not checked may find another one than it
    /// should, or none.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn find(&self, hash: u32) -> Option<usize> {
        let Fingerprint { quotient, remainder } = Fingerprint::new(hash, self.count, self.remainder_bits);
        let (block, buckets) = (quotient as usize / BUCKETS_PER_BLOCK, quotient as usize % BUCKETS_PER_BLOCK);
        let mut number = self.block_start(block);
        let mut place = number.wrapping_add(block.wrapping_mul(BUCKETS_PER_BLOCK));
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
    #[inline]
    const fn block_start(&self, block: usize) -> usize {
        u32_at(self.index, block.wrapping_mul(size_of::<u32>())) as usize
    }

    #[inline]
    const fn bit(&self, place: usize) -> Option<bool> {
        match rest(self.buckets, place / 8).first() {
            Some(bits) => Some(*bits >> (place % 8) & 1 == 1),
            None => None,
        }
    }

    /// The remainder of a word; its bits beyond the end of the table are 0.
    #[inline]
    const fn remainder(&self, number: usize) -> u32 {
        let place = number.wrapping_mul(self.remainder_bits as usize);
        let (mut bits, mut shift) = (0, 0);
        let mut bytes = rest(self.remainders, place / 8);
        while let Some((byte, after)) = bytes.split_first()
            && shift < u32::BITS
        {
            bits |= (*byte as u32) << shift;
            shift += 8;
            bytes = after;
        }
        Fingerprint::new(bits >> (place % 8), 0, self.remainder_bits).remainder
    }
}

#[inline]
const fn check_sizes(count: u32, remainder_bits: u8) -> Result<(), Error> {
    attempt!(expect_within(Field::Vocabulary, 0, MAX_FINGERPRINTS, count as usize));
    expect_within(Field::RemainderBits, 1, MAX_REMAINDER_BITS as usize, remainder_bits as usize)
}

/// What lies after the first `used` bits of a string of bits that ends within its last 32 bits.
#[inline]
const fn unused(bits: &[u8], used: usize) -> u8 {
    let mut unused = 0;
    let mut place = used;
    while let Some(byte) = rest(bits, place / 8).first() {
        unused |= *byte >> (place % 8);
        place = (place / 8 + 1) * 8;
    }
    unused
}
