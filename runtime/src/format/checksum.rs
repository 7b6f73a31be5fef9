//! CRC-32 (ISO-HDLC, as in zlib) with a table of 32 entries: one of 256 takes 1 KiB of flash.

/// The polynomial, its lowest bit last.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// Bits that one entry of the table stands for.
const BITS: u32 = 5;

/// What is XORed into the state when its lowest [`BITS`] bits are shifted out, for each value of these bits.
const TABLE: [u32; 1 << BITS] = table();

const fn table() -> [u32; 1 << BITS] {
    let mut table = [0; 1 << BITS];
    let mut entry = 0;
    while entry < table.len() {
        let mut value = entry as u32;
        let mut bit = 0;
        while bit < BITS {
            value = if value & 1 == 0 { value >> 1 } else { value >> 1 ^ POLYNOMIAL };
            bit += 1;
        }
        table[entry] = value;
        entry += 1;
    }
    table
}

/// A checksum of the bytes so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crc32(u32);

impl Crc32 {
    /// The checksum of no bytes.
    #[inline]
    pub(super) const fn new() -> Self {
        Self(u32::MAX)
    }

    /// Takes in more bytes, four at a time. A function of its own, for speed: most of the time of parsing is spent in it.
    #[inline(never)]
    pub(super) const fn update(self, bytes: &[u8]) -> Self {
        let mut state = self.0;
        let mut rest = bytes;
        while let Some((word, after)) = rest.split_first_chunk::<4>() {
            state ^= u32::from_le_bytes(*word);
            let mut bits = 0;
            while bits < 30 {
                state = shift_out::<BITS>(state);
                bits += BITS;
            }
            state = shift_out::<2>(state);
            rest = after;
        }
        while let Some((byte, after)) = rest.split_first() {
            state = shift_out::<3>(shift_out::<BITS>(state ^ *byte as u32));
            rest = after;
        }
        Self(state)
    }

    /// The checksum.
    #[inline]
    pub(super) const fn finish(self) -> u32 {
        !self.0
    }
}

/// The state after its lowest bits, at most [`BITS`], are shifted out. The zeros that fill up an entry's number are shifted out
/// first and change nothing.
#[inline(always)]
const fn shift_out<const COUNT: u32>(state: u32) -> u32 {
    let lowest = state & ((1 << COUNT) - 1);
    TABLE[(lowest << (BITS - COUNT)) as usize] ^ state >> COUNT
}

#[cfg(test)]
mod tests {
    extern crate std;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_checksum_is_that_of_a_well_known_crate(
            bytes in prop::collection::vec(any::<u8>(), 0..70), cut in 0_usize..70,
        ) {
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let known = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes);
            prop_assert_eq!(Crc32::new().update(first).update(second).finish(), known);
        }
    }
}
