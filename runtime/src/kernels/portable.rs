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
float_dots!(dot_4_f16, dot_f16, half::f16, half::f16::to_f32);
