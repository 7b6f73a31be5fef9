use half::f16;
use runtime::format::{
    ALIGNMENT, DataType, Element, FingerprintTable, FingerprintTableRef, Precision, STRINGS_PER_BLOCK, StringTableRef,
    Tensor, round_up,
};

use crate::quantize::Bits;

/// The tensors of a file, each aligned.
#[derive(Default)]
pub(super) struct TensorArea {
    pub(super) bytes: Vec<u8>,
}

impl TensorArea {
    pub(super) fn add<T: Element + bytemuck::NoUninit>(&mut self, values: &[T]) -> Tensor {
        self.bytes.resize(round_up(self.bytes.len(), ALIGNMENT), 0);
        let offset = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytemuck::cast_slice(values));
        Tensor { data_type: T::DATA_TYPE, offset, elements: values.len() as u32 }
    }

    /// Values in `f16`, or in `f32`.
    pub(super) fn add_float(&mut self, values: &[f32], precision: Precision) -> Tensor {
        match precision {
            Precision::F16 => self.add(&values.iter().map(|value| f16::from_f32(*value)).collect::<Vec<_>>()),
            _ => self.add(values),
        }
    }

    /// Rows of `columns` integers of so many bits; in 4 bits each row begins at a byte.
    pub(super) fn add_integers(&mut self, values: &[i8], columns: usize, bits: Bits) -> Tensor {
        match bits {
            Bits::Eight => self.add(values),
            Bits::Four => {
                let low = |value: i8| value as u8 & 0x0F;
                let byte = |pair: &[i8]| low(pair[0]) | pair.get(1).map_or(0, |value| low(*value) << 4);
                let bytes: Vec<u8> = values.chunks(columns.max(1)).flat_map(|row| row.chunks(2).map(byte)).collect();
                let Tensor { offset, elements, .. } = self.add(&bytes);
                Tensor { data_type: DataType::I4, offset, elements: 2 * elements }
            }
        }
    }

    /// Fingerprints as they are.
    pub(super) fn add_fingerprints(&mut self, table: &FingerprintTable<'_>) -> FingerprintTableRef {
        FingerprintTableRef {
            count: table.count,
            seed: table.seed,
            remainder_bits: table.remainder_bits,
            buckets: self.add(table.buckets),
            index: self.add(table.index),
            remainders: self.add(table.remainders),
        }
    }

    /// Strings of at most 255 bytes, which labels and words are.
    pub(super) fn add_strings(&mut self, strings: &[String]) -> StringTableRef {
        let (mut index, mut bytes) = (Vec::<u32>::new(), Vec::<u8>::new());
        for (number, string) in strings.iter().enumerate() {
            if number % STRINGS_PER_BLOCK == 0 {
                index.push(bytes.len() as u32);
            }
            let string = &string[..string.floor_char_boundary(255)];
            bytes.push(string.len() as u8);
            bytes.extend(string.as_bytes());
        }
        let count = strings.len() as u32;
        StringTableRef { count, index: self.add(&index), bytes: self.add(&bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_in_4_bits_are_two_in_a_byte_and_rows_begin_at_bytes() {
        let mut tensors = TensorArea::default();
        tensors.add(&[9_u8]);
        let tensor = tensors.add_integers(&[1, -1, 7, -7, 0, 5], 3, Bits::Four);
        assert_eq!(tensor, Tensor { data_type: DataType::I4, offset: 16, elements: 8 });
        assert_eq!(tensors.bytes[16..], [0xF1, 0x07, 0x09, 0x05]);
        let tensor = tensors.add_integers(&[1, -1, 7, -7, 0, 5], 3, Bits::Eight);
        assert_eq!(tensor, Tensor { data_type: DataType::I8, offset: 32, elements: 6 });
    }
}
