//! Model files changed at random, and bytes that are no model at all.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use runtime::format::{Header, MAGIC, Packing, PartOne, Precision, VERSION};
use runtime::known_answer::KnownAnswers;
use runtime::{Error, Model, Part};
use trainer::export::ModelFile;
use trainer::network::{Cell, Pooling};

use crate::fixture::{POOLINGS, PRECISIONS, Step, Variant, exercise, model, variants};
use crate::tensors::Pieces;

fn any_variant() -> impl Strategy<Value = Variant> {
    prop::sample::select(variants())
}

/// Places (as a share of what is changed) and the bytes to put there.
fn any_changes(most: usize) -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..=most)
}

fn change(bytes: &mut [u8], changes: &[(prop::sample::Index, u8)]) {
    for (place, value) in changes {
        bytes[place.index(bytes.len())] = *value;
    }
}

/// Some tokens, half of them in the vocabulary.
fn any_tokens() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(prop_oneof![0_u32..44, any::<u32>()], 300)
}

/// Runs a file if it is accepted but for its capacity, with the right one.
fn run_if_accepted(pieces: &Pieces, tokens: &[u32], text: &[u8]) {
    match pieces.with_right_capacity() {
        Some(file) => exercise(&Model::parse(file.bytes()).unwrap(), tokens, text),
        None => assert!(Model::parse(pieces.assemble().bytes()).is_err()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_changed_part_one_is_refused_or_runs(
        variant in any_variant(),
        changes in any_changes(4),
        tokens in any_tokens(),
        text in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut pieces = Pieces::of(&model(variant));
        change(&mut pieces.part_one, &changes);
        run_if_accepted(&pieces, &tokens, &text);
    }

    #[test]
    fn changed_tensors_are_refused_or_run(
        variant in any_variant(),
        changes in any_changes(64),
        tokens in any_tokens(),
        text in "\\PC{0,60}",
    ) {
        let mut pieces = Pieces::of(&model(variant));
        change(&mut pieces.tensors, &changes);
        run_if_accepted(&pieces, &tokens, text.as_bytes());
    }

    #[test]
    fn tensors_cut_or_replaced_by_noise_are_refused_or_run(
        variant in any_variant(),
        noise in prop::collection::vec(any::<u8>(), 0..6000),
        is_filled in any::<bool>(),
        tokens in any_tokens(),
    ) {
        let mut pieces = Pieces::of(&model(variant));
        let length = if is_filled { pieces.tensors.len() } else { noise.len() };
        pieces.tensors = noise.iter().copied().cycle().take(if noise.is_empty() { 0 } else { length }).collect();
        run_if_accepted(&pieces, &tokens, b"");
    }

    #[test]
    fn changed_extensions_and_parts_two_are_refused_or_run(
        variant in any_variant(),
        extensions in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..20),
        part_two in prop::collection::vec(any::<u8>(), 0..60),
        tokens in any_tokens(),
    ) {
        run_if_accepted(&Pieces { extensions, part_two, ..Pieces::of(&model(variant)) }, &tokens, b"turn the lamp on");
    }

    #[test]
    fn bytes_that_are_no_model_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let file = ModelFile::from_bytes(&bytes);
        prop_assert!(Model::parse(file.bytes()).is_err());
        prop_assert!(Model::parse(&bytes).is_err());
        prop_assert!(Model::parse_prefix(file.bytes()).is_err());
        prop_assert!(file.parts(Path::new("a.rnl")).is_err());
        prop_assert!(trainer::upgrade::upgrade(&bytes, Path::new("a.rnl"), false).is_err());
    }

    #[test]
    fn noise_behind_a_right_header_is_refused(
        noise in prop::collection::vec(any::<u8>(), 0..600),
        part_one_length in 0_usize..60,
        numbers in any::<(u32, u32)>(),
        precision in prop::sample::select(PRECISIONS.to_vec()),
    ) {
        let header = Header {
            precision,
            packing: Packing::RowMajor,
            needs: numbers.0 % (1 << 14),
            alignment: 4,
            signature_length: 0,
            id: [0; 16],
            model_version: 0,
            capacity: numbers.1,
            part_one_length: 0,
            extensions_length: 0,
            device_length: 0,
            part_two_length: 0,
            part_two_checksum: 0,
            device_checksum: 0,
        };
        let (part_one, tensors) = noise.split_at(part_one_length.min(noise.len()));
        let (part_one, tensors) = (part_one.to_vec(), tensors.to_vec());
        let pieces = Pieces { header, part_one, extensions: Vec::new(), tensors, part_two: Vec::new() };
        let file = pieces.assemble();
        let error = Model::parse(file.bytes()).err().unwrap();
        let is_readable = PartOne::decode(&pieces.part_one).is_ok();
        let unreadable = Error::Unreadable { part: Part::One };
        prop_assert!(if is_readable { matches!(error, Error::Invalid { .. }) } else { error == unreadable }, "{error}");
        prop_assert_eq!(&file.bytes()[..6], [&MAGIC[..], &VERSION.to_le_bytes()].concat());
    }

    #[test]
    fn known_answers_of_any_bytes_are_refused_or_are_as_many_as_they_say(
        bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0_u8..6,
    ) {
        let counted = [&[count, 0, 0, 0], &bytes[..]].concat();
        for file in [&bytes, &counted] {
            if let Ok(answers) = KnownAnswers::parse(file) {
                let announced = answers.len();
                prop_assert_eq!(answers.count(), announced);
            }
        }
    }
}

#[test]
fn the_variants_answer_differently_so_that_the_properties_run_them_all() {
    let logits = |variant: Variant| {
        let file = model(variant);
        let model = Model::parse(file.bytes()).unwrap();
        let mut classifier = runtime::Classifier::<1024>::new(&model).unwrap();
        classifier.push_text("turn the kitchen light up please");
        classifier.predict();
        classifier.logits().bits(0)
    };
    let lstm = Variant { num_layers: 2, ..Variant::new(Precision::Int8) };
    let mut answers = POOLINGS.map(|pooling| logits(Variant { pooling, ..lstm })).to_vec();
    answers.extend([Cell::Gru, Cell::RnnTanh, Cell::RnnRelu].map(|cell| logits(Variant { cell, ..lstm })));
    answers.extend([Step::OneHotWord, Step::HashedWord, Step::Byte].map(|step| logits(Variant { step, ..lstm })));
    answers.push(logits(Variant { bidirectional: true, ..lstm }));
    answers.push(logits(Variant { pad_to: 9, pooling: Pooling::Last, ..lstm }));
    let different: BTreeSet<_> = answers.iter().collect();
    assert_eq!(different.len(), answers.len(), "{answers:?}");
}
