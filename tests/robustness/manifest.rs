//! Manifests and tensors that can not be, in files whose checksum is right.

use runtime::format::{
    DataType, DirectionWeights, Input, Int8Scales, Manifest, Pooling, Precision, Tensor, TokenVectors,
};
use runtime::{Error, Field, Model};
use trainer::export::ModelFile;

use crate::fixture::{
    HIDDEN_SIZE, Parts, WORDS, embedding, export_with, refusal, two_layers, variants, weights, words,
};

/// The refusal of a file with a changed manifest.
fn refusal_with(file: &ModelFile, change: impl FnOnce(&mut Manifest<'_>)) -> Option<Error> {
    let mut parts = Parts::of(file);
    change(&mut parts.manifest);
    refusal(&parts.assemble())
}

/// The refusal of a file with other bytes in an element of the tensor that `tensor` chooses.
fn refusal_with_element(
    file: &ModelFile,
    tensor: impl FnOnce(&mut Manifest<'_>) -> Tensor,
    element: usize,
    bytes: &[u8],
) -> Option<Error> {
    let mut parts = Parts::of(file);
    let tensor = tensor(&mut parts.manifest);
    parts.poke(tensor, element, bytes);
    refusal(&parts.assemble())
}

fn invalid(field: Field, expected: usize, found: usize) -> Option<Error> {
    let number = |value: usize| u32::try_from(value).unwrap();
    Some(Error::Invalid { field, expected: number(expected), found: number(found) })
}

/// The field that an error names.
fn field(error: Option<Error>) -> Option<Field> {
    match error {
        Some(Error::Invalid { field, .. }) => Some(field),
        _ => None,
    }
}

/// The tensors of a manifest, but for the bytes of the two string tables, whose length is free.
fn tensors<'a>(manifest: &'a mut Manifest<'_>) -> Vec<&'a mut Tensor> {
    let Manifest { labels, input, layers, head, .. } = manifest;
    let Input::Words(words) = input else { panic!("a model of words") };
    let TokenVectors::Embedding(embedding) = &mut words.vectors else { panic!("a model with an embedding") };
    let mut tensors = vec![&mut labels.index, &mut words.vocabulary.index, &mut embedding.weights];
    for DirectionWeights { weights, bias, scales, .. } in layers.iter_mut().map(|layer| &mut layer.forward) {
        tensors.extend([weights, bias]);
        tensors.extend(scales.as_mut().map(|scales| &mut scales.multipliers));
    }
    tensors.extend([&mut head.weights, &mut head.bias]);
    tensors.extend(head.scales.as_mut().map(|scales| &mut scales.multipliers));
    tensors
}

/// How many tensors [`tensors`] gives for two layers.
fn tensor_count(precision: Precision) -> usize {
    if precision == Precision::Int8 { 12 } else { 9 }
}

const PRECISIONS: [Precision; 3] = [Precision::Int8, Precision::F16, Precision::F32];

#[test]
fn a_tensor_at_an_impossible_place_is_refused() {
    for precision in PRECISIONS {
        let file = two_layers(precision);
        let area = Parts::of(&file).tensors.len();
        for number in 0..tensor_count(precision) {
            for offset in [1, 2, 4, 8, 15, u32::MAX] {
                let error = refusal_with(&file, |manifest| tensors(manifest)[number].offset = offset);
                let error = error.unwrap_or_else(|| panic!("{precision}, tensor {number} at {offset} is accepted"));
                assert_eq!(Some(error), invalid(Field::TensorOffset, 0, offset as usize % 16));
            }
            for offset in [area.next_multiple_of(16) as u32, 1 << 31, u32::MAX - 15] {
                let error = refusal_with(&file, |manifest| tensors(manifest)[number].offset = offset);
                assert_eq!(error, invalid(Field::TensorOffset, area, offset as usize), "{precision}, tensor {number}");
            }
        }
    }
}

#[test]
fn a_tensor_of_another_length_is_refused() {
    for precision in PRECISIONS {
        let file = two_layers(precision);
        for number in 0..tensor_count(precision) {
            let right = tensors(&mut Parts::of(&file).manifest)[number].elements;
            for wrong in [0, right - 1, right + 1, u32::MAX] {
                let error = refusal_with(&file, |manifest| tensors(manifest)[number].elements = wrong);
                assert_eq!(error, invalid(Field::TensorLength, right as usize, wrong as usize), "tensor {number}");
            }
        }
    }
}

#[test]
fn a_tensor_of_another_type_is_refused() {
    use DataType::{F16, F32, I8, I16, I32, U8, U32};
    for precision in PRECISIONS {
        let file = two_layers(precision);
        for number in 0..tensor_count(precision) {
            let right = tensors(&mut Parts::of(&file).manifest)[number].data_type;
            for wrong in [U8, I8, I16, I32, U32, F16, F32].into_iter().filter(|wrong| *wrong != right) {
                let error = refusal_with(&file, |manifest| tensors(manifest)[number].data_type = wrong);
                assert_eq!(error, invalid(Field::TensorType, right as usize, wrong as usize), "tensor {number}");
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
        let error = refusal_with(&file, |manifest| {
            let layer = &mut manifest.layers[layer];
            layer.reverse = Some(layer.forward);
        });
        // What is above it takes in half of its outputs.
        assert_eq!(field(error), Some(if layer == 0 { Field::InputSize } else { Field::TensorLength }));
    }
    for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
        let error = refusal_with(&file, |manifest| embedding(manifest).size = found);
        assert_eq!(error, invalid(Field::InputSize, expected, found.into()));
    }
    let elements = (WORDS.len() + 2) * 7;
    assert_eq!(with(|manifest| embedding(manifest).size = 7), invalid(Field::TensorLength, elements, elements / 7 * 6));
}

#[test]
fn more_layers_than_a_model_can_have_are_refused() {
    let file = two_layers(Precision::Int8);
    let Parts { header, manifest, tensors } = Parts::of(&file);
    let with_layers = |count: usize| {
        let layers = vec![manifest.layers[1]; count];
        let Manifest { provenance, labels, input, max_steps, pad_to, pooling, head, .. } = &manifest;
        let encoded =
            postcard::to_stdvec(&(provenance, labels, input, max_steps, pad_to, layers, pooling, head)).unwrap();
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
            // The head has no state.
            let largest = if number == 2 { 0 } else { 15 };
            assert_eq!(error, invalid(Field::StateFractionBits, largest, found.into()));
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
    let variant = variants()[0];
    let exported = |change: fn(&mut Vec<String>)| {
        let mut vocabulary: Vec<String> = WORDS.map(str::to_owned).to_vec();
        change(&mut vocabulary);
        match export_with(variant, &vocabulary, &weights(variant.num_layers, 3)) {
            Err(trainer::Error::Export(error)) => Some(error),
            _ => None,
        }
    };
    assert_eq!(exported(|words| words.swap(20, 21)), invalid(Field::VocabularyOrder, 40, 21));
    assert_eq!(exported(|words| words[16] = words[15].clone()), invalid(Field::VocabularyOrder, 40, 16));
    assert_eq!(exported(|words| words.rotate_left(1)), invalid(Field::VocabularyOrder, 40, 39));
}

#[test]
fn a_manifest_with_any_byte_replaced_is_refused_or_runs() {
    for precision in PRECISIONS {
        let file = two_layers(precision);
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
        assert!(refused * 10 > encoded.len() * 255 * 7, "{precision}: {refused} of {}", encoded.len() * 255);
    }
}
