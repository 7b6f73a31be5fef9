//! Logistic function and tanh, written so that the compiler computes several values at once.

/// `e^x` for `|x| <= 87`, to about 2 units in the last place: `2^n e^r` with `|r| <= ln(2) / 2`.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Adding it rounds to an integer, which then is in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0)))));
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    series * power
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x.clamp(-80.0, 80.0)))
}

/// `tanh(x)`, by its series near 0, where the quotient of exponentials loses digits.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let square = x * x;
    let near =
        x * (1.0 - square * (1.0 / 3.0 - square * (2.0 / 15.0 - square * (17.0 / 315.0 - square * (62.0 / 2835.0)))));
    // Not `min`, which would turn what is not a number into one.
    let magnitude = if x.abs() > 40.0 { 40.0 } else { x.abs() };
    let e = exp(-2.0 * magnitude);
    let far = ((1.0 - e) / (1.0 + e)).copysign(x);
    if square < 0.0625 { near } else { far }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_within_a_few_units_in_the_last_place() {
        for step in -4_000_000..=4_000_000_i32 {
            let x = step as f32 * 5e-6 * (1.0 + step.unsigned_abs() as f32 * 1e-6);
            let exact = f64::from(x).tanh();
            assert!((f64::from(tanh(x)) - exact).abs() <= 4e-7 * exact.abs(), "tanh({x})");
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(sigmoid(x)) - exact).abs() <= 4e-7 * exact + 2e-35, "sigmoid({x})");
        }
        assert_eq!([tanh(1e30), tanh(-1e30), tanh(0.0), sigmoid(1e30)], [1.0, -1.0, 0.0, 1.0]);
        assert!(tanh(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan());
    }
}
