//! The bytes of a file of version 2: a header of 32 bytes, the manifest, the tensors.

use runtime::format::{MAGIC, Precision, VERSION, part_two_checksum};

use super::manifest::{DataType, Manifest, Tensor};

/// The version that is read.
const OLD_VERSION: u16 = 2;
const HEADER_LENGTH: usize = 32;
/// Where the bytes start that the checksum covers.
const CHECKED_FROM: usize = 16;

/// A file of version 2, taken apart. Its tensors are checked when they are looked at.
pub(super) struct OldFile<'m> {
    pub(super) precision: Precision,
    pub(super) manifest: Manifest<'m>,
    tensors: &'m [u8],
}

impl<'m> OldFile<'m> {
    /// Reads a file; what is wrong with it.
    pub(super) fn read(file: &'m [u8]) -> Result<Self, String> {
        let Some((header, _)) = file.split_first_chunk::<HEADER_LENGTH>() else {
            return Err(format!("not a model file: {} bytes", file.len()));
        };
        if !header.starts_with(&MAGIC) {
            return Err(format!("not a model file: it starts with {:02x?} instead of \"RNL1\"", &header[..4]));
        }
        let word = |offset: usize| u32::from_le_bytes(std::array::from_fn(|byte| header[offset + byte])) as usize;
        let half = |offset: usize| u16::from_le_bytes([header[offset], header[offset + 1]]);
        match half(4) {
            OLD_VERSION => {}
            VERSION => return Err(format!("the file has version {VERSION} already")),
            version => return Err(format!("version {version} cannot be upgraded: expected version {OLD_VERSION}")),
        }
        let code = half(6);
        let precision = u8::try_from(code).ok().and_then(Precision::from_code);
        let precision = precision.ok_or_else(|| format!("unknown precision code {code}"))?;
        if word(8) != file.len() {
            return Err(format!("expected {} bytes, found {}", word(8), file.len()));
        }
        // The checksum is the same as that of a part today.
        let checksum = part_two_checksum(&file[CHECKED_FROM..]) as usize;
        if checksum != word(12) {
            return Err(format!("checksum {checksum:08x} instead of {:08x}: the file is damaged", word(12)));
        }
        let manifest = file.get(HEADER_LENGTH..HEADER_LENGTH.saturating_add(word(16)));
        let tensors = file.get(word(20)..);
        let (Some(manifest), Some(tensors)) = (manifest, tensors) else {
            return Err("the manifest reaches beyond the end of the file".into());
        };
        match postcard::take_from_bytes(manifest) {
            Ok((manifest, [])) => Ok(Self { precision, manifest, tensors }),
            _ => Err("the manifest cannot be read".into()),
        }
    }

    /// The bytes of a tensor of `elements` elements of a type.
    pub(super) fn bytes(&self, tensor: &Tensor, data_type: DataType, elements: usize) -> Result<&'m [u8], String> {
        if tensor.data_type != data_type || tensor.elements as usize != elements {
            let found = (tensor.elements, tensor.data_type);
            return Err(format!("a tensor of {found:?}: expected {:?}", (elements, data_type)));
        }
        let start = tensor.offset as usize;
        let outside = || format!("a tensor at {start} reaches beyond the end of the file");
        self.tensors.get(start..).and_then(|rest| rest.get(..bytes_of(data_type, elements))).ok_or_else(outside)
    }

    /// The values of a tensor.
    pub(super) fn values<T: bytemuck::AnyBitPattern + bytemuck::NoUninit>(
        &self,
        tensor: &Tensor,
        data_type: DataType,
        elements: usize,
    ) -> Result<Vec<T>, String> {
        let bytes = self.bytes(tensor, data_type, elements)?;
        Ok(bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect())
    }
}

fn bytes_of(data_type: DataType, elements: usize) -> usize {
    match data_type {
        DataType::I4 => elements.div_ceil(2),
        DataType::U8 | DataType::I8 => elements,
        DataType::I16 | DataType::F16 => elements.saturating_mul(2),
        DataType::I32 | DataType::U32 | DataType::F32 => elements.saturating_mul(4),
    }
}
