//! ONNX files: a graph of nodes, followed from its input to the logits.
//!
//! Each value is known by what it means (tokens, a layer's outputs, its final states, ..) and by the meaning of its axes,
//! so that the exporters' ways to transpose, squeeze and slice all come to the same network. What is not understood is a
//! fault only if the logits depend on it.

mod begin;
mod elementwise;
mod graph;
mod head;
mod recurrent;
mod schema;
mod shapes;
mod value;

use std::path::Path;

use prost::Message;

use super::error::ImportError;
use crate::error::Error;
use crate::network::Pooling;
use crate::weights::NetworkWeights;

/// A network as an ONNX file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct OnnxNetwork {
    /// Its weights; the embedding's rows are in the model's own order.
    pub weights: NetworkWeights,
    /// How outputs become one vector.
    pub pooling: Pooling,
    /// `(value - mean) * scale` of each channel, if the graph normalizes frames.
    pub normalization: Option<OnnxNormalization>,
}

/// The normalization that a graph begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct OnnxNormalization {
    /// `[channels]`
    pub mean: Vec<f32>,
    /// `[channels]`
    pub scale: Vec<f32>,
}

/// Reads an ONNX file.
///
/// # Errors
/// [`Error::Unreadable`]; [`ImportError::Onnx`] with the node, its attribute or input, and what is expected.
pub fn read(path: &Path) -> Result<OnnxNetwork, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Unreadable { path: path.into(), source })?;
    let wrong = |problem: String| ImportError::Onnx { path: path.into(), problem };
    let model =
        schema::Model::decode(bytes.as_slice()).map_err(|error| wrong(format!("not an ONNX file ({error})")))?;
    let graph = model.graph.filter(|graph| model.ir_version > 0 && !graph.node.is_empty());
    let graph = graph.ok_or_else(|| wrong("not an ONNX file (no graph)".into()))?;
    Ok(graph::network(&graph).map_err(wrong)?)
}
