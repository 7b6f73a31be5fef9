use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trainer::weights::{LayerWeights, Matrix};

/// One case computed by PyTorch; `generate.py` of the golden vectors says what each field is.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) input_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_layers: usize,
    pub(crate) lengths: Vec<usize>,
    pub(crate) x: Vec<Vec<Vec<f32>>>,
    pub(crate) output: Vec<Vec<Vec<f32>>>,
    pub(crate) h_n: Vec<Vec<Vec<f32>>>,
    pub(crate) c_n: Vec<Vec<Vec<f32>>>,
    pub(crate) loss: f32,
    pub(crate) r_output: Vec<Vec<Vec<f32>>>,
    pub(crate) r_h: Vec<Vec<Vec<f32>>>,
    pub(crate) r_c: Vec<Vec<Vec<f32>>>,
    pub(crate) grad_x: Vec<Vec<Vec<f32>>>,
    weights: BTreeMap<String, Value>,
    grad_weights: BTreeMap<String, Value>,
}

/// The tensors of one layer under PyTorch's names: weights, or gradients.
pub(crate) struct TorchLayer {
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

    pub(crate) fn weights(&self, layer: usize) -> TorchLayer {
        TorchLayer::new(&self.weights, layer)
    }

    pub(crate) fn gradients(&self, layer: usize) -> TorchLayer {
        TorchLayer::new(&self.grad_weights, layer)
    }
}

impl TorchLayer {
    fn new(tensors: &BTreeMap<String, Value>, layer: usize) -> Self {
        fn tensor<T: DeserializeOwned>(tensors: &BTreeMap<String, Value>, name: &str, layer: usize) -> T {
            serde_json::from_value(tensors[&format!("{name}_l{layer}")].clone()).unwrap()
        }
        let matrix = |name| {
            let rows: Vec<Vec<f32>> = tensor(tensors, name, layer);
            Matrix { columns: rows[0].len(), values: rows.into_iter().flatten().collect() }
        };
        Self {
            weight_ih: matrix("weight_ih"),
            weight_hh: matrix("weight_hh"),
            bias_ih: tensor(tensors, "bias_ih", layer),
            bias_hh: tensor(tensors, "bias_hh", layer),
        }
    }

    /// The layer with the sum of PyTorch's two biases.
    pub(crate) fn joined(self) -> LayerWeights {
        let bias = self.bias_ih.iter().zip(&self.bias_hh).map(|(input, hidden)| input + hidden).collect();
        LayerWeights { weight_ih: self.weight_ih, weight_hh: self.weight_hh, bias }
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
