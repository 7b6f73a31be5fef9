//! The files of a run cut and changed everywhere: refused, or read, but never a panic.

use burn_ndarray::NdArray;
use trainer::Error;
use trainer::run::Run;

use crate::command::{Place, TINY, frames, shared};

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
        assert!(outcome.stderr.starts_with("error: the network cannot be exported: "), "{precision}: {outcome:?}");
        assert!(!place.path("model.rnl").exists(), "{precision}");
    }
}

/// The run in `run`, of frames.
fn place_with_a_run_of_frames() -> Place {
    let place = Place::new();
    place.write("frames.csv", frames().as_bytes());
    place.run(&format!("train --data frames.csv --out run --frame-differences false {TINY}")).assert_done("train");
    place
}

#[test]
fn a_normalization_that_is_not_right_is_refused() {
    let place = place_with_a_run_of_frames();
    let file = "run/normalization.toml";
    let right = std::fs::read_to_string(place.path(file)).unwrap();
    let refused = |content: &str, says: &str| {
        place.write(file, content.as_bytes());
        let message = load(&place).expect_err(content).to_string();
        assert!(message.ends_with(&format!("{file}: {says}")), "{message}");
        for command in ["export run --precision int8 --out model.rnl", "parity run --data frames.csv"] {
            place.assert_refused(command, &[says]);
        }
    };
    let units = right.lines().find(|line| line.starts_with("units = ")).unwrap();
    for (number, says) in [("0.0", "0"), ("-1.0", "-1"), ("nan", "NaN"), ("inf", "inf")] {
        let changed = right.replace(units, &format!("units = [{number}]"));
        refused(&changed, &format!("unit {says}: expected a positive number"));
    }
    let changed = right.replace(units, "units = [1.0, 1.0, 1.0]");
    refused(&changed, "3 units of 2 channels: expected one for all or one each");
    let changed = right.replace("frames_per_step = 1", "frames_per_step = 0");
    refused(&changed, "frames_per_step and frame_stride: expected 1 or more");
    let counts = |means: usize, scales: usize| {
        format!("{means} means and {scales} scales: expected as many of each, at least one")
    };
    // As earlier versions wrote it.
    let numbers = "unit = 1.0\nmean = [0.0, 1.0]\n";
    refused(&format!("{numbers}scale = [1.0]\n"), &counts(2, 1));
    refused("unit = 1.0\nmean = []\nscale = []\n", &counts(0, 0));
    refused(&format!("{numbers}scale = [1.0, inf]\n"), "expected finite means and scales");
    place.write(file, format!("{numbers}scale = [1.0, 2.0]\n").as_bytes());
    load(&place).unwrap();
    place.write(file, right.as_bytes());
    load(&place).unwrap();
    std::fs::remove_file(place.path(file)).unwrap();
    assert!(load(&place).unwrap_err().to_string().contains("No such file"));
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
