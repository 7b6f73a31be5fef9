//! What 1 in a frame of integers stands for.

use super::channel_range::{Bounds, ChannelRange};

/// Units of a channel's standard deviation, at least, with which all channels share a unit: an int8 model takes in some
/// 30 levels of it, and one of these is then not rounded twice.
const SMALLEST_DEVIATION: f64 = 64.0;
/// Largest magnitude of an integer that a unit is chosen for: a half of what 32 bits hold.
pub(super) const LARGEST_INTEGER: f64 = 1_073_741_824.0;
/// Exponent of the smallest unit.
pub(super) const SMALLEST_EXPONENT: i32 = -100;

/// The units that [`FrameNormalization::learn`] chooses for channels whose values count within `bounds`: one, or one each.
pub(super) fn chosen_units(channels: &[ChannelRange], bounds: &[Bounds]) -> Vec<f32> {
    let narrow = f64::from(i16::MIN)..=f64::from(i16::MAX);
    let is_narrow = |channel: &ChannelRange| {
        let Bounds { smallest, largest } = channel.whole();
        !channel.has_fraction && narrow.contains(&smallest) && narrow.contains(&largest)
    };
    if channels.iter().all(is_narrow) {
        return vec![1.0];
    }
    let largest = bounds.iter().map(|bounds| bounds.magnitude()).fold(0.0, f64::max);
    let common = power_of_two(|unit| 2.0 * largest <= f64::from(i16::MAX) * unit);
    let is_fine = |(channel, bounds): (&ChannelRange, &Bounds)| {
        let deviation = channel.deviation(*bounds);
        deviation == 0.0 || deviation >= SMALLEST_DEVIATION * f64::from(common)
    };
    if channels.iter().zip(bounds).all(is_fine) {
        vec![common]
    } else {
        channels.iter().zip(bounds).map(|(channel, bounds)| own_unit(channel, *bounds)).collect()
    }
}

/// The unit of a channel that has its own.
fn own_unit(channel: &ChannelRange, bounds: Bounds) -> f32 {
    let magnitude = channel.whole().magnitude();
    if !channel.has_fraction && magnitude <= LARGEST_INTEGER {
        return 1.0;
    }
    let holds = |unit: f64| 2.0 * bounds.width() <= f64::from(i16::MAX) * unit;
    power_of_two(|unit| holds(unit) && bounds.magnitude() <= LARGEST_INTEGER * unit)
}

/// The smallest power of two that fits.
fn power_of_two(fits: impl Fn(f64) -> bool) -> f32 {
    let exponent = (SMALLEST_EXPONENT..f32::MAX_EXP).find(|exponent| fits(2_f64.powi(*exponent)));
    2_f32.powi(exponent.unwrap_or(f32::MAX_EXP - 1))
}
