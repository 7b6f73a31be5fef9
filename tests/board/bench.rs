//! `tests/bench-board`: instructions of an int8 step.

use std::process::Command;

use serde_json::Value;
use tests::repository;

use super::budget;

/// The rows that the command prints.
fn rows(arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(repository().join("tests/bench-board"))
        .arg("--json")
        .args(arguments)
        .output()
        .expect("python3 runs tests/bench-board");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors} (firmware-demo/install installs what is missing)");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["rows"].as_array().unwrap().clone()
}

#[test]
fn a_step_of_every_cell_and_shape_keeps_to_its_budget() {
    let rows = rows(&[]);
    assert_eq!(rows.len(), 3 * 3 * 5);
    for row in rows {
        let [board, cell, shape] = ["board", "cell", "shape"].map(|name| row[name].as_str().unwrap());
        let instructions = row["instructions"].as_f64().unwrap();
        assert!(instructions > 0.0 && instructions <= budget(&format!("step-{cell}-{shape}-{board}")), "{row}");
        assert_eq!(row["ratio"].is_null(), cell != "lstm", "{row}");
    }
}

#[test]
fn a_step_takes_the_same_instructions_whatever_the_frame() {
    let rows = rows(&["--constant"]);
    // Each cell on the m4 and the m55.
    assert_eq!(rows.len(), 2 * 3);
    for row in rows {
        assert_eq!((row["steps"].as_u64(), row["spread"].as_u64()), (Some(10_000), Some(0)), "{row}");
    }
}

#[test]
fn every_cell_and_size_answers_on_every_kind_of_board_as_on_this_machine() {
    let rows = rows(&["--suite"]);
    let boards: Vec<_> = rows.iter().map(|row| row["board"].as_str().unwrap()).collect();
    assert_eq!(boards, ["m4", "m0", "m55"]);
    for row in rows {
        assert!(row["models"].as_u64() >= Some(150), "{row}");
    }
}
