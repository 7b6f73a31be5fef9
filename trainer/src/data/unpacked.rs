use std::fs::File;
use std::io::{Cursor, Error, Read};
use std::path::Path;

use encoding_rs::Encoding;
use flate2::read::MultiGzDecoder;

use super::decoded::decoded;
use super::{DataError, ReadOptions};

/// What a gzip file starts with, whatever its name is.
const GZIP_MARK: &[u8] = &[0x1f, 0x8b];
/// UTF-8's byte-order mark.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a file's name says that it is gzip.
pub(super) fn is_gzip_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

/// A file's content as [`unpacked`] gives it.
pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn Read>, DataError> {
    let file = File::open(path).map_err(|source| read_error(path, source))?;
    unpacked(path, file, options)
}

/// What a reader gives, unpacked if it is gzip of one member or several, in UTF-8, and without a byte-order mark.
pub(super) fn unpacked<'r>(
    path: &Path,
    reader: impl Read + 'r,
    options: &ReadOptions,
) -> Result<Box<dyn Read + 'r>, DataError> {
    let encoding = options.encoding.as_deref().map(encoding_named).transpose()?;
    unpacked_from(reader, encoding).map_err(|source| read_error(path, source))
}

/// The encoding with a name or another of its names.
fn encoding_named(name: &str) -> Result<&'static Encoding, DataError> {
    Encoding::for_label(name.as_bytes()).ok_or_else(|| DataError::UnknownEncoding { name: name.into() })
}

fn unpacked_from<'r>(reader: impl Read + 'r, encoding: Option<&'static Encoding>) -> Result<Box<dyn Read + 'r>, Error> {
    let packed = Marked::new(reader, GZIP_MARK)?;
    let unpacked: Box<dyn Read + 'r> =
        if packed.has_mark { Box::new(MultiGzDecoder::new(packed.whole())) } else { Box::new(packed.whole()) };
    let text = Marked::new(decoded(unpacked, encoding)?, BYTE_ORDER_MARK)?;
    Ok(if text.has_mark { Box::new(text.rest) } else { Box::new(text.whole()) })
}

/// What a failed read of a file means: the operating system's errors have a number, those of unpacking none.
pub(super) fn read_error(path: &Path, source: Error) -> DataError {
    match source.raw_os_error() {
        Some(_) => DataError::Unreadable { path: path.into(), source },
        None => DataError::DamagedGzip { path: path.into(), source },
    }
}

/// A reader that may start with a mark.
struct Marked<R> {
    has_mark: bool,
    start: Vec<u8>,
    rest: R,
}

impl<R: Read> Marked<R> {
    fn new(mut reader: R, mark: &[u8]) -> Result<Self, Error> {
        let mut start = Vec::with_capacity(mark.len());
        reader.by_ref().take(mark.len() as u64).read_to_end(&mut start)?;
        Ok(Self { has_mark: start == mark, start, rest: reader })
    }

    /// All of it, the mark too.
    fn whole(self) -> impl Read {
        Cursor::new(self.start).chain(self.rest)
    }
}
