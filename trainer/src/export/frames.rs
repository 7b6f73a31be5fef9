use runtime::format::FrameInput;

use super::tensors::TensorArea;
use crate::encoding::FrameNormalization;
use crate::weights::DirectionWeights;

/// Largest multiplier of a channel.
const LARGEST_SCALE: f64 = 16_383.0;
/// Largest right shift of a normalized value.
const LARGEST_SHIFT: i32 = 30;

/// Adds the normalization of frames in float.
pub(super) fn add_float(tensors: &mut TensorArea, normalization: &FrameNormalization) -> FrameInput {
    FrameInput {
        channels: u16::try_from(normalization.mean.len()).unwrap_or(u16::MAX),
        unit: normalization.unit,
        zero: tensors.add(&normalization.mean),
        scale: tensors.add(&normalization.scale),
        shift: 0,
    }
}

/// The normalization of frames in integers: `clamp(((raw - zero) * scale + 2^shift / 2) >> shift, -127, 127)`.
pub(super) struct IntegerNormalization {
    zero: Vec<i16>,
    scale: Vec<i16>,
    shift: u8,
    /// What 1 of a normalized value stands for, a channel each.
    pub(super) units: Vec<f32>,
    /// What a value of `zero` is in the float normalization, a channel each: the rest of the mean, which no integer
    /// holds and which becomes part of the first layer's biases.
    pub(super) offsets: Vec<f32>,
}

impl IntegerNormalization {
    /// Integers with which `ranges`, the largest magnitudes of the normalized channels, reach 127.
    pub(super) fn new(normalization: &FrameNormalization, ranges: &[f32]) -> Self {
        let FrameNormalization { unit, mean, scale } = normalization;
        let channels = mean.len();
        let at = |values: &[f32], channel: usize| f64::from(values.get(channel).copied().unwrap_or(1.0));
        let unit = f64::from(*unit);
        let zero: Vec<i16> = (0..channels).map(|channel| (at(mean, channel) / unit).round() as i16).collect();
        // One unit of a frame in units of the result.
        let wanted: Vec<f64> = (0..channels)
            .map(|channel| {
                let range = at(ranges, channel).max(f64::from(f32::MIN_POSITIVE));
                unit * at(scale, channel) * 127.0 / range
            })
            .collect();
        let largest = wanted.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let shift = ((LARGEST_SCALE / largest).log2().floor() as i32).clamp(0, LARGEST_SHIFT);
        let scales: Vec<i16> = wanted
            .iter()
            .map(|wanted| (wanted * f64::from(shift).exp2()).round().clamp(1.0, LARGEST_SCALE) as i16)
            .collect();
        let units = (0..channels).map(|channel| {
            let per_unit = f64::from(scales[channel]) / f64::from(shift).exp2();
            (unit * at(scale, channel) / per_unit) as f32
        });
        let offsets = (0..channels)
            .map(|channel| ((f64::from(zero[channel]) * unit - at(mean, channel)) * at(scale, channel)) as f32);
        Self { units: units.collect(), offsets: offsets.collect(), zero, scale: scales, shift: shift as u8 }
    }

    pub(super) fn add(&self, tensors: &mut TensorArea, normalization: &FrameNormalization) -> FrameInput {
        FrameInput {
            channels: u16::try_from(self.zero.len()).unwrap_or(u16::MAX),
            unit: normalization.unit,
            zero: tensors.add(&self.zero),
            scale: tensors.add(&self.scale),
            shift: self.shift,
        }
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
