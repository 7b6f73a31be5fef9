//! Headers that are not those of their content, behind right checksums; and extension records.

use super::exercise::exercise;
use super::refusal::{field, invalid, is_of_tensors, model, refusal};
use crate::common::{File, GATHERED, InputSpec, PRECISIONS, Parts, Spec, WORDS, sealed, variants, variants_of};
use runtime::format::{Feature, HEADER_LENGTH, Header, Precision};
use runtime::{Error, Field, Model, Part};

/// The refusal of a file with a changed header and the right checksums.
fn refusal_with_header(file: &File, change: impl FnOnce(&mut Header)) -> Option<Error> {
    let mut header = Header::read(file.bytes()).unwrap();
    change(&mut header);
    let mut bytes = file.bytes().to_vec();
    bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
    sealed(bytes).parse().err()
}

#[test]
fn a_precision_that_is_not_that_of_the_tensors_is_refused() {
    for spec in variants() {
        let parts = model(&spec);
        let file = parts.assemble();
        for claimed in PRECISIONS.into_iter().filter(|claimed| *claimed != spec.precision) {
            let error = refusal_with_header(&file, |header| header.precision = claimed);
            let is_float = |precision| precision != Precision::Int8;
            if is_float(claimed) == is_float(spec.precision) {
                assert!(field(error) == Some(Field::Bits) || is_of_tensors(error), "{spec:?}: {error:?}");
            } else {
                // Whether floats are needed is among what part one and the precision say.
                assert_eq!(field(error), Some(Field::Needs), "{spec:?}");
                let claiming = Parts { precision: claimed, ..parts.clone() };
                assert!(refusal(&claiming).is_some(), "{spec:?} as {claimed}");
            }
        }
    }
}

#[test]
fn other_needs_than_the_contents_are_refused() {
    for spec in variants() {
        let file = model(&spec).assemble();
        let right = Header::read(file.bytes()).unwrap().needs;
        for bit in 0..32 {
            let wrong = right ^ 1 << bit;
            let error = refusal_with_header(&file, |header| header.needs = wrong);
            let is_known = (bit as usize) < Feature::ALL.len();
            let unknown = Some(Error::UnknownNeed { bit });
            let expected = if is_known { invalid(Field::Needs, right as usize, wrong as usize) } else { unknown };
            assert_eq!(error, expected, "{spec:?}");
        }
        assert_eq!(right & Feature::Float.bit() != 0, spec.precision != Precision::Int8);
        assert_eq!(right & Feature::Bidirectional.bit() != 0, spec.is_bidirectional());
        assert_eq!(right & Feature::Frames.bit() != 0, spec.input == InputSpec::Frames);
        assert_eq!(right & Feature::Windows.bit() != 0, spec.window == GATHERED);
    }
}

#[test]
fn every_alignment_is_read_and_no_other_place_than_it_asks_for() {
    for spec in variants() {
        let parts = model(&spec);
        for alignment in [4, 8, 16] {
            let aligned = Parts { alignment, ..parts.clone() }.assemble();
            exercise(&aligned.parse().unwrap(), &[2, 3], b"turn the lamp on");
            for offset in 1..16 {
                let memory = File::new(&[&vec![0; offset], aligned.bytes()].concat());
                let moved = &memory.bytes()[offset..];
                let required = if offset % 4 == 0 { alignment } else { 4 };
                let expected = Some(Error::Misaligned { required: required.into() });
                let expected = expected.filter(|_| offset % usize::from(alignment) != 0);
                assert_eq!(Model::parse(moved).err(), expected, "{alignment} at {offset}");
                assert_eq!(Model::parse_prefix(moved).err(), expected, "{alignment} at {offset}");
            }
        }
    }
}

#[test]
fn a_capacity_that_is_not_the_models_is_refused() {
    for spec in variants() {
        let file = model(&spec).assemble();
        let right = runtime::required_capacity(file.bytes());
        for wrong in [0, right - 1, right + 1, u32::MAX as usize] {
            let error = refusal_with_header(&file, |header| header.capacity = wrong as u32);
            assert_eq!(error, invalid(Field::Capacity, right, wrong), "{spec:?}");
        }
    }
}

#[test]
fn a_header_with_any_byte_replaced_is_refused_or_runs() {
    for spec in PRECISIONS.into_iter().flat_map(variants_of) {
        // Few words and short vectors: each try takes the checksum of the whole file.
        let spec = Spec { words: WORDS.map(String::from).to_vec(), embedding_size: 2, ..spec };
        let file = model(&spec).assemble();
        for position in 0..HEADER_LENGTH {
            let right = file.bytes()[position];
            for wrong in (0..=u8::MAX).filter(|wrong| *wrong != right) {
                let mut bytes = file.bytes().to_vec();
                bytes[position] = wrong;
                let changed = sealed(bytes);
                // The checksums, which are right again.
                let is_same = changed.bytes() == file.bytes();
                assert_eq!(is_same, position >= 56, "{spec:?}: byte {position} as {wrong}");
                if is_same {
                    continue;
                }
                let parsed = changed.parse();
                // The id and the version, which a device takes as they are; and alignments with which this part one ends,
                // and each tensor starts, where it did. Three zeros behind part one are a record without content.
                let is_free = (16..36).contains(&position);
                // Another packing changes nothing of layers in 4 bits.
                let may_be = position == 12 || (position == 7 && wrong == 1) || (position == 44 && wrong == 3);
                assert!(parsed.is_ok() == is_free || may_be, "{spec:?}: byte {position} as {wrong}");
                if let Some(model) = parsed.as_ref().ok().filter(|_| !is_free || wrong == !right) {
                    exercise(model, &[2, 3, 41], b"turn the lamp on");
                }
                if let Ok(model) = Model::parse_prefix(changed.bytes()) {
                    assert!(is_free || position >= 12 || position == 7, "{spec:?}: byte {position} as {wrong}");
                    assert_eq!(model.part_two(), None);
                }
            }
        }
    }
}

/// Bytes of extension records: a tag, whether it is critical, content.
fn records(records: &[(u8, bool, &[u8])]) -> Vec<u8> {
    let record = |(tag, critical, content): &(u8, bool, &[u8])| {
        [&[*tag, u8::from(*critical), content.len() as u8], *content].concat()
    };
    records.iter().flat_map(record).collect()
}

#[test]
fn extensions_are_passed_over_unless_they_are_critical_or_cut() {
    for spec in variants() {
        let parts = model(&spec);
        let with = |extensions: Vec<u8>| Parts { extensions, ..parts.clone() };
        let content: &[u8] = &[1, 2, 3];
        let known = with(records(&[(9, false, content), (2, false, &[]), (9, false, &[7])])).assemble();
        let parsed = known.parse().unwrap();
        assert_eq!(parsed.extensions().map(|record| record.tag).collect::<Vec<_>>(), [9, 2, 9]);
        assert_eq!([9, 2, 3].map(|tag| parsed.extensions().get(tag)), [Some(content), Some(&[]), None]);
        exercise(&parsed, &[2, 3, 41], b"turn the lamp on");
        let critical = with(records(&[(9, false, content), (5, true, &[])]));
        assert_eq!(refusal(&critical), Some(Error::UnknownExtension { tag: 5 }));
        let whole = records(&[(9, false, content)]);
        for length in 1..whole.len() {
            let unreadable = Some(Error::Unreadable { part: Part::Extensions });
            assert_eq!(refusal(&with(whole[..length].to_vec())), unreadable, "{spec:?}, {length}");
        }
    }
}
