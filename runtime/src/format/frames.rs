use bytemuck::{AnyBitPattern, NoUninit};
use serde::{Deserialize, Serialize};

/// How frames of numbers become steps; the numbers of its channels are tensors.
///
/// The tensors are, in this order: `units`, `f32`, one for all channels or one each: what 1 in a frame of integers
/// stands for, in the units of the training data; then a [`FloatChannel`] or [`IntegerChannel`] for each channel's
/// value; then, if there are differences, one for each channel's difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frames {
    /// Values of a frame.
    pub channels: u16,
    /// Whether all channels have the same unit, so that one is stored.
    pub has_one_unit: bool,
    /// Frames that make a step, side by side, the oldest first.
    pub frames_per_step: u16,
    /// Frames from one step to the next.
    pub frame_stride: u16,
    /// Whether each frame's difference to the one before stands behind its values.
    pub has_differences: bool,
}

impl Frames {
    /// Frames each of which is a step.
    #[inline]
    pub const fn single(channels: u16, has_one_unit: bool) -> Self {
        Self { channels, has_one_unit, frames_per_step: 1, frame_stride: 1, has_differences: false }
    }

    /// Whether a step is more than one frame's values, or frames are passed over.
    #[inline]
    pub const fn are_gathered(&self) -> bool {
        self.frames_per_step != 1 || self.frame_stride != 1 || self.has_differences
    }

    /// Values of a frame in a step: those of the channels, and their differences if there are.
    #[inline]
    pub const fn values_of_a_frame(&self) -> usize {
        self.channels as usize * if self.has_differences { 2 } else { 1 }
    }

    /// Values of a step: the input size of the first layer.
    #[inline]
    pub const fn values_of_a_step(&self) -> usize {
        self.values_of_a_frame().saturating_mul(self.frames_per_step as usize)
    }
}

/// How a channel's number, or its difference, becomes an input of a float model: `(value - zero) * scale`, with
/// `value = raw * unit` of an integer.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, AnyBitPattern, NoUninit)]
pub struct FloatChannel {
    /// In the units of the training data.
    pub zero: f32,
    /// Inputs per unit of the training data.
    pub scale: f32,
}

/// How a channel's integer, or its difference, becomes an input of an int8 model; see [`crate::numeric::normalize`].
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, AnyBitPattern, NoUninit)]
pub struct IntegerChannel {
    /// The integer that becomes 0.
    pub zero: i32,
    /// Multiplier, 1 to 16,383.
    pub scale: i16,
    /// Right shift before the multiplication, 0 to 31.
    pub pre_shift: u8,
    /// Right shift after it, 0 to 30.
    pub shift: u8,
}
