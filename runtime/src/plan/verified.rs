/// Proof that a model file passed all checks of [`crate::Model::parse`]: the id, the checksum and the length of the part that
/// a device needs. [`crate::Model::verified`] gives it, [`crate::Model::parse_verified`] takes it.
///
/// A program may store it beside the model. Nothing protects the stored bytes: whoever can write them can also write a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    pub(super) id: [u8; 16],
    pub(super) checksum: u32,
    pub(super) length: u32,
}

impl Verified {
    /// Bytes of [`Self::to_bytes`].
    pub const BYTES: usize = 24;

    /// The bytes to store.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn to_bytes(&self) -> [u8; Self::BYTES] {
        let Self { id: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p], checksum, length } = *self;
        let ([q, r, s, t], [u, v, w, x]) = (checksum.to_le_bytes(), length.to_le_bytes());
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x]
    }

    /// The proof in bytes that [`Self::to_bytes`] gave. Of other bytes it is the proof for no file.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn from_stored(bytes: [u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x] = bytes;
        Self {
            id: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p],
            checksum: u32::from_le_bytes([q, r, s, t]),
            length: u32::from_le_bytes([u, v, w, x]),
        }
    }
}
