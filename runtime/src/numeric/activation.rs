/// Entries of the table: tanh at 0, 1/64, .. 8.
const ENTRIES: usize = 8 * 64 + 1;

/// `round(32768 * tanh(k / 64))`, at most 32767, computed by the compiler.
static TANH: [i16; ENTRIES] = tanh_table();

const fn tanh_table() -> [i16; ENTRIES] {
    let mut table = [0; ENTRIES];
    let ratio = exp_series(2.0 / 64.0);
    let mut power = 1.0; // e^(2 k / 64)
    let mut entry = 0;
    while entry < ENTRIES {
        let value = 32768.0 * (1.0 - 2.0 / (power + 1.0)) + 0.5;
        table[entry] = if value >= 32767.0 { 32767 } else { value as i16 };
        power *= ratio;
        entry += 1;
    }
    table
}

/// `e^x` for `|x| <= 1`, by its Taylor series.
pub(super) const fn exp_series(x: f64) -> f64 {
    let mut sum = 1.0;
    let mut term = 1.0;
    let mut n = 1.0;
    while n < 24.0 {
        term *= x / n;
        sum += term;
        n += 1.0;
    }
    sum
}

/// `tanh` by linear interpolation between 513 exact values.
///
/// # Shapes and units
/// Q3.12 to Q0.15, odd: `tanh(-x) = -tanh(x)`, between -32767 and 32767. Largest error over all 65,536
/// inputs: 1.6 units of Q0.15 (4.9e-5).
///
/// # Panics
/// Never.
///
/// # Examples
/// ```
/// assert_eq!(runtime::numeric::tanh(4096), 24956); // tanh(1) = 0.76159
/// ```
#[inline]
pub const fn tanh(x: i16) -> i16 {
    let value = interpolate(magnitude(x), 6);
    if x < 0 { -(value as i16) } else { value as i16 }
}

/// The logistic function, as `(1 + tanh(x / 2)) / 2`.
///
/// # Shapes and units
/// Q3.12 to Q0.15, between 11 and 32757. Largest error over all 65,536 inputs: 1.3 units of Q0.15 (4e-5).
///
/// # Panics
/// Never.
///
/// # Examples
/// ```
/// assert_eq!(runtime::numeric::sigmoid(0), 16384);
/// ```
#[inline]
pub const fn sigmoid(x: i16) -> i16 {
    let value = interpolate(magnitude(x), 7);
    let signed = if x < 0 { -value } else { value };
    ((32768 + signed + 1) >> 1) as i16
}

/// `|x|`, at most 32767 so that the entry after it exists.
const fn magnitude(x: i16) -> usize {
    x.saturating_abs() as usize
}

/// The table's value at `magnitude / 2^bits` entries.
const fn interpolate(magnitude: usize, bits: u32) -> i32 {
    // The mask changes nothing (32767 >> 6 is 511) and shows the compiler that both entries exist.
    let entry = (magnitude >> bits) & 511;
    let fraction = (magnitude & ((1 << bits) - 1)) as i32;
    let low = TANH[entry] as i32;
    let high = TANH[entry + 1] as i32;
    low + (((high - low) * fraction + (1 << (bits - 1))) >> bits)
}

/// The logistic function in `f32`.
#[cfg(feature = "float")]
pub(crate) fn sigmoid_float(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    fn largest_error(computed: fn(i16) -> i16, exact: fn(f64) -> f64) -> f64 {
        (i16::MIN..=i16::MAX)
            .map(|x| (f64::from(computed(x)) - 32768.0 * exact(f64::from(x) / 4096.0)).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn tanh_stays_within_its_bound_for_every_input() {
        let error = largest_error(tanh, f64::tanh);
        assert!(error <= 1.6, "{error}");
    }

    #[test]
    fn sigmoid_stays_within_its_bound_for_every_input() {
        let error = largest_error(sigmoid, |x| 1.0 / (1.0 + (-x).exp()));
        assert!(error <= 1.3, "{error}");
    }

    #[test]
    fn both_ascend_and_are_symmetric() {
        for x in -32767..32767_i16 {
            assert!(tanh(x) <= tanh(x + 1), "{x}");
            assert!(sigmoid(x) <= sigmoid(x + 1), "{x}");
            assert_eq!(tanh(-x), -tanh(x));
            assert!((i32::from(sigmoid(-x)) + i32::from(sigmoid(x)) - 32768).abs() <= 1, "{x}");
        }
        assert_eq!([sigmoid(i16::MIN), sigmoid(i16::MAX)], [11, 32757]);
    }
}
