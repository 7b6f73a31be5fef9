use super::{FIRST_WORD_TOKEN, Parts, UNKNOWN_TOKEN, hash_bytes};
use crate::format::{FingerprintTable, PartRule};

/// The words that a model knows by parts of their hashes: word `n` of its table has token `n + 2`.
///
/// Every word of the vocabulary has its own token; another word is taken for one of them with a probability of about
/// `2^-remainder_bits`. What is left has the token of unknown words, or is composed of two of the rows that follow those
/// of the words, see [`Parts`].
#[derive(Debug, Clone, Copy)]
pub struct FingerprintVocabulary<'m> {
    table: FingerprintTable<'m>,
    parts: Option<Parts>,
}

impl<'m> FingerprintVocabulary<'m> {
    /// The vocabulary of a table; other words are unknown.
    #[inline]
    pub const fn new(table: FingerprintTable<'m>) -> Self {
        Self { table, parts: None }
    }

    /// The vocabulary of a table, and `buckets` rows that other words are composed of, at least one.
    #[inline]
    pub const fn composing(table: FingerprintTable<'m>, rule: PartRule, buckets: u32) -> Self {
        let first_row = table.count.saturating_add(FIRST_WORD_TOKEN);
        Self { table, parts: Some(Parts { rule, first_row, buckets }) }
    }

    /// The vocabulary of a table, and the rows that other words are composed of, which follow those of the table.
    #[inline]
    pub(crate) const fn with_parts(table: FingerprintTable<'m>, parts: Option<Parts>) -> Self {
        Self { table, parts }
    }

    /// The rows that other words are composed of; `None` if they are unknown.
    #[inline]
    pub const fn parts(&self) -> Option<Parts> {
        self.parts
    }

    /// The number of vectors: padding, unknown, one a word, and those that other words are composed of.
    #[inline]
    pub const fn token_count(&self) -> usize {
        let buckets = match self.parts {
            Some(parts) => parts.buckets as usize,
            None => 0,
        };
        (self.table.count as usize).saturating_add(FIRST_WORD_TOKEN as usize).saturating_add(buckets)
    }

    /// The token of `word`, which must be in lower case as [`super::WordTokenizer`] gives it; `None`, a word that
    /// was too long, is unknown.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn token(&self, word: Option<&[u8]>) -> u32 {
        let Some(word) = word else { return UNKNOWN_TOKEN };
        let hash = hash_bytes(word, self.table.seed);
        match (self.table.find(hash), &self.parts) {
            (Some(number), _) => (number as u32).saturating_add(FIRST_WORD_TOKEN),
            (None, Some(parts)) => parts.token(word, self.table.seed, hash),
            (None, None) => UNKNOWN_TOKEN,
        }
    }
}
