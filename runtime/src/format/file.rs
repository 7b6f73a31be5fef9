use super::part_one::Outline;
use super::{
    Extensions, Feature, HEADER_LENGTH, Header, PartOne, SMALLEST_ALIGNMENT, Tensors, device_checksum,
    part_two_checksum, slice,
};
use crate::error::{Error, Field, Part, attempt, expect, saturated};

/// What a model's id is: the first 16 bytes of the SHA-256 of what a device needs, with the id, the lengths and
/// checksums from offset 48 on as zeros.
///
/// A stripped file has the same id as the whole. The trainer computes it; a device takes it as it is.
pub const ID_DEFINITION: &str =
    "SHA-256 of the device's part, bytes 14 to 31 and 48 to 63 as zeros, its first 16 bytes";

/// The parts of a model file whose lengths and checksums are right, for a desktop program.
#[derive(Debug, Clone)]
pub struct File<'m> {
    /// The header.
    pub header: Header,
    /// Part one, decoded; what it says is not checked.
    pub part_one: PartOne,
    /// The records behind part one.
    pub extensions: Extensions<'m>,
    /// Part two, postcard; `None` of a stripped file.
    pub part_two: Option<&'m [u8]>,
    /// The signature, which this version does not check; empty if there is none.
    pub signature: &'m [u8],
}

impl<'m> File<'m> {
    /// Takes a file apart: the whole one, or the first [`Header::device_length`] bytes alone.
    ///
    /// # Errors
    /// Any [`Error`] of a header, a checksum, or a part that cannot be decoded.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn read(file: &'m [u8]) -> Result<Self, Error> {
        let Sections { header, part_one, extensions, part_two, signature, .. } =
            Sections::read(file, file.as_ptr().addr(), Checks::All)?;
        Ok(Self { header, part_one: PartOne::decode(part_one)?, extensions, part_two, signature })
    }
}

/// Which checks are still to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Checks {
    /// All of them.
    All,
    /// All but the computation of the checksums, which are these.
    ButChecksums(Checksums),
    /// Those that find out where the parts are: the file is the one that passed all checks before.
    OfParts,
}

/// The checksums of a file as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checksums {
    pub(crate) device: u32,
    /// `None` of a stripped file.
    pub(crate) part_two: Option<u32>,
}

impl Checksums {
    #[inline]
    const fn of(device: &[u8], part_two: Option<&[u8]>) -> Self {
        let part_two = match part_two {
            Some(part_two) => Some(part_two_checksum(part_two)),
            None => None,
        };
        Self { device: device_checksum(device), part_two }
    }
}

/// The parts of a model file as a device needs them, lengths and checksums being right.
pub(crate) struct Sections<'m> {
    pub(crate) header: Header,
    part_one: &'m [u8],
    pub(crate) outline: Outline<'m>,
    pub(crate) extensions: Extensions<'m>,
    pub(crate) tensors: Tensors<'m>,
    pub(crate) part_two: Option<&'m [u8]>,
    signature: &'m [u8],
}

impl<'m> Sections<'m> {
    /// Takes a file apart. Where it lies, which comes before what it is, must be a multiple of [`SMALLEST_ALIGNMENT`], and if
    /// the file begins with a header of the header's alignment. No file is nowhere; a constant function does not know the
    /// address, and passes 0 for a file that is aligned.
    #[inline]
    pub(crate) const fn read(file: &'m [u8], address: usize, checks: Checks) -> Result<Self, Error> {
        let address = if file.is_empty() { 0 } else { address };
        attempt!(expect_alignment(address, SMALLEST_ALIGNMENT));
        let header = attempt!(Header::read(file));
        attempt!(expect_alignment(address, header.alignment as usize));
        attempt!(check_needs(header.needs));
        let device_length = header.device_length as usize;
        let is_stripped = file.len() == device_length;
        if !is_stripped && file.len() != header.total_length() {
            let expected = if file.len() < device_length { device_length } else { header.total_length() };
            return Err(Error::WrongLength { expected: saturated(expected), found: saturated(file.len()) });
        }
        let outside = Error::WrongLength { expected: header.device_length, found: saturated(file.len()) };
        let Some((device, rest)) = file.split_at_checked(device_length) else { return Err(outside) };
        let (part_two, signature) = match rest.split_at_checked(header.part_two_length as usize) {
            Some((part_two, signature)) if !is_stripped => (Some(part_two), signature),
            _ => (None, [].as_slice()),
        };
        let sums = match checks {
            Checks::All => Some(Checksums::of(device, part_two)),
            Checks::ButChecksums(sums) => Some(sums),
            Checks::OfParts => None,
        };
        if let Some(Checksums { device, part_two }) = sums {
            attempt!(check_sum(Part::Device, header.device_checksum, device));
            if let Some(part_two) = part_two {
                attempt!(check_sum(Part::Two, header.part_two_checksum, part_two));
            }
        }
        let extensions_offset = HEADER_LENGTH.saturating_add(header.part_one_length as usize);
        let extensions_end = extensions_offset.saturating_add(header.extensions_length as usize);
        let (Some(part_one), Some(extensions), Some(tensors)) = (
            slice(device, HEADER_LENGTH, extensions_offset),
            slice(device, extensions_offset, extensions_end),
            slice(device, header.tensors_offset(), device_length),
        ) else {
            return Err(outside);
        };
        let outline = attempt!(Outline::read(part_one));
        let needs = outline.needs | header.precision.needs();
        attempt!(expect(Field::Needs, needs as usize, header.needs as usize));
        let extensions = attempt!(Extensions::parse(extensions));
        let are_verified = matches!(checks, Checks::OfParts);
        let tensors = Tensors::of_file(tensors, header.alignment as usize, are_verified);
        Ok(Self { header, part_one, outline, extensions, tensors, part_two, signature })
    }
}

#[inline]
const fn expect_alignment(address: usize, alignment: usize) -> Result<(), Error> {
    if address & alignment.wrapping_sub(1) == 0 {
        Ok(())
    } else {
        Err(Error::Misaligned { required: alignment as u32 })
    }
}

/// Checks that this build has what a model needs.
#[inline]
const fn check_needs(needs: u32) -> Result<(), Error> {
    let unknown = needs & !Feature::KNOWN;
    if unknown != 0 {
        return Err(Error::UnknownNeed { bit: unknown.trailing_zeros() as u8 });
    }
    match Feature::first_of(needs & !Feature::BUILT) {
        Some(feature) => Err(Error::MissingFeature { feature }),
        None => Ok(()),
    }
}

#[inline]
const fn check_sum(part: Part, expected: u32, found: u32) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::WrongChecksum { part, expected, found }) }
}
