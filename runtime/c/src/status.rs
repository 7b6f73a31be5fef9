use core::ffi::{CStr, c_char};

use runtime::Error;

/// The result of a function: 0 is success. After any other status a classifier's sequence is as before; a model or a classifier
/// that was to be made is not ready.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunnelStatus {
    /// Success.
    Ok = 0,
    /// A required pointer is NULL.
    NullPointer = 1,
    /// A pointer to a struct or to numbers is not aligned as its C type requires.
    UnalignedPointer = 2,
    /// The model or the classifier is not ready: parse or init was not called, or failed.
    NotReady = 3,
    /// The state, or the buffer for the logits, is smaller than the model needs.
    BufferTooSmall = 4,
    /// The first four bytes are not those of a model file.
    NotAModel = 5,
    /// The file has a version that this library does not read.
    UnsupportedVersion = 6,
    /// The file has a precision that this library does not know.
    UnsupportedPrecision = 7,
    /// The weights are packed for another processor.
    UnsupportedPacking = 8,
    /// The model needs a feature that this library was built without, or does not know.
    MissingFeature = 9,
    /// The file has a record that a reader must know, and this library does not.
    UnknownExtension = 10,
    /// The file has more or fewer bytes than it says.
    WrongLength = 11,
    /// The file's checksum is wrong: it was changed or damaged.
    WrongChecksum = 12,
    /// The file does not begin at a multiple of its alignment, which is 16 bytes at most.
    UnalignedModel = 13,
    /// A part of the file is not what the format specifies.
    InvalidModel = 14,
    /// Frames were pushed to a model of text.
    NoFrames = 15,
    /// Text was pushed to a model of frames.
    NoText = 16,
    /// A frame has another number of channels than the model.
    WrongChannels = 17,
    /// A number of a frame is infinite or not a number.
    NotFinite = 18,
    /// The model has no class of that index.
    NoSuchClass = 19,
    /// The model's logits are of the other type: integers in an int8 model, floats in any other.
    WrongLogits = 20,
}

impl RunnelStatus {
    const fn text(self) -> &'static CStr {
        match self {
            Self::Ok => c"success",
            Self::NullPointer => c"a pointer is NULL",
            Self::UnalignedPointer => c"a pointer is not aligned as its type requires",
            Self::NotReady => {
                c"the model or the classifier is not ready: call runnel_model_parse, then runnel_classifier_init"
            }
            Self::BufferTooSmall => c"the buffer is too small: runnel_model_info gives state_words and classes",
            Self::NotAModel => c"not a model file: trainer export writes one",
            Self::UnsupportedVersion => c"another version of the file format: trainer upgrade writes today's",
            Self::UnsupportedPrecision => c"a precision that this library does not know",
            Self::UnsupportedPacking => {
                c"weights packed for another processor: trainer upgrade --board packs them for this one"
            }
            Self::MissingFeature => {
                c"the library was built without a feature that the model needs: trainer inspect names them"
            }
            Self::UnknownExtension => c"the file has a record that this library does not know",
            Self::WrongLength => c"the length is not the model file's: give its bytes, all of them and no others",
            Self::WrongChecksum => c"wrong checksum: the model file was changed or damaged",
            Self::UnalignedModel => c"the model file does not begin at a multiple of 16 bytes",
            Self::InvalidModel => c"the model file is not valid: trainer inspect says why",
            Self::NoFrames => c"the model takes text, not frames",
            Self::NoText => c"the model takes frames, not text",
            Self::WrongChannels => c"the frame has another number of channels than the model",
            Self::NotFinite => c"a number of the frame is infinite or not a number",
            Self::NoSuchClass => c"the model has no class of that index",
            Self::WrongLogits => c"the logits are of the other type: integers of an int8 model, floats of any other",
        }
    }

    /// The status of a number, which may come from C.
    fn of(number: u32) -> Option<Self> {
        const ALL: [RunnelStatus; 21] = [
            RunnelStatus::Ok,
            RunnelStatus::NullPointer,
            RunnelStatus::UnalignedPointer,
            RunnelStatus::NotReady,
            RunnelStatus::BufferTooSmall,
            RunnelStatus::NotAModel,
            RunnelStatus::UnsupportedVersion,
            RunnelStatus::UnsupportedPrecision,
            RunnelStatus::UnsupportedPacking,
            RunnelStatus::MissingFeature,
            RunnelStatus::UnknownExtension,
            RunnelStatus::WrongLength,
            RunnelStatus::WrongChecksum,
            RunnelStatus::UnalignedModel,
            RunnelStatus::InvalidModel,
            RunnelStatus::NoFrames,
            RunnelStatus::NoText,
            RunnelStatus::WrongChannels,
            RunnelStatus::NotFinite,
            RunnelStatus::NoSuchClass,
            RunnelStatus::WrongLogits,
        ];
        ALL.into_iter().find(|status| *status as u32 == number)
    }
}

/// The text of a status, for [`crate::runnel_status_text`].
pub(crate) fn text_of(number: u32) -> *const c_char {
    RunnelStatus::of(number).map_or(c"not a status of this library", RunnelStatus::text).as_ptr()
}

impl From<Error> for RunnelStatus {
    #[inline]
    fn from(error: Error) -> Self {
        match error {
            Error::NotAModel { .. } => Self::NotAModel,
            Error::UnsupportedVersion { .. } => Self::UnsupportedVersion,
            Error::UnsupportedPrecision { .. } => Self::UnsupportedPrecision,
            Error::UnsupportedPacking { .. } => Self::UnsupportedPacking,
            Error::UnknownNeed { .. } | Error::MissingFeature { .. } => Self::MissingFeature,
            Error::UnknownExtension { .. } => Self::UnknownExtension,
            Error::WrongLength { .. } => Self::WrongLength,
            Error::WrongChecksum { .. } => Self::WrongChecksum,
            Error::Misaligned { .. } => Self::UnalignedModel,
            Error::CapacityTooSmall { .. } => Self::BufferTooSmall,
            Error::NoFrames => Self::NoFrames,
            Error::WrongChannels { .. } => Self::WrongChannels,
            Error::NotFinite { .. } => Self::NotFinite,
            // Every other error speaks of what a model file holds.
            _ => Self::InvalidModel,
        }
    }
}

/// What a function returns to C.
impl From<Result<(), RunnelStatus>> for RunnelStatus {
    #[inline]
    fn from(result: Result<(), RunnelStatus>) -> Self {
        result.err().unwrap_or(Self::Ok)
    }
}
