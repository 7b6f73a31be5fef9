//! What is wrong with a file before its content is looked at: alignment, header, lengths, checksums, extensions.

use crate::common::{File, ID, LayerSpec, Parts, Spec, logits};
use proptest::prelude::*;
use runtime::format::{
    Cell, Feature, HEADER_LENGTH, Header, Packing, Pooling, Precision, VERSION, device_checksum, part_two_checksum,
    required_capacity,
};
use runtime::{Classifier, Error, Field, Model, Part};

/// Words of state of the classifiers here.
const CAPACITY: usize = 256;

fn spec() -> Spec {
    Spec::new(Precision::Int8, &[LayerSpec::forward(Cell::Lstm, 5, 100)], Pooling::Mean)
}

fn invalid(field: Field, expected: u32, found: u32) -> Option<Error> {
    Some(Error::Invalid { field, expected, found })
}

/// What a file is refused with after a change of its bytes, whose checksums are put right again.
fn refusal(change: impl FnOnce(&mut Vec<u8>)) -> Option<Error> {
    let mut bytes = Parts::of(&spec()).assemble().bytes().to_vec();
    change(&mut bytes);
    let file = crate::common::with_right_header(&bytes);
    Model::parse_any_capacity(file.bytes()).err()
}

fn answers(model: &Model<'_>) -> Vec<Vec<u32>> {
    let mut classifier = Classifier::new(model, [0; CAPACITY]).unwrap();
    ["", "lamp", " off É é", " w"].map(|text| (classifier.push_text(text), logits(&mut classifier)).1).to_vec()
}

#[test]
fn a_file_in_the_wrong_place_is_called_misaligned_whatever_it_is() {
    for (alignment, wrong_places) in [(4, &[][..]), (8, &[4, 12][..]), (16, &[4, 8, 12])] {
        let model = Parts { alignment, ..Parts::of(&spec()) }.assemble();
        let damaged = vec![0x5A; 300];
        for bytes in [model.bytes(), &damaged] {
            let is_model = bytes.len() != damaged.len();
            for place in 0..16 {
                let moved = File::new(&[&vec![0; place], bytes].concat());
                let moved = &moved.bytes()[place..];
                let expected = if place % 4 != 0 {
                    Some(Error::Misaligned { required: 4 })
                } else if !is_model {
                    Some(Error::NotAModel { found: [0x5A; 4] })
                } else if wrong_places.contains(&place) {
                    Some(Error::Misaligned { required: alignment.into() })
                } else {
                    None
                };
                assert_eq!(Model::parse(moved).err(), expected, "{alignment} at {place}");
                assert_eq!(Model::parse_any_capacity(moved).err(), expected, "{alignment} at {place}");
                assert_eq!(Model::parse_prefix(moved).err(), expected, "{alignment} at {place}");
            }
        }
    }
}

#[test]
fn every_alignment_gives_the_same_model() {
    let of = |alignment| Parts { alignment, ..Parts::of(&spec()) }.assemble();
    let files = [4, 8, 16].map(of);
    assert!(files[0].bytes().len() < files[1].bytes().len() && files[1].bytes().len() < files[2].bytes().len());
    let [expected, others @ ..] = files.each_ref().map(|file| answers(&file.parse().unwrap()));
    assert!(others.into_iter().all(|answers| answers == expected));
    for alignment in (0..=u8::MAX).filter(|alignment| ![4, 8, 16].contains(alignment)) {
        let refused = refusal(|bytes| bytes[12] = alignment);
        assert_eq!(refused, invalid(Field::Alignment, 16, alignment.into()));
    }
}

#[test]
fn the_first_bytes_tell_what_a_file_is() {
    assert_eq!(refusal(|bytes| bytes[..4].copy_from_slice(b"RNL2")), Some(Error::NotAModel { found: *b"RNL2" }));
    for found in [0, 1, 2, VERSION + 1, 0x0100, u16::MAX] {
        let refused = refusal(|bytes| bytes[4..6].copy_from_slice(&found.to_le_bytes())).unwrap();
        assert_eq!(refused, Error::UnsupportedVersion { supported: VERSION, found });
        assert_eq!(refused.to_string().contains("trainer upgrade"), found == 2, "{refused}");
    }
    for found in 3..=u8::MAX {
        assert_eq!(refusal(|bytes| bytes[6] = found), Some(Error::UnsupportedPrecision { found }));
    }
    for found in 2..=u8::MAX {
        assert_eq!(refusal(|bytes| bytes[7] = found), Some(Error::UnsupportedPacking { found }));
        assert_eq!(refusal(|bytes| bytes[13] = found), invalid(Field::Reserved, 0, found.into()));
    }
}

#[test]
fn what_a_file_needs_is_what_its_content_does() {
    for bit in Feature::ALL.len()..32 {
        let unknown = Error::UnknownNeed { bit: bit as u8 };
        assert_eq!(refusal(|bytes| bytes[8 + bit / 8] |= 1 << (bit % 8)), Some(unknown));
        assert!(unknown.to_string().contains(&format!("bit {bit})")), "{unknown}");
    }
    assert_eq!(refusal(|bytes| bytes[10..12].fill(0xFF)), Some(Error::UnknownNeed { bit: 16 }));
    let right = [Feature::Lstm, Feature::Words, Feature::Unicode].into_iter().fold(0, |bits, need| bits | need.bit());
    for feature in Feature::ALL {
        let wrong = right ^ feature.bit();
        let missing = cfg!(not(feature = "float")) && feature == Feature::Float;
        let expected =
            if missing { Some(Error::MissingFeature { feature }) } else { invalid(Field::Needs, right, wrong) };
        assert_eq!(refusal(|bytes| bytes[8..12].copy_from_slice(&wrong.to_le_bytes())), expected, "{feature:?}");
    }
}

#[cfg(not(feature = "float"))]
#[test]
fn a_float_model_needs_a_feature_that_is_left_out() {
    for precision in [Precision::F32, Precision::F16] {
        let parts = Parts::of(&Spec { precision, ..spec() });
        let refused = parts.assemble().parse().err();
        assert_eq!(refused, Some(Error::MissingFeature { feature: Feature::Float }));
        assert!(refused.unwrap().to_string().contains("`float`"));
        let silent = Parts { needs: Some(parts.part_one.needs(Precision::Int8)), ..parts };
        assert!(matches!(silent.assemble().parse().err(), Some(Error::Invalid { field: Field::Needs, .. })));
    }
}

#[test]
fn lengths_that_are_not_those_of_the_parts_are_refused() {
    let file = Parts::of(&spec()).assemble();
    let header = Header::read(file.bytes()).unwrap();
    let (total, tensors) = (file.bytes().len(), header.tensors_offset());
    let invalid = |field, expected: usize, found: usize| invalid(field, expected as u32, found as u32);
    let with = |change: &dyn Fn(&mut Header)| {
        refusal(|bytes| {
            let mut header = header;
            change(&mut header);
            bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        })
    };
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
fn a_file_of_any_other_length_is_refused() {
    let parts = Parts { signature: vec![7; 20], ..Parts::of(&spec()) };
    let file = parts.assemble();
    let (total, device) = (file.bytes().len(), Header::read(file.bytes()).unwrap().device_length as usize);
    assert_eq!(total, device + b"part two".len() + 20);
    let wrong =
        |expected: usize, found: usize| Some(Error::WrongLength { expected: expected as u32, found: found as u32 });
    for length in 0..total {
        let expected = match length {
            0..HEADER_LENGTH => wrong(HEADER_LENGTH, length),
            _ if length < device => wrong(device, length),
            _ if length == device => None,
            _ => wrong(total, length),
        };
        assert_eq!(Model::parse(&file.bytes()[..length]).err(), expected, "{length}");
    }
    let longer = File::new(&[file.bytes(), &[0]].concat());
    assert_eq!(longer.parse().err(), wrong(total, total + 1));
}

#[test]
fn every_changed_bit_is_found_but_those_of_the_signature() {
    let parts = Parts { signature: vec![7; 3], extensions: vec![5, 0, 1, 9], ..Parts::of(&spec()) };
    let file = parts.assemble();
    let bytes = file.bytes();
    let (total, device) = (bytes.len(), Header::read(bytes).unwrap().device_length as usize);
    for place in 0..total {
        for bit in 0..8 {
            let mut changed = bytes.to_vec();
            changed[place] ^= 1 << bit;
            let refused = File::new(&changed).parse().err();
            match (place, refused) {
                (16..40 | 56..64, Some(Error::WrongChecksum { part: Part::Device, .. })) => {}
                (0..16 | 40..56, Some(_)) => {}
                (64.., Some(Error::WrongChecksum { part: Part::Device, .. })) if place < device => {}
                (_, Some(Error::WrongChecksum { part: Part::Two, .. })) if (device..total - 3).contains(&place) => {}
                (_, None) if place >= total - 3 => {}
                (place, refused) => assert_eq!((place, refused), (usize::MAX, None)),
            }
        }
    }
    let mut changed = bytes.to_vec();
    changed[device] ^= 1;
    let Err(Error::WrongChecksum { expected, found, .. }) = Model::parse(File::new(&changed).bytes()) else {
        unreachable!("part two was changed");
    };
    let checksum = |bytes: &[u8]| runtime::format::part_two_checksum(bytes);
    assert_eq!([expected, found], [checksum(b"part two"), checksum(b"qart two")]);
    // The check value of this CRC-32.
    assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
}

#[test]
fn checksums_that_are_not_the_contents_are_refused() {
    let file = Parts::of(&spec()).assemble();
    let device = Header::read(file.bytes()).unwrap().device_length as usize;
    let found = device_checksum(&file.bytes()[..device]);
    for expected in [0, u32::MAX, found ^ 1, found.swap_bytes()] {
        let mut bytes = file.bytes().to_vec();
        bytes[60..64].copy_from_slice(&expected.to_le_bytes());
        let error = Some(Error::WrongChecksum { part: Part::Device, expected, found });
        assert_eq!(File::new(&bytes).parse().err(), error);
        assert_eq!(File::new(&bytes[..device]).parse().err(), error, "a stripped file");
    }
    let found = part_two_checksum(&file.bytes()[device..]);
    for expected in [0, u32::MAX, found ^ 1, found.swap_bytes()] {
        let mut bytes = file.bytes().to_vec();
        bytes[56..60].copy_from_slice(&expected.to_le_bytes());
        let checksum = device_checksum(&bytes[..device]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
        let error = Error::WrongChecksum { part: Part::Two, expected, found };
        assert_eq!(File::new(&bytes).parse().err(), Some(error));
        assert_eq!(File::new(&bytes[..device]).parse().err(), None, "there is no part two to check");
    }
}

#[test]
fn a_stripped_file_is_the_same_model() {
    let parts = Parts { signature: vec![7; 3], extensions: vec![5, 0, 1, 9], ..Parts::of(&spec()) };
    let file = parts.assemble();
    let device = Header::read(file.bytes()).unwrap().device_length as usize;
    let (whole, stripped) = (file.parse().unwrap(), Model::parse(&file.bytes()[..device]).unwrap());
    assert_eq!((whole.part_two(), stripped.part_two()), (Some(&b"part two"[..]), None));
    for model in [&whole, &stripped] {
        assert_eq!((model.id(), model.version(), model.precision()), (ID, 7, Precision::Int8));
        assert_eq!(model.extensions().get(5), Some(&[9][..]));
        assert!(model.labels().eq(crate::common::LABELS));
    }
    assert_eq!(answers(&whole), answers(&stripped));
}

#[test]
fn a_model_at_the_start_of_a_larger_memory_is_found() {
    let file = Parts::of(&spec()).assemble();
    let bytes = file.bytes();
    let device = Header::read(bytes).unwrap().device_length as usize;
    for behind in [0, 1, 3, 1000] {
        let region = File::new(&[&bytes[..device], &vec![0xFF; behind]].concat());
        let model = Model::parse_prefix(region.bytes()).unwrap();
        assert_eq!(answers(&model), answers(&file.parse().unwrap()));
        assert_eq!((model.part_two(), model.id()), (None, ID));
    }
    let whole = Model::parse_prefix(bytes).unwrap();
    assert_eq!(whole.part_two(), None, "nothing behind the device's part is read");
    for length in 0..device {
        let expected = if length < HEADER_LENGTH { HEADER_LENGTH } else { device };
        let refused = Model::parse_prefix(&bytes[..length]).err();
        assert_eq!(refused, Some(Error::WrongLength { expected: expected as u32, found: length as u32 }));
    }
    let mut damaged = bytes.to_vec();
    damaged[device - 1] ^= 1;
    let refused = Model::parse_prefix(File::new(&damaged).bytes()).err();
    assert!(matches!(refused, Some(Error::WrongChecksum { part: Part::Device, .. })));
}

fn with_extensions(extensions: &[u8]) -> File {
    Parts { extensions: extensions.to_vec(), ..Parts::of(&spec()) }.assemble()
}

#[test]
fn extensions_that_are_not_known_are_passed_over_unless_critical() {
    // Tags 5, 300 and 5 again, of 1, 2 and 0 bytes.
    let file = with_extensions(&[5, 0, 1, 0xAA, 0xAC, 0x02, 0, 2, 0xBB, 0xCC, 5, 0, 0]);
    let model = file.parse().unwrap();
    let found: Vec<_> = model.extensions().map(|record| (record.tag, record.critical, record.bytes)).collect();
    assert_eq!(found, [(5, false, &[0xAA][..]), (300, false, &[0xBB, 0xCC]), (5, false, &[])]);
    assert_eq!(model.extensions().get(5), Some(&[0xAA][..]));
    assert_eq!(model.extensions().get(300), Some(&[0xBB, 0xCC][..]));
    assert_eq!(model.extensions().get(6), None);
    assert_eq!(answers(&model), answers(&with_extensions(&[]).parse().unwrap()));
    assert_eq!(with_extensions(&[]).parse().unwrap().extensions().count(), 0);
    for (extensions, tag) in [(&[9, 1, 0][..], 9), (&[5, 0, 1, 0xAA, 0xFF, 0xFF, 0x03, 1, 1, 0], 65_535)] {
        let refused = with_extensions(extensions).parse().err();
        assert_eq!(refused, Some(Error::UnknownExtension { tag }));
        assert!(refused.unwrap().to_string().contains(&format!("tag {tag})")));
    }
}

#[test]
fn extensions_that_can_not_be_read_are_refused() {
    let cases: [&[u8]; 9] = [
        &[5],
        &[5, 0],
        &[5, 0, 1],
        &[5, 2, 0],
        &[5, 0, 2, 7],
        &[5, 0, 1, 7, 0],
        &[0xFF, 0xFF, 0x04, 0, 0],
        &[0x80, 0x80, 0x80, 0x00, 0, 0],
        &[5, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
    ];
    for extensions in cases {
        let refused = with_extensions(extensions).parse().err();
        assert_eq!(refused, Some(Error::Unreadable { part: Part::Extensions }), "{extensions:x?}");
    }
}

#[test]
fn the_capacity_is_that_of_the_model() {
    let parts = Parts::of(&spec());
    let file = parts.assemble();
    let required = file.parse().unwrap().required_words() as u32;
    assert_eq!(required_capacity(file.bytes()), required as usize);
    for wrong in [0, required - 1, required + 1, u32::MAX] {
        let file = Parts { capacity: Some(wrong as usize), ..parts.clone() }.assemble();
        assert_eq!(file.parse().err(), invalid(Field::Capacity, required, wrong));
        assert_eq!(Model::parse_any_capacity(file.bytes()).unwrap().required_words(), required as usize);
    }
    let model = file.parse().unwrap();
    let refused = Classifier::new(&model, [0; 2]).err();
    assert_eq!(refused, Some(Error::CapacityTooSmall { required, available: 2 }));
}

proptest! {
    #[test]
    fn a_header_is_read_as_written(
        codes in (0..3_u8, prop::sample::select(&[4_u8, 8, 16][..])),
        words in any::<[u32; 7]>(), lengths in (0..1000_u32, 0..1000_u32), id in any::<[u8; 16]>(), short in any::<u16>(),
    ) {
        let header = Header {
            precision: Precision::from_code(codes.0).unwrap(),
            packing: Packing::RowMajor,
            needs: words[0],
            alignment: codes.1,
            signature_length: short,
            id,
            model_version: words[1],
            capacity: words[2],
            part_one_length: lengths.0,
            extensions_length: lengths.1,
            device_length: words[3].max(3000),
            part_two_length: words[4],
            part_two_checksum: words[5],
            device_checksum: words[6],
        };
        prop_assert_eq!(Header::read(&header.to_bytes()), Ok(header));
        prop_assert_eq!(header.precision.code(), codes.0);
    }
}
