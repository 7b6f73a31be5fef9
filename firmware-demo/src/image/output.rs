//! The report: one JSON object a line, written without `core::fmt`.
//!
//! Nothing here is inlined: reporting costs flash once, and no measured loop.

#[cfg_attr(not(any(feature = "probe", feature = "talk")), path = "output/semihosting.rs")]
#[cfg_attr(feature = "probe", path = "output/rtt.rs")]
#[cfg_attr(feature = "talk", path = "output/uart.rs")]
mod channel;

use channel::Channel;
pub(super) use channel::finish;

/// Decimal digits of the largest `u64`.
const MAX_DIGITS: usize = 20;

/// Where the report goes.
pub(super) struct Output(Channel);

impl Output {
    /// Opens the channel; once in a program.
    pub(super) fn open() -> Self {
        Self(Channel::open())
    }

    /// The channel for a fault handler, whatever state the program is in.
    pub(super) fn reopen() -> Self {
        Self(Channel::reopen())
    }

    /// Begins an object whose `event` is `event`.
    #[inline(never)]
    pub(super) fn line(&mut self, event: &str) -> Line<'_> {
        let channel = &mut self.0;
        channel.write(b"{\"event\":");
        write_string(channel, event);
        Line { channel }
    }
}

/// One object, being written.
pub(super) struct Line<'a> {
    channel: &'a mut Channel,
}

impl Line<'_> {
    /// Adds a string.
    #[inline(never)]
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        write_string(self.channel, value);
        self
    }

    /// Adds a non-negative number.
    #[inline(never)]
    pub(super) fn number(&mut self, key: &str, value: u64) -> &mut Self {
        self.key(key);
        write_number(self.channel, value);
        self
    }

    /// Adds a list of 32-bit words, each as a non-negative number.
    pub(super) fn words(&mut self, key: &str, values: impl Iterator<Item = u32>) -> &mut Self {
        self.key(key);
        let mut separator: &[u8] = b"[";
        for value in values {
            self.channel.write(separator);
            write_number(self.channel, value.into());
            separator = b",";
        }
        self.channel.write(if separator == b"[" { b"[]" } else { b"]" });
        self
    }

    /// Ends the object and its line.
    #[inline(never)]
    pub(super) fn end(&mut self) {
        self.channel.write(b"}\n");
    }

    #[inline(never)]
    fn key(&mut self, key: &str) {
        self.channel.write(b",");
        write_string(self.channel, key);
        self.channel.write(b":");
    }
}

#[inline(never)]
fn write_number(channel: &mut Channel, value: u64) {
    let mut digits = [b'0'; MAX_DIGITS];
    let mut first = MAX_DIGITS;
    let mut rest = value;
    for digit in digits.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
        first -= 1;
        if rest == 0 {
            break;
        }
    }
    channel.write(digits.get(first..).unwrap_or_default());
}

#[inline(never)]
fn write_string(channel: &mut Channel, text: &str) {
    channel.write(b"\"");
    // Only ASCII bytes are escaped, so every piece between two of them is whole UTF-8.
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let clean = rest.iter().take_while(|byte| !must_be_escaped(**byte)).count();
        let (piece, after) = rest.split_at_checked(clean).unwrap_or((rest, &[]));
        channel.write(piece);
        rest = match after.split_first() {
            Some((byte, after)) => {
                channel.write(&escaped(*byte));
                after
            }
            None => after,
        };
    }
    channel.write(b"\"");
}

fn must_be_escaped(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// `\u00XX` for an ASCII byte.
fn escaped(byte: u8) -> [u8; 6] {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]
}
