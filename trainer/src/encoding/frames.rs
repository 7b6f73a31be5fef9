use serde::{Deserialize, Serialize};

use crate::data::Frames;

/// Exponent of the smallest unit.
const SMALLEST_EXPONENT: i32 = -100;

/// How frames of numbers become what a network takes in, learned from training rows: `normalization.toml`.
///
/// A device gives frames of integers. `raw = round(value / unit)`, saturated to 16 bits, is the integer of a value;
/// the network takes in `(raw * unit - mean) * scale`, channel by channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameNormalization {
    /// What 1 in a frame of integers stands for, in the units of the training data.
    pub unit: f32,
    /// `[channels]`: the mean of the training values.
    pub mean: Vec<f32>,
    /// `[channels]`: 1 / the standard deviation of the training values; 1 for a channel that does not vary.
    pub scale: Vec<f32>,
}

impl FrameNormalization {
    /// Means and deviations of all frames of training rows, each of `channels` values, after they were rounded to
    /// `unit`; without one, 1 if every value is an integer of 16 bits, else the
    /// smallest power of two with which 16 bits hold twice the largest magnitude. `for_each` calls what it is given with every row, and may be called
    /// twice.
    ///
    /// # Errors
    /// Those of `for_each`.
    pub fn learn<Error>(
        channels: usize,
        unit: Option<f32>,
        for_each: impl Fn(&mut dyn FnMut(&Frames)) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let unit = match unit {
            Some(unit) => unit,
            None => {
                let mut extent = Extent::default();
                for_each(&mut |frames| frames.values.iter().for_each(|value| extent.add(*value)))?;
                extent.unit()
            }
        };
        let mut sums = vec![Sums::default(); channels];
        for_each(&mut |frames| {
            for frame in frames.iter() {
                for (sums, value) in sums.iter_mut().zip(frame) {
                    sums.add(raw_value(*value, unit));
                }
            }
        })?;
        let mean = sums.iter().map(|sums| (sums.mean() * f64::from(unit)) as f32).collect();
        let scale = sums.iter().map(|sums| match sums.variance() {
            0.0 => 1.0,
            variance => (variance.sqrt() * f64::from(unit)).recip() as f32,
        });
        Ok(Self { unit, mean, scale: scale.collect() })
    }

    /// Values of a frame.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// `[steps * channels]`: what a network takes in for `[steps * channels]` values.
    pub fn normalize(&self, values: &[f32]) -> Vec<f32> {
        let parameters = self.mean.iter().zip(&self.scale).cycle();
        let normalize = |(value, (mean, scale)): (&f32, (&f32, &f32))| {
            (f32::from(raw_value(*value, self.unit)) * self.unit - mean) * scale
        };
        values.iter().zip(parameters).map(normalize).collect()
    }

    /// How many of these values 16 bits do not hold in this unit.
    pub fn saturated(&self, values: &[f32]) -> usize {
        let range = f32::from(i16::MIN)..=f32::from(i16::MAX);
        values.iter().filter(|value| !range.contains(&(**value / self.unit).round())).count()
    }

    /// What is wrong with numbers that were read from a file.
    pub(super) fn problem(&self) -> Option<String> {
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        if !(self.unit.is_finite() && self.unit > 0.0) {
            Some(format!("unit {}: expected a positive number", self.unit))
        } else if self.mean.is_empty() || self.mean.len() != self.scale.len() {
            let (means, scales) = (self.mean.len(), self.scale.len());
            Some(format!("{means} means and {scales} scales: expected as many of each, at least one"))
        } else if !finite(&self.mean) || !finite(&self.scale) {
            Some("expected finite means and scales".into())
        } else {
            None
        }
    }
}

/// The integer of 16 bits that stands for a value on a device: the nearest one, of two the farther from 0.
pub fn raw_value(value: f32, unit: f32) -> i16 {
    (value / unit).round() as i16
}

/// How far values reach.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    /// Whether one is no integer of 16 bits.
    has_other: bool,
    largest: f64,
}

impl Extent {
    fn add(&mut self, value: f32) {
        self.has_other |= value.fract() != 0.0 || !(i16::MIN.into()..=i16::MAX.into()).contains(&value);
        self.largest = self.largest.max(f64::from(value.abs()));
    }

    /// The unit that [`FrameNormalization::learn`] chooses.
    fn unit(self) -> f32 {
        if !self.has_other {
            return 1.0;
        }
        let fits = |exponent: &i32| 2.0 * self.largest <= f64::from(i16::MAX) * 2_f64.powi(*exponent);
        let exponent = (SMALLEST_EXPONENT..f32::MAX_EXP).find(fits).unwrap_or(f32::MAX_EXP - 1);
        2_f32.powi(exponent)
    }
}

/// Exact sums of integers of 16 bits.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: u64,
    values: i64,
    squares: i128,
}

impl Sums {
    fn add(&mut self, raw: i16) {
        self.count += 1;
        self.values += i64::from(raw);
        self.squares += i128::from(raw) * i128::from(raw);
    }

    fn mean(&self) -> f64 {
        self.values as f64 / self.count.max(1) as f64
    }

    /// Mean square of the difference to the mean; 0 exactly where all are equal.
    fn variance(&self) -> f64 {
        let (count, values) = (i128::from(self.count.max(1)), i128::from(self.values));
        (count * self.squares - values * values) as f64 / (count * count) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(channels: usize, values: &[f32], unit: Option<f32>) -> FrameNormalization {
        let frames = Frames { channels, values: values.to_vec() };
        let each_frame = |each: &mut dyn FnMut(&Frames)| {
            each(&frames);
            Ok::<_, std::convert::Infallible>(())
        };
        FrameNormalization::learn(channels, unit, each_frame).unwrap_or_else(|never| match never {})
    }

    #[test]
    fn each_channel_has_its_mean_and_deviation() {
        let found = learn(2, &[1.0, 5.0, 3.0, 5.0, 5.0, 5.0, 7.0, 5.0], None);
        let expected = FrameNormalization { unit: 1.0, mean: vec![4.0, 5.0], scale: vec![5_f32.sqrt().recip(), 1.0] };
        assert_eq!(found, expected);
        let normalized = found.normalize(&[4.0, 5.0, 9.0, 6.0]);
        assert_eq!(normalized, [0.0, 0.0, 5.0 * found.scale[0], 1.0]);
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
        let unit = |values: &[f32]| learn(1, values, None).unit;
        assert_eq!(unit(&[0.0, 16.0, -32_768.0, 32_767.0]), 1.0);
        assert_eq!(unit(&[0.5]), 1.0 / 16_384.0);
        assert_eq!(unit(&[0.5, -1.1]), 1.0 / 8_192.0);
        assert_eq!(unit(&[32_768.0]), 4.0, "65,536 and no power of two below 4 holds it");
        assert_eq!(unit(&[16_383.5, 0.0]), 1.0);
        assert_eq!(unit(&[1e-44]), 2_f32.powi(SMALLEST_EXPONENT));
        for values in [[f32::MAX, 0.5], [1e30, 1e-30]] {
            let unit = unit(&values);
            assert!(unit.is_finite() && (values[0] / unit).round() <= 16_384.0, "{unit}");
            assert!((values[0] / (unit / 2.0)).round() > 16_383.0, "{unit} is not the smallest");
        }
    }

    #[test]
    fn values_are_rounded_to_units_and_saturated() {
        assert_eq!([0.24, 0.25, -0.25, 1e9, -1e9].map(|value| raw_value(value, 0.5)), [0, 1, -1, 32_767, -32_768]);
        let normalization = learn(1, &[0.0, 100_000.0], Some(1.0));
        assert_eq!(normalization.mean, [16_383.5]);
        assert_eq!(normalization.saturated(&[0.0, 100_000.0, 32_767.4]), 1);
        assert_eq!(learn(1, &[0.1, 0.2], Some(10.0)).scale, [1.0], "both are 0 in this unit");
    }
}
