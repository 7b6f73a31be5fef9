//! A model file whose part one, extensions and tensors are anything, behind a right header and checksums.

#![no_main]

use fuzz::{exercise, with_right_header};
use libfuzzer_sys::fuzz_target;
use runtime::Model;

fuzz_target!(|bytes: &[u8]| {
    if let Some(file) = with_right_header(bytes) {
        let model = Model::parse(file.bytes()).expect("accepted but for its capacity, which is now right");
        exercise(&model, bytes);
    }
});
