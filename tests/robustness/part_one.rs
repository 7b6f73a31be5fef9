//! Parts one and tensors that can not be, in files whose checksums are right.

use runtime::format::{Direction, PartOne, Pooling, Precision, Thresholds, Tokens, Vectors};
use runtime::{Error, Field, Model, Part};
use trainer::export::ModelFile;
use trainer::network::Cell;

use crate::fixture::{
    EMBEDDING_SIZE, HIDDEN_SIZE, LABELS, PRECISIONS, Step, Variant, WORDS, exercise, export_with, field, invalid,
    is_of_tensors, kinds, model, owned, refusal, refusal_with, refusal_with_element, text, two_layers, variants,
    weights, words,
};
use crate::tensors::{Parts, Pieces};

/// The names of a file's tensors.
fn names(variant: Variant) -> Vec<String> {
    Parts::of(&model(variant)).tensors.into_iter().map(|tensor| tensor.name).collect()
}

/// A file of each kind in each precision, and what it is.
fn files() -> impl Iterator<Item = (Variant, ModelFile)> {
    PRECISIONS.into_iter().flat_map(kinds).map(|variant| (variant, model(variant)))
}

#[test]
fn these_tests_know_where_each_tensor_lies() {
    for variant in variants() {
        let file = model(variant);
        assert!(Parts::of(&file).assemble().bytes() == file.bytes(), "{variant:?}");
        assert!(Pieces::of(&file).assemble().bytes() == file.bytes(), "{variant:?}");
    }
    // Words with an index, embedding; two matrices, bias and, for int8, multipliers of each layer; labels, head.
    let count = |variant| names(variant).len();
    let words = PRECISIONS.map(|precision| count(Variant { num_layers: 2, ..Variant::new(precision) }));
    assert_eq!(words, [2 + 1 + 2 * 4 + 4, 2 + 1 + 2 * 3 + 3, 2 + 1 + 2 * 3 + 3]);
    let int8 =
        |step, bidirectional| count(Variant { step, bidirectional, num_layers: 2, ..Variant::new(Precision::Int8) });
    assert_eq!(int8(Step::Word, true), 3 + 4 * 4 + 4);
    assert_eq!(int8(Step::OneHotWord, true), 2 + 4 * 4 + 4, "a table in each direction of the first layer");
    assert_eq!(int8(Step::Frame, false), 2 + 2 * 4 + 4);
    assert_eq!(int8(Step::Window, false), 3 + 2 * 4 + 4);
    assert_eq!(int8(Step::Byte, false), 1 + 2 * 4 + 4);
    assert_eq!(int8(Step::FingerprintedWord, false), 3 + 1 + 2 * 4 + 4);
}

#[test]
fn tensors_that_end_elsewhere_are_refused() {
    for (variant, file) in files() {
        let pieces = Pieces::of(&file);
        let ends = Parts::of(&file).ends();
        let area = pieces.tensors.len();
        let of_length = |length: usize| {
            let mut pieces = pieces.clone();
            pieces.tensors.resize(length, 0);
            refusal(&pieces.assemble())
        };
        assert_eq!(of_length(area), None, "{variant:?}");
        for more in [1, 2, 3, 4, 16, 100] {
            assert_eq!(of_length(area + more), invalid(Field::Tensors, area, area + more), "{variant:?}");
        }
        for length in ends.iter().flat_map(|end| [end - 1, end.next_multiple_of(4).min(area)]).chain([0, 1]) {
            let due = ends.iter().find(|end| **end > length);
            let expected = due.and_then(|due| invalid(Field::Tensors, *due, length));
            assert_eq!(of_length(length), expected, "{variant:?}, {length} of {area} bytes");
        }
    }
}

#[test]
fn a_tensor_more_or_less_than_part_one_says_is_refused() {
    for (variant, file) in files() {
        for number in 0..Parts::of(&file).tensors.len() {
            let mut without = Parts::of(&file);
            let tensor = without.tensors.remove(number);
            let error = refusal(&without.assemble());
            assert!(error.is_some() && refused_as_tensors(error), "{variant:?} without {}: {error:?}", tensor.name);
            let mut twice = Parts::of(&file);
            twice.tensors.insert(number, tensor);
            let error = refusal(&twice.assemble());
            assert!(refused_as_tensors(error), "{variant:?}, twice {}: {error:?}", twice.tensors[number].name);
        }
    }
}

/// Whether a file is refused for numbers that are taken for others.
fn refused_as_tensors(error: Option<Error>) -> bool {
    let of_frames = [Field::FrameUnit, Field::ChannelZero, Field::ChannelScale, Field::ChannelPreShift];
    is_of_tensors(error) || field(error).is_some_and(|field| of_frames.contains(&field) || field == Field::ChannelShift)
}

#[test]
fn numbers_of_other_bits_than_the_precision_has_are_refused() {
    for (variant, file) in files() {
        let (right, can_be): (usize, &[u8]) = match variant.precision {
            Precision::F32 => (32, &[32]),
            Precision::F16 => (16, &[16]),
            Precision::Int8 => (8, &[8, 4]),
        };
        let is_embedded = !variant.step.is_of_frames() && variant.step != Step::OneHotWord;
        let places = if is_embedded { variant.num_layers + 1 } else { variant.num_layers };
        for place in 0..places {
            for bits in [0, 1, 2, 3, 4, 7, 8, 9, 16, 31, 32, 64, 255] {
                let mut parts = Parts::of(&file);
                let found = match parts.part_one.layers.get_mut(place) {
                    Some(layer) => &mut layer.bits,
                    None => match &mut text(&mut parts.part_one).vectors {
                        Vectors::Embedding { bits, .. } => bits,
                        Vectors::OneHot => panic!("an embedding"),
                    },
                };
                let is_right = std::mem::replace(found, bits) == bits;
                let error = refusal(&parts.assemble());
                if can_be.contains(&bits) {
                    assert!(if is_right { error.is_none() } else { is_of_tensors(error) }, "{variant:?}: {error:?}");
                } else {
                    // A table of one-hot tokens, which comes first, has 8 bits at least.
                    let is_float = variant.precision != Precision::Int8;
                    let is_table = is_float && variant.step == Step::OneHotWord && place == 0;
                    let found = if is_table { bits.max(8) } else { bits };
                    assert_eq!(error, invalid(Field::Bits, right, found.into()), "{variant:?}, {place}");
                }
            }
        }
    }
}

#[test]
fn layers_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        let file = two_layers(precision);
        let with = |change: fn(&mut PartOne)| refusal_with(&file, change);
        assert_eq!(with(|part_one| part_one.layers.clear()), invalid(Field::LayerCount, 1, 0));
        assert_eq!(with(|part_one| part_one.heads.clear()), invalid(Field::HeadCount, 1, 0));
        for layer in [0, 1] {
            for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
                let error = refusal_with(&file, |part_one| part_one.layers[layer].hidden_size = found);
                assert_eq!(error, invalid(Field::HiddenSize, expected, found.into()));
            }
            let error = refusal_with(&file, |part_one| part_one.layers[layer].hidden_size = 16_384);
            assert_eq!(field(error), Some(Field::Tensors));
            for wrong in [1, 7, 9] {
                let error = refusal_with(&file, |part_one| part_one.layers[layer].hidden_size = wrong);
                assert!(is_of_tensors(error), "{error:?}");
            }
        }
        let bits = if precision == Precision::Int8 { 8 } else { 8 * Parts::of(&file).tensor("vectors").size as u8 };
        let of_size = |size| refusal_with(&file, |part_one| text(part_one).vectors = Vectors::Embedding { size, bits });
        for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
            assert_eq!(of_size(found), invalid(Field::InputSize, expected, found.into()));
        }
        assert_eq!(field(of_size(16_384)), Some(Field::Tensors));
        assert_eq!(of_size(EMBEDDING_SIZE as u16), None);
        assert!([1, 5, 7, 12].map(of_size).into_iter().all(is_of_tensors));
    }
}

#[test]
fn more_layers_or_heads_than_a_model_can_have_are_refused() {
    let file = two_layers(Precision::Int8);
    let PartOne { input, max_steps, pad_to, layers, heads } = Parts::of(&file).part_one;
    let with = |layer_count: usize, head_count: usize| {
        let (layers, heads) = (vec![layers[1]; layer_count], vec![heads[0]; head_count]);
        let part_one = postcard::to_stdvec(&(input, max_steps, pad_to, layers, heads)).unwrap();
        refusal(&Pieces { part_one, ..Pieces::of(&file) }.assemble())
    };
    assert_eq!(with(2, 1), None);
    // Four can be read: there are no weights for them.
    assert!(is_of_tensors(with(4, 1)));
    assert_eq!([with(5, 1), with(100, 1), with(2, 2)], [Some(Error::Unreadable { part: Part::One }); 3]);
}

#[test]
fn fewer_layers_or_another_pooling_than_the_capacity_was_made_for_are_refused() {
    let file = two_layers(Precision::Int8);
    let right = runtime::required_capacity(file.bytes());
    let mut parts = Parts::of(&file);
    parts.part_one.layers.truncate(1);
    parts.tensors.retain(|tensor| !tensor.name.starts_with("1."));
    // Of [x; h], c and h: those that run, and a copy that answers are computed on.
    assert_eq!(refusal(&parts.assemble()), invalid(Field::Capacity, right - 2 * (4 + 4 + 4), right));
    let error = refusal_with(&file, |part_one| part_one.heads[0].pooling = Pooling::Last);
    assert_eq!(error, invalid(Field::Capacity, right - 2 * HIDDEN_SIZE, right));
}

#[test]
fn any_limit_of_a_streaming_model_is_accepted() {
    for variant in variants().into_iter().filter(|variant| !variant.bidirectional) {
        for max_steps in [0, 5, 65_535, 65_536, u32::MAX] {
            let file = model(variant);
            assert_eq!(refusal_with(&file, |part_one| part_one.max_steps = max_steps), None, "{variant:?}");
        }
    }
}

/// The direction with this number of a part one: both of each layer.
fn direction(part_one: &mut PartOne, number: usize) -> &mut Direction {
    let layer = &mut part_one.layers[number / 2];
    if number.is_multiple_of(2) { &mut layer.forward } else { layer.reverse.as_mut().unwrap() }
}

#[test]
fn shifts_and_fraction_bits_of_float_models_are_refused() {
    for precision in [Precision::F16, Precision::F32] {
        let file = model(crate::fixture::both_directions(Cell::Lstm, precision));
        for number in 0..4 {
            for found in [1, 15, 255] {
                let error = refusal_with(&file, |part_one| direction(part_one, number).accumulator_shift = found);
                assert_eq!(error, invalid(Field::AccumulatorShift, 0, found.into()));
                let error = refusal_with(&file, |part_one| direction(part_one, number).state_fraction_bits = found);
                assert_eq!(error, invalid(Field::StateFractionBits, 0, found.into()));
                let error = refusal_with(&file, |part_one| part_one.heads[0].accumulator_shift = found);
                assert_eq!(error, invalid(Field::AccumulatorShift, 0, found.into()));
            }
        }
    }
}

#[test]
fn shifts_and_fraction_bits_beyond_their_range_are_refused() {
    let file = model(crate::fixture::both_directions(Cell::Lstm, Precision::Int8));
    for number in 0..4 {
        for found in [16, 31, 32, 255] {
            let error = refusal_with(&file, |part_one| direction(part_one, number).accumulator_shift = found);
            assert_eq!(error, invalid(Field::AccumulatorShift, 15, found.into()));
            let error = refusal_with(&file, |part_one| direction(part_one, number).state_fraction_bits = found);
            assert_eq!(error, invalid(Field::StateFractionBits, 15, found.into()));
        }
        let error = refusal_with(&file, |part_one| direction(part_one, number).accumulator_shift = 15);
        assert_eq!(field(error), Some(Field::AccumulatorRange));
    }
    for found in [16, 31, 32, 255] {
        let error = refusal_with(&file, |part_one| part_one.heads[0].accumulator_shift = found);
        assert_eq!(error, invalid(Field::AccumulatorShift, 15, found.into()));
    }
    let error = refusal_with(&file, |part_one| part_one.heads[0].accumulator_shift = 15);
    assert_eq!(field(error), Some(Field::AccumulatorRange));
}

#[test]
fn multipliers_that_are_not_positive_are_refused() {
    let file = model(crate::fixture::both_directions(Cell::Gru, Precision::Int8));
    let tensors = names(crate::fixture::both_directions(Cell::Gru, Precision::Int8));
    let tensors: Vec<&String> = tensors.iter().filter(|name| name.ends_with("multipliers")).collect();
    assert_eq!(tensors.len(), 5);
    for tensor in tensors {
        for (element, wrong) in [(0, 0_i16), (2, -1), (1, i16::MIN)] {
            let error = refusal_with_element(&file, tensor, element, &wrong.to_le_bytes());
            assert_eq!(error, invalid(Field::Multiplier, 1, 0), "{tensor}");
        }
    }
}

#[test]
fn temperatures_and_thresholds_that_can_not_be_are_refused() {
    for (variant, file) in files() {
        let with = |change: &dyn Fn(&mut PartOne)| refusal_with(&file, change);
        assert_eq!(with(&|part_one| part_one.heads[0].inverse_temperature = 0), invalid(Field::Temperature, 1, 0));
        for right in [1, 4_095, u16::MAX] {
            assert_eq!(with(&|part_one| part_one.heads[0].inverse_temperature = right), None);
        }
        let threshold = |value| with(&move |part_one| part_one.heads[0].thresholds = Thresholds::One(value));
        assert_eq!([threshold(0), threshold(32_768)], [None; 2]);
        for wrong in [32_769, u16::MAX] {
            assert_eq!(threshold(wrong), invalid(Field::Threshold, 32_768, wrong.into()), "{variant:?}");
        }
        let missing = with(&|part_one| part_one.heads[0].thresholds = Thresholds::OfClasses);
        assert_eq!(field(missing), Some(Field::Tensors));
        for class in 0..LABELS.len() {
            let mut parts = with_thresholds(&file, [0, 16_384, 32_768]);
            assert_eq!(refusal(&parts.assemble()), None);
            parts.poke("thresholds", class, &32_769_u16.to_le_bytes());
            assert_eq!(refusal(&parts.assemble()), invalid(Field::Threshold, 32_768, 32_769));
        }
    }
}

/// A file with a threshold for each class.
fn with_thresholds(file: &ModelFile, thresholds: [u16; LABELS.len()]) -> Parts {
    let mut parts = Parts::of(file);
    parts.part_one.heads[0].thresholds = Thresholds::OfClasses;
    let bytes = thresholds.map(u16::to_le_bytes).concat();
    parts.tensors.push(crate::tensors::Tensor { name: "thresholds".into(), size: 2, bytes });
    parts
}

#[test]
fn an_answer_is_accepted_from_its_threshold_on() {
    for (variant, file) in files() {
        let answer = |file: &ModelFile| {
            let model = Model::parse(file.bytes()).unwrap();
            let mut classifier = runtime::Classifier::<4096>::new(&model).unwrap();
            classifier.push_text("turn the lamp on");
            (0..20).for_each(|_| {
                let _taken = classifier.push_frame(&vec![3; model.channels()]);
            });
            let prediction = classifier.predict();
            (prediction.class, prediction.probability.q15(), prediction.accepted)
        };
        let (class, probability, accepted) = answer(&file);
        assert!(accepted, "{variant:?}");
        // No threshold is above certainty.
        let thresholds = [(0, true), (probability, true), (probability + 1, false)];
        for (threshold, accepted) in thresholds.into_iter().filter(|(threshold, _)| *threshold <= 32_768) {
            let mut parts = Parts::of(&file);
            parts.part_one.heads[0].thresholds = Thresholds::One(threshold);
            assert_eq!(answer(&parts.assemble()), (class, probability, accepted), "{variant:?}");
            for others in [0, 32_768] {
                let mut thresholds = [others; LABELS.len()];
                thresholds[class] = threshold;
                let file = with_thresholds(&file, thresholds).assemble();
                assert_eq!(answer(&file), (class, probability, accepted), "{variant:?}");
            }
        }
    }
}

#[test]
fn every_damage_of_the_string_tables_is_refused() {
    let file = two_layers(Precision::F16);
    let element = |tensor: &str, element: usize, bytes: &[u8]| refusal_with_element(&file, tensor, element, bytes);
    let (labels, vocabulary) = ("labels.bytes", "words.bytes");
    // `off`, `on`, `wärmer`: their lengths are at 0, 4 and 7.
    assert_eq!(element(labels, 0, &[255]), invalid(Field::Labels, 3, 0));
    assert_eq!(element(labels, 7, &[8]), invalid(Field::Labels, 3, 2));
    assert_eq!(element(labels, 7, &[6]), invalid(Field::Labels, 15, 14));
    assert_eq!(element(labels, 2, &[0xFF]), invalid(Field::Labels, 3, 0));
    assert_eq!(element(labels, 9, b"a"), invalid(Field::Labels, 3, 2));
    // `0`, `20`, `a`: their lengths are at 0, 2 and 5. The index has the places of words 16 and 32.
    assert_eq!(element("words.index", 0, &[0]), invalid(Field::Vocabulary, 40, 16));
    assert_eq!(element("words.index", 0, &[0xFF; 4]), invalid(Field::Vocabulary, 40, 16));
    assert_eq!(element("words.index", 1, &[0xFF; 4]), invalid(Field::Vocabulary, 40, 32));
    assert_eq!(element(vocabulary, 6, &[0xC3]), invalid(Field::Vocabulary, 40, 2));
    assert_eq!(element(vocabulary, 1, b"z"), invalid(Field::VocabularyOrder, 40, 1));
    assert_eq!(element(vocabulary, 6, b"1"), invalid(Field::VocabularyOrder, 40, 2));
}

#[test]
fn string_tables_of_another_size_are_refused() {
    let file = two_layers(Precision::F32);
    let labels = |change: fn(&mut runtime::format::StringTableSize)| {
        refusal_with(&file, |part_one| change(&mut part_one.heads[0].labels))
    };
    assert_eq!(labels(|labels| labels.count = 2), invalid(Field::Labels, 15, 7));
    assert_eq!(labels(|labels| labels.count = 4), invalid(Field::Labels, 4, 3));
    // The first four bytes are then taken for an index.
    assert_eq!(field(labels(|labels| labels.count = 17)), Some(Field::Labels));
    assert_eq!(field(labels(|labels| labels.count = u32::MAX)), Some(Field::Tensors));
    assert_eq!(labels(|labels| labels.bytes -= 1), invalid(Field::Labels, 3, 2));
    assert_eq!(labels(|labels| labels.bytes += 1), invalid(Field::Labels, 16, 15));
    assert_eq!(field(labels(|labels| labels.bytes = u32::MAX)), Some(Field::Tensors));
    assert_eq!(labels(|labels| (labels.count, labels.bytes) = (0, 0)), invalid(Field::ClassCount, 1, 0));
    let vocabulary =
        |change: fn(&mut runtime::format::StringTableSize)| refusal_with(&file, |part_one| change(words(part_one)));
    assert_eq!(field(vocabulary(|words| words.count = 39)), Some(Field::Vocabulary));
    assert_eq!(vocabulary(|words| words.count = 41), invalid(Field::Vocabulary, 41, 40));
    assert_eq!(field(vocabulary(|words| words.count = u32::MAX)), Some(Field::Tensors));
    assert_eq!(field(vocabulary(|words| words.bytes = u32::MAX)), Some(Field::Tensors));
    assert!(is_of_tensors(vocabulary(|words| (words.count, words.bytes) = (0, 0))));
}

#[test]
fn a_model_that_knows_no_word_runs() {
    for precision in PRECISIONS {
        let mut parts = Parts::of(&two_layers(precision));
        let vocabulary = words(&mut parts.part_one);
        (vocabulary.count, vocabulary.bytes) = (0, 0);
        parts.tensors.retain(|tensor| !tensor.name.starts_with("words."));
        assert!(is_of_tensors(refusal(&parts.assemble())), "an embedding of words that there are not");
        let vectors = parts.tensor("vectors");
        vectors.bytes.truncate(2 * EMBEDDING_SIZE * vectors.size);
        let file = parts.assemble();
        exercise(&Model::parse(file.bytes()).unwrap(), &[0, 1, 2, 40], b"turn the lamp on");
    }
}

#[test]
fn versions_of_unicode_and_rules_that_are_not_known_are_refused() {
    for (variant, file) in files() {
        let Pieces { part_one, .. } = Pieces::of(&file);
        let found = postcard::from_bytes::<PartOne>(&part_one).unwrap();
        let runtime::format::Input::Text(found) = found.input else { continue };
        if found.tokens == Tokens::Bytes {
            continue;
        }
        let right = found.tokens.unicode();
        // The input, its tokens, the rule, the version.
        assert_eq!((part_one[0], part_one[3]), (0, right), "{variant:?}");
        for wrong in (0..128).filter(|wrong| *wrong != right) {
            let mut part_one = part_one.clone();
            part_one[3] = wrong;
            let error = refusal(&Pieces { part_one, ..Pieces::of(&file) }.assemble());
            assert_eq!(error, invalid(Field::Unicode, right.into(), wrong.into()), "{variant:?}");
        }
        let last_rule = if variant.step == Step::Character { 0 } else { 2 };
        for wrong in last_rule + 1..128 {
            let mut part_one = part_one.clone();
            part_one[2] = wrong;
            let error = refusal(&Pieces { part_one, ..Pieces::of(&file) }.assemble());
            assert_eq!(error, Some(Error::Unreadable { part: Part::One }), "{variant:?}");
        }
    }
}

#[test]
fn a_vocabulary_that_is_not_sorted_or_has_a_word_twice_can_not_be_exported() {
    let variant = Variant::new(Precision::Int8);
    let exported = |change: fn(&mut Vec<String>)| {
        let mut vocabulary = owned(&WORDS);
        change(&mut vocabulary);
        match export_with(variant, &vocabulary, &weights(variant, 3)) {
            Err(trainer::Error::Export(error)) => Some(error),
            _ => None,
        }
    };
    assert_eq!(exported(|words| words.swap(20, 21)), invalid(Field::VocabularyOrder, 40, 21));
    assert_eq!(exported(|words| words[16] = words[15].clone()), invalid(Field::VocabularyOrder, 40, 16));
    assert_eq!(exported(|words| words.rotate_left(1)), invalid(Field::VocabularyOrder, 40, 39));
}

/// Files of every cell, direction and input whose part one is tried byte by byte.
fn files_to_damage() -> Vec<ModelFile> {
    let tried = |variant: &Variant| match variant.precision {
        Precision::Int8 => true,
        // What differs is that there are no scales.
        Precision::F16 | Precision::F32 => variant.num_layers == 2 && variant.bidirectional,
    };
    let files = PRECISIONS.into_iter().flat_map(kinds).filter(tried).map(model);
    PRECISIONS.map(two_layers).into_iter().chain(files).collect()
}

#[test]
fn a_part_one_with_any_byte_replaced_is_refused_or_runs() {
    for file in files_to_damage() {
        let right = Pieces::of(&file);
        let mut refused = 0;
        for position in 0..right.part_one.len() {
            for wrong in (0..=u8::MAX).filter(|wrong| *wrong != right.part_one[position]) {
                let mut pieces = right.clone();
                pieces.part_one[position] = wrong;
                let is_refused = refusal(&pieces.assemble()).is_some();
                refused += usize::from(is_refused);
                // Another capacity may be all that is wrong: a program that writes files asks for the right one.
                if let Some(file) = pieces.with_right_capacity() {
                    exercise(&Model::parse(file.bytes()).unwrap(), &[0, 1, 2, 40, 41, 42], b"turn the lamp on");
                }
            }
        }
        let tried = right.part_one.len() * 255;
        // What is accepted: limits of steps, temperatures, fraction bits, seeds, strides.
        assert!(refused * 10 > tried * 6, "{:?}: {refused} of {tried}", Parts::of(&file).part_one);
    }
}
