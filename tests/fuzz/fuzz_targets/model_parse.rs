//! Any bytes: `Model::parse` refuses them, or what it accepts runs.

#![no_main]

use fuzz::{AlignedBytes, exercise};
use libfuzzer_sys::fuzz_target;
use runtime::Model;

fuzz_target!(|bytes: &[u8]| {
    let file = AlignedBytes::new(bytes);
    // The input itself lies anywhere: it is refused where it is not aligned.
    let _ = Model::parse(bytes);
    let _ = runtime::required_capacity(bytes);
    if let Ok(model) = Model::parse(file.bytes()) {
        exercise(&model, b"please turn the lamp up, 20");
    }
});
