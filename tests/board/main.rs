//! The emulated board beside this machine: the same bits, the same class, on every sentence.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bench;
mod c;
mod install;
mod probe;
mod size;
mod stream;
mod talk;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use runtime::format::Precision;
use serde_json::Value;
use tests::{binary, real_data, repository, trained_run};
use trainer::config::TrainingConfig;
use trainer::data::read_rows;
use trainer::encoding::Input;
use trainer::export::{ExportPrecision, ModelFile};
use trainer::inference::row_answers;
use trainer::network::Cell;
use trainer::quantize::{Bits, IntegerBits};

const TEST_SENTENCES: &str = "trainer/data/home_commands/test.csv";

fn model(precision: &str) -> PathBuf {
    repository().join(format!("models/home-commands/home-commands.{precision}.rnl"))
}

fn emulate(board: &str, model: &Path, data: &str, rows: usize, trainer: &Path) -> Output {
    Command::new(repository().join("firmware-demo/emulate"))
        .args(["--json", "--board", board, "--rows", &rows.to_string(), "--model"])
        .arg(model)
        .arg("--data")
        .arg(repository().join(data))
        .env("RUNNEL_TRAINER", trainer)
        .output()
        .expect("python3 runs firmware-demo/emulate")
}

/// [`check_model`] of the home commands.
fn check(board: &str, precision: &str, rows: usize) -> Value {
    check_model(board, &model(precision), TEST_SENTENCES, rows)
}

/// Runs a model on a board and compares what it printed with what the runtime answers here.
fn check_model(board: &str, path: &Path, data: &str, rows: usize) -> Value {
    let output = emulate(board, path, data, rows, &binary("trainer"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{board}: {errors} (firmware-demo/install installs what is missing)");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = ModelFile::read(path).unwrap();
    let parsed = file.parse(path).unwrap();
    let given = read_rows(&repository().join(data), &Default::default()).unwrap();
    let answers = row_answers(&parsed, &given[..rows]).unwrap();
    let printed = report["rows"].as_array().unwrap();
    assert_eq!(printed.len(), rows);
    assert_eq!(report["mismatches"], 0);
    for (printed, answer) in printed.iter().zip(&answers) {
        assert_eq!(printed["class"], answer.class, "{}", printed["text"]);
        let logits: Vec<f32> =
            printed["logits"].as_array().unwrap().iter().map(|logit| logit.as_f64().unwrap() as f32).collect();
        let bits = |logits: &[f32]| logits.iter().map(|logit| logit.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&logits), bits(&answer.logits), "{}", printed["text"]);
    }
    println!(
        "{board} {}: {rows} rows equal, {} instructions a step, {} bytes of RAM",
        path.display(),
        report["instructions_per_step"],
        report["ram_bytes"]
    );
    report
}

/// A model of the home commands, trained for one pass with these settings.
fn trained(config: &TrainingConfig, folder: &Path, precision: impl Into<ExportPrecision>) -> PathBuf {
    let path = folder.join("model.rnl");
    let config = TrainingConfig { epochs: 1, hidden_size: 20, ..config.clone() };
    let run = trained_run(&config, folder).unwrap();
    std::fs::write(&path, run.export(precision).unwrap().bytes()).unwrap();
    path
}

#[test]
fn every_cell_and_direction_answers_on_a_cortex_m4_as_on_this_machine() {
    let of = |cell, bidirectional, num_layers| TrainingConfig {
        cell,
        bidirectional,
        num_layers,
        max_length: 32,
        embedding_size: 12,
        ..TrainingConfig::default()
    };
    for config in [
        of(Cell::Lstm, true, 2),
        of(Cell::Gru, false, 1),
        of(Cell::RnnTanh, false, 2),
        of(Cell::RnnRelu, true, 1),
        TrainingConfig { input: Input::Characters, embedding_size: 0, pad_to: 20, ..of(Cell::Gru, true, 1) },
    ] {
        let folder = tempfile::tempdir().unwrap();
        check_model("m4", &trained(&config, folder.path(), Precision::Int8), TEST_SENTENCES, 20);
    }
}

#[test]
fn integers_in_4_bits_and_fingerprints_answer_on_a_cortex_m4_as_on_this_machine() {
    let of = |cell, bidirectional, embedding_size| TrainingConfig {
        input: Input::FingerprintedWords,
        cell,
        bidirectional,
        embedding_size,
        max_length: 32,
        ..TrainingConfig::default()
    };
    let composed = |config| TrainingConfig { vocabulary_size: 100, subword_buckets: 64, ..config };
    for config in [
        of(Cell::Lstm, false, 11),
        of(Cell::Gru, true, 12),
        of(Cell::RnnTanh, false, 0),
        composed(of(Cell::Lstm, true, 11)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let model = trained(&config, folder.path(), ExportPrecision::Integer(IntegerBits::all(Bits::Four)));
        check_model("m4", &model, TEST_SENTENCES, 24);
    }
}

#[test]
fn frames_of_digits_stream_through_a_cortex_m4() {
    check_frames("digits", "trainer/data/digits/test.csv");
}

#[test]
fn frames_of_gestures_stream_through_a_cortex_m4() {
    let Some(folder) = real_data("wand") else { return };
    check_frames("gestures", folder.join("test.csv").to_str().unwrap());
}

#[test]
fn steps_of_frames_and_their_differences_are_the_same_on_a_cortex_m4() {
    let folder = tempfile::tempdir().unwrap();
    // Recordings of 0 to 59 frames of a channel in mg and one in Pa: too few for a step, and left over.
    let mut rows = String::from("sequence,label,a,p\n");
    for sequence in 0..40_i32 {
        for step in 0..1 + sequence * 37 % 60 {
            let label = if sequence % 2 == 0 { "up" } else { "down" };
            let slope = if sequence % 2 == 0 { 0.25 } else { -0.25 };
            let (a, p) = (step * 31 % 17 - 8, 101_325.0 + slope * f64::from(step) + f64::from(step * 13 % 7) * 0.1);
            rows += &format!("s{sequence},{label},{a},{p:.3}\n");
        }
    }
    let data = folder.path().join("rows.csv");
    std::fs::write(&data, rows).unwrap();
    for bidirectional in [false, true] {
        let config = TrainingConfig {
            data: tests::source(Some(&data)),
            frames_per_step: 8,
            frame_stride: 4,
            frame_differences: true,
            bidirectional,
            max_length: 16,
            batch_size: 4,
            ..TrainingConfig::default()
        };
        let model = trained(&config, &folder.path().join(bidirectional.to_string()), Precision::Int8);
        check_model("m4", &model, data.to_str().unwrap(), 40);
    }
}

/// The answers that each model's file of version 2 gave, from the file that it became.
#[test]
fn upgraded_models_answer_on_a_cortex_m4_as_their_files_of_version_2_did() {
    let kept = repository().join("tests/golden/version2/models");
    let mut checked = 0;
    for answers in std::fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().path()) {
        let name = answers.file_stem().unwrap().to_str().unwrap();
        let folder = tempfile::tempdir().unwrap();
        // Instead of this machine's answers the image gets those of version 2.
        let wrapper = folder.path().join("trainer");
        let script = format!(
            "#!/usr/bin/env python3\nimport os, shutil, sys\n\
             if sys.argv[1] != 'known-answers': os.execv({:?}, sys.argv)\n\
             shutil.copy({answers:?}, sys.argv[sys.argv.index('--out') + 1])\n",
            binary("trainer")
        );
        std::fs::write(&wrapper, script).unwrap();
        make_executable(&wrapper);
        let (model, _) = name.split_once('.').unwrap();
        let path = repository().join(format!("models/{model}/{name}.rnl"));
        let output = emulate("m4", &path, TEST_SENTENCES, 200, &wrapper);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{name}: {errors}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["rows"].as_array().unwrap().len(), 200);
        assert_eq!(report["mismatches"], 0, "{name}");
        checked += 1;
    }
    assert_eq!(checked, 17);
}

/// A model of frames answers as on this machine, and 97 of 100 answers are right.
fn check_frames(name: &str, data: &str) {
    let path = repository().join(format!("models/{name}/{name}.int8.rnl"));
    let given = read_rows(&repository().join(data), &Default::default()).unwrap();
    let report = check_model("m4", &path, data, given.len());
    let printed = report["rows"].as_array().unwrap();
    let right = printed.iter().zip(&given).filter(|(printed, row)| printed["label"] == row.label.as_str()).count();
    assert!(right * 100 >= given.len() * 97, "{right} of {}", given.len());
}

#[test]
fn all_int8_answers_of_a_cortex_m4_are_this_machines() {
    let rows = read_rows(&repository().join(TEST_SENTENCES), &Default::default()).unwrap().len();
    assert!(rows >= 300);
    let report = check("m4", "int8", rows);
    let instructions = report["instructions_per_step"].as_f64().unwrap();
    assert!(instructions > 1_000.0);
    assert!(instructions <= budget("instructions-per-step-int8-m4"), "{instructions}");
    assert!(report["ram_bytes"].as_f64().unwrap() <= budget("ram-bytes-int8-m4"), "{report}");
    let program = report["flash_bytes"].as_f64().unwrap()
        - report["flash_model_bytes"].as_f64().unwrap()
        - report["flash_answers_bytes"].as_f64().unwrap();
    assert!(program <= budget("program-bytes-int8-m4"), "{program}");
}

#[test]
fn int8_answers_of_a_cortex_m0_are_this_machines() {
    check("m0", "int8", 20);
}

/// What `emulate --list-boards` prints: a line for each board, of which the first word is the name.
fn boards() -> Vec<String> {
    let output = Command::new(repository().join("firmware-demo/emulate")).arg("--list-boards").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_board_that_emulate_lists_answers_as_this_machine() {
    let boards = boards();
    assert!(boards.len() >= 5 && boards.contains(&"m33".to_owned()), "{boards:?}");
    let model = repository().join("models/digits/digits.int8.rnl");
    for board in boards {
        check_model(&board, &model, "trainer/data/digits/test.csv", 3);
    }
}

#[test]
fn the_demo_ends_with_the_answer_of_the_board_or_says_what_installs_it() {
    let folder = tempfile::tempdir().unwrap();
    trained(&TrainingConfig::default(), folder.path(), Precision::Int8);
    let text = "-- it's \"pitch black\" $HOME";
    let demo = |place: &Path| {
        let mut command = Command::new(binary("trainer"));
        command.current_dir(place).arg("demo").arg("--out").arg(folder.path().join("run")).args(["--", text]);
        command.output().unwrap()
    };
    let output = demo(repository());
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = said.lines().collect();
    let given = lines.iter().position(|line| *line == format!("\"{text}\"")).expect(&said);
    let label = lines[given + 1].split_whitespace().next().unwrap();
    assert!(lines.last().unwrap().starts_with(&format!("m4 answers {label}, ")), "{said}");

    let output = demo(folder.path());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.contains("firmware-demo/demo"), "{errors}");
}

#[test]
fn f16_answers_of_a_cortex_m4_are_this_machines() {
    let report = check("m4", "f16", 40);
    let instructions = report["instructions_per_step"].as_f64().unwrap();
    assert!(instructions <= budget("instructions-per-step-f16-m4"), "{instructions}");
}

/// The image itself finds a difference: here the host's answers are changed on their way to it.
#[test]
fn a_differing_answer_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let wrapper = folder.path().join("trainer");
    let script = format!(
        "#!/usr/bin/env python3\n\
         import subprocess, sys\n\
         code = subprocess.run([{:?}, *sys.argv[1:]]).returncode\n\
         sys.argv[1] == 'known-answers' or sys.exit(code)\n\
         path = sys.argv[sys.argv.index('--out') + 1]\n\
         content = bytearray(open(path, 'rb').read())\n\
         content[-1] ^= 1\n\
         open(path, 'wb').write(content)\n\
         sys.exit(code)\n",
        binary("trainer")
    );
    std::fs::write(&wrapper, script).unwrap();
    make_executable(&wrapper);
    let output = emulate("m4", &model("int8"), TEST_SENTENCES, 3, &wrapper);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A number that must not be exceeded, from `board/budgets.toml`.
fn budget(name: &str) -> f64 {
    let path = repository().join("tests/board/budgets.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("no budget {name}"))
}
