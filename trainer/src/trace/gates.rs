use runtime::numeric::{self, PRE_ACTIVATION_FRACTION_BITS};

use crate::network::Cell;

/// A gate of all units of a direction in one step.
pub(super) struct Gate {
    /// As PyTorch names it.
    pub(super) name: &'static str,
    /// After the activation, `[hidden_size]`.
    pub(super) values: Vec<f32>,
    /// The pre-activations that it is made from.
    pub(super) pre_activations: Vec<f32>,
}

/// The gates of pre-activations, `[results * hidden_size]`, by the functions that a step of an integer or a float model
/// computes them with; none of Elman's network, whose `h` is its one gate.
pub(super) fn gates(cell: Cell, pre_activations: &[f32], hidden_size: usize, is_integer: bool) -> Vec<Gate> {
    let functions = if is_integer { Functions::INTEGER } else { Functions::FLOAT };
    let results: Vec<&[f32]> = pre_activations.chunks_exact(hidden_size.max(1)).collect();
    let gate = |name, activation: fn(f32) -> f32, result: &[f32]| Gate {
        name,
        values: result.iter().map(|value| activation(*value)).collect(),
        pre_activations: result.to_vec(),
    };
    match (cell, results.as_slice()) {
        (Cell::Lstm, [input, forget, candidate, output]) => vec![
            gate("i", functions.sigmoid, input),
            gate("f", functions.sigmoid, forget),
            gate("g", functions.tanh, candidate),
            gate("o", functions.sigmoid, output),
        ],
        (Cell::Gru, [reset, update, new_input, new_hidden]) => {
            let reset = gate("r", functions.sigmoid, reset);
            let parts = reset.values.iter().zip(*new_input).zip(*new_hidden);
            let sums = parts.map(|((reset, input), hidden)| (functions.reset_sum)(*input, *reset, *hidden));
            let new = Gate {
                name: "n",
                values: sums.map(functions.tanh).collect(),
                pre_activations: [*new_input, *new_hidden].concat(),
            };
            vec![reset, gate("z", functions.sigmoid, update), new]
        }
        _ => Vec::new(),
    }
}

/// The functions between pre-activations and gates, on numbers.
struct Functions {
    sigmoid: fn(f32) -> f32,
    tanh: fn(f32) -> f32,
    /// `n_x + r n_h`
    reset_sum: fn(f32, f32, f32) -> f32,
}

impl Functions {
    const FLOAT: Self = Self {
        sigmoid: |x| 1.0 / (1.0 + (-x).exp()),
        tanh: f32::tanh,
        reset_sum: |input, reset, hidden| input + reset * hidden,
    };
    const INTEGER: Self = Self {
        sigmoid: |x| f32::from(numeric::sigmoid(q3_12(x))) * numeric::POOLED_SCALE,
        tanh: |x| f32::from(numeric::tanh(q3_12(x))) * numeric::POOLED_SCALE,
        reset_sum: |input, reset, hidden| {
            let reset = (reset / numeric::POOLED_SCALE) as i16;
            f32::from(numeric::reset_sum(q3_12(input), reset, q3_12(hidden))) / q3_12_unit()
        },
    };
}

fn q3_12(number: f32) -> i16 {
    (number * q3_12_unit()) as i16
}

/// What 1 is in a pre-activation.
pub(super) fn q3_12_unit() -> f32 {
    (1_u32 << PRE_ACTIVATION_FRACTION_BITS) as f32
}
