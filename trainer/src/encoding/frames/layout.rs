//! Steps back into frames, and frames into steps.

use super::FrameNormalization;

/// How normalized frames lie in the steps of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct StepLayout {
    /// Values of a frame, its differences left out.
    pub channels: usize,
    /// Frames of a step, at least 1.
    pub frames_per_step: usize,
    /// Frames from one step to the next, at least 1.
    pub frame_stride: usize,
    /// `[channels]`: how a normalized difference follows from two normalized values, if a step has differences.
    differences: Option<Vec<Difference>>,
}

/// `(now - before) * factor + shift`
#[derive(Debug, Clone, Copy, PartialEq)]
struct Difference {
    factor: f32,
    shift: f32,
}

impl FrameNormalization {
    /// How its frames lie in steps.
    pub fn layout(&self) -> StepLayout {
        let difference =
            |(values, (mean, scale)): (&f32, (&f32, &f32))| Difference { factor: scale / values, shift: -mean * scale };
        StepLayout {
            channels: self.channels(),
            frames_per_step: self.frames_per_step,
            frame_stride: self.frame_stride,
            differences: self.differences.as_ref().map(|differences| {
                let pairs = differences.mean.iter().zip(&differences.scale);
                self.values.scale.iter().zip(pairs).map(difference).collect()
            }),
        }
    }
}

impl StepLayout {
    /// Values of a frame in a step.
    fn width(&self) -> usize {
        self.channels * if self.differences.is_some() { 2 } else { 1 }
    }

    /// Whether every frame lies in a step.
    pub fn has_every_frame(&self) -> bool {
        self.frame_stride <= self.frames_per_step
    }

    /// `[frames * channels]`: the frames of a sequence of steps, without their differences; frames between two steps, if
    /// the stride leaves any out, are missing.
    pub fn frames(&self, steps: &[f32]) -> Vec<f32> {
        let (width, channels) = (self.width().max(1), self.channels);
        let mut frames = Vec::with_capacity(steps.len());
        for (number, step) in steps.chunks_exact(width * self.frames_per_step).enumerate() {
            let seen = if number == 0 { 0 } else { self.frames_per_step.saturating_sub(self.frame_stride) };
            for frame in step.chunks_exact(width).skip(seen) {
                frames.extend_from_slice(&frame[..channels]);
            }
        }
        frames
    }

    /// The steps of these frames; fewer frames than a step has are preceded by copies of the first.
    pub fn steps(&self, frames: &[f32]) -> Vec<f32> {
        let (width, count) = (self.width(), frames.len() / self.channels.max(1));
        let mut wide = Vec::with_capacity(count * width);
        let mut before = frames.get(..self.channels).unwrap_or_default();
        for frame in frames.chunks_exact(self.channels.max(1)) {
            wide.extend_from_slice(frame);
            if let Some(differences) = &self.differences {
                let pairs = frame.iter().zip(before).zip(differences);
                wide.extend(pairs.map(|((now, before), by)| (now - before) * by.factor + by.shift));
            }
            before = frame;
        }
        let missing = self.frames_per_step.saturating_sub(count);
        let steps = match count.checked_sub(self.frames_per_step) {
            Some(more) => 1 + more / self.frame_stride,
            None => usize::from(count > 0),
        };
        let places = (0..steps).flat_map(|step| (0..self.frames_per_step).map(move |frame| (step, frame)));
        let numbers = places.map(|(step, frame)| (step * self.frame_stride + frame).saturating_sub(missing));
        numbers.flat_map(|number| wide[number * width..][..width].iter().copied()).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::FrameSettings;
    use super::*;
    use crate::data::Frames;

    /// The normalization of a row of two channels, learned from it.
    fn normalization(
        frames: &Frames,
        frames_per_step: usize,
        frame_stride: usize,
        differences: bool,
    ) -> FrameNormalization {
        let settings = FrameSettings { unit: Some(0.001), frames_per_step, frame_stride, differences };
        FrameNormalization::learn::<()>(2, &settings, |each| {
            each(frames);
            Ok(())
        })
        .unwrap()
    }

    fn signal(frames: usize) -> Frames {
        let values = (0..frames).flat_map(|frame| [(frame as f32 / 3.0).sin(), (frame as f32 / 5.0).cos() * 4.0 + 1.0]);
        Frames { channels: 2, values: values.collect() }
    }

    #[test]
    fn steps_become_frames_and_the_same_steps_again() {
        for (frames_per_step, frame_stride) in [(1, 1), (2, 1), (4, 2), (5, 3), (3, 3)] {
            for differences in [false, true] {
                for count in [1, 2, 7, 20] {
                    let frames = signal(count);
                    let normalization = normalization(&frames, frames_per_step, frame_stride, differences);
                    let layout = normalization.layout();
                    let steps = normalization.normalize(&frames.values);
                    let found = layout.steps(&layout.frames(&steps));
                    assert_eq!(found.len(), steps.len());
                    let width = layout.width();
                    for (place, (found, expected)) in found.iter().zip(&steps).enumerate() {
                        assert!((found - expected).abs() < 1e-3, "{place} of {width}: {found} for {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_stride_beyond_a_step_leaves_frames_out() {
        let of =
            |frames_per_step, frame_stride| normalization(&signal(20), frames_per_step, frame_stride, false).layout();
        assert!(of(4, 4).has_every_frame());
        assert!(!of(2, 3).has_every_frame());
    }
}
