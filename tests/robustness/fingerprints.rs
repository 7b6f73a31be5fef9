//! Vocabularies of fingerprints and numbers in 4 bits that can not be, in files whose checksum is right.

use runtime::format::{ComposedWordInput, DataType, FingerprintTableRef, Input, Manifest, Precision, TokenVectors};
use runtime::text::MAX_COMPOSED_ROWS;
use runtime::{Error, Field};
use trainer::export::ModelFile;
use trainer::quantize::{Bits, IntegerBits};

use crate::fixture::{
    EMBEDDING_SIZE, Parts, SUBWORD_BUCKETS, Step, Variant, WORDS, embedding, invalid, model, refusal, refusal_with,
    refusal_with_element,
};

/// 40 words in as many buckets, with remainders of 6 bits: 3 words of bits, 1 entry of the index, 30 bytes.
fn fingerprinted() -> ModelFile {
    model(Variant { step: Step::FingerprintedWord, ..Variant::new(Precision::Int8) })
}

fn table<'a>(manifest: &'a mut Manifest<'_>) -> &'a mut FingerprintTableRef {
    match &mut manifest.input {
        Input::FingerprintedWords(words) => &mut words.table,
        other => panic!("{other:?}"),
    }
}

fn with(change: impl FnOnce(&mut FingerprintTableRef)) -> Option<Error> {
    refusal_with(&fingerprinted(), |manifest| change(table(manifest)))
}

#[test]
fn counts_and_bits_of_fingerprints_that_can_not_be_are_refused() {
    assert_eq!(with(|_| ()), None);
    let words = WORDS.len();
    for found in [(1 << 24) + 1, u32::MAX] {
        assert_eq!(with(|table| table.count = found), invalid(Field::Vocabulary, 1 << 24, found as usize));
    }
    assert_eq!(with(|table| table.count = 1 << 24), invalid(Field::TensorLength, 1 << 20, 3));
    assert_eq!(with(|table| table.count = 0), invalid(Field::TensorLength, 0, 3));
    let remainders = |count: usize, bits: usize| (count * bits).div_ceil(8);
    let right = remainders(words, 6);
    assert_eq!(with(|table| table.count += 1), invalid(Field::TensorLength, remainders(words + 1, 6), right));
    for (found, bound) in [(0, 1), (25, 24), (32, 24), (255, 24)] {
        assert_eq!(with(|table| table.remainder_bits = found), invalid(Field::RemainderBits, bound, found.into()));
    }
    for found in [1, 5, 7, 24] {
        let error = with(|table| table.remainder_bits = found);
        assert_eq!(error, invalid(Field::TensorLength, remainders(words, found.into()), right));
    }
    // Without a word there is nothing but the two other tokens, which the embedding has to know.
    let error = with(|table| {
        table.count = 0;
        let FingerprintTableRef { buckets, index, remainders, .. } = table;
        [buckets, index, remainders].into_iter().for_each(|tensor| tensor.elements = 0);
    });
    assert_eq!(error, invalid(Field::TensorLength, 2 * EMBEDDING_SIZE, (words + 2) * EMBEDDING_SIZE));
}

#[test]
fn every_damage_of_the_fingerprints_is_refused_or_another_vocabulary() {
    let file = fingerprinted();
    let mut parts = Parts::of(&file);
    let FingerprintTableRef { buckets, index, remainders, .. } = *table(&mut parts.manifest);
    let (mut refused, mut bits) = (0, 0);
    for tensor in [buckets, index, remainders] {
        for bit in 0..8 * tensor.length() {
            let place = tensor.offset as usize + bit / 8;
            parts.tensors[place] ^= 1 << (bit % 8);
            let error = refusal(&parts.assemble());
            let expected = [Field::Vocabulary, Field::VocabularyOrder];
            assert!(error.is_none() || expected.map(Some).contains(&crate::fixture::field(error)), "{error:?}");
            // A bucket, or the index, with one bit changed is never right.
            assert!(error.is_some() || tensor == remainders, "bit {bit} of {tensor:?}");
            refused += usize::from(error.is_some());
            bits += 1;
            parts.tensors[place] ^= 1 << (bit % 8);
        }
    }
    assert!(refused < bits, "some remainders may be others");
}

#[test]
fn named_damages_of_the_fingerprints() {
    let file = fingerprinted();
    let element = |tensor: fn(&FingerprintTableRef) -> runtime::format::Tensor, element: usize, bytes: &[u8]| {
        refusal_with_element(&file, |manifest| tensor(table(manifest)), element, bytes)
    };
    assert_eq!(element(|table| table.index, 0, &[1]), invalid(Field::Vocabulary, WORDS.len(), 0));
    // All bits 0: as many buckets as there should be, without a word.
    let mut parts = Parts::of(&file);
    let buckets = table(&mut parts.manifest).buckets;
    (0..3).for_each(|number| parts.poke(buckets, number, &[0; 4]));
    assert_eq!(refusal(&parts.assemble()), invalid(Field::Vocabulary, WORDS.len(), 0));
    // 80 bits are used of 96.
    let mut parts = Parts::of(&file);
    parts.tensors[buckets.offset as usize + 10] |= 1;
    assert_eq!(refusal(&parts.assemble()), invalid(Field::Vocabulary, 0, 1));
}

#[test]
fn rows_that_words_can_not_be_composed_of_are_refused() {
    let file = model(Variant { step: Step::ComposedWord, ..Variant::new(Precision::Int8) });
    let with = |change: fn(&mut ComposedWordInput)| {
        refusal_with(&file, |manifest| match &mut manifest.input {
            Input::ComposedWords(words) => change(words),
            other => panic!("{other:?}"),
        })
    };
    let others = WORDS.len() + 2;
    let rows = others + SUBWORD_BUCKETS as usize;
    assert_eq!(with(|_| ()), None);
    assert_eq!(with(|words| words.buckets = 0), invalid(Field::Buckets, 1, 0));
    let most = MAX_COMPOSED_ROWS - others;
    assert_eq!(with(|words| words.buckets = 32_768 - 41), invalid(Field::Buckets, most, most + 1));
    assert_eq!(with(|words| words.buckets = u32::MAX), invalid(Field::Buckets, most, u32::MAX as usize));
    let right = rows * EMBEDDING_SIZE;
    assert_eq!(with(|words| words.buckets += 1), invalid(Field::TensorLength, right + EMBEDDING_SIZE, right));
    assert_eq!(with(|words| words.buckets -= 1), invalid(Field::TensorLength, right - EMBEDDING_SIZE, right));
    assert_eq!(with(|words| words.known.vectors = TokenVectors::OneHot), invalid(Field::OneHot, 0, 1));
}

/// A model whose embedding is stored in 4 bits.
fn nibbles() -> ModelFile {
    let bits = IntegerBits { weights: Bits::Eight, embedding: Bits::Four };
    model(Variant { bits, ..Variant::new(Precision::Int8) })
}

#[test]
fn a_value_of_minus_8_in_an_embedding_of_4_bits_is_refused() {
    let file = nibbles();
    let tensor = embedding(&mut Parts::of(&file).manifest).weights;
    assert_eq!((tensor.data_type, tensor.elements as usize), (DataType::I4, (WORDS.len() + 2) * EMBEDDING_SIZE));
    for element in [0, tensor.elements as usize - 2] {
        for (byte, refused) in [(0x08, true), (0x80, true), (0x88, true), (0x79, false), (0x97, false)] {
            let error = refusal_with_element(&file, |_| tensor, element, &[byte]);
            assert_eq!(error, if refused { invalid(Field::WeightRange, 7, 8) } else { None }, "{byte:02x}");
        }
    }
}

#[test]
fn an_embedding_of_other_bits_than_its_type_says_is_refused() {
    let tokens = WORDS.len() + 2;
    let file = nibbles();
    let size = |size: u16| refusal_with(&file, |manifest| embedding(manifest).size = size);
    // Rows of five values end at a byte as well, and are as long; the layer above has columns for six.
    assert_eq!(size(5), invalid(Field::InputSize, 5, EMBEDDING_SIZE));
    assert_eq!(size(7), invalid(Field::TensorLength, tokens * 8, tokens * 6));
    let area = Parts::of(&file).tensors.len();
    let error = refusal_with(&file, |manifest| {
        embedding(manifest).weights.data_type = DataType::I8;
        embedding(manifest).weights.offset = area as u32 / 16 * 16;
    });
    assert_eq!(error, invalid(Field::TensorOffset, area, area / 16 * 16));
    for precision in [Precision::F16, Precision::F32] {
        let file = model(Variant::new(precision));
        let right = embedding(&mut Parts::of(&file).manifest).weights.data_type;
        let error = refusal_with(&file, |manifest| embedding(manifest).weights.data_type = DataType::I4);
        assert_eq!(error, invalid(Field::TensorType, right as usize, DataType::I4 as usize));
    }
}
