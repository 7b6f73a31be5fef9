//! Tables of strings that cannot be, and rules and versions of Unicode that are not known.

use super::exercise::exercise;
use super::refusal::{field, invalid, is_of_tensors, model, refusal, refusal_with, refusal_with_element, words};
use crate::common::{
    EMBEDDING_SIZE, InputSpec, MANY_CHARACTERS, PRECISIONS, Spec, WORD_RULES, one_layer, two_layers, variants,
};
use runtime::format::{Cell, Input, Precision, StringTableSize, Tokens};
use runtime::{Error, Field, Part};

#[test]
fn every_damage_of_the_string_tables_is_refused() {
    let file = model(&two_layers(Precision::F16));
    let element = |tensor: &str, element: usize, bytes: &[u8]| refusal_with_element(&file, tensor, element, bytes);
    let (labels, vocabulary) = ("labels.bytes", "words.bytes");
    // `off`, `on`, `wärmer`: their lengths are at 0, 4 and 7.
    assert_eq!(element(labels, 0, &[255]), invalid(Field::Labels, 3, 0));
    // A length that is not ASCII would begin a character of two bytes with what follows it.
    assert_eq!(element(labels, 0, &[0xC3, 0xA9]), invalid(Field::Labels, 3, 0));
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
    let file = model(&two_layers(Precision::F32));
    let labels =
        |change: fn(&mut StringTableSize)| refusal_with(&file, |part_one| change(&mut part_one.heads[0].labels));
    assert_eq!(labels(|labels| labels.count = 2), invalid(Field::Labels, 15, 7));
    assert_eq!(labels(|labels| labels.count = 4), invalid(Field::Labels, 4, 3));
    // The first four bytes are then taken for an index.
    assert_eq!(field(labels(|labels| labels.count = 17)), Some(Field::Labels));
    assert_eq!(field(labels(|labels| labels.count = u32::MAX)), Some(Field::Tensors));
    assert_eq!(labels(|labels| labels.bytes -= 1), invalid(Field::Labels, 3, 2));
    assert_eq!(labels(|labels| labels.bytes += 1), invalid(Field::Labels, 16, 15));
    assert_eq!(field(labels(|labels| labels.bytes = u32::MAX)), Some(Field::Tensors));
    assert_eq!(labels(|labels| (labels.count, labels.bytes) = (0, 0)), invalid(Field::ClassCount, 1, 0));
    let vocabulary = |change: fn(&mut StringTableSize)| refusal_with(&file, |part_one| change(words(part_one)));
    assert_eq!(field(vocabulary(|words| words.count = 39)), Some(Field::Vocabulary));
    assert_eq!(vocabulary(|words| words.count = 41), invalid(Field::Vocabulary, 41, 40));
    assert_eq!(field(vocabulary(|words| words.count = u32::MAX)), Some(Field::Tensors));
    assert_eq!(field(vocabulary(|words| words.bytes = u32::MAX)), Some(Field::Tensors));
    assert!(is_of_tensors(vocabulary(|words| (words.count, words.bytes) = (0, 0))));
}

#[test]
fn a_model_that_knows_no_word_runs() {
    for precision in PRECISIONS {
        let mut parts = model(&two_layers(precision));
        let vocabulary = words(&mut parts.part_one);
        (vocabulary.count, vocabulary.bytes) = (0, 0);
        parts.tensors.retain(|tensor| !tensor.name.starts_with("words."));
        assert!(is_of_tensors(refusal(&parts)), "an embedding of words that there are not");
        let vectors = parts.tensor("vectors");
        vectors.bytes.truncate(2 * EMBEDDING_SIZE * vectors.size);
        exercise(&parts.assemble().parse().unwrap(), &[0, 1, 2, 40], b"turn the lamp on");
    }
}

#[test]
fn an_alphabet_of_more_than_characters_is_refused() {
    let file = model(&Spec { input: InputSpec::Characters, ..one_layer(Cell::Lstm, Precision::Int8) });
    let count = MANY_CHARACTERS.len();
    let with = |element: usize, bytes: &[u8]| refusal_with_element(&file, "alphabet.bytes", element, bytes);
    // Each of the first 15 strings is a length and one byte; `é` is a length and two.
    let last_ascii = 2 * 14;
    assert_eq!(with(last_ascii + 3, b"vw"), invalid(Field::Vocabulary, count, 15));
    assert_eq!(with(last_ascii + 1, b"t"), invalid(Field::VocabularyOrder, count, 14));
    assert_eq!(with(last_ascii + 1, &[0xFF]), invalid(Field::Vocabulary, count, 14));
}

#[test]
fn versions_of_unicode_and_rules_that_are_not_known_are_refused() {
    let of_words = [InputSpec::Words, InputSpec::HashedWords, InputSpec::FingerprintedWords, InputSpec::ComposedWords];
    let with_rule = |rule| of_words.map(|input| Spec { input, rule, ..one_layer(Cell::Gru, Precision::Int8) });
    for spec in variants().into_iter().chain(WORD_RULES.into_iter().flat_map(with_rule)) {
        let file = model(&spec);
        let Input::Text(found) = file.part_one.input else { continue };
        if found.tokens == Tokens::Bytes {
            continue;
        }
        let right = found.tokens.unicode();
        let mut buffer = [0; 4096];
        let part_one = postcard::to_slice(&file.part_one, &mut buffer).unwrap();
        // The input, its tokens, the rule, the version.
        assert_eq!((part_one[0], part_one[3]), (0, right), "{spec:?}");
        for wrong in (0..=255).filter(|wrong| *wrong != right) {
            part_one[3] = wrong;
            let error = file.assemble_of(part_one).parse().err();
            assert_eq!(error, invalid(Field::Unicode, right.into(), wrong.into()), "{spec:?}");
        }
        part_one[3] = right;
        let last_rule = if spec.input == InputSpec::Characters { 0 } else { 2 };
        for wrong in last_rule + 1..128 {
            part_one[2] = wrong;
            let error = file.assemble_of(part_one).parse().err();
            assert_eq!(error, Some(Error::Unreadable { part: Part::One }), "{spec:?}");
        }
    }
}
