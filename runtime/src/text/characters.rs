use super::unicode::to_lowercase;
use super::utf8::Utf8Decoder;

/// Splits a stream of UTF-8 into characters in lower case.
///
/// A character is a Unicode scalar value in lower case, mapped by [`super::unicode::to_lowercase`], which does not look
/// at neighbours. The one whose lower case is two characters, `İ`, gives both: `i` and U+0307. Nothing is dropped: spaces, punctuation
/// and line ends are characters. Bytes that are not UTF-8 give one `None` for each part as
/// [`String::from_utf8_lossy`] cuts them: a sequence that breaks off, or a byte that cannot begin one.
///
/// Text may arrive in chunks of any size, cut anywhere, inside a character too: the characters are the same.
///
/// [`String::from_utf8_lossy`]: https://doc.rust-lang.org/std/string/struct.String.html#method.from_utf8_lossy
///
/// # Examples
/// ```
/// let mut characters = Vec::new();
/// let mut tokenizer = runtime::text::CharacterTokenizer::new();
/// for chunk in [&b"\xc3"[..], b"\x89 N\xff"] {
///     tokenizer.push(chunk, |character| characters.push(character));
/// }
/// tokenizer.finish(|character| characters.push(character));
/// assert_eq!(characters, [Some('é'), Some(' '), Some('n'), None]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct CharacterTokenizer {
    decoder: Utf8Decoder,
}

impl CharacterTokenizer {
    /// A tokenizer at the start of a text.
    #[inline]
    pub const fn new() -> Self {
        Self { decoder: Utf8Decoder::new() }
    }

    /// Takes in the next bytes of the text and calls `emit` for every character that is complete, in lower case;
    /// with `None` for a part that is not UTF-8.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(Option<char>)) {
        let mut lower = |character: Option<char>| match character {
            Some(character) => to_lowercase(character).for_each(|lower| emit(Some(lower))),
            None => emit(None),
        };
        for byte in bytes {
            self.decoder.push(*byte, &mut lower);
        }
    }

    /// Calls `emit` as [`Self::finish`] would, and changes nothing: the text may go on as if nobody had asked.
    ///
    /// # Panics
    /// Never.
    ///
    /// # Examples
    /// ```
    /// let mut tokenizer = runtime::text::CharacterTokenizer::new();
    /// tokenizer.push(b"\xc3", |_| unreachable!());
    /// tokenizer.pending(|character| assert_eq!(character, None));
    /// tokenizer.push(b"\xa9", |character| assert_eq!(character, Some('é')));
    /// tokenizer.pending(|_| unreachable!());
    /// ```
    #[inline]
    pub fn pending(&self, mut emit: impl FnMut(Option<char>)) {
        if self.decoder.has_begun() {
            emit(None);
        }
    }

    /// Ends the text: a character that has begun is not UTF-8. A new text may follow.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn finish(&mut self, mut emit: impl FnMut(Option<char>)) {
        self.decoder.finish(&mut emit);
    }

    /// Forgets what has begun.
    #[inline]
    pub fn reset(&mut self) {
        self.decoder.reset();
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::String;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn characters<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Option<char>> {
        let mut characters = Vec::new();
        let mut tokenizer = CharacterTokenizer::new();
        for chunk in chunks {
            tokenizer.push(chunk, |character| characters.push(character));
        }
        tokenizer.finish(|character| characters.push(character));
        characters
    }

    #[test]
    fn characters_are_mapped_to_lower_case_one_by_one() {
        let known = |text: &str| text.chars().map(Some).collect::<Vec<_>>();
        assert_eq!(characters([&b"It's 5!\n"[..]]), known("it's 5!\n"));
        assert_eq!(characters(["ΣΑΣ İ".as_bytes()]), known("σασ i\u{307}"));
        assert_eq!(characters([&b""[..]]), []);
        assert_eq!(characters([&b"a\xe2\x82"[..]]), [Some('a'), None]);
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1_usize..7) {
            prop_assert_eq!(characters([&bytes[..]]), characters(bytes.chunks(size)));
        }

        #[test]
        fn text_is_what_the_standard_library_reads(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let text = String::from_utf8_lossy(&bytes);
            let expected: String = text.chars().flat_map(to_lowercase).collect();
            let found = characters([&bytes[..]]);
            let found: String = found.into_iter().map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn asking_what_is_pending_changes_nothing(
            chunks in prop::collection::vec(prop::collection::vec(prop_oneof![any::<u8>(), Just(0xC3)], 0..6), 0..20),
        ) {
            let (mut tokenizer, mut found) = (CharacterTokenizer::new(), Vec::new());
            for chunk in &chunks {
                tokenizer.push(chunk, |character| found.push(character));
                let (mut pending, mut at_the_end) = (Vec::new(), Vec::new());
                tokenizer.pending(|character| pending.push(character));
                tokenizer.clone().finish(|character| at_the_end.push(character));
                prop_assert_eq!(pending, at_the_end);
            }
            tokenizer.finish(|character| found.push(character));
            prop_assert_eq!(found, characters(chunks.iter().map(Vec::as_slice)));
        }
    }
}
