//! Vocabularies of which a model file holds parts of hashes, and no strings.

use std::collections::HashSet;

use runtime::format::{BUCKETS_PER_BLOCK, Fingerprint, FingerprintTable, MAX_REMAINDER_BITS, PartRule};
use runtime::text::{FingerprintVocabulary, PADDING_TOKEN, UNKNOWN_TOKEN, hash_word_with_seed};

use super::{Splitting, Vocabulary, WordRule};

/// Most words of a vocabulary: as many are told apart by 32 bits of a hash with one seed in some thousands.
pub const MOST_FINGERPRINTS: usize = 1 << 18;
/// Seeds that are tried with remainders of a length.
const SEEDS: u32 = 20_000;
/// Fewest bits of a remainder.
const FEWEST_BITS: u8 = 6;
/// Bits that a remainder has less than the number of words: about half of so many words as buckets then meet another
/// one, and one seed in some thousands has none that do.
const BITS_SAVED: u8 = 4;

/// The table of a vocabulary as a model file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprints {
    count: u32,
    seed: u32,
    remainder_bits: u8,
    buckets: Vec<u32>,
    index: Vec<u32>,
    remainders: Vec<u8>,
}

/// Words with tokens in the order of their fingerprints, and the table that finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FingerprintedVocabulary {
    vocabulary: Vocabulary,
    fingerprints: Fingerprints,
    /// Rows that other words are composed of; 0: they are unknown.
    subword_buckets: u32,
}

impl Fingerprints {
    /// The table of words in the order of their fingerprints; `None` if they are not, or two have the same.
    fn new(words: &[String], seed: u32, remainder_bits: u8) -> Option<Self> {
        let count = u32::try_from(words.len()).ok()?;
        let sorted: Vec<_> = words.iter().map(|word| fingerprint(word, count, seed, remainder_bits)).collect();
        if !sorted.is_sorted_by(|word, next| word < next) {
            return None;
        }
        let (mut buckets, mut index, mut remainders) = (BitString::default(), Vec::new(), BitString::default());
        let mut number = 0;
        for bucket in 0..count {
            if (bucket as usize).is_multiple_of(BUCKETS_PER_BLOCK) {
                index.push(number);
            }
            while let Some(word) = sorted.get(number as usize).filter(|word| word.quotient == bucket) {
                buckets.push(1, 1);
                remainders.push(word.remainder, remainder_bits);
                number += 1;
            }
            buckets.push(0, 1);
        }
        let buckets = buckets.bytes.chunks(4).map(word_of_bytes).collect();
        Some(Self { count, seed, remainder_bits, buckets, index, remainders: remainders.bytes })
    }

    /// The table as the runtime reads it.
    pub fn table(&self) -> FingerprintTable<'_> {
        let Self { count, seed, remainder_bits, buckets, index, remainders } = self;
        let (count, seed, remainder_bits) = (*count, *seed, *remainder_bits);
        let (buckets, index) = (bytemuck::cast_slice(buckets), bytemuck::cast_slice(index));
        FingerprintTable { count, seed, remainder_bits, buckets, index, remainders }
    }
}

impl FingerprintedVocabulary {
    /// A vocabulary of these words, each once, with the first seed that tells them apart, from 0 on, and remainders as
    /// short as some thousand seeds allow. `None` if there is no such seed.
    pub fn search(words: &[String], rule: WordRule) -> Option<Self> {
        (smallest_bits(words.len())..=MAX_REMAINDER_BITS).find_map(|remainder_bits| {
            let mut met = HashSet::with_capacity(words.len());
            let seed = (0..SEEDS).find(|seed| are_told_apart(words, *seed, remainder_bits, &mut met))?;
            Self::new(words, seed, remainder_bits, rule)
        })
    }

    /// The vocabulary of these words with this seed; `None` if it does not tell them apart.
    pub fn new(words: &[String], seed: u32, remainder_bits: u8, rule: WordRule) -> Option<Self> {
        let count = u32::try_from(words.len()).ok()?;
        let mut words = words.to_vec();
        words.sort_by_cached_key(|word| fingerprint(word, count, seed, remainder_bits));
        let fingerprints = Fingerprints::new(&words, seed, remainder_bits)?;
        let vocabulary = Vocabulary::in_order(Splitting::Words(rule), words);
        Some(Self { vocabulary, fingerprints, subword_buckets: 0 })
    }

    /// The vocabulary with so many rows that other words are composed of, see [`runtime::text::Parts`].
    pub fn with_subword_buckets(self, subword_buckets: u32) -> Self {
        Self { subword_buckets, ..self }
    }

    /// Rows that other words are composed of; 0: they are unknown.
    pub fn subword_buckets(&self) -> u32 {
        self.subword_buckets
    }

    /// Number of vectors: padding, unknown, one a word, and those that other words are composed of.
    pub fn token_count(&self) -> usize {
        self.of_device().token_count()
    }

    /// The words with their tokens.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The table that a model file holds.
    pub fn fingerprints(&self) -> &Fingerprints {
        &self.fingerprints
    }

    /// Seed of the hash.
    pub fn seed(&self) -> u32 {
        self.fingerprints.seed
    }

    /// Bits of a remainder.
    pub fn remainder_bits(&self) -> u8 {
        self.fingerprints.remainder_bits
    }

    /// The tokens of a text, those of the device: a word that is not in the vocabulary may have a known one's.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let known = self.of_device();
        let mut tokens = Vec::new();
        self.vocabulary.splitting().for_each(text, |word| tokens.push(known.token(word.map(str::as_bytes))));
        tokens
    }

    /// What each token would be if its word were not known; none without rows to compose it of.
    pub fn unknown_tokens(&self) -> Vec<u32> {
        let seed = self.seed();
        let Some(parts) = self.of_device().parts() else { return Vec::new() };
        let composed = |word: &String| parts.token(word.as_bytes(), seed, hash_word_with_seed(word, seed));
        [PADDING_TOKEN, UNKNOWN_TOKEN].into_iter().chain(self.vocabulary.words().iter().map(composed)).collect()
    }

    fn of_device(&self) -> FingerprintVocabulary<'_> {
        let table = self.fingerprints.table();
        match self.subword_buckets {
            0 => FingerprintVocabulary::new(table),
            buckets => FingerprintVocabulary::composing(table, PartRule::PrefixAndWord, buckets),
        }
    }
}

/// Bits of a remainder that are tried first.
fn smallest_bits(words: usize) -> u8 {
    let bits = words.next_power_of_two().trailing_zeros() as u8;
    bits.saturating_sub(BITS_SAVED).max(FEWEST_BITS)
}

/// Whether no two words have the same fingerprint; `met` is emptied first.
fn are_told_apart(words: &[String], seed: u32, remainder_bits: u8, met: &mut HashSet<Fingerprint>) -> bool {
    met.clear();
    words.iter().all(|word| met.insert(fingerprint(word, words.len() as u32, seed, remainder_bits)))
}

fn fingerprint(word: &str, count: u32, seed: u32, remainder_bits: u8) -> Fingerprint {
    Fingerprint::new(hash_word_with_seed(word, seed), count, remainder_bits)
}

/// Bits one after another, the lowest of a byte first.
#[derive(Default)]
struct BitString {
    bytes: Vec<u8>,
    length: usize,
}

impl BitString {
    /// Appends the lowest `bits` bits of `value`, the lowest first.
    fn push(&mut self, value: u32, bits: u8) {
        for bit in 0..bits {
            if self.length.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> bit & 1) as u8) << (self.length % 8);
            }
            self.length += 1;
        }
    }
}

/// The little-endian word of at most four bytes.
fn word_of_bytes(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use runtime::text::{FIRST_WORD_TOKEN, composed_rows};

    use super::*;

    const RULE: WordRule = WordRule::WithMarks;

    fn words(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("word{number}")).collect()
    }

    #[test]
    fn the_runtime_finds_every_word_of_a_vocabulary_of_any_size() {
        for count in [0, 1, 2, 31, 32, 127, 128, 129, 1_000, 4_097] {
            let known = FingerprintedVocabulary::search(&words(count), RULE).unwrap();
            assert_eq!(known.fingerprints().table().check(), Ok(()), "{count} words");
            let all = known.vocabulary().words();
            assert_eq!(all.len(), count);
            for (word, token) in all.iter().zip(FIRST_WORD_TOKEN..) {
                assert_eq!(known.encode(word), [token], "{word} of {count}");
                assert_eq!(known.vocabulary().token(word), Some(token));
            }
        }
    }

    #[test]
    fn a_remainder_has_four_bits_less_than_the_number_of_words_and_at_least_six() {
        assert_eq!([0, 1, 1024, 1025, 4096, 4097, 16_000, 1 << 18].map(smallest_bits), [6, 6, 6, 7, 8, 9, 10, 14]);
        assert_eq!(FingerprintedVocabulary::search(&words(4_096), RULE).unwrap().remainder_bits(), 8);
    }

    #[test]
    fn words_beside_the_vocabulary_are_rarely_taken_for_known_ones() {
        let known = FingerprintedVocabulary::search(&words(4_096), RULE).unwrap();
        let text: String = (0..100_000).map(|number| format!("other{number} ")).collect();
        let taken = known.encode(&text).iter().filter(|token| **token != UNKNOWN_TOKEN).count();
        // Binomial of mean 100,000 / 256: within five standard deviations.
        assert!((292..=489).contains(&taken), "{taken}");
        assert_eq!(known.encode(&"x".repeat(65)), [UNKNOWN_TOKEN]);
    }

    #[test]
    fn a_word_is_composed_of_the_same_rows_whether_it_is_not_known_or_dropped() {
        let known = FingerprintedVocabulary::search(&words(300), RULE).unwrap().with_subword_buckets(50);
        assert_eq!(known.token_count(), 352);
        let fewer = FingerprintedVocabulary::new(&words(0), known.seed(), known.remainder_bits(), RULE).unwrap();
        let dropped = known.unknown_tokens();
        assert_eq!((dropped.len(), &dropped[..2]), (302, &[0, 1][..]));
        for (word, dropped) in known.vocabulary().words().iter().zip(&dropped[2..]) {
            let rows = composed_rows(*dropped).unwrap();
            assert!(rows.iter().all(|row| (302..352).contains(row)), "{rows:?}");
            let alone = fewer.clone().with_subword_buckets(50).encode(word)[0];
            assert_eq!(composed_rows(alone).unwrap().map(|row| row + 300), rows, "{word}");
        }
        assert!(fewer.unknown_tokens().is_empty());
    }

    #[test]
    fn two_words_of_one_fingerprint_are_told_apart_by_another_seed_or_not_at_all() {
        let known = FingerprintedVocabulary::search(&words(500), RULE).unwrap();
        let (seed, bits) = (known.seed(), known.remainder_bits());
        assert_eq!(FingerprintedVocabulary::new(&words(500), seed, bits, RULE), Some(known));
        assert!((0..seed).all(|seed| FingerprintedVocabulary::new(&words(500), seed, bits, RULE).is_none()));
        assert_eq!(FingerprintedVocabulary::search(&["on".into(), "on".into()], RULE), None);
    }
}
