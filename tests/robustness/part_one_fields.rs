//! Fields of a part one that do not fit the others: inputs, directions, padding, cells, sizes beyond all bounds.

use runtime::format::{
    self, CharacterRule, FloatChannel, Frames, Input, IntegerChannel, PartOne, Precision, StringTableSize, Text,
    Tokens, UNICODE_VERSION, Vectors, WordSplit,
};
use runtime::{Classifier, Error, Field, Model};
use serde_json::json;
use trainer::encoding::WordRule;
use trainer::export::{ExportedInput, ExportedNetwork, ModelFile, PartTwo, export};
use trainer::network::{Cell, Pooling};
use trainer::quantize::Ranges;
use trainer::weights::{DirectionWeights, LayerWeights, Matrix, NetworkWeights};

use crate::fixture::{
    BUCKETS, CELLS, CHANNELS, HIDDEN_SIZE, LABELS, MAX_LENGTH, PRECISIONS, Step, Variant, WORDS, both_directions,
    field, frame_input, invalid, is_of_tensors, model, owned, refusal, refusal_with, refusal_with_element, text,
    two_layers,
};
use crate::tensors::Parts;

/// One layer of a cell over a step.
fn one_layer(precision: Precision, cell: Cell, step: Step) -> ModelFile {
    model(Variant { cell, step, ..Variant::new(precision) })
}

#[test]
fn vectors_of_another_kind_than_the_weights_are_refused() {
    for precision in PRECISIONS {
        let embedded = one_layer(precision, Cell::Lstm, Step::Word);
        let error = refusal_with(&embedded, |part_one| text(part_one).vectors = Vectors::OneHot);
        assert!(is_of_tensors(error), "{error:?}");
        let one_hot = one_layer(precision, Cell::Lstm, Step::OneHotWord);
        let bits = Parts::of(&one_hot).part_one.layers[0].bits;
        let error = refusal_with(&one_hot, |part_one| text(part_one).vectors = Vectors::Embedding { size: 6, bits });
        assert!(is_of_tensors(error), "{error:?}");
        // More tokens than a row of 16 bits can be for, with or without weights.
        let hashed = one_layer(precision, Cell::Lstm, Step::HashedWord);
        let with = |number: u32| {
            refusal_with(&hashed, |part_one| {
                text(part_one).vectors = Vectors::OneHot;
                *buckets(part_one) = number;
            })
        };
        assert_eq!(with(65_534), invalid(Field::InputSize, 65_535, 65_536));
        assert_eq!(field(with(65_533)), Some(Field::Tensors));
    }
}

/// The buckets of a part one.
fn buckets(part_one: &mut PartOne) -> &mut u32 {
    match &mut text(part_one).tokens {
        Tokens::HashedWords { buckets, .. } => buckets,
        other => panic!("{other:?}"),
    }
}

#[test]
fn steps_that_can_not_be_kept_are_refused() {
    for precision in PRECISIONS {
        let file = model(both_directions(Cell::Gru, precision));
        for (found, expected) in [(0, 1), (65_536, 65_535), (u32::MAX, 65_535)] {
            let error = refusal_with(&file, |part_one| part_one.max_steps = found);
            assert_eq!(error, invalid(Field::MaxSteps, expected, found as usize));
        }
        let streaming = two_layers(precision);
        assert_eq!(refusal_with(&streaming, |part_one| part_one.max_steps = 0), None);
        let error = refusal_with(&streaming, |part_one| {
            part_one.max_steps = 0;
            part_one.layers[1].reverse = Some(part_one.layers[1].forward);
        });
        assert_eq!(error, invalid(Field::MaxSteps, 1, 0));
    }
}

#[test]
fn a_direction_too_many_or_too_few_does_not_fit_the_tensors() {
    for precision in PRECISIONS {
        let file = model(both_directions(Cell::RnnTanh, precision));
        for layer in [0, 1] {
            let error = refusal_with(&two_layers(precision), |part_one| {
                part_one.layers[layer].reverse = Some(part_one.layers[layer].forward);
            });
            assert!(is_of_tensors(error), "{error:?}");
            let error = refusal_with(&file, |part_one| part_one.layers[layer].reverse = None);
            assert!(is_of_tensors(error), "{error:?}");
        }
        // Without the tensors of the direction the layer above, or the head, has more columns than are below.
        for layer in ["0.", "1."] {
            let mut parts = Parts::of(&file);
            parts.part_one.layers[usize::from(layer == "1.")].reverse = None;
            parts.tensors.retain(|tensor| tensor.name.strip_prefix(layer).is_none_or(|name| !name.starts_with("rev")));
            assert!(is_of_tensors(refusal(&parts.assemble())), "{layer}");
        }
    }
}

#[test]
fn a_cell_with_the_weights_of_another_is_refused() {
    let cells = [format::Cell::Lstm, format::Cell::Gru, format::Cell::RnnTanh, format::Cell::RnnRelu];
    for precision in PRECISIONS {
        for (written, right) in CELLS.into_iter().zip(cells) {
            let file = one_layer(precision, written, Step::Word);
            for claimed in cells.into_iter().filter(|claimed| claimed.gates() != right.gates()) {
                let error = refusal_with(&file, |part_one| part_one.layers[0].cell = claimed);
                assert!(
                    is_of_tensors(error) || field(error) == Some(Field::StateFractionBits),
                    "{claimed:?}: {error:?}"
                );
            }
        }
    }
}

#[test]
fn padding_beyond_what_there_can_be_is_refused() {
    for precision in PRECISIONS {
        for bidirectional in [false, true] {
            let padded = model(Variant { bidirectional, pad_to: MAX_LENGTH, ..Variant::new(precision) });
            for found in [MAX_LENGTH + 1, 1_024, 65_535] {
                let error = refusal_with(&padded, |part_one| part_one.pad_to = found as u16);
                assert_eq!(error, invalid(Field::PadTo, MAX_LENGTH, found));
            }
            assert_eq!(refusal_with(&padded, |part_one| part_one.pad_to = 1), None);
            for step in [Step::Frame, Step::Window] {
                let file = model(Variant { bidirectional, step, ..Variant::new(precision) });
                assert_eq!(refusal_with(&file, |part_one| part_one.pad_to = 1), invalid(Field::PadTo, 0, 1));
            }
        }
        // An answer costs a step for each: there is a bound where sequences have none.
        let padded = model(Variant { pad_to: 5, ..Variant::new(precision) });
        for max_steps in [0, 1_025, u32::MAX] {
            let with = |pad_to: u16| {
                refusal_with(&padded, |part_one| (part_one.max_steps, part_one.pad_to) = (max_steps, pad_to))
            };
            assert_eq!(with(1_024), None);
            assert_eq!(with(1_025), invalid(Field::PadTo, 1_024, 1_025));
            assert_eq!(with(u16::MAX), invalid(Field::PadTo, 1_024, u16::MAX.into()));
        }
    }
}

#[test]
fn padding_that_the_capacity_was_not_made_for_is_refused() {
    let words = |step, pad_to: usize| {
        let variant = Variant { step, pad_to, ..Variant::new(Precision::Int8) };
        runtime::required_capacity(model(variant).bytes())
    };
    // The states twice: [x; h] 16 bytes, c and h 8 halves each, and 8 words of the maximum.
    assert_eq!(words(Step::Byte, 5), words(Step::Byte, 0) + 4 + 4 + 4 + 8);
    assert_eq!(words(Step::Word, 5), words(Step::Word, 0), "a word may have begun in any case");
    let file = one_layer(Precision::Int8, Cell::Lstm, Step::Byte);
    let error = refusal_with(&file, |part_one| part_one.pad_to = 5);
    assert_eq!(error, invalid(Field::Capacity, words(Step::Byte, 5), words(Step::Byte, 0)));
}

#[test]
fn buckets_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        let file = one_layer(precision, Cell::Gru, Step::HashedWord);
        let with = |number: u32| refusal_with(&file, |part_one| *buckets(part_one) = number);
        assert_eq!(with(0), invalid(Field::Buckets, 1, 0));
        for found in [(1 << 24) + 1, u32::MAX] {
            assert_eq!(with(found), invalid(Field::Buckets, 1 << 24, found as usize));
        }
        assert_eq!(field(with(1 << 24)), Some(Field::Tensors));
        assert!([BUCKETS - 1, BUCKETS + 1].map(with).into_iter().all(is_of_tensors));
    }
}

#[test]
fn channels_and_steps_of_frames_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        for step in [Step::Frame, Step::Window] {
            let file = one_layer(precision, Cell::Gru, step);
            let with = |change: &dyn Fn(&mut Frames)| refusal_with(&file, |part_one| change(frame_input(part_one)));
            for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
                assert_eq!(with(&|frames| frames.channels = found), invalid(Field::Channels, expected, found.into()));
            }
            let wrong = [CHANNELS - 1, CHANNELS + 1].map(|found| with(&|frames| frames.channels = found as u16));
            assert!(wrong.into_iter().all(|error| error.is_some()), "{wrong:?}");
            let per_frame = Frames { channels: CHANNELS as u16, ..*frame_input(&mut Parts::of(&file).part_one) };
            let most = 16_384 / per_frame.values_of_a_frame();
            for (found, expected) in [(0, 1), (most as u16 + 1, most), (u16::MAX, most)] {
                let error = with(&|frames| frames.frames_per_step = found);
                assert_eq!(error, invalid(Field::FramesPerStep, expected, found.into()));
            }
            assert_eq!(field(with(&|frames| frames.frames_per_step = most as u16)), Some(Field::Tensors));
            assert!(is_of_tensors(with(&|frames| frames.frames_per_step += 1)));
            for (found, expected) in [(0, 1), (1_025, 1_024), (u16::MAX, 1_024)] {
                let error = with(&|frames| frames.frame_stride = found);
                assert_eq!(error, invalid(Field::FrameStride, expected, found.into()));
            }
            assert!(with(&|frames| frames.has_differences = !frames.has_differences).is_some());
            assert!(with(&|frames| frames.has_one_unit = !frames.has_one_unit).is_some());
        }
        // Steps of several frames need room for them.
        let file = one_layer(precision, Cell::Gru, Step::Frame);
        let right = runtime::required_capacity(file.bytes());
        let kept = if precision == Precision::Int8 { CHANNELS.div_ceil(4) } else { CHANNELS };
        let error = refusal_with(&file, |part_one| frame_input(part_one).frame_stride = 2);
        assert_eq!(error, invalid(Field::Capacity, right + kept, right));
    }
}

#[test]
fn units_of_frames_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        for (step, channels) in [(Step::Frame, 1), (Step::Window, CHANNELS)] {
            let file = one_layer(precision, Cell::Gru, step);
            for channel in 0..channels {
                let with = |unit: f32| refusal_with_element(&file, "units", channel, &unit.to_le_bytes());
                assert_eq!(with(0.0), invalid(Field::FrameUnit, 1, 0));
                for unit in [f32::NAN, f32::INFINITY, -1.0, -0.0] {
                    assert_eq!(with(unit), invalid(Field::FrameUnit, 0x7F7F_FFFF, unit.to_bits() as usize), "{unit}");
                }
                assert_eq!([f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)].map(with), [None; 3]);
            }
        }
    }
}

/// The refusal of a file with other numbers of a channel, which are written from the start of its element.
fn refusal_with_channel(file: &ModelFile, tensor: &str, channel: usize, numbers: &[&[u8]]) -> Option<Error> {
    refusal_with_element(file, tensor, channel, &numbers.concat())
}

#[test]
fn numbers_of_channels_and_differences_beyond_their_range_are_refused() {
    let places = [(Step::Frame, "channels"), (Step::Window, "channels"), (Step::Window, "differences")];
    for (step, tensor) in places {
        let file = one_layer(Precision::Int8, Cell::RnnTanh, step);
        for channel in [0, 3, CHANNELS - 1] {
            let with = |channel_numbers: IntegerChannel| {
                let IntegerChannel { zero, scale, pre_shift, shift } = channel_numbers;
                let numbers: [&[u8]; 3] = [&zero.to_le_bytes(), &scale.to_le_bytes(), &[pre_shift, shift]];
                refusal_with_channel(&file, tensor, channel, &numbers)
            };
            let right = IntegerChannel { zero: i32::MIN, scale: 16_383, pre_shift: 31, shift: 30 };
            assert_eq!([with(right), with(IntegerChannel { scale: 1, pre_shift: 0, shift: 0, ..right })], [None; 2]);
            for (found, expected) in [(0_i16, 1), (-1, 1), (i16::MIN, 1), (16_384, 16_383), (i16::MAX, 16_383)] {
                let error = with(IntegerChannel { scale: found, ..right });
                assert_eq!(error, invalid(Field::ChannelScale, expected, found.max(0) as usize));
            }
            for found in [32, 63, 255] {
                let error = with(IntegerChannel { pre_shift: found, ..right });
                assert_eq!(error, invalid(Field::ChannelPreShift, 31, found.into()));
            }
            for found in [31, 32, 255] {
                assert_eq!(
                    with(IntegerChannel { shift: found, ..right }),
                    invalid(Field::ChannelShift, 30, found.into())
                );
            }
        }
        for precision in [Precision::F16, Precision::F32] {
            let file = one_layer(precision, Cell::RnnTanh, step);
            let with = |FloatChannel { zero, scale }| {
                refusal_with_channel(&file, tensor, 2, &[&f32::to_le_bytes(zero), &f32::to_le_bytes(scale)])
            };
            let right = FloatChannel { zero: f32::MAX, scale: -3.0 };
            assert_eq!(with(right), None);
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                assert_eq!(with(FloatChannel { zero: bad, ..right }), invalid(Field::ChannelZero, 0, 0));
                assert_eq!(with(FloatChannel { scale: bad, ..right }), invalid(Field::ChannelScale, 0, 0));
            }
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
                let error = refusal_with(&file(cell), |part_one| {
                    part_one.layers[layer].forward.state_fraction_bits = found;
                });
                assert_eq!(error, expected, "{cell:?}, layer {layer}");
                let error = refusal_with(&file(cell), |part_one| {
                    part_one.layers[layer].reverse.as_mut().unwrap().state_fraction_bits = found;
                });
                assert_eq!(error, expected, "{cell:?}, layer {layer} in reverse");
            }
        }
    }
}

#[test]
fn tokens_and_vectors_of_more_values_than_can_be_counted_are_refused() {
    let mut parts = Parts::of(&one_layer(Precision::Int8, Cell::Gru, Step::HashedWord));
    let area = parts.pieces().tensors.len();
    *buckets(&mut parts.part_one) = 1 << 24;
    text(&mut parts.part_one).vectors = Vectors::Embedding { size: 16_384, bits: 8 };
    assert_eq!(refusal(&parts.assemble()), invalid(Field::Tensors, u32::MAX as usize, area), "2^38 values");
    text(&mut parts.part_one).vectors = Vectors::Embedding { size: 16_384, bits: 4 };
    assert_eq!(refusal(&parts.assemble()), invalid(Field::Tensors, u32::MAX as usize, area), "2^37 bytes");
    let mut parts = Parts::of(&one_layer(Precision::F32, Cell::Lstm, Step::OneHotWord));
    let (area, start) = (parts.pieces().tensors.len(), parts.ends()[1].next_multiple_of(4));
    parts.part_one.layers[0].hidden_size = 16_384;
    let end = start + 4 * 4 * 16_384 * Step::OneHotWord.token_count();
    assert_eq!(refusal(&parts.assemble()), invalid(Field::Tensors, end, area));
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
            let error = refusal_with(&file, |part_one| part_one.max_steps = max_steps as u32);
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
    let normalization = json!({ "unit": 1.0, "mean": vec![0.0; MOST], "scale": vec![1.0; MOST] });
    let normalization = serde_json::from_value(normalization).unwrap();
    let network = ExportedNetwork {
        labels: &owned(&LABELS),
        input: ExportedInput::Frames(&normalization),
        weights: &weights,
        pooling: Pooling::Last,
        max_steps: 65_535,
        pad_to: 0,
        ranges: &Ranges { inputs: vec![1.0; MOST], states: vec![vec![1.0; 2]] },
        rounding: None,
        word_rule: WordRule::default().in_file(),
        model_version: 0,
        part_two: &PartTwo::default(),
    };
    export(&network, precision).unwrap()
}

#[test]
fn a_model_that_needs_gigabytes_is_refused_by_its_classifier_with_the_numbers() {
    for (precision, kept, rest) in [
        // Logits 3, pooled 1, [x; h] 4097, h 1.
        (Precision::Int8, 65_535 * 4_096, 3 + 1 + 4_097 + 1),
        (Precision::F16, 65_535 * 16_384, 3 + 2 + 16_385 + 1),
        (Precision::F32, 65_535 * 16_384, 3 + 2 + 16_385 + 1),
    ] {
        let file = largest_frames(precision);
        let model = Model::parse(file.bytes()).unwrap();
        assert_eq!(model.required_words(), kept + rest, "{precision}");
        let error = Classifier::<4096>::new(&model).err();
        assert_eq!(error, Some(Error::CapacityTooSmall { required: (kept + rest) as u32, available: 4096 }));
        let error = refusal_with(&file, |part_one| part_one.heads[0].pooling = format::Pooling::Max);
        assert_eq!(error, invalid(Field::Capacity, kept + rest + 2, kept + rest));
    }
}

#[test]
fn an_alphabet_of_more_than_characters_is_refused() {
    let file = one_layer(Precision::Int8, Cell::Lstm, Step::Character);
    let count = Step::Character.strings().len();
    let with = |element: usize, bytes: &[u8]| refusal_with_element(&file, "characters.bytes", element, bytes);
    // Each of the first 15 strings is a length and one byte; `é` is a length and two.
    let last_ascii = 2 * 14;
    assert_eq!(with(last_ascii + 3, b"vw"), invalid(Field::Vocabulary, count, 15));
    assert_eq!(with(last_ascii + 1, b"t"), invalid(Field::VocabularyOrder, count, 14));
    assert_eq!(with(last_ascii + 1, &[0xFF]), invalid(Field::Vocabulary, count, 14));
}

#[test]
fn an_input_of_another_kind_than_the_tensors_is_refused() {
    let file = one_layer(Precision::F32, Cell::Gru, Step::Word);
    let Input::Text(Text { tokens: Tokens::Words { split, vocabulary }, vectors }) = Parts::of(&file).part_one.input
    else {
        panic!("no words")
    };
    let with = |tokens: Tokens| refusal_with(&file, |part_one| part_one.input = Input::Text(Text { tokens, vectors }));
    assert_eq!(with(Tokens::Words { split, vocabulary }), None);
    // The second word, `20`, is two characters.
    let (rule, unicode) = (CharacterRule::Lowercase, UNICODE_VERSION);
    let characters = Tokens::Characters { rule, unicode, alphabet: vocabulary };
    assert_eq!(with(characters), invalid(Field::Vocabulary, WORDS.len(), 1));
    assert!(with(Tokens::Bytes).is_some());
    assert!(with(Tokens::HashedWords { split, buckets: BUCKETS }).is_some());
    let error = refusal_with(&file, |part_one| part_one.input = Input::Frames(Frames::single(6, true)));
    assert!(error.is_some());
    // Another rule has other words, which are as many: that is another model.
    let ascii = WordSplit::of(format::WordRule::Ascii);
    let error = with(Tokens::Words { split: ascii, vocabulary });
    assert_eq!(error, None);
    let none = StringTableSize { count: 0, bytes: 0 };
    assert!(with(Tokens::Words { split, vocabulary: none }).is_some());
}
