//! Recurrent layers that PyTorch and Keras computed, from their own weights through the conversion.

use std::path::Path;

use runtime::format::{Precision, WordRule};
use runtime::{Classifier, Model};
use serde::Deserialize;
use serde_json::Value;
use tests::Cpu;
use trainer::export::{ExportedInput, ExportedNetwork, PartTwo, export};
use trainer::import::{Description, NamedTensor, NamedTensors, weights_of};
use trainer::network::{InputShape, NetworkConfig, Packed, Pooling, Sequence};
use trainer::quantize::Ranges;
use trainer::trace::{StepContent, states};
use trainer::weights::NetworkWeights;

use crate::reference;

const TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct KerasCase {
    layer: String,
    bidirectional: bool,
    tokens: Vec<Vec<usize>>,
    embedding: Value,
    weights: Vec<Value>,
    sequence: Vec<Vec<Vec<f64>>>,
    last: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct TorchCase {
    cell: String,
    num_layers: usize,
    bidirectional: bool,
    lengths: Vec<usize>,
    weights: serde_json::Map<String, Value>,
    x: Vec<Vec<Vec<f64>>>,
    output: Vec<Vec<Vec<f64>>>,
    h_n: Vec<Vec<Vec<f64>>>,
}

#[test]
fn keras_layers_compute_the_same() {
    for name in ["simplernn", "simplernn_bi", "lstm", "lstm_bi", "gru", "gru_bi"] {
        check_keras(&format!("keras_{name}.json"));
    }
}

#[test]
fn torch_layers_compute_the_same() {
    for name in ["lstm", "gru", "rnn_tanh", "rnn_relu"] {
        check_torch(&format!("torch_{name}_l2_bi.json"));
    }
}

fn check_keras(name: &str) {
    let case: KerasCase = read(name);
    let cell = if case.layer == "SimpleRNN" { "rnn-tanh" } else { &case.layer.to_lowercase() };
    let lower = case.layer.to_lowercase();
    let mut tensors = vec![("net/embedding_3/embeddings".to_owned(), tensor(&case.embedding))];
    let cells = match case.bidirectional {
        true => ["forward", "backward"].map(|way| format!("net/bidirectional/{way}_{lower}/{lower}_cell")).to_vec(),
        false => vec![format!("net/{lower}_7/{lower}_cell")],
    };
    let parts =
        cells.iter().flat_map(|cell| ["kernel", "recurrent_kernel", "bias"].map(|part| format!("{cell}/{part}")));
    tensors.extend(parts.zip(case.weights.iter().map(tensor)));
    let width = case.last[0].len();
    tensors.push(("net/dense/kernel".into(), NamedTensor::of_numbers(&[width, 2], vec![0.5; 2 * width])));
    tensors.push(("net/dense/bias".into(), NamedTensor::of_numbers(&[2], vec![0.0; 2])));
    let weights = convert("keras", cell, 1, case.bidirectional, tensors);

    let embedding: Vec<Vec<f64>> = rows_of(&weights);
    for (row, tokens) in case.tokens.iter().enumerate() {
        // The tokens after the last true one are padding, which is masked.
        let inputs: Vec<_> =
            tokens.iter().take_while(|token| **token != 0).map(|token| embedding[*token].clone()).collect();
        let output = reference::layer(&weights.layers[0], &inputs);
        near(name, &output.last, &case.last[row]);
        assert!(!inputs.is_empty());
        let tokens: Vec<u32> = tokens[..inputs.len()].iter().map(|token| *token as u32).collect();
        for steps in [output.steps, network_steps(&weights, &tokens), runtime_steps(&weights, &tokens)] {
            assert_eq!(steps.len(), tokens.len());
            for (found, expected) in steps.iter().zip(&case.sequence[row]) {
                near(name, found, expected);
            }
        }
    }
}

/// `h` of every step of the last layer, both directions side by side, as the trainer's network computes it.
fn network_steps(weights: &NetworkWeights, tokens: &[u32]) -> Vec<Vec<f64>> {
    let network = weights.to_network::<Cpu>(&Default::default());
    let packed = Packed::new(&[Sequence::Tokens(tokens.to_vec())]);
    let states = network.states(&config(weights), &packed).pop().unwrap().outputs(None);
    let width = states.dims()[1];
    let values: Vec<f32> = states.into_data().to_vec().unwrap();
    values.chunks(width).map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect()
}

/// The same as the runtime computes it in f32.
fn runtime_steps(weights: &NetworkWeights, tokens: &[u32]) -> Vec<Vec<f64>> {
    let words = weights.embedding.as_ref().unwrap().rows().len() - 2;
    let vocabulary: Vec<String> = (0..words).map(|word| format!("{word:03}")).collect();
    let network = ExportedNetwork {
        labels: &["a".to_owned(), "b".to_owned()],
        input: ExportedInput::Words(&vocabulary),
        weights,
        pooling: Pooling::Last,
        max_steps: 9,
        pad_to: 0,
        ranges: &Ranges::default(),
        rounding: None,
        word_rule: WordRule::LowercaseWithMarks,
        model_version: 0,
        part_two: &PartTwo::default(),
    };
    let file = export(&network, Precision::F32).unwrap();
    let model = Model::parse(file.bytes()).unwrap();
    let mut classifier = Classifier::new(&model, [0; 2048]).unwrap();
    let mut steps = vec![[Vec::new(), Vec::new()]; tokens.len()];
    for state in states(&mut classifier, tokens.iter().copied().map(StepContent::Token)).unwrap() {
        steps[state.step][usize::from(state.reverse)] = state.hidden;
    }
    steps.into_iter().map(|directions| directions.concat().into_iter().map(f64::from).collect()).collect()
}

fn config(weights: &NetworkWeights) -> NetworkConfig {
    let layer = &weights.layers[0];
    NetworkConfig {
        input: InputShape::Tokens { tokens: 0, embedding_size: layer.forward.weight_ih.columns },
        cell: layer.cell,
        hidden_size: layer.forward.weight_hh.columns,
        num_layers: weights.layers.len(),
        bidirectional: layer.reverse.is_some(),
        pooling: Pooling::Last,
        rounding: None,
    }
}

fn check_torch(name: &str) {
    let case: TorchCase = read(name);
    let width = case.output[0][0].len();
    let input_size = case.x[0][0].len();
    let named = |name: &str, shape: &[usize]| {
        (name.to_owned(), NamedTensor::of_numbers(shape, vec![0.5; shape.iter().product()]))
    };
    let mut tensors: Vec<_> =
        case.weights.iter().map(|(name, values)| (format!("encoder.rnn.{name}"), tensor(values))).collect();
    tensors.extend([
        named("embedding.weight", &[3, input_size]),
        named("fc.weight", &[2, width]),
        named("fc.bias", &[2]),
    ]);
    let cell = case.cell.replace('_', "-");
    let weights = convert("torch", &cell, case.num_layers, case.bidirectional, tensors);

    let directions = if case.bidirectional { 2 } else { 1 };
    for (row, length) in case.lengths.iter().enumerate() {
        let mut inputs = case.x[row][..*length].to_vec();
        for (number, layer) in weights.layers.iter().enumerate() {
            let output = reference::layer(layer, &inputs);
            let expected: Vec<f64> =
                (0..directions).flat_map(|direction| case.h_n[directions * number + direction][row].clone()).collect();
            near(name, &output.last, &expected);
            inputs = output.steps;
        }
        for (found, expected) in inputs.iter().zip(&case.output[row]) {
            near(name, found, expected);
        }
    }
}

fn convert(
    framework: &str,
    cell: &str,
    num_layers: usize,
    bidirectional: bool,
    tensors: Vec<(String, NamedTensor)>,
) -> NetworkWeights {
    let description: Description = serde_json::from_value(serde_json::json!({
        "framework": framework,
        "cell": cell,
        "num_layers": num_layers,
        "bidirectional": bidirectional,
        "max_length": 9,
        "pooling": "last",
        "labels": ["a", "b"],
        "vocabulary": "words.txt",
    }))
    .unwrap();
    weights_of(&description, NamedTensors::new(Path::new("golden"), tensors)).unwrap()
}

fn rows_of(weights: &NetworkWeights) -> Vec<Vec<f64>> {
    weights.embedding.as_ref().unwrap().rows().map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect()
}

fn read<Case: serde::de::DeserializeOwned>(name: &str) -> Case {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A nested list as a tensor.
fn tensor(nested: &Value) -> NamedTensor {
    fn collect(nested: &Value, values: &mut Vec<f32>) {
        match nested {
            Value::Array(items) => items.iter().for_each(|item| collect(item, values)),
            number => values.push(number.as_f64().unwrap() as f32),
        }
    }
    let (mut shape, mut level, mut values) = (Vec::new(), nested, Vec::new());
    while let Value::Array(items) = level {
        shape.push(items.len());
        level = &items[0];
    }
    collect(nested, &mut values);
    NamedTensor::of_numbers(&shape, values)
}

fn near(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= TOLERANCE, "{what}[{place}]: {found} instead of {expected}");
    }
}
