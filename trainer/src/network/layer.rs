use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor};
use rand_chacha::ChaCha8Rng;

use super::Cell;
use super::initial::{constant, orthogonal, uniform};
use super::packed::Packed;
use crate::operations::NetworkBackend;
use crate::operations::recurrence::{self, Lookup, Recurrence, StateRounding};

/// One direction of a recurrent layer; the formulas are those of [`Cell`], which are PyTorch's.
///
/// # Shapes and units
/// `weight_ih` `[gates * hidden_size, input_size]`, `weight_hh` `[gates * hidden_size, hidden_size]`, gates in the
/// order i, f, g, o or r, z, n. `bias` `[results * hidden_size]`: the sum of PyTorch's two for each gate, but of a
/// GRU r, z, then n's of the input and n's of the hidden state.
///
/// # Source
/// Hochreiter and Schmidhuber (1997), Gers et al. (2000), Cho et al. (2014), Elman (1990).
#[derive(Module, Debug)]
pub struct Direction<B: Backend> {
    /// Weights of the input.
    pub weight_ih: Param<Tensor<B, 2>>,
    /// Weights of the hidden state.
    pub weight_hh: Param<Tensor<B, 2>>,
    /// Biases.
    pub bias: Param<Tensor<B, 1>>,
}

/// A recurrent layer: one direction, or two side by side.
#[derive(Module, Debug)]
pub struct Layer<B: Backend> {
    /// From the first step to the last.
    pub forward: Direction<B>,
    /// From each row's last step to the first.
    pub reverse: Option<Direction<B>>,
}

/// The input of a layer.
#[derive(Debug, Clone)]
pub enum LayerInput<B: Backend> {
    /// `[total_steps, input_size]`.
    Values(Tensor<B, 2>),
    /// A vector for each distinct token, `[vocabulary, input_size]`.
    Tokens(Tensor<B, 2>),
    /// The distinct tokens, each a 1 at its place and 0 elsewhere.
    OneHot(Tensor<B, 1, Int>),
}

impl<B: Backend> LayerInput<B> {
    /// Which of its rows each step takes, if not its own.
    fn lookup(&self, packed: &Packed) -> Option<Arc<Lookup>> {
        match self {
            Self::Values(_) => None,
            Self::Tokens(_) | Self::OneHot(_) => packed.lookup(),
        }
    }
}

/// The states of one direction after every step, packed.
#[derive(Debug, Clone)]
pub struct DirectionStates<B: Backend> {
    /// `h` `[total_steps, hidden_size]`.
    pub hidden: Tensor<B, 2>,
    /// `c` `[total_steps, hidden_size]` of an LSTM.
    pub cell: Option<Tensor<B, 2>>,
}

/// What a layer computes for packed rows.
#[derive(Debug, Clone)]
pub struct LayerStates<B: Backend> {
    /// From the first step to the last.
    pub forward: DirectionStates<B>,
    /// From each row's last step to the first.
    pub reverse: Option<DirectionStates<B>>,
}

impl<B: Backend> Layer<B> {
    /// One direction, or two, as [`Direction::new`] makes them.
    pub fn new(
        cell: Cell,
        bidirectional: bool,
        [input_size, hidden_size]: [usize; 2],
        rng: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> Self {
        let forward = Direction::new(cell, [input_size, hidden_size], rng, device);
        let reverse = bidirectional.then(|| Direction::new(cell, [input_size, hidden_size], rng, device));
        Self { forward, reverse }
    }

    /// Runs the layer over packed rows from states of zero. A row that has ended takes no further part, and the
    /// reverse direction begins at each row's last step: values are those that a row would have alone.
    ///
    /// `rounding`: how states are rounded, the forward direction's first.
    pub fn forward(
        &self,
        cell: Cell,
        input: &LayerInput<B>,
        packed: &Packed,
        rounding: Option<[StateRounding; 2]>,
    ) -> LayerStates<B>
    where
        B: NetworkBackend,
    {
        let [forward, reverse] = [0, 1].map(|direction| {
            let rounding = rounding.map(|rounding| rounding[direction]);
            Recurrence {
                cell,
                steps: packed.step_ranges(),
                reverse: direction == 1,
                lookup: input.lookup(packed),
                rounding,
            }
        });
        LayerStates {
            forward: self.forward.forward(&forward, input),
            reverse: self.reverse.as_ref().map(|direction| direction.forward(&reverse, input)),
        }
    }
}

impl<B: Backend> LayerStates<B> {
    /// `h` of all directions side by side, `[total_steps, directions * hidden_size]`; with a `rounding`, as a product
    /// takes it in.
    pub fn outputs(&self, rounding: Option<[StateRounding; 2]>) -> Tensor<B, 2> {
        let output = |direction: usize, states: &DirectionStates<B>| match rounding {
            Some(rounding) => rounding[direction].narrowed(states.hidden.clone()),
            None => states.hidden.clone(),
        };
        match &self.reverse {
            Some(reverse) => Tensor::cat(vec![output(0, &self.forward), output(1, reverse)], 1),
            None => output(0, &self.forward),
        }
    }
}

impl<B: Backend> Direction<B> {
    /// Weights of the input from U(-k, k) with `k = 1 / sqrt(hidden_size)`, those of the hidden state orthogonal,
    /// gate by gate; biases 0, those of an LSTM's forget gate 1.
    pub fn new(cell: Cell, [input_size, hidden_size]: [usize; 2], rng: &mut ChaCha8Rng, device: &B::Device) -> Self {
        let bound = (hidden_size as f32).sqrt().recip();
        let biases: &[f32] = match cell {
            Cell::Lstm => &[0.0, 1.0, 0.0, 0.0],
            Cell::Gru => &[0.0; 4],
            Cell::RnnTanh | Cell::RnnRelu => &[0.0],
        };
        let bias = biases.iter().map(|value| constant([hidden_size], *value, device)).collect();
        let gates = cell.gates() * hidden_size;
        Self {
            weight_ih: Param::from_tensor(uniform([gates, input_size], bound, rng, device)),
            weight_hh: Param::from_tensor(orthogonal(cell.gates(), hidden_size, rng, device)),
            bias: Param::from_tensor(Tensor::cat(bias, 0)),
        }
    }

    fn forward(&self, direction: &Recurrence, input: &LayerInput<B>) -> DirectionStates<B>
    where
        B: NetworkBackend,
    {
        let weight_ih = self.weight_ih.val().transpose();
        let (cell, total) = (direction.cell, direction.total_steps());
        let (device, hidden_size) = (weight_ih.device(), self.weight_hh.dims()[1]);
        let projected = match input {
            _ if total == 0 => Tensor::zeros([0, weight_ih.dims()[1]], &device),
            LayerInput::Values(values) | LayerInput::Tokens(values) => values.clone().matmul(weight_ih),
            LayerInput::OneHot(tokens) => weight_ih.select(0, tokens.clone()),
        };
        let states = if total == 0 {
            Tensor::zeros([0, cell.states() * hidden_size], &device)
        } else {
            recurrence::run(direction, projected, self.weight_hh.val(), self.bias.val())
        };
        if cell.states() == 1 {
            return DirectionStates { hidden: states, cell: None };
        }
        let block = |start: usize| states.clone().slice([0..total, start..start + hidden_size]);
        DirectionStates { hidden: block(0), cell: Some(block(hidden_size)) }
    }
}
