//! Manifests and tensors that can not be, behind a right header: refused with the error that FORMAT.md names, or
//! harmless.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{CELLS, InputSpec, LayerSpec, POOLINGS, PRECISIONS, Parts, Spec, VectorSpec, WeightSpec};
use proptest::prelude::*;
use runtime::format::{
    Cell, DataType, Embedding, FrameInput, Input, Manifest, Pooling, Precision, StringTableRef, TokenVectors,
};
use runtime::{Classifier, Error, Field, LongInput, Model};

fn refusal(spec: &Spec, change: impl FnOnce(&mut Manifest<'_>)) -> Option<Error> {
    let mut parts = Parts::of(spec);
    change(&mut parts.manifest);
    parts.assemble().parse().err()
}

fn invalid(field: Field, expected: u32, found: u32) -> Option<Error> {
    Some(Error::Invalid { field, expected, found })
}

fn int8(layers: &[LayerSpec]) -> Spec {
    Spec::new(Precision::Int8, layers, Pooling::Last)
}

fn one(cell: Cell) -> Spec {
    int8(&[LayerSpec::forward(cell, 4, 100)])
}

fn frames(precision: Precision) -> Spec {
    Spec { input: InputSpec::Frames, precision, ..one(Cell::Gru) }
}

fn frame_input<'a>(manifest: &'a mut Manifest<'_>) -> &'a mut FrameInput {
    match &mut manifest.input {
        Input::Frames(frames) => frames,
        other => panic!("{other:?}"),
    }
}

#[test]
fn steps_that_do_not_fit_together_are_refused() {
    let both = int8(&[LayerSpec::both(Cell::Gru, 4, 100)]);
    for max_steps in [0, 65_536, u32::MAX] {
        let bound = if max_steps == 0 { 1 } else { 65_535 };
        let refused = refusal(&both, |manifest| manifest.max_steps = max_steps);
        assert_eq!(refused, invalid(Field::MaxSteps, bound, max_steps));
        let mean = Spec { pooling: Pooling::Mean, ..one(Cell::Lstm) };
        let refused = refusal(&mean, |manifest| manifest.max_steps = max_steps);
        assert_eq!(refused, invalid(Field::MaxSteps, bound, max_steps));
    }
    assert_eq!(refusal(&both, |manifest| manifest.max_steps = 65_535), None);
    assert_eq!(refusal(&one(Cell::Gru), |manifest| manifest.max_steps = 0), None);
    assert_eq!(refusal(&one(Cell::Gru), |manifest| manifest.pad_to = 41), invalid(Field::PadTo, 40, 41));
    assert_eq!(refusal(&one(Cell::Gru), |manifest| manifest.pad_to = 40), None);
    let unlimited = Spec { max_steps: 0, ..one(Cell::Gru) };
    assert_eq!(refusal(&unlimited, |manifest| manifest.pad_to = 100), None);
    assert_eq!(refusal(&frames(Precision::Int8), |manifest| manifest.pad_to = 1), invalid(Field::PadTo, 0, 1));
}

#[test]
fn numbers_of_frames_are_checked() {
    for precision in PRECISIONS {
        let refused =
            |change: fn(&mut FrameInput)| refusal(&frames(precision), |manifest| change(frame_input(manifest)));
        assert_eq!(refused(|frames| frames.channels = 0), invalid(Field::Channels, 1, 0));
        assert_eq!(refused(|frames| frames.channels = 16_385), invalid(Field::Channels, 16_384, 16_385));
        assert_eq!(refused(|frames| frames.channels = 2), invalid(Field::TensorLength, 2, 3));
        assert_eq!(refused(|frames| frames.unit = 0.0), invalid(Field::FrameUnit, 1, 0));
        for unit in [f32::INFINITY, f32::NAN, -1.0] {
            let error = refusal(&frames(precision), |manifest| frame_input(manifest).unit = unit);
            assert_eq!(error, invalid(Field::FrameUnit, 0x7F7F_FFFF, unit.to_bits()));
        }
        assert_eq!(refused(|frames| frames.shift = 31), invalid(Field::FrameShift, 30, 31));
        let shifted = if precision == Precision::Int8 { None } else { invalid(Field::FrameShift, 0, 30) };
        assert_eq!(refused(|frames| frames.shift = 30), shifted);
    }
    for scale in [0_i16, -1, 16_384] {
        let mut parts = Parts::of(&frames(Precision::Int8));
        let tensor = frame_input(&mut parts.manifest).scale;
        parts.poke(tensor, 2, &scale.to_le_bytes());
        let expected = if scale > 0 { (16_383, 16_384) } else { (1, 0) };
        assert_eq!(parts.assemble().parse().err(), invalid(Field::ChannelScale, expected.0, expected.1));
    }
    for (zero, field) in [(true, Field::ChannelZero), (false, Field::ChannelScale)] {
        let mut parts = Parts::of(&frames(Precision::F32));
        let frames = *frame_input(&mut parts.manifest);
        parts.poke(if zero { frames.zero } else { frames.scale }, 1, &f32::NAN.to_le_bytes());
        assert_eq!(parts.assemble().parse().err(), invalid(field, 0, 0));
    }
}

#[test]
fn directions_of_a_wrong_size_or_kind_are_refused() {
    let both = int8(&[LayerSpec::both(Cell::Gru, 4, 100), LayerSpec::forward(Cell::Lstm, 3, 110)]);
    assert_eq!(refusal(&both, |manifest| manifest.layers[1].input_size = 4), invalid(Field::InputSize, 8, 4));
    assert_eq!(refusal(&both, |manifest| manifest.layers[0].reverse = None), invalid(Field::InputSize, 4, 8));
    assert_eq!(
        refusal(&both, |manifest| manifest.layers[0].cell = Cell::Lstm),
        invalid(Field::TensorLength, 16 * 12, 12 * 12)
    );
    assert_eq!(
        refusal(&both, |manifest| {
            let longer = manifest.layers[1].forward;
            manifest.layers[0].reverse = Some(longer);
        }),
        invalid(Field::TensorLength, 16, 12)
    );
    for cell in CELLS {
        let largest = if matches!(cell, Cell::Lstm | Cell::RnnRelu) { 15 } else { 0 };
        let set = |bits: u8| {
            refusal(&one(cell), |manifest| {
                manifest.layers[0].forward.scales.as_mut().unwrap().state_fraction_bits = bits;
            })
        };
        assert_eq!(set(largest), None);
        assert_eq!(set(largest + 1), invalid(Field::StateFractionBits, largest.into(), u32::from(largest) + 1));
    }
    let head = |manifest: &mut Manifest<'_>| manifest.head.scales.as_mut().unwrap().state_fraction_bits = 1;
    assert_eq!(refusal(&one(Cell::Lstm), head), invalid(Field::StateFractionBits, 0, 1));
}

#[test]
fn one_hot_weights_are_where_they_are_due_alone() {
    let one_hot = Spec { vectors: VectorSpec::OneHot, ..one(Cell::Gru) };
    assert_eq!(refusal(&one_hot, |_| ()), None);
    let without = |manifest: &mut Manifest<'_>| manifest.layers[0].forward.one_hot = None;
    assert_eq!(refusal(&one_hot, without), invalid(Field::OneHot, 1, 0));
    let with = |manifest: &mut Manifest<'_>| manifest.layers[0].forward.one_hot = Some(manifest.head.weights);
    assert_eq!(refusal(&one(Cell::Gru), with), invalid(Field::OneHot, 0, 1));
    assert_eq!(refusal(&one_hot, with), invalid(Field::TensorLength, 8 * 12, 12));
    assert_eq!(refusal(&one_hot, |manifest| manifest.layers[0].input_size = 9), invalid(Field::InputSize, 8, 9));
    let stack = int8(&[LayerSpec::forward(Cell::Gru, 4, 100), LayerSpec::forward(Cell::Gru, 4, 110)]);
    let above = |manifest: &mut Manifest<'_>| manifest.layers[1].forward.one_hot = Some(manifest.head.weights);
    assert_eq!(refusal(&Spec { vectors: VectorSpec::OneHot, ..stack }, above), invalid(Field::OneHot, 0, 1));
}

/// What a token adds counts in the bound of an accumulator, but not in the part of a GRU that it is not added to.
#[test]
fn a_one_hot_weight_counts_in_the_bound_of_its_accumulator() {
    for (row, result) in [(0, 0), (9, 9), (3, 12 + 3)] {
        let spec = Spec { vectors: VectorSpec::OneHot, ..one(Cell::Gru) };
        let mut parts = Parts::of(&spec);
        let forward = parts.manifest.layers[0].forward;
        let weights = &parts.tensors[forward.weights.offset as usize..];
        let columns: u32 =
            weights[(row % 12) * 4..][..4].iter().map(|weight| u32::from((*weight as i8).unsigned_abs())).sum();
        let entries = &parts.tensors[forward.one_hot.unwrap().offset as usize..];
        let largest: u32 =
            (0..8).map(|token| u32::from((entries[token * 12 + row] as i8).unsigned_abs())).max().unwrap();
        // Row 9 is a unit's n: its input part has no hidden columns, its hidden part no token.
        let sum = match result {
            0 => 127 * (columns + largest),
            9 => 127 * largest,
            _ => {
                127 * weights[11 * 4..][..4].iter().map(|weight| u32::from((*weight as i8).unsigned_abs())).sum::<u32>()
            }
        };
        let limit = (i32::MAX as u32) >> 2;
        for excess in [0, 1] {
            let bias = (limit - sum + excess) as i32;
            parts.poke(forward.bias, result, &bias.to_le_bytes());
            let expected = if excess == 0 { None } else { invalid(Field::AccumulatorRange, limit, limit + 1) };
            assert_eq!(parts.assemble().parse().err(), expected, "result {result}");
        }
    }
}

#[test]
fn weights_out_of_range_are_refused() {
    let mut parts = Parts::of(&Spec { vectors: VectorSpec::OneHot, ..one(Cell::RnnTanh) });
    parts.poke(parts.manifest.layers[0].forward.one_hot.unwrap(), 5, &[0x80]);
    assert_eq!(parts.assemble().parse().err(), invalid(Field::WeightRange, 127, 128));
    for (precision, infinity) in [(Precision::F32, &f32::INFINITY.to_le_bytes()[..]), (Precision::F16, &[0x00, 0x7C])] {
        let spec = Spec { precision, vectors: VectorSpec::OneHot, ..one(Cell::RnnRelu) };
        let mut parts = Parts::of(&spec);
        parts.poke(parts.manifest.layers[0].forward.one_hot.unwrap(), 4 + 3, infinity);
        assert_eq!(parts.assemble().parse().err(), invalid(Field::WeightRange, 0, 3), "{precision}");
        let mut parts = Parts::of(&spec);
        parts.poke(parts.manifest.layers[0].forward.weights, 4 * 2, infinity);
        assert_eq!(parts.assemble().parse().err(), invalid(Field::WeightRange, 0, 2), "{precision}");
    }
}

fn embedding<'a>(manifest: &'a mut Manifest<'_>) -> &'a mut Embedding {
    match &mut manifest.input {
        Input::Words(words) => match &mut words.vectors {
            TokenVectors::Embedding(embedding) => embedding,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn embeddings_in_4_bits_are_checked() {
    let spec = Spec { vectors: VectorSpec::Nibbles, ..one(Cell::Gru) };
    // Eight tokens of five values and a half byte that is nobody's.
    assert_eq!(embedding(&mut Parts::of(&spec).manifest).weights.elements, 48);
    for (byte, refused) in [(0x08, true), (0x80, true), (0x97, false), (0x79, false)] {
        for element in [0, 24, 46] {
            let mut parts = Parts::of(&spec);
            let weights = embedding(&mut parts.manifest).weights;
            parts.poke(weights, element, &[byte]);
            let expected = if refused { invalid(Field::WeightRange, 7, 8) } else { None };
            assert_eq!(parts.assemble().parse().err(), expected, "{byte:02x} at {element}");
        }
    }
    for elements in [40, 47, 49] {
        let refused = refusal(&spec, |manifest| embedding(manifest).weights.elements = elements);
        assert_eq!(refused, invalid(Field::TensorLength, 48, elements));
    }
    let of_bytes = |manifest: &mut Manifest<'_>| embedding(manifest).weights.data_type = DataType::I8;
    assert_eq!(refusal(&spec, of_bytes), invalid(Field::TensorLength, 40, 48));
    let of_nibbles = |manifest: &mut Manifest<'_>| embedding(manifest).weights.data_type = DataType::I4;
    let float = Spec { precision: Precision::F16, ..one(Cell::Gru) };
    assert_eq!(refusal(&float, of_nibbles), invalid(Field::TensorType, DataType::F16 as u32, DataType::I4 as u32));
    let mut parts = Parts::of(&spec);
    let area = parts.tensors.len();
    let offset = area as u32 & !15;
    embedding(&mut parts.manifest).weights.offset = offset;
    assert_eq!(parts.assemble().parse().err(), invalid(Field::TensorOffset, area as u32, offset));
}

#[test]
fn weights_in_4_bits_are_checked() {
    for (cell, vectors) in [(Cell::Gru, VectorSpec::Embedding), (Cell::Lstm, VectorSpec::OneHot)] {
        let spec = Spec { weights: WeightSpec::Nibbles, vectors, ..one(cell) };
        let weights = Parts::of(&spec).manifest.layers[0].forward.weights;
        for element in [0, weights.elements as usize / 2, weights.elements as usize - 2] {
            for byte in [0x08, 0x80] {
                let mut parts = Parts::of(&spec);
                parts.poke(weights, element, &[byte]);
                assert_eq!(
                    parts.assemble().parse().err(),
                    invalid(Field::WeightRange, 7, 8),
                    "{byte:02x} at {element}"
                );
            }
        }
        let due = weights.elements;
        let refused = refusal(&spec, |manifest| manifest.layers[0].forward.weights.elements -= 1);
        assert_eq!(refused, invalid(Field::TensorLength, due, due - 1));
        let nibbles = |manifest: &mut Manifest<'_>| manifest.head.weights.data_type = DataType::I4;
        let refused = refusal(&spec, nibbles);
        assert_eq!(refused, invalid(Field::TensorType, DataType::I8 as u32, DataType::I4 as u32), "the head has bytes");
    }
    let one_hot = Spec { vectors: VectorSpec::OneHot, ..one(Cell::Gru) };
    let refused = refusal(&one_hot, |manifest| {
        manifest.layers[0].forward.one_hot.as_mut().unwrap().data_type = DataType::I4;
    });
    assert_eq!(refused, invalid(Field::TensorType, DataType::I8 as u32, DataType::I4 as u32));
    for precision in [Precision::F16, Precision::F32] {
        let spec = Spec { precision, ..one(Cell::Gru) };
        let right = Parts::of(&spec).manifest.layers[0].forward.weights.data_type;
        let refused = refusal(&spec, |manifest| manifest.layers[0].forward.weights.data_type = DataType::I4);
        assert_eq!(refused, invalid(Field::TensorType, right as u32, DataType::I4 as u32));
    }
}

/// The bound of an accumulator counts each of the two weights of a byte.
#[test]
fn an_accumulator_of_weights_in_4_bits_may_reach_its_limit() {
    let spec = Spec { weights: WeightSpec::Nibbles, ..one(Cell::Lstm) };
    let mut parts = Parts::of(&spec);
    let forward = parts.manifest.layers[0].forward;
    let row = &parts.tensors[forward.weights.offset as usize + 3 * 6..][..6];
    let magnitude = |half: u8| i32::from(if half < 8 { half } else { 16 - half });
    let sum: i32 = row.iter().map(|byte| magnitude(byte & 15) + magnitude(byte >> 4)).sum();
    assert!(sum > 12);
    let limit = i32::MAX >> 2;
    for excess in [0, 1] {
        parts.poke(forward.bias, 3, &(limit - 127 * sum + excess).to_le_bytes());
        let refused = invalid(Field::AccumulatorRange, limit as u32, limit as u32 + 1);
        assert_eq!(parts.assemble().parse().err(), if excess == 0 { None } else { refused });
    }
}

#[test]
fn tokens_that_can_not_be_are_refused() {
    let hashed = Spec { input: InputSpec::HashedWords, ..one(Cell::Gru) };
    for (buckets, bound) in [(0, 1), ((1 << 24) + 1, 1 << 24)] {
        let refused = refusal(&hashed, |manifest| match &mut manifest.input {
            Input::HashedWords(words) => words.buckets = buckets,
            other => panic!("{other:?}"),
        });
        assert_eq!(refused, invalid(Field::Buckets, bound, buckets));
    }
    let characters = Spec { input: InputSpec::Characters, ..one(Cell::Gru) };
    let alphabet = |manifest: &mut Manifest<'_>| -> StringTableRef {
        match &manifest.input {
            Input::Characters(characters) => characters.alphabet,
            other => panic!("{other:?}"),
        }
    };
    // The last character, of two bytes, becomes two characters; the second is put before the first.
    for (element, bytes, field, number) in
        [(13, &b"op"[..], Field::Vocabulary, 6), (3, b" ", Field::VocabularyOrder, 1)]
    {
        let mut parts = Parts::of(&characters);
        let table = alphabet(&mut parts.manifest);
        parts.poke(table.bytes, element, bytes);
        assert_eq!(parts.assemble().parse().err(), invalid(field, 7, number));
    }
    let bytes = Spec { input: InputSpec::Bytes, ..one(Cell::Gru) };
    let shorter = refusal(&bytes, |manifest| match &mut manifest.input {
        Input::Bytes(TokenVectors::Embedding(embedding)) => embedding.weights.elements -= 1,
        other => panic!("{other:?}"),
    });
    assert_eq!(shorter, invalid(Field::TensorLength, 258 * 6, 258 * 6 - 1));
}

fn kinds() -> Vec<Spec> {
    let layers = [
        vec![LayerSpec::forward(Cell::Lstm, 4, 100), LayerSpec::forward(Cell::RnnRelu, 3, 110)],
        vec![
            LayerSpec::both(Cell::Gru, 3, 100),
            LayerSpec::both(Cell::RnnTanh, 2, 110),
            LayerSpec::forward(Cell::Gru, 3, 120),
        ],
    ];
    let inputs = [
        InputSpec::Words,
        InputSpec::HashedWords,
        InputSpec::Characters,
        InputSpec::Bytes,
        InputSpec::Frames,
        InputSpec::FingerprintedWords,
        InputSpec::ComposedWords,
    ];
    let mut kinds = Vec::new();
    for (number, input) in inputs.into_iter().enumerate() {
        for (place, layers) in layers.iter().enumerate() {
            for precision in PRECISIONS {
                let one_hot = number % 2 == place && input != InputSpec::ComposedWords;
                let vectors = if one_hot { VectorSpec::OneHot } else { VectorSpec::Embedding };
                let pad_to = if number < 3 { 5 } else { 0 };
                let pooling = POOLINGS[(number + place) % 3];
                let spec = Spec { input, vectors, pad_to, max_steps: 9, ..Spec::new(precision, layers, pooling) };
                kinds.push(spec.clone());
                if precision == Precision::Int8 {
                    let vectors = if place == 0 { VectorSpec::Nibbles } else { vectors };
                    kinds.push(Spec { weights: WeightSpec::Nibbles, vectors, ..spec });
                }
            }
        }
    }
    kinds
}

const CAPACITY: usize = 1 << 14;

/// Runs an accepted model twice and compares.
fn exercise(model: &Model<'_>) {
    for long_input in [LongInput::Refuse, LongInput::Window] {
        let Ok(mut classifier) = Classifier::<CAPACITY>::with_long_input(model, long_input) else {
            assert!(model.required_words() > CAPACITY || !model.is_bidirectional());
            continue;
        };
        let mut answers = Vec::new();
        for _ in 0..2 {
            classifier.reset();
            classifier.push_text("Lamp é \u{1F980} off");
            for token in [0, 2, 9, u32::MAX] {
                classifier.push_token(token);
            }
            let frame = vec![-32_768_i16; model.channels()];
            (0..12).for_each(|_| assert_eq!(classifier.push_frame(&frame).is_ok(), model.channels() > 0));
            let prediction = classifier.predict();
            assert_eq!(model.label(prediction.class), Some(prediction.label));
            let logits = classifier.logits();
            answers.push((0..logits.len()).map(|class| logits.bits(class)).collect::<Vec<_>>());
            classifier.observe(|state| assert!(state.step < 65_536));
        }
        assert_eq!(answers[0], answers[1]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Bytes of the manifest, which a right header covers, and of the tensors.
    #[test]
    fn a_damaged_model_is_refused_or_harmless(
        kind in prop::sample::select(kinds()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
    ) {
        let intact = Parts::of(&kind).assemble();
        let mut bytes = intact.bytes().to_vec();
        let manifest_end = 32 + u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
        for (place, value, in_manifest) in damage {
            let range = if in_manifest { 32..manifest_end } else { manifest_end..bytes.len() };
            bytes[range.start + place.index(range.len())] = value;
        }
        let file = common::with_right_header(&bytes);
        if let Ok(model) = file.parse() {
            exercise(&model);
        }
    }
}

#[test]
fn every_kind_is_accepted_intact() {
    for spec in kinds() {
        exercise(&common::file(&spec).parse().unwrap());
    }
}
