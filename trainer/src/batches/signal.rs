//! What training changes in a row of frames by chance.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::encoding::StepLayout;
use crate::network::normal_value;

/// Speeds that a time warp goes through in a row.
const KNOTS: usize = 4;
/// A time warp makes a row at most so many times as long.
const LONGEST: usize = 2;

/// How far training changes rows of frames, so that few rows stand for more; 0: not at all.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SignalAugmentation {
    /// Standard deviation of the logarithm of the speed.
    pub time_warp: f64,
    /// Standard deviation of the logarithm of the factor of each channel.
    pub scaling: f64,
    /// Share of the frames of a row that is cut off its ends, at most; from 0 to below 1.
    pub cropping: f64,
}

impl SignalAugmentation {
    /// Whether anything is changed.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Changes a row of steps.
    pub fn apply(&self, steps: &mut Vec<f32>, layout: &StepLayout, rng: &mut ChaCha8Rng) {
        if self.is_none() || steps.is_empty() {
            return;
        }
        let mut frames = layout.frames(steps);
        if layout.has_every_frame() {
            frames = self.cropped(frames, layout, rng);
            frames = self.warped(frames, layout.channels, rng);
        }
        let factors: Vec<f32> = (0..layout.channels).map(|_| (self.scaling as f32 * normal_value(rng)).exp()).collect();
        for frame in frames.chunks_exact_mut(layout.channels) {
            frame.iter_mut().zip(&factors).for_each(|(value, factor)| *value *= factor);
        }
        *steps = layout.steps(&frames);
    }

    fn cropped(&self, frames: Vec<f32>, layout: &StepLayout, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let count = frames.len() / layout.channels;
        let most = (self.cropping * count as f64) as usize;
        let most = most.min(count.saturating_sub(layout.frames_per_step));
        if most == 0 {
            return frames;
        }
        let cut = rng.random_range(0..=most);
        let start = rng.random_range(0..=cut);
        frames[start * layout.channels..(start + count - cut) * layout.channels].to_vec()
    }

    fn warped(&self, frames: Vec<f32>, channels: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let count = frames.len() / channels;
        if self.time_warp == 0.0 || count < 2 {
            return frames;
        }
        let speeds: Vec<f32> = (0..KNOTS).map(|_| (self.time_warp as f32 * normal_value(rng)).exp()).collect();
        let last = (count - 1) as f32;
        let mut warped = Vec::with_capacity(frames.len());
        let mut place = 0.0f32;
        while place <= last && warped.len() < LONGEST * frames.len() {
            warped.extend(between(&frames, channels, place));
            let knot = place / last * (KNOTS - 1) as f32;
            let (first, share) = (knot as usize, knot.fract());
            let (now, next) = (speeds[first.min(KNOTS - 1)], speeds[(first + 1).min(KNOTS - 1)]);
            place += now + (next - now) * share;
        }
        warped
    }
}

/// The frame at a place between two.
fn between(frames: &[f32], channels: usize, place: f32) -> impl Iterator<Item = f32> {
    let (first, share) = (place as usize, place.fract());
    let frame = |number: usize| &frames[number.min(frames.len() / channels - 1) * channels..][..channels];
    frame(first).iter().zip(frame(first + 1)).map(move |(now, next)| now + (next - now) * share)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::encoding::{ChannelNormalization, FrameNormalization};

    /// Single frames of two channels.
    fn single_frames() -> StepLayout {
        let values = ChannelNormalization { mean: vec![0.0; 2], scale: vec![1.0; 2] };
        FrameNormalization::of_channels(values, Some(vec![1.0]))
            .map(|found| found.layout())
            .unwrap_or_else(|_| unreachable!())
    }

    /// 50 frames whose first channel counts and whose second is twice as large.
    fn counted() -> Vec<f32> {
        (0..50).flat_map(|frame| [frame as f32, 2.0 * frame as f32]).collect()
    }

    fn changed(augmentation: SignalAugmentation, seed: u64) -> Vec<f32> {
        let mut steps = counted();
        augmentation.apply(&mut steps, &single_frames(), &mut ChaCha8Rng::seed_from_u64(seed));
        steps
    }

    #[test]
    fn without_settings_a_row_stays_and_no_chance_is_used() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let before = rng.clone();
        let mut steps = counted();
        SignalAugmentation::default().apply(&mut steps, &single_frames(), &mut rng);
        assert_eq!(steps, counted());
        assert_eq!(rng, before);
    }

    #[test]
    fn cropping_leaves_a_part_in_one_piece() {
        let augmentation = SignalAugmentation { cropping: 0.2, ..SignalAugmentation::default() };
        let lengths: Vec<usize> = (0..100)
            .map(|seed| {
                let row = changed(augmentation, seed);
                let first = row[0] as usize;
                assert_eq!(row, counted()[2 * first..2 * first + row.len()]);
                row.len() / 2
            })
            .collect();
        assert_eq!([lengths.iter().min(), lengths.iter().max()], [Some(&40), Some(&50)]);
    }

    #[test]
    fn a_time_warp_goes_through_the_whole_row_in_order() {
        let augmentation = SignalAugmentation { time_warp: 0.3, ..SignalAugmentation::default() };
        let mut lengths = Vec::new();
        for seed in 0..100 {
            let row = changed(augmentation, seed);
            let places: Vec<f32> = row.chunks_exact(2).map(|frame| frame[0]).collect();
            assert_eq!(places[0], 0.0);
            assert!(places.windows(2).all(|pair| pair[0] < pair[1] && pair[1] <= 49.0));
            assert!(places.len() == LONGEST * 50 || places[places.len() - 1] > 44.0, "{places:?}");
            assert!(row.chunks_exact(2).all(|frame| (frame[1] - 2.0 * frame[0]).abs() < 1e-4));
            lengths.push(places.len());
        }
        assert!(lengths.iter().any(|length| *length < 45) && lengths.iter().any(|length| *length > 55), "{lengths:?}");
    }

    #[test]
    fn scaling_has_one_factor_for_each_channel_of_a_row() {
        let augmentation = SignalAugmentation { scaling: 0.2, ..SignalAugmentation::default() };
        let mut logarithms = Vec::new();
        for seed in 0..400 {
            let row = changed(augmentation, seed);
            let factor = [row[2], row[3] / 2.0];
            for (frame, before) in row.chunks_exact(2).zip(counted().chunks_exact(2)) {
                assert!(
                    frame.iter().zip(before).zip(factor).all(|((now, before), by)| (now - before * by).abs() < 1e-3)
                );
            }
            assert_ne!(factor[0], factor[1]);
            logarithms.extend(factor.map(f32::ln));
        }
        let square = logarithms.iter().map(|value| value * value).sum::<f32>() / logarithms.len() as f32;
        assert!((square.sqrt() - 0.2).abs() < 0.02, "{}", square.sqrt());
    }
}
