use std::path::Path;

use runtime::Model;

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

    /// Verifies the model.
    ///
    /// # Errors
    /// [`Error::Model`] naming `path`.
    pub fn parse(&self, path: &Path) -> Result<Model<'_>, Error> {
        Model::parse(self.bytes()).map_err(Error::of_model(path))
    }
}
