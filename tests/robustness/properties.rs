//! Model files changed at random, and bytes that are no model at all.

use std::collections::BTreeSet;

use proptest::prelude::*;
use runtime::format::{Header, MAGIC, Precision, VERSION};
use runtime::known_answer::KnownAnswers;
use runtime::{Error, Model};
use trainer::export::ModelFile;
use trainer::network::{Cell, Pooling};

use crate::fixture::{POOLINGS, PRECISIONS, Parts, Step, Variant, assemble, exercise, model, variants};

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

/// Runs a file if it is accepted but for its capacity, and then with the right one.
fn run_if_accepted(header: &Header, manifest: &[u8], tensors: &[u8], tokens: &[u32], text: &[u8]) {
    let file = assemble(header, manifest, tensors);
    let Ok(model) = Model::parse_any_capacity(file.bytes()) else {
        assert!(Model::parse(file.bytes()).is_err());
        return;
    };
    let capacity = u32::try_from(model.required_words()).unwrap();
    let file = assemble(&Header { capacity, ..*header }, manifest, tensors);
    exercise(&Model::parse(file.bytes()).unwrap(), tokens, text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_changed_manifest_is_refused_or_runs(
        variant in any_variant(),
        changes in any_changes(4),
        tokens in any_tokens(),
        text in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let file = model(variant);
        let Parts { header, manifest, tensors } = Parts::of(&file);
        let mut manifest = postcard::to_stdvec(&manifest).unwrap();
        change(&mut manifest, &changes);
        run_if_accepted(&header, &manifest, &tensors, &tokens, &text);
    }

    #[test]
    fn changed_tensors_are_refused_or_run(
        variant in any_variant(),
        changes in any_changes(64),
        tokens in any_tokens(),
        text in "\\PC{0,60}",
    ) {
        let file = model(variant);
        let Parts { header, manifest, mut tensors } = Parts::of(&file);
        change(&mut tensors, &changes);
        run_if_accepted(&header, &postcard::to_stdvec(&manifest).unwrap(), &tensors, &tokens, text.as_bytes());
    }

    #[test]
    fn tensors_cut_or_replaced_by_noise_are_refused_or_run(
        variant in any_variant(),
        noise in prop::collection::vec(any::<u8>(), 0..6000),
        tokens in any_tokens(),
    ) {
        let file = model(variant);
        let Parts { header, manifest, .. } = Parts::of(&file);
        run_if_accepted(&header, &postcard::to_stdvec(&manifest).unwrap(), &noise, &tokens, b"");
    }

    #[test]
    fn bytes_that_are_no_model_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let file = ModelFile::from_bytes(&bytes);
        prop_assert!(Model::parse(file.bytes()).is_err());
        prop_assert!(Model::parse(&bytes).is_err());
        prop_assert!(Model::manifest(file.bytes()).is_err());
        let capacity = bytes.get(24..32).map_or(0, |words| u32::from_le_bytes([words[0], words[1], words[2], words[3]]));
        prop_assert_eq!(runtime::required_capacity(&bytes), capacity as usize);
    }

    #[test]
    fn noise_behind_a_right_header_is_refused(
        noise in prop::collection::vec(any::<u8>(), 0..600),
        manifest_length in 0_usize..600,
        capacity in any::<u32>(),
        precision in prop::sample::select(PRECISIONS.to_vec()),
    ) {
        let header = Header {
            precision, total_length: 0, checksum: 0, manifest_length: 0, tensors_offset: 0, capacity,
        };
        let (manifest, tensors) = noise.split_at(manifest_length.min(noise.len()));
        let file = assemble(&header, manifest, tensors);
        let error = Model::parse(file.bytes()).err().unwrap();
        prop_assert!(matches!(error, Error::UnreadableManifest | Error::Invalid { .. }), "{error}");
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
