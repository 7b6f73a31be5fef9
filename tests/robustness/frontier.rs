//! A search of the frontier on a few rows.

use std::collections::BTreeMap;

use crate::command::{Place, frames};

const SEARCH: &str = "frontier --data rows.csv --flash 1100,2K --candidates 3 --seeds 2 --epochs 2 --embedding-sizes 4,8 \
                      --hidden-sizes 4,8 --bits 8,8:4,4 --out out --device cpu";

fn place() -> Place {
    let place = Place::new();
    let row = |number: usize| {
        let label = ["off", "on"][number % 2];
        format!("{label},please switch the lamp of room{number} and hall{} {label}\n", number % 20)
    };
    place.write("rows.csv", (0..60).map(row).collect::<String>().as_bytes());
    place
}

/// The rows of the table.
fn table(place: &Place) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(place.path("out/frontier.csv")).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let names: Vec<String> = lines.next().unwrap().collect();
    lines.map(|line| names.iter().cloned().zip(line).collect()).collect()
}

fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row[name].parse().unwrap_or_else(|_| panic!("{name} of {row:?}"))
}

#[test]
fn a_search_leaves_a_table_a_plot_and_a_model_for_each_budget() {
    let place = place();
    place.write("points.csv", b"# of nobody\nname,bytes,accuracy\nother,1500,0.75\n");
    let plan = place.run(&format!("{SEARCH} --plan"));
    assert_eq!(plan.assert_done("plan").lines().count(), 6, "{}", plan.stdout);
    assert!(!place.path("out").exists());

    let outcome = place.run(&format!("{SEARCH} --reference points.csv"));
    assert_eq!(outcome.assert_done("search").lines().count(), 2, "{}", outcome.stdout);
    let table = table(&place);
    // The larger budget's best is the smaller one's where that is better.
    let of_another = |row: &BTreeMap<_, _>| number(row, "budget_bytes") == 2048.0 && number(row, "bytes") <= 1100.0;
    let (others, own): (Vec<_>, Vec<_>) = table.iter().partition(|row| of_another(row));
    assert!(own.len() == 6 && others.len() <= 1, "{table:?}");
    for row in own {
        let (bytes, budget) = (number(row, "bytes"), number(row, "budget_bytes"));
        // All words of the 54 training rows are 82; a file with fewer has no room for another one and its vector.
        let is_full = number(row, "vocabulary") == 82.0 || bytes > budget - 48.0;
        assert!(bytes <= budget && is_full, "{row:?}");
        assert!((0.0..=1.0).contains(&number(row, "validation_accuracy")) && number(row, "ram_bytes") > 0.0, "{row:?}");
    }
    let chosen: Vec<_> = table.iter().filter(|row| row["chosen"] == "true").collect();
    assert_eq!(chosen.iter().map(|row| number(row, "budget_bytes")).collect::<Vec<_>>(), [1100.0, 2048.0]);
    for row in chosen {
        assert_eq!((row["stage"].as_str(), row["seeds"].as_str(), row["epochs"].as_str()), ("3", "2", "2"));
        let model = &row["model"];
        assert_eq!(std::fs::metadata(place.path(model)).unwrap().len() as f64, number(row, "bytes"));
        assert!(place.path(&row["run"]).join("result.toml").is_file());
        let evaluation = place.run(&format!("evaluate {model} --data rows.csv"));
        evaluation.assert_done("evaluate");
    }
    assert!(std::fs::read(place.path("out/frontier.png")).unwrap().starts_with(b"\x89PNG"));
    let plot = std::fs::read_to_string(place.path("out/frontier.svg")).unwrap();
    assert!(plot.contains("other") && plot.contains("chosen"), "{plot}");
}

#[test]
fn what_was_trained_is_not_trained_again() {
    let place = place();
    place.run(SEARCH).assert_done("search");
    let before = place.everything();
    let again = place.run(SEARCH);
    again.assert_done("the same search");
    assert!(!again.stderr.contains("epoch "), "{}", again.stderr);
    assert!(place.everything() == before);

    // One run was never begun, another was interrupted before its first checkpoint.
    let runs: Vec<&String> = before.keys().filter(|name| name.ends_with("-stage3-seed2/result.toml")).collect();
    assert_eq!(runs.len(), 2);
    std::fs::remove_dir_all(place.path(runs[0]).parent().unwrap()).unwrap();
    std::fs::remove_file(place.path(runs[1])).unwrap();
    std::fs::remove_file(place.path(runs[1]).with_file_name("checkpoint.bin")).unwrap();
    let rest = place.run(SEARCH);
    rest.assert_done("the rest of the search");
    assert_eq!(rest.stderr.matches("epoch   2 ").count(), 2, "{}", rest.stderr);
    assert!(place.everything() == before, "another result");
}

#[test]
fn networks_over_frames_have_no_vocabulary() {
    let place = Place::new();
    place.write("frames.csv", frames().as_bytes());
    let search = "frontier --data frames.csv --flash 2K --candidates 9 --seeds 1 --epochs 1 --hidden-sizes 4,8 --bits 8,4 \
                  --out out --device cpu";
    place.run(search).assert_done("search");
    let table = table(&place);
    // Two cells, two sizes, two numbers of bits; embeddings are none.
    assert_eq!(table.len(), 8);
    assert!(table.iter().all(|row| row["vocabulary"] == "0"), "{table:?}");
    place.run("evaluate out/2K.rnl --data frames.csv").assert_done("evaluate");
}

#[test]
fn vectors_that_words_are_composed_of_count_among_the_bytes() {
    let place = place();
    place.write("composed.toml", b"input = \"fingerprinted-words\"\nsubword_buckets = 40\n");
    place.write("known.toml", b"input = \"fingerprinted-words\"\n");
    let words = |config: &str| -> Vec<f64> {
        place.run(&format!("{SEARCH} --config {config}")).assert_done("search");
        let words = table(&place).iter().map(|row| number(row, "vocabulary")).collect();
        std::fs::remove_dir_all(place.path("out")).unwrap();
        words
    };
    let all = |config: &str| words(config).into_iter().sum::<f64>();
    let (composed, known) = (all("composed.toml"), all("known.toml"));
    assert!(composed < known, "{composed} {known}");
}

#[test]
fn searches_that_can_not_be_made() {
    let place = place();
    place.write("points.csv", b"name,bytes,accuracy\nother,1500,75\n");
    for (arguments, says) in [
        ("--flash 64X", &["64X"][..]),
        ("--flash 100", &["--flash", "none of these networks fits"]),
        ("--flash 2K --ram 8", &["--flash", "none of these networks fits"]),
        ("--flash 2K --bits 5", &["5"]),
        ("--flash 2K --seeds 0", &["--seeds 0"]),
        ("--flash 2K --reference points.csv", &["points.csv", "line 2"]),
        ("--flash 2K --reference missing.csv", &["missing.csv"]),
        ("--flash 2K --hidden-sizes 0", &["--hidden-size 0"]),
    ] {
        let outcome = place.run(&format!("frontier --data rows.csv --out out {arguments}"));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{arguments}: {outcome:?}");
        says.iter().for_each(|part| assert!(outcome.stderr.contains(part), "{arguments}: {}", outcome.stderr));
        assert!(!place.path("out").exists());
    }
    place.run(SEARCH).assert_done("search");
    let other = SEARCH.replace("--epochs 2", "--epochs 3");
    let outcome = place.run(&other);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("other settings"), "{}", outcome.stderr);
}

/// A search of one candidate with validation rows of its own.
const SMALL: &str = "frontier --data rows.csv --validation valid.csv --flash 2K --candidates 1 --seeds 1 --epochs 1 \
                     --embedding-sizes 4 --hidden-sizes 4 --out out --device cpu";

#[test]
fn runs_of_other_rows_are_not_taken_up() {
    let place = place();
    let right = std::fs::read_to_string(place.path("rows.csv")).unwrap();
    place.write("valid.csv", b"off,lamp of room1 off\non,lamp of room2 on\noff,lamp of hall3 off\n");
    place.run(SMALL).assert_done("search");
    let refused = |rows: &str, valid: &str, says: &[&str]| {
        place.write("rows.csv", rows.as_bytes());
        place.write("valid.csv", valid.as_bytes());
        place.assert_refused(SMALL, says);
    };
    let valid = std::fs::read_to_string(place.path("valid.csv")).unwrap();
    let swapped = |text: &str, [first, second]: [&str; 2]| {
        text.replacen(first, "@", 1).replacen(second, first, 1).replace('@', second)
    };
    let other = &["out: holds a search on other rows", "--out"][..];
    refused(&swapped(&right, ["off,", "on,"]), &valid, other);
    refused(&right, &swapped(&valid, ["off,", "on,"]), other);
    refused(&right, &swapped(&valid, ["room1", "room2"]), other);
    let (first, rest) = valid.split_once('\n').unwrap();
    // The same rows in the same order, one of them to train on.
    refused(
        &format!("{right}{first}\n"),
        rest,
        &["out: holds a search on 60 rows and 3 validation rows, and now 61 and 2"],
    );
    // Also where only the runs are left.
    std::fs::remove_file(place.path("out/search.toml")).unwrap();
    for name in ["frontier.csv", "frontier.png", "frontier.svg", "2K.rnl"] {
        std::fs::remove_file(place.path("out").join(name)).unwrap();
    }
    place.write("rows.csv", right.as_bytes());
    place.write("valid.csv", swapped(&valid, ["off,", "on,"]).as_bytes());
    place.assert_refused(SMALL, &["out/runs/", "was trained on other rows than this search has"]);
    place.write("valid.csv", valid.as_bytes());
    place.run(SMALL).assert_done("the rows of before");
}

#[test]
fn runs_with_other_vectors_are_not_taken_up() {
    let place = place();
    let vectors = |third: &str| format!("please 1 2 3 4\nlamp 4 3 2 1\nswitch 0 1 0 {third}\n");
    place.write("vectors.txt", vectors("1").as_bytes());
    place.write("config.toml", b"pretrained_embeddings = \"vectors.txt\"\n");
    let search = SMALL.replace("--validation valid.csv", "--config config.toml");
    place.run(&search).assert_done("search");
    place.write("vectors.txt", vectors("2").as_bytes());
    place.assert_refused(&search, &["out: holds a search with another vectors.txt", "--out"]);
}

#[test]
fn folders_of_something_else_are_not_searched_in() {
    let place = place();
    place.write("valid.csv", b"off,lamp off\non,lamp on\n");
    for (file, says) in [
        ("config.toml", "out: holds a run"),
        ("frontier.csv", "out: holds frontier.csv, which is of no search"),
        ("frontier.svg", "out: holds frontier.svg"),
        ("2K.rnl", "out: holds 2K.rnl"),
    ] {
        place.write(&format!("out/{file}"), b"mine");
        place.assert_refused(SMALL, &[says, "--out"]);
        std::fs::remove_dir_all(place.path("out")).unwrap();
    }
}
