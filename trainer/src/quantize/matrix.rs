use super::Bits;
use crate::weights::Matrix;

/// What a multiplier is divided by.
const MULTIPLIER_UNIT: f64 = 65_536.0;
/// Largest left shift of an accumulator.
const LARGEST_SHIFT: u8 = 15;

/// A matrix whose rows are quantized each with a scale of its own, as [`runtime::numeric::requantize`] reads
/// it.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedMatrix {
    /// Row-major, each at most [`Bits::largest`] of its column in magnitude.
    pub weights: Vec<i8>,
    /// One a row, in units of its accumulator, with the half that rounds the result.
    pub bias: Vec<i32>,
    /// One a row.
    pub multipliers: Vec<i16>,
    /// The same for all rows.
    pub accumulator_shift: u8,
}

/// Quantizes the rows of `weights`, whose input values are integers of at most `largest_input` already
/// scaled into the weights, for a result in `unit`s (4096 for Q3.12); `bits` are those of each column.
///
/// The scale of a row is `multiplier * 2^shift / 2^16 / unit`, with the smallest integer multiplier that
/// keeps its weights within what their bits hold and its accumulator within 31 bits: what a multiplier is rounded by
/// is then part of the weights' scale, and no error remains of it.
pub fn quantize_rows(weights: &Matrix, bias: &[f32], unit: f64, largest_input: u32, bits: &[Bits]) -> QuantizedMatrix {
    let largest: Vec<f64> = bits.iter().map(|bits| f64::from(bits.largest())).collect();
    let fits = |shift: u8| {
        let target = Target { unit, largest_input, shift, largest: &largest };
        let rows = weights.rows().zip(bias).map(|(row, bias)| quantize_row(row, *bias, target));
        rows.collect::<Option<Vec<_>>>()
    };
    let (accumulator_shift, rows) = (0..=LARGEST_SHIFT)
        .find_map(|shift| fits(shift).map(|rows| (shift, rows)))
        .unwrap_or((LARGEST_SHIFT, vec![QuantizedRow::default(); bias.len()]));
    QuantizedMatrix {
        bias: rows.iter().map(|row| row.bias).collect(),
        multipliers: rows.iter().map(|row| row.multiplier).collect(),
        weights: rows.into_iter().flat_map(|row| row.weights).collect(),
        accumulator_shift,
    }
}

/// What a row is quantized for.
#[derive(Clone, Copy)]
struct Target<'a> {
    unit: f64,
    largest_input: u32,
    shift: u8,
    /// The largest magnitude of a weight, a column each.
    largest: &'a [f64],
}

#[derive(Clone, Default)]
struct QuantizedRow {
    weights: Vec<i8>,
    bias: i32,
    multiplier: i16,
}

/// One row; `None` if its multiplier would be too large, or its accumulator.
fn quantize_row(row: &[f32], bias: f32, target: Target<'_>) -> Option<QuantizedRow> {
    let Target { unit, largest_input, shift, largest } = target;
    let per_multiplier = f64::from(1_u32 << shift) / MULTIPLIER_UNIT / unit;
    let columns = || row.iter().map(|weight| f64::from(*weight)).zip(largest);
    let smallest_scale = columns().fold(0.0, |scale, (weight, largest)| f64::max(scale, weight.abs() / largest));
    let mut multiplier = (smallest_scale / per_multiplier).ceil().max(1.0);
    while multiplier <= f64::from(i16::MAX) {
        let scale = multiplier * per_multiplier;
        let quantized = |(weight, largest): (f64, &f64)| (weight / scale).round().clamp(-largest, *largest) as i8;
        let weights: Vec<i8> = columns().map(quantized).collect();
        let half = MULTIPLIER_UNIT / 2.0 / (multiplier * f64::from(1_u32 << shift));
        let bias = (f64::from(bias) / scale + half).round();
        let sum: f64 = weights.iter().map(|weight| f64::from(weight.unsigned_abs())).sum();
        if sum * f64::from(largest_input) + bias.abs() <= f64::from(i32::MAX >> shift) {
            return Some(QuantizedRow { weights, bias: bias as i32, multiplier: multiplier as i16 });
        }
        multiplier = (multiplier * 1.25).ceil();
    }
    None
}

#[cfg(test)]
mod tests {
    use runtime::numeric::requantize;

    use super::*;

    /// The largest error of a quantized row's result, in units, over some inputs.
    fn largest_error(row: &[f32], bias: f32, unit: f64, largest_input: i32) -> f64 {
        let matrix = Matrix { columns: row.len(), values: row.to_vec() };
        let bits = vec![Bits::Eight; row.len()];
        let quantized = quantize_rows(&matrix, &[bias], unit, largest_input as u32, &bits);
        (0..200_i32)
            .map(|trial| {
                let input =
                    |column: usize| (trial * 7919 + column as i32 * 104_729) % (2 * largest_input + 1) - largest_input;
                let real: f64 = row.iter().enumerate().map(|(j, w)| f64::from(*w) * f64::from(input(j))).sum();
                let sum: i32 = quantized.weights.iter().enumerate().map(|(j, w)| i32::from(*w) * input(j)).sum::<i32>();
                let found = requantize(sum + quantized.bias[0], quantized.multipliers[0], quantized.accumulator_shift);
                ((real + f64::from(bias)) * unit - f64::from(found)).abs()
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn rows_that_are_exact_in_8_bits_lose_only_the_last_rounding() {
        for scale in [1e-5_f32, 3e-4, 0.01, 0.2] {
            let row: Vec<f32> = [127.0, -64.0, 3.0, 0.0, -127.0].map(|weight| weight * scale / 127.0).to_vec();
            // A multiplier is rounded up: the weights then lie between two integers, by 1/multiplier at most.
            let error = largest_error(&row, scale, 4096.0, 127);
            let weight_error = f64::from(scale) / 127.0 * 0.5 * 127.0 * 5.0 * 4096.0;
            assert!(error <= 1.0 + weight_error, "{error} at {scale}");
        }
    }

    #[test]
    fn weights_keep_to_half_a_unit_of_their_scale() {
        let row: Vec<f32> = (0..96).map(|column| ((column * 37 % 64) as f32 - 31.5) * 2e-4).collect();
        let matrix = Matrix { columns: row.len(), values: row.clone() };
        let quantized = quantize_rows(&matrix, &[0.25], 4096.0, 127, &[Bits::Eight; 96]);
        let scale = scale(&quantized, 0);
        for (weight, real) in quantized.weights.iter().zip(row) {
            assert!((f64::from(*weight) * scale - f64::from(real)).abs() <= 0.5001 * scale);
        }
        assert!(quantized.weights.iter().any(|weight| weight.unsigned_abs() >= 126));
    }

    /// What 1 of a row's weights stands for, in units of Q3.12.
    fn scale(quantized: &QuantizedMatrix, row: usize) -> f64 {
        f64::from(quantized.multipliers[row]) * f64::from(1 << quantized.accumulator_shift) / 65_536.0 / 4096.0
    }

    #[test]
    fn the_largest_weight_of_4_bits_is_7_and_columns_of_8_bits_beside_them_reach_127() {
        let row: Vec<f32> = (0..40).map(|column| ((column * 29 % 41) as f32 - 20.0) * 1e-2).collect();
        let quantized = |row: &[f32], bits: &[Bits]| {
            let matrix = Matrix { columns: row.len(), values: row.to_vec() };
            let quantized = quantize_rows(&matrix, &[0.0], 4096.0, 127, bits);
            let scale = scale(&quantized, 0);
            (quantized.weights, scale)
        };
        let (weights, scale) = quantized(&row, &[Bits::Four; 40]);
        assert_eq!(weights.iter().map(|weight| weight.unsigned_abs()).max(), Some(7));
        for (weight, real) in weights.iter().zip(&row) {
            assert!((f64::from(*weight) * scale - f64::from(*real)).abs() <= 0.5001 * scale);
        }
        // A column of 8 bits may be 127 / 7 times as large as those of 4 bits.
        let mixed = [Bits::Eight, Bits::Four, Bits::Four];
        assert_eq!(quantized(&[0.18, 0.01, -0.0056], &mixed).0, [126, 7, -4]);
        assert_eq!(quantized(&[-0.36, 0.01, 0.0], &mixed).0, [-127, 4, 0]);
    }

    #[test]
    fn a_row_of_zeros_and_a_large_bias_are_held() {
        assert!(largest_error(&[0.0; 8], 3.5, 4096.0, 127) <= 1.0);
        assert!(largest_error(&[1e-7; 8], -7.0, 4096.0, 127) <= 1.0);
        assert!(largest_error(&[1e-4; 64], 20.0, 65_536.0, 32_512) / 65_536.0 <= 0.01 * 64.0 * 1e-4 * 32_512.0);
    }
}
