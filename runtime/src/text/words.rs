use heapless::String;

use super::utf8::Utf8Decoder;

/// Longest word, in bytes of its lower-case UTF-8; a longer one is an unknown word.
pub const MAX_WORD_BYTES: usize = 64;

/// Splits a stream of UTF-8 into words.
///
/// A word is a maximal run of alphanumeric characters (Unicode properties `Alphabetic` or `Numeric`, as
/// [`char::is_alphanumeric`] has them), each mapped to lower case ([`char::to_lowercase`], which does not
/// look at neighbours). Every other character separates words and is dropped: "Don't" is `don` and `t`,
/// "20°C" is `20` and `c`. Text is taken as it comes, without normalization. Bytes that are not UTF-8
/// separate words. A script without spaces (Chinese, Japanese, Thai) gives one word a run.
///
/// Text may arrive in chunks of any size, cut anywhere, inside a character too: the words are the same.
///
/// # Examples
/// ```
/// let mut words = Vec::new();
/// let mut tokenizer = runtime::text::WordTokenizer::new();
/// for chunk in [&b"Caf\xc3"[..], b"\xa9 No", b".7"] {
///     tokenizer.push(chunk, |word| words.extend(word.map(String::from)));
/// }
/// tokenizer.finish(|word| words.extend(word.map(String::from)));
/// assert_eq!(words, ["café", "no", "7"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct WordTokenizer {
    word: Word,
    decoder: Utf8Decoder,
}

/// A word that has begun.
#[derive(Debug, Clone, Default)]
struct Word {
    lower: String<MAX_WORD_BYTES>,
    too_long: bool,
}

impl WordTokenizer {
    /// A tokenizer at the start of a text.
    pub const fn new() -> Self {
        Self { word: Word { lower: String::new(), too_long: false }, decoder: Utf8Decoder::new() }
    }

    /// Takes in the next bytes of the text and calls `emit` for every word that has ended: with the word
    /// in lower case, or with `None` for one longer than [`MAX_WORD_BYTES`].
    ///
    /// # Panics
    /// Never.
    pub fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(Option<&str>)) {
        let Self { word, decoder } = self;
        for byte in bytes {
            decoder.push(*byte, &mut |character| word.take(character, &mut emit));
        }
    }

    /// Ends the text: the word that has begun is complete. A new text may follow.
    ///
    /// # Panics
    /// Never.
    pub fn finish(&mut self, mut emit: impl FnMut(Option<&str>)) {
        self.decoder.reset();
        self.word.end(&mut emit);
    }

    /// Forgets what has begun.
    pub fn reset(&mut self) {
        self.finish(|_| {});
    }
}

impl Word {
    /// Takes in a character, `None` for what is not one.
    fn take(&mut self, character: Option<char>, emit: &mut impl FnMut(Option<&str>)) {
        match character {
            Some(character) if character.is_ascii_alphanumeric() => self.append(character.to_ascii_lowercase()),
            Some(character) if !character.is_ascii() && character.is_alphanumeric() => {
                character.to_lowercase().for_each(|lower| self.append(lower));
            }
            _ => self.end(emit),
        }
    }

    fn append(&mut self, character: char) {
        self.too_long |= self.lower.push(character).is_err();
    }

    fn end(&mut self, emit: &mut impl FnMut(Option<&str>)) {
        if self.too_long {
            emit(None);
        } else if !self.lower.is_empty() {
            emit(Some(&self.lower));
        }
        self.lower.clear();
        self.too_long = false;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn words<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Option<String>> {
        let mut words = Vec::new();
        let mut tokenizer = WordTokenizer::new();
        for chunk in chunks {
            tokenizer.push(chunk, |word| words.push(word.map(ToString::to_string)));
        }
        tokenizer.finish(|word| words.push(word.map(ToString::to_string)));
        words
    }

    fn of(text: &str) -> Vec<Option<String>> {
        words([text.as_bytes()])
    }

    fn known(expected: &[&str]) -> Vec<Option<String>> {
        expected.iter().map(|word| Some(word.to_string())).collect()
    }

    #[test]
    fn words_are_lower_case_runs_of_alphanumeric_characters() {
        assert_eq!(of("Don't, stop—20°C!"), known(&["don", "t", "stop", "20", "c"]));
        assert_eq!(of("ÀÉÎ straße ΣΑΣ İ"), known(&["àéî", "straße", "σασ", "i\u{307}"]));
        assert_eq!(of(" \t\n.,"), known(&[]));
        assert_eq!(of(""), known(&[]));
    }

    #[test]
    fn a_word_of_the_longest_length_is_kept_and_a_longer_one_is_unknown() {
        let longest = "ab".repeat(MAX_WORD_BYTES / 2);
        assert_eq!(of(&longest), known(&[&longest]));
        assert_eq!(of(&std::format!("x {longest}c y")), [Some("x".into()), None, Some("y".into())]);
        let beyond_ascii = "é".repeat(MAX_WORD_BYTES / 2);
        assert_eq!(of(&beyond_ascii), known(&[&beyond_ascii]));
        assert_eq!(of(&std::format!("a{beyond_ascii}")), [None]);
    }

    #[test]
    fn bytes_that_are_not_utf8_separate_words() {
        assert_eq!(words([&b"on\xffoff"[..]]), known(&["on", "off"]));
        assert_eq!(words([&b"on\xc3off"[..]]), known(&["on", "off"]));
        assert_eq!(words([&b"a\xe2\xc3\xa9b"[..]]), known(&["a", "éb"]));
        assert_eq!(words([&b"a\xf0\x90"[..]]), known(&["a"]));
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1_usize..7) {
            prop_assert_eq!(words([&bytes[..]]), words(bytes.chunks(size)));
        }

        #[test]
        fn valid_text_is_split_as_the_standard_library_would(text in "\\PC{0,60}") {
            let expected: Vec<_> = text
                .split(|character: char| !character.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(|word| word.chars().flat_map(char::to_lowercase).collect::<String>())
                .map(|word| (word.len() <= MAX_WORD_BYTES).then_some(word))
                .collect();
            prop_assert_eq!(of(&text), expected);
        }
    }
}
