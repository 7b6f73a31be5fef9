//! What another machine computed, carried along to be compared with: texts with their class and logits.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Field, invalid};

/// A text, and the answer that a model gave to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAnswer<'a> {
    /// The text.
    pub text: &'a str,
    /// Number of the class.
    pub class: u32,
    /// The logits' bits ([`crate::Logits::bits`]), four little-endian bytes each.
    #[serde(borrow)]
    pub logits: &'a [u8],
}

/// A file of known answers: their number as four little-endian bytes, then each in postcard.
#[derive(Debug, Clone)]
pub struct KnownAnswers<'a> {
    remaining: u32,
    bytes: &'a [u8],
}

impl<'a> KnownAnswers<'a> {
    /// Checks all answers; iteration can not fail afterwards.
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
        let (answer, rest) = postcard::take_from_bytes(self.bytes).ok()?;
        self.bytes = rest;
        Some(answer)
    }
}
