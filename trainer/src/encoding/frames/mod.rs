mod layout;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::channel_range::{Bounds, ChannelRange};
use super::units::{LARGEST_INTEGER, SMALLEST_EXPONENT, chosen_units};
use crate::data::Frames;

pub use layout::StepLayout;

/// Standard deviations from the mean beyond which a value is told of.
const FAR: f32 = 10.0;
/// Levels of a deviation, and deviations from the mean, where a normalization is known and the data is not.
const DEVIATION_LEVELS: f64 = 65_536.0;
const MOST_DEVIATIONS: f64 = 64.0;

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
    /// A few outliers count in all of this as if they lay at the bounds of [`ChannelRange::without_outliers`], so that they
    /// do not take the resolution from the other values.
    ///
    /// # Errors
    /// Those of `for_each`.
    pub fn learn<Error>(
        channels: usize,
        settings: &FrameSettings,
        for_each: impl Fn(&mut dyn FnMut(&Frames)) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut ranges = vec![ChannelRange::default(); channels];
        for_each(&mut |frames| {
            for frame in frames.iter() {
                ranges.iter_mut().zip(frame).for_each(|(range, value)| range.add(*value));
            }
        })?;
        let bounds: Vec<Bounds> = ranges.iter().map(ChannelRange::without_outliers).collect();
        let mut values = vec![Sums::default(); channels];
        let mut differences = settings.differences.then(|| values.clone());
        let units = match settings.unit {
            Some(unit) => vec![unit],
            None => chosen_units(&ranges, &bounds),
        };
        let unit = |channel| unit_of(&units, channel);
        let raw = |(channel, (value, bounds)): (usize, (&f32, &Bounds))| {
            raw_value(bounds.clamp((*value).into()) as f32, unit(channel))
        };
        for_each(&mut |frames| {
            let mut before: Option<Vec<i32>> = None;
            for frame in frames.iter() {
                let raw: Vec<i32> = frame.iter().zip(&bounds).enumerate().map(raw).collect();
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

    /// How many of these frames' values are so far from the others of their channel that an int8 model cannot tell how far,
    /// by channel; added to `counts`.
    pub fn count_outliers(&self, values: &[f32], counts: &mut Vec<usize>) {
        counts.resize(self.channels(), 0);
        for frame in values.chunks_exact(self.channels().max(1)) {
            let normalized = self.values.normalize(frame.iter().copied());
            counts.iter_mut().zip(normalized).for_each(|(count, value)| *count += usize::from(value.abs() > FAR));
        }
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
mod tests;
