use crate::error::Field;
use crate::format::{StringTable, StringTableSize, Tensors};

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
    /// Borrows and checks the vocabulary of a file; `tensors` keeps the error of a table that is damaged or not sorted.
    /// `are_characters`: each word is one character, as in an alphabet.
    #[inline]
    pub(crate) const fn read(tensors: &mut Tensors<'m>, words: StringTableSize, are_characters: bool) -> Self {
        let words = StringTable::read(tensors, words, Field::Vocabulary);
        words.check_vocabulary(tensors, are_characters);
        Self { words }
    }

    /// The number of tokens: padding, unknown, and one a word or character.
    #[inline]
    pub const fn token_count(&self) -> usize {
        self.words.len() + FIRST_WORD_TOKEN as usize
    }

    /// The words or characters, sorted by bytes.
    #[inline]
    pub fn words(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        self.words.iter()
    }

    /// The token of `word`, which must be in lower case as [`super::WordTokenizer`] gives it; `None`, a
    /// word that was too long, is unknown.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn token(&self, word: Option<&[u8]>) -> u32 {
        word.and_then(|word| self.words.find(word)).map_or(UNKNOWN_TOKEN, |number| number as u32 + FIRST_WORD_TOKEN)
    }

    /// The token of `character`, which must be in lower case as [`super::CharacterTokenizer`] gives it; `None`,
    /// what is not UTF-8, is unknown.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn character_token(&self, character: Option<char>) -> u32 {
        let mut bytes = [0; 4];
        self.token(character.map(|character| character.encode_utf8(&mut bytes).as_bytes()))
    }
}
