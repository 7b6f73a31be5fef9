//! The rows of a direction as its sums are made of them.

use crate::network::Cell;
use crate::weights::{DirectionWeights, Matrix};

/// The columns of a sum's row: the input's, then the hidden state's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) input: usize,
    pub(super) hidden: usize,
}

impl Columns {
    /// The columns of a direction.
    pub(super) fn of(direction: &DirectionWeights) -> Self {
        Self { input: direction.weight_ih.columns, hidden: direction.weight_hh.columns }
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

/// The weight matrices of a direction, a row for each gate and unit.
#[derive(Debug, PartialEq)]
pub(super) struct GateRows<T> {
    /// `[gates * hidden_size, input_size]`, or of one-hot tokens transposed: a row for each token.
    pub(super) input: Vec<T>,
    /// `[gates * hidden_size, hidden_size]`.
    pub(super) recurrent: Vec<T>,
}

impl<T: Copy> GateRows<T> {
    /// The two parts of the rows of sums. Of a GRU's third gate the input's are in one sum, the hidden state's in
    /// another.
    pub(super) fn of(cell: Cell, sums: &[T], columns: Columns, one_hot: bool) -> Self {
        let rows: Vec<&[T]> = sums.chunks(columns.input + columns.hidden).collect();
        let units = rows.len() / cell.results();
        let of_input = &rows[..cell.gates() * units];
        let of_state = (0..rows.len()).filter(|row| cell != Cell::Gru || row / units != 2).map(|row| rows[row]);
        let input = if one_hot {
            (0..columns.input).flat_map(|token| of_input.iter().map(move |row| row[token])).collect()
        } else {
            of_input.iter().flat_map(|row| &row[..columns.input]).copied().collect()
        };
        Self { input, recurrent: of_state.flat_map(|row| &row[columns.input..]).copied().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(columns: usize, rows: usize, from: usize) -> Matrix {
        Matrix { columns, values: (from..from + columns * rows).map(|value| value as f32).collect() }
    }

    #[test]
    fn both_parts_of_a_row_are_scaled() {
        let direction =
            DirectionWeights { weight_ih: counting(2, 5, 1), weight_hh: counting(5, 5, 11), bias: vec![0.0; 5] };
        let rows = sum_rows(Cell::RnnTanh, &direction, Columns::of(&direction), &[1.0, 0.5], 2.0);
        assert_eq!(rows.columns, 7);
        assert_eq!(rows.row(0), [1.0, 1.0, 22.0, 24.0, 26.0, 28.0, 30.0]);
        assert_eq!(rows.row(1), [3.0, 2.0, 32.0, 34.0, 36.0, 38.0, 40.0]);
    }

    #[test]
    fn the_third_gate_of_a_gru_is_two_sums_and_a_row_of_each_matrix() {
        let direction =
            DirectionWeights { weight_ih: counting(1, 3, 1), weight_hh: counting(1, 3, 4), bias: vec![0.0; 4] };
        let columns = Columns::of(&direction);
        let rows = sum_rows(Cell::Gru, &direction, columns, &[1.0], 1.0);
        let parts: Vec<[f32; 2]> = rows.rows().map(|row| [row[0], row[1]]).collect();
        assert_eq!(parts, [[1.0, 4.0], [2.0, 5.0], [3.0, 0.0], [0.0, 6.0]]);
        let gates = GateRows::of(Cell::Gru, &rows.values, columns, false);
        assert_eq!(gates, GateRows { input: vec![1.0, 2.0, 3.0], recurrent: vec![4.0, 5.0, 6.0] });
    }

    #[test]
    fn one_hot_columns_become_rows_of_a_table() {
        let columns = Columns { input: 3, hidden: 1 };
        let gates = GateRows::of(Cell::RnnTanh, &[1, 2, 3, 10, 4, 5, 6, 20], columns, true);
        assert_eq!(gates, GateRows { input: vec![1, 4, 2, 5, 3, 6], recurrent: vec![10, 20] });
    }
}
