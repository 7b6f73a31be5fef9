//! The rows of a direction as its sums are made of them.

use runtime::format::{COLUMN_MULTIPLE, round_up};

use crate::network::Cell;
use crate::weights::{DirectionWeights, Matrix};

/// How the columns of a row are laid out: the input's, zeros, the hidden state's, zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    /// Columns of the input and the zeros after them.
    pub(super) input: usize,
    /// Columns of the hidden state and the zeros after them.
    pub(super) hidden: usize,
}

impl Columns {
    /// The columns of a direction; under one-hot tokens the input's columns become a table and are not padded.
    pub(super) fn new(direction: &DirectionWeights, one_hot: bool) -> Self {
        let input = direction.weight_ih.columns;
        Self {
            input: if one_hot { input } else { round_up(input, COLUMN_MULTIPLE) },
            hidden: round_up(direction.weight_hh.columns, COLUMN_MULTIPLE),
        }
    }
}

/// One row for each sum: the input's columns, each times its scale, and the hidden state's times `hidden_scale`.
///
/// The third row of a GRU's unit makes two sums, each with one of the two parts.
pub(super) fn sum_rows(
    cell: Cell,
    direction: &DirectionWeights,
    columns: Columns,
    input_scales: &[f32],
    hidden_scale: f32,
) -> Matrix {
    let hidden_size = direction.weight_hh.columns;
    let width = columns.input + columns.hidden;
    let mut values = Vec::with_capacity(cell.results() * hidden_size * width);
    for sum in 0..cell.results() * hidden_size {
        let (gate, unit) = (sum / hidden_size, sum % hidden_size);
        let apart = cell == Cell::Gru && gate >= 2;
        let row = gate.min(cell.gates() - 1) * hidden_size + unit;
        let mut target = vec![0.0; width];
        if !(apart && gate == 3) {
            let input = direction.weight_ih.row(row);
            for ((target, weight), scale) in target.iter_mut().zip(input).zip(input_scales) {
                *target = weight * scale;
            }
        }
        if !(apart && gate == 2) {
            for (target, weight) in target[columns.input..].iter_mut().zip(direction.weight_hh.row(row)) {
                *target = weight * hidden_scale;
            }
        }
        values.extend(target);
    }
    Matrix { columns: width, values }
}

/// From one row a sum to one row a gate: the two of a GRU's third gate have no column in common.
pub(super) fn gate_rows<T: Copy + std::ops::Add<Output = T>>(cell: Cell, sums: &[T]) -> Vec<T> {
    if cell != Cell::Gru {
        return sums.to_vec();
    }
    let quarter = sums.len() / 4;
    let last = sums[2 * quarter..3 * quarter].iter().zip(&sums[3 * quarter..]).map(|(input, hidden)| *input + *hidden);
    sums[..2 * quarter].iter().copied().chain(last).collect()
}

/// The two parts of rows of `columns`: the table of the input's columns, transposed, and the hidden state's.
pub(super) fn split_one_hot<T: Copy>(rows: &[T], columns: Columns) -> (Vec<T>, Vec<T>) {
    let width = columns.input + columns.hidden;
    let table = (0..columns.input).flat_map(|column| rows.iter().skip(column).step_by(width).copied()).collect();
    let hidden = rows.chunks(width).flat_map(|row| &row[columns.input..]).copied().collect();
    (table, hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(columns: usize, rows: usize, from: usize) -> Matrix {
        Matrix { columns, values: (from..from + columns * rows).map(|value| value as f32).collect() }
    }

    #[test]
    fn both_parts_of_a_row_are_scaled_and_padded() {
        let direction =
            DirectionWeights { weight_ih: counting(2, 5, 1), weight_hh: counting(5, 5, 11), bias: vec![0.0; 5] };
        let columns = Columns::new(&direction, false);
        let rows = sum_rows(Cell::RnnTanh, &direction, columns, &[1.0, 0.5], 2.0);
        assert_eq!(rows.columns, 12);
        assert_eq!(rows.row(0), [1.0, 1.0, 0.0, 0.0, 22.0, 24.0, 26.0, 28.0, 30.0, 0.0, 0.0, 0.0]);
        assert_eq!(rows.row(1), [3.0, 2.0, 0.0, 0.0, 32.0, 34.0, 36.0, 38.0, 40.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn the_third_gate_of_a_gru_is_two_sums_and_one_row() {
        let direction =
            DirectionWeights { weight_ih: counting(1, 3, 1), weight_hh: counting(1, 3, 4), bias: vec![0.0; 4] };
        let columns = Columns::new(&direction, false);
        let rows = sum_rows(Cell::Gru, &direction, columns, &[1.0], 1.0);
        let parts: Vec<[f32; 2]> = rows.rows().map(|row| [row[0], row[4]]).collect();
        assert_eq!(parts, [[1.0, 4.0], [2.0, 5.0], [3.0, 0.0], [0.0, 6.0]]);
        let gates = gate_rows(Cell::Gru, &rows.values);
        assert_eq!(
            gates.chunks(8).map(|row| [row[0], row[4]]).collect::<Vec<_>>(),
            [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
        );
    }

    #[test]
    fn one_hot_columns_become_rows_of_a_table() {
        let columns = Columns { input: 3, hidden: 1 };
        let (table, hidden) = split_one_hot(&[1, 2, 3, 10, 4, 5, 6, 20], columns);
        assert_eq!((table, hidden), (vec![1, 4, 2, 5, 3, 6], vec![10, 20]));
    }
}
