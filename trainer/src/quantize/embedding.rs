use super::Bits;
use crate::weights::Matrix;

/// Shares of a column's largest value that are tried as the largest that 4 bits hold, in hundredths.
const CLIPPINGS: std::ops::RangeInclusive<u8> = 30..=100;

/// What 1 of a stored integer of an embedding stands for, one a column.
///
/// In 8 bits a column's largest value becomes 127. In 4 bits the scale is that with the smallest squared error over
/// the column, of those with which between 0.3 times and all of its largest value becomes 7; what is larger is stored
/// as 7. 1 for a column of zeros.
///
/// The scales, each divided by [`Bits::input_factor`], belong into the columns of the weights that the vectors are
/// multiplied with: a column of small values then costs neither itself nor the others their precision.
pub fn embedding_scales(embedding: &Matrix, bits: Bits) -> Vec<f32> {
    (0..embedding.columns).map(|column| column_scale(&column_values(embedding, column), bits)).collect()
}

/// The embedding as integers in units of `scales`, one a column, each the nearest one that `bits` hold.
pub fn quantize_embedding(embedding: &Matrix, scales: &[f32], bits: Bits) -> Vec<i8> {
    let quantized = |row: &[f32]| -> Vec<i8> {
        row.iter().zip(scales).map(|(value, scale)| quantize(*value, *scale, bits)).collect()
    };
    embedding.rows().flat_map(quantized).collect()
}

fn column_values(embedding: &Matrix, column: usize) -> Vec<f32> {
    embedding.values.iter().skip(column).step_by(embedding.columns).copied().collect()
}

fn column_scale(values: &[f32], bits: Bits) -> f32 {
    let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    // The smallest normal number, so that a column of smaller ones has a scale as well.
    let whole = largest / f32::from(bits.largest());
    if !whole.is_normal() {
        return 1.0;
    }
    match bits {
        Bits::Eight => whole,
        Bits::Four => {
            let scales = CLIPPINGS.map(|percent| whole * (f32::from(percent) / 100.0));
            let errors = scales.map(|scale| (squared_error(values, scale, bits), scale));
            errors.min_by(|(error, _), (other, _)| error.total_cmp(other)).map_or(whole, |(_, scale)| scale)
        }
    }
}

fn squared_error(values: &[f32], scale: f32, bits: Bits) -> f64 {
    let error = |value: f32| f64::from(value) - f64::from(quantize(value, scale, bits)) * f64::from(scale);
    values.iter().map(|value| error(*value).powi(2)).sum()
}

fn quantize(value: f32, scale: f32, bits: Bits) -> i8 {
    let largest = f64::from(bits.largest());
    (f64::from(value) / f64::from(scale)).round().clamp(-largest, largest) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantized(embedding: &Matrix, bits: Bits) -> (Vec<i8>, Vec<f32>) {
        let scales = embedding_scales(embedding, bits);
        (quantize_embedding(embedding, &scales, bits), scales)
    }

    #[test]
    fn each_column_of_8_bits_uses_its_whole_range() {
        let embedding = Matrix { columns: 3, values: vec![0.1, 0.0, -2.0, -0.2, 0.0, 1.0] };
        let (values, scales) = quantized(&embedding, Bits::Eight);
        assert_eq!(values, [64, 0, -127, -127, 0, 64]);
        assert_eq!(scales, [0.2 / 127.0, 1.0, 2.0 / 127.0]);
    }

    #[test]
    fn a_column_that_4_bits_hold_is_held() {
        let embedding = Matrix { columns: 2, values: (-7..=7).flat_map(|q: i8| [f32::from(q) * 0.25, 0.0]).collect() };
        let (values, scales) = quantized(&embedding, Bits::Four);
        assert_eq!(scales, [0.25, 1.0]);
        assert_eq!(values, (-7..=7).flat_map(|q| [q, 0]).collect::<Vec<_>>());
    }

    #[test]
    fn few_large_values_of_4_bits_are_clipped_if_the_others_gain_more() {
        let mut values: Vec<f32> = (0..500).map(|n| ((n * 37 % 101) as f32 - 50.0) / 50.0).collect();
        values.push(2.5);
        let embedding = Matrix { columns: 1, values };
        let (values, scales) = quantized(&embedding, Bits::Four);
        assert!(scales[0] < 2.5 / 7.0 * 0.8, "{scales:?}");
        assert_eq!(values[500], 7);
        let error = |scale| squared_error(&embedding.values, scale, Bits::Four);
        assert!(error(scales[0]) < error(2.5 / 7.0) / 1.5);
        let (without, _) = embedding.values.split_at(500);
        assert!(squared_error(without, scales[0], Bits::Four) / 500.0 <= f64::from(scales[0]).powi(2) / 11.0);
    }

    #[test]
    fn columns_of_the_smallest_numbers_and_the_largest_have_scales() {
        let embedding = Matrix { columns: 2, values: vec![1e-44, f32::MAX, -1e-45, -f32::MAX] };
        for bits in [Bits::Four, Bits::Eight] {
            let (values, scales) = quantized(&embedding, bits);
            let largest = bits.largest() as i8;
            assert_eq!((values, scales[0]), (vec![0, largest, 0, -largest], 1.0));
            assert!(scales[1].is_finite() && scales[1] > 0.0);
        }
    }
}
