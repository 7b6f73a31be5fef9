//! Reads postcard's wire format, as far as part one and the extensions use it, without serde: on a device serde's
//! decoder of the same types takes several times as many bytes.

use heapless::Vec;

/// Takes values from the front of some bytes; `None` where they are not there or not valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'b>(pub(crate) &'b [u8]);

impl<'b> Cursor<'b> {
    /// The next byte.
    pub(crate) const fn u8(&mut self) -> Option<u8> {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                Some(*byte)
            }
            None => None,
        }
    }

    /// A varint: 7 bits a byte, the lowest first; the top bit of a byte is set if another follows.
    pub(crate) const fn u32(&mut self) -> Option<u32> {
        let mut value = 0_u32;
        let mut shift = 0;
        while shift < u32::BITS {
            let Some(byte) = self.u8() else { return None };
            let bits = (byte & 0x7F) as u32;
            if bits != bits << shift >> shift {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
        }
        None
    }

    /// A varint of at most 16 bits.
    pub(crate) const fn u16(&mut self) -> Option<u16> {
        match self.u32() {
            Some(value) if value <= u16::MAX as u32 => Some(value as u16),
            _ => None,
        }
    }

    /// 0 or 1.
    pub(crate) const fn bool(&mut self) -> Option<bool> {
        match self.u8() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        }
    }

    /// So many bytes.
    pub(crate) const fn bytes(&mut self, length: usize) -> Option<&'b [u8]> {
        match self.0.split_at_checked(length) {
            Some((taken, rest)) => {
                self.0 = rest;
                Some(taken)
            }
            None => None,
        }
    }

    /// A number of items, then the items.
    pub(crate) fn sequence<T, const MOST: usize>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T, MOST>> {
        let mut items = Vec::new();
        for _ in 0..self.u32()? {
            items.push(item(self)?).ok()?;
        }
        Some(items)
    }
}
