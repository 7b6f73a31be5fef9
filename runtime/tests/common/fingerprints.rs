//! Tables of fingerprints as FORMAT.md has them.

use runtime::format::{Fingerprint, FingerprintTable};
use runtime::text::hash_word_with_seed;

/// A table, and the fingerprints of its words in the order of their numbers.
#[derive(Debug, Clone)]
pub(crate) struct Fingerprints {
    pub(crate) seed: u32,
    pub(crate) remainder_bits: u8,
    pub(crate) sorted: Vec<Fingerprint>,
    pub(crate) buckets: Vec<u32>,
    pub(crate) index: Vec<u32>,
    pub(crate) remainders: Vec<u8>,
}

impl Fingerprints {
    /// The table of the first seed from `seed` on with which no two words are the same.
    pub(crate) fn of(words: &[String], seed: u32, remainder_bits: u8) -> Self {
        (seed..).find_map(|seed| Self::with_seed(words, seed, remainder_bits)).unwrap()
    }

    fn with_seed(words: &[String], seed: u32, remainder_bits: u8) -> Option<Self> {
        let count = words.len() as u32;
        let fingerprint = |word: &String| Fingerprint::new(hash_word_with_seed(word, seed), count, remainder_bits);
        let mut sorted: Vec<_> = words.iter().map(fingerprint).collect();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() < words.len() {
            return None;
        }
        let (mut bits, mut index) = (Vec::new(), Vec::new());
        for bucket in 0..count {
            let start = sorted.partition_point(|word| word.quotient < bucket);
            let words = sorted[start..].iter().take_while(|word| word.quotient == bucket).count();
            if bucket % 128 == 0 {
                index.push(start as u32);
            }
            bits.extend(vec![true; words]);
            bits.push(false);
        }
        let remainder_bit = |place: usize| {
            let (word, bit) = (place / usize::from(remainder_bits), place % usize::from(remainder_bits));
            sorted[word].remainder >> bit & 1 == 1
        };
        let remainders: Vec<bool> = (0..words.len() * usize::from(remainder_bits)).map(remainder_bit).collect();
        let number = |bits: &[bool]| bits.iter().rev().fold(0_u32, |number, bit| number << 1 | u32::from(*bit));
        Some(Self {
            seed,
            remainder_bits,
            buckets: bits.chunks(32).map(number).collect(),
            index,
            remainders: remainders.chunks(8).map(|bits| number(bits) as u8).collect(),
            sorted,
        })
    }

    pub(crate) fn table(&self) -> FingerprintTable<'_> {
        FingerprintTable {
            count: self.sorted.len() as u32,
            seed: self.seed,
            remainder_bits: self.remainder_bits,
            buckets: bytemuck::cast_slice(&self.buckets),
            index: bytemuck::cast_slice(&self.index),
            remainders: &self.remainders,
        }
    }

    /// The token of a word, by comparing it with every word of the table.
    pub(crate) fn token(&self, word: &str) -> u32 {
        let count = self.sorted.len() as u32;
        let wanted = Fingerprint::new(hash_word_with_seed(word, self.seed), count, self.remainder_bits);
        self.sorted.iter().position(|word| *word == wanted).map_or(1, |number| number as u32 + 2)
    }
}
