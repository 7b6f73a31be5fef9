use core::fmt;

use super::activation::exp_series;

/// A probability, in units of `2^-15`: 0 to 32,768.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Probability(u16);

impl Probability {
    /// Certainty, in units of `2^-15`.
    pub const ONE: u32 = 1 << 15;

    /// The number of units of `2^-15`.
    #[inline]
    pub const fn q15(self) -> u16 {
        self.0
    }

    /// The probability as a number between 0 and 1.
    #[inline]
    pub const fn to_f32(self) -> f32 {
        self.0 as f32 / Self::ONE as f32
    }

    /// So many units of `2^-15`; certainty for more than 32,768.
    #[inline]
    pub(crate) const fn from_q15(units: u32) -> Self {
        Self(if units > Self::ONE { Self::ONE as u16 } else { units as u16 })
    }
}

impl fmt::Display for Probability {
    /// In percent, with one decimal.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (u32::from(self.0) * 1000 + Self::ONE / 2) / Self::ONE;
        write!(formatter, "{}.{} %", tenths / 10, tenths % 10)
    }
}

/// The class with the largest logit, the first of equal ones; 0 if there is none.
#[inline]
pub(crate) fn argmax<Logit: PartialOrd + Copy>(logits: &[Logit]) -> usize {
    let mut best: Option<(usize, Logit)> = None;
    for (class, logit) in logits.iter().enumerate() {
        if best.is_none_or(|(_, largest)| *logit > largest) {
            best = Some((class, *logit));
        }
    }
    best.map_or(0, |(class, _)| class)
}

/// Intervals of the table of powers.
const POWER_INTERVALS: usize = 64;
/// `round(32768 * 2^(-k / 64))`.
static POWERS: [u16; POWER_INTERVALS + 1] = power_table();

#[inline]
const fn power_table() -> [u16; POWER_INTERVALS + 1] {
    let mut table = [0; POWER_INTERVALS + 1];
    let mut entry = 0;
    while entry <= POWER_INTERVALS {
        let exponent = -core::f64::consts::LN_2 * entry as f64 / POWER_INTERVALS as f64;
        table[entry] = (32768.0 * exp_series(exponent) + 0.5) as u16;
        entry += 1;
    }
    table
}

/// `e^-x` in Q0.15 (0 to 32,768) for `x` in Q15.16: a power of two by shift, its fraction by table.
#[inline]
fn exp_of_minus(x: u32) -> u32 {
    const LOG2_E: u64 = 94_548; // log2(e) in units of 2^-16
    let exponent = (u64::from(x) * LOG2_E) >> 16;
    let whole = (exponent >> 16).min(31) as u32;
    let entry = (exponent >> 10) as usize & (POWER_INTERVALS - 1);
    let fraction = (exponent & 1023) as u32;
    let high = u32::from(POWERS[entry]);
    let low = u32::from(POWERS[entry + 1]);
    let power = high - (((high - low) * fraction + 512) >> 10);
    // Rounded to nearest; 0 from 2^-16 on.
    ((power << 1 >> whole) + 1) >> 1
}

/// The softmax of logits in Q15.16, in integers alone:
/// `e^(t (z_class - z_max)) / sum_k e^(t (z_k - z_max))`, `t` in Q4.12.
///
/// Largest error 2^-12 for up to 64 classes and `t` = 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FixedSoftmax {
    largest: i32,
    inverse_temperature: u16,
    /// The denominator.
    sum: u32,
}

impl FixedSoftmax {
    #[inline]
    pub(crate) fn of(logits: &[i32], inverse_temperature: u16) -> Self {
        let largest = logits.iter().copied().max().unwrap_or(0);
        let mut softmax = Self { largest, inverse_temperature, sum: 0 };
        softmax.sum = logits.iter().fold(0_u32, |sum, logit| sum.saturating_add(softmax.exponential(*logit)));
        softmax
    }

    #[inline]
    fn exponential(&self, logit: i32) -> u32 {
        exp_of_minus(scaled(self.largest.abs_diff(logit), self.inverse_temperature))
    }

    /// The probability of a class with this logit.
    #[inline]
    pub(crate) fn probability(&self, logit: i32) -> Probability {
        let halved_up = (self.exponential(logit) << 15).saturating_add(self.sum / 2);
        Probability::from_q15(halved_up.checked_div(self.sum).unwrap_or(0))
    }
}

/// The probability of `class` by [`FixedSoftmax`]; 0 of one that does not exist.
#[inline]
pub(crate) fn softmax_fixed(logits: &[i32], inverse_temperature: u16, class: usize) -> Probability {
    let softmax = FixedSoftmax::of(logits, inverse_temperature);
    logits.get(class).map_or(Probability::default(), |logit| softmax.probability(*logit))
}

/// `x * t`, `t` in Q4.12: the largest integer that is not greater; saturates.
#[inline]
const fn scaled(x: u32, inverse_temperature: u16) -> u32 {
    let product = (x as u64 * inverse_temperature as u64) >> 12;
    if product > u32::MAX as u64 { u32::MAX } else { product as u32 }
}

/// The softmax of logits times `t` in Q4.12.
#[cfg(feature = "float")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct FloatSoftmax {
    largest: f32,
    scale: f32,
    /// The denominator.
    sum: f32,
}

#[cfg(feature = "float")]
impl FloatSoftmax {
    #[inline]
    pub(crate) fn of(logits: &[f32], inverse_temperature: u16) -> Self {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut softmax = Self { largest, scale: f32::from(inverse_temperature) / 4096.0, sum: 0.0 };
        softmax.sum = logits.iter().map(|logit| softmax.exponential(*logit)).sum();
        softmax
    }

    #[inline]
    fn exponential(&self, logit: f32) -> f32 {
        libm::expf((logit - self.largest) * self.scale)
    }

    /// The probability of a class with this logit.
    #[inline]
    pub(crate) fn probability(&self, logit: f32) -> Probability {
        Probability::from_q15((self.exponential(logit) / self.sum * Probability::ONE as f32 + 0.5) as u32)
    }
}

/// The probability of `class` by [`FloatSoftmax`]; 0 of one that does not exist.
#[cfg(feature = "float")]
#[inline]
pub(crate) fn softmax_float(logits: &[f32], inverse_temperature: u16, class: usize) -> Probability {
    let softmax = FloatSoftmax::of(logits, inverse_temperature);
    logits.get(class).map_or(Probability::default(), |logit| softmax.probability(*logit))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;
    use crate::format::ONE_TEMPERATURE;

    proptest! {
        #[test]
        fn probabilities_are_near_the_real_ones_and_sum_to_one(
            logits in prop::collection::vec(-20.0..20.0_f64, 1..64),
        ) {
            let fixed: Vec<i32> = logits.iter().map(|logit| (logit * 65536.0) as i32).collect();
            let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
            let mut total = 0.0;
            for (class, logit) in logits.iter().enumerate() {
                let found = f64::from(softmax_fixed(&fixed, ONE_TEMPERATURE, class).to_f32());
                let real = logit.exp() / sum;
                prop_assert!((found - real).abs() <= 1.0 / 4096.0, "{found} for {real}");
                total += found;
            }
            prop_assert!((total - 1.0).abs() <= 0.01);
        }
    }

    #[test]
    fn a_temperature_scales_logits() {
        let logits = [0, 65_536, 3 * 65_536];
        let doubled = logits.map(|logit| 2 * logit);
        for class in 0..3 {
            assert_eq!(
                softmax_fixed(&logits, 2 * ONE_TEMPERATURE, class),
                softmax_fixed(&doubled, ONE_TEMPERATURE, class)
            );
        }
        assert_eq!(softmax_fixed(&[i32::MIN, i32::MAX], 1, 1).q15(), 32_768);
        assert_eq!(softmax_fixed(&[0, 65_536], 1, 1).q15(), 16_386);
        assert_eq!(softmax_fixed(&[i32::MIN, i32::MAX], u16::MAX, 0).q15(), 0);
    }

    #[test]
    fn extremes() {
        assert_eq!(softmax_fixed(&[i32::MAX, i32::MIN], ONE_TEMPERATURE, 0).q15(), 32768);
        assert_eq!(softmax_fixed(&[i32::MAX, i32::MIN], ONE_TEMPERATURE, 1).q15(), 0);
        assert_eq!(softmax_fixed(&[7], ONE_TEMPERATURE, 0).q15(), 32768);
        assert_eq!(softmax_fixed(&[], ONE_TEMPERATURE, 0).q15(), 0);
        assert_eq!(softmax_fixed(&[5; 4], ONE_TEMPERATURE, 3).q15(), 8192);
        assert_eq!(argmax(&[1, 3, 3]), 1);
        assert_eq!(argmax::<i32>(&[]), 0);
        assert_eq!(std::format!("{}", softmax_fixed(&[5; 3], ONE_TEMPERATURE, 0)), "33.3 %");
    }
}
