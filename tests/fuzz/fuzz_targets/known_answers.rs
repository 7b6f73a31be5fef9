//! Any bytes as a file of known answers: refused, or as many answers as it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runtime::known_answer::KnownAnswers;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(answers) = KnownAnswers::parse(bytes) {
        let announced = answers.len();
        let frames = answers.clone().flat_map(|answer| answer.input.frames().map(Iterator::count));
        assert!(frames.take(1 << 16).all(|channels| channels > 0));
        assert_eq!(answers.count(), announced);
    }
});
