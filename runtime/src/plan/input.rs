use super::matrix::{Matrix, NumberFormat};
use crate::error::Field;
use crate::format::{
    Feature, Frames, Input, MAX_CHANNEL_PRE_SHIFT, MAX_CHANNEL_SCALE, MAX_CHANNEL_SHIFT, MAX_FRAME_STRIDE, MAX_SIZE,
    Precision, Tensors, Text, Vectors, u16_at, u32_at,
};

/// Bits of the largest finite `f32`.
const LARGEST_UNIT: usize = 0x7F7F_FFFF;
/// Bytes of a channel's numbers.
const CHANNEL_SIZE: usize = 8;

/// How frames become inputs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameInput<'m> {
    pub(crate) frames: Frames,
    /// `f32`: what 1 in a frame of integers stands for, one for all channels or one each.
    units: &'m [u8],
    /// [`crate::format::IntegerChannel`] or [`crate::format::FloatChannel`].
    pub(crate) values: &'m [u8],
    /// The same, of the differences; empty if there are none.
    pub(crate) differences: &'m [u8],
}

impl<'m> FrameInput<'m> {
    /// Borrows and checks the numbers of the channels.
    #[inline]
    const fn read(tensors: &mut Tensors<'m>, precision: Precision, frames: Frames) -> Self {
        let channels = frames.channels as usize;
        tensors.expect_within(Field::Channels, 1, MAX_SIZE, channels);
        let most = match (MAX_SIZE / if frames.has_differences { 2 } else { 1 }).checked_div(channels) {
            Some(most) => most,
            None => 0,
        };
        tensors.expect_within(Field::FramesPerStep, 1, most, frames.frames_per_step as usize);
        tensors.expect_within(Field::FrameStride, 1, MAX_FRAME_STRIDE, frames.frame_stride as usize);
        let units = tensors.take(if frames.has_one_unit { 1 } else { channels }, 4);
        let mut unchecked = units;
        while let Some((unit, after)) = unchecked.split_first_chunk::<4>() {
            // Positive and finite, without float code in an int8 build.
            tensors.expect_within(Field::FrameUnit, 1, LARGEST_UNIT, u32::from_le_bytes(*unit) as usize);
            unchecked = after;
        }
        let values = tensors.take(channels, CHANNEL_SIZE);
        let differences = tensors.take(if frames.has_differences { channels } else { 0 }, CHANNEL_SIZE);
        check_channels(tensors, precision, values);
        check_channels(tensors, precision, differences);
        Self { frames, units, values, differences }
    }

    /// What 1 in a channel of a frame of integers stands for.
    #[inline]
    pub(crate) const fn unit(&self, channel: usize) -> f32 {
        f32::from_bits(u32_at(self.units, if self.frames.has_one_unit { 0 } else { channel.wrapping_mul(4) }))
    }
}

#[inline]
const fn check_channels(tensors: &mut Tensors<'_>, precision: Precision, channels: &[u8]) {
    let mut unchecked = channels;
    while let Some((channel, after)) = unchecked.split_first_chunk::<CHANNEL_SIZE>() {
        if !precision.is_float() {
            let [_, _, _, _, _, _, pre_shift, shift] = *channel;
            let scale = u16_at(channel, 4) as i16;
            let scale = if scale < 0 { 0 } else { scale as usize };
            tensors.expect_within(Field::ChannelScale, 1, MAX_CHANNEL_SCALE, scale);
            tensors.expect_within(Field::ChannelPreShift, 0, MAX_CHANNEL_PRE_SHIFT, pre_shift as usize);
            tensors.expect_within(Field::ChannelShift, 0, MAX_CHANNEL_SHIFT, shift as usize);
        } else {
            let [zero, scale] = [u32_at(channel, 0), u32_at(channel, 4)];
            if !f32::from_bits(zero).is_finite() {
                tensors.refuse(Field::ChannelZero, 0, 0);
            }
            if !f32::from_bits(scale).is_finite() {
                tensors.refuse(Field::ChannelScale, 0, 0);
            }
        }
        unchecked = after;
    }
}

/// How a step becomes the first layer's input.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StepInput<'m> {
    /// Tokens, of which each has a row.
    Embedding(Matrix<'m>),
    /// Tokens, for each of which the first layer has a row of weights.
    OneHot { tokens: usize },
    /// Frames of numbers.
    Frames(FrameInput<'m>),
}

impl<'m> StepInput<'m> {
    /// Borrows and checks the vectors of `tokens` tokens, or the numbers of the channels.
    #[inline]
    pub(super) const fn read(tensors: &mut Tensors<'m>, precision: Precision, input: &Input, tokens: usize) -> Self {
        match input {
            Input::Text(Text { vectors: Vectors::Embedding { size, bits }, .. }) if Feature::HAS_TEXT => {
                let size = *size as usize;
                tensors.expect_within(Field::InputSize, 1, MAX_SIZE, size);
                let format = NumberFormat::read(tensors, precision, *bits);
                Self::Embedding(Matrix::take(tensors, format, tokens, size))
            }
            Input::Frames(frames) if Feature::Frames.is_built() => {
                Self::Frames(FrameInput::read(tensors, precision, *frames))
            }
            _ => {
                tensors.expect_within(Field::InputSize, 1, u16::MAX as usize, tokens);
                Self::OneHot { tokens }
            }
        }
    }

    /// Values of the first layer's input; none under one-hot tokens.
    #[inline]
    pub(crate) const fn size(&self) -> usize {
        match self {
            Self::Embedding(vectors) => vectors.columns,
            Self::OneHot { .. } => 0,
            Self::Frames(input) => input.frames.values_of_a_step(),
        }
    }

    /// Tokens, if the first layer has a row of weights for each.
    #[inline]
    pub(super) const fn one_hot_tokens(&self) -> Option<usize> {
        match self {
            Self::OneHot { tokens } => Some(*tokens),
            _ => None,
        }
    }

    /// How frames become inputs; nothing of a text.
    #[inline]
    pub(crate) const fn frames(&self) -> Option<&FrameInput<'m>> {
        match self {
            Self::Frames(input) => Some(input),
            _ => None,
        }
    }
}
