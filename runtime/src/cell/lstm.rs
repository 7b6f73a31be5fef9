//! Long short-term memory, as PyTorch defines it:
//!
//! ```text
//! [i; f; g; o] = W [x; h] + b            W: [4 * hidden_size, columns]
//! c' = sigmoid(f) c + sigmoid(i) tanh(g)
//! h' = sigmoid(o) tanh(c')
//! ```

use crate::network::{Arithmetic, Int8, LayerBuffers, Matrix, Shape};
use crate::{kernels, numeric};

/// The weights of one direction of an LSTM layer: rows of all units' i, then f, g, o.
pub(crate) struct LstmWeights<'m, A: Arithmetic> {
    pub(crate) matrix: Matrix<'m, A>,
    pub(crate) shape: Shape,
}

impl<'m, A: Arithmetic> LstmWeights<'m, A> {
    /// The numbers of a unit's rows.
    fn rows(&self, unit: usize) -> [usize; 4] {
        let hidden_size = self.shape.hidden_size;
        [0, 1, 2, 3].map(|gate| hidden_size.wrapping_mul(gate).wrapping_add(unit))
    }

    fn row_weights(&self, rows: [usize; 4]) -> [&'m [A::Weight]; 4] {
        rows.map(|row| self.matrix.row(row))
    }
}

/// One step in integers.
///
/// Pre-activations Q3.12, gates Q0.15, `c` as calibrated, `h` Q0.15.
pub(crate) fn step_int8(weights: &LstmWeights<'_, Int8>, buffers: &mut LayerBuffers<'_, Int8>) {
    let matrix = &weights.matrix;
    let fraction_bits = matrix.scales.cell_fraction_bits;
    let units = buffers.cell.iter_mut().zip(buffers.hidden.iter_mut());
    for (unit, (cell, hidden)) in units.enumerate() {
        let rows = weights.rows(unit);
        let sums = kernels::dot_4_i8(weights.row_weights(rows), buffers.inputs);
        let mut pre_activations = [0_i16; 4];
        for ((target, sum), row) in pre_activations.iter_mut().zip(sums).zip(rows) {
            *target = numeric::saturate_i16(matrix.requantized(row, sum));
        }
        let [input, forget, candidate, output] = pre_activations;
        *cell = numeric::cell_update(
            numeric::sigmoid(forget),
            *cell,
            numeric::sigmoid(input),
            numeric::tanh(candidate),
            fraction_bits,
        );
        *hidden = numeric::hidden(numeric::sigmoid(output), numeric::tanh_of_cell(*cell, fraction_bits));
    }
}

/// Four rows of weights times one vector.
#[cfg(feature = "float")]
type Dot4<Weight> = fn([&[Weight]; 4], &[f32]) -> [f32; 4];

/// One step in `f32`, with `dot_4` for the stored weights.
#[cfg(feature = "float")]
pub(crate) fn step_float<A>(weights: &LstmWeights<'_, A>, buffers: &mut LayerBuffers<'_, A>, dot_4: Dot4<A::Weight>)
where
    A: Arithmetic<Value = f32, Hidden = f32, Cell = f32, Bias = f32>,
{
    let units = buffers.cell.iter_mut().zip(buffers.hidden.iter_mut());
    for (unit, (cell, hidden)) in units.enumerate() {
        let rows = weights.rows(unit);
        let mut pre_activations = dot_4(weights.row_weights(rows), buffers.inputs);
        for (sum, row) in pre_activations.iter_mut().zip(rows) {
            *sum += weights.matrix.bias.get(row).copied().unwrap_or(0.0);
        }
        let [input, forget, candidate, output] = pre_activations;
        *cell = sigmoid(forget) * *cell + sigmoid(input) * libm::tanhf(candidate);
        *hidden = sigmoid(output) * libm::tanhf(*cell);
    }
}

#[cfg(feature = "float")]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}
