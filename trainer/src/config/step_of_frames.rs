//! How many frames make a step, chosen by the rows' length.

use std::fmt;

use super::TrainingConfig;
use crate::data::TrainingData;

/// Steps that a row of frames is to have.
const STEPS: f64 = 30.0;
/// Inputs of a step at most, so that the first layer's matrix for them stays as small as the recurrent one.
const MOST_INPUTS: usize = 64;

/// How frames become steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StepOfFrames {
    frames_per_step: usize,
    frame_stride: usize,
}

impl StepOfFrames {
    /// For rows of so many frames, on average, of `inputs` inputs each. A recurrent network learns some thirty steps
    /// far more easily than some hundred, so that the stride divides a row into at least thirty; a step takes in twice
    /// the stride, so that neighbouring steps share half of their frames and no movement falls between two of them.
    fn for_rows(mean_frames: f64, inputs: usize) -> Self {
        let stride = (mean_frames / STEPS) as usize;
        let frames_per_step = (2 * stride).min(MOST_INPUTS / inputs.max(1)).max(1);
        Self { frames_per_step, frame_stride: frames_per_step.div_ceil(2) }
    }

    /// The settings, unless each frame is a step.
    pub(super) fn of(config: &TrainingConfig) -> Option<Self> {
        let TrainingConfig { frames_per_step, frame_stride, .. } = *config;
        (frames_per_step > 1).then_some(Self { frames_per_step, frame_stride })
    }
}

impl fmt::Display for StepOfFrames {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frames_per_step, frame_stride } = self;
        write!(formatter, "a step is {frames_per_step} frames, and begins {frame_stride} after the one before")
    }
}

impl TrainingConfig {
    /// Chooses how many frames make a step by the rows' mean length, unless that was given or the rows are texts.
    pub(super) fn choose_step_of_frames(&mut self, data: &TrainingData) {
        let Some(channels) = data.channels.filter(|_| self.automatic.step_of_frames) else { return };
        let inputs = channels * if self.frame_differences { 2 } else { 1 };
        let StepOfFrames { frames_per_step, frame_stride } = StepOfFrames::for_rows(data.mean_frames, inputs);
        (self.frames_per_step, self.frame_stride) = (frames_per_step, frame_stride);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Automatic;
    use crate::data::{Content, Frames, Row};

    #[test]
    fn long_rows_become_some_thirty_steps() {
        let chosen = |mean_frames, inputs| {
            let StepOfFrames { frames_per_step, frame_stride } = StepOfFrames::for_rows(mean_frames, inputs);
            [frames_per_step, frame_stride]
        };
        assert_eq!([8.0, 29.9, 30.0, 45.0].map(|frames| chosen(frames, 2)), [[1, 1], [1, 1], [2, 1], [2, 1]]);
        assert_eq!([65.0, 128.0, 206.0].map(|frames| chosen(frames, 4)), [[4, 2], [8, 4], [12, 6]]);
        // A frame of many channels leaves room for few of them, or for one.
        assert_eq!([6, 12, 21, 30, 40, 100].map(|inputs| chosen(300.0, inputs)[0]), [10, 5, 3, 2, 1, 1]);
        assert_eq!(chosen(300.0, 12), [5, 3]);
    }

    /// The settings for 60 frames of one channel a row, where those of these names are given.
    fn chosen(given: &[&str]) -> [usize; 2] {
        let row = |label: &str| Row {
            label: label.into(),
            content: Content::Frames(Frames { channels: 1, values: (0..60).map(|n| n as f32).collect() }),
        };
        let data = TrainingData::of_rows(&["a", "b", "a", "b"].map(row), "a.csv").unwrap();
        let automatic = Automatic::unless(|name| given.contains(&name));
        let mut config = TrainingConfig { automatic, ..TrainingConfig::default() };
        config.choose_step_of_frames(&data);
        [config.frames_per_step, config.frame_stride]
    }

    #[test]
    fn the_rows_decide_unless_something_is_given() {
        assert_eq!(chosen(&[]), [4, 2]);
        for given in ["frames_per_step", "frame_stride", "teachers"] {
            assert_eq!(chosen(&[given]), [1, 1], "{given}");
        }
    }
}
