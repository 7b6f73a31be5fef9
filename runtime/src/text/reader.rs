use super::words::WordSplitter;
use super::{CharacterTokenizer, FIRST_WORD_TOKEN, FingerprintVocabulary, UNKNOWN_TOKEN, Vocabulary, hash_bytes};
use crate::format::{Feature, WordRule};

/// Number of tokens of a model of bytes: padding, unknown, and one a byte.
const BYTE_TOKENS: usize = 256 + FIRST_WORD_TOKEN as usize;

/// How text becomes tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TextInput<'m> {
    /// Words of a vocabulary.
    Words { rule: WordRule, known: Vocabulary<'m> },
    /// Words numbered by their hash, at least one bucket.
    HashedWords { rule: WordRule, buckets: u32 },
    /// Words known by parts of their hashes.
    FingerprintedWords { rule: WordRule, known: FingerprintVocabulary<'m> },
    /// Characters of an alphabet.
    Characters(Vocabulary<'m>),
    /// Bytes.
    Bytes,
}

impl<'m> TextInput<'m> {
    #[inline]
    pub(crate) const fn token_count(&self) -> usize {
        match self {
            Self::Words { known, .. } | Self::Characters(known) => known.token_count(),
            Self::HashedWords { buckets, .. } => (*buckets as usize).saturating_add(FIRST_WORD_TOKEN as usize),
            Self::FingerprintedWords { known, .. } => known.token_count(),
            Self::Bytes => BYTE_TOKENS,
        }
    }

    /// The words or characters that are known by name.
    #[inline]
    pub(crate) fn vocabulary(&self) -> Option<&Vocabulary<'m>> {
        match self {
            Self::Words { known, .. } | Self::Characters(known) => Some(known),
            Self::HashedWords { .. } | Self::FingerprintedWords { .. } | Self::Bytes => None,
        }
    }

    /// What a word is; of no meaning without words.
    #[inline]
    const fn rule(&self) -> WordRule {
        match self {
            Self::Words { rule, .. } | Self::HashedWords { rule, .. } | Self::FingerprintedWords { rule, .. } => *rule,
            Self::Characters(_) | Self::Bytes => WordRule::Ascii,
        }
    }

    #[inline]
    fn word_token(&self, word: Option<&[u8]>) -> u32 {
        match (self, word) {
            (Self::Words { known, .. }, word) if Feature::Words.is_built() => known.token(word),
            (Self::FingerprintedWords { known, .. }, word) if Feature::Fingerprints.is_built() => known.token(word),
            (Self::HashedWords { buckets, .. }, Some(word)) if Feature::Hashed.is_built() => {
                let bucket = hash_bytes(word, 0).checked_rem(*buckets).unwrap_or(0);
                bucket.saturating_add(FIRST_WORD_TOKEN)
            }
            _ => UNKNOWN_TOKEN,
        }
    }

    #[inline]
    fn character_token(&self, character: Option<char>) -> u32 {
        match self {
            Self::Characters(alphabet) if Feature::Characters.is_built() => alphabet.character_token(character),
            _ => UNKNOWN_TOKEN,
        }
    }
}

/// What of a text is not a token yet.
///
/// It has room for each kind that this build reads, and no variant that holds one of them: a variant would be moved into its
/// place, which takes `memcpy` in an image.
#[derive(Debug, Clone)]
pub(crate) struct TextReader {
    words: [WordSplitter; Feature::HAS_WORDS as usize],
    characters: [CharacterTokenizer; Feature::Characters.is_built() as usize],
}

impl TextReader {
    /// The start of a text.
    pub(crate) const NEW: Self = Self {
        words: [const { WordSplitter::NEW }; Feature::HAS_WORDS as usize],
        characters: [const { CharacterTokenizer::new() }; Feature::Characters.is_built() as usize],
    };

    /// Takes in the next bytes of the text and calls `emit` with every token that is complete.
    #[inline]
    pub(crate) fn push(&mut self, input: &TextInput<'_>, bytes: &[u8], mut emit: impl FnMut(u32)) {
        match (input, self.words.as_mut_slice(), self.characters.as_mut_slice()) {
            (TextInput::Characters(_), _, [characters]) => {
                characters.push(bytes, |character| emit(input.character_token(character)));
            }
            (TextInput::Bytes, _, _) if Feature::Bytes.is_built() => {
                bytes.iter().for_each(|byte| emit(u32::from(*byte) + FIRST_WORD_TOKEN));
            }
            (_, [words], _) => words.push(input.rule(), bytes, |word| emit(input.word_token(word))),
            _ => {}
        }
    }

    /// Calls `emit` with the token that would be next if the text ended here, if there is one. Changes nothing.
    #[inline]
    pub(crate) fn pending(&self, input: &TextInput<'_>, mut emit: impl FnMut(u32)) {
        match (input, self.words.as_slice(), self.characters.as_slice()) {
            (TextInput::Characters(_), _, [characters]) => {
                characters.pending(|character| emit(input.character_token(character)));
            }
            (TextInput::Bytes, _, _) if Feature::Bytes.is_built() => {}
            (_, [words], _) => words.pending(|word| emit(input.word_token(word))),
            _ => {}
        }
    }

    /// Forgets what has begun.
    #[inline]
    pub(crate) fn reset(&mut self) {
        for words in &mut self.words {
            words.finish(|_| {});
        }
        for characters in &mut self.characters {
            characters.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    /// The tokens that pieces of a text complete, and those that are pending after each piece.
    fn tokens(input: &TextInput<'_>, pieces: &[&[u8]]) -> (Vec<u32>, Vec<Vec<u32>>) {
        let (mut reader, mut tokens, mut pending) = (TextReader::NEW, Vec::new(), Vec::new());
        for piece in pieces {
            reader.push(input, piece, |token| tokens.push(token));
            let mut found = Vec::new();
            reader.pending(input, |token| found.push(token));
            pending.push(found);
        }
        (tokens, pending)
    }

    #[test]
    fn what_is_pending_is_told_and_kept() {
        let hashed = |word: &[u8]| FIRST_WORD_TOKEN + hash_bytes(word, 0) % 100;
        let input = TextInput::HashedWords { rule: WordRule::LowercaseAlphanumeric, buckets: 100 };
        let (complete, pending) = tokens(&input, &[b"On", b"e ", b"\xc3", b"\xa9", b" \xc3"]);
        assert_eq!(complete, [hashed(b"one"), hashed("é".as_bytes())]);
        assert_eq!(pending, [&[hashed(b"on")][..], &[], &[], &[hashed("é".as_bytes())], &[]]);
        assert_eq!(tokens(&TextInput::Bytes, &[b"a"]), (std::vec![99], std::vec![std::vec![]]));
    }

    #[test]
    fn the_rule_of_the_input_decides_what_a_word_is() {
        let count = |rule, text: &[u8]| {
            let input = TextInput::HashedWords { rule, buckets: 1 << 24 };
            let (complete, pending) = tokens(&input, &[text]);
            [complete, pending.concat()].concat()
        };
        let hashed = |word: &[u8]| FIRST_WORD_TOKEN + hash_bytes(word, 0) % (1 << 24);
        let text = "E\u{301}—".as_bytes();
        assert_eq!(count(WordRule::LowercaseAlphanumeric, text), [hashed(b"e")]);
        assert_eq!(count(WordRule::LowercaseWithMarks, text), [hashed("e\u{301}".as_bytes())]);
        assert_eq!(count(WordRule::Ascii, text), [hashed("e\u{301}—".as_bytes())]);
    }
}
