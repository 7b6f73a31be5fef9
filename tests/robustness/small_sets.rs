//! Sets of few rows: they are cross-validated and learned, and where there is nothing to learn that is said.

use crate::command::Place;

/// Rows of two words; the second decides the label if `learnable`, else nothing does.
fn rows(count: usize, learnable: bool) -> String {
    let colours = ["red", "green", "blue"];
    let mut state = 7_u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let line = |_| {
        let (number, word, label) = (random(40), random(3) as usize, random(3) as usize);
        let label = if learnable { word } else { label };
        format!("class{label},thing{number} {}\n", colours[word])
    };
    (0..count).map(line).collect()
}

#[test]
fn few_rows_are_learned_without_a_setting() {
    let place = Place::new();
    place.write("rows.csv", rows(60, true).as_bytes());
    let outcome = place.run("train --data rows.csv --out run --device cpu");
    let said = outcome.assert_done("train");
    assert!(said.starts_with("cross-validated in 5 parts: accuracy "), "{said}");
    let accuracy: f64 = said.split("accuracy ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(accuracy >= 95.0, "{said}");
    for part in ["chosen for 60 rows: 4000 steps of 8 rows (500 epochs)", "recall  class0", "recall  class2"] {
        assert!(outcome.stderr.contains(part), "no `{part}` in: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("did not learn"), "{}", outcome.stderr);
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    let evaluation = place.run("evaluate model.rnl --data rows.csv");
    assert!(evaluation.assert_done("evaluate").starts_with("accuracy  100.00 %"), "{evaluation:?}");
}

#[test]
fn labels_by_chance_are_said_not_to_be_learned() {
    let place = Place::new();
    place.write("rows.csv", rows(150, false).as_bytes());
    let known = place.run("train --data rows.csv --out known --device cpu --steps 600");
    known.assert_done("train");
    assert!(
        known.stderr.contains("this network did not learn") && known.stderr.contains("by heart"),
        "{}",
        known.stderr
    );
    let short = place.run("train --data rows.csv --out short --device cpu --steps 1 --learning-rate 1e-9 --folds 0");
    short.assert_done("train");
    assert!(short.stderr.contains("not know its training rows either"), "{}", short.stderr);
}

#[test]
fn validation_rows_elsewhere_or_a_share_of_them_stand_for_the_cross_validation() {
    let place = Place::new();
    place.write("rows.csv", rows(60, true).as_bytes());
    place.write("valid.csv", rows(30, true).as_bytes());
    for (name, setting) in [("a", "--validation valid.csv"), ("b", "--validation-share 0.2"), ("c", "--folds 0")] {
        let outcome = place.run(&format!("train --data rows.csv --out {name} --device cpu --steps 20 {setting}"));
        assert!(outcome.assert_done(setting).starts_with("validation: accuracy "), "{outcome:?}");
    }
    place
        .run("train --data rows.csv --out d --folds 3 --validation valid.csv")
        .assert_refused("both", &["--folds 3", "--validation"]);
    place
        .run("train --out e --folds 3")
        .assert_refused("built in", &["--folds 3", "home commands has validation rows of its own"]);
    assert_eq!(place.run("train --data rows.csv --out f --steps 3 --epochs 2").code, Some(2));
}
