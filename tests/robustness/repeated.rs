//! Equal trainings leave equal bytes, in every file of the run, whatever interrupted them.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::command::{Place, TINY, frames, rows};

fn place() -> Place {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.write("frames.csv", frames().as_bytes());
    place
}

/// The files of a run.
fn run(place: &Place, name: &str) -> BTreeMap<String, Vec<u8>> {
    let files = place.everything().into_iter();
    files
        .filter_map(|(file, content)| Some((file.strip_prefix(name)?.strip_prefix('/')?.to_owned(), content)))
        .collect()
}

fn assert_equal(place: &Place, first: &str, second: &str) {
    let [found, expected] = [second, first].map(|name| run(place, name));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{first} {second}");
    assert!(expected.len() >= 8, "{:?}", expected.keys());
    for (name, content) in &expected {
        assert!(found[name] == *content, "{first}/{name} and {second}/{name} differ");
    }
}

#[test]
fn equal_trainings_leave_equal_bytes() {
    let place = place();
    place.run(&format!("train --data rows.csv --out teacher {TINY}")).assert_done("teacher");
    for (number, settings) in [
        "--data rows.csv --bidirectional --num-layers 2 --cell gru",
        "--data rows.csv --input fingerprinted-words --quantize-aware 4 --epochs 3 --weight-average 0.5",
        "--data rows.csv --input characters --embedding-size 0",
        "--data rows.csv --teacher teacher --splicing 0.3 --adversarial 0.1",
        "--data rows.csv --fine-tune teacher",
        "--data frames.csv --input-noise 0.1",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        let settings =
            if settings.contains("--fine-tune") { settings.replace("--data rows.csv", "") } else { settings.into() };
        let embedding =
            if settings.contains("frames") || settings.contains("--embedding") { "" } else { " --embedding-size 4" };
        let tiny = format!("--epochs 1 --hidden-size 4{embedding} --device cpu");
        for copy in ["first", "second"] {
            // The settings come last: an option given twice has its last value.
            let command = format!("train --out {copy}/{number} {tiny} {settings}");
            place.run(&command).assert_done(&command);
        }
        assert_equal(&place, &format!("first/{number}"), &format!("second/{number}"));
        for copy in ["first", "second"] {
            std::fs::remove_dir_all(place.path(&format!("{copy}/{number}"))).unwrap();
        }
    }
}

#[test]
fn a_training_that_was_interrupted_leaves_the_bytes_of_one_that_was_not() {
    let place = place();
    for (name, settings) in [
        ("texts", "--data rows.csv --embedding-size 4 --weight-average 0.5 --num-layers 2"),
        ("integers", "--data rows.csv --embedding-size 4 --quantize-aware 8"),
        ("frames", "--data frames.csv"),
    ] {
        let train = |out: &str| {
            format!(
                "train --out {out} {settings} --epochs 100 --patience 100 --batch-size 2 --hidden-size 6 --device cpu"
            )
        };
        let (whole, stopped) = (format!("{name}-whole"), format!("{name}-stopped"));
        place.run(&train(&whole)).assert_done(name);
        let mut training = place.spawn(&train(&stopped));
        let metrics = place.path(&stopped).join("metrics.csv");
        let start = Instant::now();
        while !metrics.exists() && start.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(5));
        }
        // As Ctrl-C does: it stops within an epoch.
        let interrupt = Command::new("kill").args(["-INT", &training.id().to_string()]).status().unwrap();
        assert!(interrupt.success());
        assert_eq!(training.wait().unwrap().code(), Some(1), "{name}: it was to be interrupted");
        assert!(!place.path(&stopped).join("result.toml").exists());
        place.run(&format!("train --resume --out {stopped} --device cpu")).assert_done(name);
        assert_equal(&place, &whole, &stopped);
    }
}
