//! Fields of a manifest that do not fit the others: inputs, directions, padding, cells, sizes beyond all bounds.

use runtime::format::{
    self, CharacterInput, CharacterRule, FrameInput, HashedWordInput, Input, Manifest, Precision, Provenance,
    TokenVectors,
};
use runtime::{Classifier, Error, Field, Model};
use trainer::encoding::FrameNormalization;
use trainer::export::{ExportedInput, ExportedNetwork, ModelFile, export};
use trainer::network::{Cell, Pooling};
use trainer::quantize::Ranges;
use trainer::weights::{DirectionWeights, LayerWeights, Matrix, NetworkWeights};

use crate::fixture::{
    BUCKETS, CHANNELS, EMBEDDING_SIZE, HIDDEN_SIZE, LABELS, MAX_LENGTH, PRECISIONS, Parts, Step, Variant, WORDS,
    both_directions, embedding, invalid, model, owned, refusal_with, refusal_with_element, two_layers, vectors,
};

/// One layer of a cell over a step.
fn one_layer(precision: Precision, cell: Cell, step: Step) -> ModelFile {
    model(Variant { cell, step, ..Variant::new(precision) })
}

fn frames<'a>(manifest: &'a mut Manifest<'_>) -> &'a mut FrameInput {
    match &mut manifest.input {
        Input::Frames(frames) => frames,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_hot_weights_where_none_belong_and_none_where_they_do_are_refused() {
    for precision in PRECISIONS {
        let variant = Variant { bidirectional: true, num_layers: 2, ..Variant::new(precision) };
        let embedded = model(variant);
        let one_hot = model(Variant { step: Step::OneHotWord, ..variant });
        let table = |manifest: &Manifest<'_>| Some(manifest.layers[0].forward.weights);
        for layer in [0, 1] {
            let error = refusal_with(&embedded, |manifest| manifest.layers[layer].forward.one_hot = table(manifest));
            assert_eq!(error, invalid(Field::OneHot, 0, 1), "{precision}, layer {layer}");
        }
        let error = refusal_with(&one_hot, |manifest| manifest.layers[1].forward.one_hot = table(manifest));
        assert_eq!(error, invalid(Field::OneHot, 0, 1));
        let error = refusal_with(&one_hot, |manifest| manifest.layers[0].forward.one_hot = None);
        assert_eq!(error, invalid(Field::OneHot, 1, 0));
        let without = |manifest: &mut Manifest<'_>| manifest.layers[0].reverse.as_mut().unwrap().one_hot = None;
        assert_eq!(refusal_with(&one_hot, without), invalid(Field::OneHot, 1, 0));
        let frames = one_layer(precision, Cell::Gru, Step::Frame);
        let error = refusal_with(&frames, |manifest| manifest.layers[0].forward.one_hot = table(manifest));
        assert_eq!(error, invalid(Field::OneHot, 0, 1));
    }
}

#[test]
fn vectors_of_another_kind_than_the_weights_are_refused() {
    let tokens = Step::Word.token_count();
    for precision in PRECISIONS {
        let embedded = one_layer(precision, Cell::Lstm, Step::Word);
        let error = refusal_with(&embedded, |manifest| *vectors(&mut manifest.input).unwrap() = TokenVectors::OneHot);
        assert_eq!(error, invalid(Field::InputSize, tokens, EMBEDDING_SIZE));
        let one_hot = one_layer(precision, Cell::Lstm, Step::OneHotWord);
        let error = refusal_with(&one_hot, |manifest| manifest.layers[0].input_size = EMBEDDING_SIZE as u16);
        assert_eq!(error, invalid(Field::InputSize, tokens, EMBEDDING_SIZE));
    }
}

#[test]
fn steps_that_can_not_be_kept_are_refused() {
    for precision in PRECISIONS {
        let file = model(both_directions(Cell::Gru, precision));
        for (found, expected) in [(0, 1), (65_536, 65_535), (u32::MAX, 65_535)] {
            let error = refusal_with(&file, |manifest| manifest.max_steps = found);
            assert_eq!(error, invalid(Field::MaxSteps, expected, found as usize));
        }
        let streaming = two_layers(precision);
        assert_eq!(refusal_with(&streaming, |manifest| manifest.max_steps = 0), None);
        let error = refusal_with(&streaming, |manifest| {
            manifest.max_steps = 0;
            manifest.layers[1].reverse = Some(manifest.layers[1].forward);
        });
        assert_eq!(error, invalid(Field::MaxSteps, 1, 0));
    }
}

#[test]
fn a_direction_too_many_or_too_few_does_not_fit_what_is_above() {
    let wide = 2 * HIDDEN_SIZE;
    for precision in PRECISIONS {
        let more = |layer: usize| {
            refusal_with(&two_layers(precision), |manifest| {
                manifest.layers[layer].reverse = Some(manifest.layers[layer].forward);
            })
        };
        assert_eq!(more(0), invalid(Field::InputSize, wide, HIDDEN_SIZE));
        assert_eq!(more(1), invalid(Field::TensorLength, LABELS.len() * wide, LABELS.len() * HIDDEN_SIZE));
        let file = model(both_directions(Cell::RnnTanh, precision));
        let fewer = |layer: usize| refusal_with(&file, |manifest| manifest.layers[layer].reverse = None);
        assert_eq!(fewer(0), invalid(Field::InputSize, HIDDEN_SIZE, wide));
        assert_eq!(fewer(1), invalid(Field::TensorLength, LABELS.len() * HIDDEN_SIZE, LABELS.len() * wide));
        // The second layer has more input columns than the first.
        let error = refusal_with(&file, |manifest| manifest.layers[0].reverse = manifest.layers[1].reverse);
        let rows = |input: usize| HIDDEN_SIZE * (input.next_multiple_of(4) + HIDDEN_SIZE);
        assert_eq!(error, invalid(Field::TensorLength, rows(EMBEDDING_SIZE), rows(wide)));
    }
}

#[test]
fn a_cell_with_the_weights_of_another_is_refused() {
    let cells = [format::Cell::Lstm, format::Cell::Gru, format::Cell::RnnTanh];
    let columns = EMBEDDING_SIZE.next_multiple_of(4) + HIDDEN_SIZE;
    for (written, right) in [Cell::Lstm, Cell::Gru, Cell::RnnTanh].into_iter().zip(cells) {
        let file = one_layer(Precision::F32, written, Step::Word);
        for claimed in cells.into_iter().filter(|claimed| *claimed != right) {
            let error = refusal_with(&file, |manifest| manifest.layers[0].cell = claimed);
            let elements = |cell: format::Cell| cell.gates() * HIDDEN_SIZE * columns;
            assert_eq!(error, invalid(Field::TensorLength, elements(claimed), elements(right)), "{claimed:?}");
        }
    }
}

#[test]
fn padding_beyond_what_there_can_be_is_refused() {
    for precision in PRECISIONS {
        for bidirectional in [false, true] {
            let padded = model(Variant { bidirectional, pad_to: MAX_LENGTH, ..Variant::new(precision) });
            for found in [MAX_LENGTH + 1, u32::MAX as usize] {
                let error = refusal_with(&padded, |manifest| manifest.pad_to = found as u32);
                assert_eq!(error, invalid(Field::PadTo, MAX_LENGTH, found));
            }
            assert_eq!(refusal_with(&padded, |manifest| manifest.pad_to = 1), None);
            let file = model(Variant { bidirectional, step: Step::Frame, ..Variant::new(precision) });
            assert_eq!(refusal_with(&file, |manifest| manifest.pad_to = 1), invalid(Field::PadTo, 0, 1));
        }
        // An answer costs a step for each: there is a bound where sequences have none.
        let padded = model(Variant { pad_to: 5, ..Variant::new(precision) });
        for max_steps in [0, u32::MAX] {
            let with = |pad_to: u32| {
                refusal_with(&padded, |manifest| (manifest.max_steps, manifest.pad_to) = (max_steps, pad_to))
            };
            assert_eq!(with(65_535), None);
            assert_eq!(with(65_536), invalid(Field::PadTo, 65_535, 65_536));
            assert_eq!(with(u32::MAX), invalid(Field::PadTo, 65_535, u32::MAX as usize));
        }
    }
}

#[test]
fn padding_that_the_capacity_was_not_made_for_is_refused() {
    let variant = Variant::new(Precision::Int8);
    let words = |pad_to: usize| runtime::required_capacity(model(Variant { pad_to, ..variant }).bytes());
    // The states twice: [x; h] 16 bytes, c and h 8 halves each, and 8 words of the maximum.
    assert_eq!(words(5), words(0) + 4 + 4 + 4 + 8);
    let error = refusal_with(&model(variant), |manifest| manifest.pad_to = 5);
    assert_eq!(error, invalid(Field::Capacity, words(5), words(0)));
}

#[test]
fn buckets_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        let file = one_layer(precision, Cell::Gru, Step::HashedWord);
        let with = |buckets: u32| {
            refusal_with(&file, |manifest| match &mut manifest.input {
                Input::HashedWords(words) => words.buckets = buckets,
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(with(0), invalid(Field::Buckets, 1, 0));
        for found in [(1 << 24) + 1, u32::MAX] {
            assert_eq!(with(found), invalid(Field::Buckets, 1 << 24, found as usize));
        }
        let elements = |buckets: u32| (buckets as usize + 2) * EMBEDDING_SIZE;
        for found in [BUCKETS - 1, BUCKETS + 1, 1 << 24] {
            assert_eq!(with(found), invalid(Field::TensorLength, elements(found), elements(BUCKETS)));
        }
    }
}

#[test]
fn channels_and_units_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        let file = one_layer(precision, Cell::Gru, Step::Frame);
        let with = |change: &dyn Fn(&mut FrameInput)| refusal_with(&file, |manifest| change(frames(manifest)));
        for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
            assert_eq!(with(&|frames| frames.channels = found), invalid(Field::Channels, expected, found.into()));
        }
        for found in [CHANNELS - 1, CHANNELS + 1, 16_384] {
            let error = with(&|frames| frames.channels = found as u16);
            assert_eq!(error, invalid(Field::TensorLength, found, CHANNELS));
        }
        let fewer = |frames: &mut FrameInput| {
            (frames.channels, frames.zero.elements, frames.scale.elements) = (2, 2, 2);
        };
        assert_eq!(with(&fewer), invalid(Field::InputSize, 2, CHANNELS));
        assert_eq!(with(&|frames| frames.unit = 0.0), invalid(Field::FrameUnit, 1, 0));
        for unit in [f32::NAN, f32::INFINITY, -1.0, -0.0] {
            let error = with(&|frames| frames.unit = unit);
            assert_eq!(error, invalid(Field::FrameUnit, 0x7F7F_FFFF, unit.to_bits() as usize), "{unit}");
        }
    }
}

#[test]
fn shifts_of_frames_beyond_their_range_are_refused() {
    for precision in PRECISIONS {
        let file = one_layer(precision, Cell::RnnTanh, Step::Frame);
        let with = |shift: u8| refusal_with(&file, |manifest| frames(manifest).shift = shift);
        for found in [31, 32, 255] {
            assert_eq!(with(found), invalid(Field::FrameShift, 30, found.into()));
        }
        for found in [1, 30] {
            let expected =
                if precision == Precision::Int8 { None } else { invalid(Field::FrameShift, 0, found.into()) };
            assert_eq!(with(found), expected, "{precision}");
        }
    }
}

#[test]
fn numbers_of_channels_beyond_their_range_are_refused() {
    let file = one_layer(Precision::Int8, Cell::RnnTanh, Step::Frame);
    for (found, expected) in [(0_i16, 1), (-1, 1), (i16::MIN, 1), (16_384, 16_383), (i16::MAX, 16_383)] {
        let error = refusal_with_element(&file, |manifest| frames(manifest).scale, 1, &found.to_le_bytes());
        assert_eq!(error, invalid(Field::ChannelScale, expected, found.max(0) as usize));
    }
    for precision in [Precision::F16, Precision::F32] {
        let file = one_layer(precision, Cell::RnnTanh, Step::Frame);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let zero = refusal_with_element(&file, |manifest| frames(manifest).zero, 2, &bad.to_le_bytes());
            assert_eq!(zero, invalid(Field::ChannelZero, 0, 0));
            let scale = refusal_with_element(&file, |manifest| frames(manifest).scale, 0, &bad.to_le_bytes());
            assert_eq!(scale, invalid(Field::ChannelScale, 0, 0));
        }
    }
}

#[test]
fn fraction_bits_of_a_state_that_has_none_are_refused() {
    let file = |cell| model(both_directions(cell, Precision::Int8));
    for (cell, largest) in [(Cell::Lstm, 15), (Cell::Gru, 0), (Cell::RnnTanh, 0), (Cell::RnnRelu, 15)] {
        for found in [largest + 1, 16, 255] {
            let expected = invalid(Field::StateFractionBits, largest.into(), found.into());
            for layer in [0, 1] {
                let error = refusal_with(&file(cell), |manifest| {
                    manifest.layers[layer].forward.scales.as_mut().unwrap().state_fraction_bits = found;
                });
                assert_eq!(error, expected, "{cell:?}, layer {layer}");
                let error = refusal_with(&file(cell), |manifest| {
                    let reverse = manifest.layers[layer].reverse.as_mut().unwrap();
                    reverse.scales.as_mut().unwrap().state_fraction_bits = found;
                });
                assert_eq!(error, expected, "{cell:?}, layer {layer} in reverse");
            }
        }
    }
}

#[test]
fn tokens_and_vectors_of_more_values_than_can_be_counted_are_refused() {
    let file = one_layer(Precision::Int8, Cell::Gru, Step::HashedWord);
    let error = refusal_with(&file, |manifest| {
        embedding(manifest).size = 16_384;
        match &mut manifest.input {
            Input::HashedWords(words) => words.buckets = 1 << 24,
            other => panic!("{other:?}"),
        }
    });
    let elements = (BUCKETS as usize + 2) * EMBEDDING_SIZE;
    assert_eq!(error, invalid(Field::TensorLength, u32::MAX as usize, elements), "2^38 values");
    let error = refusal_with(&file, |manifest| {
        embedding(manifest).weights.elements = u32::MAX;
        embedding(manifest).size = 16_384;
    });
    assert_eq!(error, invalid(Field::TensorLength, (BUCKETS as usize + 2) << 14, u32::MAX as usize));
    let error = refusal_with(&one_layer(Precision::F32, Cell::Lstm, Step::OneHotWord), |manifest| {
        manifest.layers[0].hidden_size = 16_384;
    });
    assert_eq!(error, invalid(Field::TensorLength, 4 << 28, 4 * HIDDEN_SIZE * HIDDEN_SIZE));
}

#[test]
fn the_words_of_a_model_that_keeps_many_steps_are_counted_to_the_last() {
    for (precision, value_size) in [(Precision::Int8, 1), (Precision::F16, 4), (Precision::F32, 4)] {
        let file = model(both_directions(Cell::Gru, precision));
        let words = |max_steps: usize| {
            let kept = (2 * max_steps).div_ceil(4);
            let outputs = (2 * HIDDEN_SIZE * max_steps * value_size).div_ceil(4);
            let right = runtime::required_capacity(file.bytes());
            right - MAX_LENGTH / 2 - 2 * HIDDEN_SIZE * MAX_LENGTH * value_size / 4 + kept + outputs
        };
        assert_eq!(words(MAX_LENGTH), runtime::required_capacity(file.bytes()));
        for max_steps in [1, 63, 65_535] {
            let error = refusal_with(&file, |manifest| manifest.max_steps = max_steps as u32);
            assert_eq!(error, invalid(Field::Capacity, words(max_steps), words(MAX_LENGTH)), "{precision} {max_steps}");
        }
    }
}

/// A bidirectional model of one unit that keeps as many frames of as many channels as there can be.
fn largest_frames(precision: Precision) -> ModelFile {
    const MOST: usize = 16_384;
    let direction = || DirectionWeights {
        weight_ih: Matrix { columns: MOST, values: vec![0.25; MOST] },
        weight_hh: Matrix { columns: 1, values: vec![0.5] },
        bias: vec![0.0],
    };
    let weights = NetworkWeights {
        embedding: None,
        layers: vec![LayerWeights { cell: Cell::RnnTanh, forward: direction(), reverse: Some(direction()) }],
        head_weight: Matrix { columns: 2, values: vec![1.0; 2 * LABELS.len()] },
        head_bias: vec![0.0; LABELS.len()],
    };
    let normalization = FrameNormalization { unit: 1.0, mean: vec![0.0; MOST], scale: vec![1.0; MOST] };
    let network = ExportedNetwork {
        labels: &owned(&LABELS),
        input: ExportedInput::Frames(&normalization),
        weights: &weights,
        pooling: Pooling::Last,
        max_steps: 65_535,
        pad_to: 0,
        ranges: &Ranges { inputs: vec![1.0; MOST], states: vec![vec![1.0; 2]] },
        rounding: None,
        provenance: &Provenance::default(),
    };
    export(&network, precision).unwrap()
}

#[test]
fn a_model_that_needs_gigabytes_is_refused_by_its_classifier_with_the_numbers() {
    for (precision, kept, rest) in [
        // Logits 3, pooled 1, [x; h] 4097, h 1.
        (Precision::Int8, 65_535 * 4_096, 3 + 1 + 4_097 + 1),
        (Precision::F16, 65_535 * 16_384, 3 + 2 + 16_388 + 1),
        (Precision::F32, 65_535 * 16_384, 3 + 2 + 16_388 + 1),
    ] {
        let file = largest_frames(precision);
        let model = Model::parse(file.bytes()).unwrap();
        assert_eq!(model.required_words(), kept + rest, "{precision}");
        let error = Classifier::<4096>::new(&model).err();
        assert_eq!(error, Some(Error::CapacityTooSmall { required: (kept + rest) as u32, available: 4096 }));
        let error = refusal_with(&file, |manifest| manifest.pooling = format::Pooling::Max);
        assert_eq!(error, invalid(Field::Capacity, kept + rest + 2, kept + rest));
    }
}

#[test]
fn an_alphabet_of_more_than_characters_is_refused() {
    let file = one_layer(Precision::Int8, Cell::Lstm, Step::Character);
    let count = Step::Character.strings().len();
    let bytes = |manifest: &mut Manifest<'_>| match &manifest.input {
        Input::Characters(characters) => characters.alphabet.bytes,
        other => panic!("{other:?}"),
    };
    // Each of the first 15 strings is a length and one byte; `é` is a length and two.
    let last_ascii = 2 * 14;
    let error = refusal_with_element(&file, bytes, last_ascii + 3, b"vw");
    assert_eq!(error, invalid(Field::Vocabulary, count, 15));
    assert_eq!(refusal_with_element(&file, bytes, last_ascii + 1, b"t"), invalid(Field::VocabularyOrder, count, 14));
    assert_eq!(refusal_with_element(&file, bytes, last_ascii + 1, &[0xFF]), invalid(Field::Vocabulary, count, 14));
}

#[test]
fn an_input_of_another_kind_than_the_tensors_is_refused() {
    let file = one_layer(Precision::F32, Cell::Gru, Step::Word);
    let Input::Words(words) = Parts::of(&file).manifest.input else { panic!("no words") };
    let characters =
        CharacterInput { rule: CharacterRule::Lowercase, alphabet: words.vocabulary, vectors: words.vectors };
    let with = |input: Input| refusal_with(&file, |manifest| manifest.input = input);
    // The second word, `20`, is two characters.
    assert_eq!(with(Input::Characters(characters)), invalid(Field::Vocabulary, WORDS.len(), 1));
    let elements = |step: Step| step.token_count() * EMBEDDING_SIZE;
    let expected = invalid(Field::TensorLength, elements(Step::Byte), elements(Step::Word));
    assert_eq!(with(Input::Bytes(words.vectors)), expected);
    let hashed = HashedWordInput { rule: words.rule, buckets: BUCKETS, vectors: words.vectors };
    let expected = invalid(Field::TensorLength, elements(Step::HashedWord), elements(Step::Word));
    assert_eq!(with(Input::HashedWords(hashed)), expected);
}
