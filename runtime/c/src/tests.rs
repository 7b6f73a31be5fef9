//! The functions as C calls them, on this machine, and the header beside its source.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::CStr;
use std::path::Path;
use std::ptr::{null, null_mut};
use std::{fs, slice, str};

use runtime::{Aligned, Classifier, Logits, Model};

use crate::*;

static WORDS: &Aligned<[u8]> = &Aligned(*include_bytes!("../../../models/home-commands/home-commands.int8.rnl"));
static DIGITS: &Aligned<[u8]> = &Aligned(*include_bytes!("../../../models/digits/digits.int8.rnl"));
const STATE_WORDS: usize = 2_000;

/// The memory of a caller: zeros, as C's static variables.
struct Memory {
    model: RunnelModel,
    classifier: RunnelClassifier,
    state: [u32; STATE_WORDS],
}

fn zeros() -> Box<Memory> {
    // SAFETY: the structs are numbers.
    Box::new(unsafe { std::mem::zeroed() })
}

impl Memory {
    fn parse(&mut self, file: &[u8]) -> RunnelStatus {
        // SAFETY: the file of each test outlives its memory.
        unsafe { runnel_model_parse(&mut self.model, file.as_ptr().cast(), file.len()) }
    }

    fn init(&mut self, state_words: usize) -> RunnelStatus {
        // SAFETY: the memory is the test's own.
        unsafe { runnel_classifier_init(&mut self.classifier, &self.model, self.state.as_mut_ptr(), state_words) }
    }

    fn info(&self) -> RunnelModelInfo {
        let mut info =
            RunnelModelInfo { state_words: 0, classes: 0, channels: 0, max_steps: 0, is_bidirectional: false };
        // SAFETY: the memory is the test's own.
        assert_eq!(unsafe { runnel_model_info(&self.model, &mut info) }, RunnelStatus::Ok);
        info
    }
}

fn ready(file: &'static Aligned<[u8]>) -> Box<Memory> {
    let mut memory = zeros();
    assert_eq!(memory.parse(&file.0), RunnelStatus::Ok);
    assert_eq!(memory.init(STATE_WORDS), RunnelStatus::Ok);
    memory
}

const NO_PREDICTION: RunnelPrediction =
    RunnelPrediction { class_index: 9, label: null(), label_length: 0, probability_q15: 0, accepted: false };

fn label(prediction: &RunnelPrediction) -> &str {
    // SAFETY: the label lies in a model that is a constant.
    str::from_utf8(unsafe { slice::from_raw_parts(prediction.label.cast(), prediction.label_length) }).unwrap()
}

#[test]
fn text_is_answered_as_by_the_runtime() {
    let mut memory = ready(WORDS);
    let info = memory.info();
    let model = Model::parse(&WORDS.0).unwrap();
    assert_eq!((info.state_words, info.classes, info.channels), (model.required_words(), model.labels().count(), 0));
    let mut state = vec![0; model.required_words()];
    let mut classifier = Classifier::new(&model, &mut state).unwrap();
    for text in [c"kitchen lights off", c"", c"play s\xC3\xB6me jazz, please"] {
        let mut pushed = RunnelPushed { taken: 9, refused: 9 };
        let mut prediction = NO_PREDICTION;
        let mut logits = vec![0; info.classes];
        // SAFETY: the memory is the test's own.
        unsafe {
            let classifier = &mut memory.classifier;
            assert_eq!(runnel_reset(classifier), RunnelStatus::Ok);
            assert_eq!(runnel_push_text(classifier, text.as_ptr(), &mut pushed), RunnelStatus::Ok);
            assert_eq!(runnel_predict(classifier, &mut prediction), RunnelStatus::Ok);
            assert_eq!(runnel_logits_q16(classifier, logits.as_mut_ptr(), logits.len()), RunnelStatus::Ok);
        }
        classifier.reset();
        let expected = classifier.push_bytes(text.to_bytes());
        assert_eq!(pushed, RunnelPushed { taken: expected.taken, refused: expected.refused });
        let expected = classifier.predict();
        assert_eq!((prediction.class_index as usize, label(&prediction)), (expected.class, expected.label));
        assert_eq!(prediction.probability_q15, expected.probability.q15());
        assert_eq!(prediction.accepted, expected.accepted);
        assert_eq!(classifier.logits(), Logits::Fixed(&logits));
        // SAFETY: the memory is the test's own.
        assert_eq!(unsafe { runnel_steps(&memory.classifier) }, classifier.steps());
    }
    let mut name = null();
    let mut length = 0;
    // SAFETY: the memory is the test's own.
    unsafe {
        assert_eq!(runnel_model_label(&memory.model, 1, &mut name, &mut length), RunnelStatus::Ok);
        assert_eq!(slice::from_raw_parts(name.cast::<u8>(), length), model.label(1).unwrap().as_bytes());
        let status = runnel_model_label(&memory.model, info.classes as u32, &mut name, &mut length);
        assert_eq!(status, RunnelStatus::NoSuchClass);
    }
}

#[test]
fn text_cut_anywhere_and_an_answer_in_slices_are_the_same() {
    let mut memory = ready(WORDS);
    let mut whole = NO_PREDICTION;
    let mut sliced = NO_PREDICTION;
    let mut is_complete = false;
    let classifier = &mut memory.classifier;
    // SAFETY: the memory is the test's own.
    unsafe {
        assert_eq!(runnel_push_text(classifier, c"kitchen lights off".as_ptr(), null_mut()), RunnelStatus::Ok);
        assert_eq!(runnel_predict(classifier, &mut whole), RunnelStatus::Ok);
        runnel_reset(classifier);
        for byte in b"kitchen lights off" {
            assert_eq!(runnel_push_bytes(classifier, byte, 1, null_mut()), RunnelStatus::Ok);
        }
        while !is_complete {
            assert_eq!(runnel_predict_some(classifier, 1, &mut sliced, &mut is_complete), RunnelStatus::Ok);
        }
    }
    assert_eq!((sliced.class_index, sliced.probability_q15), (whole.class_index, whole.probability_q15));
    assert_eq!(label(&sliced), "lights_off");
}

#[test]
fn frames_of_each_type_are_answered_as_by_the_runtime() {
    let mut memory = ready(DIGITS);
    let info = memory.info();
    let frames: Vec<i32> = (0..8 * info.channels as i32).map(|number| number * 7 % 17).collect();
    let model = Model::parse(&DIGITS.0).unwrap();
    let mut state = vec![0; model.required_words()];
    let mut expected = Classifier::new(&model, &mut state).unwrap();
    for frame in frames.chunks(info.channels) {
        expected.push_frame(frame).unwrap();
    }
    let unit: Vec<f32> = (0..info.channels).map(|channel| model.frame_unit(channel).unwrap()).collect();
    for number_type in ["i32", "i16", "f32"] {
        let mut pushed = RunnelPushed { taken: 0, refused: 0 };
        let mut logits = vec![0; info.classes];
        let classifier = &mut memory.classifier;
        // SAFETY: the memory is the test's own.
        unsafe {
            runnel_reset(classifier);
            for frame in frames.chunks(info.channels) {
                let narrow: Vec<i16> = frame.iter().map(|value| *value as i16).collect();
                let float: Vec<f32> = frame.iter().zip(&unit).map(|(value, unit)| *value as f32 * unit).collect();
                let status = match number_type {
                    "i32" => runnel_push_frame_i32(classifier, frame.as_ptr(), frame.len(), &mut pushed),
                    "i16" => runnel_push_frame_i16(classifier, narrow.as_ptr(), narrow.len(), &mut pushed),
                    _ => runnel_push_frame_f32(classifier, float.as_ptr(), float.len(), &mut pushed),
                };
                assert_eq!((status, pushed.refused), (RunnelStatus::Ok, 0));
            }
            assert_eq!(runnel_logits_q16(classifier, logits.as_mut_ptr(), logits.len()), RunnelStatus::Ok);
        }
        assert_eq!(expected.logits(), Logits::Fixed(&logits), "{number_type}");
    }
}

#[test]
fn null_is_answered_everywhere() {
    let Memory { model, classifier, state } = &mut *ready(WORDS);
    let (model, classifier, state): (*mut _, *mut _, _) = (model, classifier, state.as_mut_ptr());
    let file = WORDS.0.as_ptr().cast();
    let length = WORDS.0.len();
    let mut prediction = NO_PREDICTION;
    let mut is_complete = false;
    let mut name = null();
    let mut number = 0;
    // SAFETY: every pointer is null or to memory of the test's own.
    let answers = unsafe {
        [
            runnel_model_parse(null_mut(), file, length),
            runnel_model_parse(&mut zeros().model, null(), length),
            runnel_model_parse_prefix(null_mut(), file, length),
            runnel_model_parse_prefix(&mut zeros().model, null(), length),
            runnel_model_info(null(), null_mut()),
            runnel_model_info(model, null_mut()),
            runnel_model_label(null(), 0, &mut name, &mut number),
            runnel_model_label(model, 0, null_mut(), &mut number),
            runnel_model_label(model, 0, &mut name, null_mut()),
            runnel_classifier_init(null_mut(), model, state, STATE_WORDS),
            runnel_classifier_init(classifier, null(), state, STATE_WORDS),
            runnel_classifier_init(classifier, model, null_mut(), STATE_WORDS),
            runnel_reset(null_mut()),
            runnel_push_text(null_mut(), c"on".as_ptr(), null_mut()),
            runnel_push_text(classifier, null(), null_mut()),
            runnel_push_bytes(null_mut(), b"on".as_ptr(), 2, null_mut()),
            runnel_push_bytes(classifier, null(), 0, null_mut()),
            runnel_push_frame_i32(null_mut(), [1].as_ptr(), 1, null_mut()),
            runnel_push_frame_i32(classifier, null(), 1, null_mut()),
            runnel_push_frame_i16(classifier, null(), 1, null_mut()),
            runnel_push_frame_f32(classifier, null(), 1, null_mut()),
            runnel_predict(null_mut(), &mut prediction),
            runnel_predict(classifier, null_mut()),
            runnel_predict_some(null_mut(), 1, &mut prediction, &mut is_complete),
            runnel_predict_some(classifier, 1, null_mut(), &mut is_complete),
            runnel_predict_some(classifier, 1, &mut prediction, null_mut()),
            runnel_logits_q16(null_mut(), [0; 16].as_mut_ptr(), 16),
            runnel_logits_q16(classifier, null_mut(), 16),
            runnel_logits_f32(classifier, null_mut(), 16),
        ]
    };
    assert_eq!(answers, [RunnelStatus::NullPointer; 29]);
    // SAFETY: null is allowed.
    assert_eq!(unsafe { runnel_steps(null()) }, 0);
    // Nothing was changed: the next call works.
    // SAFETY: the memory is the test's own.
    unsafe {
        assert_eq!(runnel_push_text(classifier, c"kitchen lights off".as_ptr(), null_mut()), RunnelStatus::Ok);
        assert_eq!(runnel_predict(classifier, &mut prediction), RunnelStatus::Ok);
    }
    assert_eq!(label(&prediction), "lights_off");
}

#[test]
fn what_is_not_aligned_is_refused() {
    let mut memory = zeros();
    let length = WORDS.0.len();
    let mut shifted = Box::new(Aligned([0; 1 << 18]));
    shifted.0[2..2 + length].copy_from_slice(&WORDS.0);
    assert_eq!(memory.parse(&shifted.0[2..2 + length]), RunnelStatus::UnalignedModel);
    // A place that refused a model holds none.
    assert_eq!(memory.init(STATE_WORDS), RunnelStatus::NotReady);

    let mut memory = ready(WORDS);
    let odd: *mut u8 = shifted.0.as_mut_ptr().wrapping_add(1);
    // SAFETY: each pointer that is not refused is to memory of the test's own.
    let answers = unsafe {
        [
            runnel_model_parse(odd.cast(), WORDS.0.as_ptr().cast(), WORDS.0.len()),
            runnel_model_info(odd.cast(), null_mut()),
            runnel_model_info(&memory.model, odd.cast()),
            runnel_classifier_init(odd.cast(), &memory.model, memory.state.as_mut_ptr(), STATE_WORDS),
            runnel_classifier_init(&mut memory.classifier, &memory.model, odd.cast(), 900),
            runnel_reset(odd.cast()),
            runnel_push_text(&mut memory.classifier, c"on".as_ptr(), odd.cast()),
            runnel_push_frame_i32(&mut memory.classifier, odd.cast(), 1, null_mut()),
            runnel_push_frame_i16(&mut memory.classifier, odd.cast(), 1, null_mut()),
            runnel_predict(&mut memory.classifier, odd.cast()),
            runnel_logits_q16(&mut memory.classifier, odd.cast(), 16),
        ]
    };
    assert_eq!(answers, [RunnelStatus::UnalignedPointer; 11]);
    // The text was not pushed.
    // SAFETY: the memory is the test's own.
    assert_eq!(unsafe { runnel_steps(&memory.classifier) }, 0);
}

#[test]
fn short_buffers_and_structs_of_zeros_are_refused() {
    let mut memory = zeros();
    let mut prediction = NO_PREDICTION;
    // SAFETY: the memory is the test's own.
    unsafe {
        assert_eq!(runnel_predict(&mut memory.classifier, &mut prediction), RunnelStatus::NotReady);
        assert_eq!(runnel_reset(&mut memory.classifier), RunnelStatus::NotReady);
        assert_eq!(runnel_steps(&memory.classifier), 0);
    }
    assert_eq!(memory.init(STATE_WORDS), RunnelStatus::NotReady);
    assert_eq!(memory.parse(&WORDS.0), RunnelStatus::Ok);
    let info = memory.info();
    assert_eq!(memory.init(info.state_words - 1), RunnelStatus::BufferTooSmall);
    // SAFETY: the memory is the test's own.
    assert_eq!(unsafe { runnel_reset(&mut memory.classifier) }, RunnelStatus::NotReady);
    assert_eq!(memory.init(info.state_words), RunnelStatus::Ok);
    let mut logits = vec![7; info.classes];
    // SAFETY: the memory is the test's own.
    unsafe {
        let classifier = &mut memory.classifier;
        let short = runnel_logits_q16(classifier, logits.as_mut_ptr(), info.classes - 1);
        assert_eq!((short, &logits), (RunnelStatus::BufferTooSmall, &vec![7; info.classes]));
        assert_eq!(runnel_logits_f32(classifier, [0.0; 64].as_mut_ptr(), 64), RunnelStatus::WrongLogits);
        let endless = runnel_push_bytes(classifier, b"on".as_ptr(), usize::MAX, null_mut());
        assert_eq!(endless, RunnelStatus::WrongLength);
    }
}

#[test]
fn a_damaged_or_cut_file_and_a_longer_region_are_told_apart() {
    let mut memory = zeros();
    let mut region = Box::new(Aligned([0xFF; 1 << 18]));
    let length = DIGITS.0.len();
    region.0[..length].copy_from_slice(&DIGITS.0);
    assert_eq!(memory.parse(&region.0[..length]), RunnelStatus::Ok);
    assert_eq!(memory.parse(&region.0), RunnelStatus::WrongLength);
    // SAFETY: the region outlives the memory's use.
    let prefix = unsafe { runnel_model_parse_prefix(&mut memory.model, region.0.as_ptr().cast(), region.0.len()) };
    assert_eq!(prefix, RunnelStatus::Ok);
    for short in [0, 1, 63, 64, 100] {
        assert_eq!(memory.parse(&region.0[..short]), RunnelStatus::WrongLength, "{short}");
    }
    region.0[200] ^= 1;
    assert_eq!(memory.parse(&region.0[..length]), RunnelStatus::WrongChecksum);
    region.0[0] = b'X';
    assert_eq!(memory.parse(&region.0[..length]), RunnelStatus::NotAModel);
    assert_eq!(memory.init(STATE_WORDS), RunnelStatus::NotReady);
}

#[test]
fn input_of_the_other_kind_is_refused_and_the_next_input_works() {
    let mut text = ready(WORDS);
    let mut frames = ready(DIGITS);
    let channels = frames.info().channels;
    let frame = vec![3; channels + 1];
    // SAFETY: the memory is the test's own.
    unsafe {
        assert_eq!(runnel_push_frame_i32(&mut text.classifier, frame.as_ptr(), 1, null_mut()), RunnelStatus::NoFrames);
        let frames = &mut frames.classifier;
        assert_eq!(runnel_push_text(frames, c"on".as_ptr(), null_mut()), RunnelStatus::NoText);
        for wrong in [0, channels - 1, channels + 1] {
            let status = runnel_push_frame_i32(frames, frame.as_ptr(), wrong, null_mut());
            assert_eq!(status, RunnelStatus::WrongChannels);
        }
        let infinite = vec![f32::INFINITY; channels];
        let status = runnel_push_frame_f32(frames, infinite.as_ptr(), channels, null_mut());
        assert_eq!((status, runnel_steps(frames)), (RunnelStatus::NotFinite, 0));
        assert_eq!(runnel_push_frame_i32(frames, frame.as_ptr(), channels, null_mut()), RunnelStatus::Ok);
        assert_eq!(runnel_steps(frames), 1);
    }
}

#[test]
fn every_status_has_a_text_of_its_own_and_other_numbers_have_one() {
    let text = |status| {
        // SAFETY: the texts are constants that end with a NUL.
        unsafe { CStr::from_ptr(runnel_status_text(status)) }.to_str().unwrap()
    };
    let last = RunnelStatus::WrongLogits as u32;
    let texts: std::collections::BTreeSet<&str> = (0..=last).map(text).collect();
    assert_eq!(texts.len(), last as usize + 1);
    assert_eq!(text(last + 1), "not a status of this library");
    assert_eq!(text(u32::MAX), "not a status of this library");
    assert_eq!(text(0), "success");
}

/// `emulate` builds the library with the features that a model names.
#[test]
fn the_features_are_the_runtimes() {
    let default = |manifest: &'static str| {
        let (_, after) = manifest.split_once("default = [").unwrap();
        after.split_once(']').unwrap().0.split(',').map(str::trim).filter(|name| !name.is_empty()).collect::<Vec<_>>()
    };
    let own = include_str!("../Cargo.toml");
    assert_eq!(default(own), default(include_str!("../../Cargo.toml")));
    for name in default(own) {
        let name = name.trim_matches('"');
        let feature = own.lines().find(|line| line.starts_with(&format!("{name} = ["))).unwrap();
        assert!(feature.contains(&format!("\"runtime/{name}\"")), "{feature}");
    }
}

/// What every function says of its contract, which the header says once.
const SAFETY: &str = "//\n// # Safety\n// See the beginning of runnel.h.\n";

/// Writes the header anew where it is out of date, and then fails: the change is to be looked at and committed.
#[test]
fn the_header_is_what_cbindgen_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut builder =
        cbindgen::Builder::new().with_config(cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap());
    for source in ["status.rs", "memory.rs", "functions.rs"] {
        builder = builder.with_src(folder.join("src").join(source));
    }
    let mut written = Vec::new();
    builder.generate().unwrap().write(&mut written);
    let written = String::from_utf8(written).unwrap().replace(SAFETY, "");
    let path = folder.join("include/runnel.h");
    if fs::read_to_string(&path).unwrap_or_default() != written {
        fs::write(&path, written).unwrap();
        panic!("{} was out of date and is written anew: commit it", path.display());
    }
}
