//! FORMAT.md's example is a file: its bytes are a model that answers as the page says.
#![allow(clippy::unwrap_used)]

use runtime::format::{Feature, Header};
use runtime::{Classifier, Logits, Model};

const DOCUMENT: &str = include_str!("../FORMAT.md");
const CAPACITY: usize = 15;

/// The bytes of the dump: lines of an offset, a colon, and groups of hexadecimal digits up to two spaces.
fn dump() -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in DOCUMENT.lines() {
        let Some((offset, rest)) = line.split_once(": ") else { continue };
        if offset.len() == 8 && usize::from_str_radix(offset, 16) == Ok(bytes.len()) {
            let digits: Vec<u8> = rest.split("  ").next().unwrap().bytes().filter(|byte| *byte != b' ').collect();
            let byte = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
            bytes.extend(digits.chunks(2).map(byte));
        }
    }
    bytes
}

/// Calls `look` with the bytes at an aligned place, with `behind` after them.
fn aligned<T>(bytes: &[u8], behind: &[u8], look: impl FnOnce(&[u8]) -> T) -> T {
    let bytes = [bytes, behind].concat();
    let mut words = vec![0_u128; bytes.len().div_ceil(16)];
    bytemuck::cast_slice_mut::<u128, u8>(&mut words)[..bytes.len()].copy_from_slice(&bytes);
    look(&bytemuck::cast_slice(&words)[..bytes.len()])
}

fn expect_answers(model: &Model<'_>) {
    assert_eq!(model.required_words(), CAPACITY);
    let mut classifier = Classifier::new(model, [0; CAPACITY]).unwrap();
    let cases = [
        ("Light on!", [-96_422, 99_943]),
        ("", [30_959, -30_959]),
        ("lamp off", [190_707, -217_503]),
        ("turn the LAMP down, please", [70_935, -83_090]),
        ("É up", [-172_616, 191_592]),
        ("a b c d e f g h on on on on", [-140_705, 146_978]),
    ];
    for (text, logits) in cases {
        assert!(DOCUMENT.contains(&logits[0].to_string()) && DOCUMENT.contains(&logits[1].to_string()), "{text}");
        classifier.reset();
        classifier.push_text(text);
        assert_eq!(classifier.logits(), Logits::Fixed(&logits), "{text}");
    }
    classifier.reset();
    for text in ["Light on", "e!"] {
        classifier.push_text(text);
        let prediction = classifier.predict();
        assert_eq!((prediction.label, prediction.probability.q15(), prediction.accepted), ("on", 31_208, true));
        assert_eq!(classifier.logits(), Logits::Fixed(&[-96_422, 99_943]), "{text}");
    }
}

#[test]
fn the_example_answers_as_the_page_says() {
    let bytes = dump();
    assert_eq!(bytes.len(), 335);
    aligned(&bytes, &[], |file| {
        let model = Model::parse(file).unwrap();
        assert_eq!(model.part_two().map(<[u8]>::len), Some(75));
        assert_eq!(model.version(), 1);
        assert_eq!(model.id()[..], file[16..32]);
        assert_eq!(model.extensions().count(), 0);
        expect_answers(&model);
    });
}

#[test]
fn what_a_device_needs_of_the_example_is_a_model_also_in_a_larger_region() {
    let bytes = dump();
    let header = Header::read(&bytes).unwrap();
    assert_eq!([header.device_length, header.part_two_length], [260, 75]);
    assert_eq!(header.needs, Feature::Lstm.bit() | Feature::Words.bit() | Feature::Unicode.bit());
    let device = &bytes[..260];
    aligned(device, &[], |file| {
        let model = Model::parse(file).unwrap();
        assert!(model.part_two().is_none());
        expect_answers(&model);
    });
    aligned(device, &[0xFF; 99], |region| {
        assert!(Model::parse(region).is_err());
        expect_answers(&Model::parse_prefix(region).unwrap());
    });
}
