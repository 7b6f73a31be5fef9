//! What a value of a graph is, as far as a classifier of sequences is concerned.

use half::f16;

use super::schema::{self, BOOL, DOUBLE, EXTERNAL, FLOAT, FLOAT16, INT32, INT64};
use crate::network::Pooling;

/// A value between nodes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Numbers that do not depend on the input.
    Constant(Constant),
    /// Zeros of a size that depends on the input.
    Zeros,
    /// Sizes, each of them if it is known; empty where not even their number is.
    Sizes(Vec<Option<f64>>),
    /// What depends on the content of the input.
    Tensor(Tensor),
    /// What is not understood, and why; a fault only if the logits depend on it.
    Unknown(String),
}

/// Numbers, integers among them, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Constant {
    pub(super) dims: Vec<usize>,
    pub(super) values: Vec<f64>,
}

/// A value with the meaning of its axes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub(super) axes: Vec<Axis>,
    pub(super) content: Content,
}

/// An axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// The input's first axis, rows or steps: the first recurrent layer tells which.
    First,
    /// The input's second axis.
    Second,
    /// Values of a step or of a row.
    Features(usize),
    /// Directions, or layers and their directions.
    Stack(usize),
    /// Of size 1.
    One,
}

/// What a tensor holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// What becomes of each token, from 0; none: the token itself.
    Tokens(Option<Vec<f64>>),
    /// Frames: `(value - mean) * scale`; empty where that changes nothing.
    Frames(Vec<Affine>),
    /// Rows of the embedding.
    Embedded,
    /// A layer's outputs at every step.
    Outputs { layer: usize, part: Part },
    /// The outputs of both directions at one end of the sequence.
    Step { layer: usize, is_last: bool },
    /// Final states, side by side.
    States(Vec<Place>),
    /// A layer's outputs, pooled over the steps.
    Pooled { pooling: Pooling, layer: usize },
    /// What the linear layer gives, perhaps as probabilities.
    Logits { are_probabilities: bool },
}

/// The normalization of a channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Affine {
    pub(super) mean: f64,
    pub(super) scale: f64,
}

/// Which directions of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    All,
    Forward,
    Reverse,
}

/// A direction of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) layer: usize,
    pub(super) is_reverse: bool,
}

impl Constant {
    /// The numbers of a tensor of a file.
    pub(super) fn read(tensor: &schema::Tensor) -> Result<Self, String> {
        let name = tensor.name.escape_debug();
        if tensor.data_location == EXTERNAL {
            return Err(format!("tensor `{name}` is in another file; save the model with its weights in one file"));
        }
        let raw = &tensor.raw_data;
        let values: Vec<f64> = match tensor.data_type {
            FLOAT if raw.is_empty() => tensor.float_data.iter().map(|value| f64::from(*value)).collect(),
            FLOAT => numbers(raw, |bytes| f32::from_le_bytes(bytes).into()),
            DOUBLE if raw.is_empty() => tensor.double_data.clone(),
            DOUBLE => numbers(raw, f64::from_le_bytes),
            INT64 if raw.is_empty() => tensor.int64_data.iter().map(|value| *value as f64).collect(),
            INT64 => numbers(raw, |bytes| i64::from_le_bytes(bytes) as f64),
            INT32 | BOOL if raw.is_empty() => tensor.int32_data.iter().map(|value| f64::from(*value)).collect(),
            INT32 => numbers(raw, |bytes| i32::from_le_bytes(bytes).into()),
            BOOL => raw.iter().map(|byte| f64::from(*byte)).collect(),
            FLOAT16 if raw.is_empty() => {
                tensor.int32_data.iter().map(|bits| f16::from_bits(*bits as u16).into()).collect()
            }
            FLOAT16 => numbers(raw, |bytes| f16::from_le_bytes(bytes).into()),
            other => {
                return Err(format!("tensor `{name}` has data type {other}, expected numbers of 16, 32 or 64 bits"));
            }
        };
        let dims: Option<Vec<usize>> = tensor.dims.iter().map(|size| usize::try_from(*size).ok()).collect();
        let count = dims.as_ref().and_then(|dims| dims.iter().try_fold(1_usize, |all, size| all.checked_mul(*size)));
        match (dims, count) {
            (Some(dims), Some(count)) if count == values.len() => Ok(Self { dims, values }),
            _ => Err(format!("tensor `{name}` of shape {:?} has {} numbers", tensor.dims, values.len())),
        }
    }

    /// A number.
    pub(super) fn scalar(value: f64) -> Self {
        Self { dims: Vec::new(), values: vec![value] }
    }

    /// A list of numbers.
    pub(super) fn list(values: Vec<f64>) -> Self {
        Self { dims: vec![values.len()], values }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.values.iter().all(|value| *value == 0.0)
    }

    /// Whole numbers; what is too large saturates.
    pub(super) fn integers(&self) -> Vec<i64> {
        self.values.iter().map(|value| *value as i64).collect()
    }

    /// As f32, if every number is finite.
    pub(super) fn floats(&self) -> Result<Vec<f32>, String> {
        let values: Vec<f32> = self.values.iter().map(|value| *value as f32).collect();
        let all_finite = values.iter().all(|value| value.is_finite());
        if all_finite { Ok(values) } else { Err("a weight is not finite".into()) }
    }
}

fn numbers<const SIZE: usize>(bytes: &[u8], number: impl Fn([u8; SIZE]) -> f64) -> Vec<f64> {
    let (chunks, _) = bytes.as_chunks::<SIZE>();
    chunks.iter().map(|chunk| number(*chunk)).collect()
}

impl Axis {
    /// Its size, where the graph alone tells it.
    pub(super) fn size(self) -> Option<usize> {
        match self {
            Self::Features(size) | Self::Stack(size) => Some(size),
            Self::One => Some(1),
            Self::First | Self::Second => None,
        }
    }

    /// Whether it can be left out.
    pub(super) fn is_single(self) -> bool {
        matches!(self, Self::One | Self::Stack(1))
    }
}

impl Tensor {
    /// A value with these axes.
    pub(super) fn value(axes: Vec<Axis>, content: Content) -> Value {
        Value::Tensor(Self { axes, content })
    }

    /// The size of the last axis, if it holds values.
    pub(super) fn features(&self) -> Option<usize> {
        match self.axes.last() {
            Some(Axis::Features(size)) => Some(*size),
            _ => None,
        }
    }

    /// What it holds, for messages.
    pub(super) fn what(&self) -> String {
        match &self.content {
            Content::Tokens(_) => "tokens".into(),
            Content::Frames(_) => "frames".into(),
            Content::Embedded => "embedded tokens".into(),
            Content::Outputs { layer, .. } => format!("the outputs of layer {} at every step", layer + 1),
            Content::Step { layer, .. } => format!("the outputs of both directions of layer {} at one step", layer + 1),
            Content::States(places) => {
                let names = places.iter().map(|place| {
                    format!("layer {} {}", place.layer + 1, if place.is_reverse { "reverse" } else { "forward" })
                });
                format!("the final states of {}", names.collect::<Vec<_>>().join(", "))
            }
            Content::Pooled { layer, .. } => format!("the pooled outputs of layer {}", layer + 1),
            Content::Logits { are_probabilities: false } => "logits".into(),
            Content::Logits { are_probabilities: true } => "probabilities".into(),
        }
    }
}
