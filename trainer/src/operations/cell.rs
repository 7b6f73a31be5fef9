use clap::ValueEnum;
use runtime::format;
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
    /// The cell as a model file names it.
    pub const fn in_file(self) -> format::Cell {
        match self {
            Self::Lstm => format::Cell::Lstm,
            Self::Gru => format::Cell::Gru,
            Self::RnnTanh => format::Cell::RnnTanh,
            Self::RnnRelu => format::Cell::RnnRelu,
        }
    }

    /// [`format::Cell::gates`]
    pub const fn gates(self) -> usize {
        self.in_file().gates()
    }

    /// [`format::Cell::results`]: sums that are kept apart for each unit, each with a bias.
    pub const fn results(self) -> usize {
        self.in_file().results()
    }

    /// Values of the state of each unit: `h`, and for an LSTM `c`.
    pub const fn states(self) -> usize {
        match self {
            Self::Lstm => 2,
            Self::Gru | Self::RnnTanh | Self::RnnRelu => 1,
        }
    }
}
