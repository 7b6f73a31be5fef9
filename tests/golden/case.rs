use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trainer::network::Cell;
use trainer::weights::{DirectionWeights, LayerWeights, Matrix};

/// One case computed by PyTorch; `generate.py` of the golden vectors says what each field is.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    cell: String,
    pub(crate) input_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_layers: usize,
    pub(crate) bidirectional: bool,
    pub(crate) lengths: Vec<usize>,
    pub(crate) x: Vec<Vec<Vec<f32>>>,
    pub(crate) output: Vec<Vec<Vec<f32>>>,
    pub(crate) h_n: Vec<Vec<Vec<f32>>>,
    /// Of an LSTM alone, as `r_c`.
    #[serde(default)]
    pub(crate) c_n: Vec<Vec<Vec<f32>>>,
    pub(crate) loss: f32,
    pub(crate) r_output: Vec<Vec<Vec<f32>>>,
    pub(crate) r_h: Vec<Vec<Vec<f32>>>,
    #[serde(default)]
    pub(crate) r_c: Vec<Vec<Vec<f32>>>,
    pub(crate) grad_x: Vec<Vec<Vec<f32>>>,
    weights: BTreeMap<String, Value>,
    grad_weights: BTreeMap<String, Value>,
}

/// The cases that PyTorch computed.
pub(crate) const TORCH_CASES: [&str; 16] = [
    "torch_gru_l1.json",
    "torch_gru_l1_bi.json",
    "torch_gru_l2.json",
    "torch_gru_l2_bi.json",
    "torch_lstm_l1.json",
    "torch_lstm_l1_bi.json",
    "torch_lstm_l2.json",
    "torch_lstm_l2_bi.json",
    "torch_rnn_relu_l1.json",
    "torch_rnn_relu_l1_bi.json",
    "torch_rnn_relu_l2.json",
    "torch_rnn_relu_l2_bi.json",
    "torch_rnn_tanh_l1.json",
    "torch_rnn_tanh_l1_bi.json",
    "torch_rnn_tanh_l2.json",
    "torch_rnn_tanh_l2_bi.json",
];

/// The tensors of one direction of a layer under PyTorch's names: weights, or gradients.
pub(crate) struct TorchDirection {
    pub(crate) weight_ih: Matrix,
    pub(crate) weight_hh: Matrix,
    pub(crate) bias_ih: Vec<f32>,
    pub(crate) bias_hh: Vec<f32>,
}

impl Case {
    pub(crate) fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn cell(&self) -> Cell {
        match self.cell.as_str() {
            "lstm" => Cell::Lstm,
            "gru" => Cell::Gru,
            "rnn_tanh" => Cell::RnnTanh,
            "rnn_relu" => Cell::RnnRelu,
            cell => panic!("{cell}"),
        }
    }

    pub(crate) fn directions(&self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }

    pub(crate) fn layer(&self, layer: usize) -> LayerWeights {
        let direction = |reverse| TorchDirection::new(&self.weights, layer, reverse).joined(self.cell());
        LayerWeights {
            cell: self.cell(),
            forward: direction(false),
            reverse: self.bidirectional.then(|| direction(true)),
        }
    }

    pub(crate) fn gradients(&self, layer: usize, reverse: bool) -> TorchDirection {
        TorchDirection::new(&self.grad_weights, layer, reverse)
    }
}

impl TorchDirection {
    fn new(tensors: &BTreeMap<String, Value>, layer: usize, reverse: bool) -> Self {
        fn tensor<T: DeserializeOwned>(tensors: &BTreeMap<String, Value>, name: String) -> T {
            serde_json::from_value(tensors[&name].clone()).unwrap()
        }
        let suffix = if reverse { "_reverse" } else { "" };
        let name = |name: &str| format!("{name}_l{layer}{suffix}");
        let matrix = |kind| {
            let rows: Vec<Vec<f32>> = tensor(tensors, name(kind));
            Matrix { columns: rows[0].len(), values: rows.into_iter().flatten().collect() }
        };
        Self {
            weight_ih: matrix("weight_ih"),
            weight_hh: matrix("weight_hh"),
            bias_ih: tensor(tensors, name("bias_ih")),
            bias_hh: tensor(tensors, name("bias_hh")),
        }
    }

    /// PyTorch's two biases as a [`DirectionWeights`] has them: summed, those of a GRU's n apart.
    fn joined(self, cell: Cell) -> DirectionWeights {
        let sums = self.bias_ih.iter().zip(&self.bias_hh).map(|(input, hidden)| input + hidden);
        let bias = if cell == Cell::Gru {
            let split = self.bias_ih.len() / 3 * 2;
            sums.take(split)
                .chain(self.bias_ih[split..].iter().copied())
                .chain(self.bias_hh[split..].iter().copied())
                .collect()
        } else {
            sums.collect()
        };
        DirectionWeights { weight_ih: self.weight_ih, weight_hh: self.weight_hh, bias }
    }
}

/// Asserts that all values are within `tolerance`.
pub(crate) fn assert_near(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{what}[{place}]: {found} instead of {expected}");
    }
}

/// All values of a nested list, in order.
pub(crate) fn flat(nested: &[Vec<Vec<f32>>]) -> Vec<f32> {
    nested.iter().flatten().flatten().copied().collect()
}
