//! Bytes gathered to lines.

use heapless::Vec;

/// Most bytes of a line, without its end.
pub(super) const MAX_BYTES: usize = 256;

/// A line that is being gathered.
pub(super) struct Line {
    bytes: Vec<u8, MAX_BYTES>,
    is_too_long: bool,
}

/// A line that has ended, or why it cannot be read.
pub(super) enum Ended<'a> {
    /// Its text.
    Text(&'a str),
    /// It has more bytes than [`MAX_BYTES`].
    TooLong,
    /// It is not UTF-8 from this byte on, counted from 1.
    NoText {
        /// The byte.
        byte: usize,
    },
}

impl Line {
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new(), is_too_long: false }
    }

    /// Takes in a byte; whether it ends the line. A carriage return is no part of one.
    pub(super) fn push(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' => return true,
            b'\r' => {}
            _ => self.is_too_long |= self.bytes.push(byte).is_err(),
        }
        false
    }

    /// Whether its first byte is a slash.
    pub(super) fn is_command(&self) -> bool {
        self.bytes.first() == Some(&b'/')
    }

    /// The line.
    pub(super) fn ended(&self) -> Ended<'_> {
        if self.is_too_long {
            return Ended::TooLong;
        }
        match core::str::from_utf8(&self.bytes) {
            Ok(text) => Ended::Text(text),
            Err(error) => Ended::NoText { byte: error.valid_up_to() + 1 },
        }
    }

    /// Begins the next line.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.is_too_long = false;
    }
}
