/// Reads characters out of bytes that arrive one by one.
///
/// Bytes that are not UTF-8 give `None`, once for each part as the Unicode standard cuts them ("substitution of
/// maximal subparts", which [`core::str::from_utf8`] reports): a sequence that breaks off is one part, and so is
/// every byte that cannot begin one.
///
/// # Source
/// WHATWG Encoding Standard, "UTF-8 decoder".
#[derive(Debug, Clone, Default)]
pub(super) struct Utf8Decoder {
    /// The bits of a sequence that has begun, valid so far.
    code: u32,
    /// Bytes that it lacks; 0: no sequence has begun.
    lacking: u8,
    /// The smallest and the largest byte that continues it.
    smallest: u8,
    largest: u8,
}

impl Utf8Decoder {
    #[inline]
    pub(super) const fn new() -> Self {
        Self { code: 0, lacking: 0, smallest: 0, largest: 0 }
    }

    /// Takes in a byte and calls `emit` for what has become complete: nothing, one character or part, or the part
    /// that the byte does not continue and what the byte is by itself.
    #[inline]
    pub(super) fn push(&mut self, byte: u8, emit: &mut impl FnMut(Option<char>)) {
        if !(self.smallest..=self.largest).contains(&byte) {
            self.finish(emit);
        }
        let character = if self.lacking > 0 {
            self.code = self.code << 6 | u32::from(byte & 0x3F);
            self.lacking = self.lacking.wrapping_sub(1);
            (self.smallest, self.largest) = (0x80, 0xBF);
            char::from_u32(self.code)
        } else if byte.is_ascii() {
            Some(byte as char)
        } else {
            self.begin(byte);
            None
        };
        if self.lacking == 0 {
            emit(character);
        }
    }

    /// Begins a sequence, unless none starts with `byte`.
    #[inline]
    fn begin(&mut self, byte: u8) {
        let (lacking, bits, smallest, largest) = match byte {
            0xC2..=0xDF => (1, 0x1F, 0x80, 0xBF),
            0xE0 => (2, 0x0F, 0xA0, 0xBF),
            0xED => (2, 0x0F, 0x80, 0x9F),
            0xE1..=0xEF => (2, 0x0F, 0x80, 0xBF),
            0xF0 => (3, 0x07, 0x90, 0xBF),
            0xF1..=0xF3 => (3, 0x07, 0x80, 0xBF),
            0xF4 => (3, 0x07, 0x80, 0x8F),
            _ => (0, 0, 0, 0),
        };
        *self = Self { code: u32::from(byte & bits), lacking, smallest, largest };
    }

    /// Ends the text: a sequence that has begun is one part that is not UTF-8.
    #[inline]
    pub(super) fn finish(&mut self, emit: &mut impl FnMut(Option<char>)) {
        if self.has_begun() {
            self.reset();
            emit(None);
        }
    }

    /// Whether a sequence has begun that is not complete.
    #[inline]
    pub(super) fn has_begun(&self) -> bool {
        self.lacking > 0
    }

    /// Forgets what has begun.
    #[inline]
    pub(super) fn reset(&mut self) {
        self.lacking = 0;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::String;

    use proptest::prelude::*;

    use super::*;

    /// The text with U+FFFD for what is not UTF-8.
    fn lossy(bytes: &[u8]) -> String {
        let mut text = String::new();
        let mut decoder = Utf8Decoder::new();
        let mut emit = |character: Option<char>| text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        bytes.iter().for_each(|byte| decoder.push(*byte, &mut emit));
        decoder.finish(&mut emit);
        text
    }

    #[test]
    fn parts_are_cut_as_the_unicode_standard_has_it() {
        let cases: [(&[u8], &str); 7] = [
            (b"a\xffb", "a\u{FFFD}b"),
            (b"\xe2\xc3\xa9", "\u{FFFD}é"),
            (b"\xf0\x90\x80A", "\u{FFFD}A"),
            (b"\xe0\x80", "\u{FFFD}\u{FFFD}"),
            (b"\xed\xa0\x80", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            (b"\xe2\x82\xff\xc3", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            (b"\xf4\x8f\xbf\xbf\xf0\x9f\xa6\x80", "\u{10FFFF}🦀"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(lossy(bytes), expected, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_what_the_standard_library_does(
            bytes in prop::collection::vec(
                prop_oneof![any::<u8>(), prop::sample::select(&b"a\x80\x90\xa0\xbf\xc3\xe0\xe2\xed\xf0\xf4"[..])], 0..40,
            ),
        ) {
            prop_assert_eq!(lossy(&bytes), String::from_utf8_lossy(&bytes));
        }
    }
}
