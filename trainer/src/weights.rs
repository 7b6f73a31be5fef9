//! The weights of a network: in a safetensors file, and as plain numbers for the export.

use std::path::Path;

use burn::module::{Module, Param};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use burn_store::{ModuleSnapshot, SafetensorsStore};

use crate::error::Error;
use crate::network::{Cell, Classifier, Direction, Head, Layer};
use crate::operations::values;
use crate::output::write_atomically;

/// A matrix, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Values in a row.
    pub columns: usize,
    /// All values, row after row.
    pub values: Vec<f32>,
}

impl Matrix {
    /// The rows, one after another.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks(self.columns.max(1))
    }

    /// A row; nothing if there is none.
    pub fn row(&self, row: usize) -> &[f32] {
        self.values.get(row * self.columns..(row + 1) * self.columns).unwrap_or_default()
    }
}

/// The weights of one direction of a recurrent layer; see [`Direction`].
#[derive(Debug, Clone, PartialEq)]
pub struct DirectionWeights {
    /// `[gates * hidden_size, input_size]`
    pub weight_ih: Matrix,
    /// `[gates * hidden_size, hidden_size]`
    pub weight_hh: Matrix,
    /// `[results * hidden_size]`
    pub bias: Vec<f32>,
}

/// The weights of a recurrent layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerWeights {
    /// Its formula.
    pub cell: Cell,
    /// From the first step to the last.
    pub forward: DirectionWeights,
    /// From the last step to the first.
    pub reverse: Option<DirectionWeights>,
}

/// The weights of a network as plain numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkWeights {
    /// `[tokens, embedding_size]`; none for one-hot tokens and for frames.
    pub embedding: Option<Matrix>,
    /// The layers, the first one nearest to the input.
    pub layers: Vec<LayerWeights>,
    /// `[classes, pooled size]`
    pub head_weight: Matrix,
    /// `[classes]`
    pub head_bias: Vec<f32>,
}

impl LayerWeights {
    /// The directions, forward first.
    pub fn directions(&self) -> impl Iterator<Item = &DirectionWeights> {
        std::iter::once(&self.forward).chain(&self.reverse)
    }
}

impl NetworkWeights {
    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        let directions = self.layers.iter().flat_map(LayerWeights::directions);
        directions
            .flat_map(|direction| [&direction.weight_ih.values, &direction.weight_hh.values, &direction.bias])
            .chain(self.embedding.iter().map(|embedding| &embedding.values))
            .chain([&self.head_weight.values, &self.head_bias])
            .flatten()
            .all(|value| value.is_finite())
    }

    /// The numbers of a network of `cell`s.
    pub fn from_network<B: Backend>(network: &Classifier<B>, cell: Cell) -> Self {
        let layers = network.layers.iter().map(|layer| LayerWeights {
            cell,
            forward: direction_weights(&layer.forward),
            reverse: layer.reverse.as_ref().map(direction_weights),
        });
        Self {
            embedding: network.embedding.as_ref().map(|embedding| matrix(embedding.val())),
            layers: layers.collect(),
            head_weight: matrix(network.head.weight.val()),
            head_bias: values(network.head.bias.val()),
        }
    }

    /// A network with these numbers.
    pub fn to_network<B: Backend>(&self, device: &B::Device) -> Classifier<B> {
        let layers = self.layers.iter().map(|layer| Layer {
            forward: direction(&layer.forward, device),
            reverse: layer.reverse.as_ref().map(|reverse| direction(reverse, device)),
        });
        Classifier {
            embedding: self.embedding.as_ref().map(|embedding| matrix_parameter(embedding, device)),
            layers: layers.collect(),
            head: Head {
                weight: matrix_parameter(&self.head_weight, device),
                bias: parameter(&self.head_bias, [self.head_bias.len()], device),
            },
        }
    }
}

fn direction<B: Backend>(weights: &DirectionWeights, device: &B::Device) -> Direction<B> {
    Direction {
        weight_ih: matrix_parameter(&weights.weight_ih, device),
        weight_hh: matrix_parameter(&weights.weight_hh, device),
        bias: parameter(&weights.bias, [weights.bias.len()], device),
    }
}

fn matrix_parameter<B: Backend>(matrix: &Matrix, device: &B::Device) -> Param<Tensor<B, 2>> {
    parameter(&matrix.values, [matrix.rows().len(), matrix.columns], device)
}

fn parameter<B: Backend, const D: usize>(values: &[f32], shape: [usize; D], device: &B::Device) -> Param<Tensor<B, D>> {
    Param::from_tensor(Tensor::from_data(TensorData::new(values.to_vec(), shape), device))
}

fn direction_weights<B: Backend>(direction: &Direction<B>) -> DirectionWeights {
    DirectionWeights {
        weight_ih: matrix(direction.weight_ih.val()),
        weight_hh: matrix(direction.weight_hh.val()),
        bias: values(direction.bias.val()),
    }
}

fn matrix<B: Backend>(tensor: Tensor<B, 2>) -> Matrix {
    Matrix { columns: tensor.dims()[1], values: values(tensor) }
}

/// Writes a network's weights as safetensors, whole or not at all; equal weights are equal bytes.
///
/// # Errors
/// [`Error::Unwritable`], [`Error::Failed`].
pub fn save<B: Backend>(network: &Classifier<B>, path: &Path) -> Result<(), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Failed(format!("{}: {error}", path.display()));
    // One note alone: several would stand in an order of chance.
    let mut store = SafetensorsStore::from_bytes(None).clear_metadata().metadata("format", "safetensors");
    network.save_into(&mut store).map_err(|error| failed(&error))?;
    let bytes = store.get_bytes().map_err(|error| failed(&error))?;
    write_atomically(path, &bytes)
}

/// Reads a network's weights.
///
/// # Errors
/// [`Error::Unreadable`]; [`Error::Run`] if the file does not have this network's tensors.
pub fn load<B: Backend>(network: &mut Classifier<B>, path: &Path) -> Result<(), Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Unreadable { path: path.into(), source })?;
    let mut store = SafetensorsStore::from_bytes(Some(bytes));
    let problem = |problem: String| Error::Run { path: path.into(), problem };
    let loaded = network.load_from(&mut store).map_err(|error| problem(error.to_string().replace('\n', " ")))?;
    if loaded.is_success() && network.num_params() > 0 {
        Ok(())
    } else {
        Err(problem("does not hold the weights of this run's network".into()))
    }
}
