//! Fields of a part one that do not fit the others: inputs, padding, sizes beyond all bounds.

use super::refusal::{field, invalid, is_of_tensors, model, refusal, refusal_with, text};
use crate::common::{
    BUCKETS, GATHERED, HIDDEN_SIZE, InputSpec, LayerSpec, MANY_WORDS, MAX_STEPS, PRECISIONS, Parts, Spec, VectorSpec,
    WindowSpec, both_directions, one_layer, stack, two_layers,
};
use runtime::format::{
    Cell, CharacterRule, Frames, Input, PartOne, Pooling, Precision, StringTableSize, Text, Tokens, UNICODE_VERSION,
    Vectors, WordRule, WordSplit,
};
use runtime::{Classifier, Error, Field};

/// One layer of a cell over an input.
fn of_input(precision: Precision, cell: Cell, input: InputSpec) -> Parts {
    model(&Spec { input, ..one_layer(cell, precision) })
}

#[test]
fn vectors_of_another_kind_than_the_weights_are_refused() {
    for precision in PRECISIONS {
        let embedded = of_input(precision, Cell::Lstm, InputSpec::Words);
        let error = refusal_with(&embedded, |part_one| text(part_one).vectors = Vectors::OneHot);
        assert!(is_of_tensors(error), "{error:?}");
        let one_hot = model(&Spec { vectors: VectorSpec::OneHot, ..one_layer(Cell::Lstm, precision) });
        let bits = one_hot.part_one.layers[0].bits;
        let error = refusal_with(&one_hot, |part_one| text(part_one).vectors = Vectors::Embedding { size: 6, bits });
        assert!(is_of_tensors(error), "{error:?}");
        // More tokens than a row of 16 bits can be for, with or without weights.
        let hashed = of_input(precision, Cell::Lstm, InputSpec::HashedWords);
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
        let file = model(&both_directions(Cell::Gru, precision));
        for (found, expected) in [(0, 1), (65_536, 65_535), (u32::MAX, 65_535)] {
            let error = refusal_with(&file, |part_one| part_one.max_steps = found);
            assert_eq!(error, invalid(Field::MaxSteps, expected, found as usize));
        }
        for max_steps in [1, 65_535] {
            let parts = Parts::of(&Spec { max_steps, ..both_directions(Cell::Gru, precision) });
            assert_eq!(refusal(&parts), None);
        }
        let streaming = model(&two_layers(precision));
        assert_eq!(refusal_with(&streaming, |part_one| part_one.max_steps = 0), None);
        for (found, expected) in [(0, 1), (65_536, 65_535), (u32::MAX, 65_535)] {
            let error = refusal_with(&streaming, |part_one| {
                part_one.max_steps = found;
                part_one.layers[1].reverse = Some(part_one.layers[1].forward);
            });
            assert_eq!(error, invalid(Field::MaxSteps, expected, found as usize));
        }
    }
}

#[test]
fn padding_beyond_what_there_can_be_is_refused() {
    for precision in PRECISIONS {
        for bidirectional in [false, true] {
            let lstm = Spec { layers: stack(Cell::Lstm, 1, bidirectional), ..one_layer(Cell::Lstm, precision) };
            let padded = model(&Spec { pad_to: MAX_STEPS as u16, ..lstm.clone() });
            for found in [MAX_STEPS + 1, 1_024, 65_535] {
                let error = refusal_with(&padded, |part_one| part_one.pad_to = found as u16);
                assert_eq!(error, invalid(Field::PadTo, MAX_STEPS, found));
            }
            assert_eq!(refusal_with(&padded, |part_one| part_one.pad_to = 1), None);
            for window in [WindowSpec::SINGLE, GATHERED] {
                let file = model(&Spec { input: InputSpec::Frames, window, ..lstm.clone() });
                assert_eq!(refusal_with(&file, |part_one| part_one.pad_to = 1), invalid(Field::PadTo, 0, 1));
            }
        }
        // An answer costs a step for each: there is a bound where sequences have none.
        let padded = model(&Spec { pad_to: 5, ..one_layer(Cell::Lstm, precision) });
        for max_steps in [0, 1_025, 2_000, u32::MAX] {
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
    let padded = |input, pad_to| model(&Spec { input, pad_to, ..one_layer(Cell::Lstm, Precision::Int8) });
    let words = |input, pad_to| padded(input, pad_to).capacity.unwrap();
    // The states twice: x 6 and h 4 bytes, c and h 4 halves each, and 4 words of the maximum.
    assert_eq!(words(InputSpec::Bytes, 5), words(InputSpec::Bytes, 0) + 2 + 1 + 2 + 2 + 4);
    assert_eq!(words(InputSpec::Words, 5), words(InputSpec::Words, 0), "a word may have begun in any case");
    let error = refusal_with(&padded(InputSpec::Bytes, 0), |part_one| part_one.pad_to = 5);
    assert_eq!(error, invalid(Field::Capacity, words(InputSpec::Bytes, 5), words(InputSpec::Bytes, 0)));
}

#[test]
fn buckets_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        let file = of_input(precision, Cell::Gru, InputSpec::HashedWords);
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
fn tokens_and_vectors_of_more_values_than_can_be_counted_are_refused() {
    let mut parts = of_input(Precision::Int8, Cell::Gru, InputSpec::HashedWords);
    let area = parts.area().len();
    *buckets(&mut parts.part_one) = 1 << 24;
    text(&mut parts.part_one).vectors = Vectors::Embedding { size: 16_384, bits: 8 };
    assert_eq!(refusal(&parts), invalid(Field::Tensors, u32::MAX as usize, area), "2^38 values");
    text(&mut parts.part_one).vectors = Vectors::Embedding { size: 16_384, bits: 4 };
    assert_eq!(refusal(&parts), invalid(Field::Tensors, u32::MAX as usize, area), "2^37 bytes");
    let mut parts = model(&Spec { vectors: VectorSpec::OneHot, ..one_layer(Cell::Lstm, Precision::F32) });
    let (area, start) = (parts.area().len(), parts.ends()[1].next_multiple_of(4));
    parts.part_one.layers[0].hidden_size = 16_384;
    let end = start + 4 * 4 * 16_384 * (MANY_WORDS.len() + 2);
    assert_eq!(refusal(&parts), invalid(Field::Tensors, end, area));
}

#[test]
fn the_words_of_a_model_that_keeps_many_steps_are_counted_to_the_last() {
    for (precision, value_size) in [(Precision::Int8, 1), (Precision::F16, 4), (Precision::F32, 4)] {
        let file = model(&both_directions(Cell::Gru, precision));
        let words = |max_steps: usize| {
            let kept = (2 * max_steps).div_ceil(4);
            let outputs = (2 * HIDDEN_SIZE * max_steps * value_size).div_ceil(4);
            let right = file.capacity.unwrap();
            right - MAX_STEPS / 2 - 2 * HIDDEN_SIZE * MAX_STEPS * value_size / 4 + kept + outputs
        };
        assert_eq!(words(MAX_STEPS), file.capacity.unwrap());
        for max_steps in [1, 63, 65_535] {
            let error = refusal_with(&file, |part_one| part_one.max_steps = max_steps as u32);
            assert_eq!(error, invalid(Field::Capacity, words(max_steps), words(MAX_STEPS)), "{precision} {max_steps}");
        }
    }
}

/// A bidirectional model of one unit that keeps as many frames of as many channels as there can be.
fn largest_frames(precision: Precision) -> Spec {
    let layers = [LayerSpec::both(Cell::RnnTanh, 1, 100)];
    let input = InputSpec::Identity { channels: 16_384 };
    Spec { input, max_steps: 65_535, ..Spec::new(precision, &layers, Pooling::Last) }
}

#[test]
fn a_model_that_needs_gigabytes_is_refused_by_its_classifier_with_the_numbers() {
    for (precision, kept, rest) in [
        // Logits 3, pooled 1, [x; h] 4097, h 1.
        (Precision::Int8, 65_535 * 4_096, 3 + 1 + 4_097 + 1),
        (Precision::F16, 65_535 * 16_384, 3 + 2 + 16_385 + 1),
        (Precision::F32, 65_535 * 16_384, 3 + 2 + 16_385 + 1),
    ] {
        let parts = model(&largest_frames(precision));
        let file = parts.assemble();
        let model = file.parse().unwrap();
        assert_eq!(model.required_words(), kept + rest, "{precision}");
        let error = Classifier::new(&model, [0; 4096]).err();
        assert_eq!(error, Some(Error::CapacityTooSmall { required: (kept + rest) as u32, available: 4096 }));
        let error = refusal_with(&parts, |part_one| part_one.heads[0].pooling = Pooling::Max);
        assert_eq!(error, invalid(Field::Capacity, kept + rest + 2, kept + rest));
    }
}

#[test]
fn an_input_of_another_kind_than_the_tensors_is_refused() {
    let file = of_input(Precision::F32, Cell::Gru, InputSpec::Words);
    let Input::Text(Text { tokens: Tokens::Words { split, vocabulary }, vectors }) = file.part_one.input else {
        panic!("no words")
    };
    let with = |tokens: Tokens| refusal_with(&file, |part_one| part_one.input = Input::Text(Text { tokens, vectors }));
    assert_eq!(with(Tokens::Words { split, vocabulary }), None);
    // The second word, `20`, is two characters.
    let (rule, unicode) = (CharacterRule::Lowercase, UNICODE_VERSION);
    let characters = Tokens::Characters { rule, unicode, alphabet: vocabulary };
    assert_eq!(with(characters), invalid(Field::Vocabulary, MANY_WORDS.len(), 1));
    assert!(with(Tokens::Bytes).is_some());
    assert!(with(Tokens::HashedWords { split, buckets: BUCKETS }).is_some());
    let error = refusal_with(&file, |part_one| part_one.input = Input::Frames(Frames::single(6, true)));
    assert!(error.is_some());
    // Another rule has other words, which are as many: that is another model.
    let ascii = WordSplit::of(WordRule::Ascii);
    let error = with(Tokens::Words { split: ascii, vocabulary });
    assert_eq!(error, None);
    let none = StringTableSize { count: 0, bytes: 0 };
    assert!(with(Tokens::Words { split, vocabulary: none }).is_some());
}
