//! Model files taken apart, to be changed and put together again with their checksums right.

use runtime::format::{HEADER_LENGTH, Header};
use sha2::{Digest, Sha256};
use trainer::export::ModelFile;

use crate::common;

/// The bytes of a file's parts.
#[derive(Debug, Clone)]
pub(crate) struct Pieces {
    pub(crate) header: Header,
    pub(crate) part_one: Vec<u8>,
    pub(crate) extensions: Vec<u8>,
    pub(crate) tensors: Vec<u8>,
    pub(crate) part_two: Vec<u8>,
}

impl Pieces {
    pub(crate) fn of(file: &ModelFile) -> Self {
        let bytes = file.bytes();
        let header = Header::read(bytes).unwrap();
        let extensions = HEADER_LENGTH + header.part_one_length as usize;
        let end = extensions + header.extensions_length as usize;
        let tensors = end.next_multiple_of(header.alignment.into());
        Self {
            header,
            part_one: bytes[HEADER_LENGTH..extensions].to_vec(),
            extensions: bytes[extensions..end].to_vec(),
            tensors: bytes[tensors..header.device_length as usize].to_vec(),
            part_two: bytes[header.device_length as usize..].to_vec(),
        }
    }

    /// The file with the right lengths and checksums; needs and capacity stay the header's.
    pub(crate) fn assemble(&self) -> ModelFile {
        let mut bytes = [&[0; HEADER_LENGTH], &self.part_one[..], &self.extensions].concat();
        bytes.resize(bytes.len().next_multiple_of(self.header.alignment.into()), 0);
        bytes.extend(&self.tensors);
        let header = Header {
            part_one_length: self.part_one.len() as u32,
            extensions_length: self.extensions.len() as u32,
            device_length: bytes.len() as u32,
            part_two_length: self.part_two.len() as u32,
            ..self.header
        };
        bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        bytes.extend(&self.part_two);
        sealed(bytes)
    }
}

/// The file of these bytes, with the right checksums if it is as long as its header says.
pub(crate) fn sealed(bytes: Vec<u8>) -> ModelFile {
    ModelFile::from_bytes(common::sealed(bytes).bytes())
}

/// The file with the id of its content, as `runtime::format::ID_DEFINITION` has it, and the right checksums.
pub(crate) fn with_right_id(file: &ModelFile) -> ModelFile {
    let mut bytes = file.bytes().to_vec();
    let device = Header::read(&bytes).unwrap().device_length as usize;
    let mut hashed = bytes[..device].to_vec();
    hashed[16..32].fill(0);
    hashed[48..64].fill(0);
    bytes[16..32].copy_from_slice(&Sha256::digest(&hashed)[..16]);
    sealed(bytes)
}
