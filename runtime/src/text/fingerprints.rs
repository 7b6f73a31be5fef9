use super::{FIRST_WORD_TOKEN, UNKNOWN_TOKEN, hash_word_with_seed};
use crate::format::FingerprintTable;

/// The words that a model knows by parts of their hashes: word `n` of its table has token `n + 2`.
///
/// Every word of the vocabulary has its own token; another word is taken for one of them with a probability of about
/// `2^-remainder_bits`.
#[derive(Debug, Clone, Copy)]
pub struct FingerprintVocabulary<'m> {
    table: FingerprintTable<'m>,
}

impl<'m> FingerprintVocabulary<'m> {
    /// The vocabulary of a table.
    pub const fn new(table: FingerprintTable<'m>) -> Self {
        Self { table }
    }

    /// The number of tokens: padding, unknown, and one a word.
    pub const fn token_count(&self) -> usize {
        (self.table.count as usize).saturating_add(FIRST_WORD_TOKEN as usize)
    }

    /// The token of `word`, which must be in lower case as [`super::WordTokenizer`] gives it; `None`, a word that
    /// was too long, is unknown.
    ///
    /// # Panics
    /// Never.
    pub fn token(&self, word: Option<&str>) -> u32 {
        word.and_then(|word| self.table.find(hash_word_with_seed(word, self.table.seed)))
            .map_or(UNKNOWN_TOKEN, |number| (number as u32).saturating_add(FIRST_WORD_TOKEN))
    }
}
