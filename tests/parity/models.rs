//! The models of the repository, measured again: their cards say what they reach.

use std::path::Path;
use std::process::Command;

use tests::{binary, real_data, repository};

/// What a model's card states: the precisions of its files, and for each the accuracy in percent.
fn stated(name: &str) -> Vec<(String, f64)> {
    let card = std::fs::read_to_string(repository().join("models").join(name).join("README.md")).unwrap();
    let cells = |start: &str| -> Vec<String> {
        let row = card.lines().find_map(|line| line.strip_prefix(start)).unwrap();
        row.trim_end_matches(" |").split(" | ").map(str::to_owned).collect()
    };
    let accuracies = cells("| accuracy on the test rows | ");
    let accuracies = accuracies.iter().map(|cell| cell.trim_end_matches(" %").parse().unwrap());
    cells("| | ").into_iter().zip(accuracies).collect()
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
    let stated = stated(name);
    assert!(!stated.is_empty());
    for (precision, stated) in stated {
        let measured = measured(name, &precision, data);
        assert!((measured - stated).abs() < 0.006, "{name} {precision}: {measured} instead of {stated}");
        assert!(measured >= at_least, "{name} {precision}: {measured}");
    }
}

/// A model's name says how many KiB its file has at most.
fn assert_small(name: &str, data: Option<&Path>, at_least: f64) {
    assert_as_stated(name, data, at_least);
    let file = repository().join("models").join(name).join(format!("{name}.int4.rnl"));
    let most = name.rsplit('-').next().unwrap().trim_end_matches('k').parse::<u64>().unwrap();
    let bytes = std::fs::metadata(file).unwrap().len();
    assert!(bytes <= 1_024 * most, "{name}: {bytes} bytes");
}

#[test]
fn home_commands() {
    assert_as_stated("home-commands", None, 95.0);
    assert_small("home-commands-32k", None, 95.0);
    assert_small("home-commands-16k", None, 94.0);
}

#[test]
fn snips() {
    let Some(folder) = real_data("snips") else { return };
    assert_as_stated("snips", Some(&folder), 97.0);
    assert_small("snips-32k", Some(&folder), 97.5);
    assert_small("snips-16k", Some(&folder), 95.0);
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

#[test]
fn ag_news() {
    let Some(folder) = real_data("ag_news") else { return };
    let rows = tempfile::tempdir().unwrap();
    let rows = rows.path().join("rows");
    let rows_of = folder.join("train_all.csv");
    let mut split = Command::new(binary("trainer"));
    let output = split.arg("split").arg(rows_of).args(["--share", "0.1", "--out"]).arg(&rows).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (name, at_least) in [("ag-news-32k", 91.0), ("ag-news-64k", 91.0), ("ag-news-256k", 92.0)] {
        assert_small(name, Some(&rows), at_least);
    }
    assert_as_stated("ag-news-1m", Some(&rows), 92.0);
    assert_as_stated("ag-news-large", Some(&rows), 92.5);
}
