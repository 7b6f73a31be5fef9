//! Reads postcard's wire format, as far as part one and the extensions use it, without serde: on a device serde's
//! decoder of the same types takes several times as many bytes.

/// Takes values from the front of some bytes; `None` where they are not there or not valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'b>(pub(crate) &'b [u8]);

impl<'b> Cursor<'b> {
    /// The next byte.
    #[inline]
    pub(crate) const fn u8(&mut self) -> Option<u8> {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                Some(*byte)
            }
            None => None,
        }
    }

    /// A varint of at most 32 bits, in at most 5 bytes.
    #[inline]
    pub(crate) const fn u32(&mut self) -> Option<u32> {
        self.varint(u32::BITS)
    }

    /// A varint of at most 16 bits, in at most 3 bytes.
    #[inline]
    pub(crate) const fn u16(&mut self) -> Option<u16> {
        match self.varint(u16::BITS) {
            Some(value) => Some(value as u16),
            None => None,
        }
    }

    /// A varint: 7 bits a byte, the lowest first; the top bit of a byte is set if another follows. More bytes than a
    /// number needs are taken as far as a number of `bits` bits could need them, as postcard does.
    #[inline]
    const fn varint(&mut self, bits: u32) -> Option<u32> {
        let (mut value, mut shift) = (0_u32, 0);
        while shift < bits {
            let Some(byte) = self.u8() else { return None };
            let part = (byte & 0x7F) as u32;
            if bits.wrapping_sub(shift) < 7 && part >> bits.wrapping_sub(shift) != 0 {
                return None;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
        }
        None
    }

    /// 0 or 1.
    #[inline]
    pub(crate) const fn bool(&mut self) -> Option<bool> {
        match self.u8() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        }
    }

    /// So many bytes.
    #[inline]
    pub(crate) const fn bytes(&mut self, length: usize) -> Option<&'b [u8]> {
        match self.0.split_at_checked(length) {
            Some((taken, rest)) => {
                self.0 = rest;
                Some(taken)
            }
            None => None,
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

    fn cursor<'b, T>(bytes: &'b [u8], take: impl Fn(&mut Cursor<'b>) -> Option<T>) -> Option<(T, &'b [u8])> {
        let mut cursor = Cursor(bytes);
        Some((take(&mut cursor)?, cursor.0))
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
