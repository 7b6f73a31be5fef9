//! What programs of the desktop make of a file that was changed: the id, part two, extension records.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use runtime::format::{Header, Precision};
use runtime::{Error, Model, Part};
use trainer::export::{ModelFile, PartTwo};
use trainer::network::Cell;

use crate::command::Place;
use crate::fixture::{Step, Variant, both_directions, model, two_layers, variants};
use crate::pieces::{Pieces, sealed, with_right_id};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn bytes_that_are_no_model_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let path = Path::new("a.rnl");
        prop_assert!(ModelFile::from_bytes(&bytes).parts(path).is_err());
        prop_assert!(trainer::upgrade::upgrade(&bytes, path, false).is_err());
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
    let ids: BTreeSet<_> = all().map(|file| id(&file)).collect();
    let contents: BTreeSet<_> = all().map(|file| file.bytes().to_vec()).collect();
    assert!(ids.len() == contents.len() && ids.len() > 100, "{} {}", ids.len(), contents.len());
}

/// Whoever changes a model, and only its checksums, is found out where ids are compared.
#[test]
fn a_change_anywhere_with_right_checksums_is_another_id() {
    let variant = Variant { step: Step::ComposedWord, ..both_directions(Cell::Gru, Precision::Int8) };
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
    let mut pieces = Pieces::of(&two_layers(Precision::Int8));
    pieces.header.id[3] ^= 1;
    place.write("a.rnl", pieces.assemble().bytes());
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
        assert_eq!(Model::parse(file.bytes()).err(), None, "a device does not read it");
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
    // Without a byte of it a file cannot be told from a stripped one.
    assert_eq!(read(Vec::new()), Some(PartTwo::default()));
    for length in 1..right.part_two.len() {
        assert_eq!(read(right.part_two[..length].to_vec()), None, "{length}");
    }
    assert_eq!(read([&right.part_two[..], &[0]].concat()), Some(expected), "a later trainer may write more");
}
