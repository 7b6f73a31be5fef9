use crate::weights::Matrix;

/// Largest magnitude of a quantized weight.
const LARGEST_WEIGHT: f64 = 127.0;
/// What a multiplier is divided by.
const MULTIPLIER_UNIT: f64 = 65_536.0;
/// Largest left shift of an accumulator.
const LARGEST_SHIFT: u8 = 15;

/// A matrix whose rows are quantized each with a scale of its own, as [`runtime::numeric::requantize`] reads
/// it.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedMatrix {
    /// Row-major, in [-127, 127].
    pub weights: Vec<i8>,
    /// One a row, in units of its accumulator, with the half that rounds the result.
    pub bias: Vec<i32>,
    /// One a row.
    pub multipliers: Vec<i16>,
    /// The same for all rows.
    pub accumulator_shift: u8,
}

/// Quantizes the rows of `weights`, whose input values are integers of at most `largest_input` already
/// scaled into the weights, for a result in `unit`s (4096 for Q3.12).
///
/// The scale of a row is `multiplier * 2^shift / 2^16 / unit`, with the smallest integer multiplier that
/// keeps its weights within [-127, 127] and its accumulator within 31 bits: what a multiplier is rounded by
/// is then part of the weights' scale, and no error remains of it.
pub fn quantize_rows(weights: &Matrix, bias: &[f32], unit: f64, largest_input: u32) -> QuantizedMatrix {
    let fits = |shift: u8| {
        let rows = weights.rows().zip(bias).map(|(row, bias)| quantize_row(row, *bias, unit, largest_input, shift));
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

#[derive(Clone, Default)]
struct QuantizedRow {
    weights: Vec<i8>,
    bias: i32,
    multiplier: i16,
}

/// One row with this shift; `None` if its multiplier would be too large, or its accumulator.
fn quantize_row(row: &[f32], bias: f32, unit: f64, largest_input: u32, shift: u8) -> Option<QuantizedRow> {
    let per_multiplier = f64::from(1_u32 << shift) / MULTIPLIER_UNIT / unit;
    let mut multiplier = (largest_magnitude(row) / LARGEST_WEIGHT / per_multiplier).ceil().max(1.0);
    while multiplier <= f64::from(i16::MAX) {
        let scale = multiplier * per_multiplier;
        let weights: Vec<i8> = row.iter().map(|weight| quantize(*weight, scale)).collect();
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

fn quantize(value: f32, scale: f64) -> i8 {
    (f64::from(value) / scale).round().clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT) as i8
}

fn largest_magnitude(values: &[f32]) -> f64 {
    values.iter().fold(0.0, |largest, value| f64::from(value.abs()).max(largest))
}

#[cfg(test)]
mod tests {
    use runtime::numeric::requantize;

    use super::*;

    /// The largest error of a quantized row's result, in units, over some inputs.
    fn largest_error(row: &[f32], bias: f32, unit: f64, largest_input: i32) -> f64 {
        let matrix = Matrix { columns: row.len(), values: row.to_vec() };
        let quantized = quantize_rows(&matrix, &[bias], unit, largest_input as u32);
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
        let quantized = quantize_rows(&matrix, &[0.25], 4096.0, 127);
        let scale =
            f64::from(quantized.multipliers[0]) * f64::from(1 << quantized.accumulator_shift) / 65_536.0 / 4096.0;
        for (weight, real) in quantized.weights.iter().zip(row) {
            assert!((f64::from(*weight) * scale - f64::from(real)).abs() <= 0.5001 * scale);
        }
        assert!(quantized.weights.iter().any(|weight| weight.unsigned_abs() >= 126));
    }

    #[test]
    fn a_row_of_zeros_and_a_large_bias_are_held() {
        assert!(largest_error(&[0.0; 8], 3.5, 4096.0, 127) <= 1.0);
        assert!(largest_error(&[1e-7; 8], -7.0, 4096.0, 127) <= 1.0);
        assert!(largest_error(&[1e-4; 64], 20.0, 65_536.0, 32_512) / 65_536.0 <= 0.01 * 64.0 * 1e-4 * 32_512.0);
    }
}
