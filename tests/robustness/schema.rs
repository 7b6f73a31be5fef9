//! The columns that a model was trained on are found again in other files, and what is understood of a file is shown.

use serde_json::Value;

use crate::cases::{assert_says, place_of};
use crate::command::{Place, TINY};

/// A place with a file of `tests/cases` and `model.rnl`, trained on it with these arguments.
fn trained(name: &str, arguments: &str) -> Place {
    let place = place_of(name);
    place.run(&format!("train --data {name} --out run {TINY} --epochs 40 {arguments}")).assert_done("train");
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    place
}

/// Copies a file of `tests/cases` to a place.
fn add(place: &Place, name: &str) {
    place.write(name, &std::fs::read(place_of(name).path(name)).unwrap());
}

fn accuracy(place: &Place, arguments: &str) -> f64 {
    let outcome = place.run(arguments);
    let report: Value = serde_json::from_str(outcome.assert_done(arguments)).unwrap();
    report["accuracy"].as_f64().unwrap_or_else(|| report["precisions"]["int8"]["accuracy"].as_f64().unwrap())
}

#[test]
fn channels_are_matched_by_name() {
    let (name, swapped) = ("F05_train.csv", "F05_same_rows_columns_swapped.csv");
    let place = trained(name, "");
    add(&place, swapped);
    assert_eq!(accuracy(&place, &format!("evaluate model.rnl --data {swapped} --json")), 1.0);
    let predicted = |file: &str| place.run(&format!("predict model.rnl --data {file}")).assert_done(file).to_owned();
    assert_eq!(predicted(name), predicted(swapped));
    let parity = place.run(&format!("parity run --data {swapped}"));
    parity.assert_done("parity");
    assert_says(
        &parity,
        &format!("{swapped}: CSV, header; sequence: `sequence`; label: `label`; 2 channels: `x`, `y`"),
    );

    let content = std::fs::read_to_string(place.path(name)).unwrap();
    place.write("renamed.csv", content.replacen(",x,y", ",ax,ay", 1).as_bytes());
    let says = "renamed.csv, line 1: no channel `x`, `y`; the rows trained on have `x`, `y`, and this file has \
                `sequence`, `label`, `ax`, `ay`; name its channels in the same order with --channels";
    place.assert_refused("evaluate model.rnl --data renamed.csv", &[says]);
    assert_eq!(accuracy(&place, "evaluate model.rnl --data renamed.csv --channels ax,ay --json"), 1.0);
    let without = content.lines().skip(1).fold(String::new(), |rows, row| rows + row + "\n");
    place.write("no_header.csv", without.as_bytes());
    assert_eq!(accuracy(&place, "evaluate model.rnl --data no_header.csv --json"), 1.0);
}

#[test]
fn validation_rows_are_matched_to_the_training_rows() {
    let place = place_of("F05_train.csv");
    add(&place, "F05_same_rows_columns_swapped.csv");
    let train = "train --data F05_train.csv --validation F05_same_rows_columns_swapped.csv --out run";
    let outcome = place.run(&format!("{train} {TINY} --epochs 40"));
    assert!(outcome.assert_done("train").contains("accuracy 100.00 %"), "{outcome:?}");
}

#[test]
fn a_model_remembers_its_columns_of_text() {
    let name = "F06_title_description.csv";
    let place = trained(name, "--text-columns title");
    assert_eq!(accuracy(&place, &format!("evaluate model.rnl --data {name} --json")), 1.0);
    let other = place.run(&format!("evaluate model.rnl --data {name} --text-columns description"));
    assert!(!other.assert_done("evaluate").contains("100.00 %  ("), "{other:?}");
    let content = std::fs::read_to_string(place.path(name)).unwrap();
    place.write("renamed.csv", content.replacen("title", "headline", 1).replacen("description", "text", 1).as_bytes());
    let outcome = place.run("evaluate model.rnl --data renamed.csv");
    assert_says(
        &outcome,
        "renamed.csv: CSV, header; label: `label`; text: `headline`, `text` (the model was trained on `title`)",
    );
}

#[test]
fn one_value_far_from_the_others_takes_no_resolution() {
    let name = "F02b_one_outlier.csv";
    let place = place_of(name);
    let outcome = place.run(&format!("train --data {name} --out run {TINY} --epochs 60"));
    outcome.assert_done("train");
    assert_says(&outcome, "training values more than 10 standard deviations from their channel's mean");
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    assert!(accuracy(&place, &format!("evaluate model.rnl --data {name} --json")) >= 0.97);
}

#[test]
fn what_is_understood_of_texts_is_shown() {
    let place = place_of("F10_500_rows_id_first.csv");
    let report: Value =
        serde_json::from_str(place.run("data F10_500_rows_id_first.csv --json").assert_done("data")).unwrap();
    let column = |number: usize| {
        let column = &report["columns"][number];
        [&column["name"], &column["role"], &column["reason"]].map(|field| field.as_str().unwrap())
    };
    assert_eq!(column(0), ["`id`", "ignored", "identifies the row"]);
    assert_eq!(column(1), ["`text`", "text", "its name is in use for this"]);
    assert_eq!(column(2), ["`target`", "label", "its name is in use for this"]);
    assert_eq!((&report["rows"], report["classes"].as_array().unwrap().len()), (&Value::from(500), 2));
    assert_eq!(report["lengths"]["unit"], "words");
    let first = &report["first_rows"][0];
    let words = first["tokens"].as_array().unwrap();
    assert_eq!(words.len(), first["steps"].as_u64().unwrap() as usize);
    assert!(words.iter().all(|word| first["text"].as_str().unwrap().to_lowercase().contains(word.as_str().unwrap())));
    assert_eq!(report["first_rows"].as_array().unwrap().len(), 5);

    let text = place.run("data F10_500_rows_id_first.csv --label-column target --text-columns 2");
    let text = text.assert_done("data");
    assert!(
        text.contains("label     as --label-column says") && text.contains("text      as --text-columns says"),
        "{text}"
    );
    place.assert_refused("data nothing.csv", &["nothing.csv"]);
}

#[test]
fn what_is_understood_of_frames_is_shown() {
    let place = place_of("F02_mixed_units.csv");
    let outcome = place.run("data F02_mixed_units.csv --json");
    let report: Value = serde_json::from_str(outcome.assert_done("data")).unwrap();
    let roles: Vec<&str> =
        report["columns"].as_array().unwrap().iter().map(|column| column["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["sequence", "label", "channel", "channel"]);
    assert_eq!(report["lengths"]["unit"], "frames");
    let notices = report["notices"].to_string();
    assert!(notices.contains("channels that never change and tell nothing: `pressure` (always 101325)"), "{notices}");
    assert_eq!(report["first_rows"][0]["frames"][0].as_array().unwrap().len(), 2);
    assert!(!place.path("run").exists());
}
