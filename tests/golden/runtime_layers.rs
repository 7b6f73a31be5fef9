//! The runtime's layers: `h` of every step and the final states, in each precision.

use runtime::format::{Precision, Provenance};
use runtime::{Classifier, LayerState, Model};
use trainer::export::{ExportedNetwork, ModelFile, export};
use trainer::network::Pooling;
use trainer::weights::{Matrix, NetworkWeights};

use crate::case::{Case, assert_near};

/// Largest error of `h` and `c`: f32 is what PyTorch computes; the others have a weight's and a state's
/// rounding, over seven steps of weights drawn from N(0, 0.6^2), far larger than trained ones.
const TOLERANCES: [(Precision, f32); 3] = [(Precision::F32, 1e-5), (Precision::F16, 4e-3), (Precision::Int8, 8e-2)];

const CAPACITY: usize = 256;

#[test]
fn one_layer_is_pytorchs() {
    check("torch_lstm_l1.json");
}

#[test]
fn two_layers_are_pytorchs() {
    check("torch_lstm_l2.json");
}

fn check(name: &str) {
    let case = Case::read(name);
    for (precision, tolerance) in TOLERANCES {
        let file = model_of(&case, precision);
        let model = Model::parse(file.bytes()).unwrap();
        let mut classifier = Classifier::<CAPACITY>::new(&model).unwrap();
        let steps = case.x[0].len();
        let mut compared = 0;
        for (row, length) in case.lengths.iter().enumerate() {
            classifier.reset();
            for step in 0..*length {
                classifier.push_token((row * steps + step) as u32);
                let (hidden, _) = state(&mut classifier, case.num_layers - 1);
                assert_near(&format!("{precision} output"), &hidden, &case.output[row][step], tolerance);
                compared += 1;
            }
            for layer in 0..case.num_layers {
                let (hidden, cell) = state(&mut classifier, layer);
                assert_near(&format!("{precision} h_n"), &hidden, &case.h_n[layer][row], tolerance);
                assert_near(&format!("{precision} c_n"), &cell, &case.c_n[layer][row], tolerance);
            }
        }
        assert_eq!(compared, case.lengths.iter().sum::<usize>());
    }
}

/// A model whose tokens are the case's inputs: token `row * steps + step` has the vector `x[row][step]`.
fn model_of(case: &Case, precision: Precision) -> ModelFile {
    let vectors: Vec<f32> = case.x.iter().flatten().flatten().copied().collect();
    let words = vectors.len() / case.input_size - 2;
    let vocabulary: Vec<String> = (0..words).map(|word| format!("{word:03}")).collect();
    let weights = NetworkWeights {
        embedding: Matrix { columns: case.input_size, values: vectors },
        layers: (0..case.num_layers).map(|layer| case.weights(layer).joined()).collect(),
        head_weight: Matrix { columns: case.hidden_size, values: vec![0.5; 2 * case.hidden_size] },
        head_bias: vec![0.0; 2],
    };
    let largest = case.c_n.iter().flatten().flatten().fold(0.0_f32, |largest, value| value.abs().max(largest));
    let network = ExportedNetwork {
        labels: &["a".to_owned(), "b".to_owned()],
        vocabulary: &vocabulary,
        weights: &weights,
        pooling: Pooling::Last,
        max_length: 0,
        cell_ranges: &vec![2.0 * largest; case.num_layers],
        provenance: &Provenance::default(),
    };
    export(&network, precision).unwrap()
}

/// `h` and `c` of a layer as numbers.
fn state(classifier: &mut Classifier<'_, '_, CAPACITY>, layer: usize) -> (Vec<f32>, Vec<f32>) {
    match classifier.layer_state(layer).unwrap() {
        LayerState::Float { hidden, cell } => (hidden.to_vec(), cell.to_vec()),
        LayerState::Int8 { hidden, cell, cell_fraction_bits } => {
            let unit = f32::from(1_u16 << cell_fraction_bits);
            (
                hidden.iter().map(|value| f32::from(*value) / 32_768.0).collect(),
                cell.iter().map(|value| f32::from(*value) / unit).collect(),
            )
        }
    }
}
