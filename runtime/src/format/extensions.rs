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
    pub(crate) const EMPTY: Self = Self { rest: Cursor::new(&[]) };

    /// The records in these bytes, which they fill; none of them may be critical, as this version knows no tag.
    ///
    /// # Errors
    /// [`Error::Unreadable`]; [`Error::UnknownExtension`] for a critical record.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn parse(bytes: &'m [u8]) -> Result<Self, Error> {
        let mut rest = Cursor::new(bytes);
        while !rest.bytes.is_empty() {
            let extension = read(&mut rest);
            if !rest.is_valid {
                return Err(Error::Unreadable { part: Part::Extensions });
            }
            if extension.critical {
                return Err(Error::UnknownExtension { tag: extension.tag });
            }
        }
        Ok(Self { rest: Cursor::new(bytes) })
    }

    /// The content of the first record with this tag.
    #[inline]
    pub fn get(&self, tag: u16) -> Option<&'m [u8]> {
        self.clone().find(|extension| extension.tag == tag).map(|extension| extension.bytes)
    }
}

impl<'m> Iterator for Extensions<'m> {
    type Item = Extension<'m>;

    #[inline]
    fn next(&mut self) -> Option<Extension<'m>> {
        let extension = read(&mut self.rest);
        self.rest.is_valid.then_some(extension)
    }
}

#[inline]
const fn read<'m>(cursor: &mut Cursor<'m>) -> Extension<'m> {
    let (tag, critical, length) = (cursor.u16(), cursor.bool(), cursor.u32());
    Extension { tag, critical, bytes: cursor.take(length as usize) }
}
