//! Steps that are made of several frames, or of frames and their differences: the last frames are kept, each as the
//! first layer takes it in.

use bytemuck::{Pod, Zeroable};

use super::arithmetic::Arithmetic;
use super::copy;
use super::input::{Step, write_differences, write_values};
use super::state::StateArena;
use crate::format::Frames;
use crate::plan::{FrameInput, Model};

/// How many frames have come, as far as it decides on steps.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Gathering {
    /// Frames until the next step, once there were enough for the first.
    until_step: u16,
    /// Where the next frame is kept: the place of the oldest one.
    place: u16,
    /// Frames since the start of the sequence, at most those of a step.
    frames: u16,
}

impl Gathering {
    pub(crate) const START: Self = Self { until_step: u16::MAX, place: 0, frames: 0 };

    /// Counts a frame; whether a step is due: when there are as many frames as make one, and after each stride.
    #[inline]
    pub(crate) fn count(&mut self, frames: Frames) -> bool {
        let next = self.place.saturating_add(1);
        self.place = if next < frames.frames_per_step { next } else { 0 };
        let is_due = if self.frames < frames.frames_per_step {
            self.frames = self.frames.saturating_add(1);
            self.frames == frames.frames_per_step
        } else {
            self.until_step = self.until_step.saturating_sub(1);
            self.until_step == 0
        };
        if is_due {
            self.until_step = frames.frame_stride;
        }
        is_due
    }

    /// Whether no frame has come.
    #[inline]
    pub(crate) const fn is_empty(self) -> bool {
        self.frames == 0
    }
}

/// The frames that are kept; empty buffers where each frame is a step of its own.
pub(crate) struct Window<'w, A: Arithmetic> {
    /// The last frame, as it came, if there are differences.
    before: &'w mut [A::Raw],
    /// `[frames_per_step, width]`, a ring.
    kept: &'w mut [A::Value],
    /// Values of a frame.
    width: usize,
}

impl<'w, A: Arithmetic> Window<'w, A> {
    /// Takes the buffers out of a classifier's state.
    #[inline]
    pub(super) fn take(arena: &mut StateArena<'w>, model: &Model<'_>) -> Self {
        let [before, kept] = model.window_sizes();
        let width = model.frames().map_or(0, |frames| frames.values_of_a_frame());
        Self { before: arena.take(before), kept: arena.take(kept), width }
    }

    /// The buffers of a text.
    #[inline]
    pub(super) const fn none() -> Self {
        Self { before: &mut [], kept: &mut [], width: 0 }
    }

    /// Keeps a frame in the place of the oldest. The first of a sequence takes all places, as if it had stood there
    /// before.
    #[inline]
    pub(super) fn keep(&mut self, input: &FrameInput<'_>, frame: Step<'_>, gathering: Gathering) {
        let (channels, width) = (input.frames.channels as usize, self.width);
        let start = usize::from(gathering.place).wrapping_mul(width);
        let kept = self.kept.get_mut(start..start.wrapping_add(width)).unwrap_or_default();
        let (values, differences) = kept.split_at_mut_checked(channels).unwrap_or_default();
        write_values::<A>(input, frame, values);
        write_differences::<A>(input, frame, self.before, gathering.is_empty(), differences);
        if gathering.is_empty() {
            for place in 1..usize::from(input.frames.frames_per_step) {
                let (first, rest) = self.kept.split_at_mut_checked(width).unwrap_or_default();
                let start = place.wrapping_sub(1).wrapping_mul(width);
                copy(rest.get_mut(start..).unwrap_or_default(), first);
            }
        }
    }

    /// Writes the frames at the start of `target`, the oldest first.
    #[inline]
    pub(super) fn write(&self, gathering: Gathering, target: &mut [A::Value]) {
        let oldest = usize::from(gathering.place).wrapping_mul(self.width);
        let (newer, older) = self.kept.split_at_checked(oldest).unwrap_or_default();
        copy(target, older);
        copy(target.get_mut(older.len()..).unwrap_or_default(), newer);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    fn steps_after(frames: u16, stride: u16, count: usize) -> Vec<usize> {
        let frames = Frames { frames_per_step: frames, frame_stride: stride, ..Frames::single(2, true) };
        let mut gathering = Gathering::START;
        (1..=count).filter(|_| gathering.count(frames)).collect()
    }

    #[test]
    fn a_step_is_due_when_there_are_enough_frames_and_after_each_stride() {
        assert_eq!(steps_after(1, 1, 4), [1, 2, 3, 4]);
        assert_eq!(steps_after(4, 1, 6), [4, 5, 6]);
        assert_eq!(steps_after(4, 3, 12), [4, 7, 10]);
        assert_eq!(steps_after(2, 5, 12), [2, 7, 12]);
        assert_eq!(steps_after(1, 3, 8), [1, 4, 7]);
        assert_eq!(steps_after(8, 4, 7), []);
    }
}
