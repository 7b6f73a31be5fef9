//! Vocabularies of fingerprints, and rows that words are composed of, that cannot be.

use super::exercise::exercise;
use super::refusal::{field, invalid, is_of_tensors, model, refusal, refusal_with, refusal_with_element, text};
use crate::common::{EMBEDDING_SIZE, FINGERPRINTED, InputSpec, MANY_WORDS, Parts, SUBWORD_BUCKETS, Spec, one_layer};
use runtime::format::{Cell, FingerprintTableSize, PartOne, Precision, Tokens, Vectors};
use runtime::text::MAX_COMPOSED_ROWS;
use runtime::{Error, Field};

/// 40 words in as many buckets, with remainders of 5 bits: 3 words of bits, 1 entry of the index, 25 bytes.
fn fingerprinted() -> Parts {
    model(&Spec { input: InputSpec::FingerprintedWords, ..one_layer(Cell::Lstm, Precision::Int8) })
}

fn table(part_one: &mut PartOne) -> &mut FingerprintTableSize {
    match &mut text(part_one).tokens {
        Tokens::FingerprintedWords { table, .. } => table,
        other => panic!("{other:?}"),
    }
}

fn with(change: impl FnOnce(&mut FingerprintTableSize)) -> Option<Error> {
    refusal_with(&fingerprinted(), |part_one| change(table(part_one)))
}

#[test]
fn counts_and_bits_of_fingerprints_that_can_not_be_are_refused() {
    assert_eq!(with(|_| ()), None);
    let words = MANY_WORDS.len();
    for found in [(1 << 24) + 1, u32::MAX] {
        assert_eq!(with(|table| table.count = found), invalid(Field::Vocabulary, 1 << 24, found as usize));
    }
    let area = fingerprinted().area().len();
    assert_eq!(with(|table| table.count = 1 << 24), invalid(Field::Tensors, 4 << 20, area));
    for wrong in [0, words as u32 - 1, words as u32 + 1, 2 * words as u32] {
        let error = with(|table| table.count = wrong);
        assert!(is_of_tensors(error), "{wrong} words: {error:?}");
    }
    for (found, bound) in [(0, 1), (25, 24), (32, 24), (255, 24)] {
        assert_eq!(with(|table| table.remainder_bits = found), invalid(Field::RemainderBits, bound, found.into()));
    }
    for found in [1, 4, 6, 7, 24] {
        let error = with(|table| table.remainder_bits = found);
        assert!(is_of_tensors(error), "{found} bits: {error:?}");
    }
}

/// Without a word there is nothing but the two other tokens, which the embedding has to know.
#[test]
fn fingerprints_of_no_word_are_a_vocabulary() {
    let mut parts = fingerprinted();
    table(&mut parts.part_one).count = 0;
    parts.tensors.retain(|tensor| !["buckets", "index", "remainders"].contains(&tensor.name.as_str()));
    assert!(is_of_tensors(refusal(&parts)));
    parts.tensor("vectors").bytes.truncate(2 * EMBEDDING_SIZE);
    exercise(&parts.assemble().parse().unwrap(), &[0, 1, 2, 41], b"turn the lamp on");
}

/// Also of an index with more than one entry.
#[test]
fn every_damage_of_the_fingerprints_is_refused_or_another_vocabulary() {
    for words in [MANY_WORDS.len(), FINGERPRINTED] {
        let spec = Spec { input: InputSpec::FingerprintedWords, ..one_layer(Cell::Lstm, Precision::Int8) };
        damage_every_bit(&mut model(&Spec { fingerprinted: words, ..spec }));
    }
}

fn damage_every_bit(parts: &mut Parts) {
    let (mut refused, mut bits) = (0, 0);
    for tensor in ["buckets", "index", "remainders"] {
        for bit in 0..8 * parts.tensor(tensor).bytes.len() {
            parts.tensor(tensor).bytes[bit / 8] ^= 1 << (bit % 8);
            let error = refusal(parts);
            let expected = [Field::Vocabulary, Field::VocabularyOrder];
            assert!(error.is_none() || expected.map(Some).contains(&field(error)), "{error:?}");
            // A bucket, or the index, with one bit changed is never right.
            assert!(error.is_some() || tensor == "remainders", "bit {bit} of {tensor}");
            refused += usize::from(error.is_some());
            bits += 1;
            parts.tensor(tensor).bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
    assert!(refused < bits, "some remainders may be others");
}

#[test]
fn named_damages_of_the_fingerprints() {
    let file = fingerprinted();
    let error = refusal_with_element(&file, "index", 0, &[1]);
    assert_eq!(error, invalid(Field::Vocabulary, MANY_WORDS.len(), 0));
    // All bits 0: as many buckets as there should be, without a word.
    let mut parts = file.clone();
    assert_eq!(parts.tensor("buckets").elements(), 3);
    parts.tensor("buckets").bytes.fill(0);
    assert_eq!(refusal(&parts), invalid(Field::Vocabulary, MANY_WORDS.len(), 0));
    // 80 bits are used of 96.
    let mut parts = file.clone();
    parts.tensor("buckets").bytes[10] |= 1;
    assert_eq!(refusal(&parts), invalid(Field::Vocabulary, 0, 1));
}

#[test]
fn rows_that_words_can_not_be_composed_of_are_refused() {
    let file = model(&Spec { input: InputSpec::ComposedWords, ..one_layer(Cell::Gru, Precision::Int8) });
    let with = |number: u32| {
        refusal_with(&file, |part_one| match &mut text(part_one).tokens {
            Tokens::ComposedWords { buckets, .. } => *buckets = number,
            other => panic!("{other:?}"),
        })
    };
    let most = MAX_COMPOSED_ROWS - (MANY_WORDS.len() + 2);
    assert_eq!(with(SUBWORD_BUCKETS), None);
    assert_eq!(with(0), invalid(Field::Buckets, 1, 0));
    assert_eq!(with(32_768 - 41), invalid(Field::Buckets, most, most + 1));
    assert_eq!(with(u32::MAX), invalid(Field::Buckets, most, u32::MAX as usize));
    assert_eq!(field(with(most as u32)), Some(Field::Tensors));
    assert!([SUBWORD_BUCKETS - 1, SUBWORD_BUCKETS + 1].map(with).into_iter().all(is_of_tensors));
    let error = refusal_with(&file, |part_one| text(part_one).vectors = Vectors::OneHot);
    assert_eq!(error, invalid(Field::OneHot, 0, 1));
}
