use super::Network;
use super::arithmetic::Arithmetic;
use super::cast;
use super::window::{Gathering, Window};
use crate::format::Feature;
use crate::plan::{FrameInput, StepInput};
use crate::text::composed_rows;

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
    /// The frames that were gathered, which the first layer has in its place of inputs: see [`Network::prepare_step`].
    Prepared,
}

impl Step<'_> {
    /// The token; that of padding for a frame.
    #[inline]
    pub(crate) const fn token(&self) -> u32 {
        match self {
            Self::Token(token) => *token,
            _ => 0,
        }
    }

    /// A channel's number, as it is in the model's unit.
    #[inline]
    fn raw<A: Arithmetic>(&self, input: &FrameInput<'_>, channel: usize) -> Option<A::Raw> {
        match self {
            Self::Integers(frame) => frame.get(channel).map(|value| A::raw_of_integer(*value, input.unit(channel))),
            Self::NarrowIntegers(frame) => {
                frame.get(channel).map(|value| A::raw_of_integer((*value).into(), input.unit(channel)))
            }
            #[cfg(feature = "float")]
            Self::Floats(frame) => frame.get(channel).map(|value| A::raw_of_float(*value, input.unit(channel))),
            Self::Token(_) | Self::Gathered(_) | Self::Prepared => None,
        }
    }
}

/// Writes a frame's values at the start of `target`.
#[inline]
pub(super) fn write_values<A: Arithmetic>(input: &FrameInput<'_>, frame: Step<'_>, target: &mut [A::Value]) {
    let channels: &[A::Channel] = cast(input.values);
    for ((number, channel), target) in channels.iter().enumerate().zip(target) {
        if let Some(raw) = frame.raw::<A>(input, number) {
            *target = A::normalize(raw, channel);
        }
    }
}

/// Writes how far a frame is from the one before at the start of `target`, and keeps it as the one before; the first of a
/// sequence is as far as nothing.
#[inline]
pub(super) fn write_differences<A: Arithmetic>(
    input: &FrameInput<'_>,
    frame: Step<'_>,
    before: &mut [A::Raw],
    is_first: bool,
    target: &mut [A::Value],
) {
    let channels: &[A::Channel] = cast(input.differences);
    for (((number, channel), before), target) in channels.iter().enumerate().zip(before).zip(target) {
        let Some(raw) = frame.raw::<A>(input, number) else { continue };
        let reference = if is_first { raw } else { *before };
        *target = A::normalize(A::difference(raw, reference), channel);
        *before = raw;
    }
}

impl<A: Arithmetic> Network<'_, '_, A> {
    /// Writes a step as the first layer takes it in, at the start of `target`; nothing under one-hot tokens. Frames that
    /// were gathered are in `window`.
    #[inline]
    pub(super) fn write_input(&self, step: Step<'_>, window: &Window<'_, A>, target: &mut [A::Value]) {
        match (&self.model.input, step) {
            (StepInput::Embedding(vectors), Step::Token(token)) if Feature::HAS_TEXT => {
                let target = target.get_mut(..vectors.columns).unwrap_or_default();
                match composed_rows(token) {
                    Some([first, second]) if Feature::Fingerprints.is_built() => {
                        A::embed(vectors, first as usize, target);
                        if second != first {
                            A::embed_second(vectors, second as usize, target);
                        }
                    }
                    _ => A::embed(vectors, token as usize, target),
                }
            }
            (StepInput::Frames(_), Step::Gathered(gathering)) if Feature::Windows.is_built() => {
                window.write(gathering, target);
            }
            (StepInput::Frames(_), Step::Prepared) if Feature::Windows.is_built() => {}
            (StepInput::Frames(input), frame) if Feature::Frames.is_built() => write_values::<A>(input, frame, target),
            _ => {}
        }
    }
}
