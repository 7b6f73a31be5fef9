//! Model files that the exporter writes, and what it cannot write.

use runtime::{Error, Field, InputKind, Model};
use trainer::network::Cell;
use trainer::weights::NetworkWeights;

use crate::exercise::exercise;
use crate::fixture::{
    CHANNELS, LABELS, MAX_LENGTH, PRECISIONS, Step, Variant, WORDS, both_directions, export_with, model, owned,
    variants, weights,
};
use runtime::format::Precision;

#[test]
fn the_models_that_are_exported_are_accepted_and_answer() {
    for variant in variants() {
        let file = model(variant);
        let model = Model::parse(file.bytes()).unwrap();
        assert_eq!(model.labels().collect::<Vec<_>>(), LABELS);
        check_input(&model, variant.step);
        assert_eq!(model.is_bidirectional(), variant.bidirectional);
        assert_eq!((model.max_steps(), model.pad_to()), (MAX_LENGTH as u32, variant.pad_to as u32));
        exercise(&model, &[2, 3, 41, 1, 0, u32::MAX], "Turn UP the ŻÓŁW, 灯!".as_bytes());
    }
}

fn check_input(model: &Model<'_>, step: Step) {
    let kind = match step {
        Step::Word | Step::OneHotWord => InputKind::Words,
        Step::HashedWord => InputKind::HashedWords,
        Step::FingerprintedWord => InputKind::FingerprintedWords,
        Step::ComposedWord => InputKind::ComposedWords,
        Step::Character => InputKind::Characters,
        Step::Byte => InputKind::Bytes,
        Step::Frame | Step::Window => InputKind::Frames,
    };
    assert_eq!(model.input_kind(), kind);
    assert_eq!(model.token_count(), step.token_count());
    assert_eq!(model.channels(), if step.is_of_frames() { CHANNELS } else { 0 });
    let known = model.vocabulary().map(|vocabulary| vocabulary.words().collect::<Vec<_>>());
    assert_eq!(known.unwrap_or_default(), step.strings());
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
    let out_of_order = |found| Some(Error::Invalid { field: Field::VocabularyOrder, expected: 40, found });
    assert_eq!(exported(|words| words.swap(20, 21)), out_of_order(21));
    assert_eq!(exported(|words| words[16] = words[15].clone()), out_of_order(16));
    assert_eq!(exported(|words| words.rotate_left(1)), out_of_order(39));
}

/// Numbers that are none.
const NOT_FINITE: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// The numbers of a network that can be wrong, with their name.
type Numbers = fn(&mut NetworkWeights) -> &mut Vec<f32>;
const NUMBERS: [(&str, Numbers); 9] = [
    ("embedding", |weights| &mut weights.embedding.as_mut().unwrap().values),
    ("weight_ih", |weights| &mut weights.layers[0].forward.weight_ih.values),
    ("weight_hh", |weights| &mut weights.layers[0].forward.weight_hh.values),
    ("bias", |weights| &mut weights.layers[0].forward.bias),
    ("weight_ih in reverse", |weights| &mut weights.layers[1].reverse.as_mut().unwrap().weight_ih.values),
    ("weight_hh in reverse", |weights| &mut weights.layers[1].reverse.as_mut().unwrap().weight_hh.values),
    ("bias in reverse", |weights| &mut weights.layers[1].reverse.as_mut().unwrap().bias),
    ("head weight", |weights| &mut weights.head_weight.values),
    ("head bias", |weights| &mut weights.head_bias),
];

#[test]
fn a_network_with_a_number_that_is_not_finite_can_not_be_exported() {
    for cell in [Cell::Lstm, Cell::Gru, Cell::RnnTanh, Cell::RnnRelu] {
        for variant in PRECISIONS.map(|precision| both_directions(cell, precision)) {
            for (name, numbers) in NUMBERS {
                for value in NOT_FINITE {
                    let mut weights = weights(variant, 3);
                    numbers(&mut weights)[1] = value;
                    let exported = export_with(variant, &owned(variant.step.strings()), &weights);
                    let refused = matches!(exported, Err(trainer::Error::NotFinite));
                    assert!(refused, "{cell:?} {} {name} {value}: {exported:?}", variant.precision);
                }
            }
        }
    }
}
