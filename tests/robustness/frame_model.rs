//! Commands that read a model of frames, with frames that fit it and with what does not.

use runtime::format::Precision;
use runtime::known_answer::{KnownAnswers, KnownInput};

use crate::command::{Place, model};
use crate::fixture::{self, CHANNELS, FRAME_UNIT};

/// Three sequences of 2, 1 and 70 frames, and the same frames without a name and a label, with a line between the
/// sequences.
fn sequences() -> (String, String) {
    let channels: Vec<String> = (0..CHANNELS).map(|channel| format!("c{channel}")).collect();
    let (mut labelled, mut bare) = (format!("sequence,label,{}\n", channels.join(",")), String::new());
    for (name, label, length) in [("a", "on", 2), ("b", "off", 1), ("c", "wärmer", 70)] {
        for step in 0..length {
            let values = (0..CHANNELS).map(|channel| ((step * 7 + channel * 5 + length) % 23) as f32 * 0.3 - 2.0);
            let values = values.map(|value| value.to_string()).collect::<Vec<_>>().join(",");
            labelled += &format!("{name},{label},{values}\n");
            bare += &format!("{values}\n");
        }
        bare += "\n";
    }
    (labelled, bare)
}

fn place(precision: Precision) -> Place {
    let place = Place::new();
    place.write("model.rnl", fixture::model(fixture::frames(precision)).bytes());
    place.write("rows.csv", sequences().0.as_bytes());
    place
}

#[test]
fn frames_of_a_file_and_of_standard_input_have_the_same_answers() {
    for precision in [Precision::F32, Precision::F16, Precision::Int8] {
        let place = place(precision);
        let predict = |arguments: &str, stdin: &str| {
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            place.run_with(&arguments, stdin.as_bytes())
        };
        let of_file = predict("predict model.rnl --data rows.csv", "");
        assert_eq!(of_file.assert_done("a file").lines().count(), 3, "{precision}");
        let cut = "1 of 3 rows is longer than the 64 steps this model keeps; its later steps were ignored\n";
        assert!(of_file.stderr.starts_with(cut), "{of_file:?}");
        let bare = sequences().1;
        let stream = predict("predict model.rnl", &bare);
        assert_eq!((stream.assert_done("a stream"), stream.stderr.as_str()), (of_file.stdout.as_str(), cut));
        let blank = format!("\n\n{}", bare.trim_end());
        assert_eq!(predict("predict model.rnl", &blank).assert_done("blank lines"), of_file.stdout, "{precision}");

        let hops = predict("predict model.rnl --hop 20", &bare);
        let lines: Vec<&str> = hops.assert_done("hops").lines().collect();
        let counts: Vec<&str> = lines.iter().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(counts, ["2", "1", "20", "40", "60", "70"], "{precision}");
        // Of the 70 frames the last 64 are answered with a hop, the first 64 without.
        let last: Vec<&str> = [0, 1, 5].map(|line: usize| lines[line][8..].trim_end()).to_vec();
        let whole: Vec<&str> = of_file.stdout.lines().collect();
        assert_eq!((&last[..2], last[2] == whole[2]), (&whole[..2], false), "{precision}");
        let every = predict("predict model.rnl --hop 1", "1,2,3,4,5,6\n6,5,4,3,2,1\n");
        assert_eq!(every.assert_done("every frame").lines().count(), 2, "none is answered twice");
    }
}

#[test]
fn frames_on_standard_input_that_are_not_right() {
    let place = place(Precision::Int8);
    for (line, says) in [
        ("1,2,3,4,5", "standard input, line 3: 5 column(s), expected 6, one a channel of the model"),
        ("1,2,3,4,5,6,7", "standard input, line 3: 7 column(s), expected 6, one a channel of the model"),
        ("1,2,x,4,5,6", "standard input, line 3: `x` in column `3`, expected a finite number"),
        ("1,2,3,4,5,inf", "standard input, line 3: `inf` in column `6`, expected a finite number"),
    ] {
        let outcome = place.run_with(&["predict", "model.rnl"], format!("1,2,3,4,5,6\n\n{line}\n").as_bytes());
        assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(2), 1), "{outcome:?}");
        assert_eq!(outcome.stderr, format!("error: {says}\n"));
    }
    place.assert_refused("predict model.rnl --hop 0", &["--hop 0: expected 1 or more frames\n"]);
    place.write("text.rnl", &model("int8"));
    place.assert_refused("predict text.rnl --hop 5", &["--hop: text.rnl classifies texts, not frames\n"]);
}

#[test]
fn rows_of_another_kind_than_the_models() {
    let place = place(Precision::Int8);
    place.write("text.rnl", &model("int8"));
    place.write("texts.csv", b"on,lamp\noff,lamp\n");
    place.write("narrow.csv", b"sequence,label,x,y\na,on,1,2\n");
    for command in ["evaluate", "evaluate --curve", "predict", "known-answers --out answers.bin"] {
        let with = |model: &str, data: &str| format!("{command} {model} --data {data}");
        let texts = "texts.csv: texts, where frames of numbers are expected";
        place.assert_refused(&with("model.rnl", "texts.csv"), &[texts]);
        let narrow = "narrow.csv: frames of 2 channel(s), where 6 are expected\n";
        place.assert_refused(&with("model.rnl", "narrow.csv"), &[narrow]);
        let frames = "narrow.csv: frames of numbers, where texts are expected\n";
        place.assert_refused(&with("text.rnl", "narrow.csv"), &[frames]);
    }
    place.assert_refused("predict model.rnl lights", &["the text: texts, where frames of numbers are expected"]);
    let text = "texts, where frames of numbers are expected";
    place.assert_refused("known-answers model.rnl lights --out answers.bin", &[text]);
}

#[test]
fn a_curve_has_a_point_a_step_and_ends_at_the_accuracy() {
    for precision in [Precision::F32, Precision::Int8] {
        let place = place(precision);
        let outcome = place.run("evaluate model.rnl --data rows.csv --curve --json");
        let report: serde_json::Value = serde_json::from_str(outcome.assert_done("curve")).unwrap();
        let points = report["curve"].as_array().unwrap();
        let rows: Vec<u64> = points.iter().map(|point| point["rows"].as_u64().unwrap()).collect();
        assert_eq!((rows.len(), &rows[..3]), (64, &[3, 2, 1][..]));
        assert_eq!(points.last().unwrap()["accuracy"], report["accuracy"]);
        let table = place.run("evaluate model.rnl --data rows.csv --curve");
        assert!(table.assert_done("table").contains(" steps    rows   accuracy\n     2       2 "), "{}", table.stdout);
        let plain = place.run("evaluate model.rnl --data rows.csv --json");
        assert!(!plain.assert_done("no curve").contains("curve"));
    }
}

#[test]
fn known_answers_of_frames_are_integers_in_the_models_unit() {
    let place = place(Precision::Int8);
    let known = |last: &str| {
        let rows = format!("sequence,label,a,b,c,d,e,f\ns,on,0.25,-0.3,0.12,0.13,{last}\ns,on,0,0,0,0,0,0\n");
        place.write("rows.csv", rows.as_bytes());
        place.run("known-answers model.rnl --data rows.csv --out answers.bin --force").assert_done("known answers");
        let file = std::fs::read(place.path("answers.bin")).unwrap();
        let answers: Vec<_> = KnownAnswers::parse(&file).unwrap().collect();
        assert_eq!(answers.len(), 1);
        let is_wide = match answers[0].input {
            KnownInput::Frames { channels: 6, .. } => false,
            KnownInput::WideFrames { channels: 6, .. } => true,
            other => panic!("{other:?}"),
        };
        let found: Vec<Vec<i32>> = answers[0].input.frames().map(Iterator::collect).collect();
        assert_eq!(found[1], [0; 6]);
        (is_wide, found[0].clone())
    };
    assert_eq!(FRAME_UNIT, 0.25);
    assert_eq!(known("8191.75,-8192"), (false, vec![1, -1, 0, 1, 32_767, -32_768]));
    assert_eq!(known("8192,-8192"), (true, vec![1, -1, 0, 1, 32_768, -32_768]));
    assert_eq!(known("1e9,-1e9"), (true, vec![1, -1, 0, 1, i32::MAX, i32::MIN]));
}

#[test]
fn a_model_of_frames_says_what_it_takes_in() {
    let place = place(Precision::Int8);
    let outcome = place.run("inspect model.rnl");
    let text = outcome.assert_done("inspect");
    assert!(text.contains("input         frames of 6 values, 1 is 0.25; steps: 64\n"), "{text}");
    assert!(text.contains("architecture  frames of 6 | lstm 6 -> 8 | last pooling | linear 8 -> 3\n"), "{text}");
    let outcome = place.run("inspect model.rnl --json");
    let report: serde_json::Value = serde_json::from_str(outcome.assert_done("json")).unwrap();
    assert_eq!((&report["input"], &report["channels"]), (&"frames".into(), &6.into()));
    let parts = report["flash"].as_object().unwrap().values().map(|bytes| bytes.as_u64().unwrap()).sum::<u64>();
    assert_eq!(report["flash_bytes"], parts);
}
