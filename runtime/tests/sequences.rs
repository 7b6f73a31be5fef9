//! Sequences through whole models: directions, layers, pooling, padding, windows, and inputs of every kind.
//!
//! What a model with several layers and directions computes is put together here from models with one layer in one
//! direction, a step at a time.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used)]

use crate::common::{
    self, CELLS, InputSpec, LayerSpec, POOLINGS, PRECISIONS, Spec, VectorSpec, WeightSpec, file, logits, number,
    small_number,
};
use runtime::format::{Cell, Pooling, Precision};
use runtime::text::{composed_token, hash_word_with_seed};
use runtime::{Classifier, Error, LayerState, LongInput, Model};

/// Words of state of the classifiers here.
const CAPACITY: usize = 4096;

type TestClassifier<'c, 'm> = Classifier<'c, 'm, [u32; CAPACITY]>;

/// A hidden state as numbers, and as the layer above takes it in.
#[derive(Debug, Clone, PartialEq)]
struct Output {
    hidden: Vec<f32>,
    narrow: Vec<f32>,
}

impl Output {
    fn of(cell: Cell, state: LayerState<'_>) -> Self {
        match state {
            LayerState::Float { hidden, .. } => Self { hidden: hidden.to_vec(), narrow: hidden.to_vec() },
            LayerState::Int8 { hidden, .. } => {
                let narrow = |value: &i16| match cell {
                    Cell::RnnRelu => ((i32::from(*value) + 128) >> 8).min(127),
                    _ => (i32::from(*value) * 127 + 16_384) >> 15,
                };
                Self {
                    hidden: hidden.iter().map(|value| f32::from(*value)).collect(),
                    narrow: hidden.iter().map(|value| narrow(value) as f32).collect(),
                }
            }
        }
    }
}

fn logits_of_tokens(model: &Model<'_>, tokens: &[u32]) -> Vec<u32> {
    let mut classifier = TestClassifier::new(model, [0; CAPACITY]).unwrap();
    for token in tokens {
        classifier.push_token(*token);
    }
    logits(&mut classifier)
}

/// The outputs of one direction for each step in the order of the sequence, computed by a streaming model.
fn run_alone(spec: &Spec, layer: LayerSpec, below: Option<&[Vec<f32>]>, tokens: &[u32], reverse: bool) -> Vec<Output> {
    let seed = if reverse { layer.reverse_seed.unwrap() } else { layer.seed };
    let mut alone = Spec { layers: vec![LayerSpec { seed, reverse_seed: None, ..layer }], pad_to: 0, ..spec.clone() };
    if let Some(below) = below {
        alone.input = InputSpec::Identity { channels: below[0].len() };
    }
    let file = file(&alone);
    let model = file.parse().unwrap();
    let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
    let order: Vec<usize> = if reverse { (0..tokens.len()).rev().collect() } else { (0..tokens.len()).collect() };
    let mut outputs = vec![None; tokens.len()];
    for step in order {
        match below {
            Some(below) => classifier.push_frame_f32(&below[step]).unwrap(),
            None => classifier.push_token(tokens[step]),
        };
        outputs[step] = Some(Output::of(layer.cell, classifier.layer_state(0).unwrap()));
    }
    outputs.into_iter().map(Option::unwrap).collect()
}

/// Every direction's outputs, of each layer.
fn by_hand(spec: &Spec, tokens: &[u32]) -> Vec<Vec<Vec<Output>>> {
    let mut layers: Vec<Vec<Vec<Output>>> = Vec::new();
    let mut below: Option<Vec<Vec<f32>>> = None;
    for layer in &spec.layers {
        let mut directions = vec![run_alone(spec, *layer, below.as_deref(), tokens, false)];
        if layer.reverse_seed.is_some() {
            directions.push(run_alone(spec, *layer, below.as_deref(), tokens, true));
        }
        let joined = |step: usize| directions.iter().flat_map(|direction| direction[step].narrow.clone()).collect();
        below = Some((0..tokens.len()).map(joined).collect());
        layers.push(directions);
    }
    layers
}

/// The logits of the last layer's outputs, as FORMAT.md has them.
fn head_by_hand(spec: &Spec, last: &[Vec<Output>]) -> Vec<u32> {
    let mut pooled = Vec::new();
    for (direction, outputs) in last.iter().enumerate() {
        let in_order: Vec<&Output> =
            if direction == 0 { outputs.iter().collect() } else { outputs.iter().rev().collect() };
        for unit in 0..in_order[0].hidden.len() {
            let mut values = in_order.iter().map(|output| output.hidden[unit]);
            let steps = in_order.len() as f32;
            pooled.push(match spec.pooling {
                Pooling::Last => values.next_back().unwrap(),
                Pooling::Max => values.fold(f32::NEG_INFINITY, f32::max),
                Pooling::Mean if spec.precision == Precision::Int8 => {
                    let mean = values.map(f64::from).sum::<f64>() / f64::from(steps);
                    mean.round() as f32
                }
                Pooling::Mean => values.fold(0.0, |sum, value| sum + value) / steps,
            });
        }
    }
    common::head_logits(spec.precision, &pooled)
}

/// Compares a model with what its directions compute alone; how many states were compared.
fn check_against_hand(spec: &Spec, tokens: &[u32]) -> usize {
    let file = file(spec);
    let model = file.parse().unwrap();
    let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
    for token in tokens {
        classifier.push_token(*token);
    }
    let expected = by_hand(spec, tokens);
    assert_eq!(logits(&mut classifier), head_by_hand(spec, expected.last().unwrap()), "{spec:?}");
    let mut seen = Vec::new();
    classifier.observe(|state| {
        let found = Output::of(spec.layers[state.layer].cell, state.state);
        assert_eq!(found, expected[state.layer][usize::from(state.reverse)][state.step], "{spec:?} {state:?}");
        seen.push((state.layer, state.reverse, state.step));
    });
    let steps = tokens.len();
    let mut order = Vec::new();
    for (layer, spec) in spec.layers.iter().enumerate() {
        order.extend((0..steps).map(|step| (layer, false, step)));
        if spec.reverse_seed.is_some() {
            order.extend((0..steps).rev().map(|step| (layer, true, step)));
        }
    }
    if !model.is_bidirectional() {
        order.retain(|(_, _, step)| *step == steps - 1);
    }
    assert_eq!(seen, order);
    seen.len()
}

const TOKENS: [u32; 9] = [2, 5, 1, 7, 0, 3, 3, 6, 4];

#[test]
fn layers_in_both_directions_are_what_each_direction_computes_alone() {
    let mut compared = 0;
    for precision in PRECISIONS {
        for pooling in POOLINGS {
            for cell in CELLS {
                let stacks: [&[LayerSpec]; 6] = [
                    &[LayerSpec::forward(cell, 5, 100)],
                    &[LayerSpec::forward(cell, 5, 100), LayerSpec::forward(Cell::Gru, 6, 110)],
                    &[LayerSpec::both(cell, 5, 100)],
                    &[LayerSpec::both(cell, 4, 100), LayerSpec::both(Cell::Lstm, 3, 110)],
                    &[
                        LayerSpec::forward(cell, 7, 100),
                        LayerSpec::both(cell, 3, 110),
                        LayerSpec::forward(cell, 5, 120),
                    ],
                    &[
                        LayerSpec::both(Cell::RnnRelu, 2, 100),
                        LayerSpec::forward(cell, 9, 110),
                        LayerSpec::both(cell, 5, 120),
                        LayerSpec::both(Cell::RnnTanh, 4, 130),
                    ],
                ];
                for layers in stacks {
                    compared += check_against_hand(&Spec::new(precision, layers, pooling), &TOKENS);
                }
            }
        }
    }
    assert_eq!(compared, 3 * 3 * 4 * (1 + 2 + 9 * (2 + 4 + 4 + 7)));
}

/// The weights of these tests would show nothing if all states were alike.
#[test]
fn the_states_of_these_models_vary() {
    for cell in CELLS {
        let spec = Spec::new(Precision::Int8, &[LayerSpec::both(cell, 6, 100)], Pooling::Last);
        let outputs = by_hand(&spec, &TOKENS);
        let mut values: Vec<i64> =
            outputs.iter().flatten().flatten().flat_map(|output| &output.hidden).map(|value| *value as i64).collect();
        let count = values.len();
        values.sort_unstable();
        values.dedup();
        assert!(values.len() > count / 3, "{cell:?}: {} of {count} differ", values.len());
    }
}

fn stacks() -> [Vec<LayerSpec>; 3] {
    [
        vec![LayerSpec::forward(Cell::Lstm, 5, 100), LayerSpec::forward(Cell::RnnRelu, 4, 110)],
        vec![LayerSpec::both(Cell::Gru, 5, 100)],
        vec![LayerSpec::both(Cell::RnnTanh, 4, 100), LayerSpec::both(Cell::Lstm, 5, 110)],
    ]
}

fn specs() -> impl Iterator<Item = Spec> {
    PRECISIONS.into_iter().flat_map(|precision| {
        POOLINGS
            .into_iter()
            .flat_map(move |pooling| stacks().into_iter().map(move |layers| Spec::new(precision, &layers, pooling)))
    })
}

#[test]
fn padding_is_what_pushing_the_padding_token_gives_and_is_forgotten() {
    let mut different = 0;
    for spec in specs() {
        let padded_file = file(&Spec { pad_to: 6, ..spec.clone() });
        let plain_file = file(&spec);
        let (padded, plain) = (padded_file.parse().unwrap(), plain_file.parse().unwrap());
        let mut classifier = TestClassifier::new(&padded, [0; CAPACITY]).unwrap();
        for length in 0..=TOKENS.len() {
            let mut by_hand = TOKENS[..length].to_vec();
            by_hand.resize(length.max(6), 0);
            let found = logits(&mut classifier);
            assert_eq!(found, logits_of_tokens(&plain, &by_hand), "{spec:?} {length}");
            assert_eq!(classifier.steps(), length as u32);
            different += usize::from(found != logits_of_tokens(&plain, &TOKENS[..length]));
            if let Some(token) = TOKENS.get(length) {
                classifier.push_token(*token);
            }
        }
    }
    assert!(different > 100, "{different}");
}

#[test]
fn the_last_steps_that_fit_are_in_a_window_and_the_first_without_one() {
    for spec in specs().filter(|spec| spec.layers[0].reverse_seed.is_some()) {
        let file = file(&Spec { max_steps: 4, ..spec });
        let model = file.parse().unwrap();
        let mut window = TestClassifier::with_long_input(&model, [0; CAPACITY], LongInput::Window).unwrap();
        let mut refusing = TestClassifier::with_long_input(&model, [0; CAPACITY], LongInput::default()).unwrap();
        for length in 1..=TOKENS.len() {
            window.push_token(TOKENS[length - 1]);
            refusing.push_token(TOKENS[length - 1]);
            assert_eq!(logits(&mut window), logits_of_tokens(&model, &TOKENS[length.saturating_sub(4)..length]));
            assert_eq!(logits(&mut refusing), logits_of_tokens(&model, &TOKENS[..length.min(4)]));
            assert_eq!([window.steps(), refusing.steps()], [length.min(4) as u32; 2]);
            assert_eq!([window.refused_steps(), refusing.refused_steps()], [0, length.saturating_sub(4) as u32]);
        }
        window.reset();
        assert_eq!([window.steps(), window.refused_steps()], [0, 0]);
        window.push_token(5);
        assert_eq!(logits(&mut window), logits_of_tokens(&model, &[5]));
    }
}

#[test]
fn a_window_is_refused_by_a_model_that_keeps_no_steps() {
    let file = file(&Spec { max_steps: 3, ..Spec::new(Precision::Int8, &stacks()[0], Pooling::Last) });
    let model = file.parse().unwrap();
    assert_eq!(
        TestClassifier::with_long_input(&model, [0; CAPACITY], LongInput::Window).err(),
        Some(Error::WindowOfStreaming)
    );
    let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
    for token in TOKENS {
        classifier.push_token(token);
    }
    assert_eq!([classifier.steps(), classifier.refused_steps()], [3, 6]);
    assert_eq!(logits(&mut classifier), logits_of_tokens(&model, &TOKENS[..3]));
}

#[test]
fn a_sequence_without_a_step_is_pooled_to_zeros() {
    for spec in specs() {
        let file = file(&spec);
        let model = file.parse().unwrap();
        let zeros = Output { hidden: vec![0.0; spec.pooled_size()], narrow: vec![] };
        let expected = head_by_hand(&Spec { pooling: Pooling::Last, ..spec }, &[vec![zeros]]);
        assert_eq!(logits_of_tokens(&model, &[]), expected);
        let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
        classifier.push_token(3);
        logits(&mut classifier);
        classifier.reset();
        assert_eq!(logits(&mut classifier), expected, "a reset leaves nothing behind");
    }
}

#[test]
fn a_one_hot_model_is_one_with_the_identity_as_embedding() {
    for cell in CELLS {
        for layers in [vec![LayerSpec::forward(cell, 5, 100)], vec![LayerSpec::both(cell, 5, 100)]] {
            let one_hot = Spec { vectors: VectorSpec::OneHot, ..Spec::new(Precision::Int8, &layers, Pooling::Mean) };
            let identity = Spec { vectors: VectorSpec::Identity, ..one_hot.clone() };
            let logits = |spec: &Spec| logits_of_tokens(&file(spec).parse().unwrap(), &TOKENS);
            assert_eq!(logits(&one_hot), logits(&identity), "{cell:?}");
            let floats = |spec: &Spec| -> Vec<f32> {
                let spec = Spec { precision: Precision::F32, ..spec.clone() };
                logits(&spec).into_iter().map(f32::from_bits).collect()
            };
            for (found, expected) in floats(&one_hot).into_iter().zip(floats(&identity)) {
                assert!((found - expected).abs() <= 1e-5, "{cell:?}: {found} for {expected}");
            }
        }
    }
}

#[test]
fn an_embedding_in_4_bits_is_one_in_8_bits_of_16_times_its_values() {
    for cell in CELLS {
        for layers in [vec![LayerSpec::forward(cell, 5, 100)], vec![LayerSpec::both(cell, 5, 100)]] {
            let spec = Spec::new(Precision::Int8, &layers, Pooling::Mean);
            let logits = |vectors| logits_of_tokens(&file(&Spec { vectors, ..spec.clone() }).parse().unwrap(), &TOKENS);
            assert_eq!(logits(VectorSpec::Nibbles), logits(VectorSpec::NibblesAsBytes), "{cell:?}");
            assert_ne!(logits(VectorSpec::Nibbles), logits(VectorSpec::Embedding));
        }
    }
}

#[test]
fn weights_in_4_bits_are_the_same_weights_in_8_bits() {
    for cell in CELLS {
        let stacks = [
            vec![LayerSpec::forward(cell, 5, 100)],
            vec![LayerSpec::both(cell, 6, 100), LayerSpec::both(cell, 3, 110)],
        ];
        for layers in stacks {
            for vectors in [VectorSpec::Embedding, VectorSpec::Nibbles, VectorSpec::OneHot] {
                let spec = Spec { vectors, ..Spec::new(Precision::Int8, &layers, Pooling::Max) };
                let logits =
                    |weights| logits_of_tokens(&file(&Spec { weights, ..spec.clone() }).parse().unwrap(), &TOKENS);
                assert_eq!(logits(WeightSpec::Nibbles), logits(WeightSpec::NibblesAsBytes), "{cell:?} {vectors:?}");
                assert_ne!(logits(WeightSpec::Nibbles), logits(WeightSpec::Bytes));
            }
        }
    }
}

#[test]
fn a_composed_token_is_the_frame_that_is_the_mean_of_its_rows() {
    for layer in [LayerSpec::forward(Cell::Gru, 5, 100), LayerSpec::both(Cell::Lstm, 3, 100)] {
        for (vectors, size) in [(VectorSpec::Embedding, 6), (VectorSpec::Nibbles, 5)] {
            let composed = Spec {
                input: InputSpec::ComposedWords,
                vectors,
                ..Spec::new(Precision::Int8, &[layer], Pooling::Mean)
            };
            let frames = Spec { input: InputSpec::Identity { channels: size }, ..composed.clone() };
            let (composed, frames) = (file(&composed), file(&frames));
            let (composed, frames) = (composed.parse().unwrap(), frames.parse().unwrap());
            let mut of_tokens = TestClassifier::new(&composed, [0; CAPACITY]).unwrap();
            let mut of_frames = TestClassifier::new(&frames, [0; CAPACITY]).unwrap();
            let (mut odd, mut unlike) = (0, 0);
            for rows in [[302, 314], [309, 309], [310, 303], [2, 1]] {
                let value = |row: u32, column: usize| match vectors {
                    VectorSpec::Nibbles => 16 * i16::from(small_number(7, row as usize, column)),
                    _ => i16::from(number(7, row as usize, column)),
                };
                let sum = |column| value(rows[0], column) + value(rows[1], column);
                let frame: Vec<i32> = (0..size).map(|column| i32::from(sum(column).div_euclid(2))).collect();
                odd += (0..size).filter(|column| sum(*column) % 2 != 0).count();
                unlike += (0..size).filter(|column| value(rows[0], *column) != value(rows[1], *column)).count();
                of_tokens.push_token(composed_token(rows));
                of_frames.push_frame(&frame).unwrap();
                assert_eq!(logits(&mut of_tokens), logits(&mut of_frames), "{vectors:?} {rows:?}");
            }
            assert!(unlike > 0 && (odd > 0) == (vectors == VectorSpec::Embedding));
            // A row that the model does not have, and no row at all.
            let before = logits(&mut of_tokens);
            let unknown = |token: u32| {
                let mut classifier = TestClassifier::new(&composed, [0; CAPACITY]).unwrap();
                classifier.push_token(token);
                logits(&mut classifier)
            };
            assert_eq!(unknown(composed_token([302, 315])), unknown(1));
            assert_ne!(unknown(composed_token([302, 314])), unknown(1));
            assert_eq!(before, logits(&mut of_tokens));
        }
    }
}

#[test]
fn a_model_that_composes_nothing_has_no_composed_tokens() {
    let spec = Spec::new(Precision::Int8, &[LayerSpec::both(Cell::Lstm, 3, 100)], Pooling::Max);
    let file = file(&spec);
    let model = file.parse().unwrap();
    assert_eq!(logits_of_tokens(&model, &[composed_token([2, 3])]), logits_of_tokens(&model, &[1]));
}

/// The tokens of a text, by hand.
fn tokens_by_hand(input: InputSpec, words: &[&str]) -> Vec<u32> {
    let find =
        |table: &[&str], name: &str| table.iter().position(|known| *known == name).map_or(1, |place| place as u32 + 2);
    let text = words.join(" ");
    match input {
        InputSpec::Words => words.iter().map(|word| find(&common::WORDS, &word.to_lowercase())).collect(),
        InputSpec::HashedWords => {
            words.iter().map(|word| 2 + runtime::text::hash_word(&word.to_lowercase()) % common::BUCKETS).collect()
        }
        InputSpec::FingerprintedWords => {
            let known = common::fingerprints(common::FINGERPRINTED);
            words.iter().map(|word| known.token(&word.to_lowercase())).collect()
        }
        InputSpec::ComposedWords => {
            let known = common::fingerprints(common::FINGERPRINTED);
            let first = common::FINGERPRINTED as u32 + 2;
            let row = |word: &str, seed| first + hash_word_with_seed(word, seed) % common::SUBWORD_BUCKETS;
            let composed = |word: &str| {
                let prefix: String = word.chars().take(5).collect();
                composed_token([row(&prefix, !known.seed), row(word, known.seed)])
            };
            let token = |word: &str| if known.token(word) == 1 { composed(word) } else { known.token(word) };
            words.iter().map(|word| token(&word.to_lowercase())).collect()
        }
        InputSpec::Characters => {
            text.to_lowercase().chars().map(|character| find(&common::ALPHABET, &character.to_string())).collect()
        }
        InputSpec::Bytes => text.bytes().map(|byte| u32::from(byte) + 2).collect(),
        InputSpec::Frames | InputSpec::Identity { .. } => vec![],
    }
}

#[test]
fn text_of_every_kind_becomes_its_tokens() {
    let words = ["Lamp", "ON", "É", "lölo", "off", "Ärgerlich", "unheard"];
    let inputs = [
        InputSpec::Words,
        InputSpec::HashedWords,
        InputSpec::FingerprintedWords,
        InputSpec::ComposedWords,
        InputSpec::Characters,
        InputSpec::Bytes,
    ];
    for input in inputs {
        let embedded = if input == InputSpec::ComposedWords { VectorSpec::Nibbles } else { VectorSpec::OneHot };
        for vectors in [VectorSpec::Embedding, embedded] {
            for layers in [[LayerSpec::forward(Cell::Gru, 5, 100)], [LayerSpec::both(Cell::Lstm, 3, 100)]] {
                let spec = Spec { input, vectors, ..Spec::new(Precision::Int8, &layers, Pooling::Mean) };
                let file = file(&spec);
                let model = file.parse().unwrap();
                assert_eq!(model.token_count(), spec.token_count());
                let tokens = tokens_by_hand(input, &words);
                let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
                let text = words.join(" ");
                for chunk in text.as_bytes().chunks(3) {
                    classifier.push_bytes(chunk);
                }
                let found = logits(&mut classifier);
                assert_eq!(classifier.steps() as usize, tokens.len(), "{input:?}");
                assert_eq!(found, logits_of_tokens(&model, &tokens), "{input:?} {vectors:?}");
                assert_ne!(found, logits_of_tokens(&model, &tokens[1..]));
            }
        }
    }
}
