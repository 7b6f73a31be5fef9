//! The runtime's layers: `h` of every step and the final states, in each precision.

use runtime::format::{Precision, Provenance};
use runtime::{Classifier, Model};
use tests::{State, states};
use trainer::export::{ExportedInput, ExportedNetwork, ModelFile, export};
use trainer::network::{Cell, Pooling};
use trainer::quantize::Ranges;
use trainer::weights::{Matrix, NetworkWeights};

use crate::case::{Case, TORCH_CASES, assert_near};

/// Largest error of `h` and `c` of the bounded cells: f32 is what PyTorch computes; the others have a weight's and a
/// state's rounding, over seven steps of weights drawn from N(0, 0.6^2), far larger than trained ones.
const TOLERANCES: [(Precision, f32); 3] = [(Precision::F32, 1e-5), (Precision::F16, 1e-2), (Precision::Int8, 0.12)];
/// Of the rectifier, whose states grow without a bound: the share of the largest state.
const RELU_TOLERANCES: [(Precision, f32); 3] = [(Precision::F32, 1e-6), (Precision::F16, 1e-3), (Precision::Int8, 0.1)];

const CAPACITY: usize = 2_048;

#[test]
fn every_case_is_pytorchs() {
    for name in TORCH_CASES {
        let case = Case::read(name);
        let tolerances = if case.cell() == Cell::RnnRelu { RELU_TOLERANCES } else { TOLERANCES };
        for (precision, tolerance) in tolerances {
            check(name, &case, precision, tolerance);
        }
    }
}

fn check(name: &str, case: &Case, precision: Precision, tolerance: f32) {
    let largest = largest_state(case);
    let tolerance = if case.cell() == Cell::RnnRelu { tolerance * largest.max(1.0) } else { tolerance };
    let file = model_of(case, precision, largest);
    let model = Model::parse(file.bytes()).unwrap();
    let mut classifier = Classifier::<CAPACITY>::new(&model).unwrap();
    let (width, steps) = (case.hidden_size, case.x[0].len());
    let mut compared = 0;
    for (row, length) in case.lengths.iter().enumerate() {
        let seen = states(&mut classifier, (row * steps..row * steps + length).map(|token| token as u32));
        assert_eq!(seen.len(), length * case.num_layers * case.directions());
        for State { layer, reverse, step, hidden, cell } in seen {
            let what = |what| format!("{name} {precision} {what} of row {row}, layer {layer}, step {step}");
            let direction = usize::from(reverse);
            if layer + 1 == case.num_layers {
                let expected = &case.output[row][step][direction * width..][..width];
                assert_near(&what("output"), &hidden, expected, tolerance);
                compared += 1;
            }
            if step == if reverse { 0 } else { length - 1 } {
                let number = layer * case.directions() + direction;
                assert_near(&what("h_n"), &hidden, &case.h_n[number][row], tolerance);
                if let Some(expected) = case.c_n.get(number) {
                    assert_near(&what("c_n"), &cell, &expected[row], tolerance);
                }
                compared += 1;
            }
        }
    }
    let rows = case.lengths.len();
    let steps = case.lengths.iter().sum::<usize>();
    assert_eq!(compared, (steps + rows * case.num_layers) * case.directions());
}

/// The largest magnitude of `c`, or of `h` without one.
fn largest_state(case: &Case) -> f32 {
    let states = if case.c_n.is_empty() { &case.output } else { &case.c_n };
    states.iter().chain(&case.h_n).flatten().flatten().fold(0.0_f32, |largest, value| value.abs().max(largest))
}

/// A model whose tokens are the case's inputs: token `row * steps + step` has the vector `x[row][step]`.
fn model_of(case: &Case, precision: Precision, largest: f32) -> ModelFile {
    let vectors: Vec<f32> = case.x.iter().flatten().flatten().copied().collect();
    let words = vectors.len() / case.input_size - 2;
    let vocabulary: Vec<String> = (0..words).map(|word| format!("{word:03}")).collect();
    let pooled = case.hidden_size * case.directions();
    let weights = NetworkWeights {
        embedding: Some(Matrix { columns: case.input_size, values: vectors }),
        layers: (0..case.num_layers).map(|layer| case.layer(layer)).collect(),
        head_weight: Matrix { columns: pooled, values: vec![0.5; 2 * pooled] },
        head_bias: vec![0.0; 2],
    };
    let network = ExportedNetwork {
        labels: &["a".to_owned(), "b".to_owned()],
        input: ExportedInput::Words(&vocabulary),
        weights: &weights,
        pooling: Pooling::Last,
        max_length: case.x[0].len(),
        pad_to: 0,
        ranges: &Ranges { inputs: Vec::new(), states: vec![vec![1.5 * largest; case.directions()]; case.num_layers] },
        provenance: &Provenance::default(),
    };
    export(&network, precision).unwrap()
}
