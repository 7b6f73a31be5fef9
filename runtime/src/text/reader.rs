use super::{
    CharacterTokenizer, FIRST_WORD_TOKEN, FingerprintVocabulary, UNKNOWN_TOKEN, Vocabulary, WordTokenizer, hash_word,
};

/// Number of tokens of a model of bytes: padding, unknown, and one a byte.
const BYTE_TOKENS: usize = 256 + FIRST_WORD_TOKEN as usize;

/// How text becomes tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TextInput<'m> {
    /// Words of a vocabulary.
    Words(Vocabulary<'m>),
    /// Words numbered by their hash, at least one bucket.
    HashedWords { buckets: u32 },
    /// Words known by parts of their hashes.
    FingerprintedWords(FingerprintVocabulary<'m>),
    /// Characters of an alphabet.
    Characters(Vocabulary<'m>),
    /// Bytes.
    Bytes,
}

impl<'m> TextInput<'m> {
    pub(crate) fn token_count(&self) -> usize {
        match self {
            Self::Words(known) | Self::Characters(known) => known.token_count(),
            Self::HashedWords { buckets } => (*buckets as usize).saturating_add(FIRST_WORD_TOKEN as usize),
            Self::FingerprintedWords(known) => known.token_count(),
            Self::Bytes => BYTE_TOKENS,
        }
    }

    /// The words or characters that are known by name.
    pub(crate) fn vocabulary(&self) -> Option<&Vocabulary<'m>> {
        match self {
            Self::Words(known) | Self::Characters(known) => Some(known),
            Self::HashedWords { .. } | Self::FingerprintedWords(_) | Self::Bytes => None,
        }
    }

    fn word_token(&self, word: Option<&str>) -> u32 {
        match (self, word) {
            (Self::Words(vocabulary), word) => vocabulary.token(word),
            (Self::FingerprintedWords(vocabulary), word) => vocabulary.token(word),
            (Self::HashedWords { buckets }, Some(word)) => {
                let bucket = hash_word(word).checked_rem(*buckets).unwrap_or(0);
                bucket.saturating_add(FIRST_WORD_TOKEN)
            }
            _ => UNKNOWN_TOKEN,
        }
    }

    fn character_token(&self, character: Option<char>) -> u32 {
        match self {
            Self::Characters(alphabet) => alphabet.character_token(character),
            _ => UNKNOWN_TOKEN,
        }
    }
}

/// What of a text is not a token yet.
#[derive(Debug, Clone)]
pub(crate) enum TextReader {
    Words(WordTokenizer),
    Characters(CharacterTokenizer),
    Bytes,
}

impl TextReader {
    /// A reader at the start of a text.
    pub(crate) const fn new(input: &TextInput<'_>) -> Self {
        match input {
            TextInput::Words(_) | TextInput::HashedWords { .. } | TextInput::FingerprintedWords(_) => {
                Self::Words(WordTokenizer::new())
            }
            TextInput::Characters(_) => Self::Characters(CharacterTokenizer::new()),
            TextInput::Bytes => Self::Bytes,
        }
    }

    /// Takes in the next bytes of the text and calls `emit` with every token that is complete.
    pub(crate) fn push(&mut self, input: &TextInput<'_>, bytes: &[u8], mut emit: impl FnMut(u32)) {
        match self {
            Self::Words(words) => words.push(bytes, |word| emit(input.word_token(word))),
            Self::Characters(characters) => {
                characters.push(bytes, |character| emit(input.character_token(character)));
            }
            Self::Bytes => bytes.iter().for_each(|byte| emit(u32::from(*byte) + FIRST_WORD_TOKEN)),
        }
    }

    /// Ends the text: what has begun is a token, if it is one at all.
    pub(crate) fn finish(&mut self, input: &TextInput<'_>, mut emit: impl FnMut(u32)) {
        match self {
            Self::Words(words) => words.finish(|word| emit(input.word_token(word))),
            Self::Characters(characters) => characters.finish(|character| emit(input.character_token(character))),
            Self::Bytes => {}
        }
    }

    /// Forgets what has begun.
    pub(crate) fn reset(&mut self) {
        match self {
            Self::Words(words) => words.reset(),
            Self::Characters(characters) => characters.reset(),
            Self::Bytes => {}
        }
    }
}
