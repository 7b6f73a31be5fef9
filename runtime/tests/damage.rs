//! Files with something wrong anywhere: refused, or harmless. Nothing panics.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{File, Parts, logits};
use proptest::prelude::*;
use runtime::format::{HEADER_LENGTH, Header};
use runtime::{Classifier, LongInput, Model};

const CAPACITY: usize = 1 << 14;

/// Runs an accepted model twice and compares.
fn exercise(model: &Model<'_>) {
    for long_input in [LongInput::Refuse, LongInput::Window] {
        let Ok(mut classifier) = Classifier::<CAPACITY>::with_long_input(model, long_input) else {
            assert!(model.required_words() > CAPACITY || !model.is_bidirectional());
            continue;
        };
        let mut answers = Vec::new();
        for _ in 0..2 {
            classifier.reset();
            classifier.push_text("Lamp é \u{1F980} off");
            answers.push(logits(&mut classifier));
            for token in [0, 2, 9, u32::MAX] {
                classifier.push_token(token);
            }
            let is_of_frames = model.channels() > 0;
            for value in [i32::MIN, i32::MAX, 0, 77] {
                let frame = vec![value; model.channels()];
                let narrow = vec![value as i16; model.channels()];
                let float = vec![value as f32 * 1e20; model.channels()];
                (0..3).for_each(|_| assert_eq!(classifier.push_frame(&frame).is_ok(), is_of_frames));
                assert_eq!(classifier.push_frame_i16(&narrow).is_ok(), is_of_frames);
                assert_eq!(classifier.push_frame_f32(&float).is_ok(), is_of_frames);
                answers.push(logits(&mut classifier));
            }
            let prediction = classifier.predict();
            assert_eq!(model.label(prediction.class), Some(prediction.label));
            assert!(prediction.probability.q15() <= 32_768);
            answers.push(logits(&mut classifier));
            classifier.observe(|state| assert!(state.step < 65_536));
            classifier.layer_state(0);
        }
        let half = answers.len() / 2;
        assert_eq!(answers[..half], answers[half..]);
        assert!(model.work().answer > 0 && model.extensions().count() < 1000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Bytes of part one, which a right header covers, and of the tensors.
    #[test]
    fn a_damaged_model_is_refused_or_harmless(
        kind in prop::sample::select(common::kinds()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
    ) {
        let intact = Parts::of(&kind).assemble();
        let mut bytes = intact.bytes().to_vec();
        let header = Header::read(&bytes).unwrap();
        let (tensors, device) = (header.tensors_offset(), header.device_length as usize);
        for (place, value, in_part_one) in damage {
            let range = if in_part_one { HEADER_LENGTH..tensors } else { tensors..device };
            bytes[range.start + place.index(range.len())] = value;
        }
        let file = common::with_right_header(&bytes);
        if let Ok(model) = file.parse() {
            exercise(&model);
        }
    }

    /// Bytes of the header, whose checksum is put right again.
    #[test]
    fn a_damaged_header_is_refused_or_harmless(
        kind in prop::sample::select(common::kinds()),
        damage in prop::collection::vec((6..60_usize, any::<u8>()), 1..4),
    ) {
        let intact = Parts { extensions: vec![3, 0, 2, 8, 9], ..Parts::of(&kind) }.assemble();
        let mut bytes = intact.bytes().to_vec();
        damage.into_iter().for_each(|(place, value)| bytes[place] = value);
        let device = u32::from_le_bytes(bytes[48..52].try_into().unwrap()) as usize;
        if device < bytes.len() {
            let file = common::with_right_header(&bytes);
            if let Ok(model) = file.parse() {
                exercise(&model);
            }
            if let Ok(model) = Model::parse_prefix(file.bytes()) {
                exercise(&model);
            }
        }
        let is_refused = File::new(&bytes).parse().is_err();
        prop_assert!(is_refused || bytes == intact.bytes());
    }

    /// Part one of any bytes.
    #[test]
    fn any_part_one_is_refused_or_harmless(
        kind in prop::sample::select(common::kinds()),
        bytes in prop::collection::vec(prop_oneof![0..9_u8, 0..9_u8, any::<u8>()], 0..70),
    ) {
        let file = Parts::of(&kind).assemble_of(&bytes, 0);
        if let Ok(model) = Model::parse_any_capacity(file.bytes()) {
            exercise(&model);
        }
    }

    #[test]
    fn any_bytes_are_no_model(bytes in prop::collection::vec(any::<u8>(), 0..200), version in 2..5_u16) {
        prop_assert!(File::new(&bytes).parse().is_err());
        let begun = [b"RNL1", &version.to_le_bytes()[..], &[2, 0], &bytes].concat();
        prop_assert!(File::new(&begun).parse().is_err());
        prop_assert!(Model::parse_prefix(File::new(&begun).bytes()).is_err());
    }
}

#[test]
fn every_kind_is_accepted_intact() {
    for spec in common::kinds() {
        exercise(&common::file(&spec).parse().unwrap());
    }
}
