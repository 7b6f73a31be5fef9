//! Manifests and tensors that can not be, in files whose checksum is right.

use runtime::format::{
    ComposedWordInput, DataType, DirectionWeights, FingerprintTableRef, FingerprintedWordInput, Input, Int8Scales,
    Manifest, Pooling, Precision, Tensor, TokenVectors,
};
use runtime::{Error, Field, Model};
use trainer::export::ModelFile;

use crate::fixture::{
    HIDDEN_SIZE, PRECISIONS, Parts, Step, Variant, WORDS, embedding, export_with, field, invalid, kinds, model, owned,
    refusal, refusal_with, refusal_with_element, two_layers, weights, words,
};

/// The tensors of a manifest, but for the bytes of the string tables, whose length is free.
fn tensors<'a>(manifest: &'a mut Manifest<'_>) -> Vec<&'a mut Tensor> {
    let Manifest { labels, input, layers, head, .. } = manifest;
    let mut tensors = vec![&mut labels.index];
    tensors.extend(input_tensors(input));
    for layer in layers.iter_mut() {
        for direction in std::iter::once(&mut layer.forward).chain(&mut layer.reverse) {
            let DirectionWeights { weights, bias, one_hot, scales, .. } = direction;
            tensors.extend([weights, bias]);
            tensors.extend(one_hot);
            tensors.extend(scales.as_mut().map(|scales| &mut scales.multipliers));
        }
    }
    tensors.extend([&mut head.weights, &mut head.bias]);
    tensors.extend(head.scales.as_mut().map(|scales| &mut scales.multipliers));
    tensors
}

fn input_tensors(input: &mut Input) -> Vec<&mut Tensor> {
    let (table, vectors) = match input {
        Input::Words(words) => (vec![&mut words.vocabulary.index], &mut words.vectors),
        Input::Characters(characters) => (vec![&mut characters.alphabet.index], &mut characters.vectors),
        Input::FingerprintedWords(FingerprintedWordInput { table, vectors, .. })
        | Input::ComposedWords(ComposedWordInput { known: FingerprintedWordInput { table, vectors, .. }, .. }) => {
            let FingerprintTableRef { buckets, index, remainders, .. } = table;
            (vec![buckets, index, remainders], vectors)
        }
        Input::HashedWords(words) => (vec![], &mut words.vectors),
        Input::Bytes(vectors) => (vec![], vectors),
        Input::Frames(frames) => return vec![&mut frames.zero, &mut frames.scale],
    };
    let embedding = match vectors {
        TokenVectors::Embedding(embedding) => Some(&mut embedding.weights),
        TokenVectors::OneHot => None,
    };
    table.into_iter().chain(embedding).collect()
}

/// How many tensors [`tensors`] gives.
fn tensor_count(file: &ModelFile) -> usize {
    tensors(&mut Parts::of(file).manifest).len()
}

/// A file of each kind in each precision, and what it is.
fn files() -> impl Iterator<Item = (Variant, ModelFile)> {
    PRECISIONS.into_iter().flat_map(kinds).map(|variant| (variant, model(variant)))
}

#[test]
fn the_tensors_of_a_manifest_are_all_changed_by_these_tests() {
    // Labels, words, embedding; weights, bias and, for int8, multipliers of two layers and the head.
    assert_eq!(PRECISIONS.map(|precision| tensor_count(&two_layers(precision))), [12, 9, 9]);
    let int8 = |step, bidirectional| {
        tensor_count(&model(Variant { step, bidirectional, num_layers: 2, ..Variant::new(Precision::Int8) }))
    };
    assert_eq!(int8(Step::Word, true), 3 + 4 * 3 + 3);
    assert_eq!(int8(Step::OneHotWord, true), 2 + 2 + 4 * 3 + 3, "a table in each direction of the first layer");
    assert_eq!(int8(Step::Frame, false), 3 + 2 * 3 + 3);
    assert_eq!(int8(Step::Byte, false), 2 + 2 * 3 + 3);
    assert_eq!(int8(Step::FingerprintedWord, false), 1 + 3 + 1 + 2 * 3 + 3);
}

#[test]
fn a_tensor_at_an_impossible_place_is_refused() {
    for (variant, file) in files() {
        let area = Parts::of(&file).tensors.len();
        for number in 0..tensor_count(&file) {
            for offset in [1, 2, 4, 8, 15, u32::MAX] {
                let error = refusal_with(&file, |manifest| tensors(manifest)[number].offset = offset);
                let error = error.unwrap_or_else(|| panic!("{variant:?}, tensor {number} at {offset} is accepted"));
                assert_eq!(Some(error), invalid(Field::TensorOffset, 0, offset as usize % 16));
            }
            for offset in [area.next_multiple_of(16) as u32, 1 << 31, u32::MAX - 15] {
                let error = refusal_with(&file, |manifest| tensors(manifest)[number].offset = offset);
                assert_eq!(error, invalid(Field::TensorOffset, area, offset as usize), "{variant:?}, tensor {number}");
            }
        }
    }
}

#[test]
fn a_tensor_of_another_length_is_refused() {
    for (variant, file) in files() {
        for number in 0..tensor_count(&file) {
            let right = tensors(&mut Parts::of(&file).manifest)[number].elements;
            for wrong in [0, right - 1, right + 1, u32::MAX] {
                let error = refusal_with(&file, |manifest| tensors(manifest)[number].elements = wrong);
                let expected = invalid(Field::TensorLength, right as usize, wrong as usize);
                assert_eq!(error, expected, "{variant:?}, tensor {number}");
            }
        }
    }
}

#[test]
fn a_tensor_of_another_type_is_refused() {
    use DataType::{F16, F32, I4, I8, I16, I32, U8, U32};
    for (variant, file) in files() {
        for number in 0..tensor_count(&file) {
            let right = tensors(&mut Parts::of(&file).manifest)[number].data_type;
            // Where integers of 8 bits are due, those of 4 are read as well, or their number or values refused.
            let due = if right == I4 { I8 } else { right };
            let others = [U8, I8, I16, I32, U32, F16, F32, I4].into_iter();
            for wrong in others.filter(|wrong| *wrong != right && !(due == I8 && [I4, I8].contains(wrong))) {
                let error = refusal_with(&file, |manifest| tensors(manifest)[number].data_type = wrong);
                let expected = invalid(Field::TensorType, due as usize, wrong as usize);
                assert_eq!(error, expected, "{variant:?}, tensor {number}");
            }
        }
    }
}

#[test]
fn layers_that_do_not_fit_together_are_refused() {
    let file = two_layers(Precision::Int8);
    let with = |change: fn(&mut Manifest<'_>)| refusal_with(&file, change);
    assert_eq!(with(|manifest| manifest.layers.clear()), invalid(Field::LayerCount, 1, 0));
    assert_eq!(with(|manifest| manifest.layers[0].input_size = 7), invalid(Field::InputSize, 6, 7));
    assert_eq!(with(|manifest| manifest.layers[0].input_size = 0), invalid(Field::InputSize, 6, 0));
    assert_eq!(with(|manifest| manifest.layers[1].input_size = 12), invalid(Field::InputSize, 8, 12));
    for layer in [0, 1] {
        for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
            let error = refusal_with(&file, |manifest| manifest.layers[layer].hidden_size = found);
            assert_eq!(error, invalid(Field::HiddenSize, expected, found.into()));
        }
        let error = refusal_with(&file, |manifest| manifest.layers[layer].hidden_size = 16_384);
        assert_eq!(field(error), Some(Field::TensorLength));
    }
    for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
        let error = refusal_with(&file, |manifest| embedding(manifest).size = found);
        assert_eq!(error, invalid(Field::InputSize, expected, found.into()));
    }
    let elements = |size: usize| (WORDS.len() + 2) * size;
    assert_eq!(with(|manifest| embedding(manifest).size = 7), invalid(Field::TensorLength, elements(7), elements(6)));
}

#[test]
fn more_layers_than_a_model_can_have_are_refused() {
    let file = two_layers(Precision::Int8);
    let Parts { header, manifest, tensors } = Parts::of(&file);
    let with_layers = |count: usize| {
        let layers = vec![manifest.layers[1]; count];
        let Manifest { provenance, labels, input, max_steps, pad_to, pooling, head, .. } = &manifest;
        let encoded = (provenance, labels, input, max_steps, pad_to, layers, pooling, head);
        let encoded = postcard::to_stdvec(&encoded).unwrap();
        refusal(&crate::fixture::assemble(&header, &encoded, &tensors))
    };
    // Four can be read: the first one's input size is what is wrong with them.
    assert_eq!(with_layers(4), invalid(Field::InputSize, 6, 8));
    assert_eq!(with_layers(5), Some(Error::UnreadableManifest));
    assert_eq!(with_layers(100), Some(Error::UnreadableManifest));
}

#[test]
fn fewer_layers_or_another_pooling_than_the_capacity_was_made_for_are_refused() {
    let file = two_layers(Precision::Int8);
    let right = runtime::required_capacity(file.bytes());
    let error = refusal_with(&file, |manifest| manifest.layers.truncate(1));
    assert_eq!(error, invalid(Field::Capacity, right - (4 + 4 + 4), right));
    let error = refusal_with(&file, |manifest| manifest.pooling = Pooling::Last);
    assert_eq!(error, invalid(Field::Capacity, right - HIDDEN_SIZE, right));
}

#[test]
fn mean_pooling_over_too_many_steps_is_refused() {
    for precision in PRECISIONS {
        let file = two_layers(precision);
        for (found, expected) in [(0, 1), (65_536, 65_535), (u32::MAX, 65_535)] {
            let mean = |manifest: &mut Manifest<'_>| {
                manifest.pooling = Pooling::Mean;
                manifest.max_steps = found;
            };
            assert_eq!(refusal_with(&file, mean), invalid(Field::MaxSteps, expected, found as usize));
            assert_eq!(refusal_with(&file, |manifest| manifest.max_steps = found), None, "max pooling has no limit");
        }
    }
}

#[test]
fn scales_where_there_are_none_and_none_where_there_are_some_are_refused() {
    let file = two_layers(Precision::Int8);
    let scales = Parts::of(&file).manifest.head.scales;
    let expected = invalid(Field::Precision, Precision::Int8 as usize, Precision::F32 as usize);
    for layer in [0, 1] {
        assert_eq!(refusal_with(&file, |manifest| manifest.layers[layer].forward.scales = None), expected);
    }
    assert_eq!(refusal_with(&file, |manifest| manifest.head.scales = None), expected);
    for precision in [Precision::F16, Precision::F32] {
        let file = two_layers(precision);
        let error = refusal_with(&file, |manifest| manifest.layers[1].forward.scales = scales);
        assert_eq!(field(error), Some(Field::Precision));
        assert_eq!(field(refusal_with(&file, |manifest| manifest.head.scales = scales)), Some(Field::Precision));
    }
}

/// The scales of a layer, or after the last one of the head.
fn scales<'a>(manifest: &'a mut Manifest<'_>, number: usize) -> &'a mut Int8Scales {
    let layer = manifest.layers.get_mut(number).map(|layer| &mut layer.forward.scales);
    layer.unwrap_or(&mut manifest.head.scales).as_mut().unwrap()
}

#[test]
fn shifts_and_fraction_bits_beyond_their_range_are_refused() {
    let file = two_layers(Precision::Int8);
    for number in 0..3 {
        for found in [16, 31, 32, 255] {
            let error = refusal_with(&file, |manifest| scales(manifest, number).accumulator_shift = found);
            assert_eq!(error, invalid(Field::AccumulatorShift, 15, found.into()));
            let error = refusal_with(&file, |manifest| scales(manifest, number).state_fraction_bits = found);
            assert_eq!(error, invalid(Field::StateFractionBits, if number < 2 { 15 } else { 0 }, found.into()));
        }
        let error = refusal_with(&file, |manifest| scales(manifest, number).accumulator_shift = 15);
        assert_eq!(field(error), Some(Field::AccumulatorRange));
    }
}

#[test]
fn multipliers_that_are_not_positive_are_refused() {
    let file = two_layers(Precision::Int8);
    for number in 0..3 {
        for (element, wrong) in [(0, 0_i16), (2, -1), (1, i16::MIN)] {
            let multipliers = |manifest: &mut Manifest<'_>| scales(manifest, number).multipliers;
            let error = refusal_with_element(&file, multipliers, element, &wrong.to_le_bytes());
            assert_eq!(error, invalid(Field::Multiplier, 1, 0));
        }
    }
}

#[test]
fn every_damage_of_the_string_tables_is_refused() {
    let file = two_layers(Precision::F16);
    let element = |tensor: fn(&mut Manifest<'_>) -> Tensor, element: usize, bytes: &[u8]| {
        refusal_with_element(&file, tensor, element, bytes)
    };
    let label_bytes = |manifest: &mut Manifest<'_>| manifest.labels.bytes;
    let word_bytes = |manifest: &mut Manifest<'_>| words(manifest).vocabulary.bytes;
    // `off`, `on`, `wärmer`: their lengths are at 0, 4 and 7.
    assert_eq!(element(|manifest| manifest.labels.index, 0, &[1]), invalid(Field::Labels, 3, 0));
    assert_eq!(element(label_bytes, 0, &[255]), invalid(Field::Labels, 3, 0));
    assert_eq!(element(label_bytes, 7, &[8]), invalid(Field::Labels, 3, 2));
    assert_eq!(element(label_bytes, 7, &[6]), invalid(Field::Labels, 15, 14));
    assert_eq!(element(label_bytes, 2, &[0xFF]), invalid(Field::Labels, 3, 0));
    assert_eq!(element(label_bytes, 9, b"a"), invalid(Field::Labels, 3, 2));
    // `0`, `20`, `a`: their lengths are at 0, 2 and 5.
    let index = |manifest: &mut Manifest<'_>| words(manifest).vocabulary.index;
    assert_eq!(element(index, 0, &[2]), invalid(Field::Vocabulary, 40, 0));
    assert_eq!(element(index, 1, &[0]), invalid(Field::Vocabulary, 40, 16));
    assert_eq!(element(index, 2, &[0xFF; 4]), invalid(Field::Vocabulary, 40, 32));
    assert_eq!(element(word_bytes, 6, &[0xC3]), invalid(Field::Vocabulary, 40, 2));
    assert_eq!(element(word_bytes, 1, b"z"), invalid(Field::VocabularyOrder, 40, 1));
    assert_eq!(element(word_bytes, 6, b"1"), invalid(Field::VocabularyOrder, 40, 2));
}

#[test]
fn string_tables_of_another_size_are_refused() {
    let file = two_layers(Precision::F32);
    let with = |change: fn(&mut Manifest<'_>)| refusal_with(&file, change);
    assert_eq!(with(|manifest| manifest.labels.count = 2), invalid(Field::Labels, 15, 7));
    assert_eq!(with(|manifest| manifest.labels.count = 4), invalid(Field::Labels, 4, 3));
    assert_eq!(with(|manifest| manifest.labels.count = 17), invalid(Field::TensorLength, 2, 1));
    assert_eq!(field(with(|manifest| manifest.labels.count = u32::MAX)), Some(Field::TensorLength));
    assert_eq!(with(|manifest| manifest.labels.bytes.elements -= 1), invalid(Field::Labels, 3, 2));
    assert_eq!(with(|manifest| manifest.labels.bytes.elements += 1), invalid(Field::Labels, 16, 15));
    let error = with(|manifest| manifest.labels.bytes.elements = u32::MAX);
    assert_eq!(field(error), Some(Field::TensorOffset));
    let error = with(|manifest| {
        let labels = &mut manifest.labels;
        (labels.count, labels.index.elements, labels.bytes.elements) = (0, 0, 0);
    });
    assert_eq!(error, invalid(Field::ClassCount, 1, 0));
    assert_eq!(field(with(|manifest| words(manifest).vocabulary.count = 39)), Some(Field::Vocabulary));
    assert_eq!(with(|manifest| words(manifest).vocabulary.count = 41), invalid(Field::Vocabulary, 41, 40));
    let error = with(|manifest| words(manifest).vocabulary.count = u32::MAX);
    assert_eq!(field(error), Some(Field::TensorLength));
    let error = with(|manifest| {
        let words = &mut words(manifest).vocabulary;
        (words.count, words.index.elements, words.bytes.elements) = (0, 0, 0);
    });
    assert_eq!(error, invalid(Field::TensorLength, 2 * 6, (WORDS.len() + 2) * 6));
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

/// Files of every cell, direction and input whose manifest is tried byte by byte.
fn files_to_damage() -> Vec<ModelFile> {
    let tried = |variant: &Variant| match variant.precision {
        Precision::Int8 => true,
        // What differs is the types of the tensors and that there are no scales.
        Precision::F16 | Precision::F32 => variant.num_layers == 2 && variant.bidirectional,
    };
    let files = PRECISIONS.into_iter().flat_map(kinds).filter(tried).map(model);
    PRECISIONS.map(two_layers).into_iter().chain(files).collect()
}

#[test]
fn a_manifest_with_any_byte_replaced_is_refused_or_runs() {
    for file in files_to_damage() {
        let Parts { header, manifest, tensors } = Parts::of(&file);
        let mut encoded = postcard::to_stdvec(&manifest).unwrap();
        let mut refused = 0;
        for position in 0..encoded.len() {
            let right = encoded[position];
            for wrong in (0..=u8::MAX).filter(|wrong| *wrong != right) {
                encoded[position] = wrong;
                let changed = crate::fixture::assemble(&header, &encoded, &tensors);
                match Model::parse(changed.bytes()) {
                    Ok(model) => crate::fixture::exercise(&model, &[0, 1, 2, 40, 41, 42], b"turn the lamp on"),
                    Err(_) => refused += 1,
                }
            }
            encoded[position] = right;
        }
        // What is accepted: other provenance, step limits, poolings of the same size, fraction bits, places.
        assert!(refused * 10 > encoded.len() * 255 * 7, "{manifest:?}: {refused} of {}", encoded.len() * 255);
    }
}
