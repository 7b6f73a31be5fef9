//! `trainer evaluate --stream` on recordings whose label changes.

use runtime::format::Precision;
use runtime::known_answer::KnownAnswers;
use serde_json::Value;

use crate::command::Place;
use crate::fixture::{self, CHANNELS, with_limit};

/// Frames of a recording, and the label of each.
struct Recording {
    labels: Vec<&'static str>,
    frames: Vec<String>,
}

/// A recording whose labels have these lengths.
fn recording(seed: usize, parts: &[(&'static str, usize)]) -> Recording {
    let labels: Vec<&str> = parts.iter().flat_map(|(label, length)| std::iter::repeat_n(*label, *length)).collect();
    let value =
        |step: usize, channel: usize| ((step * step + 5 * channel + seed * 7 + step / 9) % 29) as f32 * 0.3 - 4.0;
    let frame =
        |step: usize| (0..CHANNELS).map(|channel| value(step, channel).to_string()).collect::<Vec<_>>().join(",");
    Recording { frames: (0..labels.len()).map(frame).collect(), labels }
}

fn file(recordings: &[Recording]) -> String {
    let channels: Vec<String> = (0..CHANNELS).map(|channel| format!("c{channel}")).collect();
    let mut file = format!("sequence,label,{}\n", channels.join(","));
    for (number, Recording { labels, frames }) in recordings.iter().enumerate() {
        for (label, frame) in labels.iter().zip(frames) {
            file += &format!("r{number},{label},{frame}\n");
        }
    }
    file
}

fn place(recordings: &[Recording]) -> Place {
    let place = Place::new();
    place.write("model.rnl", with_limit(fixture::frames(Precision::Int8), 0, 12).bytes());
    place.write("streams.csv", file(recordings).as_bytes());
    place
}

/// The classes that `predict --hop 5 --span 12` prints after each hop of a recording, by the frames that have come.
fn predicted(place: &Place, recording: &Recording) -> Vec<(usize, String)> {
    let lines = recording.frames.join("\n") + "\n";
    let outcome = place.run_with(&["predict", "model.rnl", "--hop", "5", "--span", "12"], lines.as_bytes());
    let answer = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next().unwrap().parse().unwrap(), words.next().unwrap().to_owned())
    };
    outcome.assert_done("predict").lines().map(answer).filter(|(frames, _)| frames % 5 == 0).collect()
}

fn json(place: &Place, arguments: &str) -> Value {
    let outcome = place.run(&format!("evaluate model.rnl --data streams.csv --stream --json {arguments}"));
    serde_json::from_str(outcome.assert_done(arguments)).unwrap()
}

#[test]
fn the_measured_answers_are_those_of_predict() {
    let recordings = [
        recording(1, &[("on", 40), ("pause", 30), ("off", 25), ("", 20), ("wärmer", 36)]),
        recording(2, &[("off", 9), ("on", 51), ("off", 23)]),
    ];
    let place = place(&recordings);
    let report = json(&place, "--hop 5 --span 12");
    let (mut answers, mut right) = (0, 0);
    for recording in &recordings {
        for (frames, class) in predicted(&place, recording).iter().filter(|(frames, _)| *frames >= 15) {
            let label = recording.labels[frames - 1];
            answers += 1;
            right += u64::from(label == class);
        }
    }
    assert_eq!((report["answers"].as_u64(), report["answers_right"].as_u64()), (Some(answers), Some(right)));
    assert!(right > 0 && right < answers, "{right} of {answers}");
    assert_eq!((&report["warm_up_frames"], &report["span"], &report["hop"]), (&15.into(), &12.into(), &5.into()));
    assert_eq!((&report["recordings"], &report["frames"]), (&2.into(), &234.into()));
    assert_eq!((&report["events"], &report["events_too_early"]), (&5.into(), &1.into()));
    assert_eq!(report["false_alarms_per_hour"], Value::Null);
    let alarms = report["false_alarms"].as_f64().unwrap();
    assert_eq!(report["false_alarms_per_1000_answers"].as_f64(), Some(1000.0 * alarms / answers as f64));
    let (found, missed) = (report["events_found"].as_u64().unwrap(), report["events_missed"].as_u64().unwrap());
    assert_eq!(found + missed, 5);

    let timed = json(&place, "--hop 5 --span 12 --frames-per-second 50");
    let hours = answers as f64 * 5.0 / 50.0 / 3600.0;
    assert!((timed["false_alarms_per_hour"].as_f64().unwrap() - alarms / hours).abs() < 1e-6, "{timed}");

    // What the labels say nothing of is told; a span is the longest training row.
    let outcome = place.run("evaluate model.rnl --data streams.csv --stream --hop 5");
    let table = outcome.assert_done("a table");
    assert!(table.contains(" per 1,000 answers (give --frames-per-second for false alarms an hour)\n"), "{table}");
    assert!(table.contains("warm-up        15 frames of each recording\n"), "{table}");
    let says = "frames where nothing happens, as the model has no such class: no label 20, `pause` 30\n";
    assert!(outcome.stderr.ends_with(says), "{}", outcome.stderr);
    assert!(
        outcome.stderr.starts_with("each answer is about the last 12 frames, as many as the longest"),
        "{outcome:?}"
    );
}

#[test]
fn what_is_accepted_depends_on_threshold_background_and_reset() {
    let recordings = [recording(3, &[("on", 60), ("off", 60), ("wärmer", 60), ("on", 60)])];
    let place = place(&recordings);
    let of = |report: &Value, name: &str| report[name].as_u64().unwrap();
    let plain = json(&place, "--hop 2");
    // Nothing is accepted: nothing is found and nothing is a false alarm.
    let none = json(&place, "--hop 2 --threshold 1");
    assert_eq!([of(&none, "answers"), of(&none, "events_missed")], [of(&plain, "answers"), 4]);
    assert_eq!(["answers_right", "events_found", "false_alarms"].map(|name| of(&none, name)), [0; 3]);
    assert_eq!(json(&place, "--hop 2 --threshold 0"), plain);
    // All classes are background: every answer says what the labels say.
    let quiet = json(&place, "--hop 2 --background off,on,wärmer");
    assert_eq!(
        (of(&quiet, "events"), &quiet["share_right"], &quiet["classes"]),
        (0, &1.0.into(), &Value::Array(vec![]))
    );
    // A stream that is reset is not warm for a span: an answer each 12 frames.
    let reset = json(&place, "--hop 2 --reset-after-accepted");
    assert_eq!((of(&reset, "answers"), of(&plain, "answers")), (240 / 12, (240 - 10) / 2));
    // Without a span each answer is about all frames so far: the first is warm.
    let endless = json(&place, "--hop 2 --endless");
    assert_eq!((of(&endless, "warm_up_frames"), of(&endless, "answers"), &endless["span"]), (2, 120, &Value::Null));
    let smooth = json(&place, "--hop 2 --smoothing 5");
    assert_eq!((of(&smooth, "warm_up_frames"), of(&smooth, "answers")), (20, (240 - 18) / 2));
}

#[test]
fn recordings_and_options_that_make_no_stream_are_refused() {
    let place = place(&[recording(1, &[("on", 40)])]);
    place.write("texts.csv", b"label,text\non,lights on\noff,lights off\n");
    place.write("narrow.csv", b"sequence,label,x,y\na,on,1,2\na,off,3,4\n");
    place.write("day.csv", b"timestamp,x,y,label\n0,1,2,on\n20,1,2,on\n40,5,5,off\n");
    place.write("other.csv", file(&[recording(1, &[("left", 4), ("right", 4)])]).as_bytes());
    let evaluate = |arguments: &str| format!("evaluate model.rnl {arguments}");
    for (arguments, says) in [
        ("--stream --hop 5", "--stream needs --data FILE, the recordings\n"),
        ("--data streams.csv --stream", "--stream needs --hop N, the frames between two answers\n"),
        ("--data streams.csv --hop 5", "--hop and --span need --stream: rows are answered once, at their end\n"),
        ("--data streams.csv --stream --hop 0", "--hop 0: expected 1 or more frames\n"),
        ("--data streams.csv --stream --hop 5 --smoothing 0", "--smoothing 0: expected 1 or more answers\n"),
        (
            "--data streams.csv --stream --hop 5 --threshold 1.5",
            "--threshold 1.5: expected a probability from 0 to 1\n",
        ),
        (
            "--data streams.csv --stream --hop 5 --frames-per-second 0",
            "--frames-per-second: expected a number above 0\n",
        ),
        (
            "--data streams.csv --stream --hop 5 --background none",
            "--background none: the model has no such class; it has off, on, wärmer\n",
        ),
        (
            "--data streams.csv --stream --hop 1 --span 100000000",
            "--span 100000000 --hop 1: 100000000 classifiers need more than 256 MiB; choose a larger --hop or a smaller --span\n",
        ),
    ] {
        place.assert_refused(&evaluate(arguments), &[says]);
    }
    for (data, says) in [
        ("texts.csv", "texts.csv: no recordings; expected lines of `sequence,label,channels`, a frame a line\n"),
        (
            "day.csv",
            "day.csv, line 1: frames (`x`, `y`) without a column that names their recordings; add a column `sequence` with \
             a name for each recording\n",
        ),
        ("narrow.csv", "narrow.csv: frames of 2 channel(s), where 6 are expected\n"),
        ("other.csv", "other.csv: no frame has a label of the model, which has off, on, wärmer\n"),
    ] {
        place.assert_refused(&evaluate(&format!("--data {data} --stream --hop 5")), &[says]);
    }
    place.write("limited.rnl", with_limit(fixture::frames(Precision::Int8), 20, 12).bytes());
    let says = "--endless: limited.rnl keeps 20 frames and no more; give a --span up to that instead\n";
    place.assert_refused("evaluate limited.rnl --data streams.csv --stream --hop 5 --endless", &[says]);
    for arguments in
        ["--smoothing 3", "--endless", "--background on", "--frames-per-second 50", "--reset-after-accepted"]
    {
        let outcome = place.run(&evaluate(&format!("--data streams.csv {arguments}")));
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.stderr.contains("--stream"), "{}", outcome.stderr);
    }
}

#[test]
fn known_answers_of_a_stream_have_the_frames_of_a_hop() {
    let recordings = [recording(1, &[("on", 33)]), recording(2, &[("off", 20), ("on", 9)])];
    let place = place(&recordings);
    let known = |arguments: &str| {
        let command =
            format!("known-answers model.rnl --data streams.csv --hop 5 --span 12 --out a.bin --force {arguments}");
        place.run(&command).assert_done(&command);
        let file = std::fs::read(place.path("a.bin")).unwrap();
        let answers = KnownAnswers::parse(&file).unwrap();
        answers.map(|answer| (answer.input.frames().count(), answer.class as usize)).collect::<Vec<_>>()
    };
    // Both recordings are one stream; what is left after the last hop is in no answer.
    let labels = [&recordings[0].labels[..], &recordings[1].labels].concat();
    let joined = Recording { labels, frames: [&recordings[0].frames[..], &recordings[1].frames].concat() };
    let class = |label: &str| fixture::LABELS.iter().position(|known| *known == label).unwrap();
    let answers = predicted(&place, &joined);
    let expected: Vec<_> = answers.iter().map(|(_, label)| (5, class(label))).collect();
    assert_eq!((known(""), expected.len()), (expected.clone(), 12));
    assert_eq!(known("--rows 1"), expected[..6]);
    let says = ["--hop needs --data FILE, the recordings\n"];
    place.assert_refused("known-answers model.rnl --hop 5 --out b.bin", &says);
}
