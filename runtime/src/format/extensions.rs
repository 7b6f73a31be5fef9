use super::cursor::Cursor;
use crate::error::{Error, Part};

/// A record that a later program may have added to a model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'m> {
    /// What it is.
    pub tag: u16,
    /// Whether a reader that does not know it must refuse the file.
    pub critical: bool,
    /// Its content.
    pub bytes: &'m [u8],
}

/// The extension records of a file, in order: each a tag (varint), whether it is critical (0 or 1), the length of its
/// content (varint) and the content.
#[derive(Debug, Clone)]
pub struct Extensions<'m> {
    rest: Cursor<'m>,
}

impl<'m> Extensions<'m> {
    /// The records in these bytes, which they fill; none of them may be critical, as this version knows no tag.
    ///
    /// # Errors
    /// [`Error::Unreadable`]; [`Error::UnknownExtension`] for a critical record.
    ///
    /// # Panics
    /// Never.
    pub fn parse(bytes: &'m [u8]) -> Result<Self, Error> {
        let extensions = Self { rest: Cursor(bytes) };
        let mut records = extensions.clone();
        for extension in records.by_ref() {
            if extension.critical {
                return Err(Error::UnknownExtension { tag: extension.tag });
            }
        }
        if records.rest.0.is_empty() { Ok(extensions) } else { Err(Error::Unreadable { part: Part::Extensions }) }
    }

    /// The content of the first record with this tag.
    pub fn get(&self, tag: u16) -> Option<&'m [u8]> {
        self.clone().find(|extension| extension.tag == tag).map(|extension| extension.bytes)
    }
}

impl<'m> Iterator for Extensions<'m> {
    type Item = Extension<'m>;

    fn next(&mut self) -> Option<Extension<'m>> {
        let mut cursor = self.rest;
        let (tag, critical, length) = (cursor.u16()?, cursor.bool()?, cursor.u32()?);
        let bytes = cursor.bytes(length as usize)?;
        self.rest = cursor;
        Some(Extension { tag, critical, bytes })
    }
}
