use core::fmt;

use crate::format::Precision;

/// Why a model file was refused, a classifier could not be made for it, or a frame is not one of its input.
///
/// Everything about a model is found while it is parsed or a classifier is constructed. Later only a frame can be
/// refused, which changes nothing; text, tokens and predictions can not fail.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The first four bytes are not those of a model file.
    NotAModel {
        /// The bytes found.
        found: [u8; 4],
    },
    /// The format version is not the one this runtime reads.
    UnsupportedVersion {
        /// The version this runtime reads.
        supported: u16,
        /// The version of the file.
        found: u16,
    },
    /// The precision is unknown, or its code is left out of this build (feature `float`).
    UnsupportedPrecision {
        /// The code found in the header.
        found: u16,
    },
    /// Fewer or more bytes than the header announces, or fewer than a header has.
    WrongLength {
        /// Bytes the header announces, or the length of a header.
        expected: u32,
        /// Bytes given.
        found: u32,
    },
    /// The CRC-32 of the content is not the one in the header: the file was changed or damaged.
    WrongChecksum {
        /// The checksum in the header.
        expected: u32,
        /// The checksum computed.
        found: u32,
    },
    /// The bytes do not start at a multiple of 16.
    Misaligned {
        /// The alignment needed, in bytes.
        required: u32,
    },
    /// The manifest is not what postcard can read as one.
    UnreadableManifest,
    /// A part of the manifest or of the tensors is not what it must be.
    Invalid {
        /// The part.
        field: Field,
        /// The value, smallest or largest, that was expected.
        expected: u32,
        /// The value found.
        found: u32,
    },
    /// The classifier has fewer words of state than the model needs.
    CapacityTooSmall {
        /// 32-bit words needed.
        required: u32,
        /// 32-bit words there are.
        available: u32,
    },
    /// [`crate::LongInput::Window`] for a model that keeps no steps.
    WindowOfStreaming,
    /// A frame for a model of text.
    NoFrames,
    /// A frame of another number of channels than the model's.
    WrongChannels {
        /// Channels of the model.
        expected: u32,
        /// Values of the frame.
        found: u32,
    },
    /// A value of a frame is infinite or not a number.
    NotFinite {
        /// The channel.
        channel: u32,
    },
}

/// The part of a model file that an [`Error::Invalid`] speaks of.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Offset of the tensors in the header.
    TensorsOffset,
    /// Length of the manifest in the header.
    ManifestLength,
    /// Words of state in the header.
    Capacity,
    /// Reserved bytes of the header.
    Reserved,
    /// Precision of a tensor group against the header's.
    Precision,
    /// Where a tensor starts.
    TensorOffset,
    /// How many elements a tensor has.
    TensorLength,
    /// The type of a tensor's elements.
    TensorType,
    /// Number of classes.
    ClassCount,
    /// The table of labels.
    Labels,
    /// The table of vocabulary words or their fingerprints, or of an alphabet's characters.
    Vocabulary,
    /// Order of the vocabulary's words or the alphabet's characters.
    VocabularyOrder,
    /// Bits of a remainder in a vocabulary of fingerprints.
    RemainderBits,
    /// Number of the hash's buckets.
    Buckets,
    /// Channels of a frame.
    Channels,
    /// What 1 stands for in a frame of integers.
    FrameUnit,
    /// The zero of a channel.
    ChannelZero,
    /// The scale of a channel.
    ChannelScale,
    /// The right shift of a frame's values.
    FrameShift,
    /// Number of recurrent layers.
    LayerCount,
    /// Weights of one-hot tokens where there are none, or none where there are.
    OneHot,
    /// Input size of a layer.
    InputSize,
    /// Hidden size of a layer.
    HiddenSize,
    /// A multiplier of the requantization.
    Multiplier,
    /// The left shift of an accumulator.
    AccumulatorShift,
    /// The sum that an accumulator can reach.
    AccumulatorRange,
    /// Fraction bits of a state.
    StateFractionBits,
    /// Largest number of steps.
    MaxSteps,
    /// Steps up to which a sequence is padded.
    PadTo,
    /// A weight outside of its range (in 8 bits -128, in 4 bits -8 is not used), or not finite.
    WeightRange,
    /// A known answer that can not be read.
    KnownAnswer,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotAModel { found } => {
                write!(formatter, "not a model file: it starts with {found:02x?} instead of \"RNL1\"")
            }
            Self::UnsupportedVersion { supported, found } => write!(
                formatter,
                "format version {found} is not supported: this runtime reads version {supported}; \
                 export the model again with the trainer of this runtime"
            ),
            Self::UnsupportedPrecision { found } => match Precision::from_code(found) {
                Some(precision) => write!(
                    formatter,
                    "{precision} models need the runtime's feature `float`, which this build leaves out"
                ),
                None => write!(formatter, "unknown precision code {found}"),
            },
            Self::WrongLength { expected, found } => write!(
                formatter,
                "expected {expected} bytes, found {found}: the file is truncated or has something appended"
            ),
            Self::WrongChecksum { expected, found } => {
                write!(formatter, "checksum {found:08x} instead of {expected:08x}: the file is damaged")
            }
            Self::Misaligned { required } => write!(
                formatter,
                "the model must start at a multiple of {required} bytes: wrap it in `runtime::Aligned`"
            ),
            Self::UnreadableManifest => write!(formatter, "the manifest can not be read"),
            Self::Invalid { field, expected, found } => {
                write!(formatter, "invalid {field:?}: expected {expected}, found {found}")
            }
            Self::CapacityTooSmall { required, available } => {
                write!(formatter, "the model needs a capacity of {required} words, the classifier has {available}")
            }
            Self::WindowOfStreaming => {
                write!(formatter, "a window needs the steps that a bidirectional model keeps: this model keeps none")
            }
            Self::NoFrames => write!(formatter, "the model classifies text: push text, not frames"),
            Self::WrongChannels { expected, found } => {
                write!(formatter, "a frame of this model has {expected} channels, found {found} values")
            }
            Self::NotFinite { channel } => {
                write!(formatter, "the value of channel {channel} is infinite or not a number")
            }
        }
    }
}

impl core::error::Error for Error {}

/// `Err` with [`Error::Invalid`] unless `found == expected`.
pub(crate) fn expect(field: Field, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(invalid(field, expected, found)) }
}

/// `Err` with [`Error::Invalid`] unless `found` lies in `range`; reports the bound that was passed.
pub(crate) fn expect_within(field: Field, smallest: usize, largest: usize, found: usize) -> Result<(), Error> {
    if found < smallest {
        Err(invalid(field, smallest, found))
    } else if found > largest {
        Err(invalid(field, largest, found))
    } else {
        Ok(())
    }
}

pub(crate) fn invalid(field: Field, expected: usize, found: usize) -> Error {
    Error::Invalid { field, expected: saturated(expected), found: saturated(found) }
}

pub(crate) fn saturated(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
