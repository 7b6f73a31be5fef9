//! Model files of version 2, made into files of today's version with the same weights, and so the same logits.

mod convert;
mod file;
mod manifest;

use std::path::Path;

use crate::error::Error;
use crate::export::ModelFile;

/// The file that a file of version 2 becomes.
///
/// Its words are what they were (word rule 0), its weights too, so that it gives the same logits, bit for bit. Its limit
/// of steps stays, unless `lifts_limit` is set and the model can do without: then its streams go on without an end, and
/// so do its answers about texts and sequences that were cut.
///
/// # Errors
/// [`Error::Run`] for a file that is no model of version 2, or one that is damaged; [`Error::Model`] for one that this
/// version refuses, as for padding of more than 1,024 steps.
pub fn upgrade(bytes: &[u8], path: &Path, lifts_limit: bool) -> Result<ModelFile, Error> {
    let refuse = |problem: String| Error::Run { path: path.into(), problem };
    let old = file::OldFile::read(bytes).map_err(refuse)?;
    let converted = convert::Converted::of(&old, lifts_limit).map_err(refuse)?;
    converted.assemble().map_err(|error| match error {
        Error::Export(source) => Error::Model { path: path.into(), source },
        other => other,
    })
}
