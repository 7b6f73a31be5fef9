//! `firmware-demo/size`: what the library adds to a firmware.

use std::process::Command;

use serde_json::Value;
use tests::repository;

const SETS: [&str; 6] = ["frames-gru", "frames-lstm", "words-lstm", "words-lstm-int4-fingerprints", "all", "all-float"];

#[test]
fn the_library_is_measured_with_each_set_of_features() {
    let output = Command::new(repository().join("firmware-demo/size"))
        .args(["--json", "--board", "m4"])
        .output()
        .expect("python3 runs firmware-demo/size");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors} (firmware-demo/install installs what is missing)");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let sets: Vec<_> = rows.iter().map(|row| row["set"].as_str().unwrap()).collect();
    let in_rust = SETS.iter().flat_map(|set| [set.to_string(), format!("{set}-const")]);
    let expected: Vec<_> = in_rust.chain(["words-lstm-c".to_owned()]).collect();
    assert_eq!(sets, expected);
    for row in rows {
        assert_eq!(row["board"], "m4");
        assert_eq!(row["profile"], "firmware");
        for number in ["library_bytes", "model_bytes", "stack_bytes"] {
            assert!(row[number].as_i64().unwrap() > 0, "{number} of {row}");
        }
        // The model and the classifier lie on the stack of these programs; one that is constant lies in flash.
        let is_constant = row["set"].as_str().unwrap().ends_with("-const");
        let model = if is_constant { 0 } else { runtime::reserve::MODEL };
        let most = runtime::reserve::STACK + runtime::reserve::CLASSIFIER + model;
        assert!(row["stack_bytes"].as_u64().unwrap() <= most as u64, "at most {most}: {row}");
    }
    let library = |set: &str| rows.iter().find(|row| row["set"] == set).unwrap()["library_bytes"].as_i64().unwrap();
    assert!(library("all") >= library("frames-gru"), "{report}");
    // The same firmware in C: its library is at most 1 KiB larger.
    assert!((library("words-lstm-c") - library("words-lstm")).abs() <= 1024, "{report}");
    for set in SETS {
        // The parser is no part of an image whose model is checked while compiling.
        assert!(library(set) - library(&format!("{set}-const")) >= 3 * 1024, "{set}: {report}");
    }
}

#[test]
fn a_set_that_does_not_exist_is_refused() {
    let output = Command::new(repository().join("firmware-demo/size")).args(["--set", "frames-lstn"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().lines().last().unwrap().contains("frames-lstn"));
}
