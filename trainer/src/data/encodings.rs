//! Files whose text is not UTF-8: what they probably are, and a command that converts them.

use std::io::{BufRead, Read};
use std::path::Path;

use super::DataError;
use super::unpacked::is_gzip_name;
use crate::shell_word;

/// Bytes of a file after which its encoding is judged.
const MOST_JUDGED: u64 = 1 << 28;
/// Bytes that windows-1252 has no character for.
const UNASSIGNED: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/// What bytes beyond ASCII occur.
#[derive(Default)]
struct Bytes {
    /// All that were looked at.
    all: u64,
    /// Those beyond ASCII.
    high: u64,
    /// Those of 0x80 to 0x9f, which are control characters in ISO 8859-1 and letters and quotes in windows-1252.
    punctuation: u64,
    /// Those that windows-1252 has no character for.
    unassigned: u64,
}

impl Bytes {
    fn add(&mut self, bytes: &[u8]) {
        self.all += bytes.len() as u64;
        for byte in bytes.iter().filter(|byte| **byte >= 0x80) {
            self.high += 1;
            self.punctuation += u64::from(*byte < 0xa0);
            self.unassigned += u64::from(UNASSIGNED.contains(byte));
        }
    }

    /// A name for `iconv`; nothing if the bytes are none of a Western encoding.
    fn encoding(&self) -> Option<&'static str> {
        match self {
            _ if 3 * self.high > self.all => None,
            Self { unassigned: 0, punctuation: 1.., .. } => Some("windows-1252"),
            _ => Some("latin1"),
        }
    }
}

/// The error about a byte that is not UTF-8: `record` is the record that it stands in, `rest` what follows.
pub(super) fn not_utf8(
    path: &Path,
    line: usize,
    column: usize,
    byte: u8,
    record: &[u8],
    rest: &mut impl BufRead,
) -> DataError {
    let mut bytes = Bytes::default();
    bytes.add(record);
    // A file that cannot be read to its end is judged by what could be read.
    while let Ok(chunk) = rest.fill_buf() {
        if chunk.is_empty() || bytes.all > MOST_JUDGED {
            break;
        }
        bytes.add(chunk);
        let length = chunk.len();
        rest.consume(length);
    }
    let advice = match bytes.encoding() {
        Some(encoding) => {
            format!("probably {encoding}: give --encoding {encoding}, or convert the file: {}", command(path, encoding))
        }
        None => {
            let command = command(path, "ENCODING");
            format!(
                "in an encoding that is not Western, as windows-1251 or GBK: give it with --encoding, or convert the \
                 file: {command}"
            )
        }
    };
    DataError::NotUtf8 { path: path.into(), line, column, byte, advice }
}

/// A command that writes a file again, in UTF-8, beside it.
pub(super) fn command(path: &Path, encoding: &str) -> String {
    let packed = is_gzip_name(path);
    let unpacked = if packed { path.with_extension("") } else { path.into() };
    let extension = unpacked.extension().and_then(|extension| extension.to_str()).unwrap_or("csv");
    let written = shell_word(&unpacked.with_extension(format!("utf8.{extension}")));
    let read = shell_word(path);
    match packed {
        true => format!("gzip -dc {read} | iconv -f {encoding} -t utf-8 > {written}"),
        false => format!("iconv -f {encoding} -t utf-8 {read} > {written}"),
    }
}

/// The encoding that the first bytes of a file tell, where it is UTF-16 or UTF-32.
pub(super) fn wide_encoding(head: &[u8]) -> Option<&'static str> {
    match head {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Some("utf-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Some("utf-16"),
        _ => {}
    }
    let start = head.get(..64).unwrap_or(head);
    let zeros = |first: usize| start.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = start.len() / 4;
    match start.len() {
        0..8 => None,
        _ if odd > most && even == 0 => Some("utf-16le"),
        _ if even > most && odd == 0 => Some("utf-16be"),
        _ => None,
    }
}

/// Reads at most `most` bytes.
pub(super) fn read_up_to(reader: &mut impl Read, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
