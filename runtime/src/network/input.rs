use super::arithmetic::Arithmetic;
use super::fill;
use super::rows::Rows;
use super::window::{Gathering, Window};
use crate::error::{Error, Field, expect_within};
use crate::format::{Frames, Input, Tensors, Text, Vectors};
use crate::text::composed_rows;

/// Largest input or hidden size: accumulators of an int8 row of twice as many columns fit into 31 bits.
pub(crate) const MAX_SIZE: usize = 16_384;
/// Most frames from one step to the next.
const MAX_STRIDE: usize = 1_024;
/// Bits of the largest finite `f32`.
const LARGEST_UNIT: usize = 0x7F7F_FFFF;

/// What a step takes in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// A token that the model has.
    Token(u32),
    /// A frame of integers, one a channel.
    Integers(&'a [i32]),
    /// The same in 16 bits.
    NarrowIntegers(&'a [i16]),
    /// A frame of finite numbers, one a channel.
    #[cfg(feature = "float")]
    Floats(&'a [f32]),
    /// The frames that were gathered.
    Gathered(Gathering),
}

impl Step<'_> {
    /// The token; that of padding for a frame.
    pub(crate) const fn token(&self) -> u32 {
        match self {
            Self::Token(token) => *token,
            _ => 0,
        }
    }

    /// A channel's number, as it is in the model's unit.
    fn raw<A: Arithmetic>(&self, channel: usize, unit: f32) -> Option<A::Raw> {
        match self {
            Self::Integers(frame) => frame.get(channel).map(|value| A::raw_of_integer(*value, unit)),
            Self::NarrowIntegers(frame) => frame.get(channel).map(|value| A::raw_of_integer((*value).into(), unit)),
            #[cfg(feature = "float")]
            Self::Floats(frame) => frame.get(channel).map(|value| A::raw_of_float(*value, unit)),
            Self::Token(_) | Self::Gathered(_) => None,
        }
    }
}

/// How frames become inputs.
pub(crate) struct FrameInput<'m, A: Arithmetic> {
    pub(crate) frames: Frames,
    /// What 1 in a frame of integers stands for: one for all channels, or one each.
    pub(crate) units: &'m [f32],
    values: &'m [A::Channel],
    /// Empty if there are no differences.
    differences: &'m [A::Channel],
}

/// How a step becomes the first layer's input.
pub(crate) enum StepInput<'m, A: Arithmetic> {
    /// A row of a table, or the mean of two.
    Embedding { vectors: Rows<'m, A> },
    /// A row of the first layer's own weights.
    OneHot { tokens: usize },
    /// A value for each channel, of one frame or several.
    Frames(FrameInput<'m, A>),
}

impl<'m, A: Arithmetic> FrameInput<'m, A> {
    fn parse(tensors: &mut Tensors<'m>, frames: Frames) -> Result<Self, Error> {
        let channels = frames.channels as usize;
        expect_within(Field::Channels, 1, MAX_SIZE, channels)?;
        expect_within(Field::FramesPerStep, 1, MAX_SIZE / frames.values_of_a_frame(), frames.frames_per_step.into())?;
        expect_within(Field::FrameStride, 1, MAX_STRIDE, frames.frame_stride.into())?;
        let units: &[f32] = tensors.take(if frames.has_one_unit { 1 } else { channels })?;
        for unit in units {
            // Positive and finite, without float code in an int8 build.
            expect_within(Field::FrameUnit, 1, LARGEST_UNIT, unit.to_bits() as usize)?;
        }
        let values: &[A::Channel] = tensors.take(channels)?;
        let differences: &[A::Channel] = tensors.take(if frames.has_differences { channels } else { 0 })?;
        values.iter().chain(differences).try_for_each(A::check_channel)?;
        Ok(Self { frames, units, values, differences })
    }

    /// Writes a frame's values at the start of `target`.
    pub(super) fn write_values(&self, frame: Step<'_>, target: &mut [A::Value]) {
        let values = self.values.iter().enumerate();
        fill(target, values.filter_map(|(number, channel)| Some(A::normalize(self.raw(frame, number)?, channel))));
    }

    /// Writes how far a frame is from the one before at the start of `target`, and keeps it as the one before; the
    /// first of a sequence is as far as nothing.
    pub(super) fn write_differences(
        &self,
        frame: Step<'_>,
        before: &mut [A::Raw],
        is_first: bool,
        target: &mut [A::Value],
    ) {
        let channels = self.differences.iter().zip(before).zip(target).enumerate();
        for (number, ((channel, before), target)) in channels {
            let Some(raw) = self.raw(frame, number) else { continue };
            let reference = if is_first { raw } else { *before };
            *target = A::normalize(A::difference(raw, reference), channel);
            *before = raw;
        }
    }

    fn raw(&self, frame: Step<'_>, channel: usize) -> Option<A::Raw> {
        let unit = self.units.get(channel).or(self.units.first()).copied().unwrap_or(1.0);
        frame.raw::<A>(channel, unit)
    }
}

impl<'m, A: Arithmetic> StepInput<'m, A> {
    /// Borrows and checks the vectors of `tokens` tokens, or the numbers of the channels.
    pub(crate) fn parse(tensors: &mut Tensors<'m>, input: &Input, tokens: usize) -> Result<Self, Error> {
        match input {
            Input::Text(Text { vectors: Vectors::Embedding { size, bits }, .. }) => {
                let size = *size as usize;
                expect_within(Field::InputSize, 1, MAX_SIZE, size)?;
                let vectors = A::parse_rows(tensors, *bits, tokens, size)?;
                A::check_vectors(&vectors)?;
                Ok(Self::Embedding { vectors: Rows { width: size, ..vectors } })
            }
            Input::Text(Text { vectors: Vectors::OneHot, .. }) => {
                expect_within(Field::InputSize, 1, u16::MAX as usize, tokens)?;
                Ok(Self::OneHot { tokens })
            }
            Input::Frames(frames) => FrameInput::parse(tensors, *frames).map(Self::Frames),
        }
    }

    /// Values of the first layer's input; none under one-hot tokens.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Embedding { vectors } => vectors.width,
            Self::OneHot { .. } => 0,
            Self::Frames(input) => input.frames.values_of_a_step(),
        }
    }

    /// Tokens, if the first layer has a row of weights for each.
    pub(crate) fn one_hot_tokens(&self) -> Option<usize> {
        match self {
            Self::OneHot { tokens } => Some(*tokens),
            _ => None,
        }
    }

    /// How frames become inputs; nothing of a text.
    pub(crate) fn frames(&self) -> Option<&FrameInput<'m, A>> {
        match self {
            Self::Frames(input) => Some(input),
            _ => None,
        }
    }

    /// Writes a step as the first layer takes it in, at the start of `target`; nothing under one-hot tokens. Frames that
    /// were gathered are in `window`.
    #[inline(never)]
    pub(crate) fn write(&self, step: Step<'_>, window: &Window<'_, A>, target: &mut [A::Value]) {
        match (self, step) {
            (Self::Embedding { vectors }, Step::Token(token)) => {
                let target = target.get_mut(..vectors.width).unwrap_or_default();
                let [first, second] = composed_rows(token).unwrap_or([token; 2]);
                A::embed(vectors.layout, vectors.row(first as usize), target);
                if second != first {
                    A::embed_second(vectors.layout, vectors.row(second as usize), target);
                }
            }
            (Self::Frames(_), Step::Gathered(gathering)) => window.write(gathering, target),
            (Self::Frames(input), frame) => input.write_values(frame, target),
            _ => {}
        }
    }
}
