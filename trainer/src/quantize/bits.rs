use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Bits of each stored integer of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Bits {
    /// -7 to 7, two in a byte.
    Four,
    /// -127 to 127.
    Eight,
}

/// Bits of an integer model's matrices; the head always has 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegerBits {
    /// Of the weights of the recurrent layers.
    pub weights: Bits,
    /// Of the embedding.
    pub embedding: Bits,
}

impl Bits {
    /// The largest magnitude of a stored integer.
    pub const fn largest(self) -> u8 {
        match self {
            Self::Four => 7,
            Self::Eight => 127,
        }
    }

    /// What a stored integer of an embedding is multiplied with to become an input: the inputs of both then fill the
    /// range of 8 bits, and share a row of weights with a hidden state in 8 bits.
    pub const fn input_factor(self) -> u8 {
        match self {
            Self::Four => 16,
            Self::Eight => 1,
        }
    }
}

impl IntegerBits {
    /// The same for all matrices.
    pub const fn all(bits: Bits) -> Self {
        Self { weights: bits, embedding: bits }
    }
}

/// Of the weights and, after a colon, of the embedding, or of both: `8:4`, `8`.
impl FromStr for IntegerBits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (weights, embedding) = text.split_once(':').unwrap_or((text, text));
        Ok(Self { weights: weights.parse()?, embedding: embedding.parse()? })
    }
}

impl From<Bits> for u8 {
    fn from(bits: Bits) -> Self {
        match bits {
            Bits::Four => 4,
            Bits::Eight => 8,
        }
    }
}

impl TryFrom<u8> for Bits {
    type Error = String;

    fn try_from(bits: u8) -> Result<Self, String> {
        match bits {
            4 => Ok(Self::Four),
            8 => Ok(Self::Eight),
            _ => Err(format!("{bits} bits: expected 4 or 8")),
        }
    }
}

impl FromStr for Bits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = |_| format!("{text:?} bits: expected 4 or 8");
        text.parse::<u8>().map_err(expected).and_then(Self::try_from)
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", u8::from(*self))
    }
}
