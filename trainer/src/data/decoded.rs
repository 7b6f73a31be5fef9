//! Text of other encodings than UTF-8, read as UTF-8.

use std::io::{Cursor, Error, Read};

use encoding_rs::{CoderResult, Decoder, Encoding};

/// Bytes that are decoded at once.
const CHUNK: usize = 1 << 14;
/// Bytes of UTF-8 that have room for what remains to be decoded.
const ROOM: usize = 4 * CHUNK;
/// Bytes that a mark of an encoding has at most.
const LONGEST_MARK: usize = 4;

/// What a reader gives in UTF-8: decoded from `encoding`, or from UTF-16 that starts with its byte-order mark, which is
/// left out; else as it is. Bytes that the encoding does not have become U+FFFD.
pub(super) fn decoded<'r>(
    mut reader: impl Read + 'r,
    encoding: Option<&'static Encoding>,
) -> Result<Box<dyn Read + 'r>, Error> {
    let mut start = Vec::with_capacity(LONGEST_MARK);
    reader.by_ref().take(LONGEST_MARK as u64).read_to_end(&mut start)?;
    let is_utf32 = matches!(start.as_slice(), [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff]);
    let marked = Encoding::for_bom(&start).map(|(found, _)| found).filter(|_| !is_utf32);
    let whole = Cursor::new(start).chain(reader);
    Ok(match marked.or(encoding) {
        None => Box::new(whole),
        Some(encoding) => Box::new(Decoded {
            reader: whole,
            decoder: encoding.new_decoder_with_bom_removal(),
            encoded: Vec::with_capacity(CHUNK),
            text: Vec::new(),
            given: 0,
            is_at_end: false,
        }),
    })
}

/// A reader whose bytes are decoded while they are read.
struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    /// Bytes that are to be decoded.
    encoded: Vec<u8>,
    /// What they became, and how much of it was handed out.
    text: Vec<u8>,
    given: usize,
    is_at_end: bool,
}

impl<R: Read> Decoded<R> {
    /// Decodes more bytes, as long as there are some and nothing came of them.
    fn decode(&mut self) -> Result<(), Error> {
        self.given = 0;
        self.text.clear();
        while self.text.is_empty() && !self.is_at_end {
            let missing = CHUNK - self.encoded.len();
            let read = self.reader.by_ref().take(missing as u64).read_to_end(&mut self.encoded)?;
            self.is_at_end = read < missing;
            self.text.resize(ROOM, 0);
            let (result, used, written, _) = self.decoder.decode_to_utf8(&self.encoded, &mut self.text, self.is_at_end);
            self.is_at_end &= result == CoderResult::InputEmpty;
            self.text.truncate(written);
            self.encoded.drain(..used);
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, target: &mut [u8]) -> Result<usize, Error> {
        if self.given == self.text.len() {
            self.decode()?;
        }
        let mut rest = self.text.get(self.given..).unwrap_or_default();
        let read = rest.read(target)?;
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], label: Option<&str>) -> String {
        let encoding = label.map(|label| Encoding::for_label(label.as_bytes()).unwrap());
        let mut text = String::new();
        decoded(bytes, encoding).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn text_of_any_length_is_decoded() {
        for length in [0, 1, 7, CHUNK - 1, CHUNK, 3 * CHUNK + 1] {
            let text = "aß灯\u{1f600}b\n".repeat(length);
            let marked = format!("\u{feff}{text}");
            for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                assert_eq!(read(&utf16(&marked, bytes), None), text);
            }
            assert_eq!(read(&utf16(&text, u16::to_le_bytes), Some("utf-16le")), text);
            assert_eq!(read(text.as_bytes(), None), text);
        }
    }

    #[test]
    fn bytes_of_other_encodings_are_read_where_one_is_named() {
        assert_eq!(read(b"caf\xe9,\x80\n", Some("latin1")), "café,€\n");
        assert_eq!(read(b"\xc3\xa0", Some("windows-1251")), "Гà".replace('à', "\u{a0}"));
        assert_eq!(read(b"\xff\xfe", None), "");
        assert_eq!(read(&[0xff, 0xfe, b'a'], None), "\u{fffd}");
    }
}
