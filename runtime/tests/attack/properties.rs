//! Model files changed at random, and bytes that are no model at all.

use std::collections::BTreeSet;

use super::exercise::exercise;
use super::refusal::model;
use crate::common::{
    CELLS, File, InputSpec, POOLINGS, PRECISIONS, Parts, Spec, VectorSpec, both_directions, kinds, logits, stack,
    two_layers, variants, with_right_header,
};
use proptest::prelude::*;
use runtime::format::{Cell, MAGIC, Packing, PartOne, Pooling, Precision, VERSION};
use runtime::known_answer::KnownAnswers;
use runtime::{Classifier, Error, Model, Part};

/// Places (as a share of what is changed) and the bytes to put there.
type Changes = Vec<(prop::sample::Index, u8)>;

fn any_spec() -> impl Strategy<Value = Spec> {
    let packed = CELLS.map(|cell| Spec { packing: Packing::HalfWords, ..both_directions(cell, Precision::Int8) });
    prop::sample::select(variants().into_iter().chain(kinds()).chain(packed).collect::<Vec<_>>())
}

fn any_changes(most: usize) -> impl Strategy<Value = Changes> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..=most)
}

fn change(bytes: &mut [u8], changes: &[(prop::sample::Index, u8)]) {
    for (place, value) in changes {
        bytes[place.index(bytes.len())] = *value;
    }
}

fn encoded(part_one: &PartOne) -> Vec<u8> {
    let mut buffer = [0; 1024];
    postcard::to_slice(part_one, &mut buffer).unwrap().to_vec()
}

/// Some tokens, half of them in the vocabulary; as numbers of frames, also the smallest and the largest.
fn any_tokens() -> impl Strategy<Value = Vec<u32>> {
    let extremes = prop::sample::select(vec![i32::MIN as u32, i32::MAX as u32]);
    prop::collection::vec(prop_oneof![8 => 0_u32..44, 7 => any::<u32>(), 1 => extremes], 300)
}

/// Runs a file if it is accepted, but for its capacity, with the right one.
fn run_if_accepted(file: &File, tokens: &[u32], text: &[u8]) {
    match Model::parse_any_capacity(file.bytes()) {
        Ok(_) => exercise(&file.parse().unwrap(), tokens, text),
        Err(_) => assert!(file.parse().is_err()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_changed_part_one_is_refused_or_runs(
        spec in any_spec(),
        changes in any_changes(4),
        of_tensors in prop_oneof![Just(Changes::new()), Just(Changes::new()), any_changes(4)],
        tokens in any_tokens(),
        text in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let parts = Parts::of(&spec);
        let (mut part_one, mut area) = (encoded(&parts.part_one), parts.area());
        change(&mut part_one, &changes);
        change(&mut area, &of_tensors);
        run_if_accepted(&parts.with_area(area).assemble_of(&part_one), &tokens, &text);
    }

    #[test]
    fn changed_tensors_are_refused_or_run(
        spec in any_spec(),
        changes in any_changes(64),
        tokens in any_tokens(),
        text in "\\PC{0,60}",
    ) {
        let parts = Parts::of(&spec);
        let mut area = parts.area();
        change(&mut area, &changes);
        run_if_accepted(&parts.with_area(area).assemble(), &tokens, text.as_bytes());
    }

    #[test]
    fn tensors_cut_or_replaced_by_noise_are_refused_or_run(
        spec in any_spec(),
        noise in prop::collection::vec(any::<u8>(), 0..6000),
        is_filled in any::<bool>(),
        tokens in any_tokens(),
    ) {
        let parts = Parts::of(&spec);
        let length = if is_filled { parts.area().len() } else { noise.len() };
        let area = noise.iter().copied().cycle().take(if noise.is_empty() { 0 } else { length }).collect();
        run_if_accepted(&parts.with_area(area).assemble(), &tokens, b"");
    }

    #[test]
    fn changed_extensions_and_parts_two_are_refused_or_run(
        spec in any_spec(),
        extensions in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..20),
        part_two in prop::collection::vec(any::<u8>(), 0..60),
        tokens in any_tokens(),
    ) {
        let file = Parts { extensions, part_two, ..Parts::of(&spec) }.assemble();
        run_if_accepted(&file, &tokens, b"turn the lamp on");
    }

    /// Bytes of the header, whose checksums are put right again.
    #[test]
    fn a_changed_header_is_refused_or_runs(
        spec in any_spec(),
        changes in prop::collection::vec((6..60_usize, any::<u8>()), 1..4),
        tokens in any_tokens(),
    ) {
        let intact = Parts { extensions: vec![3, 0, 2, 8, 9], ..Parts::of(&spec) }.assemble();
        let mut bytes = intact.bytes().to_vec();
        changes.into_iter().for_each(|(place, value)| bytes[place] = value);
        let file = with_right_header(&bytes);
        for model in [file.parse(), Model::parse_prefix(file.bytes())].into_iter().flatten() {
            exercise(&model, &tokens, b"turn the lamp on");
        }
        let is_refused = File::new(&bytes).parse().is_err();
        prop_assert!(is_refused || bytes == intact.bytes());
    }

    #[test]
    fn a_part_one_of_any_bytes_is_refused_or_runs(
        spec in any_spec(),
        part_one in prop::collection::vec(prop_oneof![0..9_u8, 0..9_u8, any::<u8>()], 0..70),
        tokens in any_tokens(),
    ) {
        run_if_accepted(&Parts::of(&spec).assemble_of(&part_one), &tokens, b"turn the lamp on");
    }

    #[test]
    fn bytes_that_are_no_model_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600), version in 2..5_u16) {
        let begun = [b"RNL1", &version.to_le_bytes()[..], &[2, 0], &bytes].concat();
        for bytes in [&bytes, &begun] {
            let file = File::new(bytes);
            prop_assert!(file.parse().is_err());
            prop_assert!(Model::parse(bytes).is_err());
            prop_assert!(Model::parse_prefix(file.bytes()).is_err());
        }
    }

    #[test]
    fn noise_behind_a_right_header_is_refused(
        noise in prop::collection::vec(any::<u8>(), 0..600),
        part_one_length in 0_usize..60,
        needs in 0_u32..1 << 14,
        capacity in any::<u32>(),
        precision in prop::sample::select(PRECISIONS.to_vec()),
    ) {
        let (part_one, area) = noise.split_at(part_one_length.min(noise.len()));
        let is_readable = PartOne::decode(part_one).is_ok();
        let parts = Parts {
            precision,
            needs: (!is_readable).then_some(needs),
            capacity: Some(capacity as usize),
            part_two: Vec::new(),
            ..Parts::of(&two_layers(precision)).with_area(area.to_vec())
        };
        let file = parts.assemble_of(part_one);
        let error = file.parse().err().unwrap();
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
fn the_models_answer_differently_so_that_the_properties_run_them_all() {
    let lstm = two_layers(Precision::Int8);
    let answer = |spec: Spec| {
        let file = model(&spec).assemble();
        let model = file.parse().unwrap();
        let mut classifier = Classifier::new(&model, [0; 1024]).unwrap();
        classifier.push_text("turn the kitchen light up please");
        logits(&mut classifier)[0]
    };
    let mut answers = POOLINGS.map(|pooling| answer(Spec { pooling, ..lstm.clone() })).to_vec();
    let cells = [Cell::Gru, Cell::RnnTanh, Cell::RnnRelu];
    answers.extend(cells.map(|cell| answer(Spec { layers: stack(cell, 2, false), ..lstm.clone() })));
    answers.push(answer(Spec { vectors: VectorSpec::OneHot, ..lstm.clone() }));
    answers.extend([InputSpec::HashedWords, InputSpec::Bytes].map(|input| answer(Spec { input, ..lstm.clone() })));
    answers.push(answer(Spec { layers: stack(Cell::Lstm, 2, true), ..lstm.clone() }));
    answers.push(answer(Spec { pad_to: 9, pooling: Pooling::Last, ..lstm.clone() }));
    let different: BTreeSet<_> = answers.iter().collect();
    assert_eq!(different.len(), answers.len(), "{answers:?}");
}
