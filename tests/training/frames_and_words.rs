//! Rows whose meaning an earlier version lost: channels of other sizes, words with marks, steps of several frames.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use runtime::Model;
use runtime::format::Precision;
use tests::{repository, trained_run};
use trainer::config::TrainingConfig;
use trainer::data::read_rows;
use trainer::inference::row_answers;
use trainer::network::Cell;
use trainer::report::{ParityDetail, ParityReport};
use trainer::run::Run;

use crate::Cpu;

/// The share of a file's rows that a run's int8 model answers rightly.
fn int8_accuracy(run: &Run<Cpu>, data: &Path) -> f64 {
    let rows = read_rows(data, &Default::default()).unwrap();
    let file = run.export(Precision::Int8).unwrap();
    let model = Model::parse(file.bytes()).unwrap();
    let answers = row_answers(&model, &rows).unwrap();
    let right = rows.iter().zip(answers).filter(|(row, answer)| model.label(answer.class) == Some(&row.label)).count();
    right as f64 / rows.len() as f64
}

fn config(data: &Path) -> TrainingConfig {
    TrainingConfig {
        data: tests::source(Some(data)),
        hidden_size: 12,
        epochs: 30,
        batch_size: 16,
        warmup_steps: 10,
        ..TrainingConfig::default()
    }
}

/// Sequences of an accelerometer's two channels, which tell nothing, and a pressure in Pa that goes up or down by some
/// 12 Pa around 101,325.
fn pressures(folder: &Path, name: &str, seed: u64, sequences: usize) -> PathBuf {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = String::from("sequence,label,ax,ay,pressure\n");
    for sequence in 0..sequences {
        let (label, sign) = if chance.random_bool(0.5) { ("up", -1.0) } else { ("down", 1.0) };
        for step in 0..20 {
            let [ax, ay] = [0; 2].map(|_| chance.random_range(-9.8..9.8));
            let pressure = 101_325.0 + sign * (f64::from(step) / 19.0 * 12.0 - 6.0) + chance.random_range(-1.0..1.0);
            writeln!(rows, "s{sequence},{label},{ax:.3},{ay:.3},{pressure:.2}").unwrap();
        }
    }
    let path = folder.join(name);
    std::fs::write(&path, rows).unwrap();
    path
}

#[test]
fn six_pascals_beside_an_accelerometer_are_learned_in_int8() {
    let folder = tempfile::tempdir().unwrap();
    let training = pressures(folder.path(), "train.csv", 1, 200);
    let test = pressures(folder.path(), "test.csv", 2, 200);
    let run = trained_run(&config(&training), folder.path()).unwrap();
    let accuracy = int8_accuracy(&run, &test);
    assert!(accuracy >= 0.95, "{accuracy}");
}

#[test]
fn a_channel_beside_a_pressure_that_never_changes_keeps_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let data = repository().join("tests/cases/F02_mixed_units.csv");
    let run = trained_run(&config(&data), folder.path()).unwrap();
    assert_eq!(int8_accuracy(&run, &data), 1.0);
}

#[test]
fn words_keep_their_marks() {
    let folder = tempfile::tempdir().unwrap();
    let data = repository().join("tests/cases/F13_hindi.csv");
    let run =
        trained_run(&TrainingConfig { epochs: 2, validation_share: 0.3, ..config(&data) }, folder.path()).unwrap();
    assert_eq!(run.encoder.vocabulary().unwrap().words(), ["क्या", "धन्यवाद", "नमस्ते", "हिन्दी"]);
    assert_eq!(int8_accuracy(&run, &data), 1.0);
}

/// Steps of several frames with differences come to the same on a device as in training, as far as a precision goes.
#[test]
fn steps_of_frames_and_their_differences_are_those_of_training() {
    let folder = tempfile::tempdir().unwrap();
    let training = pressures(folder.path(), "train.csv", 1, 200);
    let test = pressures(folder.path(), "test.csv", 2, 200);
    for (bidirectional, name) in [(false, "streaming"), (true, "both")] {
        let config = TrainingConfig {
            frames_per_step: 8,
            frame_stride: 4,
            frame_differences: true,
            bidirectional,
            ..config(&training)
        };
        let parent = folder.path().join(name);
        let run = trained_run(&config, &parent).unwrap();
        let accuracy = int8_accuracy(&run, &test);
        assert!(accuracy >= 0.95, "{accuracy}");
        let rows = read_rows(&test, &Default::default()).unwrap();
        let report = ParityReport::new(&run, &rows, "test rows", ParityDetail::default()).unwrap();
        let of = |precision: &str| report.precision(precision).unwrap();
        assert_eq!(of("f32").agreement, 1.0);
        assert!(of("f32").max_logit_error <= 1e-4, "{report}");
        assert!(of("f16").agreement >= 0.99 && of("int8").agreement >= 0.97, "{report}");
    }
}

/// A GRU of 8 units over the channels of an accelerometer and a gyroscope, with six classes.
#[test]
fn a_small_model_takes_less_than_a_kilobyte() {
    let folder = tempfile::tempdir().unwrap();
    let labels = ["still", "walk", "run", "jump", "turn", "fall"];
    let mut chance = ChaCha8Rng::seed_from_u64(1);
    let mut rows = String::from("sequence,label,ax,ay,az,gx,gy,gz\n");
    for sequence in 0..60 {
        for _ in 0..10 {
            let values = [0; 6].map(|_| chance.random_range(-100..100).to_string());
            writeln!(rows, "s{sequence},{},{}", labels[sequence % labels.len()], values.join(",")).unwrap();
        }
    }
    let data = folder.path().join("rows.csv");
    std::fs::write(&data, rows).unwrap();
    let config = TrainingConfig { cell: Cell::Gru, hidden_size: 8, epochs: 2, ..config(&data) };
    let file = trained_run(&config, folder.path()).unwrap().export(Precision::Int8).unwrap();
    let stripped = file.stripped(&data).unwrap();
    let model = Model::parse(stripped.bytes()).unwrap();
    assert_eq!((model.channels(), model.labels().count()), (6, 6));
    let (whole, bare) = (file.bytes().len(), stripped.bytes().len());
    assert!(whole <= 960 && bare <= 900, "{whole} bytes, {bare} of them for a device");
    println!("{whole} bytes, {bare} of them for a device");
}
