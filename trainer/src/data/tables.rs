//! The records of one file, or of the files of a folder.

use std::path::Path;

use super::DataError;
use super::folder::FolderRecords;
use super::records::{Fingerprint, Record, Records};

/// Where records come from.
pub(super) enum Tables<'r> {
    File(Records<'r>),
    Folder(Box<FolderRecords>),
}

impl<'r> Tables<'r> {
    pub(super) fn next(&mut self) -> Result<Option<Record>, DataError> {
        match self {
            Self::File(records) => records.next().transpose(),
            Self::Folder(records) => records.next(),
        }
    }

    /// The file that the last record stands in.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(records) => records.path(),
            Self::Folder(records) => records.path(),
        }
    }

    /// What lies in a folder, for a message; nothing of one file.
    pub(super) fn listing(&self) -> Option<String> {
        match self {
            Self::File(_) => None,
            Self::Folder(records) => Some(records.listing().to_string()),
        }
    }

    /// The fingerprint of what was read so far.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::File(records) => records.fingerprint(),
            Self::Folder(records) => records.fingerprint(),
        }
    }
}
