use half::f16;
use runtime::format::{ALIGNMENT, Element, Precision, STRINGS_PER_BLOCK, StringTableRef, Tensor, round_up};

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
