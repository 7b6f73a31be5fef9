//! The types that the network's weights will have; to be replaced by those of `crate::weights` and
//! `crate::network`.

use serde::Deserialize;

use crate::weights::Matrix;

/// The formula of a recurrent layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// Long short-term memory.
    Lstm,
    /// Gated recurrent unit.
    Gru,
    /// Elman's network with tanh.
    #[serde(alias = "rnn")]
    RnnTanh,
    /// Elman's network with the rectifier.
    RnnRelu,
}

impl Cell {
    /// Rows of the weight matrices for each unit.
    pub const fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
            Self::RnnTanh | Self::RnnRelu => 1,
        }
    }

    /// Biases of each unit.
    pub const fn results(self) -> usize {
        match self {
            Self::Lstm | Self::Gru => 4,
            Self::RnnTanh | Self::RnnRelu => 1,
        }
    }
}

/// The weights of one direction of a recurrent layer.
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
    /// `[tokens, embedding_size]`
    pub embedding: Option<Matrix>,
    /// The layers, the first one nearest to the input.
    pub layers: Vec<LayerWeights>,
    /// `[classes, pooled size]`
    pub head_weight: Matrix,
    /// `[classes]`
    pub head_bias: Vec<f32>,
}
