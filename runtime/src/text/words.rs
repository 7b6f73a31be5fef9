use heapless::Vec;

use super::unicode::{Class, to_lowercase};
use super::utf8::Utf8Decoder;
use crate::format::{Feature, WordRule};

/// Longest word, in bytes as it is emitted; a longer one is an unknown word.
pub const MAX_WORD_BYTES: usize = 64;

/// Bytes that are kept of a word; a build without words keeps none.
const WORD_BUFFER: usize = if Feature::HAS_WORDS { MAX_WORD_BYTES } else { 0 };

/// Characters without a property that continue a word under [`WordRule::LowercaseWithMarks`]: the zero-width non-joiner
/// and the zero-width joiner.
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];

/// Splits a stream of bytes into words, as a [`WordRule`] says.
///
/// Text is taken as it comes, without normalization. Nothing between words is kept, and no word is empty. A word of
/// more than [`MAX_WORD_BYTES`] is unknown: `None`. A script without spaces (Chinese, Japanese, Thai) gives one word a
/// run. Text may arrive in chunks of any size, cut anywhere, inside a character too: the words are the same.
///
/// # The rules
/// [`WordRule::LowercaseAlphanumeric`] and [`WordRule::LowercaseWithMarks`] read UTF-8. A part that is not UTF-8 is
/// no character and ends a word. Alphanumeric characters, marks and lower case are those of Unicode 17.0, see
/// [`super::unicode`]. Words are split off first; then each of their characters is mapped to lower case, whatever
/// its neighbours are. So the U+0307 in the lower case of `İ` belongs to the word.
///
/// [`WordRule::LowercaseAlphanumeric`]: a word is a maximal run of alphanumeric characters. "Don't" is `don` and `t`,
/// "20°C" is `20` and `c`.
///
/// [`WordRule::LowercaseWithMarks`]: a *mark* is a character of general category Mn, Mc or Me; a *joiner* is U+200C or
/// U+200D. A word begins with an alphanumeric character that is no mark. It goes on with each alphanumeric character,
/// mark and joiner that follows, so it may end with a mark or a joiner. Every other character ends it. Marks and joiners
/// that do not follow a word are dropped, including marks that are alphanumeric. "नमस्ते" is one word, and so is `e`,
/// U+0301, `t`; the previous rule splits both.
///
/// [`WordRule::Ascii`] reads bytes and decodes nothing. A word is a maximal run of the bytes `0`-`9`, `A`-`Z`, `a`-`z`
/// and 0x80 to 0xFF; `A`-`Z` are mapped to `a`-`z`, and every other byte is kept as it is. The words of a text in UTF-8
/// are UTF-8; of other bytes they need not be. "Don't" is `don` and `t`, "20°C" is `20°c`, "É" stays `É`.
///
/// # Examples
/// ```
/// use runtime::format::WordRule;
/// use runtime::text::WordTokenizer;
/// let mut words = Vec::new();
/// let mut tokenizer = WordTokenizer::new(WordRule::LowercaseAlphanumeric);
/// for chunk in [&b"Caf\xc3"[..], b"\xa9 No", b".7"] {
///     tokenizer.push(chunk, |word| words.extend(word.map(<[u8]>::to_vec)));
/// }
/// tokenizer.finish(|word| words.extend(word.map(<[u8]>::to_vec)));
/// assert_eq!(words, ["café".as_bytes(), b"no", b"7"]);
/// ```
#[derive(Debug, Clone)]
pub struct WordTokenizer {
    rule: WordRule,
    splitter: WordSplitter,
}

/// What a [`WordTokenizer`] knows beside its rule.
#[derive(Debug, Clone)]
pub(super) struct WordSplitter {
    word: Word,
    decoder: Utf8Decoder,
}

/// A word that has begun.
#[derive(Debug, Clone)]
struct Word {
    bytes: Vec<u8, WORD_BUFFER>,
    too_long: bool,
}

impl WordTokenizer {
    /// A tokenizer at the start of a text.
    #[inline]
    pub const fn new(rule: WordRule) -> Self {
        Self { rule, splitter: WordSplitter::NEW }
    }

    /// Takes in the next bytes of the text and calls `emit` for every word that has ended: with its bytes in lower case,
    /// which are UTF-8 except under [`WordRule::Ascii`], or with `None` for a word longer than [`MAX_WORD_BYTES`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push(&mut self, bytes: &[u8], emit: impl FnMut(Option<&[u8]>)) {
        self.splitter.push(self.rule, bytes, emit);
    }
    /// Calls `emit` as [`Self::finish`] would, and changes nothing: the text may go on as if nobody had asked.
    ///
    /// # Panics
    /// Never.
    ///
    /// # Examples
    /// ```
    /// use runtime::format::WordRule;
    /// let mut tokenizer = runtime::text::WordTokenizer::new(WordRule::LowercaseAlphanumeric);
    /// tokenizer.push(b"on", |_| unreachable!());
    /// tokenizer.pending(|word| assert_eq!(word, Some(&b"on"[..])));
    /// tokenizer.push(b"e ", |word| assert_eq!(word, Some(&b"one"[..])));
    /// tokenizer.pending(|_| unreachable!());
    /// ```
    #[inline]
    pub fn pending(&self, emit: impl FnMut(Option<&[u8]>)) {
        self.splitter.pending(emit);
    }

    /// Ends the text: the word that has begun is complete, and a character that has begun is none. A new text may follow.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn finish(&mut self, emit: impl FnMut(Option<&[u8]>)) {
        self.splitter.finish(emit);
    }

    /// Forgets what has begun.
    #[inline]
    pub fn reset(&mut self) {
        self.finish(|_| {});
    }
}

impl WordSplitter {
    /// The start of a text.
    pub(super) const NEW: Self =
        Self { word: Word { bytes: Vec::new(), too_long: false }, decoder: Utf8Decoder::new() };

    /// [`WordTokenizer::push`] under a rule, which is the same for all of a text.
    #[inline]
    pub(super) fn push(&mut self, rule: WordRule, bytes: &[u8], mut emit: impl FnMut(Option<&[u8]>)) {
        let Self { word, decoder } = self;
        let with_marks = match rule {
            WordRule::LowercaseAlphanumeric if Feature::Unicode.is_built() => false,
            WordRule::LowercaseWithMarks if Feature::Unicode.is_built() => true,
            // The one rule of a build without Unicode's tables.
            _ => return bytes.iter().for_each(|byte| word.take_byte(*byte, &mut emit)),
        };
        for byte in bytes {
            decoder.push(*byte, &mut |character| word.take(character, with_marks, &mut emit));
        }
    }

    /// [`WordTokenizer::pending`].
    #[inline]
    pub(super) fn pending(&self, mut emit: impl FnMut(Option<&[u8]>)) {
        self.word.emit(&mut emit);
    }

    /// [`WordTokenizer::finish`].
    #[inline]
    pub(super) fn finish(&mut self, mut emit: impl FnMut(Option<&[u8]>)) {
        self.decoder.reset();
        self.word.end(&mut emit);
    }
}

impl Word {
    /// Takes in a character, `None` for what is not one.
    #[inline]
    fn take(&mut self, character: Option<char>, with_marks: bool, emit: &mut impl FnMut(Option<&[u8]>)) {
        match character {
            Some(character) if character.is_ascii() => self.take_ascii(character as u8, emit),
            Some(character) if self.is_continued_by(character, with_marks) => {
                to_lowercase(character).for_each(|lower| self.append(lower.encode_utf8(&mut [0; 4]).as_bytes()));
            }
            _ => self.end(emit),
        }
    }

    /// Takes in a byte under [`WordRule::Ascii`].
    #[inline]
    fn take_byte(&mut self, byte: u8, emit: &mut impl FnMut(Option<&[u8]>)) {
        if byte.is_ascii() { self.take_ascii(byte, emit) } else { self.append_byte(byte) }
    }

    /// Takes in an ASCII character.
    #[inline]
    fn take_ascii(&mut self, byte: u8, emit: &mut impl FnMut(Option<&[u8]>)) {
        if byte.is_ascii_alphanumeric() { self.append_byte(byte.to_ascii_lowercase()) } else { self.end(emit) }
    }

    /// Whether a character that is not ASCII belongs to this word, or begins one.
    #[inline]
    fn is_continued_by(&self, character: char, with_marks: bool) -> bool {
        let class = Class::of(character);
        if with_marks && (class.is_mark() || JOINERS.contains(&character)) {
            self.has_begun()
        } else {
            class.is_alphanumeric()
        }
    }

    #[inline]
    fn has_begun(&self) -> bool {
        !self.bytes.is_empty()
    }

    #[inline]
    fn append_byte(&mut self, byte: u8) {
        self.too_long |= self.bytes.push(byte).is_err();
    }

    /// Appends all of the bytes, or none to a word that they make too long.
    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        self.too_long |= self.bytes.extend_from_slice(bytes).is_err();
    }

    #[inline]
    fn emit(&self, emit: &mut impl FnMut(Option<&[u8]>)) {
        if self.has_begun() {
            emit((!self.too_long).then_some(&*self.bytes));
        }
    }

    #[inline]
    fn end(&mut self, emit: &mut impl FnMut(Option<&[u8]>)) {
        self.emit(emit);
        self.bytes.clear();
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
    use crate::text::unicode;

    use WordRule::{Ascii, LowercaseAlphanumeric, LowercaseWithMarks};

    const RULES: [WordRule; 3] = [LowercaseAlphanumeric, LowercaseWithMarks, Ascii];

    /// Bytes of a word; `None` for one that is too long.
    type Found = Option<Vec<u8>>;

    fn words<'a>(rule: WordRule, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Found> {
        let mut words = Vec::new();
        let mut tokenizer = WordTokenizer::new(rule);
        for chunk in chunks {
            tokenizer.push(chunk, |word| words.push(word.map(<[u8]>::to_vec)));
        }
        tokenizer.finish(|word| words.push(word.map(<[u8]>::to_vec)));
        words
    }

    fn of(rule: WordRule, text: &str) -> Vec<Found> {
        words(rule, [text.as_bytes()])
    }

    fn known<Text: AsRef<[u8]>>(expected: &[Text]) -> Vec<Found> {
        expected.iter().map(|word| Some(word.as_ref().to_vec())).collect()
    }

    /// Bytes of which texts with many words, marks, broken parts and long words are made.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<u8>().prop_map(|byte| std::vec![byte]),
            any::<char>().prop_map(|character| character.to_string().into_bytes()),
            prop::sample::select(&["e", " ", "\u{301}", "\u{93F}", "\u{200D}", "\u{200C}", "İ", "न", "é"][..])
                .prop_map(|text| text.as_bytes().to_vec()),
            (0..70_usize).prop_map(|length| std::vec![b'X'; length]),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn words_are_lower_case_runs_of_alphanumeric_characters() {
        assert_eq!(of(LowercaseAlphanumeric, "Don't, stop—20°C!"), known(&["don", "t", "stop", "20", "c"]));
        assert_eq!(of(LowercaseAlphanumeric, "ÀÉÎ straße ΣΑΣ İ"), known(&["àéî", "straße", "σασ", "i\u{307}"]));
        assert_eq!(of(LowercaseAlphanumeric, " \t\n.,"), []);
        assert_eq!(of(LowercaseAlphanumeric, ""), []);
    }

    #[test]
    fn a_word_of_the_longest_length_is_kept_and_a_longer_one_is_unknown() {
        let longest = "ab".repeat(MAX_WORD_BYTES / 2);
        let beyond_ascii = "é".repeat(MAX_WORD_BYTES / 2);
        for rule in RULES {
            assert_eq!(of(rule, &longest), known(&[&longest]));
            assert_eq!(of(rule, &std::format!("x {longest}c y")), [Some(b"x".into()), None, Some(b"y".into())]);
            assert_eq!(of(rule, &beyond_ascii), known(&[&beyond_ascii]));
            assert_eq!(of(rule, &std::format!("a{beyond_ascii}")), [None]);
        }
        assert_eq!(of(LowercaseWithMarks, &std::format!("{longest}\u{301} \u{301}a")), [None, Some(b"a".into())]);
    }

    #[test]
    fn bytes_that_are_not_utf8_separate_words() {
        for rule in [LowercaseAlphanumeric, LowercaseWithMarks] {
            assert_eq!(words(rule, [&b"on\xffoff"[..]]), known(&["on", "off"]));
            assert_eq!(words(rule, [&b"on\xc3off"[..]]), known(&["on", "off"]));
            assert_eq!(words(rule, [&b"a\xe2\xc3\xa9b"[..]]), known(&["a", "éb"]));
            assert_eq!(words(rule, [&b"a\xf0\x90"[..]]), known(&["a"]));
        }
        assert_eq!(words(LowercaseWithMarks, [&b"a\xff\xcc\x81b"[..]]), known(&["a", "b"]));
    }

    #[test]
    fn marks_and_joiners_continue_a_word_and_begin_none() {
        let one_word =
            ["नमस्ते", "e\u{301}teins", "x\u{200D}y", "x\u{200C}y", "a\u{20DD}", "x\u{200D}", "e\u{301}\u{302}"];
        for word in one_word {
            assert_eq!(of(LowercaseWithMarks, word), known(&[word]));
            assert_eq!(of(LowercaseWithMarks, &std::format!("-{word}, {word}.")), known(&[word, word]));
        }
        for text in ["\u{301}a", " \u{301}a", "\u{200D}a", "\u{200C}\u{301}a", ". \u{93F}a", "\u{93F}\u{301}a"] {
            assert_eq!(of(LowercaseWithMarks, text), known(&["a"]), "{text:?}");
        }
        assert_eq!(of(LowercaseWithMarks, "\u{301} \u{200D} \u{93F}"), []);
        assert_eq!(
            of(LowercaseWithMarks, "Don't, stop—20°C! İI\u{307}"),
            known(&["don", "t", "stop", "20", "c", "i\u{307}i\u{307}"])
        );
        assert_eq!(of(LowercaseWithMarks, "x\u{200B}y 👩\u{200D}🚀"), known(&["x", "y"]));
        assert_eq!(
            of(LowercaseAlphanumeric, "नमस्ते e\u{301}t \u{93F}a"),
            known(&["नमस", "त\u{947}", "e", "t", "\u{93F}a"])
        );
    }

    #[test]
    fn ascii_words_are_letters_digits_and_all_bytes_beyond_ascii() {
        assert_eq!(of(Ascii, "Don't, stop—20°C! ÉT_É"), known(&["don", "t", "stop—20°c", "Ét", "É"]));
        assert_eq!(of(Ascii, "नमस्ते İ\u{301}"), known(&["नमस्ते", "İ\u{301}"]));
        assert_eq!(
            words(Ascii, [&b"On\xff\xc3OFF\x80 \xe2\x82"[..]]),
            known(&[&b"on\xff\xc3off\x80"[..], b"\xe2\x82"])
        );
        assert_eq!(words(Ascii, [&b"\0@[`{\x7f/:"[..]]), []);
        assert_eq!(words(Ascii, [&[0xFF; MAX_WORD_BYTES + 1][..]]), [None]);
    }

    /// The words of a text by the rule's definition over the whole text.
    fn by_definition(rule: WordRule, text: &str) -> Vec<Found> {
        let is_mark = |character: char| unicode::is_mark(character) || JOINERS.contains(&character);
        let belongs = |character: char| match rule {
            LowercaseAlphanumeric => unicode::is_alphanumeric(character),
            LowercaseWithMarks => unicode::is_alphanumeric(character) || is_mark(character),
            Ascii => character.is_ascii_alphanumeric() || !character.is_ascii(),
        };
        let words = text.split(|character| !belongs(character)).map(|word| match rule {
            LowercaseAlphanumeric => word.chars().flat_map(to_lowercase).collect::<String>(),
            LowercaseWithMarks => word.trim_start_matches(is_mark).chars().flat_map(to_lowercase).collect(),
            Ascii => word.to_ascii_lowercase(),
        });
        words
            .filter(|word| !word.is_empty())
            .map(|word| (word.len() <= MAX_WORD_BYTES).then(|| word.into_bytes()))
            .collect()
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(bytes in bytes(), size in 1_usize..7) {
            for rule in RULES {
                prop_assert_eq!(words(rule, [&bytes[..]]), words(rule, bytes.chunks(size)));
            }
        }

        #[test]
        fn asking_what_is_pending_changes_nothing(bytes in bytes(), size in 1_usize..7) {
            for rule in RULES {
                let (mut tokenizer, mut found) = (WordTokenizer::new(rule), Vec::new());
                for chunk in bytes.chunks(size) {
                    tokenizer.push(chunk, |word| found.push(word.map(<[u8]>::to_vec)));
                    let (mut pending, mut at_the_end) = (Vec::new(), Vec::new());
                    tokenizer.pending(|word| pending.push(word.map(<[u8]>::to_vec)));
                    tokenizer.clone().finish(|word| at_the_end.push(word.map(<[u8]>::to_vec)));
                    prop_assert_eq!(pending, at_the_end);
                }
                tokenizer.finish(|word| found.push(word.map(<[u8]>::to_vec)));
                prop_assert_eq!(found, words(rule, [&bytes[..]]));
            }
        }

        #[test]
        fn text_is_split_as_the_rules_are_defined(text in bytes()) {
            let text = String::from_utf8_lossy(&text).replace(char::REPLACEMENT_CHARACTER, " ");
            for rule in RULES {
                prop_assert_eq!(of(rule, &text), by_definition(rule, &text));
            }
        }

        #[test]
        fn words_are_utf8_unless_the_text_is_not(bytes in bytes(), text in "\\PC{0,60}") {
            for rule in RULES {
                let is_utf8 = |word: &Found| word.as_ref().is_none_or(|word| core::str::from_utf8(word).is_ok());
                prop_assert!(of(rule, &text).iter().all(is_utf8));
                prop_assert!(rule == Ascii || words(rule, [&bytes[..]]).iter().all(is_utf8));
            }
        }
    }
}
