use runtime::format::round_up;

use crate::weights::{LayerWeights, Matrix};

/// Columns of each part of a packed row come in multiples of this.
const COLUMN_MULTIPLE: usize = 4;

/// The rows of a layer as the runtime reads them: input columns times `input_scale`, zeros up to a multiple
/// of 4, hidden columns times `hidden_scale`, zeros up to a multiple of 4.
pub(crate) fn pack_layer(layer: &LayerWeights, input_scale: f32, hidden_scale: f32) -> Matrix {
    let padded = |matrix: &Matrix| round_up(matrix.columns, COLUMN_MULTIPLE);
    let columns = padded(&layer.weight_ih) + padded(&layer.weight_hh);
    let mut values = Vec::with_capacity(layer.weight_ih.rows().len() * columns);
    for (input, hidden) in layer.weight_ih.rows().zip(layer.weight_hh.rows()) {
        for (row, matrix, scale) in [(input, &layer.weight_ih, input_scale), (hidden, &layer.weight_hh, hidden_scale)] {
            values.extend(row.iter().map(|weight| weight * scale));
            values.resize(values.len() + padded(matrix) - row.len(), 0.0);
        }
    }
    Matrix { columns, values }
}
