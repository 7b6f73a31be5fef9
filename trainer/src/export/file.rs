use std::path::Path;

use runtime::Model;
use runtime::format::File;

use super::{PartTwo, model_id};
use crate::error::Error;

/// The bytes of a model file, aligned as the runtime needs them.
#[derive(Debug, Clone, Default)]
pub struct ModelFile {
    words: Vec<u128>,
    length: usize,
}

impl ModelFile {
    /// A copy of `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = vec![0_u128; bytes.len().div_ceil(size_of::<u128>())];
        bytemuck::cast_slice_mut::<u128, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { words, length: bytes.len() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Unreadable { path: path.into(), source })?;
        Ok(Self::from_bytes(&bytes))
    }

    /// The bytes, starting at a multiple of 16.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }

    /// Takes it apart, and checks that the id is that of the content.
    ///
    /// # Errors
    /// [`Error::Model`] naming `path`; [`Error::Damaged`] for another id.
    pub fn parts(&self, path: &Path) -> Result<(File<'_>, PartTwo), Error> {
        let file = File::read(self.bytes()).map_err(Error::of_model(path))?;
        let device_part = self.bytes().get(..file.header.device_length as usize).unwrap_or_default();
        if model_id(device_part) != file.header.id {
            return Err(Error::Damaged { path: path.into() });
        }
        let part_two = file.part_two.map(PartTwo::decode).transpose().map_err(Error::of_model(path))?;
        Ok((file, part_two.unwrap_or_default()))
    }

    /// What a device needs of it: the same without part two and a signature.
    ///
    /// # Errors
    /// As [`Self::parts`] and [`Self::parse`].
    pub fn stripped(&self, path: &Path) -> Result<Self, Error> {
        let (file, _) = self.parts(path)?;
        self.parse(path)?;
        Ok(Self::from_bytes(self.bytes().get(..file.header.device_length as usize).unwrap_or_default()))
    }

    /// Verifies the model.
    ///
    /// # Errors
    /// [`Error::Model`] naming `path`.
    pub fn parse(&self, path: &Path) -> Result<Model<'_>, Error> {
        Model::parse(self.bytes()).map_err(Error::of_model(path))
    }
}
