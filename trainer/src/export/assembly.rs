//! From its parts to a model file.

use runtime::Model;
use runtime::format::{HEADER_LENGTH, Header, Packing, PartOne, Precision, device_checksum, part_two_checksum};
use sha2::{Digest, Sha256};

use super::ModelFile;
use super::tensors::ALIGNMENT;
use crate::error::Error;

/// What stands behind the part of a file that a device needs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behind<'a> {
    /// Part two, encoded.
    PartTwo(&'a [u8]),
    /// Nothing, because the file is stripped: this header of it says what part two was.
    Nothing(&'a Header),
}

/// What a model file is put together from.
pub(crate) struct Assembly<'a> {
    pub(crate) precision: Precision,
    pub(crate) packing: Packing,
    pub(crate) model_version: u32,
    pub(crate) part_one: &'a PartOne,
    /// The tensors in their order, each aligned.
    pub(crate) tensors: &'a [u8],
    pub(crate) behind: Behind<'a>,
}

impl Assembly<'_> {
    /// The file, with the capacity that the runtime itself asks for, verified as a device would.
    ///
    /// # Errors
    /// [`runtime::Error`] as [`Error::Export`]; [`Error::Failed`] for a file of more than 4 GiB.
    pub(crate) fn file(&self) -> Result<ModelFile, Error> {
        let failed = |error| Error::Failed(format!("part one of the file: {error}"));
        let part_one = postcard::to_stdvec(self.part_one).map_err(failed)?;
        let length = |value: usize| u32::try_from(value).map_err(|_| Error::Failed("the model exceeds 4 GiB".into()));
        let (part_two, part_two_length, part_two_checksum) = match self.behind {
            Behind::PartTwo(bytes) => (bytes, length(bytes.len())?, part_two_checksum(bytes)),
            Behind::Nothing(header) => (&[][..], header.part_two_length, header.part_two_checksum),
        };
        let mut header = Header {
            precision: self.precision,
            packing: self.packing,
            needs: self.part_one.needs(self.precision),
            alignment: ALIGNMENT as u8,
            signature_length: 0,
            id: [0; 16],
            model_version: self.model_version,
            capacity: 0,
            part_one_length: length(part_one.len())?,
            extensions_length: 0,
            device_length: 0,
            part_two_length,
            part_two_checksum,
            device_checksum: 0,
        };
        let tensors_offset = header.tensors_offset();
        header.device_length = length(tensors_offset + self.tensors.len())?;
        let write = |header: Header| {
            let mut bytes = header.to_bytes().to_vec();
            bytes.extend(&part_one);
            bytes.resize(tensors_offset, 0);
            bytes.extend(self.tensors);
            let header = Header { id: model_id(&bytes), ..header };
            bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
            let header = Header { device_checksum: device_checksum(&bytes), ..header };
            bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
            bytes.extend(part_two);
            ModelFile::from_bytes(&bytes)
        };
        let draft = write(header);
        header.capacity = length(Model::parse_any_capacity(draft.bytes()).map_err(Error::Export)?.required_words())?;
        let file = write(header);
        Model::parse(file.bytes()).map_err(Error::Export)?;
        Ok(file)
    }
}

/// The id of the model whose device's part this is, see [`runtime::format::ID_DEFINITION`].
pub(crate) fn model_id(device_part: &[u8]) -> [u8; 16] {
    let mut header = device_part[..HEADER_LENGTH].to_vec();
    header[14..32].fill(0);
    header[48..].fill(0);
    let digest = Sha256::new().chain_update(header).chain_update(&device_part[HEADER_LENGTH..]).finalize();
    std::array::from_fn(|place| digest[place])
}
