//! Headers that can not be, behind right checksums; extensions, parts two and ids.

use std::path::Path;

use runtime::format::{Feature, HEADER_LENGTH, Header, Precision, VERSION, device_checksum, part_two_checksum};
use runtime::{Error, Field, Model, Part};
use trainer::export::{ModelFile, PartTwo};

use crate::command::Place;
use crate::fixture::{
    PRECISIONS, Step, Variant, both_directions, exercise, field, invalid, is_of_tensors, kinds, model, refusal,
    two_layers, variants,
};
use crate::tensors::{Parts, Pieces, sealed, with_right_id};

/// The refusal of a file with a changed header and the right checksums.
fn refusal_with_header(file: &ModelFile, change: impl FnOnce(&mut Header)) -> Option<Error> {
    let mut header = Header::read(file.bytes()).unwrap();
    change(&mut header);
    let mut bytes = file.bytes().to_vec();
    bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
    refusal(&sealed(bytes))
}

/// The refusal of a file with other bytes at `offset` and the right checksums.
fn refusal_with_bytes(file: &ModelFile, offset: usize, replacement: &[u8]) -> Option<Error> {
    let mut bytes = file.bytes().to_vec();
    bytes[offset..][..replacement.len()].copy_from_slice(replacement);
    refusal(&sealed(bytes))
}

#[test]
fn another_magic_version_precision_or_packing_is_refused() {
    let file = two_layers(Precision::Int8);
    assert_eq!(refusal_with_bytes(&file, 0, b"RNL2"), Some(Error::NotAModel { found: *b"RNL2" }));
    for found in [0, 1, 2, VERSION + 1, 0x0100, u16::MAX] {
        let error = Error::UnsupportedVersion { supported: VERSION, found };
        assert_eq!(refusal_with_bytes(&file, 4, &found.to_le_bytes()), Some(error));
        assert_eq!(error.to_string().contains("trainer upgrade"), found == 2, "{error}");
    }
    for found in 3..=u8::MAX {
        assert_eq!(refusal_with_bytes(&file, 6, &[found]), Some(Error::UnsupportedPrecision { found }));
    }
    for found in 1..=u8::MAX {
        assert_eq!(refusal_with_bytes(&file, 7, &[found]), Some(Error::UnsupportedPacking { found }));
    }
}

#[test]
fn a_precision_that_is_not_that_of_the_tensors_is_refused() {
    for variant in variants() {
        let file = model(variant);
        for claimed in PRECISIONS.into_iter().filter(|claimed| *claimed != variant.precision) {
            let error = refusal_with_header(&file, |header| header.precision = claimed);
            let is_float = |precision| precision != Precision::Int8;
            if is_float(claimed) == is_float(variant.precision) {
                assert!(field(error) == Some(Field::Bits) || is_of_tensors(error), "{variant:?}: {error:?}");
            } else {
                // Whether floats are needed is among what part one and the precision say.
                assert_eq!(field(error), Some(Field::Needs), "{variant:?}");
                let mut pieces = Pieces::of(&file);
                pieces.header.precision = claimed;
                assert!(refusal(&pieces.assemble()).is_some(), "{variant:?} as {claimed}");
            }
        }
    }
}

#[test]
fn other_needs_than_the_contents_are_refused() {
    for variant in variants() {
        let file = model(variant);
        let right = Header::read(file.bytes()).unwrap().needs;
        for bit in 0..32 {
            let wrong = right ^ 1 << bit;
            let error = refusal_with_header(&file, |header| header.needs = wrong);
            let is_known = (bit as usize) < Feature::ALL.len();
            let unknown = Some(Error::UnknownNeed { bit });
            let expected = if is_known { invalid(Field::Needs, right as usize, wrong as usize) } else { unknown };
            assert_eq!(error, expected, "{variant:?}");
        }
        assert_eq!(right & Feature::Float.bit() != 0, variant.precision != Precision::Int8);
        assert_eq!(right & Feature::Bidirectional.bit() != 0, variant.bidirectional);
        assert_eq!(right & Feature::Frames.bit() != 0, variant.step.is_of_frames());
        assert_eq!(right & Feature::Windows.bit() != 0, variant.step == Step::Window);
    }
}

#[test]
fn alignments_and_reserved_bytes_that_can_not_be_are_refused() {
    let file = two_layers(Precision::Int8);
    for found in (0..=u8::MAX).filter(|found| ![4, 8, 16].contains(found)) {
        assert_eq!(refusal_with_bytes(&file, 12, &[found]), invalid(Field::Alignment, 16, found.into()));
    }
    for found in 1..=u8::MAX {
        assert_eq!(refusal_with_bytes(&file, 13, &[found]), invalid(Field::Reserved, 0, found.into()));
    }
}

#[test]
fn every_alignment_is_read_and_no_other_place_than_it_asks_for() {
    for variant in variants() {
        let file = model(variant);
        for alignment in [4, 8, 16] {
            let mut parts = Parts::of(&file);
            parts.header.alignment = alignment;
            let aligned = parts.assemble();
            exercise(&Model::parse(aligned.bytes()).unwrap(), &[2, 3], b"turn the lamp on");
            for offset in 1..16 {
                let memory = ModelFile::from_bytes(&[&vec![0; offset], aligned.bytes()].concat());
                let error = Model::parse(&memory.bytes()[offset..]).err();
                let required = if offset % 4 == 0 { alignment } else { 4 };
                let expected = Some(Error::Misaligned { required: required.into() });
                assert_eq!(error, expected.filter(|_| offset % usize::from(alignment) != 0), "{alignment} at {offset}");
            }
        }
    }
}

#[test]
fn lengths_that_are_not_those_of_the_parts_are_refused() {
    let file = two_layers(Precision::Int8);
    let header = Header::read(file.bytes()).unwrap();
    let (total, tensors) = (file.bytes().len(), header.tensors_offset());
    let with = |change: &dyn Fn(&mut Header)| refusal_with_header(&file, change);
    let wrong_length = |expected: usize| Some(Error::WrongLength { expected: expected as u32, found: total as u32 });
    for length in [0, 63, 64, tensors - 1] {
        let error = with(&|header| header.device_length = length as u32);
        assert_eq!(error, invalid(Field::DeviceLength, tensors, length));
    }
    for less in [1, 4, 100] {
        let error = with(&|header| header.device_length -= less);
        assert_eq!(error, wrong_length(total - less as usize));
    }
    assert_eq!(with(&|header| header.device_length += 1), wrong_length(total + 1));
    assert_eq!(with(&|header| header.device_length = total as u32 + 4), wrong_length(total + 4));
    assert_eq!(with(&|header| header.device_length = u32::MAX), wrong_length(u32::MAX as usize));
    // All of the file as the device's part: part two is then behind the tensors.
    let device = header.device_length as usize;
    let (due, found) = (device - tensors, total - tensors);
    assert_eq!(with(&|header| header.device_length = total as u32), invalid(Field::Tensors, due, found));
    for part_two in [0, header.part_two_length - 1, header.part_two_length + 1] {
        assert_eq!(with(&|header| header.part_two_length = part_two), wrong_length(device + part_two as usize));
    }
    assert_eq!(with(&|header| header.part_two_length = u32::MAX), wrong_length(u32::MAX as usize));
    for signature in [1, u16::MAX] {
        assert_eq!(with(&|header| header.signature_length = signature), wrong_length(total + usize::from(signature)));
    }
    let unreadable = Some(Error::Unreadable { part: Part::One });
    for shorter in [0, 1, header.part_one_length / 2, header.part_one_length - 1] {
        assert_eq!(with(&|header| header.part_one_length = shorter), unreadable, "{shorter}");
    }
    for more in [1, 2, 16, 100] {
        assert_eq!(with(&|header| header.part_one_length += more), unreadable, "{more}");
    }
    let least = (HEADER_LENGTH + u32::MAX as usize).next_multiple_of(4).min(u32::MAX as usize);
    let error = with(&|header| header.part_one_length = u32::MAX);
    assert_eq!(error, invalid(Field::DeviceLength, least, device));
    let error = with(&|header| header.extensions_length = u32::MAX);
    assert_eq!(error, invalid(Field::DeviceLength, least, device));
}

#[test]
fn checksums_that_are_not_the_contents_are_refused() {
    let file = two_layers(Precision::Int8);
    let device = Header::read(file.bytes()).unwrap().device_length as usize;
    let found = device_checksum(&file.bytes()[..device]);
    for expected in [0, u32::MAX, found ^ 1, found.swap_bytes()] {
        let mut bytes = file.bytes().to_vec();
        bytes[60..64].copy_from_slice(&expected.to_le_bytes());
        let error = Some(Error::WrongChecksum { part: Part::Device, expected, found });
        assert_eq!(refusal(&ModelFile::from_bytes(&bytes)), error);
        assert_eq!(refusal(&ModelFile::from_bytes(&bytes[..device])), error, "a stripped file");
    }
    let found = part_two_checksum(&file.bytes()[device..]);
    for expected in [0, u32::MAX, found ^ 1, found.swap_bytes()] {
        let mut bytes = file.bytes().to_vec();
        bytes[56..60].copy_from_slice(&expected.to_le_bytes());
        let checksum = device_checksum(&bytes[..device]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
        let error = Error::WrongChecksum { part: Part::Two, expected, found };
        assert_eq!(refusal(&ModelFile::from_bytes(&bytes)), Some(error));
        assert_eq!(refusal(&ModelFile::from_bytes(&bytes[..device])), None, "there is no part two to check");
    }
}

#[test]
fn a_capacity_that_is_not_the_models_is_refused() {
    for variant in variants() {
        let file = model(variant);
        let right = runtime::required_capacity(file.bytes());
        for wrong in [0, right - 1, right + 1, u32::MAX as usize] {
            let error = refusal_with_header(&file, |header| header.capacity = wrong as u32);
            assert_eq!(error, invalid(Field::Capacity, right, wrong), "{variant:?}");
        }
    }
}

#[test]
fn a_header_with_any_byte_replaced_is_refused_or_runs() {
    for variant in PRECISIONS.into_iter().flat_map(kinds) {
        let file = model(variant);
        for position in 0..HEADER_LENGTH {
            let right = file.bytes()[position];
            for wrong in (0..=u8::MAX).filter(|wrong| *wrong != right) {
                let mut bytes = file.bytes().to_vec();
                bytes[position] = wrong;
                let changed = sealed(bytes);
                let parsed = Model::parse(changed.bytes());
                // The checksums, which are right again; the id and the version, which a device takes as they are; and
                // alignments with which this part one ends, and each tensor starts, where it did. Three zeros behind part one
                // are a record without content.
                let is_free = (16..36).contains(&position) || position >= 56;
                let may_be = position == 12 || (position == 44 && wrong == 3);
                assert!(parsed.is_ok() == is_free || may_be, "{variant:?}: byte {position} as {wrong}");
                if let Some(model) = parsed.as_ref().ok().filter(|_| !is_free || wrong == !right) {
                    exercise(model, &[2, 3, 41], b"turn the lamp on");
                }
                if let Ok(model) = Model::parse_prefix(changed.bytes()) {
                    assert!(is_free || position >= 12, "{variant:?}: byte {position} as {wrong}");
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
    for variant in variants() {
        let pieces = Pieces::of(&model(variant));
        let with = |extensions: Vec<u8>| Pieces { extensions, ..pieces.clone() }.assemble();
        let content: &[u8] = &[1, 2, 3];
        let known = with(records(&[(9, false, content), (2, false, &[]), (9, false, &[7])]));
        let parsed = Model::parse(known.bytes()).unwrap();
        assert_eq!(parsed.extensions().map(|record| record.tag).collect::<Vec<_>>(), [9, 2, 9]);
        assert_eq!([9, 2, 3].map(|tag| parsed.extensions().get(tag)), [Some(content), Some(&[]), None]);
        exercise(&parsed, &[2, 3, 41], b"turn the lamp on");
        let critical = with(records(&[(9, false, content), (5, true, &[])]));
        assert_eq!(refusal(&critical), Some(Error::UnknownExtension { tag: 5 }));
        let whole = records(&[(9, false, content)]);
        for length in 1..whole.len() {
            let unreadable = Some(Error::Unreadable { part: Part::Extensions });
            assert_eq!(refusal(&with(whole[..length].to_vec())), unreadable, "{variant:?}, {length}");
        }
    }
}

#[test]
fn programs_of_the_desktop_pass_over_extensions_too() {
    let place = Place::new();
    let pieces = Pieces::of(&two_layers(Precision::Int8));
    let with = |extensions| with_right_id(&Pieces { extensions, ..pieces.clone() }.assemble());
    place.write("none.rnl", with(Vec::new()).bytes());
    place.write("known.rnl", with(records(&[(9, false, &[1; 100])])).bytes());
    place.write("critical.rnl", with(records(&[(5, true, &[])])).bytes());
    let answer = |model: &str| place.run(&format!("predict {model} lamp")).assert_done(model).to_owned();
    assert_eq!(answer("known.rnl"), answer("none.rnl"));
    let bytes = |model: &str| {
        let report = place.run(&format!("inspect {model} --json"));
        let report: serde_json::Value = serde_json::from_str(report.assert_done(model)).unwrap();
        let parts = report["flash"].as_object().unwrap().values().map(|bytes| bytes.as_u64().unwrap()).sum::<u64>();
        assert_eq!(report["flash_bytes"], parts, "{report}");
        parts
    };
    assert_eq!(bytes("known.rnl"), bytes("none.rnl") + 104, "a record of 103 bytes, aligned");
    for command in ["predict critical.rnl lamp", "inspect critical.rnl", "strip critical.rnl --out new.rnl"] {
        place.assert_refused(command, &["critical.rnl: ", "critical extension", "tag 5"]);
    }
}

#[test]
fn the_id_is_that_of_what_a_device_needs() {
    for variant in variants() {
        let file = model(variant);
        assert!(with_right_id(&file).bytes() == file.bytes(), "{variant:?}");
        file.parts(Path::new("a.rnl")).unwrap();
    }
    let id = |file: &ModelFile| Header::read(file.bytes()).unwrap().id;
    let file = two_layers(Precision::Int8);
    let path = Path::new("a.rnl");
    let stripped = file.stripped(path).unwrap();
    assert_eq!(id(&stripped), id(&file));
    assert!(stripped.stripped(path).unwrap().bytes() == stripped.bytes());
    let another = Pieces { part_two: vec![1, 2, 3], ..Pieces::of(&file) }.assemble();
    assert_eq!(id(&with_right_id(&another)), id(&file), "whatever part two is");
    // Some variants are the same model: what a word is does not matter to frames.
    let all = || variants().into_iter().map(|variant| model(variant).stripped(path).unwrap());
    let ids: std::collections::BTreeSet<_> = all().map(|file| id(&file)).collect();
    let contents: std::collections::BTreeSet<_> = all().map(|file| file.bytes().to_vec()).collect();
    assert!(ids.len() == contents.len() && ids.len() > 100, "{} {}", ids.len(), contents.len());
}

/// Whoever changes a model, and only its checksums, is found out where ids are compared.
#[test]
fn a_change_anywhere_with_right_checksums_is_another_id() {
    let variant = Variant { step: Step::ComposedWord, ..both_directions(trainer::network::Cell::Gru, Precision::Int8) };
    for file in [model(variant), two_layers(Precision::F32)] {
        let device = Header::read(file.bytes()).unwrap().device_length as usize;
        for position in 0..device {
            let mut bytes = file.bytes().to_vec();
            bytes[position] ^= 1;
            let changed = sealed(bytes);
            match changed.parts(Path::new("a.rnl")) {
                // Checksums that were made right again.
                Ok(_) => assert!(changed.bytes() == file.bytes(), "byte {position}"),
                Err(trainer::Error::Damaged { path }) => assert_eq!(path, Path::new("a.rnl")),
                Err(error) => assert!(matches!(error, trainer::Error::Model { .. }), "{error}"),
            }
        }
    }
}

#[test]
fn commands_refuse_a_file_whose_id_is_anothers() {
    let place = Place::new();
    let mut parts = Parts::of(&two_layers(Precision::Int8));
    parts.header.id[3] ^= 1;
    place.write("a.rnl", parts.assemble().bytes());
    for command in ["inspect a.rnl", "inspect a.rnl --json", "strip a.rnl --out new.rnl"] {
        place.assert_refused(command, &["a.rnl: the model id is not that of the content"]);
    }
}

#[test]
fn a_part_two_with_any_byte_replaced_or_cut_is_refused_or_read() {
    let file = two_layers(Precision::Int8);
    let right = Pieces::of(&file);
    let path = Path::new("a.rnl");
    let read = |part_two: Vec<u8>| {
        let file = with_right_id(&Pieces { part_two, ..right.clone() }.assemble());
        assert_eq!(refusal(&file), None, "a device does not read it");
        match file.parts(path) {
            Ok((_, part_two)) => Some(part_two),
            Err(trainer::Error::Model { source: Error::Unreadable { part: Part::Two }, .. }) => None,
            Err(error) => panic!("{error}"),
        }
    };
    let expected = PartTwo::decode(&right.part_two).unwrap();
    assert_eq!(read(right.part_two.clone()), Some(expected.clone()));
    let (mut refused, mut others) = (0, 0);
    for position in 0..right.part_two.len() {
        for wrong in (0..=u8::MAX).filter(|wrong| *wrong != right.part_two[position]) {
            let mut part_two = right.part_two.clone();
            part_two[position] = wrong;
            match read(part_two) {
                // A number that is none differs from itself.
                Some(found) if found != expected || found.validation_accuracy.is_nan() => others += 1,
                Some(_) => panic!("byte {position} tells nothing"),
                None => refused += 1,
            }
        }
    }
    assert!(refused > 0 && others > 0);
    // Without a byte of it a file can not be told from a stripped one.
    assert_eq!(read(Vec::new()), Some(PartTwo::default()));
    for length in 1..right.part_two.len() {
        assert_eq!(read(right.part_two[..length].to_vec()), None, "{length}");
    }
    assert_eq!(read([&right.part_two[..], &[0]].concat()), Some(expected), "a later trainer may write more");
}
