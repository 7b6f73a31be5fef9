//! Dot products in plain Rust, for every machine.

/// Four rows of weights times one vector: `result[k] = sum_j rows[k][j] * vector[j]`.
///
/// The rows of the four gates of one unit, so that every value of the vector is loaded once. Exact: the
/// sums are bounded by [`crate::Model::parse`].
#[inline]
pub(crate) fn dot_4_i8(rows: [&[i8]; 4], vector: &[i8]) -> [i32; 4] {
    let mut sums = [0_i32; 4];
    let [a, b, c, d] = rows;
    for ((((x, a), b), c), d) in vector.iter().zip(a).zip(b).zip(c).zip(d) {
        let x = i32::from(*x);
        for (sum, weight) in sums.iter_mut().zip([a, b, c, d]) {
            *sum = sum.wrapping_add(i32::from(*weight) * x);
        }
    }
    sums
}

/// `sum_j weights[j] * vector[j]`. Exact: the sums are bounded by [`crate::Model::parse`].
#[inline]
pub(crate) fn dot_i16(weights: &[i8], vector: &[i16]) -> i32 {
    weights.iter().zip(vector).fold(0, |sum: i32, (weight, x)| sum.wrapping_add(i32::from(*weight) * i32::from(*x)))
}

/// [`dot_4_i8`] for a float weight type. Each sum is added from the first column to the last, without a
/// fused product, so that all machines give the same bits.
#[cfg(feature = "float")]
macro_rules! float_dots {
    ($dot_4:ident, $dot:ident, $weight:ty, $to_f32:expr) => {
        /// Four rows of weights times one vector, from the first column to the last.
        #[inline]
        pub(crate) fn $dot_4(rows: [&[$weight]; 4], vector: &[f32]) -> [f32; 4] {
            let mut sums = [0.0_f32; 4];
            let [a, b, c, d] = rows;
            for ((((x, a), b), c), d) in vector.iter().zip(a).zip(b).zip(c).zip(d) {
                for (sum, weight) in sums.iter_mut().zip([a, b, c, d]) {
                    *sum += $to_f32(*weight) * x;
                }
            }
            sums
        }

        /// One row of weights times a vector, from the first column to the last.
        #[inline]
        pub(crate) fn $dot(weights: &[$weight], vector: &[f32]) -> f32 {
            weights.iter().zip(vector).fold(0.0, |sum, (weight, x)| sum + $to_f32(*weight) * x)
        }
    };
}
#[cfg(feature = "float")]
float_dots!(dot_4_f32, dot_f32, f32, core::convert::identity);
#[cfg(feature = "float")]
float_dots!(dot_4_f16, dot_f16, half::f16, widen);

/// A finite `f16` as `f32`, exact: its exponent and fraction in their new places, and one multiplication that
/// makes up for the exponents' different bias.
#[cfg(feature = "float")]
#[inline]
pub(crate) fn widen(value: half::f16) -> f32 {
    /// `2^112`, the biases being 127 and 15.
    const REBIAS: f32 = f32::from_bits((127 + 112) << 23);
    let bits = u32::from(value.to_bits());
    let magnitude = f32::from_bits((bits & 0x7FFF) << 13) * REBIAS;
    f32::from_bits(magnitude.to_bits() | (bits & 0x8000) << 16)
}

#[cfg(all(test, feature = "float"))]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn widening_is_exact_for_every_finite_value() {
        let mut finite = 0;
        for value in (0..=u16::MAX).map(f16::from_bits).filter(|value| value.is_finite()) {
            assert_eq!(widen(value).to_bits(), value.to_f32().to_bits(), "{value}");
            finite += 1;
        }
        assert_eq!(finite, 2 * 31 * 1024);
    }
}
