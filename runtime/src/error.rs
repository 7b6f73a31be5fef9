use core::fmt;

use crate::feature::Feature;

/// Why a model file was refused, a classifier could not be made for it, or a frame is not one of its input.
///
/// Everything about a model is found while it is parsed or a classifier is constructed. Later only a frame can be
/// refused, which changes nothing; text, tokens and predictions cannot fail.
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
    /// The precision is unknown.
    UnsupportedPrecision {
        /// The code found in the header.
        found: u8,
    },
    /// The weights are in an order that this build has no kernels for, see [`crate::format::Packing::is_built`].
    UnsupportedPacking {
        /// The code found in the header.
        found: u8,
    },
    /// The model needs what this runtime does not know.
    UnknownNeed {
        /// The bit in the header's `needs`.
        bit: u8,
    },
    /// The model needs what this build of the runtime leaves out.
    MissingFeature {
        /// What it is.
        feature: Feature,
    },
    /// The file has a record that a reader must know, and this one does not.
    UnknownExtension {
        /// The record's tag.
        tag: u16,
    },
    /// Fewer or more bytes than the header announces, or fewer than a header has.
    WrongLength {
        /// Bytes the header announces, or the length of a header.
        expected: u32,
        /// Bytes given.
        found: u32,
    },
    /// The CRC-32 of a part is not the one in the header: the file was changed or damaged.
    WrongChecksum {
        /// The part.
        part: Part,
        /// The checksum in the header.
        expected: u32,
        /// The checksum computed.
        found: u32,
    },
    /// The file is not the one that was verified.
    NotVerified,
    /// The bytes do not start at a multiple of the model's alignment.
    Misaligned {
        /// The alignment needed, in bytes.
        required: u32,
    },
    /// A part cannot be decoded.
    Unreadable {
        /// The part.
        part: Part,
    },
    /// A field or a tensor is not what it must be.
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
    /// A token or a text for a stream of a model of frames.
    NoText,
    /// A setting of a stream is outside of its range.
    Stream {
        /// The setting.
        setting: StreamSetting,
        /// The smallest or the largest value there is.
        expected: u32,
        /// The value found; `u32::MAX` for a span without an end.
        found: u32,
    },
}

/// A number of [`crate::StreamSettings`].
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamSetting {
    /// Frames that an answer is about.
    Span,
    /// Frames from one answer to the next.
    Hop,
    /// Answers whose probabilities are averaged.
    Smoothing,
    /// The probability from which on an answer is accepted.
    Threshold,
}

/// A part of a model file.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What a device needs: header, part one, extensions and tensors.
    Device,
    /// What a device needs to know of the model beside its tensors.
    One,
    /// The records behind part one.
    Extensions,
    /// What desktop programs read.
    Two,
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Device => "the device's part",
            Self::One => "part one",
            Self::Extensions => "the extensions",
            Self::Two => "part two",
        })
    }
}

/// What of a model file an [`Error::Invalid`] speaks of.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Alignment in the header.
    Alignment,
    /// Length of the device's part in the header.
    DeviceLength,
    /// What the header says that a reader needs.
    Needs,
    /// Words of state in the header.
    Capacity,
    /// The reserved byte of the header.
    Reserved,
    /// Where a tensor, or the last of them, ends.
    Tensors,
    /// Bits of a stored number, which the precision does not have.
    Bits,
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
    /// Version of Unicode.
    Unicode,
    /// Channels of a frame.
    Channels,
    /// Frames of a step.
    FramesPerStep,
    /// Frames from one step to the next.
    FrameStride,
    /// What 1 stands for in a frame of integers.
    FrameUnit,
    /// The zero of a channel.
    ChannelZero,
    /// The scale of a channel.
    ChannelScale,
    /// The right shift of a channel's numbers before they are scaled.
    ChannelPreShift,
    /// The right shift of a channel's numbers after they are scaled.
    ChannelShift,
    /// Number of recurrent layers.
    LayerCount,
    /// Number of heads.
    HeadCount,
    /// One-hot tokens where there can be none.
    OneHot,
    /// Input size of the first layer.
    InputSize,
    /// Hidden size of a layer.
    HiddenSize,
    /// A multiplier of the requantization.
    Multiplier,
    /// The left shift of an accumulator.
    AccumulatorShift,
    /// The sum that an accumulator can reach.
    AccumulatorRange,
    /// The sum that a row of weights packed in half-words can reach.
    HalfWordRange,
    /// Fraction bits of a state.
    StateFractionBits,
    /// Largest number of steps.
    MaxSteps,
    /// Steps up to which a sequence is padded.
    PadTo,
    /// A weight outside of its range (in 8 bits -128, in 4 bits -8 is not used), or not finite.
    WeightRange,
    /// What logits are multiplied with before the softmax.
    Temperature,
    /// The probability from which on an answer is accepted.
    Threshold,
    /// A known answer that cannot be read.
    KnownAnswer,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotAModel { found } => {
                write!(formatter, "not a model file: it starts with {found:02x?} instead of \"RNL1\"")
            }
            Self::UnsupportedVersion { supported, found } => {
                write!(formatter, "format version {found} is not supported: this runtime reads version {supported}; ")?;
                match found {
                    2 => write!(formatter, "`trainer upgrade` makes a file of it"),
                    _ => write!(formatter, "export the model again, or take another runtime"),
                }
            }
            Self::UnsupportedPrecision { found } => write!(formatter, "unknown precision code {found}"),
            Self::UnsupportedPacking { found } => {
                write!(formatter, "this build cannot read the order of the weights (packing {found}")?;
                match found {
                    0 => write!(formatter, ", the runtime's feature `row-major`")?,
                    1 => write!(formatter, ", the runtime's feature `half-words` on a Cortex-M4 or M7")?,
                    _ => {}
                }
                write!(formatter, "): `trainer upgrade --board` writes another order")
            }
            Self::UnknownNeed { bit } => {
                write!(formatter, "the model needs what this runtime does not know (bit {bit}): a newer runtime")
            }
            Self::MissingFeature { feature } => {
                let name = feature.name();
                write!(formatter, "the model needs the runtime's feature `{name}`, which this build leaves out")
            }
            Self::UnknownExtension { tag } => {
                write!(formatter, "the file has a critical extension that is not known here (tag {tag})")
            }
            Self::WrongLength { expected, found } => write!(
                formatter,
                "expected {expected} bytes, found {found}: the file is truncated or has something appended"
            ),
            Self::WrongChecksum { part, expected, found } => {
                write!(formatter, "checksum {found:08x} instead of {expected:08x} of {part}: the file is damaged")
            }
            Self::NotVerified => {
                write!(formatter, "the file is not the one that was verified: parse it in full once more")
            }
            Self::Misaligned { required } => write!(
                formatter,
                "the model must start at a multiple of {required} bytes: wrap it in `runtime::Aligned`"
            ),
            Self::Unreadable { part } => write!(formatter, "{part} cannot be read"),
            Self::Invalid { field: Field::HalfWordRange, expected, found } => write!(
                formatter,
                "a row is too long for half-words: its products reach {found}, at most {expected} do: take another packing"
            ),
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
            Self::NoText => write!(formatter, "the model classifies frames: push frames, not text"),
            Self::Stream { setting, expected, found } => {
                let bound = if found < expected { "at least" } else { "at most" };
                write!(formatter, "the {setting:?} of a stream: expected {bound} {expected}, found {found}")
            }
        }
    }
}

impl core::error::Error for Error {}

impl Error {
    /// Ends a compilation in which a model was checked; see [`crate::include_model`].
    ///
    /// # Panics
    /// Always, with the kind of the error.
    #[doc(hidden)]
    #[allow(clippy::panic, reason = "it ends a compilation")]
    #[inline]
    pub const fn end_compilation(self) -> ! {
        match self {
            Self::NotAModel { .. } => panic!("not a model file"),
            Self::UnsupportedVersion { .. } => panic!("a model file of another version: see `trainer upgrade`"),
            Self::UnsupportedPacking { .. } => {
                panic!(
                    "weights in an order that this build cannot read: see `trainer upgrade --board`, features `row-major` and `half-words`"
                )
            }
            Self::MissingFeature { .. } => panic!("the model needs a feature of the runtime that is not enabled"),
            Self::WrongLength { .. } => panic!("the model file is truncated or has something appended"),
            Self::WrongChecksum { .. } => panic!("the model file is damaged: wrong checksum"),
            Self::Stream { setting: StreamSetting::Span, .. } => {
                panic!("the span of the stream is outside of its range")
            }
            Self::Stream { setting: StreamSetting::Hop, .. } => panic!("the hop of the stream is 0"),
            Self::Stream { .. } => panic!("a setting of the stream is outside of its range"),
            _ => panic!("the model file is refused: `trainer inspect` says why"),
        }
    }
}

/// `Err` with [`Error::Invalid`] unless `found == expected`.
#[inline]
pub(crate) const fn expect(field: Field, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(invalid(field, expected, found)) }
}

/// `Err` with [`Error::Invalid`] unless `found` lies between `smallest` and `largest`; it reports the bound that was passed.
#[inline]
pub(crate) const fn expect_within(field: Field, smallest: usize, largest: usize, found: usize) -> Result<(), Error> {
    if found < smallest {
        Err(invalid(field, smallest, found))
    } else if found > largest {
        Err(invalid(field, largest, found))
    } else {
        Ok(())
    }
}

#[cold]
#[inline]
pub(crate) const fn invalid(field: Field, expected: usize, found: usize) -> Error {
    Error::Invalid { field, expected: saturated(expected), found: saturated(found) }
}

#[inline]
pub(crate) const fn saturated(value: usize) -> u32 {
    if value as u64 > u32::MAX as u64 { u32::MAX } else { value as u32 }
}

/// The value of a `Result`, or a return with its error: `?`, which constant functions cannot use.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}
pub(crate) use attempt;
