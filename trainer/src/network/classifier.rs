use burn::module::{Module, Param};
use burn::tensor::backend::Backend;
use burn::tensor::{DType, Tensor};
use clap::ValueEnum;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::initial::{constant, from_values, normal, uniform};
use super::{Lstm, Packed};

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

/// The sizes of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkConfig {
    /// Values of a word's vector.
    pub embedding_size: usize,
    /// Values of a layer's hidden state.
    pub hidden_size: usize,
    /// Recurrent layers, one on the other.
    pub num_layers: usize,
    /// How outputs become one vector.
    pub pooling: Pooling,
}

/// Embedding, LSTM layers, pooling and a linear head.
///
/// # Shapes and units
/// `embedding` `[tokens, embedding_size]`; the logits are `[rows, classes]`.
#[derive(Module, Debug)]
pub struct Classifier<B: Backend> {
    /// One vector a token.
    pub embedding: Param<Tensor<B, 2>>,
    /// Recurrent layers, the first one nearest to the input.
    pub layers: Vec<Lstm<B>>,
    /// From the pooled vector to the logits.
    pub head: Head<B>,
}

/// `logits = weight pooled + bias`; `weight` `[classes, hidden_size]`, `bias` `[classes]`.
#[derive(Module, Debug)]
pub struct Head<B: Backend> {
    /// Weights.
    pub weight: Param<Tensor<B, 2>>,
    /// Biases.
    pub bias: Param<Tensor<B, 1>>,
}

impl<B: Backend> Classifier<B> {
    /// A network before training. Embeddings from N(0, 0.3^2), the padding token's zero; the layers as
    /// [`Lstm::new`] has them; the head's weights from U(-k, k) with `k = 1 / sqrt(hidden_size)`, biases 0.
    pub fn new(
        config: &NetworkConfig,
        tokens: usize,
        classes: usize,
        rng: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> Self {
        let vectors = normal([tokens.saturating_sub(1), config.embedding_size], EMBEDDING_DEVIATION, rng, device);
        let padding = constant([1, config.embedding_size], 0.0, device);
        let mut input_size = config.embedding_size;
        let layers = (0..config.num_layers)
            .map(|_| Lstm::new(std::mem::replace(&mut input_size, config.hidden_size), config.hidden_size, rng, device))
            .collect();
        let bound = (config.hidden_size as f32).sqrt().recip();
        Self {
            embedding: Param::from_tensor(Tensor::cat(vec![padding, vectors], 0)),
            layers,
            head: Head {
                weight: Param::from_tensor(uniform([classes, config.hidden_size], bound, rng, device)),
                bias: Param::from_tensor(constant([classes], 0.0, device)),
            },
        }
    }

    /// The logits of packed rows, in the rows' own order.
    ///
    /// `dropout`: the share of the layers' outputs and of the pooled vector that is set to zero, in
    /// training, and the generator that decides which.
    pub fn forward(
        &self,
        packed: &Packed,
        pooling: Pooling,
        mut dropout: Option<(f64, &mut ChaCha8Rng)>,
    ) -> Tensor<B, 2> {
        let device = self.embedding.device();
        let mut outputs = self.embedding.val().select(0, packed.tokens(&device));
        for (number, layer) in self.layers.iter().enumerate() {
            if number > 0 {
                outputs = drop_values(outputs, dropout.as_mut());
            }
            outputs = layer.forward(outputs, packed).outputs;
        }
        let pooled = match pooling {
            Pooling::Last => packed.last(outputs),
            Pooling::Mean => packed.unpack(outputs, 0.0).sum_dim(1).squeeze_dim::<2>(1) / packed.lengths(&device),
            Pooling::Max => packed.unpack(outputs, BELOW_ALL).max_dim(1).squeeze_dim::<2>(1),
        };
        let pooled = drop_values(pooled, dropout.as_mut());
        pooled.matmul(self.head.weight.val().transpose()) + self.head.bias.val().unsqueeze::<2>()
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

/// The values of a tensor, row-major.
pub(crate) fn values<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    let data = tensor.into_data().convert_dtype(DType::F32);
    data.iter::<f32>().collect()
}
