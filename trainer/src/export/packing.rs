use runtime::format::round_up;

use crate::weights::{DirectionWeights, Matrix};

/// Columns of each part of a packed row come in multiples of this.
const COLUMN_MULTIPLE: usize = 4;

/// The rows of a layer as the runtime reads them: input columns, each times its scale, zeros up to a multiple
/// of 4, hidden columns times `hidden_scale`, zeros up to a multiple of 4.
pub(crate) fn pack_layer(layer: &DirectionWeights, input_scales: &[f32], hidden_scale: f32) -> Matrix {
    let padded = |matrix: &Matrix| round_up(matrix.columns, COLUMN_MULTIPLE);
    let (hidden_start, columns) = (padded(&layer.weight_ih), padded(&layer.weight_ih) + padded(&layer.weight_hh));
    let mut values = Vec::with_capacity(layer.weight_ih.rows().len() * columns);
    for (input, hidden) in layer.weight_ih.rows().zip(layer.weight_hh.rows()) {
        let end = values.len() + columns;
        values.extend(input.iter().zip(input_scales).map(|(weight, scale)| weight * scale));
        values.resize(end - columns + hidden_start, 0.0);
        values.extend(hidden.iter().map(|weight| weight * hidden_scale));
        values.resize(end, 0.0);
    }
    Matrix { columns, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_of_a_row_are_scaled_and_padded() {
        let layer = DirectionWeights {
            weight_ih: Matrix { columns: 2, values: vec![1.0, 2.0, 3.0, 4.0] },
            weight_hh: Matrix { columns: 5, values: (5..15).map(|value| value as f32).collect() },
            bias: vec![0.0; 2],
        };
        let packed = pack_layer(&layer, &[1.0, 0.5], 2.0);
        assert_eq!(packed.columns, 12);
        let rows: Vec<&[f32]> = packed.rows().collect();
        assert_eq!(rows[0], [1.0, 1.0, 0.0, 0.0, 10.0, 12.0, 14.0, 16.0, 18.0, 0.0, 0.0, 0.0]);
        assert_eq!(rows[1], [3.0, 2.0, 0.0, 0.0, 20.0, 22.0, 24.0, 26.0, 28.0, 0.0, 0.0, 0.0]);
    }
}
