use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use serde::{Deserialize, Serialize};

use super::{ALIGNMENT, round_up};
use crate::error::{Error, Field, expect, saturated};

/// The first four bytes of a model file.
pub const MAGIC: [u8; 4] = *b"RNL1";
/// The format version that this crate reads and the trainer writes.
pub const VERSION: u16 = 2;
/// Bytes of the header.
pub const HEADER_LENGTH: usize = 32;
/// Where the bytes start that the checksum covers.
const CHECKED_FROM: usize = 16;
const CAPACITY_OFFSET: usize = 24;

/// How the weights of a model are stored and computed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// `f32` weights, `f32` arithmetic.
    F32,
    /// `f16` weights, `f32` arithmetic.
    F16,
    /// `i8` weights, integer arithmetic.
    Int8,
}

impl Precision {
    /// The number that stands for it in the header.
    pub const fn code(self) -> u16 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Int8 => 2,
        }
    }

    /// The precision that `code` stands for.
    pub const fn from_code(code: u16) -> Option<Self> {
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

/// The fixed little-endian start of a model file.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | [`MAGIC`] |
/// | 4 | 2 | [`VERSION`] |
/// | 6 | 2 | [`Precision::code`] |
/// | 8 | 4 | length of the whole file |
/// | 12 | 4 | [`checksum`] of all bytes from 16 on |
/// | 16 | 4 | length of the manifest, which follows the header |
/// | 20 | 4 | offset of the tensors, a multiple of [`ALIGNMENT`] |
/// | 24 | 4 | 32-bit words of state that a classifier needs |
/// | 28 | 4 | reserved, 0 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Precision of the weights.
    pub precision: Precision,
    /// Bytes of the whole file.
    pub total_length: u32,
    /// CRC-32 of all bytes from offset 16 on.
    pub checksum: u32,
    /// Bytes of the manifest.
    pub manifest_length: u32,
    /// Where the tensors start, from the start of the file.
    pub tensors_offset: u32,
    /// 32-bit words of state that a classifier needs.
    pub capacity: u32,
}

impl Header {
    /// Reads and checks a header; `file` may be longer or shorter than the length it announces, so that
    /// a caller that finds a model in a larger memory can learn how many bytes to take.
    ///
    /// # Errors
    /// [`Error::WrongLength`], [`Error::NotAModel`], [`Error::UnsupportedVersion`],
    /// [`Error::UnsupportedPrecision`], or [`Error::Invalid`] for offsets that can not be.
    ///
    /// # Panics
    /// Never.
    pub fn read(file: &[u8]) -> Result<Self, Error> {
        let too_short = Error::WrongLength { expected: HEADER_LENGTH as u32, found: saturated(file.len()) };
        let magic = *file.first_chunk::<4>().ok_or(too_short)?;
        if magic != MAGIC {
            return Err(Error::NotAModel { found: magic });
        }
        let header = file.first_chunk::<HEADER_LENGTH>().ok_or(too_short)?;
        let [_, _, _, _, version_low, version_high, precision_low, precision_high, ..] = *header;
        let version = u16::from_le_bytes([version_low, version_high]);
        if version != VERSION {
            return Err(Error::UnsupportedVersion { supported: VERSION, found: version });
        }
        let code = u16::from_le_bytes([precision_low, precision_high]);
        let word = |offset| word_at(header, offset);
        let header = Self {
            precision: Precision::from_code(code).ok_or(Error::UnsupportedPrecision { found: code })?,
            total_length: word(8),
            checksum: word(12),
            manifest_length: word(CHECKED_FROM),
            tensors_offset: word(20),
            capacity: word(CAPACITY_OFFSET),
        };
        expect(Field::Reserved, 0, word(28) as usize)?;
        let manifest_end = HEADER_LENGTH.saturating_add(header.manifest_length as usize);
        expect(Field::TensorsOffset, round_up(manifest_end, ALIGNMENT), header.tensors_offset as usize)?;
        if header.tensors_offset > header.total_length {
            return Err(Error::WrongLength { expected: header.tensors_offset, found: header.total_length });
        }
        Ok(header)
    }

    /// The bytes of this header.
    pub fn to_bytes(&self) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        let fields: [&[u8]; 8] = [
            &MAGIC,
            &VERSION.to_le_bytes(),
            &self.precision.code().to_le_bytes(),
            &self.total_length.to_le_bytes(),
            &self.checksum.to_le_bytes(),
            &self.manifest_length.to_le_bytes(),
            &self.tensors_offset.to_le_bytes(),
            &self.capacity.to_le_bytes(),
        ];
        for (target, source) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *target = *source;
        }
        bytes
    }
}

/// The CRC-32 (ISO-HDLC, as in zlib) of a model file's bytes from offset 16 on; that of nothing for a
/// shorter one.
pub fn checksum(file: &[u8]) -> u32 {
    static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
    CRC.checksum(file.get(CHECKED_FROM..).unwrap_or_default())
}

/// The capacity, in 32-bit words, that a [`crate::Classifier`] of this model file needs.
///
/// A `const` function over the header alone, to size a static classifier at compile time. 0 if the bytes
/// are too few to be a model file; [`crate::Model::parse`] checks the number against the model.
///
/// # Panics
/// Never.
pub const fn required_capacity(file: &[u8]) -> usize {
    match file.first_chunk::<HEADER_LENGTH>() {
        Some(header) => word_at(header, CAPACITY_OFFSET) as usize,
        None => 0,
    }
}

const fn word_at(header: &[u8; HEADER_LENGTH], offset: usize) -> u32 {
    match header.split_at_checked(offset) {
        Some((_, rest)) => match rest.first_chunk::<4>() {
            Some(word) => u32::from_le_bytes(*word),
            None => 0,
        },
        None => 0,
    }
}
