//! FORMAT.md's example is a file: its bytes are a model that answers as the page says.
#![allow(clippy::unwrap_used)]

use runtime::{Classifier, Logits, Model};

const DOCUMENT: &str = include_str!("../FORMAT.md");

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

#[test]
fn the_example_answers_as_the_page_says() {
    let bytes = dump();
    assert_eq!(bytes.len(), 436);
    let mut words = vec![0_u128; bytes.len().div_ceil(16)];
    bytemuck::cast_slice_mut::<u128, u8>(&mut words)[..bytes.len()].copy_from_slice(&bytes);
    let model = Model::parse(&bytemuck::cast_slice(&words)[..bytes.len()]).unwrap();
    assert_eq!(model.required_words(), 9);
    let mut classifier = Classifier::<9>::new(&model).unwrap();
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
        classifier.predict();
        assert_eq!(classifier.logits(), Logits::Fixed(&logits), "{text}");
    }
    classifier.reset();
    classifier.push_text("Light on!");
    assert_eq!(classifier.predict().probability.q15(), 31_208);
}
