use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The formula of a recurrent layer, with `W`, `U` the weights of the input and of the hidden state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// Long short-term memory: `i, f, o = sigmoid(W x + U h + b)`, `g = tanh(W x + U h + b)`,
    /// `c' = f c + i g`, `h' = o tanh(c')`.
    Lstm,
    /// Gated recurrent unit: `r, z = sigmoid(W x + U h + b)`, `n = tanh(W x + b + r (U h + b_h))`,
    /// `h' = (1 - z) n + z h`.
    Gru,
    /// `h' = tanh(W x + U h + b)`.
    #[value(alias = "rnn")]
    #[serde(alias = "rnn")]
    RnnTanh,
    /// `h' = max(0, W x + U h + b)`.
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

    /// Sums that are kept apart for each unit, each with a bias: the gates, and for a GRU what the hidden state
    /// adds to `n`.
    pub const fn results(self) -> usize {
        match self {
            Self::Lstm | Self::Gru => 4,
            Self::RnnTanh | Self::RnnRelu => 1,
        }
    }

    /// Values of the state of each unit: `h`, and for an LSTM `c`.
    pub const fn states(self) -> usize {
        match self {
            Self::Lstm => 2,
            Self::Gru | Self::RnnTanh | Self::RnnRelu => 1,
        }
    }
}
