use std::fmt;

use serde::{Deserialize, Serialize};

use crate::data::Frames;

/// Exponent of the smallest unit.
const SMALLEST_EXPONENT: i32 = -100;
/// Units of a channel's standard deviation, at least, with which all channels share a unit: an int8 model takes in some
/// 30 levels of it, and one of these is then not rounded twice.
const SMALLEST_DEVIATION: f64 = 64.0;
/// Levels of a deviation, and deviations from the mean, where a normalization is known and the data is not.
const DEVIATION_LEVELS: f64 = 65_536.0;
const MOST_DEVIATIONS: f64 = 64.0;
/// Largest magnitude of an integer that a unit is chosen for: a half of what 32 bits hold.
const LARGEST_INTEGER: f64 = 1_073_741_824.0;

/// How frames of numbers become what a network takes in, learned from training rows: `normalization.toml`.
///
/// A device gives frames of integers. `raw = round(value / unit)`, saturated to 32 bits, is the integer of a value; a
/// channel's input is `(raw * unit - mean) * scale`, and that of its difference to the frame before, if there are
/// differences, likewise with numbers of its own. The first frame of a sequence differs by 0.
///
/// A step is made of the inputs of `frames_per_step` frames, the oldest first; from one step to the next there are
/// `frame_stride` frames. A sequence of fewer frames is one step, its first frame standing for those that are missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "toml::Table")]
pub struct FrameNormalization {
    /// What 1 in a frame of integers stands for, in the units of the training data: one for all channels, or one each.
    units: Vec<f32>,
    /// Frames that make a step, at least 1.
    pub frames_per_step: usize,
    /// Frames from one step to the next, at least 1.
    pub frame_stride: usize,
    /// The channels' values.
    pub values: ChannelNormalization,
    /// The channels' differences, if a step has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differences: Option<ChannelNormalization>,
}

/// The numbers that normalize channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelNormalization {
    /// `[channels]`: the mean of the training values.
    pub mean: Vec<f32>,
    /// `[channels]`: 1 / the standard deviation of the training values; 1 for a channel that does not vary.
    pub scale: Vec<f32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrentNormalization {
    units: Vec<f32>,
    frames_per_step: usize,
    frame_stride: usize,
    values: ChannelNormalization,
    differences: Option<ChannelNormalization>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SingleNormalization {
    unit: f32,
    mean: Vec<f32>,
    scale: Vec<f32>,
}

impl TryFrom<toml::Table> for FrameNormalization {
    type Error = toml::de::Error;

    /// Of a table as it is written today, or as earlier versions wrote it: with one unit, of single frames.
    fn try_from(table: toml::Table) -> Result<Self, Self::Error> {
        if table.contains_key("unit") {
            let SingleNormalization { unit, mean, scale } = SingleNormalization::deserialize(table)?;
            let values = ChannelNormalization { mean, scale };
            return Ok(Self { units: vec![unit], frames_per_step: 1, frame_stride: 1, values, differences: None });
        }
        let current = CurrentNormalization::deserialize(table)?;
        let CurrentNormalization { units, frames_per_step, frame_stride, values, differences } = current;
        Ok(Self { units, frames_per_step, frame_stride, values, differences })
    }
}

/// What is asked of a normalization.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameSettings {
    /// The unit of all channels, if it was given.
    pub unit: Option<f32>,
    /// Frames that make a step, at least 1.
    pub frames_per_step: usize,
    /// Frames from one step to the next, at least 1.
    pub frame_stride: usize,
    /// Whether a step has the frames' differences as well.
    pub differences: bool,
}

impl FrameSettings {
    /// Frames that are steps, in a unit that is chosen.
    pub const SINGLE: Self = Self { unit: None, frames_per_step: 1, frame_stride: 1, differences: false };
}

impl FrameNormalization {
    /// Means and deviations of all frames of training rows, each of `channels` values, after they were rounded to their
    /// unit. `for_each` calls what it is given with every row, and may be called twice.
    ///
    /// Without a unit that is given, all channels have the same: 1 if every value is an integer of 16 bits, else the
    /// smallest power of two with which 16 bits hold twice the largest magnitude. Where a channel's deviation is less
    /// than 64 of that unit, each channel has its own: 1 if its values are integers, else the smallest power of two with
    /// which 16 bits hold twice its range, and 31 bits its values.
    ///
    /// # Errors
    /// Those of `for_each`.
    pub fn learn<Error>(
        channels: usize,
        settings: &FrameSettings,
        for_each: impl Fn(&mut dyn FnMut(&Frames)) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let units = match settings.unit {
            Some(unit) => vec![unit],
            None => {
                let mut extents = vec![Extent::default(); channels];
                for_each(&mut |frames| {
                    for frame in frames.iter() {
                        extents.iter_mut().zip(frame).for_each(|(extent, value)| extent.add(*value));
                    }
                })?;
                chosen_units(&extents)
            }
        };
        let unit = |channel| unit_of(&units, channel);
        let mut values = vec![Sums::default(); channels];
        let mut differences = settings.differences.then(|| values.clone());
        for_each(&mut |frames| {
            let mut before: Option<Vec<i32>> = None;
            for frame in frames.iter() {
                let raw: Vec<i32> =
                    frame.iter().enumerate().map(|(channel, value)| raw_value(*value, unit(channel))).collect();
                values.iter_mut().zip(&raw).for_each(|(sums, raw)| sums.add((*raw).into()));
                for ((sums, raw), before) in differences.iter_mut().flatten().zip(&raw).zip(before.iter().flatten()) {
                    sums.add(i64::from(*raw) - i64::from(*before));
                }
                before = Some(raw);
            }
        })?;
        let normalization = |sums: &[Sums]| {
            let mean = sums.iter().enumerate().map(|(channel, sums)| (sums.mean() * f64::from(unit(channel))) as f32);
            let scale = sums.iter().enumerate().map(|(channel, sums)| match sums.variance() {
                0.0 => 1.0,
                variance => (variance.sqrt() * f64::from(unit(channel))).recip() as f32,
            });
            ChannelNormalization { mean: mean.collect(), scale: scale.collect() }
        };
        Ok(Self {
            frames_per_step: settings.frames_per_step,
            frame_stride: settings.frame_stride,
            values: normalization(&values),
            differences: differences.as_deref().map(normalization),
            units,
        })
    }

    /// The normalization of single frames with numbers that are known. Without units, one of a channel is the largest
    /// power of two that leaves its deviation, `1 / scale`, at least 65,536 levels, and larger only where 31 bits would
    /// not hold the mean and 64 deviations.
    ///
    /// # Errors
    /// What is wrong with the numbers.
    pub fn of_channels(values: ChannelNormalization, units: Option<Vec<f32>>) -> Result<Self, String> {
        let unit = |(mean, scale): (&f32, &f32)| {
            let deviation = f64::from(*scale).abs().recip();
            let reach = f64::from(*mean).abs() + MOST_DEVIATIONS * deviation;
            let fine = (deviation / DEVIATION_LEVELS).log2().floor();
            let coarse = (reach / LARGEST_INTEGER).log2().ceil();
            fine.max(coarse).max(f64::from(SMALLEST_EXPONENT)).exp2() as f32
        };
        let units = units.unwrap_or_else(|| values.mean.iter().zip(&values.scale).map(unit).collect());
        let found = Self { units, frames_per_step: 1, frame_stride: 1, values, differences: None };
        match found.problem() {
            Some(problem) => Err(problem),
            None => Ok(found),
        }
    }

    /// Values of a frame.
    pub fn channels(&self) -> usize {
        self.values.mean.len()
    }

    /// What 1 in a frame of integers stands for.
    pub fn unit(&self, channel: usize) -> f32 {
        unit_of(&self.units, channel)
    }

    /// What 1 stands for in each channel.
    pub fn units_of_channels(&self) -> Vec<f32> {
        (0..self.channels()).map(|channel| self.unit(channel)).collect()
    }

    /// Whether all channels have the same unit.
    pub fn has_one_unit(&self) -> bool {
        self.units.iter().all(|unit| *unit == self.unit(0))
    }

    /// Inputs that a frame has in a step.
    pub fn values_of_a_frame(&self) -> usize {
        self.channels() * if self.differences.is_some() { 2 } else { 1 }
    }

    /// Inputs of a step.
    pub fn values_of_a_step(&self) -> usize {
        self.values_of_a_frame() * self.frames_per_step
    }

    /// Steps of so many frames.
    pub fn steps(&self, frames: usize) -> usize {
        match frames.checked_sub(self.frames_per_step) {
            Some(more) => 1 + more / self.frame_stride,
            None => usize::from(frames > 0),
        }
    }

    /// Frames, at least, of so many steps.
    pub fn frames(&self, steps: usize) -> usize {
        match steps.checked_sub(1) {
            Some(more) => self.frames_per_step.saturating_add(more.saturating_mul(self.frame_stride)),
            None => 0,
        }
    }

    /// `[steps * values of a step]`: what a network takes in for `[frames * channels]` values.
    pub fn normalize(&self, values: &[f32]) -> Vec<f32> {
        let frames = values.len() / self.channels().max(1);
        let width = self.values_of_a_frame();
        let normalized = self.normalize_frames(values);
        let frame = |number: usize| &normalized[number * width..][..width];
        let missing = self.frames_per_step.saturating_sub(frames);
        let steps = (0..self.steps(frames)).map(|step| step * self.frame_stride);
        let numbers =
            steps.flat_map(|first| (first..first + self.frames_per_step).map(|place| place.saturating_sub(missing)));
        numbers.flat_map(frame).copied().collect()
    }

    /// `[frames * values of a frame]`.
    fn normalize_frames(&self, values: &[f32]) -> Vec<f32> {
        let mut normalized = Vec::with_capacity(values.len() / self.channels().max(1) * self.values_of_a_frame());
        let mut before: Option<Vec<f32>> = None;
        for frame in values.chunks_exact(self.channels().max(1)) {
            let rounded: Vec<f32> =
                frame.iter().enumerate().map(|(channel, value)| rounded(*value, self.unit(channel))).collect();
            normalized.extend(self.values.normalize(rounded.iter().copied()));
            if let Some(differences) = &self.differences {
                let before = before.as_ref().unwrap_or(&rounded);
                normalized.extend(differences.normalize(rounded.iter().zip(before).map(|(now, before)| now - before)));
            }
            before = Some(rounded);
        }
        normalized
    }

    /// How many of these frames' values 32 bits do not hold in their unit.
    pub fn saturated(&self, values: &[f32]) -> usize {
        let range = i32::MIN as f32..=-(i32::MIN as f32);
        let numbered = values.iter().enumerate();
        numbered
            .filter(|(place, value)| !range.contains(&(**value / self.unit(place % self.channels().max(1))).round()))
            .count()
    }

    /// What is wrong with numbers that were read from a file.
    pub(super) fn problem(&self) -> Option<String> {
        let channels = self.channels();
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        let parts = || std::iter::once(&self.values).chain(&self.differences);
        if let Some(unit) = self.units.iter().find(|unit| !(unit.is_finite() && **unit > 0.0)) {
            Some(format!("unit {unit}: expected a positive number"))
        } else if self.units.len() != 1 && self.units.len() != channels {
            Some(format!("{} units of {channels} channels: expected one for all or one each", self.units.len()))
        } else if self.frames_per_step == 0 || self.frame_stride == 0 {
            Some("frames_per_step and frame_stride: expected 1 or more".into())
        } else if channels == 0 || parts().any(|part| part.mean.len() != channels || part.scale.len() != channels) {
            let (means, scales) = (channels, self.values.scale.len());
            Some(format!("{means} means and {scales} scales: expected as many of each, at least one"))
        } else if !parts().all(|part| finite(&part.mean) && finite(&part.scale)) {
            Some("expected finite means and scales".into())
        } else {
            None
        }
    }
}

impl fmt::Display for FrameNormalization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} channels, ", self.channels())?;
        if self.has_one_unit() {
            write!(formatter, "unit {}", self.unit(0))?;
        } else {
            let units: Vec<String> = self.units.iter().map(f32::to_string).collect();
            write!(formatter, "units {}", units.join(" "))?;
        }
        if self.frames_per_step != 1 || self.frame_stride != 1 {
            write!(formatter, ", {} frames a step, {} from one to the next", self.frames_per_step, self.frame_stride)?;
        }
        if self.differences.is_some() { write!(formatter, ", with differences") } else { Ok(()) }
    }
}

impl ChannelNormalization {
    fn normalize(&self, values: impl Iterator<Item = f32>) -> impl Iterator<Item = f32> {
        values.zip(&self.mean).zip(&self.scale).map(|((value, mean), scale)| (value - mean) * scale)
    }
}

/// The integer of 32 bits that stands for a value on a device: the nearest one, of two the farther from 0.
pub fn raw_value(value: f32, unit: f32) -> i32 {
    (value / unit).round() as i32
}

/// The unit of a channel: its own, or that of all.
fn unit_of(units: &[f32], channel: usize) -> f32 {
    units.get(channel).or(units.first()).copied().unwrap_or(1.0)
}

/// A value as its integer stands for it.
fn rounded(value: f32, unit: f32) -> f32 {
    raw_value(value, unit) as f32 * unit
}

/// How far the values of a channel reach.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// Whether one is no integer.
    has_fraction: bool,
    smallest: f64,
    largest: f64,
    count: f64,
    mean: f64,
    /// Sum of the squared differences to the mean.
    squares: f64,
}

impl Default for Extent {
    fn default() -> Self {
        let (smallest, largest) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { has_fraction: false, smallest, largest, count: 0.0, mean: 0.0, squares: 0.0 }
    }
}

impl Extent {
    fn add(&mut self, value: f32) {
        self.has_fraction |= value.fract() != 0.0;
        let value = f64::from(value);
        self.smallest = self.smallest.min(value);
        self.largest = self.largest.max(value);
        self.count += 1.0;
        let from_mean = value - self.mean;
        self.mean += from_mean / self.count;
        self.squares += from_mean * (value - self.mean);
    }

    /// Largest magnitude.
    fn magnitude(&self) -> f64 {
        if self.count > 0.0 { self.smallest.abs().max(self.largest.abs()) } else { 0.0 }
    }

    /// Whether all values are integers of 16 bits.
    fn is_narrow(&self) -> bool {
        !self.has_fraction && self.smallest >= i16::MIN.into() && self.largest <= i16::MAX.into()
    }

    fn deviation(&self) -> f64 {
        (self.squares / self.count.max(1.0)).sqrt()
    }

    /// The unit of a channel that has its own.
    fn unit(&self) -> f32 {
        let range = if self.count > 0.0 { self.largest - self.smallest } else { 0.0 };
        let magnitude = self.magnitude();
        if !self.has_fraction && magnitude <= LARGEST_INTEGER {
            return 1.0;
        }
        power_of_two(|unit| 2.0 * range <= f64::from(i16::MAX) * unit && magnitude <= LARGEST_INTEGER * unit)
    }
}

/// The units that [`FrameNormalization::learn`] chooses: one, or one each.
fn chosen_units(channels: &[Extent]) -> Vec<f32> {
    if channels.iter().all(Extent::is_narrow) {
        return vec![1.0];
    }
    let largest = channels.iter().map(Extent::magnitude).fold(0.0, f64::max);
    let common = power_of_two(|unit| 2.0 * largest <= f64::from(i16::MAX) * unit);
    let is_fine = |extent: &Extent| {
        let deviation = extent.deviation();
        deviation == 0.0 || deviation >= SMALLEST_DEVIATION * f64::from(common)
    };
    if channels.iter().all(is_fine) { vec![common] } else { channels.iter().map(Extent::unit).collect() }
}

/// The smallest power of two that fits.
fn power_of_two(fits: impl Fn(f64) -> bool) -> f32 {
    let exponent = (SMALLEST_EXPONENT..f32::MAX_EXP).find(|exponent| fits(2_f64.powi(*exponent)));
    2_f32.powi(exponent.unwrap_or(f32::MAX_EXP - 1))
}

/// Exact sums of integers of 33 bits.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: u64,
    values: i128,
    squares: i128,
}

impl Sums {
    fn add(&mut self, raw: i64) {
        self.count += 1;
        self.values += i128::from(raw);
        self.squares += i128::from(raw) * i128::from(raw);
    }

    fn mean(&self) -> f64 {
        self.values as f64 / self.count.max(1) as f64
    }

    /// Mean square of the difference to the mean; 0 exactly where all are equal.
    fn variance(&self) -> f64 {
        let (count, values) = (i128::from(self.count.max(1)), self.values);
        (count * self.squares - values * values) as f64 / (count * count) as f64
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    fn learn_of(channels: usize, values: &[f32], settings: FrameSettings) -> FrameNormalization {
        let frames = Frames { channels, values: values.to_vec() };
        let each_frame = |each: &mut dyn FnMut(&Frames)| {
            each(&frames);
            Ok::<_, std::convert::Infallible>(())
        };
        FrameNormalization::learn(channels, &settings, each_frame).unwrap_or_else(|never| match never {})
    }

    fn learn(channels: usize, values: &[f32], unit: Option<f32>) -> FrameNormalization {
        learn_of(channels, values, FrameSettings { unit, ..FrameSettings::SINGLE })
    }

    #[test]
    fn each_channel_has_its_mean_and_deviation() {
        let found = learn(2, &[1.0, 5.0, 3.0, 5.0, 5.0, 5.0, 7.0, 5.0], None);
        let values = ChannelNormalization { mean: vec![4.0, 5.0], scale: vec![5_f32.sqrt().recip(), 1.0] };
        let expected =
            FrameNormalization { units: vec![1.0], frames_per_step: 1, frame_stride: 1, values, differences: None };
        assert_eq!(found, expected);
        let normalized = found.normalize(&[4.0, 5.0, 9.0, 6.0]);
        assert_eq!(normalized, [0.0, 0.0, 5.0 * found.values.scale[0], 1.0]);
        let (count, sum, squares) =
            normalized_sums(&learn(1, &[-0.3, 2.9, 11.0, -4.4], None), &[-0.3, 2.9, 11.0, -4.4]);
        assert!(sum.abs() < 1e-5 && (squares / count - 1.0).abs() < 1e-5, "{sum} {squares}");
    }

    fn normalized_sums(normalization: &FrameNormalization, values: &[f32]) -> (f32, f32, f32) {
        let values = normalization.normalize(values);
        (values.len() as f32, values.iter().sum(), values.iter().map(|value| value * value).sum())
    }

    #[test]
    fn the_unit_is_1_for_integers_and_else_leaves_room_for_twice_the_largest() {
        let unit = |values: &[f32]| learn(1, values, None).unit(0);
        assert_eq!(unit(&[0.0, 16.0, -32_768.0, 32_767.0]), 1.0);
        assert_eq!(unit(&[0.5]), 1.0 / 16_384.0);
        assert_eq!(unit(&[0.5, -1.1]), 1.0 / 8_192.0);
        assert_eq!(unit(&[16_383.5, 0.0]), 1.0);
        assert_eq!(unit(&[1e-44]), 2_f32.powi(SMALLEST_EXPONENT));
        for values in [[f32::MAX, 0.5], [1e30, 1e-30]] {
            let unit = unit(&values);
            assert!(unit.is_finite() && (values[0] / unit).round() <= 16_384.0, "{unit}");
            assert!((values[0] / (unit / 2.0)).round() > 16_383.0, "{unit} is not the smallest");
        }
    }

    #[test]
    fn channels_of_other_sizes_have_units_of_their_own() {
        let acceleration_and_pressure: Vec<f32> =
            (0..200).flat_map(|n| [(n % 7) as f32 * 0.3 - 0.9, 101_325.0 + (n % 13) as f32 - 6.0 + 0.125]).collect();
        let found = learn(2, &acceleration_and_pressure, None);
        assert!(!found.has_one_unit(), "{found:?}");
        assert_eq!((found.unit(0), found.unit(1)), (1.0 / 8_192.0, 1.0 / 1_024.0));
        let pressure = found.normalize(&[0.0, 101_325.125, 0.0, 101_326.125]);
        assert!((pressure[3] - pressure[1] - found.values.scale[1]).abs() < 0.01 * found.values.scale[1]);
        let integers: Vec<f32> =
            (0..100).flat_map(|n| [(n % 5) as f32 * 0.25, (n % 11) as f32 + 25_939_200.0]).collect();
        assert_eq!(learn(2, &integers, None).unit(1), 1.0);
        let similar: Vec<f32> = (0..100).flat_map(|n| [(n % 5) as f32 * 0.25, (n % 11) as f32 * 1.5]).collect();
        assert!(learn(2, &similar, None).has_one_unit());
    }

    #[test]
    fn values_are_rounded_to_units_and_saturated() {
        assert_eq!([0.24, 0.25, -0.25, 1e12, -1e12].map(|value| raw_value(value, 0.5)), [0, 1, -1, i32::MAX, i32::MIN]);
        let normalization = learn(1, &[0.0, 100_000.0], Some(1.0));
        assert_eq!(normalization.values.mean, [50_000.0]);
        assert_eq!(normalization.saturated(&[0.0, 1e10, 2e9, -2e10]), 2);
        assert_eq!(learn(1, &[0.1, 0.2], Some(10.0)).values.scale, [1.0], "both are 0 in this unit");
    }

    #[test]
    fn steps_are_made_of_frames_and_their_differences() {
        let values = [0.0, 3.0, 9.0, 10.0, 4.0, 2.0, 7.0];
        let settings =
            FrameSettings { frames_per_step: 3, frame_stride: 2, differences: true, ..FrameSettings::SINGLE };
        let found = learn_of(1, &values, settings);
        assert_eq!((found.values_of_a_step(), found.steps(7), found.frames(3)), (6, 3, 7));
        let differences = found.differences.as_ref().map(|part| (part.mean[0], part.scale[0]));
        let (mean, scale) = (found.values.mean[0], found.values.scale[0]);
        let (difference_mean, difference_scale) = differences.unwrap_or_default();
        assert!((difference_mean - 7.0 / 6.0).abs() < 1e-6);
        let pair =
            |value: f32, difference: f32| [(value - mean) * scale, (difference - difference_mean) * difference_scale];
        let expected = [
            [pair(0.0, 0.0), pair(3.0, 3.0), pair(9.0, 6.0)],
            [pair(9.0, 6.0), pair(10.0, 1.0), pair(4.0, -6.0)],
            [pair(4.0, -6.0), pair(2.0, -2.0), pair(7.0, 5.0)],
        ];
        assert_eq!(found.normalize(&values), expected.concat().concat());
        let short = [pair(0.0, 0.0), pair(0.0, 0.0), pair(3.0, 3.0)];
        assert_eq!(found.normalize(&values[..2]), short.concat());
        assert!(found.normalize(&[]).is_empty());
        assert_eq!([0, 1, 2, 3, 4, 5].map(|frames| found.steps(frames)), [0, 1, 1, 1, 1, 2]);
    }

    #[test]
    fn units_of_a_known_normalization_are_fine_and_hold_its_values() {
        let of = |mean: f32, scale: f32| {
            FrameNormalization::of_channels(ChannelNormalization { mean: vec![mean], scale: vec![scale] }, None)
        };
        let unit = |mean, scale| of(mean, scale).map(|found| found.unit(0));
        assert_eq!(unit(0.0, 1.0), Ok(1.0 / 65_536.0));
        assert_eq!(unit(-1.0, 0.3), Ok(1.0 / 32_768.0));
        assert_eq!(unit(1e6, 1000.0), Ok(1.0 / 1024.0), "31 bits hold 1e6 in no smaller one");
        assert_eq!(of(f32::NAN, 1.0).map(|_| ()), Err("expected finite means and scales".into()));
    }

    #[test]
    fn normalizations_of_earlier_runs_are_read() {
        let old: FrameNormalization = toml::from_str("unit = 0.5\nmean = [1.0, 2.0]\nscale = [3.0, 4.0]\n")
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((old.channels(), old.unit(1), old.values_of_a_step(), old.steps(9)), (2, 0.5, 2, 9));
        let text = toml::to_string(&old).unwrap_or_default();
        assert_eq!(toml::from_str(&text), Ok(old));
    }
}
