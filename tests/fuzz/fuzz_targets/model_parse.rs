//! Any bytes: `Model::parse` refuses them, or what it accepts runs.

#![no_main]

use fuzz::{AlignedBytes, exercise};
use libfuzzer_sys::fuzz_target;
use runtime::Model;

fuzz_target!(|bytes: &[u8]| {
    let file = AlignedBytes::new(bytes);
    // The input itself lies anywhere: it is refused where it is not aligned.
    let _ = Model::parse(bytes);
    for parsed in [Model::parse(file.bytes()), Model::parse_prefix(file.bytes())] {
        if let Ok(model) = parsed {
            assert!(runtime::required_capacity(file.bytes()) == model.required_words());
            exercise(&model, b"please turn the lamp up, 20");
        }
    }
});
