use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::{sigmoid, tanh};
use burn::tensor::backend::Backend;
use rand_chacha::ChaCha8Rng;

use super::initial::{constant, uniform};
use super::packed::Packed;

/// One LSTM layer, as PyTorch defines it:
///
/// ```text
/// [i; f; g; o] = W_ih x + W_hh h + b
/// c' = sigmoid(f) c + sigmoid(i) tanh(g)
/// h' = sigmoid(o) tanh(c')
/// ```
///
/// # Shapes and units
/// `weight_ih` `[4 * hidden_size, input_size]`, `weight_hh` `[4 * hidden_size, hidden_size]`, `bias`
/// `[4 * hidden_size]`, the sum of PyTorch's two; gates in the order i, f, g, o.
///
/// # Source
/// Hochreiter and Schmidhuber (1997), Gers et al. (2000).
#[derive(Module, Debug)]
pub struct Lstm<B: Backend> {
    /// Weights of the input.
    pub weight_ih: Param<Tensor<B, 2>>,
    /// Weights of the hidden state.
    pub weight_hh: Param<Tensor<B, 2>>,
    /// Biases.
    pub bias: Param<Tensor<B, 1>>,
}

/// What a layer computes for a packed batch.
#[derive(Debug)]
pub struct LstmOutput<B: Backend> {
    /// `h` of every step, packed: `[total_steps, hidden_size]`.
    pub outputs: Tensor<B, 2>,
    /// `h` of each row's last step, in the rows' own order: `[rows, hidden_size]`.
    pub hidden: Tensor<B, 2>,
    /// `c` of each row's last step.
    pub cell: Tensor<B, 2>,
}

impl<B: Backend> Lstm<B> {
    /// Weights from U(-k, k) with `k = 1 / sqrt(hidden_size)`, forget-gate biases 1, others 0.
    pub fn new(input_size: usize, hidden_size: usize, rng: &mut ChaCha8Rng, device: &B::Device) -> Self {
        let bound = (hidden_size as f32).sqrt().recip();
        let bias = Tensor::cat([0.0, 1.0, 0.0, 0.0].map(|value| constant([hidden_size], value, device)).to_vec(), 0);
        Self {
            weight_ih: Param::from_tensor(uniform([4 * hidden_size, input_size], bound, rng, device)),
            weight_hh: Param::from_tensor(uniform([4 * hidden_size, hidden_size], bound, rng, device)),
            bias: Param::from_tensor(bias),
        }
    }

    /// Runs the layer over packed rows from states of zero. A row that has ended takes no further part:
    /// its values are those that it would have alone.
    ///
    /// # Shapes and units
    /// `inputs` `[total_steps, input_size]`, in the order of `packed`.
    pub fn forward(&self, inputs: Tensor<B, 2>, packed: &Packed) -> LstmOutput<B> {
        let device = inputs.device();
        let hidden_size = self.weight_hh.dims()[1];
        let weight_ih = self.weight_ih.val().transpose();
        let weight_hh = self.weight_hh.val().transpose();
        let bias = self.bias.val().unsqueeze::<2>();
        let mut hidden = Tensor::zeros([packed.rows(), hidden_size], &device);
        let mut cell = Tensor::zeros([packed.rows(), hidden_size], &device);
        let mut outputs = Vec::with_capacity(packed.steps());
        // Final states of rows that have ended, the shortest rows first.
        let (mut ended_hidden, mut ended_cell) = (Vec::new(), Vec::new());
        for range in packed.step_ranges() {
            let (rows, active) = (hidden.dims()[0], range.len());
            if active < rows {
                ended_hidden.push(hidden.clone().slice(active..rows));
                ended_cell.push(cell.clone().slice(active..rows));
                hidden = hidden.slice(0..active);
                cell = cell.slice(0..active);
            }
            let from_input = inputs.clone().slice(range).matmul(weight_ih.clone());
            let gates = from_input + hidden.matmul(weight_hh.clone()) + bias.clone();
            let gate =
                |number: usize| gates.clone().slice([0..active, number * hidden_size..(number + 1) * hidden_size]);
            cell = sigmoid(gate(1)) * cell + sigmoid(gate(0)) * tanh(gate(2));
            hidden = sigmoid(gate(3)) * tanh(cell.clone());
            outputs.push(hidden.clone());
        }
        ended_hidden.push(hidden);
        ended_cell.push(cell);
        let sorted = |mut ended: Vec<Tensor<B, 2>>| {
            ended.reverse();
            packed.unsort(Tensor::cat(ended, 0))
        };
        LstmOutput {
            outputs: if outputs.is_empty() {
                Tensor::zeros([0, hidden_size], &device)
            } else {
                Tensor::cat(outputs, 0)
            },
            hidden: sorted(ended_hidden),
            cell: sorted(ended_cell),
        }
    }
}
