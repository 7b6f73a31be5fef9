//! A run's folder is written by one program at a time; a program that was killed is in nobody's way.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::command::{Outcome, Place, frames, model, rows};

/// A training of many short epochs.
const LONG: &str = "--epochs 200 --patience 200 --hidden-size 6 --embedding-size 4 --device cpu";

fn place() -> Place {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place
}

/// The files of a folder.
fn files(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let all = place.everything().into_iter();
    all.filter_map(|(name, content)| Some((name.strip_prefix(folder)?.to_owned(), content))).collect()
}

/// Waits until a training has done some epochs.
fn wait_for_epochs(place: &Place, folder: &str, training: &mut Child) {
    let metrics = place.path(folder).join("metrics.csv");
    let start = Instant::now();
    while std::fs::read_to_string(&metrics).map_or(0, |text| text.lines().count()) < 5 {
        assert!(training.try_wait().unwrap().is_none(), "the training ended too early");
        assert!(start.elapsed() < Duration::from_secs(60), "no epoch in a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_second_training_in_a_live_ones_folder_is_refused_and_after_a_kill_the_run_goes_on_to_the_same_bytes() {
    let place = place();
    let train = |out: &str| format!("train --data rows.csv --out {out} {LONG}");
    place.run(&train("whole")).assert_done("train");
    let mut live = place.spawn(&train("live"));
    wait_for_epochs(&place, "live", &mut live);
    signal(&live, "STOP");
    for command in [
        "train --resume --out live --device cpu".to_owned(),
        train("live"),
        "import --weights missing --description missing --out live".into(),
        "demo --device cpu --out live".into(),
    ] {
        place.run(&command).assert_refused(&command, &["live: another training writes to this folder", "--out"]);
    }
    assert!(live.try_wait().unwrap().is_none(), "the refusals must meet a live training");
    // SIGKILL.
    live.kill().unwrap();
    live.wait().unwrap();
    assert!(!place.path("live/result.toml").exists());
    // What a kill in the middle of a file leaves.
    place.write("live/.metrics.csv.writing-a1b2c3", b"epoch,");
    place.run("train --resume --out live --device cpu").assert_done("after a kill");
    let resumed = files(&place, "live/");
    assert!(resumed == files(&place, "whole/"), "{:?} {:?}", resumed.keys(), files(&place, "whole/").keys());
    assert_eq!(resumed["lock"], b"");
}

#[test]
fn of_two_trainings_that_begin_at_once_in_a_new_folder_one_is_refused() {
    let place = place();
    for round in 0..3 {
        let command = format!("train --data rows.csv --out new/{round} --epochs 30 --hidden-size 6 --device cpu");
        let both = [place.spawn(&command), place.spawn(&command)];
        let mut outcomes = both.map(|training| Outcome::of(&training.wait_with_output().unwrap()));
        outcomes.sort_by_key(|outcome| outcome.code);
        let [done, refused] = outcomes;
        done.assert_done("the first");
        refused.assert_refused("the second", &[&format!("new/{round}: "), "--out"]);
        place.run(&format!("export new/{round} --precision int8 --out {round}.rnl")).assert_done("export");
    }
}

#[test]
fn a_lock_keeps_writers_out_and_not_readers() {
    let place = place();
    place.copy_run("run");
    place.write("model.rnl", &model("int8"));
    std::fs::create_dir(place.path("out")).unwrap();
    let search = "frontier --data rows.csv --flash 2K --candidates 1 --seeds 1 --epochs 1 --embedding-sizes 4 \
                  --hidden-sizes 4 --out out --device cpu";
    let lock = |folder: &str| {
        let file = File::options().create(true).truncate(false).write(true).open(place.path(folder).join("lock"));
        let file = file.unwrap();
        file.lock().unwrap();
        file
    };
    let held = [lock("run"), lock("out")];
    let says = "another training writes to this folder";
    place.assert_refused("train --resume --out run --device cpu", &["run: ", says]);
    place.assert_refused(search, &["out: ", says]);
    for command in ["export run --precision int8 --out other.rnl", "parity run --data rows.csv", "inspect model.rnl"] {
        place.run(command).assert_done(command);
    }
    drop(held);
    place.run("train --resume --out run --device cpu").assert_done("resume");
    place.run(search).assert_done("search");
}

#[test]
fn a_training_that_is_refused_leaves_no_lock() {
    let place = place();
    place.write("frames.csv", frames().as_bytes());
    place.write("old/config.toml", b"");
    place.write("old/result.toml", b"");
    std::fs::create_dir(place.path("there")).unwrap();
    for out in ["new/below", "there"] {
        place.assert_refused(&format!("train --data missing.csv --out {out}"), &["missing.csv"]);
        place.assert_refused(&format!("train --data rows.csv --hidden-size 0 --out {out}"), &["--hidden-size 0"]);
        place.assert_refused(&format!("train --data frames.csv --hash-buckets 9 --out {out}"), &["--hash-buckets"]);
        place.assert_refused(&format!("frontier --data missing.csv --out {out}"), &["missing.csv"]);
    }
    place.assert_refused("train --resume --out old", &["old/result.toml"]);
    place.assert_refused("train --data rows.csv --out old", &["old: holds a run already"]);
}
