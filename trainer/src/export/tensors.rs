use bytemuck::NoUninit;
use half::f16;
use runtime::format::{
    FingerprintTable, FingerprintTableSize, MAX_STRING_BYTES, Precision, STRINGS_PER_BLOCK, StringTableSize, round_up,
};

use crate::quantize::Bits;

/// Where a file and each of its tensors starts: at a multiple of so many bytes.
pub(crate) const ALIGNMENT: usize = 4;

/// The tensors of a file, one after another, each aligned.
#[derive(Default)]
pub(crate) struct TensorArea {
    pub(crate) bytes: Vec<u8>,
}

impl TensorArea {
    pub(crate) fn add<T: NoUninit>(&mut self, values: &[T]) {
        if !values.is_empty() {
            self.bytes.resize(round_up(self.bytes.len(), ALIGNMENT), 0);
            self.bytes.extend_from_slice(bytemuck::cast_slice(values));
        }
    }

    /// Values in `f16`, or in `f32`.
    pub(super) fn add_float(&mut self, values: &[f32], precision: Precision) {
        match precision {
            Precision::F16 => self.add(&values.iter().map(|value| f16::from_f32(*value)).collect::<Vec<_>>()),
            _ => self.add(values),
        }
    }

    /// Rows of `columns` integers of so many bits; in 4 bits each row begins at a byte.
    pub(super) fn add_integers(&mut self, values: &[i8], columns: usize, bits: Bits) {
        match bits {
            Bits::Eight => self.add(values),
            Bits::Four => {
                let low = |value: i8| value as u8 & 0x0F;
                let byte = |pair: &[i8]| low(pair[0]) | pair.get(1).map_or(0, |value| low(*value) << 4);
                let bytes: Vec<u8> = values.chunks(columns.max(1)).flat_map(|row| row.chunks(2).map(byte)).collect();
                self.add(&bytes);
            }
        }
    }

    /// Fingerprints as they are.
    pub(super) fn add_fingerprints(&mut self, table: &FingerprintTable<'_>) -> FingerprintTableSize {
        self.add(table.buckets);
        self.add(table.index);
        self.add(table.remainders);
        FingerprintTableSize { count: table.count, seed: table.seed, remainder_bits: table.remainder_bits }
    }

    /// Labels or words; a longer one than [`MAX_STRING_BYTES`] is cut.
    pub(super) fn add_strings(&mut self, strings: &[String]) -> StringTableSize {
        let (mut index, mut bytes) = (Vec::<u32>::new(), Vec::<u8>::new());
        for (number, string) in strings.iter().enumerate() {
            if number > 0 && number % STRINGS_PER_BLOCK == 0 {
                index.push(bytes.len() as u32);
            }
            let string = &string[..string.floor_char_boundary(MAX_STRING_BYTES)];
            bytes.push(string.len() as u8);
            bytes.extend(string.as_bytes());
        }
        self.add(&index);
        self.add(&bytes);
        StringTableSize { count: strings.len() as u32, bytes: bytes.len() as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_in_4_bits_are_two_in_a_byte_and_rows_begin_at_bytes() {
        let mut tensors = TensorArea::default();
        tensors.add(&[9_u8]);
        tensors.add_integers(&[1, -1, 7, -7, 0, 5], 3, Bits::Four);
        assert_eq!(tensors.bytes, [9, 0, 0, 0, 0xF1, 0x07, 0x09, 0x05]);
        tensors.add::<u32>(&[]);
        tensors.add_integers(&[1, -1, 7], 3, Bits::Eight);
        assert_eq!(tensors.bytes[8..], [1, 0xFF, 7]);
    }
}
