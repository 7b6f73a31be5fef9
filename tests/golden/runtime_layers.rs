//! The runtime's layers: `h` of every step and the final states, in each precision.

use runtime::format::{Precision, WordRule};
use runtime::{Classifier, Model};
use tests::Cpu;
use trainer::examples::{Example, Examples};
use trainer::export::{ExportedInput, ExportedNetwork, ModelFile, PartTwo, export};
use trainer::network::{Cell, InputShape, NetworkConfig, Pooling, Sequence};
use trainer::quantize::{Ranges, measure_ranges};
use trainer::trace::{State, StepContent, states};
use trainer::weights::{Matrix, NetworkWeights};

use crate::case::{Case, TORCH_CASES, assert_near};

/// Largest error of `h` and `c` of the bounded cells: f32 is what PyTorch computes; the others have a weight's and a
/// state's rounding, over seven steps of weights drawn from N(0, 0.6^2), far larger than trained ones.
const TOLERANCES: [(Precision, f32); 3] = [(Precision::F32, 1e-5), (Precision::F16, 1e-2), (Precision::Int8, 0.12)];
/// Of the rectifier, as shares of the largest state: these weights make its states grow to 131 in seven steps, and
/// each rounding with them.
const RELU_TOLERANCES: [(Precision, f32); 3] =
    [(Precision::F32, 1e-6), (Precision::F16, 2e-3), (Precision::Int8, 0.16)];

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
    let file = model_of(case, precision);
    let model = Model::parse(file.bytes()).unwrap();
    let mut classifier = Classifier::new(&model, [0; CAPACITY]).unwrap();
    let width = case.hidden_size;
    let mut compared = 0;
    for (row, length) in case.lengths.iter().enumerate() {
        let seen = states(&mut classifier, tokens(case, row).map(StepContent::Token)).unwrap();
        assert_eq!(seen.len(), length * case.num_layers * case.directions());
        for State { layer, reverse, step, hidden, cell, .. } in seen {
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

/// The tokens of a row: token `row * steps + step` has the vector `x[row][step]`.
fn tokens(case: &Case, row: usize) -> impl Iterator<Item = u32> {
    let start = row * case.x[0].len();
    (start..start + case.lengths[row]).map(|token| token as u32)
}

/// The ranges of the case's network over its own rows, as calibration measures them.
fn ranges(case: &Case, weights: &NetworkWeights, tokens_of_model: usize) -> Ranges {
    let config = NetworkConfig {
        input: InputShape::Tokens { tokens: tokens_of_model, embedding_size: case.input_size },
        cell: case.cell(),
        hidden_size: case.hidden_size,
        num_layers: case.num_layers,
        bidirectional: case.bidirectional,
        pooling: Pooling::Last,
        rounding: None,
    };
    let example = |row| Example { sequence: Sequence::Tokens(tokens(case, row).collect()), class: 0 };
    let examples: Examples = (0..case.lengths.len()).map(example).collect();
    measure_ranges(&weights.to_network::<Cpu>(&Default::default()), &config, &examples, 100.0).unwrap()
}

/// A model whose tokens are the case's inputs, see [`tokens`].
fn model_of(case: &Case, precision: Precision) -> ModelFile {
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
        max_steps: case.x[0].len(),
        pad_to: 0,
        ranges: &ranges(case, &weights, words + 2),
        rounding: None,
        word_rule: WordRule::LowercaseWithMarks,
        model_version: 0,
        part_two: &PartTwo::default(),
    };
    export(&network, precision).unwrap()
}
