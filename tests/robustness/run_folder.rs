//! The files of a run cut and changed everywhere: refused, or read, but never a panic.

use burn_ndarray::NdArray;
use trainer::Error;
use trainer::run::Run;

use crate::command::{Place, shared};

fn load(place: &Place) -> Result<Run<NdArray<f32>>, Error> {
    Run::load(&place.path("run"), &Default::default())
}

fn content(name: &str) -> Vec<u8> {
    std::fs::read(shared().path(name)).unwrap()
}

/// A single line that names the file.
fn assert_names(error: &Error, file: &str, what: &str) {
    let message = error.to_string();
    assert!(message.contains(file), "{what}: {message}");
    assert_eq!(message.lines().count(), 1, "{what}: {message}");
    assert_eq!(error.exit_code(), 2, "{what}: {message}");
}

#[test]
fn weights_cut_anywhere_are_refused() {
    let place = Place::new();
    place.copy_run("run");
    load(&place).unwrap();
    let right = content("run/weights.safetensors");
    for length in 0..right.len() {
        place.write("run/weights.safetensors", &right[..length]);
        let what = format!("cut to {length}");
        assert_names(&load(&place).expect_err(&what), "weights.safetensors", &what);
    }
}

#[test]
fn weights_with_any_byte_of_their_header_changed_are_refused_or_read() {
    let place = Place::new();
    place.copy_run("run");
    let right = content("run/weights.safetensors");
    let header = 8 + usize::from(u16::from_le_bytes([right[0], right[1]]));
    let mut refused = 0;
    for position in 0..header {
        for change in [0x01, 0x10, 0x80] {
            let mut changed = right.clone();
            changed[position] ^= change;
            place.write("run/weights.safetensors", &changed);
            if let Err(error) = load(&place) {
                refused += 1;
                assert_names(&error, "weights.safetensors", &format!("byte {position} ^ {change:#x}"));
            }
        }
    }
    // What may change: the file's own notes, and spaces.
    assert!(refused > header, "{refused} of {}", 3 * header);
}

#[test]
fn weights_that_are_no_numbers_can_not_be_exported() {
    let place = Place::new();
    place.copy_run("run");
    let right = content("run/weights.safetensors");
    let header = 8 + usize::from(u16::from_le_bytes([right[0], right[1]]));
    let mut changed = right.clone();
    for value in changed[header..].chunks_exact_mut(4) {
        value.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    place.write("run/weights.safetensors", &changed);
    for precision in ["f32", "f16", "int8"] {
        let outcome = place.run(&format!("export run --precision {precision} --out model.rnl"));
        assert_eq!(outcome.code, Some(1), "{precision}: {outcome:?}");
        assert!(outcome.stderr.starts_with("error: the network can not be exported: "), "{precision}: {outcome:?}");
        assert!(!place.path("model.rnl").exists(), "{precision}");
    }
}

#[test]
fn settings_and_results_cut_anywhere_are_refused_or_read() {
    for file in ["config.toml", "result.toml"] {
        let place = Place::new();
        place.copy_run("run");
        let right = content(&format!("run/{file}"));
        let mut refused = 0;
        for length in 0..right.len() {
            place.write(&format!("run/{file}"), &right[..length]);
            if let Err(error) = load(&place) {
                refused += 1;
                let message = error.to_string();
                assert_eq!((message.lines().count(), error.exit_code()), (1, 2), "{file} cut to {length}: {message}");
            }
        }
        assert!(refused > right.len() / 4, "{file}: {refused} of {}", right.len());
    }
}

/// Resumes the finished run with this checkpoint.
fn resume(place: &Place, checkpoint: &[u8]) -> crate::command::Outcome {
    place.write("run/checkpoint.bin", checkpoint);
    place.run("train --resume --out run --device cpu")
}

fn place_to_resume() -> Place {
    let place = Place::new();
    place.copy_run("run");
    place.write("rows.csv", crate::command::rows().as_bytes());
    place
}

#[test]
fn a_whole_checkpoint_can_be_gone_on_from() {
    let place = place_to_resume();
    let weights = content("run/weights.safetensors");
    resume(&place, &content("run/checkpoint.bin")).assert_done("the run is finished already");
    assert!(std::fs::read(place.path("run/weights.safetensors")).unwrap() == weights);
}

#[test]
fn a_checkpoint_cut_anywhere_is_refused() {
    let place = place_to_resume();
    let right = content("run/checkpoint.bin");
    for part in 0..40 {
        let outcome = resume(&place, &right[..right.len() * part / 40]);
        let last = outcome.stderr.lines().last().unwrap_or_default();
        assert_eq!(outcome.code, Some(2), "{part}/40: {outcome:?}");
        assert!(last.starts_with("error: run/checkpoint.bin: "), "{part}/40: {outcome:?}");
    }
}

#[test]
fn a_checkpoint_with_a_changed_byte_is_refused_or_gone_on_from() {
    let place = place_to_resume();
    let right = content("run/checkpoint.bin");
    let mut refused = 0;
    for part in 0..120 {
        let position = right.len() * part / 120;
        let mut changed = right.clone();
        changed[position] ^= 0xA5;
        let outcome = resume(&place, &changed);
        let what = format!("byte {position}: {outcome:?}");
        assert!(!outcome.stderr.contains("panicked"), "{what}");
        match outcome.code {
            Some(0) => {}
            Some(1 | 2) => {
                refused += 1;
                assert!(outcome.stderr.lines().last().unwrap().starts_with("error: "), "{what}");
            }
            _ => panic!("{what}"),
        }
    }
    assert!(refused > 0);
}
