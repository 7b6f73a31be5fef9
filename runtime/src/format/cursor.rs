//! Reads postcard's wire format, as far as part one and the extensions use it, without serde: on a device serde's
//! decoder of the same types takes several times as many bytes.

/// Takes values from the front of some bytes. What is not there or not valid is 0, and so is all that is taken after it:
/// one look at [`Self::is_valid`] at the end tells, and is less code than one after each value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'b> {
    pub(crate) bytes: &'b [u8],
    /// Whether all that was taken was there, and valid.
    pub(crate) is_valid: bool,
}

impl<'b> Cursor<'b> {
    #[inline]
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, is_valid: true }
    }

    /// Notes a value that is not valid.
    #[cold]
    #[inline(never)]
    pub(crate) const fn refuse(&mut self) {
        self.bytes = &[];
        self.is_valid = false;
    }

    /// The next byte.
    #[inline(never)]
    pub(crate) const fn u8(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((byte, rest)) => {
                self.bytes = rest;
                *byte
            }
            None => {
                self.refuse();
                0
            }
        }
    }

    /// A varint of at most 32 bits, in at most 5 bytes.
    #[inline]
    pub(crate) const fn u32(&mut self) -> u32 {
        self.varint(u32::BITS)
    }

    /// A varint of at most 16 bits, in at most 3 bytes.
    #[inline]
    pub(crate) const fn u16(&mut self) -> u16 {
        self.varint(u16::BITS) as u16
    }

    /// A varint: 7 bits a byte, the lowest first; the top bit of a byte is set if another follows. More bytes than a
    /// number needs are taken as far as a number of `bits` bits could need them, as postcard does.
    #[inline]
    const fn varint(&mut self, bits: u32) -> u32 {
        let (mut value, mut shift) = (0_u32, 0);
        while shift < bits {
            let byte = self.u8();
            let part = (byte & 0x7F) as u32;
            if bits.wrapping_sub(shift) < 7 && part >> bits.wrapping_sub(shift) != 0 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return value;
            }
            shift += 7;
        }
        self.refuse();
        0
    }

    /// 0 or 1.
    #[inline(never)]
    pub(crate) const fn bool(&mut self) -> bool {
        let byte = self.u8();
        if byte > 1 {
            self.refuse();
        }
        byte == 1
    }

    /// So many bytes.
    #[inline]
    pub(crate) const fn take(&mut self, length: usize) -> &'b [u8] {
        match self.bytes.split_at_checked(length) {
            Some((taken, rest)) => {
                self.bytes = rest;
                taken
            }
            None => {
                self.refuse();
                &[]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    /// What postcard takes from the front of some bytes, and the bytes after it.
    fn postcard<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Option<(T, &'b [u8])> {
        postcard::take_from_bytes(bytes).ok()
    }

    fn cursor<'b, T>(bytes: &'b [u8], take: impl Fn(&mut Cursor<'b>) -> T) -> Option<(T, &'b [u8])> {
        let mut cursor = Cursor::new(bytes);
        let value = take(&mut cursor);
        cursor.is_valid.then_some((value, cursor.bytes))
    }

    /// Both read the same of every kind of value.
    fn expect_same(bytes: &[u8]) {
        assert_eq!(cursor(bytes, Cursor::u8), postcard(bytes), "{bytes:x?}");
        assert_eq!(cursor(bytes, Cursor::bool), postcard(bytes), "{bytes:x?}");
        assert_eq!(cursor(bytes, Cursor::u16), postcard(bytes), "{bytes:x?}");
        assert_eq!(cursor(bytes, Cursor::u32), postcard(bytes), "{bytes:x?}");
    }

    #[test]
    fn numbers_of_every_length_are_read_as_postcard_reads_them() {
        for length in 0..=7 {
            // The last byte takes every value; those before it continue.
            for before in [0x80, 0xFF, 0x81] {
                for last in 0..=u8::MAX {
                    let mut bytes = std::vec![before; length];
                    bytes.push(last);
                    expect_same(&bytes);
                    bytes.extend([0, 1]);
                    expect_same(&bytes);
                }
            }
        }
        for (bytes, expected) in [
            (&[0x80, 0x80, 0x00][..], Some(0)),
            (&[0xFF, 0xFF, 0x03], Some(0xFFFF)),
            (&[0xFF, 0xFF, 0x04], None),
            (&[0x80, 0x80, 0x80, 0x00], None),
            (&[0x80, 0x80], None),
        ] {
            assert_eq!(cursor(bytes, Cursor::u16).map(|(value, _)| value), expected, "{bytes:x?}");
        }
        for (bytes, expected) in [
            (&[0x80, 0x80, 0x80, 0x80, 0x00][..], Some(0)),
            (&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], Some(u32::MAX)),
            (&[0xFF, 0xFF, 0xFF, 0xFF, 0x10], None),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00], None),
        ] {
            assert_eq!(cursor(bytes, Cursor::u32).map(|(value, _)| value), expected, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_as_postcard_reads_them(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x80..=0xFF_u8, 0..3_u8], 0..12),
        ) {
            expect_same(&bytes);
        }
    }
}
