//! The models of the repository, measured again: their cards say what they reach.

use std::path::Path;
use std::process::Command;

use tests::{binary, real_data, repository};

/// The accuracies that a model's card states, in percent: int8, f16.
fn stated(name: &str) -> [f64; 2] {
    let card = std::fs::read_to_string(repository().join("models").join(name).join("README.md")).unwrap();
    let row = card.lines().find_map(|line| line.strip_prefix("| accuracy on the test rows | ")).unwrap();
    let mut cells = row.trim_end_matches(" |").split(" | ").map(|cell| cell.trim_end_matches(" %").parse().unwrap());
    [cells.next().unwrap(), cells.next().unwrap()]
}

fn measured(name: &str, precision: &str, data: Option<&Path>) -> f64 {
    let model = repository().join("models").join(name).join(format!("{name}.{precision}.rnl"));
    let mut command = Command::new(binary("trainer"));
    command.arg("evaluate").arg(model).arg("--json");
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    100.0 * report["accuracy"].as_f64().unwrap()
}

fn assert_as_stated(name: &str, data: Option<&Path>, at_least: f64) {
    for (precision, stated) in ["int8", "f16"].into_iter().zip(stated(name)) {
        let measured = measured(name, precision, data);
        assert!((measured - stated).abs() < 0.006, "{name} {precision}: {measured} instead of {stated}");
        assert!(measured >= at_least, "{name} {precision}: {measured}");
    }
}

#[test]
fn home_commands() {
    assert_as_stated("home-commands", None, 95.0);
}

#[test]
fn snips() {
    let Some(folder) = real_data("snips") else { return };
    assert_as_stated("snips", Some(&folder), 97.0);
}

#[test]
fn digits() {
    assert_as_stated("digits", Some(Path::new("digits")), 97.0);
}

#[test]
fn gestures() {
    let Some(folder) = real_data("wand") else { return };
    assert_as_stated("gestures", Some(&folder), 97.0);
}
