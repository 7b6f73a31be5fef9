use super::header::wrong_checksum;
use super::{
    Extensions, Feature, HEADER_LENGTH, Header, PartOne, SMALLEST_ALIGNMENT, Tensors, device_checksum,
    part_two_checksum,
};
use crate::error::{Error, Field, Part, expect, saturated};

/// What a model's id is: the first 16 bytes of the SHA-256 of what a device needs, with the id, the lengths and
/// checksums from offset 48 on as zeros.
///
/// A stripped file has the same id as the whole. The trainer computes it; a device takes it as it is.
pub const ID_DEFINITION: &str =
    "SHA-256 of the device's part, bytes 14 to 31 and 48 to 63 as zeros, its first 16 bytes";

/// The parts of a model file whose lengths and checksums are right.
#[derive(Debug, Clone)]
pub struct File<'m> {
    /// The header.
    pub header: Header,
    /// Part one, decoded; what it says is not checked.
    pub part_one: PartOne,
    /// The records behind part one.
    pub extensions: Extensions<'m>,
    /// The tensors.
    pub tensors: Tensors<'m>,
    /// Part two, postcard; `None` of a stripped file.
    pub part_two: Option<&'m [u8]>,
    /// The signature, which this version does not check; empty if there is none.
    pub signature: &'m [u8],
}

impl<'m> File<'m> {
    /// Takes a file apart: the whole one, or the first [`Header::device_length`] bytes alone.
    ///
    /// # Errors
    /// Any [`Error`] of a header, a checksum, or a part that can not be decoded.
    ///
    /// # Panics
    /// Never.
    #[inline(never)]
    pub fn read(file: &'m [u8]) -> Result<Self, Error> {
        check_alignment(file, SMALLEST_ALIGNMENT)?;
        let header = Header::read(file)?;
        check_alignment(file, header.alignment.into())?;
        check_needs(header.needs)?;
        let device_length = header.device_length as usize;
        let is_stripped = file.len() == device_length;
        if !is_stripped && file.len() != header.total_length() {
            let expected = if file.len() < device_length { device_length } else { header.total_length() };
            return Err(Error::WrongLength { expected: saturated(expected), found: saturated(file.len()) });
        }
        let outside = Error::WrongLength { expected: header.device_length, found: saturated(file.len()) };
        let (device, rest) = file.split_at_checked(device_length).ok_or(outside)?;
        let found = device_checksum(device);
        if found != header.device_checksum {
            return Err(wrong_checksum(Part::Device, header.device_checksum, found));
        }
        let (part_two, signature) = rest.split_at_checked(header.part_two_length as usize).unwrap_or_default();
        if !is_stripped && part_two_checksum(part_two) != header.part_two_checksum {
            let found = part_two_checksum(part_two);
            return Err(wrong_checksum(Part::Two, header.part_two_checksum, found));
        }
        let (parts, tensors) = device.split_at_checked(header.tensors_offset()).ok_or(outside)?;
        let parts = parts.get(HEADER_LENGTH..).unwrap_or_default();
        let (part_one, extensions) = parts.split_at_checked(header.part_one_length as usize).ok_or(outside)?;
        let extensions = extensions.get(..header.extensions_length as usize).ok_or(outside)?;
        let part_one = PartOne::decode(part_one)?;
        expect(Field::Needs, part_one.needs(header.precision) as usize, header.needs as usize)?;
        Ok(Self {
            header,
            part_one,
            extensions: Extensions::parse(extensions)?,
            tensors: Tensors::new(tensors, header.alignment.into()),
            part_two: (!is_stripped).then_some(part_two),
            signature,
        })
    }
}

/// Checks where a file lies, which comes before what it is.
pub(crate) fn check_alignment(file: &[u8], alignment: usize) -> Result<(), Error> {
    if file.is_empty() || file.as_ptr().addr().is_multiple_of(alignment) {
        Ok(())
    } else {
        Err(Error::Misaligned { required: alignment as u32 })
    }
}

/// Checks that this build has what a model needs.
fn check_needs(needs: u32) -> Result<(), Error> {
    let known = Feature::ALL.iter().fold(0, |bits, feature| bits | feature.bit());
    let unknown = needs & !known;
    if unknown != 0 {
        return Err(Error::UnknownNeed { bit: unknown.trailing_zeros() as u8 });
    }
    if cfg!(not(feature = "float")) && needs & Feature::Float.bit() != 0 {
        return Err(Error::MissingFeature { feature: Feature::Float });
    }
    Ok(())
}
