use heapless::Vec;

/// Bytes of the longest UTF-8 sequence.
const MAX_CHARACTER_BYTES: usize = 4;

/// Reads characters out of bytes that arrive one by one.
///
/// Bytes that are not UTF-8 give `None`, once for each part as the Unicode standard cuts them ("substitution of
/// maximal subparts", which [`core::str::from_utf8`] reports): a sequence that breaks off is one part, and so is
/// every byte that can not begin one.
#[derive(Debug, Clone, Default)]
pub(super) struct Utf8Decoder {
    /// A sequence that has begun, valid so far.
    pending: Vec<u8, MAX_CHARACTER_BYTES>,
}

impl Utf8Decoder {
    #[inline]
    pub(super) const fn new() -> Self {
        Self { pending: Vec::new() }
    }

    /// Takes in a byte and calls `emit` for what has become complete: nothing, one character or part, or the part
    /// that the byte does not continue and what the byte is by itself.
    #[inline]
    pub(super) fn push(&mut self, byte: u8, emit: &mut impl FnMut(Option<char>)) {
        if byte.is_ascii() {
            self.finish(emit);
            emit(Some(byte as char));
        } else {
            self.push_beyond_ascii(byte, emit);
        }
    }

    /// Ends the text: a sequence that has begun is one part that is not UTF-8.
    #[inline]
    pub(super) fn finish(&mut self, emit: &mut impl FnMut(Option<char>)) {
        if self.has_begun() {
            self.pending.clear();
            emit(None);
        }
    }

    /// Whether a sequence has begun that is not complete.
    #[inline]
    pub(super) fn has_begun(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Forgets what has begun.
    #[inline]
    pub(super) fn reset(&mut self) {
        self.pending.clear();
    }

    #[inline]
    fn push_beyond_ascii(&mut self, byte: u8, emit: &mut impl FnMut(Option<char>)) {
        // Never full: the check below has emptied it after four bytes at the latest.
        let _ = self.pending.push(byte);
        match core::str::from_utf8(&self.pending) {
            Ok(text) => {
                let character = text.chars().next();
                self.pending.clear();
                emit(character);
            }
            Err(error) if error.error_len().is_some() => {
                let continued = self.pending.len() > 1;
                self.pending.clear();
                emit(None);
                if is_leading_byte(byte) {
                    let _ = self.pending.push(byte);
                } else if continued {
                    emit(None);
                }
            }
            Err(_) => {}
        }
    }
}

/// Whether a UTF-8 sequence of more than one byte can start with `byte`.
#[inline]
const fn is_leading_byte(byte: u8) -> bool {
    matches!(byte, 0xC2..=0xF4)
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
