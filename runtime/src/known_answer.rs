//! What another machine computed, carried along to be compared with: sequences with their class and logits.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Field, invalid};

/// A sequence, and the answer that a model gave to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAnswer<'a> {
    /// The sequence.
    #[serde(borrow)]
    pub input: KnownInput<'a>,
    /// Number of the class.
    pub class: u32,
    /// The logits' bits ([`crate::Logits::bits`]), four little-endian bytes each.
    pub logits: &'a [u8],
}

/// What was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KnownInput<'a> {
    /// A text.
    Text(&'a str),
    /// Frames of integers of 16 bits.
    Frames {
        /// Values of a frame, at least 1.
        channels: u16,
        /// `[frames, channels]`, `i16` in two little-endian bytes each.
        values: &'a [u8],
    },
    /// Frames of integers of 32 bits.
    WideFrames {
        /// Values of a frame, at least 1.
        channels: u16,
        /// `[frames, channels]`, `i32` in four little-endian bytes each.
        values: &'a [u8],
    },
}

impl<'a> KnownInput<'a> {
    /// The frames, each as an iterator over its channels' values; none of a text.
    ///
    /// # Panics
    /// Never.
    pub fn frames(&self) -> impl Iterator<Item = impl Iterator<Item = i32> + use<'a>> + use<'a> {
        let (channels, size, values) = self.parts();
        let frame = channels.max(1).saturating_mul(size);
        values.chunks_exact(frame).map(move |frame| frame.chunks_exact(size).map(integer))
    }

    /// Channels, bytes of a value, and the values' bytes.
    fn parts(&self) -> (usize, usize, &'a [u8]) {
        match self {
            Self::Text(_) => (1, 2, &[]),
            Self::Frames { channels, values } => ((*channels).into(), 2, values),
            Self::WideFrames { channels, values } => ((*channels).into(), 4, values),
        }
    }

    /// Whether the values are whole frames.
    fn is_whole(&self) -> bool {
        let (channels, size, values) = self.parts();
        channels > 0 && values.len().is_multiple_of(channels.saturating_mul(size))
    }
}

/// The little-endian integer of two bytes or four.
fn integer(bytes: &[u8]) -> i32 {
    match (bytes.first_chunk::<4>(), bytes.first_chunk::<2>()) {
        (Some(wide), _) => i32::from_le_bytes(*wide),
        (None, Some(narrow)) => i16::from_le_bytes(*narrow).into(),
        (None, None) => 0,
    }
}

/// A file of known answers: their number as four little-endian bytes, then each in postcard.
#[derive(Debug, Clone)]
pub struct KnownAnswers<'a> {
    remaining: u32,
    bytes: &'a [u8],
}

impl<'a> KnownAnswers<'a> {
    /// Checks all answers; iteration cannot fail afterwards.
    ///
    /// # Errors
    /// [`Error::Invalid`] with [`Field::KnownAnswer`] and the number of the answer.
    ///
    /// # Panics
    /// Never.
    pub fn parse(file: &'a [u8]) -> Result<Self, Error> {
        let (count, bytes) = file.split_first_chunk::<4>().ok_or(invalid(Field::KnownAnswer, 4, file.len()))?;
        let remaining = u32::from_le_bytes(*count);
        let answers = Self { remaining, bytes };
        let readable = answers.clone().count();
        if readable == remaining as usize {
            Ok(answers)
        } else {
            Err(invalid(Field::KnownAnswer, remaining as usize, readable))
        }
    }

    /// Number of answers not yet taken.
    pub fn len(&self) -> usize {
        self.remaining as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.remaining == 0
    }
}

impl<'a> Iterator for KnownAnswers<'a> {
    type Item = KnownAnswer<'a>;

    fn next(&mut self) -> Option<KnownAnswer<'a>> {
        self.remaining = self.remaining.checked_sub(1)?;
        let (answer, rest) = postcard::take_from_bytes::<KnownAnswer<'a>>(self.bytes).ok()?;
        self.bytes = rest;
        answer.input.is_whole().then_some(answer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    fn file(answers: &[KnownAnswer<'_>]) -> Vec<u8> {
        let mut file = (answers.len() as u32).to_le_bytes().to_vec();
        for answer in answers {
            let mut bytes = [0; 256];
            file.extend_from_slice(postcard::to_slice(answer, &mut bytes).unwrap());
        }
        file
    }

    fn frames<'a>(channels: u16, values: &'a [u8]) -> KnownAnswer<'a> {
        KnownAnswer { input: KnownInput::Frames { channels, values }, class: 1, logits: &[1, 2, 3, 4] }
    }

    #[test]
    fn texts_and_frames_are_read_as_written() {
        let text = KnownAnswer { input: KnownInput::Text("lights öff"), class: 300, logits: &[0xFF; 8] };
        let written = [text, frames(2, &[1, 0, 255, 255, 0, 128, 2, 1])];
        let file = file(&written);
        let read: Vec<_> = KnownAnswers::parse(&file).unwrap().collect();
        assert_eq!(read, written);
        assert_eq!(read[0].input.frames().count(), 0);
        let values: Vec<Vec<i32>> = read[1].input.frames().map(Iterator::collect).collect();
        assert_eq!(values, [[1, -1], [-32_768, 258]]);
        let wide = KnownInput::WideFrames { channels: 1, values: &[1, 0, 0, 0, 0, 0, 0, 128] };
        let values: Vec<Vec<i32>> = wide.frames().map(Iterator::collect).collect();
        assert_eq!(values, [[1], [i32::MIN]]);
    }

    #[test]
    fn answers_that_are_cut_or_have_broken_frames_are_refused() {
        let whole = file(&[frames(2, &[0; 4])]);
        assert_eq!(KnownAnswers::parse(&whole).unwrap().len(), 1);
        for length in 0..whole.len() {
            assert!(KnownAnswers::parse(&whole[..length]).is_err(), "{length}");
        }
        for broken in [frames(0, &[]), frames(2, &[0; 6]), frames(3, &[0; 5])] {
            let refused = KnownAnswers::parse(&file(&[frames(1, &[]), broken])).err();
            assert_eq!(refused, Some(invalid(Field::KnownAnswer, 2, 1)));
        }
    }
}
