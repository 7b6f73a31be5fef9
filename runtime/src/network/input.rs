use super::arithmetic::Arithmetic;
use super::fill;
use super::rows::Rows;
use crate::error::{Error, Field, expect_within};
use crate::format::{Embedding, FrameInput, Input, Tensors, TokenVectors};
use crate::text::composed_rows;

/// Largest input or hidden size: accumulators of an int8 row of twice as many columns fit into 31 bits.
pub(crate) const MAX_SIZE: usize = 16_384;
/// Largest right shift of an int8 model's frames, see [`crate::numeric::normalize`].
const MAX_FRAME_SHIFT: usize = 30;

/// What a step takes in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// A token that the model has.
    Token(u32),
    /// A frame of integers, one a channel.
    Integers(&'a [i16]),
    /// A frame of finite numbers, one a channel.
    #[cfg(feature = "float")]
    Floats(&'a [f32]),
}

impl Step<'_> {
    /// The token; that of padding for a frame.
    pub(crate) const fn token(&self) -> u32 {
        match self {
            Self::Token(token) => *token,
            _ => 0,
        }
    }
}

/// How a frame's channel becomes an input.
pub(crate) struct Channel<A: Arithmetic> {
    /// What 1 in a frame of integers stands for.
    #[cfg_attr(not(feature = "float"), expect(dead_code, reason = "integers are normalized as they are"))]
    pub(crate) unit: f32,
    pub(crate) zero: A::ChannelNumber,
    pub(crate) scale: A::ChannelNumber,
    /// Right shift of an int8 model.
    pub(crate) shift: u8,
}

/// How a step becomes the first layer's input.
pub(crate) enum StepInput<'m, A: Arithmetic> {
    /// A row of a table, or the mean of two.
    Embedding { vectors: Rows<'m, A>, size: usize },
    /// A row of the first layer's own weights.
    OneHot { tokens: usize },
    /// A value for each channel.
    Frames { unit: f32, zero: &'m [A::ChannelNumber], scale: &'m [A::ChannelNumber], shift: u8 },
}

impl<'m, A: Arithmetic> StepInput<'m, A> {
    /// Borrows and checks the vectors of `tokens` tokens, or the numbers of the channels.
    pub(crate) fn parse(tensors: &Tensors<'m>, input: &Input, tokens: usize) -> Result<Self, Error> {
        let vectors = match input {
            Input::Words(words) => &words.vectors,
            Input::HashedWords(words) => &words.vectors,
            Input::FingerprintedWords(words) => &words.vectors,
            Input::ComposedWords(words) => &words.known.vectors,
            Input::Characters(characters) => &characters.vectors,
            Input::Bytes(vectors) => vectors,
            Input::Frames(frames) => return Self::parse_frames(tensors, frames),
        };
        match vectors {
            TokenVectors::Embedding(Embedding { weights, size }) => {
                let size = *size as usize;
                expect_within(Field::InputSize, 1, MAX_SIZE, size)?;
                let vectors = A::parse_rows(tensors, weights, tokens, size)?;
                A::check_vectors(&vectors)?;
                Ok(Self::Embedding { vectors, size })
            }
            TokenVectors::OneHot => Ok(Self::OneHot { tokens }),
        }
    }

    fn parse_frames(tensors: &Tensors<'m>, frames: &FrameInput) -> Result<Self, Error> {
        let FrameInput { channels, unit, zero, scale, shift } = frames;
        let channels = *channels as usize;
        expect_within(Field::Channels, 1, MAX_SIZE, channels)?;
        // Positive and finite, without float code in an int8 build.
        expect_within(Field::FrameUnit, 1, 0x7F7F_FFFF, unit.to_bits() as usize)?;
        expect_within(Field::FrameShift, 0, MAX_FRAME_SHIFT, *shift as usize)?;
        let (unit, shift) = (*unit, *shift);
        let (zero, scale) = (tensors.view(zero, channels)?, tensors.view(scale, channels)?);
        for (zero, scale) in zero.iter().zip(scale) {
            A::check_channel(Channel { unit, zero: *zero, scale: *scale, shift })?;
        }
        Ok(Self::Frames { unit, zero, scale, shift })
    }

    /// Values of the first layer's input; the tokens that one of them is, under one-hot tokens.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Embedding { size, .. } => *size,
            Self::OneHot { tokens } => *tokens,
            Self::Frames { zero, .. } => zero.len(),
        }
    }

    /// Tokens, if the first layer has a row of weights for each.
    pub(crate) fn one_hot_tokens(&self) -> Option<usize> {
        match self {
            Self::OneHot { tokens } => Some(*tokens),
            _ => None,
        }
    }

    /// Channels of a frame; none of a text.
    pub(crate) fn channels(&self) -> usize {
        match self {
            Self::Frames { zero, .. } => zero.len(),
            _ => 0,
        }
    }

    /// What 1 in a frame of integers stands for; none of a text.
    pub(crate) fn unit(&self) -> Option<f32> {
        match self {
            Self::Frames { unit, .. } => Some(*unit),
            _ => None,
        }
    }

    /// Writes a step as the first layer takes it in, at the start of `target`; nothing under one-hot tokens.
    #[inline(never)]
    pub(crate) fn write(&self, step: Step<'_>, target: &mut [A::Value]) {
        match (self, step) {
            (Self::Embedding { vectors, size }, Step::Token(token)) => {
                let target = target.get_mut(..*size).unwrap_or_default();
                let [first, second] = composed_rows(token).unwrap_or([token; 2]);
                A::embed(vectors.layout, vectors.row(first as usize), target);
                if second != first {
                    A::embed_second(vectors.layout, vectors.row(second as usize), target);
                }
            }
            (Self::Frames { .. }, Step::Integers(values)) => {
                let inputs = values.iter().zip(self.channel_numbers());
                fill(target, inputs.map(|(value, channel)| A::normalize_integer(*value, channel)));
            }
            #[cfg(feature = "float")]
            (Self::Frames { .. }, Step::Floats(values)) => {
                let inputs = values.iter().zip(self.channel_numbers());
                fill(target, inputs.map(|(value, channel)| A::normalize_float(*value, channel)));
            }
            _ => {}
        }
    }

    /// The numbers of each channel.
    fn channel_numbers(&self) -> impl Iterator<Item = Channel<A>> {
        let (unit, zero, scale, shift) = match self {
            Self::Frames { unit, zero, scale, shift } => (*unit, *zero, *scale, *shift),
            _ => (1.0, Default::default(), Default::default(), 0),
        };
        zero.iter().zip(scale).map(move |(zero, scale)| Channel { unit, zero: *zero, scale: *scale, shift })
    }
}
