//! The cells by their formulas, in f64: what converted weights must compute.

use trainer::network::Cell;
use trainer::weights::{DirectionWeights, LayerWeights, Matrix};

/// What a layer computes for a sequence.
pub(crate) struct LayerOutput {
    /// `[steps, directions * hidden_size]`
    pub(crate) steps: Vec<Vec<f64>>,
    /// Each direction's output after its last step, side by side.
    pub(crate) last: Vec<f64>,
}

/// Runs a layer over a sequence of vectors.
pub(crate) fn layer(weights: &LayerWeights, inputs: &[Vec<f64>]) -> LayerOutput {
    let mut steps = direction(weights.cell, &weights.forward, inputs.iter());
    let mut last = steps.last().cloned().unwrap();
    if let Some(reverse) = &weights.reverse {
        let outputs = direction(weights.cell, reverse, inputs.iter().rev());
        last.extend(outputs.last().unwrap());
        for (step, output) in steps.iter_mut().zip(outputs.iter().rev()) {
            step.extend(output);
        }
    }
    LayerOutput { steps, last }
}

fn direction<'i>(cell: Cell, weights: &DirectionWeights, inputs: impl Iterator<Item = &'i Vec<f64>>) -> Vec<Vec<f64>> {
    let hidden_size = weights.weight_hh.columns;
    let mut hidden = vec![0.0; hidden_size];
    let mut state = vec![0.0; hidden_size];
    let bias = |number: usize| f64::from(weights.bias[number]);
    inputs
        .map(|input| {
            let (x, h) = (product(&weights.weight_ih, input), product(&weights.weight_hh, &hidden));
            for unit in 0..hidden_size {
                let gate = |number: usize| {
                    let row = number * hidden_size + unit;
                    x[row] + h[row] + bias(row)
                };
                hidden[unit] = match cell {
                    Cell::Lstm => {
                        let [i, f, g, o] = [0, 1, 2, 3].map(gate);
                        state[unit] = sigmoid(f) * state[unit] + sigmoid(i) * g.tanh();
                        sigmoid(o) * state[unit].tanh()
                    }
                    Cell::Gru => {
                        let (r, z, row) = (sigmoid(gate(0)), sigmoid(gate(1)), 2 * hidden_size + unit);
                        let n = (x[row] + bias(row) + r * (h[row] + bias(row + hidden_size))).tanh();
                        (1.0 - z) * n + z * hidden[unit]
                    }
                    Cell::RnnTanh => gate(0).tanh(),
                    Cell::RnnRelu => gate(0).max(0.0),
                };
            }
            hidden.clone()
        })
        .collect()
}

fn product(weights: &Matrix, vector: &[f64]) -> Vec<f64> {
    assert_eq!(weights.columns, vector.len());
    weights.rows().map(|row| row.iter().zip(vector).map(|(weight, value)| f64::from(*weight) * value).sum()).collect()
}

fn sigmoid(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}
