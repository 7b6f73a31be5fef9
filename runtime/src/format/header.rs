use core::fmt;

use serde::{Deserialize, Serialize};

use super::checksum::Crc32;
use super::{Feature, rest, round_up, u16_at, u32_at};
use crate::error::{Error, Field, attempt, expect, invalid, saturated};

/// The first four bytes of a model file.
pub const MAGIC: [u8; 4] = *b"RNL1";
/// The format version that this crate reads and the trainer writes.
pub const VERSION: u16 = 3;
/// Bytes of the header.
pub const HEADER_LENGTH: usize = 64;
/// Every model file starts at a multiple of this many bytes, whatever its own alignment.
pub const SMALLEST_ALIGNMENT: usize = 4;
/// The largest alignment that a file may ask for.
pub const LARGEST_ALIGNMENT: usize = 16;

pub(crate) const CHECKSUM_OFFSET: usize = 60;
/// Where the length of the device's part stands.
pub(crate) const DEVICE_LENGTH_OFFSET: usize = 48;

/// How the weights of a model are stored and computed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// `f32` weights, `f32` arithmetic.
    F32,
    /// `f16` weights, `f32` arithmetic.
    F16,
    /// Weights of 8 or 4 bits, integer arithmetic.
    Int8,
}

impl Precision {
    /// The number that stands for it in the header.
    #[inline]
    pub const fn code(self) -> u8 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Int8 => 2,
        }
    }

    /// Whether its arithmetic is float, which only a build with the feature `float` has.
    #[inline]
    pub(crate) const fn is_float(self) -> bool {
        Feature::Float.is_built() && !matches!(self, Self::Int8)
    }

    /// The precision that `code` stands for.
    #[inline]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::F32),
            1 => Some(Self::F16),
            2 => Some(Self::Int8),
            _ => None,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        })
    }
}

/// Order of a model's weights in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Row after row, without padding.
    RowMajor,
    /// Pairs of rows of 8 bits as half-words, for a Cortex-M with DSP instructions; see [`super::HalfWords`].
    HalfWords,
}

impl Packing {
    /// The number that stands for it in the header.
    #[inline]
    pub const fn code(self) -> u8 {
        match self {
            Self::RowMajor => 0,
            Self::HalfWords => 1,
        }
    }

    /// The feature of this crate that has the kernels for it.
    #[inline]
    pub const fn feature_name(self) -> &'static str {
        match self {
            Self::RowMajor => "row-major",
            Self::HalfWords => "half-words",
        }
    }

    /// The packing that `code` stands for.
    #[inline]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::RowMajor),
            1 => Some(Self::HalfWords),
            _ => None,
        }
    }

    /// Whether models of a precision, given by its code, can have it.
    #[inline]
    const fn can_hold(self, precision: u8) -> bool {
        matches!(self, Self::RowMajor) || matches!(Precision::from_code(precision), Some(Precision::Int8))
    }

    /// Whether this build has the kernels for weights of 8 bits in this order: the crate's features `row-major` and `half-words`
    /// choose, and a microcontroller without DSP instructions has none for half-words. Weights of 4 bits and floats have one
    /// order, whose kernels every build has.
    #[inline]
    pub const fn is_built(self) -> bool {
        match self {
            Self::RowMajor => cfg!(feature = "row-major"),
            Self::HalfWords => cfg!(half_words),
        }
    }

    /// Whether the header of a model may have it; whether there are weights of 8 bits, the header does not tell.
    #[inline]
    const fn is_read(self) -> bool {
        matches!(self, Self::RowMajor) || self.is_built()
    }
}

/// The fixed little-endian start of a model file.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | [`MAGIC`] |
/// | 4 | 2 | [`VERSION`] |
/// | 6 | 1 | [`Precision::code`] |
/// | 7 | 1 | [`Packing::code`] |
/// | 8 | 4 | needs: a bit for each [`super::Feature`] |
/// | 12 | 1 | alignment of the file and its tensors: 4, 8 or 16 |
/// | 13 | 1 | reserved, 0 |
/// | 14 | 2 | length of the signature |
/// | 16 | 16 | model id |
/// | 32 | 4 | model version |
/// | 36 | 4 | 32-bit words of state that a classifier needs |
/// | 40 | 4 | length of part one, which follows the header |
/// | 44 | 4 | length of the extensions, which follow part one |
/// | 48 | 4 | length of what a device needs: header, part one, extensions, tensors |
/// | 52 | 4 | length of part two, which follows that |
/// | 56 | 4 | checksum of part two |
/// | 60 | 4 | checksum of what a device needs, without these four bytes |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Precision of the weights.
    pub precision: Precision,
    /// Order of the weights.
    pub packing: Packing,
    /// What a reader must have: the bits of [`super::Feature`].
    pub needs: u32,
    /// Alignment of the file and of each tensor in it, in bytes.
    pub alignment: u8,
    /// Bytes of the signature at the end of the file; 0: there is none.
    pub signature_length: u16,
    /// What tells this model from any other: see [`super::ID_DEFINITION`].
    pub id: [u8; 16],
    /// A number that the user chose.
    pub model_version: u32,
    /// 32-bit words of state that a classifier needs.
    pub capacity: u32,
    /// Bytes of part one.
    pub part_one_length: u32,
    /// Bytes of the extensions.
    pub extensions_length: u32,
    /// Bytes of header, part one, extensions and tensors.
    pub device_length: u32,
    /// Bytes of part two.
    pub part_two_length: u32,
    /// CRC-32 of part two.
    pub part_two_checksum: u32,
    /// CRC-32 of the first `device_length` bytes without the last four of the header.
    pub device_checksum: u32,
}

impl Header {
    /// Reads and checks a header; `file` may be longer or shorter than the lengths it announces, so that a caller that
    /// finds a model in a larger memory can learn how many bytes to take.
    ///
    /// # Errors
    /// [`Error::WrongLength`], [`Error::NotAModel`], [`Error::UnsupportedVersion`], [`Error::UnsupportedPrecision`],
    /// [`Error::UnsupportedPacking`], or [`Error::Invalid`] for an alignment or lengths that cannot be.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn read(file: &[u8]) -> Result<Self, Error> {
        let too_short = Error::WrongLength { expected: HEADER_LENGTH as u32, found: saturated(file.len()) };
        let Some(magic) = file.first_chunk::<4>() else { return Err(too_short) };
        if !matches!(*magic, MAGIC) {
            return Err(Error::NotAModel { found: *magic });
        }
        let version = u16_at(file, 4);
        if file.len() >= 6 && version != VERSION {
            return Err(Error::UnsupportedVersion { supported: VERSION, found: version });
        }
        let Some(bytes) = file.first_chunk::<HEADER_LENGTH>() else { return Err(too_short) };
        let [_, _, _, _, _, _, precision, packing, _, _, _, _, alignment, reserved, ..] = bytes;
        let (precision, packing, alignment) = (*precision, *packing, *alignment);
        let header = Self {
            precision: match Precision::from_code(precision) {
                Some(precision) => precision,
                None => return Err(Error::UnsupportedPrecision { found: precision }),
            },
            packing: match Packing::from_code(packing) {
                Some(packing) if packing.is_read() && packing.can_hold(precision) => packing,
                _ => return Err(Error::UnsupportedPacking { found: packing }),
            },
            needs: u32_at(bytes, 8),
            alignment,
            signature_length: u16_at(bytes, 14),
            id: id_of(bytes),
            model_version: u32_at(bytes, 32),
            capacity: u32_at(bytes, 36),
            part_one_length: u32_at(bytes, 40),
            extensions_length: u32_at(bytes, 44),
            device_length: u32_at(bytes, DEVICE_LENGTH_OFFSET),
            part_two_length: u32_at(bytes, 52),
            part_two_checksum: u32_at(bytes, 56),
            device_checksum: u32_at(bytes, CHECKSUM_OFFSET),
        };
        attempt!(expect(Field::Reserved, 0, *reserved as usize));
        if !matches!(alignment, 4 | 8 | 16) {
            return Err(invalid(Field::Alignment, LARGEST_ALIGNMENT, alignment as usize));
        }
        if header.tensors_offset() > header.device_length as usize {
            return Err(invalid(Field::DeviceLength, header.tensors_offset(), header.device_length as usize));
        }
        Ok(header)
    }

    /// Where the tensors start, from the start of the file: the first multiple of the alignment behind the extensions.
    #[inline]
    pub const fn tensors_offset(&self) -> usize {
        let parts = HEADER_LENGTH.saturating_add(self.part_one_length as usize);
        round_up(parts.saturating_add(self.extensions_length as usize), self.alignment as usize)
    }

    /// Bytes of the whole file; saturates.
    #[inline]
    pub const fn total_length(&self) -> usize {
        let parts = (self.device_length as usize).saturating_add(self.part_two_length as usize);
        parts.saturating_add(self.signature_length as usize)
    }

    /// The bytes of this header.
    pub fn to_bytes(&self) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        let fields: [&[u8]; 15] = [
            &MAGIC,
            &VERSION.to_le_bytes(),
            &[self.precision.code(), self.packing.code()],
            &self.needs.to_le_bytes(),
            &[self.alignment, 0],
            &self.signature_length.to_le_bytes(),
            &self.id,
            &self.model_version.to_le_bytes(),
            &self.capacity.to_le_bytes(),
            &self.part_one_length.to_le_bytes(),
            &self.extensions_length.to_le_bytes(),
            &self.device_length.to_le_bytes(),
            &self.part_two_length.to_le_bytes(),
            &self.part_two_checksum.to_le_bytes(),
            &self.device_checksum.to_le_bytes(),
        ];
        for (target, source) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *target = *source;
        }
        bytes
    }
}

/// The model id in a header.
#[inline]
pub(crate) const fn id_of(header: &[u8]) -> [u8; 16] {
    match rest(header, 16).first_chunk::<16>() {
        Some(id) => *id,
        None => [0; 16],
    }
}

/// The CRC-32 (ISO-HDLC, as in zlib) of what a device needs, without the checksum itself: bytes 0 to 59 and from 64 on
/// of the first `device_length` bytes of a file.
#[inline]
pub const fn device_checksum(device_part: &[u8]) -> u32 {
    let [before, after] = checked_pieces(device_part);
    Crc32::new().update(before).update(after).finish()
}

/// What the checksum of a device's part is about: the bytes before it, and those after it.
#[inline]
pub(crate) const fn checked_pieces(device_part: &[u8]) -> [&[u8]; 2] {
    match device_part.split_at_checked(CHECKSUM_OFFSET) {
        Some((before, after)) => [before, rest(after, 4)],
        None => [device_part, &[]],
    }
}

/// The CRC-32 (ISO-HDLC, as in zlib) of part two.
#[inline]
pub const fn part_two_checksum(part_two: &[u8]) -> u32 {
    Crc32::new().update(part_two).finish()
}

/// The capacity, in 32-bit words, that a [`crate::Classifier`] of this model file needs.
///
/// A `const` function over the header alone, to size a static classifier at compile time;
/// [`crate::Model::parse`] checks the number against the model.
///
/// # Panics
/// For bytes without the header of a model file of this version: in a constant, which it is for, that is an error of the
/// compiler with these words. A program that reads files calls [`crate::Model::parse`] and
/// [`crate::Model::required_words`] instead.
///
/// # Examples
/// A constant is the capacity of a classifier; a file that is no model is no constant:
/// ```
/// const CAPACITY: usize = runtime::required_capacity(&HEADER);
/// const HEADER: [u8; 64] = {
///     let mut header = [0; 64];
///     (header[0], header[1], header[2], header[3]) = (b'R', b'N', b'L', b'1');
///     (header[4], header[12], header[36], header[48]) = (3, 4, 42, 64);
///     header
/// };
/// assert_eq!([0; CAPACITY].len(), 42);
/// ```
/// ```compile_fail,E0080
/// const CAPACITY: usize = runtime::required_capacity(&HEADER);
/// const HEADER: [u8; 64] = [0; 64];
/// assert_eq!([0; CAPACITY].len(), 42);
/// ```
#[inline]
pub const fn required_capacity(file: &[u8]) -> usize {
    match Header::read(file) {
        Ok(header) => header.capacity as usize,
        Err(error) => error.end_compilation(),
    }
}
