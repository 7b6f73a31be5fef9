use crate::error::{Error, Field};
use crate::format::{StringTable, StringTableRef, Tensors};

/// The token of padding; no word has it.
pub const PADDING_TOKEN: u32 = 0;
/// The token of every word that is not in the vocabulary.
pub const UNKNOWN_TOKEN: u32 = 1;
/// The token of the first word of the vocabulary.
pub const FIRST_WORD_TOKEN: u32 = 2;

/// The words that a model knows, sorted by bytes; word `n` has token `n + 2`.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'m> {
    words: StringTable<'m>,
}

impl<'m> Vocabulary<'m> {
    /// Borrows and checks the vocabulary of a file.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a table that is damaged or not sorted.
    pub(crate) fn parse(tensors: &Tensors<'m>, words: &StringTableRef) -> Result<Self, Error> {
        let words = StringTable::parse(tensors, words, Field::Vocabulary)?;
        words.check_sorted(Field::VocabularyOrder)?;
        Ok(Self { words })
    }

    /// The number of tokens: padding, unknown, and one a word.
    pub fn token_count(&self) -> usize {
        self.words.len() + FIRST_WORD_TOKEN as usize
    }

    /// The words, sorted by bytes.
    pub fn words(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        self.words.iter()
    }

    /// The token of `word`, which must be in lower case as [`super::WordTokenizer`] gives it; `None`, a
    /// word that was too long, is unknown.
    ///
    /// # Panics
    /// Never.
    pub fn token(&self, word: Option<&str>) -> u32 {
        word.and_then(|word| self.words.find(word.as_bytes()))
            .map_or(UNKNOWN_TOKEN, |number| number as u32 + FIRST_WORD_TOKEN)
    }
}
