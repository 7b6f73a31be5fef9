//! Where the rows of a training come from, and what reading them told.

use std::path::PathBuf;

use crate::data::columns::{ColumnNames, ColumnRole};
use crate::data::origin::{GroupColumn, Origin};
use crate::data::records::Fingerprint;
use crate::data::{DataError, ReadOptions, Row, Rows, SegmentCounts};

/// A file that is part of this program.
#[derive(Debug, Clone, Copy)]
pub(in crate::data) struct BuiltIn {
    pub(in crate::data) name: &'static str,
    pub(in crate::data) content: &'static str,
}

impl BuiltIn {
    pub(in crate::data) fn rows(self, options: &ReadOptions) -> Result<Rows<'static>, DataError> {
        Rows::new(self.name.as_ref(), self.content.as_bytes(), options)
    }
}

/// Rows that can be read again and again.
#[derive(Debug, Clone)]
pub(in crate::data) enum RowSource {
    /// Rows that were made here.
    Rows(Vec<Row>),
    /// Those of a file that is part of this program.
    BuiltIn(BuiltIn),
    /// A file.
    File(PathBuf),
}

impl RowSource {
    /// A file that can be read several times.
    pub(in crate::data) fn file(path: PathBuf) -> Result<Self, DataError> {
        match std::fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => Err(DataError::ReadOnce { path }),
            _ => Ok(Self::File(path)),
        }
    }

    /// Calls `each` with every row, in order; what was read.
    pub(super) fn for_each<Error: From<DataError>>(
        &self,
        options: &ReadOptions,
        mut each: impl FnMut(&Row, Origin) -> Result<(), Error>,
    ) -> Result<Reading, Error> {
        let mut rows = match self {
            Self::Rows(rows) => {
                rows.iter().try_for_each(|row| each(row, Origin::default()))?;
                return Ok(Reading::default());
            }
            Self::BuiltIn(file) => file.rows(options)?,
            Self::File(path) => Rows::open(path, options)?,
        };
        while let Some(placed) = rows.next_placed()? {
            each(&placed.row, placed.origin)?;
        }
        let layout = match self {
            Self::File(path) => Some(format!("{}: {}", path.display(), rows.layout())),
            _ => None,
        };
        let (label, channels, columns) = (rows.label_name(), rows.channel_names(), rows.column_names());
        let roles = rows.column_roles().to_vec();
        let (group, segments) = (rows.group().cloned(), rows.segments().cloned());
        Ok(Reading { fingerprint: rows.fingerprint(), layout, label, channels, columns, roles, group, segments })
    }
}

/// What reading a source to its end told.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    pub(super) fingerprint: Fingerprint,
    /// What a file is, and which of its columns is what.
    pub(super) layout: Option<String>,
    /// The column of labels.
    pub(super) label: Option<String>,
    /// The names of channels.
    pub(super) channels: Vec<String>,
    /// The names of all columns that are read.
    pub(super) columns: ColumnNames,
    /// What each column is.
    pub(super) roles: Vec<ColumnRole>,
    /// The column of groups.
    pub(super) group: Option<GroupColumn>,
    /// What became of recordings.
    pub(super) segments: Option<SegmentCounts>,
}
