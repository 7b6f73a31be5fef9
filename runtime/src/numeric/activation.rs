/// Segments of the table, each 1/64 wide, from 0 to 8.
const SEGMENTS: usize = 8 * 64;

/// `round(32768 * tanh(k / 64))`, at most 32767, computed by the compiler.
#[cfg(not(any(cortex_m0, helium)))]
static TANH: [u16; SEGMENTS + 1] = tanh_table();

/// Of each segment, in the high half-word that value at its start, and in the low one how much it grows up to its end:
/// a Cortex-M0 and Helium load both at once, where others load two values.
#[cfg(any(cortex_m0, helium))]
pub(crate) static TANH_SEGMENTS: [u32; SEGMENTS] = {
    let tanh = tanh_table();
    let mut table = [0; SEGMENTS];
    let mut segment = 0;
    while segment < SEGMENTS {
        table[segment] = (tanh[segment] as u32) << 16 | (tanh[segment + 1] - tanh[segment]) as u32;
        segment += 1;
    }
    table
};

const fn tanh_table() -> [u16; SEGMENTS + 1] {
    let mut table = [0; SEGMENTS + 1];
    let ratio = exp_series(2.0 / 64.0);
    let mut power = 1.0; // e^(2 k / 64)
    let mut entry = 0;
    while entry <= SEGMENTS {
        let value = 32768.0 * (1.0 - 2.0 / (power + 1.0)) + 0.5;
        table[entry] = if value >= 32767.0 { 32767 } else { value as u16 };
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
    interpolate(x, TANH_BITS) as i16
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
    logistic(interpolate(x, SIGMOID_BITS))
}

/// Where a number lies in the table.
#[derive(Clone, Copy)]
pub(crate) struct Segment {
    number: usize,
    /// How far the number is from its start, in units of `2^-bits`, up to its end.
    pub(crate) units: i32,
    /// -1 of a negative number, whose value is the negative one of what the segment gives; 0 of others.
    sign: i32,
}

impl Segment {
    /// That of `x / 2^bits` segments.
    ///
    /// Of a negative `x` it is that of `-x - 1`, one unit further: the last unit of a segment is the first of the next one, and
    /// -32768 is as far as 32767, because the table has grown to its end before.
    #[inline(always)]
    pub(crate) const fn of(x: i16, bits: u32) -> Self {
        let sign = x as i32 >> 31;
        let before = x as i32 ^ sign;
        // The mask changes nothing (32767 >> 6 is 511) and shows the compiler that the segment exists.
        let number = (before >> bits) as usize & (SEGMENTS - 1);
        Self { number, units: (before & ((1 << bits) - 1)) + (x as i32 as u32 >> 31) as i32, sign }
    }

    /// The value at its start, and how much it grows up to its end.
    #[inline(always)]
    const fn start_and_growth(self) -> [i32; 2] {
        #[cfg(any(cortex_m0, helium))]
        return [(TANH_SEGMENTS[self.number] >> 16) as i32, TANH_SEGMENTS[self.number] as i16 as i32];
        #[cfg(not(any(cortex_m0, helium)))]
        return [TANH[self.number] as i32, TANH[self.number + 1] as i32 - TANH[self.number] as i32];
    }

    /// The values at its start and its end, the second one in the high half-word.
    #[cfg(cortex_m_dsp)]
    #[inline(always)]
    pub(crate) const fn ends(self) -> u32 {
        (TANH[self.number + 1] as u32) << 16 | TANH[self.number] as u32
    }

    /// A value with the sign of the number.
    #[inline(always)]
    pub(crate) const fn signed(self, value: i32) -> i32 {
        (value ^ self.sign) - self.sign
    }
}

/// `tanh` of `x / 2^bits` segments. It takes the same instructions for every `x`.
#[inline(always)]
const fn interpolate(x: i16, bits: u32) -> i32 {
    let segment = Segment::of(x, bits);
    let [start, growth] = segment.start_and_growth();
    segment.signed(start + ((growth * segment.units + (1 << (bits - 1))) >> bits))
}

/// The logistic function from the `tanh` of half its argument.
#[inline(always)]
pub(crate) const fn logistic(tanh: i32) -> i16 {
    ((tanh + 32769) >> 1) as i16
}

/// Segments of `tanh(x)` that `x` in Q3.12 is `2^-TANH_BITS` of, and of `tanh(x / 2)`.
pub(crate) const TANH_BITS: u32 = 6;
/// See [`TANH_BITS`].
pub(crate) const SIGMOID_BITS: u32 = TANH_BITS + 1;

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
