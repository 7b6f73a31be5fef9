use core::num::NonZeroU32;

use crate::format::IntegerChannel;

/// The scale of the hidden state in a product: `h = q / 127`, so that -1 and 1 are both held.
pub const HIDDEN_SCALE: f32 = 1.0 / 127.0;
/// A gate's pre-activation is Q3.12.
pub const PRE_ACTIVATION_FRACTION_BITS: u32 = 12;
/// A logit is Q15.16.
pub const LOGIT_FRACTION_BITS: u32 = 16;
/// A multiplier `m` of [`requantize`] stands for `m / 2^16`.
pub const MULTIPLIER_FRACTION_BITS: u32 = 16;
/// The scale of the pooled vector: Q0.15.
pub const POOLED_SCALE: f32 = 1.0 / 32_768.0;

const Q15_HALF: i32 = 1 << 14;

/// From an accumulator to the units of what it stands for: the one rounding rule of an int8 model.
///
/// `floor(accumulator * 2^shift * multiplier / 2^16)`; the half that makes it round to nearest is part of
/// the row's bias (`bias = round(b / scale + 2^15 / (2^shift * multiplier))`), so that the device spends
/// nothing on it.
///
/// # Shapes and units
/// `accumulator * 2^shift` must fit into an `i32`, which [`crate::Model::parse`] has checked for every
/// accumulator that can occur.
///
/// # Panics
/// Never.
///
/// # Examples
/// ```
/// assert_eq!(runtime::numeric::requantize(1000, 6554, 0), 100); // about 0.1 * 1000
/// assert_eq!(runtime::numeric::requantize(-1, 6554, 0), -1); // floor
/// ```
#[inline]
pub const fn requantize(accumulator: i32, multiplier: i16, shift: u8) -> i32 {
    let accumulator = accumulator.wrapping_shl(shift as u32);
    if cfg!(cortex_m_dsp) {
        // One instruction: SMULWB.
        return ((accumulator as i64 * multiplier as i64) >> MULTIPLIER_FRACTION_BITS) as i32;
    }
    // A product of 32 by 16 bits in two of 32: a Cortex-M0 has no wider one, and the sum is exact.
    let multiplier = multiplier as i32;
    let high = accumulator >> 16;
    let low = (accumulator & 0xFFFF) as u32;
    high.wrapping_mul(multiplier).wrapping_add((low.wrapping_mul(multiplier as u32) >> MULTIPLIER_FRACTION_BITS) as i32)
}

/// The nearest `i16`.
#[inline]
pub const fn saturate_i16(value: i32) -> i16 {
    if value > i16::MAX as i32 {
        i16::MAX
    } else if value < i16::MIN as i32 {
        i16::MIN
    } else {
        value as i16
    }
}

/// The next cell state: `forget * cell + input * candidate`, rounded once, saturated.
///
/// # Shapes and units
/// `forget`, `input`, `candidate` Q0.15, the first two not negative; `cell` and the result have
/// `fraction_bits` (0 to 15) fraction bits. The product of `input` and `candidate` loses its bits beyond
/// `2^-(15 + fraction_bits)`.
///
/// # Panics
/// Never.
#[inline]
pub const fn cell_update(forget: i16, cell: i16, input: i16, candidate: i16, fraction_bits: u8) -> i16 {
    let kept = forget as i32 * cell as i32;
    let added = (input as i32 * candidate as i32) >> (15_u32.saturating_sub(fraction_bits as u32));
    saturate_i16((kept + added + Q15_HALF) >> 15)
}

/// `tanh` of a cell state with `fraction_bits` (0 to 15) fraction bits, Q0.15.
///
/// # Panics
/// Never.
#[inline]
pub const fn tanh_of_cell(cell: i16, fraction_bits: u8) -> i16 {
    super::tanh(pre_activation_of_cell(cell, fraction_bits))
}

/// A cell state with `fraction_bits` (0 to 15) fraction bits in Q3.12, rounded and saturated.
#[inline]
pub(crate) const fn pre_activation_of_cell(cell: i16, fraction_bits: u8) -> i16 {
    // With 15 fraction bits, of which the last three are rounded: they are 0 of a state with at most 12.
    let shift = 15_u32.saturating_sub(fraction_bits as u32);
    let pre_activation = ((cell as i32).wrapping_shl(shift) + (1 << 2)) >> 3;
    saturate_i16(pre_activation)
}

/// The hidden state: `output * cell_tanh`, rounded once; all Q0.15.
///
/// # Panics
/// Never.
#[inline]
pub const fn hidden(output: i16, cell_tanh: i16) -> i16 {
    ((output as i32 * cell_tanh as i32 + Q15_HALF) >> 15) as i16
}

/// A hidden state in Q0.15 as the next product takes it in: in units of [`HIDDEN_SCALE`], -127 to 127.
///
/// # Panics
/// Never.
#[inline]
pub const fn quantize_hidden(hidden: i16) -> i8 {
    ((hidden as i32 * 127 + Q15_HALF) >> 15) as i8
}

/// What a GRU's candidate is the `tanh` of: `n_x + reset * n_h`, the product rounded once, the sum saturated.
///
/// # Shapes and units
/// `reset` Q0.15, not negative; the pre-activations and the result Q3.12.
///
/// # Panics
/// Never.
#[inline]
pub const fn reset_sum(input_part: i16, reset: i16, hidden_part: i16) -> i16 {
    let product = (reset as i32 * hidden_part as i32 + Q15_HALF) >> 15;
    saturate_i16(input_part as i32 + product)
}

/// A GRU's next hidden state: `(1 - update) * candidate + update * hidden`, rounded once.
///
/// # Shapes and units
/// All Q0.15, `update` not negative. Of states within `-32,767..=32,767` it gives one: the weights' sum is 2^15.
///
/// # Panics
/// Never.
#[inline]
pub const fn hidden_update(update: i16, candidate: i16, hidden: i16) -> i16 {
    let complement = (1 << 15) - update as i32;
    saturate_i16((complement * candidate as i32 + update as i32 * hidden as i32 + Q15_HALF) >> 15)
}

/// The rectifier: `max(0, pre_activation)`, in the units of its argument.
///
/// # Panics
/// Never.
#[inline]
pub const fn rectify(pre_activation: i16) -> i16 {
    if pre_activation > 0 { pre_activation } else { 0 }
}

/// A rectifier's hidden state as the next product takes it in: in units 256 times as large, 0 to 127.
///
/// # Shapes and units
/// `hidden` is not negative, with any number of fraction bits.
///
/// # Panics
/// Never.
#[inline]
pub const fn quantize_rectified(hidden: i16) -> i8 {
    let units = (hidden as i32 + 128) >> 8;
    if units > 127 { 127 } else { units as i8 }
}

/// One channel of a frame, or its difference to the frame before, as an int8 model takes it in:
/// `(raw - zero) * scale / 2^(pre_shift + shift)`, rounded to nearest by its last shift, at most 127 in magnitude.
///
/// ```text
/// d = saturate to 32 bits (raw - zero)
/// p = max(-65535, min(65535, d >> pre_shift))
/// max(-127, min(127, (p * scale + (2^shift >> 1)) >> shift))
/// ```
///
/// # Shapes and units
/// `scale` is 1 to 16,383, `pre_shift` 0 to 31 and `shift` 0 to 30, which [`crate::Model::parse`] has checked. The unit
/// of the result is part of the first layer's weights. A raw number of 16 bits needs no `pre_shift`.
///
/// # Panics
/// Never.
///
/// # Examples
/// ```
/// use runtime::format::IntegerChannel;
/// use runtime::numeric::normalize;
/// // A channel of mean 100 and standard deviation 50, in units of 1/32: 32 * 256 / 50 = 164.
/// let channel = IntegerChannel { zero: 100, scale: 164, pre_shift: 0, shift: 8 };
/// assert_eq!(normalize(150, channel), 32);
/// assert_eq!(normalize(-2000, channel), -127);
/// ```
#[inline]
pub const fn normalize(raw: i32, channel: IntegerChannel) -> i8 {
    let IntegerChannel { zero, scale, pre_shift, shift } = channel;
    let shifted = clamp(raw.saturating_sub(zero).wrapping_shr(pre_shift as u32), 65_535);
    let half = 1_i32.wrapping_shl(shift as u32) >> 1;
    let value = shifted.wrapping_mul(scale as i32).wrapping_add(half).wrapping_shr(shift as u32);
    clamp(value, 127) as i8
}

/// The nearest number of at most that magnitude.
const fn clamp(value: i32, magnitude: i32) -> i32 {
    if value > magnitude {
        magnitude
    } else if value < -magnitude {
        -magnitude
    } else {
        value
    }
}

/// The mean of `steps` values whose sum is `sum`; halves away from zero.
///
/// # Shapes and units
/// Any; `sum` is at most `32,768 * steps` in magnitude, `steps` at most 65,535: where a mean is over more steps, both are
/// halved first.
///
/// # Panics
/// Never.
#[inline]
pub const fn mean(sum: i32, steps: NonZeroU32) -> i16 {
    let quotient = (sum.unsigned_abs().wrapping_add(steps.get() / 2) / steps.get()) as i32;
    saturate_i16(if sum < 0 { -quotient } else { quotient })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn requantize_is_the_floor_of_the_exact_product(
            accumulator in any::<i32>(), multiplier in 1..=i16::MAX, shift in 0_u8..16,
        ) {
            let accumulator = accumulator >> shift;
            let exact = ((i64::from(accumulator) << shift) * i64::from(multiplier)) >> 16;
            prop_assert_eq!(i64::from(requantize(accumulator, multiplier, shift)), exact);
        }

        #[test]
        fn cell_update_is_within_one_unit_of_the_real_one(
            forget in 0..=i16::MAX, cell in any::<i16>(), input in 0..=i16::MAX, candidate in any::<i16>(),
            fraction_bits in 0_u8..=15,
        ) {
            let unit = f64::from(1_u32 << fraction_bits);
            let real = f64::from(forget) / 32768.0 * f64::from(cell)
                + f64::from(input) * f64::from(candidate) / 32768.0 / 32768.0 * unit;
            let saturated = real.clamp(f64::from(i16::MIN), f64::from(i16::MAX));
            let found = f64::from(cell_update(forget, cell, input, candidate, fraction_bits));
            prop_assert!((found - saturated).abs() <= 0.501, "{found} for {saturated}");
        }

        #[test]
        fn tanh_of_a_cell_is_that_of_its_pre_activation_rounded(cell in any::<i16>(), fraction_bits in 0_u8..=15) {
            let unit = f64::from(1_u32 << fraction_bits);
            let pre_activation = (f64::from(cell) / unit * 4096.0 + 0.5).floor().clamp(-32768.0, 32767.0);
            let expected = crate::numeric::tanh(pre_activation as i16);
            prop_assert_eq!(tanh_of_cell(cell, fraction_bits), expected);
        }

        #[test]
        fn hidden_is_the_nearest_unit(output in 0..=i16::MAX, cell_tanh in -32767..=i16::MAX) {
            let real = f64::from(output) * f64::from(cell_tanh) / 32768.0;
            let found = hidden(output, cell_tanh);
            prop_assert!((f64::from(found) - real).abs() <= 0.5, "{found} for {real}");
            let narrow = f64::from(quantize_hidden(found));
            prop_assert!((narrow - f64::from(found) / 32768.0 * 127.0).abs() <= 0.5, "{narrow} for {found}");
        }

        #[test]
        fn reset_sum_is_within_half_a_unit_of_the_real_one(
            input_part in any::<i16>(), reset in 0..=i16::MAX, hidden_part in any::<i16>(),
        ) {
            let real = f64::from(input_part) + f64::from(reset) * f64::from(hidden_part) / 32768.0;
            let saturated = real.clamp(f64::from(i16::MIN), f64::from(i16::MAX));
            let found = f64::from(reset_sum(input_part, reset, hidden_part));
            prop_assert!((found - saturated).abs() <= 0.5, "{found} for {saturated}");
        }

        #[test]
        fn hidden_update_is_the_nearest_unit(
            update in 0..=i16::MAX, candidate in -32767..=i16::MAX, hidden in -32767..=i16::MAX,
        ) {
            let share = f64::from(update) / 32768.0;
            let real = (1.0 - share) * f64::from(candidate) + share * f64::from(hidden);
            let found = hidden_update(update, candidate, hidden);
            prop_assert!((f64::from(found) - real).abs() <= 0.5, "{found} for {real}");
            prop_assert!(found >= -32767);
        }

        #[test]
        fn a_rectified_state_is_quantized_to_the_nearest_unit(hidden in 0..=i16::MAX) {
            let real = (f64::from(hidden) / 256.0).min(127.0);
            let found = f64::from(quantize_rectified(hidden));
            prop_assert!((found - real).abs() <= 0.5, "{found} for {real}");
        }

        #[test]
        fn normalize_is_the_nearest_unit(
            raw in any::<i16>(), zero in any::<i16>(), scale in 1..=16_383_i16, shift in 0_u8..=30,
        ) {
            let product = (f64::from(raw) - f64::from(zero)) * f64::from(scale);
            let real = (product / 2.0_f64.powi(shift.into())).clamp(-127.0, 127.0);
            let channel = IntegerChannel { zero: zero.into(), scale, pre_shift: 0, shift };
            let found = f64::from(normalize(raw.into(), channel));
            prop_assert!((found - real).abs() <= 0.5, "{found} for {real}");
        }

        /// What is shifted out before the multiplication counts less than one unit of what is left.
        #[test]
        fn normalize_of_wide_numbers_is_off_by_what_is_shifted_out(
            raw in any::<i32>(), zero in any::<i32>(), scale in 1..=16_383_i16, pre_shift in 0_u8..=31, shift in 0_u8..=30,
        ) {
            let difference = (f64::from(raw) - f64::from(zero)).clamp(i32::MIN.into(), i32::MAX.into());
            let shifted = difference / 2.0_f64.powi(pre_shift.into());
            let unit = f64::from(scale) / 2.0_f64.powi(shift.into());
            let real = (shifted.clamp(-65_535.0, 65_535.0) * unit).clamp(-127.0, 127.0);
            let found = f64::from(normalize(raw, IntegerChannel { zero, scale, pre_shift, shift }));
            prop_assert!((found - real).abs() <= 0.5 + unit, "{found} for {real}");
        }

        #[test]
        fn mean_is_the_nearest_unit(steps in 1_u32..=65_535, part in -32_767.0..=32_767.0_f64) {
            let sum = (part * f64::from(steps)) as i32;
            let steps = NonZeroU32::new(steps).unwrap_or(NonZeroU32::MIN);
            let real = f64::from(sum) / f64::from(steps.get());
            prop_assert!((f64::from(mean(sum, steps)) - real).abs() <= 0.5);
        }
    }

    #[test]
    fn extremes_are_held() {
        let steps = NonZeroU32::new(65_535).unwrap_or(NonZeroU32::MIN);
        assert_eq!(mean(32_767 * 65_535, steps), 32_767);
        assert_eq!(mean(-32_767 * 65_535, steps), -32_767);
        assert_eq!([rectify(-32_768), rectify(-1), rectify(0), rectify(32_767)], [0, 0, 0, 32_767]);
        assert_eq!([quantize_rectified(32_767), quantize_rectified(127), quantize_rectified(128)], [127, 0, 1]);
        assert_eq!(hidden_update(32_757, 32_767, 32_767), 32_767);
        assert_eq!(hidden_update(11, -32_767, -32_767), -32_767);
        let channel = |zero, pre_shift, shift| IntegerChannel { zero, scale: 16_383, pre_shift, shift };
        for [least, most] in [[i16::MIN.into(), i16::MAX.into()], [i32::MIN, i32::MAX]] {
            assert_eq!(normalize(least, channel(most, 0, 0)), -127);
            assert_eq!(normalize(most, channel(least, 0, 0)), 127);
            assert_eq!(normalize(most, channel(least, 0, 30)), 1);
        }
        assert_eq!([normalize(i32::MAX, channel(0, 31, 0)), normalize(i32::MIN, channel(0, 31, 0))], [0, -127]);
        assert_eq!([normalize(i32::MAX, channel(0, 30, 14)), normalize(-1, channel(0, 30, 14))], [1, -1]);
        assert_eq!([quantize_hidden(32_767), quantize_hidden(-32_767), quantize_hidden(0)], [127, -127, 0]);
    }
}
