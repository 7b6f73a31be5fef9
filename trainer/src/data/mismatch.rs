use std::fmt;

/// Content of another kind than what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// Frames where texts are read.
    FramesForText,
    /// Texts where frames are read.
    TextForFrames,
    /// Frames of another number of values.
    Channels {
        /// Values of a frame that are read.
        expected: usize,
        /// Values of a frame that were found.
        found: usize,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FramesForText => write!(formatter, "frames of numbers, where texts are expected"),
            Self::TextForFrames => write!(formatter, "texts, where frames of numbers are expected"),
            Self::Channels { expected, found } => {
                write!(formatter, "frames of {found} channel(s), where {expected} are expected")
            }
        }
    }
}
