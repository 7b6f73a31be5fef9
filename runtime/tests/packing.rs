//! Models whose weights are packed for a processor answer as the same models row after row, and are checked as those are.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use crate::common::{CELLS, InputSpec, LayerSpec, Parts, Spec, VectorSpec, WeightSpec, WindowSpec, file};
use proptest::prelude::*;
use runtime::format::{Cell, HalfWords, Packing, Pooling, Precision};
use runtime::{Classifier, DirectionInput, DirectionStep, Error, Field, LayerState, Model};

/// `h` and `c` of each layer and direction after each step, then the bits of the logits.
fn run(model: &Model<'_>, tokens: &[u32]) -> (Vec<Vec<i16>>, Vec<u32>) {
    let mut classifier = Classifier::new(model, vec![0; model.required_words()]).unwrap();
    let mut states = Vec::new();
    for token in tokens {
        if model.channels() > 0 {
            let frame: Vec<i32> =
                (0..model.channels() as i32).map(|channel| *token as i32 * 7 - channel * 31).collect();
            classifier.push_frame(&frame).unwrap();
        } else {
            classifier.push_token(*token);
        }
        classifier.observe(|step| {
            let LayerState::Int8 { hidden, cell, .. } = step.state else { panic!("an int8 model") };
            states.push([hidden, cell].concat());
        });
    }
    classifier.predict();
    let logits = classifier.logits();
    (states, (0..logits.len()).map(|class| logits.bits(class).unwrap()).collect())
}

fn check(spec: &Spec, tokens: &[u32]) {
    let packed = Spec { packing: Packing::HalfWords, ..spec.clone() };
    let (plain, packed) = (file(spec), file(&packed));
    let (plain, packed) = (plain.parse().unwrap(), packed.parse().unwrap());
    assert_eq!(run(&packed, tokens), run(&plain, tokens), "{spec:?}");
    check_pre_activations(spec, &plain, &packed);
}

/// The gates for looking at, of the first layer.
fn check_pre_activations(spec: &Spec, plain: &Model<'_>, packed: &Model<'_>) {
    let layer = spec.layers[0];
    let hidden: Vec<f32> = (0..layer.hidden_size).map(|unit| (unit * 7_919 % 32_767) as f32).collect();
    let frames = vec![25; spec.channels() * usize::from(spec.window.frames_per_step)];
    let input = if frames.is_empty() { DirectionInput::Token(3) } else { DirectionInput::Frames(&frames) };
    let step = DirectionStep { layer: 0, reverse: false, input, hidden: &hidden };
    let of = |model: &Model<'_>| {
        let mut target = vec![0.0; layer.cell.results() * layer.hidden_size];
        model.pre_activations(step, &mut vec![0; model.required_words() + 64], &mut target).unwrap();
        target
    };
    assert_eq!(of(packed), of(plain), "{spec:?}");
}

#[test]
fn every_cell_and_length_answers_as_row_after_row() {
    for cell in CELLS {
        for hidden_size in (1..=9).chain([16, 33]) {
            for embedding_size in [1, 2, 3, 4, 5, 6, 7, 8, 18, 35] {
                let layer = LayerSpec::forward(cell, hidden_size, 40 + hidden_size as u32);
                let spec = Spec { embedding_size, ..Spec::new(Precision::Int8, &[layer], Pooling::Mean) };
                check(&spec, &[2, 1, 4, 0, 3, 3, 5]);
            }
        }
    }
}

#[test]
fn stacks_directions_and_inputs_of_every_kind_answer_as_row_after_row() {
    for (cell, other) in CELLS.into_iter().zip([Cell::Gru, Cell::RnnRelu, Cell::Lstm, Cell::RnnTanh]) {
        let stack = [LayerSpec::both(cell, 5, 3), LayerSpec::forward(other, 6, 8), LayerSpec::both(cell, 3, 9)];
        let layers = [vec![LayerSpec::forward(cell, 5, 1)], stack.to_vec()];
        for layers in layers {
            let plain = Spec::new(Precision::Int8, &layers, Pooling::Max);
            let one_hot = Spec { vectors: VectorSpec::OneHot, ..plain.clone() };
            let frames = Spec { input: InputSpec::Frames, ..plain.clone() };
            let window = WindowSpec { frames_per_step: 3, frame_stride: 2, has_differences: true, has_one_unit: true };
            let windows = Spec { window, ..frames.clone() };
            let nibbles = Spec { weights: WeightSpec::Nibbles, ..plain.clone() };
            let padded = Spec { pad_to: 12, ..plain.clone() };
            for spec in [plain, one_hot, frames, windows, nibbles, padded] {
                check(&spec, &[2, 1, 4, 0, 3, 3, 5, 2]);
            }
        }
    }
}

proptest! {
    #[test]
    fn random_shapes_and_tokens_answer_as_row_after_row(
        cell in prop::sample::select(&CELLS[..]), hidden_size in 1_usize..40, embedding_size in 1_usize..40,
        seed in 0_u32..1_000, tokens in prop::collection::vec(0_u32..8, 0..12),
    ) {
        let layer = LayerSpec::forward(cell, hidden_size, seed);
        check(&Spec { embedding_size, ..Spec::new(Precision::Int8, &[layer], Pooling::Last) }, &tokens);
    }
}

/// An LSTM of one unit, whose rows of W are 127 in every column.
fn extreme(columns: usize, packing: Packing) -> Parts {
    let layer = LayerSpec::forward(Cell::Lstm, 1, 1);
    let spec = Spec { embedding_size: columns, packing, ..Spec::new(Precision::Int8, &[layer], Pooling::Last) };
    let mut parts = Parts::of(&spec);
    let shape = HalfWords { cell: Cell::Lstm, input_size: columns, hidden_size: 1 };
    let mut words = vec![[0; 4]; shape.words()];
    shape.pack(|_, _| 127, |_, _| 127, &mut words);
    match packing {
        Packing::HalfWords => parts.tensor("0.forward.half_words").bytes = words.concat(),
        Packing::RowMajor => {
            parts.tensor("0.forward.input").bytes.fill(127);
            parts.tensor("0.forward.recurrent").bytes.fill(127);
        }
    }
    for vectors in parts.tensor("vectors").bytes.iter_mut() {
        *vectors = 129;
    }
    parts
}

#[test]
fn the_longest_row_is_exact_and_a_longer_one_is_refused() {
    // 520 columns of 127 * 127 are 2^23 - 1,528; with one more they have 25 bits.
    let (packed, plain) = (extreme(519, Packing::HalfWords).assemble(), extreme(519, Packing::RowMajor).assemble());
    assert_eq!(run(&packed.parse().unwrap(), &[1, 2, 3]), run(&plain.parse().unwrap(), &[1, 2, 3]));
    let refused = extreme(520, Packing::HalfWords).assemble().parse().err();
    let expected = Error::Invalid { field: Field::HalfWordRange, expected: (1 << 23) - 1, found: 521 * 127 * 127 };
    assert_eq!(refused, Some(expected));
    assert!(extreme(520, Packing::RowMajor).assemble().parse().is_ok());
}

#[test]
fn a_weight_of_minus_128_and_one_beyond_127_are_refused() {
    let layer = LayerSpec::forward(Cell::Gru, 3, 1);
    let spec = Spec { packing: Packing::HalfWords, ..Spec::new(Precision::Int8, &[layer], Pooling::Last) };
    // 256 * a + b: b is -128; a is -128, its low byte 0; a is 128, b -1.
    for half_word in [[0x80, 0], [0, 0x80], [0xFF, 0x7F]] {
        let mut parts = Parts::of(&spec);
        parts.tensor("0.forward.half_words").bytes[4..6].copy_from_slice(&half_word);
        let refused = parts.assemble().parse().err();
        assert_eq!(refused, Some(Error::Invalid { field: Field::WeightRange, expected: 127, found: 128 }));
    }
}

#[test]
fn a_float_model_is_not_packed() {
    for precision in [Precision::F32, Precision::F16] {
        let layer = LayerSpec::forward(Cell::Gru, 3, 1);
        let parts = Parts { packing: Packing::HalfWords, ..Parts::of(&Spec::new(precision, &[layer], Pooling::Last)) };
        assert_eq!(parts.assemble().parse().err(), Some(Error::UnsupportedPacking { found: 1 }));
    }
}
