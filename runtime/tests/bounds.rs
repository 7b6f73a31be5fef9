//! What a model says of itself before it runs: the words of state that it needs, and how much it computes at most.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used)]

use crate::common::{
    self, CHANNELS, CLASSES, InputSpec, LayerSpec, Parts, Spec, VectorSpec, WindowSpec, file, logits, number,
};
use runtime::format::{Cell, Input, Pooling, Precision, Text, Tokens, required_capacity};
use runtime::{Classifier, Work};

/// Words of state of the classifiers here.
const CAPACITY: usize = 4096;

/// 32-bit words of so many bytes.
fn words(bytes: usize) -> usize {
    bytes.div_ceil(4)
}

fn is_bidirectional(spec: &Spec) -> bool {
    spec.layers.iter().any(|layer| layer.reverse_seed.is_some())
}

/// Columns of each layer's input weights.
fn input_sizes(spec: &Spec) -> Vec<usize> {
    let is_one_hot = spec.vectors == VectorSpec::OneHot && spec.channels() == 0;
    let first = if is_one_hot { 0 } else { spec.input_size() };
    let others = spec.layers.iter().map(LayerSpec::width);
    [first].into_iter().chain(others).take(spec.layers.len()).collect()
}

/// The capacity of FORMAT.md, section 2.
fn words_by_formula(spec: &Spec) -> usize {
    let is_integer = spec.precision == Precision::Int8;
    let (value, state) = if is_integer { (1, 2) } else { (4, 4) };
    let (pooled, max_steps) = (spec.pooled_size(), spec.max_steps as usize);
    let gathered = if spec.pooling == Pooling::Last { 0 } else { pooled };
    let of_layers: Vec<usize> = input_sizes(spec)
        .into_iter()
        .zip(&spec.layers)
        .map(|(input_size, layer)| {
            let cell = if layer.cell == Cell::Lstm { words(state * layer.hidden_size) } else { 0 };
            words(value * input_size) + words(value * layer.hidden_size) + cell + words(state * layer.hidden_size)
        })
        .collect();
    let is_gathered = spec.channels() > 0 && WindowSpec { has_one_unit: true, ..spec.window } != WindowSpec::SINGLE;
    let window = if is_gathered {
        (if spec.window.has_differences { spec.channels() } else { 0 }) + words(value * spec.input_size())
    } else {
        0
    };
    let rest = if is_bidirectional(spec) {
        let kept = match spec.input {
            InputSpec::Frames | InputSpec::Identity { .. } => value * spec.input_size(),
            InputSpec::ComposedWords => 4,
            _ => 2,
        };
        let below = &spec.layers[..spec.layers.len() - 1];
        let outputs = |first: usize| below.iter().skip(first).step_by(2).map(LayerSpec::width).max().unwrap_or(0);
        let outputs = [0, 1].map(|first| words(value * max_steps * outputs(first)));
        gathered + words(kept * max_steps) + of_layers.iter().max().unwrap() + outputs[0] + outputs[1]
    } else {
        let may_be_ahead = spec.channels() == 0 && (spec.input != InputSpec::Bytes || spec.pad_to > 0);
        (gathered + of_layers.iter().sum::<usize>()) * if may_be_ahead { 2 } else { 1 }
    };
    CLASSES + words(state * pooled) + window + rest
}

#[test]
fn the_words_of_state_are_those_of_the_document() {
    let required = |spec: &Spec| {
        let file = file(spec);
        let required = file.parse().unwrap().required_words();
        assert_eq!(required, required_capacity(file.bytes()));
        required
    };
    let streaming = Spec::new(
        Precision::Int8,
        &[LayerSpec::forward(Cell::Lstm, 6, 100), LayerSpec::forward(Cell::Gru, 5, 100)],
        Pooling::Mean,
    );
    // Logits 3, pooled 5 halves, gathered 5; 6 and 6 bytes, c and h of 6 halves; 6 and 5 bytes, h of 5 halves.
    let running = 5 + (2 + 2 + 3 + 3) + (2 + 2 + 3);
    assert_eq!(required(&streaming), 3 + 3 + 2 * running);
    assert_eq!(required(&Spec { pad_to: 4, ..streaming.clone() }), 3 + 3 + 2 * running);
    assert_eq!(required(&Spec { input: InputSpec::Bytes, ..streaming.clone() }), 3 + 3 + running);
    assert_eq!(required(&Spec { input: InputSpec::Bytes, pad_to: 4, ..streaming }), 3 + 3 + 2 * running);
    let layers = [
        LayerSpec::both(Cell::Lstm, 6, 100),
        LayerSpec::both(Cell::RnnTanh, 5, 100),
        LayerSpec::forward(Cell::Gru, 4, 100),
    ];
    let buffered = Spec { max_steps: 7, ..Spec::new(Precision::Int8, &layers, Pooling::Last) };
    // Logits 3, pooled 4 halves, tokens 7 halves, scratch of the first layer 10, outputs 7 * 12 and 7 * 10 bytes.
    assert_eq!(required(&buffered), 3 + 2 + 4 + 10 + 21 + 18);
    let large = Spec { max_steps: 65_535, precision: Precision::F32, ..buffered };
    assert_eq!(required(&large), 3 + 4 + 32_768 + (6 + 6 + 6 + 6) + 65_535 * 12 + 65_535 * 10);
    for spec in common::kinds() {
        for pooling in common::POOLINGS {
            for (max_steps, pad_to) in [(9, 0), (10, 0), (31, spec.pad_to)] {
                let spec = Spec { pooling, max_steps, pad_to, ..spec.clone() };
                assert_eq!(required(&spec), words_by_formula(&spec), "{spec:?}");
            }
        }
    }
}

/// A classifier of exactly the words that its model needs gives the same answers as one of more.
#[test]
fn no_more_words_are_needed() {
    let layers = [LayerSpec::forward(Cell::Lstm, 6, 100), LayerSpec::forward(Cell::Gru, 5, 100)];
    let file = file(&Spec { pad_to: 4, ..Spec::new(Precision::Int8, &layers, Pooling::Mean) });
    let model = file.parse().unwrap();
    assert_eq!(model.required_words(), 50);
    let mut exact = Classifier::new(&model, [0; 50]).unwrap();
    let mut large = Classifier::new(&model, [0; CAPACITY]).unwrap();
    for chunk in ["", "lamp o", "ff ", "é up down light on"] {
        exact.push_text(chunk);
        large.push_text(chunk);
        assert_eq!(logits(&mut exact), logits(&mut large), "{chunk}");
    }
    assert!(Classifier::new(&model, [0; 49]).is_err());
}

/// Tokens of more than 16 bits are kept as such: the 65,537th token is not the first one.
#[test]
fn tokens_of_more_than_16_bits_take_two_halves_of_a_word() {
    let with_tokens = |tokens: usize| {
        let layers = [LayerSpec::both(Cell::Gru, 4, 100)];
        let spec = Spec { input: InputSpec::HashedWords, ..Spec::new(Precision::Int8, &layers, Pooling::Mean) };
        let mut parts = Parts::of(&spec);
        let Input::Text(Text { tokens: Tokens::HashedWords { buckets, .. }, .. }) = &mut parts.part_one.input else {
            unreachable!("hashed words");
        };
        *buckets = tokens as u32 - 2;
        let vectors = (0..tokens * common::EMBEDDING_SIZE).map(|index| number(3, index / 6, index % 6) as u8);
        parts.tensor("vectors").bytes = vectors.collect();
        parts.assemble()
    };
    let [narrow, wide] = [65_536, 65_537].map(with_tokens);
    let [narrow, wide] = [narrow.parse().unwrap(), wide.parse().unwrap()];
    assert_eq!(wide.required_words(), narrow.required_words() + 20);
    let answer = |model, token| {
        let mut classifier = Classifier::new(model, [0; CAPACITY]).unwrap();
        classifier.push_token(token);
        logits(&mut classifier)
    };
    assert_eq!(answer(&narrow, 65_535), answer(&wide, 65_535));
    assert_eq!(answer(&narrow, 65_536), answer(&narrow, 1), "a token that it does not have");
    assert_ne!(answer(&wide, 65_536), answer(&wide, 0));
    assert_ne!(answer(&wide, 65_536), answer(&wide, 1));
}

/// Products of one step in one direction of a layer.
fn direction_products(spec: &Spec, layer: usize) -> u64 {
    let LayerSpec { cell, hidden_size, .. } = spec.layers[layer];
    (cell.gates() * hidden_size * (input_sizes(spec)[layer] + hidden_size)) as u64
}

/// Products of all directions.
fn step_products(spec: &Spec) -> u64 {
    let directions = |layer: usize| if spec.layers[layer].reverse_seed.is_some() { 2 } else { 1 };
    (0..spec.layers.len()).map(|layer| directions(layer) * direction_products(spec, layer)).sum()
}

#[test]
fn the_work_of_a_model_is_that_of_its_steps_and_its_head() {
    let mut specs = common::kinds();
    specs.extend(common::kinds().into_iter().map(|spec| Spec { pad_to: 0, ..spec }));
    let mut one_frame_alone = 0;
    for spec in specs {
        let (step, head) = (step_products(&spec), (CLASSES * spec.pooled_size()) as u64);
        let file = file(&spec);
        let found = file.parse().unwrap().work();
        let is_single = spec.channels() > 0 && WindowSpec { has_one_unit: true, ..spec.window } == WindowSpec::SINGLE;
        let expected = if is_bidirectional(&spec) {
            Work { step: 0, answer: u64::from(spec.max_steps) * step + head }
        } else if is_single {
            one_frame_alone += 1;
            Work { step, answer: head }
        } else {
            Work { step, answer: (u64::from(spec.pad_to) + 1) * step + head }
        };
        assert_eq!(found, expected, "{spec:?}");
    }
    assert!(one_frame_alone > 0);
}

/// What a bidirectional model computes is what it shows: no more than it says, and as much when it is full.
#[test]
fn a_full_model_computes_as_much_as_it_says() {
    for spec in common::kinds().into_iter().filter(is_bidirectional) {
        let file = file(&spec);
        let model = file.parse().unwrap();
        let mut classifier = Classifier::new(&model, [0; CAPACITY]).unwrap();
        let head = (CLASSES * spec.pooled_size()) as u64;
        for pushed in 0..100 {
            let mut computed = head;
            classifier.observe(|state| computed += direction_products(&spec, state.layer));
            assert!(computed <= model.work().answer, "{spec:?}");
            assert_eq!(computed == model.work().answer, classifier.steps() == spec.max_steps, "{spec:?}");
            if spec.channels() > 0 {
                classifier.push_frame(&[pushed; CHANNELS]).unwrap();
            } else {
                classifier.push_token(pushed as u32 % 9);
            }
        }
    }
}

/// The largest numbers that there can be do not overflow.
#[test]
fn the_work_of_the_longest_sequences_is_told() {
    let layers = [LayerSpec::both(Cell::Lstm, 6, 100)];
    let spec = Spec { max_steps: 65_535, ..Spec::new(Precision::Int8, &layers, Pooling::Last) };
    let work = file(&spec).parse().unwrap().work();
    assert_eq!(work, Work { step: 0, answer: 65_535 * 2 * 24 * 12 + 36 });
}
