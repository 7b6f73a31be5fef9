/// Segments of the table, each 1/64 wide, from 0 to 8.
const SEGMENTS: usize = 8 * 64;

/// Of each segment, in the high half-word tanh at its start, `round(32768 * tanh(k / 64))`, at most 32767, and in the low one
/// how much tanh grows up to its end; computed by the compiler.
pub(crate) static TANH: [u32; SEGMENTS] = tanh_table();

const fn tanh_table() -> [u32; SEGMENTS] {
    let mut table = [0; SEGMENTS];
    let ratio = exp_series(2.0 / 64.0);
    let mut power = ratio; // e^(2 k / 64) at the segment's end
    let mut start = 0;
    let mut segment = 0;
    while segment < SEGMENTS {
        let value = 32768.0 * (1.0 - 2.0 / (power + 1.0)) + 0.5;
        let end = if value >= 32767.0 { 32767 } else { value as u32 };
        table[segment] = start << 16 | (end - start);
        start = end;
        power *= ratio;
        segment += 1;
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

/// `tanh` by linear interpolation between 513 exact values, with the same instructions for every input.
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
    interpolate(x, 6) as i16
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
    ((interpolate(x, 7) + 32769) >> 1) as i16
}

/// `tanh` of `x / 2^bits` segments. It takes the same instructions for every `x`.
///
/// Of a negative `x` it is the value at `-x - 1`, one unit further, with its sign changed: the last unit of a segment is the
/// first of the next one, and -32768 is as far as 32767, because the table has grown to its end before.
#[inline(always)]
const fn interpolate(x: i16, bits: u32) -> i32 {
    let sign = x as i32 >> 31;
    let before = x as i32 ^ sign;
    // The mask changes nothing (32767 >> 6 is 511) and shows the compiler that the segment exists.
    let segment = TANH[(before >> bits) as usize & (SEGMENTS - 1)];
    let units = (before & ((1 << bits) - 1)) + (x as i32 as u32 >> 31) as i32;
    let growth = segment as i16 as i32;
    let value = (segment >> 16) as i32 + ((growth * units + (1 << (bits - 1))) >> bits);
    (value ^ sign) - sign
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

    /// The definition in FORMAT.md: of the magnitude, at most 32767, with the sign put back.
    fn defined(x: i16, bits: u32) -> i32 {
        let exact = |entry: usize| (32768.0 * (entry as f64 / 64.0).tanh()).round().min(32767.0) as i32;
        let magnitude = usize::from(x.saturating_abs().unsigned_abs());
        let (entry, fraction) = (magnitude >> bits, (magnitude & ((1 << bits) - 1)) as i32);
        let (low, high) = (exact(entry), exact(entry + 1));
        let value = low + (((high - low) * fraction + (1 << (bits - 1))) >> bits);
        if x < 0 { -value } else { value }
    }

    #[test]
    fn both_are_what_the_format_defines_for_every_input() {
        for x in i16::MIN..=i16::MAX {
            assert_eq!(i32::from(tanh(x)), defined(x, 6), "{x}");
            assert_eq!(i32::from(sigmoid(x)), (32768 + defined(x, 7) + 1) >> 1, "{x}");
        }
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
