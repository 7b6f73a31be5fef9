use burn::module::{Module, Param};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use clap::ValueEnum;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use runtime::format::MAX_LAYERS;
use serde::{Deserialize, Serialize};

use super::initial::{constant, from_values, normal, uniform};
use super::{Cell, Layer, LayerInput, LayerStates, Packed};
use crate::operations::recurrence::StateRounding;
use crate::operations::{NetworkBackend, indices, values};

/// Standard deviation of the initial embeddings.
const EMBEDDING_DEVIATION: f32 = 0.3;
/// A value that no hidden state falls below, for padding under a maximum.
const BELOW_ALL: f32 = -1e30;

/// How the outputs of the last layer become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The last step's output.
    Last,
    /// The mean over a row's steps.
    Mean,
    /// The largest value over a row's steps, unit by unit.
    Max,
}

/// Where the loss of training is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Targets {
    /// At the answer to the whole row.
    Last,
    /// At the answers after every step, so that early ones are good.
    EveryStep,
}

/// What a network is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkConfig {
    /// What a step takes in.
    pub input: InputShape,
    /// The formula of the recurrent layers.
    pub cell: Cell,
    /// Values of a layer's hidden state, in each direction.
    pub hidden_size: usize,
    /// Recurrent layers, one on the other.
    pub num_layers: usize,
    /// Whether each layer runs in both directions.
    pub bidirectional: bool,
    /// How outputs become one vector.
    pub pooling: Pooling,
    /// How the states of each layer's directions are rounded; none: not at all.
    pub rounding: Option<[[StateRounding; 2]; MAX_LAYERS]>,
}

/// What a step takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputShape {
    /// A token, as a vector of `embedding_size` values; as one-hot if that is 0.
    Tokens {
        /// Number of tokens.
        tokens: usize,
        /// Values of a token's vector.
        embedding_size: usize,
    },
    /// A frame.
    Frames {
        /// Values of a frame.
        channels: usize,
    },
}

impl NetworkConfig {
    /// Values of the pooled vector.
    pub const fn pooled_size(&self) -> usize {
        self.hidden_size * if self.bidirectional { 2 } else { 1 }
    }
}

/// Embedding, recurrent layers, pooling and a linear head.
///
/// # Shapes and units
/// `embedding` `[tokens, embedding_size]`; the logits are `[rows, classes]`.
#[derive(Module, Debug)]
pub struct Classifier<B: Backend> {
    /// One vector a token; none for one-hot tokens and for frames. Those of a batch alone while training computes it,
    /// and the frames of a batch where training asks for their gradient.
    pub embedding: Option<Param<Tensor<B, 2>>>,
    /// Recurrent layers, the first one nearest to the input.
    pub layers: Vec<Layer<B>>,
    /// From the pooled vector to the logits.
    pub head: Head<B>,
}

/// `logits = weight pooled + bias`; `weight` `[classes, pooled size]`, `bias` `[classes]`.
#[derive(Module, Debug)]
pub struct Head<B: Backend> {
    /// Weights.
    pub weight: Param<Tensor<B, 2>>,
    /// Biases.
    pub bias: Param<Tensor<B, 1>>,
}

impl<B: Backend> Classifier<B> {
    /// A network before training. Embeddings from N(0, 0.3^2), the padding token's zero; the layers as
    /// [`super::Direction::new`] has them; the head's weights from U(-k, k) with `k = 1 / sqrt(pooled size)`,
    /// biases 0.
    pub fn new(config: &NetworkConfig, classes: usize, rng: &mut ChaCha8Rng, device: &B::Device) -> Self {
        let (embedding, mut input_size) = match config.input {
            InputShape::Tokens { tokens, embedding_size: 0 } => (None, tokens),
            InputShape::Tokens { tokens, embedding_size } => {
                let vectors = normal([tokens.saturating_sub(1), embedding_size], EMBEDDING_DEVIATION, rng, device);
                let padding = constant([1, embedding_size], 0.0, device);
                (Some(Param::from_tensor(Tensor::cat(vec![padding, vectors], 0))), embedding_size)
            }
            InputShape::Frames { channels } => (None, channels),
        };
        let layer = |_| {
            let sizes = [std::mem::replace(&mut input_size, config.pooled_size()), config.hidden_size];
            Layer::new(config.cell, config.bidirectional, sizes, rng, device)
        };
        let layers = (0..config.num_layers).map(layer).collect();
        let bound = (config.pooled_size() as f32).sqrt().recip();
        Self {
            embedding,
            layers,
            head: Head {
                weight: Param::from_tensor(uniform([classes, config.pooled_size()], bound, rng, device)),
                bias: Param::from_tensor(constant([classes], 0.0, device)),
            },
        }
    }

    /// The network with vectors of some tokens in the place of its own; `frozen`: no vector changes in training.
    pub fn with_embeddings(mut self, vectors: &[(u32, Vec<f32>)], frozen: bool) -> Self {
        self.embedding = self.embedding.map(|embedding| {
            let (id, table, _) = embedding.consume();
            let ([tokens, size], device) = (table.dims(), table.device());
            let mut table = values(table);
            for (token, vector) in vectors {
                if let Some(row) = table.chunks_mut(size).nth(*token as usize).filter(|row| row.len() == vector.len()) {
                    row.copy_from_slice(vector);
                }
            }
            let table = Tensor::from_data(TensorData::new(table, [tokens, size]), &device);
            Param::initialized(id, table.require_grad()).set_require_grad(!frozen)
        });
        self
    }

    /// What the first layer takes in.
    pub fn input(&self, packed: &Packed) -> LayerInput<B> {
        let device = self.head.bias.device();
        let vocabulary = || indices(packed.vocabulary(), &device);
        match &self.embedding {
            Some(frames) if packed.lookup().is_none() => LayerInput::Values(frames.val()),
            Some(embedding) if packed.vocabulary().is_empty() => {
                LayerInput::Tokens(with_composed(embedding.val(), packed))
            }
            Some(embedding) => LayerInput::Tokens(with_composed(embedding.val().select(0, vocabulary()), packed)),
            None => packed.frames(&device).map_or_else(|| LayerInput::OneHot(vocabulary()), LayerInput::Values),
        }
    }

    /// Runs the layers, gives the states of each to `each`, and returns those of the last one.
    fn last_layer(
        &self,
        config: &NetworkConfig,
        packed: &Packed,
        mut dropout: Option<&mut (f64, &mut ChaCha8Rng)>,
        mut each: impl FnMut(&LayerStates<B>),
    ) -> Option<LayerStates<B>>
    where
        B: NetworkBackend,
    {
        let mut states: Option<LayerStates<B>> = None;
        for (number, layer) in self.layers.iter().enumerate() {
            let rounding = |layer: usize| config.rounding.and_then(|rounding| rounding.get(layer).copied());
            let input = match states {
                Some(below) => {
                    let outputs = below.outputs(rounding(number - 1));
                    LayerInput::Values(drop_values(outputs, dropout.as_deref_mut()))
                }
                None => self.input(packed),
            };
            let computed = layer.forward(config.cell, &input, packed, rounding(number));
            each(&computed);
            states = Some(computed);
        }
        states
    }

    /// The states of every layer over packed rows.
    pub fn states(&self, config: &NetworkConfig, packed: &Packed) -> Vec<LayerStates<B>>
    where
        B: NetworkBackend,
    {
        let mut all = Vec::with_capacity(self.layers.len());
        self.last_layer(config, packed, None, |states| all.push(states.clone()));
        all
    }

    /// The logits of packed rows, in the rows' own order.
    ///
    /// `dropout`: the share of the layers' outputs and of the pooled vector that is set to zero, in
    /// training, and the generator that decides which.
    pub fn forward(
        &self,
        config: &NetworkConfig,
        packed: &Packed,
        dropout: Option<(f64, &mut ChaCha8Rng)>,
    ) -> Tensor<B, 2>
    where
        B: NetworkBackend,
    {
        self.logits(config, packed, dropout, pooled_rows)
    }

    /// The logits after every step of packed rows, `[total_steps, classes]`, of a network of one direction.
    pub fn forward_every_step(
        &self,
        config: &NetworkConfig,
        packed: &Packed,
        dropout: Option<(f64, &mut ChaCha8Rng)>,
    ) -> Tensor<B, 2>
    where
        B: NetworkBackend,
    {
        if packed.total_steps() == 0 {
            return self.head.bias.val().unsqueeze::<2>().repeat_dim(0, 0);
        }
        self.logits(config, packed, dropout, pooled_steps)
    }

    /// The logits of the vectors that `pool` makes of the last layer's states.
    fn logits(
        &self,
        config: &NetworkConfig,
        packed: &Packed,
        mut dropout: Option<(f64, &mut ChaCha8Rng)>,
        pool: impl Fn(LayerStates<B>, &Packed, Pooling) -> Tensor<B, 2>,
    ) -> Tensor<B, 2>
    where
        B: NetworkBackend,
    {
        let pooled = match self.last_layer(config, packed, dropout.as_mut(), |_| {}) {
            Some(states) => pool(states, packed, config.pooling),
            None => Tensor::zeros([packed.rows(), config.pooled_size()], &self.head.bias.device()),
        };
        let pooled = drop_values(pooled, dropout.as_mut());
        pooled.matmul(self.head.weight.val().transpose()) + self.head.bias.val().unsqueeze::<2>()
    }
}

/// The vectors of a batch's rows, followed by those of its composed tokens, each the mean of two of them.
fn with_composed<B: Backend>(rows: Tensor<B, 2>, packed: &Packed) -> Tensor<B, 2> {
    if packed.composed(0).len() == 0 {
        return rows;
    }
    let part = |part: usize| {
        let places: Vec<u32> = packed.composed(part).collect();
        rows.clone().select(0, indices(&places, &rows.device()))
    };
    let composed = (part(0) + part(1)) * 0.5;
    Tensor::cat(vec![rows, composed], 0)
}

/// The outputs up to each step as one vector: `[total_steps, pooled size]`.
fn pooled_steps<B: Backend>(states: LayerStates<B>, packed: &Packed, pooling: Pooling) -> Tensor<B, 2> {
    let outputs = states.outputs(None);
    match pooling {
        Pooling::Last => outputs,
        Pooling::Mean => {
            let numbers = packed.step_numbers(&outputs.device());
            packed.pack(packed.unpack(outputs, 0.0).cumsum(1)) / numbers
        }
        Pooling::Max => packed.pack(packed.unpack(outputs, BELOW_ALL).cummax(1)),
    }
}

/// The outputs of each row as one vector: `[rows, pooled size]`.
fn pooled_rows<B: Backend>(states: LayerStates<B>, packed: &Packed, pooling: Pooling) -> Tensor<B, 2> {
    match pooling {
        Pooling::Last => {
            let last = packed.last(states.forward.hidden);
            match states.reverse {
                Some(reverse) => Tensor::cat(vec![last, packed.first(reverse.hidden)], 1),
                None => last,
            }
        }
        Pooling::Mean => {
            let outputs = states.outputs(None);
            let lengths = packed.lengths(&outputs.device());
            packed.unpack(outputs, 0.0).sum_dim(1).squeeze_dim::<2>(1) / lengths
        }
        Pooling::Max => packed.unpack(states.outputs(None), BELOW_ALL).max_dim(1).squeeze_dim::<2>(1),
    }
}

/// Sets a share of `values` to zero and scales the others up, so that the mean stays.
fn drop_values<B: Backend>(values: Tensor<B, 2>, dropout: Option<&mut (f64, &mut ChaCha8Rng)>) -> Tensor<B, 2> {
    match dropout {
        Some((share, rng)) if *share > 0.0 => {
            let kept = (1.0 - *share).recip() as f32;
            let mask =
                from_values(values.dims(), || if rng.random_bool(*share) { 0.0 } else { kept }, &values.device());
            values * mask
        }
        _ => values,
    }
}
