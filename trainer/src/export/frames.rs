use runtime::format::{FloatChannel, Frames, IntegerChannel};

use super::tensors::TensorArea;
use crate::encoding::{ChannelNormalization, FrameNormalization};
use crate::weights::DirectionWeights;

/// Largest multiplier of a channel.
const LARGEST_SCALE: f64 = 16_383.0;
/// Largest number that is multiplied with it.
const LARGEST_SHIFTED: f64 = 65_535.0;
/// Largest right shifts before and after the multiplication.
const LARGEST_PRE_SHIFT: u8 = 31;
const LARGEST_SHIFT: i32 = 30;

/// How steps are made of frames.
fn frames_of(normalization: &FrameNormalization) -> Frames {
    let narrow = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
    Frames {
        channels: narrow(normalization.channels()),
        has_one_unit: normalization.has_one_unit(),
        frames_per_step: narrow(normalization.frames_per_step),
        frame_stride: narrow(normalization.frame_stride),
        has_differences: normalization.differences.is_some(),
    }
}

fn add_units(tensors: &mut TensorArea, normalization: &FrameNormalization) {
    let stored = if normalization.has_one_unit() { 1 } else { normalization.channels() };
    let units: Vec<f32> = (0..stored).map(|channel| normalization.unit(channel)).collect();
    tensors.add(&units);
}

/// Adds the normalization of frames in float.
pub(super) fn add_float(tensors: &mut TensorArea, normalization: &FrameNormalization) -> Frames {
    add_units(tensors, normalization);
    for ChannelNormalization { mean, scale } in
        [Some(&normalization.values), normalization.differences.as_ref()].into_iter().flatten()
    {
        let channel = |(zero, scale): (&f32, &f32)| FloatChannel { zero: *zero, scale: *scale };
        tensors.add(&mean.iter().zip(scale).map(channel).collect::<Vec<_>>());
    }
    frames_of(normalization)
}

/// The normalization of frames in integers, see [`runtime::numeric::normalize`].
pub(super) struct IntegerNormalization {
    channels: Vec<IntegerChannel>,
    /// What 1 of a normalized value stands for, one for each value of a step.
    pub(super) units: Vec<f32>,
    /// What a value of `zero` is in the float normalization, one for each value of a step: the rest of the mean, which
    /// no integer holds and which becomes part of the first layer's biases.
    pub(super) offsets: Vec<f32>,
}

/// The integers of one channel.
struct IntegerNumbers {
    channel: IntegerChannel,
    unit: f32,
    offset: f32,
}

impl IntegerNormalization {
    /// Integers with which `ranges`, the largest magnitudes of a step's normalized values, reach 127.
    pub(super) fn new(normalization: &FrameNormalization, ranges: &[f32]) -> Self {
        let parts = [Some(&normalization.values), normalization.differences.as_ref()];
        let width = normalization.values_of_a_frame();
        let mut numbers = Vec::new();
        for part in parts.into_iter().flatten() {
            for (channel, (mean, scale)) in part.mean.iter().zip(&part.scale).enumerate() {
                let range = ranges.iter().skip(numbers.len()).step_by(width).copied().fold(0.0, f32::max);
                numbers.push(integers(normalization.unit(channel), *mean, *scale, range));
            }
        }
        let repeated = |of: fn(&IntegerNumbers) -> f32| {
            let frame: Vec<f32> = numbers.iter().map(of).collect();
            frame.repeat(normalization.frames_per_step)
        };
        Self {
            units: repeated(|numbers| numbers.unit),
            offsets: repeated(|numbers| numbers.offset),
            channels: numbers.iter().map(|numbers| numbers.channel).collect(),
        }
    }

    pub(super) fn add(&self, tensors: &mut TensorArea, normalization: &FrameNormalization) -> Frames {
        add_units(tensors, normalization);
        tensors.add(&self.channels);
        frames_of(normalization)
    }
}

/// The integers of a channel whose normalized values reach `range`.
fn integers(unit: f32, mean: f32, scale: f32, range: f32) -> IntegerNumbers {
    let (unit, mean, scale) = (f64::from(unit), f64::from(mean), f64::from(scale));
    let range = if range > 0.0 { f64::from(range) } else { 1.0 };
    let zero = (mean / unit).round();
    // One unit of a frame in units of the result.
    let wanted = unit * scale * 127.0 / range;
    let reach = 127.0 / wanted;
    let pre_shift = (0..LARGEST_PRE_SHIFT)
        .find(|shift| reach / f64::from(*shift).exp2() <= LARGEST_SHIFTED)
        .unwrap_or(LARGEST_PRE_SHIFT);
    let per_shifted = wanted * f64::from(pre_shift).exp2();
    let shift = ((LARGEST_SCALE / per_shifted).log2().floor() as i32).clamp(0, LARGEST_SHIFT);
    let multiplier = (per_shifted * f64::from(shift).exp2()).round().clamp(1.0, LARGEST_SCALE);
    let per_unit = multiplier / f64::from(shift).exp2() / f64::from(pre_shift).exp2();
    // Half of what the first shift drops, so that it rounds to nearest.
    let half = ((1_i64 << pre_shift) >> 1) as f64;
    IntegerNumbers {
        channel: IntegerChannel { zero: (zero - half) as i32, scale: multiplier as i16, pre_shift, shift: shift as u8 },
        unit: (unit * scale / per_unit) as f32,
        offset: ((zero * unit - mean) * scale) as f32,
    }
}

/// A direction with `weight_ih offsets` added to the biases of the sums that the input takes part in: the first
/// `gates` blocks.
pub(super) fn with_offsets(direction: &DirectionWeights, offsets: &[f32]) -> DirectionWeights {
    let mut direction = direction.clone();
    for (row, bias) in direction.weight_ih.rows().zip(&mut direction.bias) {
        *bias += row.iter().zip(offsets).map(|(weight, offset)| weight * offset).sum::<f32>();
    }
    direction
}

#[cfg(test)]
mod tests {
    use runtime::numeric::normalize;

    use super::*;

    #[test]
    fn integers_are_near_the_float_normalization_for_small_and_large_numbers() {
        let cases = [
            (1.0, 3.0, 0.02, 4.0),
            (1.0 / 2048.0, 101_325.3, 0.3, 3.5),
            (0.001, -9.8, 5.0, 6.0),
            (64.0, 1e9, 1e-7, 2.0),
        ];
        for (unit, mean, scale, range) in cases {
            let IntegerNumbers { channel, unit: of_result, offset } = integers(unit, mean, scale, range);
            for part in -100..=100_i32 {
                let value = f64::from(mean) + f64::from(part) * 0.01 * f64::from(range) / f64::from(scale);
                let raw = (value / f64::from(unit)).round();
                let exact = (raw * f64::from(unit) - f64::from(mean)) * f64::from(scale);
                let found = f64::from(normalize(raw as i32, channel)) * f64::from(of_result) + f64::from(offset);
                let error = (found - exact).abs() / f64::from(of_result);
                assert!(error <= 0.53, "{value} of mean {mean}: off by {error}");
            }
        }
    }
}
