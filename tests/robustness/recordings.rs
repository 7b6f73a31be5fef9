//! Recordings that are cut into windows, rows that belong together, and folders of recordings.

use crate::cases::{assert_says, place_of};
use crate::command::{Place, TINY};

/// A recording of persons who are idle and who wave, 20 ms a frame, with a label a frame.
fn recording(persons: usize) -> String {
    let mut content = "timestamp,subject,ax,ay,label\n".to_owned();
    for frame in 0..persons * 80 {
        let (person, label) = (frame / 80, ["idle", "wave"][frame / 20 % 2]);
        let value = if label == "wave" { (frame * frame % 23) as f32 } else { (frame % 3) as f32 / 4.0 };
        content += &format!("{},s{person},{value},{},{label}\n", 20 * frame, frame * 7 % 5);
    }
    content
}

#[test]
fn a_recording_with_a_label_a_frame_is_refused_with_the_way_out_and_cut_with_it() {
    let place = Place::new();
    place.write("day.csv", recording(6).as_bytes());
    let train = format!("train --data day.csv --out run {TINY}");
    let says = "day.csv, line 1: numbers (`ax`, `ay`) without a column that tells sequences apart; cut a long recording \
                into windows of N frames with --segment N, or add a column `sequence`";
    place.assert_refused(&train, &[says]);
    let outcome = place.run(&format!("{train} --segment 8"));
    outcome.assert_done("train");
    assert_says(
        &outcome,
        "day.csv: CSV, header; label: `label`; 2 channels: `ax`, `ay`; group: `subject`; time: `timestamp`; \
         windows of 8 frames every 4 in 24 runs of one label; 0 of 480 frames in no window; no gap in `timestamp`",
    );
    assert_says(&outcome, "held out are the rows of 1 of 6 values of `subject`");
    assert_says(&outcome, "day.csv: 80 training and 16 validation rows, 2 classes");
    let config = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(config.contains("segment = 8\n") && !config.contains("segment_every"), "{config}");
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    place.run("parity run --data day.csv").assert_done("parity reads windows as the run does");
    let outcome = place.run("evaluate model.rnl --data day.csv --segment 8 --segment-every 8 --json");
    let report: serde_json::Value = serde_json::from_str(outcome.assert_done("evaluate")).unwrap();
    assert_eq!(report["rows"], 48);
    place.assert_refused("evaluate model.rnl --data day.csv", &["--segment N"]);
    let every = "evaluate model.rnl --data day.csv --segment-every 4";
    place.assert_refused(every, &["--segment-every needs --segment, the frames of a window"]);
    place.assert_refused("data day.csv --segment 0", &["--segment 0: expected 1 to 16777216"]);
}

#[test]
fn a_recording_without_labels_is_answered_window_by_window() {
    let place = Place::new();
    place.write("day.csv", recording(6).as_bytes());
    place.run(&format!("train --data day.csv --out run {TINY} --segment 8")).assert_done("train");
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    let line = |frame: usize| format!("{},{},{}\n", 20 * frame, frame % 4, frame * 7 % 5);
    let bare = "timestamp,ax,ay\n".to_owned() + &(0..40).map(line).collect::<String>();
    place.write("bare.csv", bare.as_bytes());
    let outcome = place.run("predict model.rnl --data bare.csv --segment 8 --segment-every 8 --out answers.csv");
    outcome.assert_done("predict");
    let answers = std::fs::read_to_string(place.path("answers.csv")).unwrap();
    let lines: Vec<&str> = answers.lines().collect();
    assert_eq!((lines.len(), lines[0]), (6, "label,first_line,last_line,predicted_class,probability"));
    assert!(lines[1].starts_with(",2,9,") && lines[5].starts_with(",34,41,"), "{answers}");
    place.assert_refused(
        "predict model.rnl --data bare.csv --segment 50",
        &["no run has so many frames: give a smaller --segment"],
    );
}

#[test]
fn rows_of_a_group_stay_on_one_side() {
    let place = Place::new();
    let row = |row: usize| {
        format!("p{},{},it is {} in room {row}\n", row / 20, ["cold", "warm"][row % 2], ["cold", "warm"][row % 2])
    };
    let content = "house,label,text\n".to_owned() + &(0..120).map(row).collect::<String>();
    place.write("rows.csv", content.as_bytes());
    let outcome = place.run("split rows.csv --share 0.2 --group-column house --out parts");
    outcome.assert_done("split");
    assert_says(&outcome, "test rows: held out are the rows of 1 of 6 values of `house`");
    let houses = |part: &str| {
        let lines = std::fs::read_to_string(place.path(&format!("parts/{part}.csv"))).unwrap();
        lines.lines().skip(1).map(|line| line[..2].to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(houses("test").len() == 1 && houses("train").is_disjoint(&houses("test")));
    let outcome = place.run(
        "train --data rows.csv --out crossed --group-column house --epochs 1 --hidden-size 4 --folds 3 --device cpu",
    );
    outcome.assert_done("train");
    assert_says(&outcome, "a split keeps each of 6 values of `house` on one side");
    let folds =
        "train --data rows.csv --out run --group-column house --epochs 1 --hidden-size 4 --device cpu --folds 7";
    let outcome = place.run(folds);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert_says(&outcome, "error: --folds 7: rows.csv has 6 values of `house`; expected at most 6 parts");
    let says = "rows.csv: no column `flat` for the group; it has `house`, `label`, `text`\n";
    place.assert_refused("split rows.csv --group-column flat --out other", &[says]);
    place.write("one.csv", content.replace(['1', '2', '3', '4', '5'], "0").as_bytes());
    let says = "one.csv: rows cannot be held out by values of `house`: each of the 1 has all rows of a class; give a validation file";
    place.assert_refused("split one.csv --group-column house --out other", &[says]);
}

#[test]
fn a_column_of_persons_is_the_group_unless_it_has_few_values_or_is_told_not_to_be() {
    let place = Place::new();
    let frames = |persons: usize| {
        let line = |frame: usize| {
            let sequence = frame / 5;
            format!("{sequence},{},{},{}\n", sequence % persons, ["a", "b"][sequence / 7 % 2], frame * frame % 13)
        };
        "sequence,subject,label,x\n".to_owned() + &(0..300).map(line).collect::<String>()
    };
    place.write("six.csv", frames(6).as_bytes());
    place.write("three.csv", frames(3).as_bytes());
    let outcome = place.run("split six.csv --out six");
    outcome.assert_done("split");
    assert_says(
        &outcome,
        "six.csv: CSV, header; sequence: `sequence`; label: `label`; 1 channel: `x`; group: `subject`",
    );
    assert_says(&outcome, "test rows: held out are the rows of 1 of 6 values of `subject`");
    let outcome = place.run("split three.csv --out three");
    outcome.assert_done("split");
    assert_says(&outcome, "`subject` has 3 values, too few to keep each on one side of a split unasked");
    assert!(!outcome.stderr.contains("held out are"), "{}", outcome.stderr);
    let outcome = place.run("split six.csv --out none --group-column none");
    assert!(!outcome.stderr.contains("group"), "{outcome:?}");
    let printed = place.run("data six.csv --json");
    let report: serde_json::Value = serde_json::from_str(printed.assert_done("data")).unwrap();
    assert_eq!(report["groups"]["count"], 6);
    assert_eq!(report["columns"][1]["role"], "group");
}

#[test]
fn folders_of_recordings_have_labels_by_the_names_of_their_folders() {
    let place = Place::new();
    for file in 0..12 {
        let label = ["idle", "wave"][file % 2];
        let line = |frame: usize| {
            format!("{},{},{}\n", 10 * frame, (frame * (file + 3)) % 17, if file % 2 == 0 { 1 } else { frame % 9 })
        };
        let part = if file < 10 { "train" } else { "test" };
        let content = "ms,ax,ay\n".to_owned() + &(0..30).map(line).collect::<String>();
        place.write(&format!("gestures/{part}/{label}/{file}.csv"), content.as_bytes());
    }
    let outcome = place.run(&format!("train --data gestures --out run {TINY}"));
    outcome.assert_done("train");
    assert_says(
        &outcome,
        "gestures/train: 10 files in 2 folders, CSV, header; sequence: file name; label: folder name; 2 channels: `ax`, `ay`; \
         ignored: `ms` (time or frame numbers)",
    );
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    let outcome = place.run("evaluate model.rnl --data gestures --json");
    let report: serde_json::Value = serde_json::from_str(outcome.assert_done("evaluate")).unwrap();
    assert_eq!(report["rows"], 2);
    let outcome = place.run("data gestures/train --segment 10 --json");
    let report: serde_json::Value = serde_json::from_str(outcome.assert_done("data")).unwrap();
    assert_eq!((&report["rows"], &report["groups"]["name"]), (&50.into(), &"recordings".into()));
    assert_eq!(report["segments"]["runs"], 10);
    place.assert_refused("split gestures/train --out parts", &["gestures/train: a folder; expected one file of rows"]);
    place.write("gestures/train/wave/bad.csv", b"ms,ax\n1,2\n");
    let says = "wave/bad.csv, line 1: columns `ms`, `ax`, expected `ms`, `ax`, `ay` as in gestures/train/idle/0.csv";
    place.assert_refused(&format!("train --data gestures --out other {TINY}"), &[says]);
}

#[test]
fn time_series_of_the_archives_are_read() {
    let place = Place::new();
    let row = |row: usize| format!("{}.5,2,3:1,{},0:{}\n", row % 7, row % 5, ["left", "right"][row % 2]);
    let head = "# made for a test\n@problemName Two\n@timeStamps false\n@univariate false\n@classLabel true left right\n@data\n";
    place.write("two.ts", (head.to_owned() + &(0..30).map(row).collect::<String>()).as_bytes());
    let outcome = place.run(&format!("train --data two.ts --out run {TINY}"));
    outcome.assert_done("train");
    assert_says(
        &outcome,
        "two.ts: UEA/UCR time series (.ts); label: `label`; a sequence a row, 2 channels: `dimension_1`, `dimension_2`",
    );
    assert_eq!(std::fs::read_to_string(place.path("run/labels.txt")).unwrap(), "left\nright\n");
    place.run("split two.ts --share 0.2 --out parts").assert_done("split");
    let test = std::fs::read_to_string(place.path("parts/test.ts")).unwrap();
    assert!(test.starts_with(head) && test.lines().count() == 12, "{test}");
    place.run(&format!("train --data parts --out again {TINY}")).assert_done("the parts");
    place.write("uneven.ts", (head.to_owned() + "1,2,3:1,2:left\n1,2,3:1,2,3:right\n").as_bytes());
    let says = "uneven.ts, line 7: 2 values in `dimension_2`, expected 3 as in the first dimension";
    place.assert_refused(&format!("train --data uneven.ts --out other {TINY}"), &[says]);
}

#[test]
fn labels_have_names_and_numbers_their_order() {
    let place = Place::new();
    let row = |row: usize| format!("{},it is number {}\n", row % 12 + 1, row % 12 + 1);
    place.write("rows.csv", ("label,text\n".to_owned() + &(0..120).map(row).collect::<String>()).as_bytes());
    let labels = |run: &str| std::fs::read_to_string(place.path(&format!("{run}/labels.txt"))).unwrap();
    place.run(&format!("train --data rows.csv --out numbers {TINY}")).assert_done("numbers");
    assert_eq!(labels("numbers"), (1..=12).map(|number| format!("{number}\n")).collect::<String>());
    let names: Vec<String> = (1..=12).map(|number| format!("name{number}")).collect();
    place.write("names.txt", names.join("\n").as_bytes());
    place.write("pairs.txt", (1..=12).map(|number| format!("{number} NAME {number}\n")).collect::<String>().as_bytes());
    let outcome = place.run(&format!("train --data rows.csv --out named {TINY} --label-names names.txt"));
    outcome.assert_done("named");
    assert!(outcome.stderr.contains("; labels: 1 is name1, 2 is name2"), "{}", outcome.stderr);
    assert!(labels("named").contains("name12\n") && !labels("named").contains("\n1\n"));
    place.run(&format!("train --data rows.csv --out pairs {TINY} --label-names pairs.txt")).assert_done("pairs");
    assert!(labels("pairs").contains("NAME 7\n"), "{}", labels("pairs"));
    place.run("export named --precision int8 --out named.rnl").assert_done("export");
    place.run("evaluate named.rnl --data rows.csv --label-names names.txt").assert_done("evaluate");
    let says = "rows.csv, row 12: --label-names has no name for the label `12`; it has names for 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 1 more";
    let eleven: Vec<String> = (1..=11).map(|number| format!("{number}=n{number}")).collect();
    place.assert_refused(
        &format!("train --data rows.csv --out other {TINY} --label-names {}", eleven.join(",")),
        &[says],
    );
    place.assert_refused("split rows.csv --out parts --label-names names.txt", &["--label-names has no effect here"]);
}

#[test]
fn options_of_recordings_have_an_effect_or_are_refused() {
    let place = place_of("F15_category_message.csv");
    let train = format!("train --data F15_category_message.csv --out run {TINY}");
    let says = "F15_category_message.csv, line 1: --segment cuts recordings of numbers, and this file has texts";
    place.assert_refused(&format!("{train} --segment 8"), &[says]);
    place.assert_refused(
        &format!("train --out run {TINY} --segment 8"),
        &["--segment has no effect here: it needs --data"],
    );
    place.assert_refused("split F15_category_message.csv --out parts --segment 8", &["--segment has no effect here"]);
    place.write("valid.csv", b"Category,Message\nham,hello you\n");
    let beside = format!("{train} --validation valid.csv --group-column 1");
    place.assert_refused(&beside, &["--group-column has no effect here: it needs --data and rows that are held out"]);
}
