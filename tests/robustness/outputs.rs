//! What a command would overwrite: refused before it computes anything, unless the user asks for it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use crate::command::{Place, TINY, model, rows, shared};

/// A training file and an official test file beside it.
const F01_TRAIN: &[u8] = include_bytes!("cases/F01_split_in_place/train.csv");
const F01_TEST: &[u8] = include_bytes!("cases/F01_split_in_place/test.csv");

fn place_with_a_run() -> Place {
    let place = Place::new();
    place.copy_run("run");
    place.write("rows.csv", rows().as_bytes());
    place
}

/// The content of a file.
fn content(place: &Place, name: &str) -> Vec<u8> {
    fs::read(place.path(name)).unwrap()
}

fn mode(place: &Place, name: &str) -> u32 {
    fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_split_into_the_folder_of_its_own_source_is_refused() {
    let place = Place::new();
    place.write("train.csv", F01_TRAIN);
    place.write("test.csv", F01_TEST);
    place.assert_refused("split train.csv --out .", &["train.csv: ", "reads this file", "--out"]);
    place.assert_refused("split train.csv --out . --force", &["train.csv: ", "reads this file", "--out"]);
    fs::rename(place.path("train.csv"), place.path("all.csv")).unwrap();
    place.assert_refused("split all.csv --out .", &["test.csv: ", "exists already", "--out", "--force"]);
    // What does not exist may stand beside the source.
    fs::remove_file(place.path("test.csv")).unwrap();
    place.run("split all.csv --out .").assert_done("a split beside its source");
    let parts = [content(&place, "train.csv"), content(&place, "test.csv")].concat();
    let mut lines: Vec<_> = parts.split(|byte| *byte == b'\n').filter(|line| *line != b"label,text").collect();
    let mut expected: Vec<_> = F01_TRAIN.split(|byte| *byte == b'\n').filter(|line| *line != b"label,text").collect();
    lines.sort_unstable();
    expected.sort_unstable();
    lines.dedup();
    expected.dedup();
    assert_eq!(lines, expected);
}

#[test]
fn a_split_overwrites_files_that_exist_when_it_is_told_to() {
    let place = Place::new();
    place.write("all.csv", F01_TRAIN);
    place.write("out/test.csv", b"mine");
    place.assert_refused("split all.csv --out out", &["out/test.csv: exists already"]);
    place.run("split all.csv --out out --force").assert_done("split --force");
    assert!(content(&place, "out/test.csv").starts_with(b"label,text\n"));
    // The source under another name.
    place.write("linked/a", b"");
    symlink("../all.csv", place.path("linked/train.csv")).unwrap();
    place.assert_refused("split all.csv --out linked --force", &["linked/train.csv: ", "reads this file"]);
    place.write("hard/a", b"");
    fs::hard_link(place.path("all.csv"), place.path("hard/test.csv")).unwrap();
    place.assert_refused("split all.csv --out hard --force", &["hard/test.csv: ", "reads this file"]);
    assert_eq!(content(&place, "all.csv"), F01_TRAIN);
}

#[test]
fn folders_that_cannot_be_made_are_found_first_and_those_that_were_made_go_again() {
    let place = place_with_a_run();
    place.write("file", b"");
    for command in [
        "split missing.csv --out",
        "train --data missing.csv --out",
        "frontier --data missing.csv --out",
        "import --weights missing --description missing --out",
        "demo --device cpu --out",
    ] {
        place.assert_refused(&format!("{command} file"), &["file: is a file"]);
        place.assert_refused(&format!("{command} file/below/it"), &["file/below/it: ", "cannot be made"]);
        if !command.starts_with("demo") {
            place.assert_refused(&format!("{command} new/below/it"), &["missing"]);
        }
    }
    for command in ["export run --precision f32 --out", "known-answers missing.rnl lights --out"] {
        place.assert_refused(
            &format!("{command} missing/file"),
            &["missing/file: ", "no folder missing; make it first"],
        );
        place.assert_refused(&format!("{command} file/below"), &["file/below: ", "cannot be written"]);
        place.assert_refused(&format!("{command} run"), &["run: is a folder"]);
        place.assert_refused(&format!("{command} new/"), &["new/: is no name of a file"]);
    }
}

#[test]
fn files_that_exist_are_refused_before_anything_is_read() {
    let place = place_with_a_run();
    place.write("mine.png", b"mine");
    for command in [
        "export missing --precision f32 --out mine.png",
        "known-answers missing.rnl lights --out mine.png",
        "parity missing --plot mine.png",
    ] {
        place.assert_refused(command, &["mine.png: exists already", "--force"]);
        let forced = format!("{command} --force");
        place.assert_refused(&forced, &["missing"]);
    }
    place.write("model.rnl", &model("int8"));
    place.write("mine.png", b"mine");
    for command in [
        "export run --precision f32 --out mine.png --force",
        "known-answers model.rnl lights --out mine.png --force",
        "parity run --data rows.csv --plot mine.png --force",
    ] {
        place.write("mine.png", b"mine");
        place.run(command).assert_done(command);
        assert_ne!(content(&place, "mine.png"), b"mine", "{command}");
    }
    let outcome = place.run("parity run --data rows.csv --force");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{outcome:?}");
    assert!(outcome.stderr.contains("--plot"), "{}", outcome.stderr);
}

#[test]
fn what_a_command_reads_is_never_overwritten() {
    let place = place_with_a_run();
    place.write("model.rnl", &model("int8"));
    place.write("folder/test.csv", rows().as_bytes());
    symlink("model.rnl", place.path("link.rnl")).unwrap();
    fs::hard_link(place.path("rows.csv"), place.path("same.csv")).unwrap();
    for (command, file) in [
        ("export run --precision int8 --force --out run/weights.safetensors", "run/weights.safetensors"),
        ("export run --precision int8 --force --out run/../run/config.toml", "config.toml"),
        ("known-answers model.rnl lights --force --out model.rnl", "model.rnl"),
        ("known-answers model.rnl lights --force --out link.rnl", "link.rnl"),
        ("known-answers model.rnl --data rows.csv --force --out same.csv", "same.csv"),
        ("known-answers model.rnl --data folder --force --out folder/test.csv", "folder/test.csv"),
    ] {
        place.assert_refused(command, &[file, "reads this file and will not overwrite it"]);
    }
    place.run("export run --precision int8 --out run/model.rnl").assert_done("a model beside the run's files");
    place.run("export run --precision f32 --out run/model.rnl --force").assert_done("and over itself");
}

#[test]
fn symbolic_links_are_followed_and_stay() {
    let place = place_with_a_run();
    fs::create_dir(place.path("folder")).unwrap();
    symlink("folder/model.rnl", place.path("link.rnl")).unwrap();
    symlink("link.rnl", place.path("link of link.rnl")).unwrap();
    let export = |precision: &str, more: &[&str]| {
        let arguments = ["export", "run", "--precision", precision, "--out", "link of link.rnl"];
        place.run_with(&[&arguments, more].concat(), b"")
    };
    export("int8", &[]).assert_done("a link to a file that is not there");
    assert_eq!(content(&place, "folder/model.rnl"), model("int8"));
    export("f32", &[]).assert_refused("a link to a file", &["link of link.rnl: exists already"]);
    export("f32", &["--force"]).assert_done("over the file of a link");
    assert_eq!(content(&place, "folder/model.rnl"), model("f32"));
    for link in ["link.rnl", "link of link.rnl"] {
        assert!(fs::symlink_metadata(place.path(link)).unwrap().is_symlink(), "{link}");
    }
    assert_eq!(fs::read_dir(place.path("folder")).unwrap().count(), 1);
    symlink("circle", place.path("circle")).unwrap();
    let command = "export run --precision int8 --out circle";
    place.run(command).assert_refused(command, &["circle: is a symbolic link that leads to itself"]);
    // A run whose folder, and a file of which, are links.
    place.write("elsewhere/a", b"");
    symlink("elsewhere", place.path("linked run")).unwrap();
    let arguments = ["train", "--data", "rows.csv", "--out", "linked run"];
    place.run_with(&[&arguments[..], &TINY.split(' ').collect::<Vec<_>>()].concat(), b"").assert_done("train");
    assert!(place.path("elsewhere/result.toml").is_file());
}

#[test]
fn devices_and_standard_output_are_written_through() {
    let place = place_with_a_run();
    let null = fs::metadata("/dev/null").unwrap();
    place.run("export run --precision int8 --out /dev/null").assert_done("/dev/null");
    assert_eq!(fs::metadata("/dev/null").unwrap().ino(), null.ino());
    if cfg!(target_os = "linux") {
        let full = place.run("export run --precision int8 --out /dev/full");
        assert_eq!(full.code, Some(1), "{full:?}");
        assert!(full.stderr.starts_with("error: cannot write /dev/full: "), "{full:?}");
    }
    for script in [
        "$trainer export run --precision int8 --out /dev/stdout > piped.rnl",
        "$trainer export run --precision int8 --out /dev/stdout | cat > piped.rnl",
        "$trainer export run --precision int8 --out /dev/fd/1 > piped.rnl",
        "$trainer export run --precision int8 --out /dev/fd/3 3> piped.rnl",
    ] {
        place.write("piped.rnl", b"");
        let outcome = place.shell(script);
        assert_eq!(outcome.code, Some(0), "{script}: {outcome:?}");
        assert!(content(&place, "piped.rnl") == model("int8"), "{script}");
        let said = if script.contains("/fd/3") { &outcome.stdout } else { &outcome.stderr };
        assert!(said.contains(&format!("int8, {} bytes", model("int8").len())), "{script}: {outcome:?}");
    }
    let outcome =
        place.shell("mkfifo pipe && { cat pipe > piped.rnl & $trainer export run --precision f32 --out pipe; wait; }");
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(content(&place, "piped.rnl") == model("f32"));
}

#[test]
fn the_umask_decides_who_reads_a_file_and_one_that_is_replaced_keeps_its_mode() {
    let place = place_with_a_run();
    for (umask, expected) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        let script = format!(
            "umask {umask}; $trainer export run --precision int8 --out {umask}.rnl &&
             $trainer train --data rows.csv --out run{umask} {TINY}"
        );
        assert_eq!(place.shell(&script).code, Some(0), "{umask}");
        let names = ["config.toml", "weights.safetensors", "lock"].map(|name| format!("run{umask}/{name}"));
        for name in [format!("{umask}.rnl")].iter().chain(&names) {
            assert_eq!(mode(&place, name), expected, "{name}");
        }
    }
    fs::set_permissions(place.path("022.rnl"), fs::Permissions::from_mode(0o640)).unwrap();
    place.run("export run --precision f32 --out 022.rnl --force").assert_done("export --force");
    assert_eq!((mode(&place, "022.rnl"), content(&place, "022.rnl")), (0o640, model("f32")));
}

#[test]
fn run_folders_that_hold_something_else_are_refused() {
    let place = place_with_a_run();
    place.write("mine/labels.txt", b"mine\n");
    place.write("search/search.toml", b"");
    for command in ["train --data missing.csv", "import --weights missing --description missing"] {
        place.assert_refused(&format!("{command} --out run"), &["run: holds a run already", "--out"]);
        place.assert_refused(&format!("{command} --out mine"), &["mine: holds labels.txt", "--out"]);
        place.assert_refused(&format!("{command} --out search"), &["search: holds search.toml", "--out"]);
    }
    place.assert_refused("demo --device cpu --out mine", &["mine: holds labels.txt"]);
    // Notes of others are in nobody's way, and neither is what a training left that ended before its first epoch.
    place.write("notes/notes.md", b"mine");
    place.run(&format!("train --data rows.csv --out notes {TINY}")).assert_done("train");
    assert_eq!(content(&place, "notes/notes.md"), b"mine");
    place.write("ended/lock", b"");
    place.write("ended/labels.txt", b"of");
    place.run(&format!("train --data rows.csv --out ended {TINY}")).assert_done("train");
    assert_eq!(content(&place, "ended/labels.txt"), content(shared(), "run/labels.txt"));
}

#[test]
fn a_demo_takes_up_its_own_run_alone() {
    let place = place_with_a_run();
    place.assert_refused("demo --out run", &["run: holds a run of rows.csv, not of the home commands"]);
    place.write("model/home-commands.int8.rnl", b"mine");
    place.assert_refused("demo --device cpu --out model", &["model/home-commands.int8.rnl: exists already"]);
    place.run(&format!("train --out home {TINY}")).assert_done("a run of the home commands");
    // The board comes last, and what it needs is not in this folder.
    let demo = |place: &Place| assert_eq!(place.run("demo --out home lights").code, Some(2));
    demo(&place);
    let files = [content(&place, "home/home-commands.f32.rnl"), content(&place, "home/home-commands.int8.rnl")];
    demo(&place);
    assert_eq!([content(&place, "home/home-commands.f32.rnl"), content(&place, "home/home-commands.int8.rnl")], files);
    place.write("home/home-commands.f32.rnl", b"mine");
    place.assert_refused(
        "demo --out home",
        &["home/home-commands.f32.rnl: exists already", "not the model of this run"],
    );
}
