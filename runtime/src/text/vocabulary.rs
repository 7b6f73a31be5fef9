use crate::error::{Error, Field, invalid};
use crate::format::{StringTable, StringTableRef, Tensors};

/// The token of padding; no word has it.
pub const PADDING_TOKEN: u32 = 0;
/// The token of every word or character that the model does not know.
pub const UNKNOWN_TOKEN: u32 = 1;
/// The token of the first word of the vocabulary, the first character of the alphabet, the first bucket, byte 0.
pub const FIRST_WORD_TOKEN: u32 = 2;

/// The words or the characters that a model knows, sorted by bytes; number `n` has token `n + 2`.
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

    /// Borrows and checks the alphabet of a file: a vocabulary whose words are one character each.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub(crate) fn parse_alphabet(tensors: &Tensors<'m>, characters: &StringTableRef) -> Result<Self, Error> {
        let alphabet = Self::parse(tensors, characters)?;
        for (number, character) in alphabet.words().enumerate() {
            if character.chars().count() != 1 {
                return Err(invalid(Field::Vocabulary, alphabet.words.len(), number));
            }
        }
        Ok(alphabet)
    }

    /// The number of tokens: padding, unknown, and one a word or character.
    pub fn token_count(&self) -> usize {
        self.words.len() + FIRST_WORD_TOKEN as usize
    }

    /// The words or characters, sorted by bytes.
    pub fn words(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        self.words.iter()
    }

    /// The token of `word`, which must be in lower case as [`super::WordTokenizer`] gives it; `None`, a
    /// word that was too long, is unknown.
    ///
    /// # Panics
    /// Never.
    pub fn token(&self, word: Option<&[u8]>) -> u32 {
        word.and_then(|word| self.words.find(word)).map_or(UNKNOWN_TOKEN, |number| number as u32 + FIRST_WORD_TOKEN)
    }

    /// The token of `character`, which must be in lower case as [`super::CharacterTokenizer`] gives it; `None`,
    /// what is not UTF-8, is unknown.
    ///
    /// # Panics
    /// Never.
    pub fn character_token(&self, character: Option<char>) -> u32 {
        let mut bytes = [0; 4];
        self.token(character.map(|character| character.encode_utf8(&mut bytes).as_bytes()))
    }
}
