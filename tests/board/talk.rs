//! `firmware-demo/talk`: scripted conversations with an emulated board.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use runtime::{Aligned, Classifier, Model, Prediction};
use serde_json::Value;
use tests::repository;

use super::model;

static WORDS: &Aligned<[u8]> = &Aligned(*include_bytes!("../../models/home-commands/home-commands.int8.rnl"));
static DIGITS: &Aligned<[u8]> = &Aligned(*include_bytes!("../../models/digits/digits.int8.rnl"));

/// What the board says to these bytes: a line of JSON each, from `ready` on.
fn conversation(model: &Path, said: &[u8]) -> Vec<Value> {
    let mut child = Command::new(repository().join("firmware-demo/talk"))
        .args(["--json", "--board", "m4", "--model"])
        .arg(model)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 runs firmware-demo/talk");
    let mut input = child.stdin.take().unwrap();
    let said = said.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&said).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors} (firmware-demo/install installs what is missing)");
    let lines = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ready = events.iter().position(|event| event["event"] == "ready").expect(&lines);
    events[ready..].to_vec()
}

fn assert_answer(event: &Value, name: &str, expected: &Prediction<'_>, steps: u32) {
    assert_eq!(event["event"], name, "{event}");
    assert_eq!((&event["class"], &event["label"]), (&expected.class.into(), &expected.label.into()), "{event}");
    assert_eq!(event["probability_q15"], expected.probability.q15(), "{event}");
    assert_eq!(event["steps"], steps, "{event}");
    assert!(event["instructions"].as_u64().unwrap() > 1_000, "{event}");
}

fn assert_refused(event: &Value, line: u64, says: &str, numbers: &[(&str, u64)]) {
    assert_eq!((&event["event"], &event["line"]), (&"refused".into(), &line.into()), "{event}");
    assert!(event["message"].as_str().unwrap().contains(says), "{says}: {event}");
    for (name, number) in numbers {
        assert_eq!(event[name], *number, "{event}");
    }
}

#[test]
fn lines_of_text_are_answered_and_wrong_ones_refused_each_by_itself() {
    let too_long = "x".repeat(257);
    let longest = format!("lights off {}", "x".repeat(256 - 11));
    let said: Vec<&[u8]> = vec![
        b"switch the kitchen lights off",
        b"play s\xC3\xB6me jazz, please\r",
        too_long.as_bytes(),
        b"abc \xC3",
        b"\xFF",
        longest.as_bytes(),
        b"/stpes on",
        b"/steps on",
        b"set a timer",
        b"/steps off",
        b"",
        b"set a timer",
    ];
    let events = conversation(&model("int8"), &said.join(&b'\n'));
    let parsed = Model::parse(&WORDS.0).unwrap();
    let mut classifier = Classifier::new(&parsed, vec![0; parsed.required_words()]).unwrap();
    let mut events = events.iter();
    let mut next = || events.next().expect("another line");
    let mut answer = |text: &str, name: &str, event: &Value| {
        classifier.reset();
        classifier.push_text(text);
        let expected = classifier.predict();
        assert_answer(event, name, &expected, classifier.steps());
    };
    assert_eq!(next()["channels"], 0);
    answer("switch the kitchen lights off", "answer", next());
    answer("play söme jazz, please", "answer", next());
    assert_refused(next(), 3, "too long", &[("most_bytes", 256)]);
    assert_refused(next(), 4, "not UTF-8", &[("byte", 5)]);
    assert_refused(next(), 5, "not UTF-8", &[("byte", 1)]);
    answer(&longest, "answer", next());
    assert_refused(next(), 7, "/steps on, /steps off, /reset or /quit", &[]);
    for words in ["set ", "set a "] {
        answer(words, "step", next());
    }
    answer("set a timer", "answer", next());
    answer("", "answer", next());
    answer("set a timer", "answer", next());
    assert!(events.next().is_none());
}

/// More than the queue between the interrupt and the main loop holds comes at once, and nothing is lost.
#[test]
fn a_sender_that_waits_for_no_answer_loses_nothing() {
    const LINES: usize = 150;
    let said = "switch the kitchen lights off\n".repeat(LINES);
    assert!(said.len() > 8 * 512);
    let events = conversation(&model("int8"), said.as_bytes());
    assert_eq!(events.len(), 1 + LINES);
    for event in &events[1..] {
        assert_eq!((&event["label"], &event["steps"]), (&"lights_off".into(), &5.into()), "{event}");
    }
}

#[test]
fn frames_are_taken_line_by_line_and_wrong_ones_refused() {
    let path = repository().join("models/digits/digits.int8.rnl");
    let said = "0,0,5,13,9,1,0,0\n 0, 0,13, 15,10,15,5,0 \n0,0,5\n1,2,3,4,5,6,7,8,9\n0,0,5,x,9,1,0,0\n\
                0,0,5,13,9,1,0,2147483648\n0,3,15,2,0,11,8,0\n\n/steps on\n0,0,5,13,9,1,0,0\n/reset\n\n";
    let events = conversation(&path, said.as_bytes());
    let parsed = Model::parse(&DIGITS.0).unwrap();
    let mut classifier = Classifier::new(&parsed, vec![0; parsed.required_words()]).unwrap();
    let first = [0, 0, 5, 13, 9, 1, 0, 0];
    assert_eq!(events[0]["channels"], parsed.channels());
    for (event, line, found) in [(1, 3, 3), (2, 4, 9)] {
        assert_refused(&events[event], line, "number of channels", &[("expected", 8), ("found", found)]);
    }
    for (event, line, value) in [(3, 5, 4), (4, 6, 8)] {
        assert_refused(&events[event], line, "not a 32-bit integer", &[("value", value)]);
    }
    for frame in [first, [0, 0, 13, 15, 10, 15, 5, 0], [0, 3, 15, 2, 0, 11, 8, 0]] {
        classifier.push_frame(&frame).unwrap();
    }
    assert_answer(&events[5], "answer", &classifier.predict(), 3);
    classifier.reset();
    classifier.push_frame(&first).unwrap();
    assert_answer(&events[6], "step", &classifier.predict(), 1);
    classifier.reset();
    assert_answer(&events[7], "answer", &classifier.predict(), 0);
    assert_eq!(events.len(), 8);
}

#[test]
fn what_cannot_talk_is_said_in_one_line() {
    let talk = |arguments: &[&str]| {
        let mut command = Command::new(repository().join("firmware-demo/talk"));
        let output = command.current_dir(repository()).args(arguments).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap().lines().last().unwrap().to_owned()
    };
    assert!(talk(&["--model", "README.md"]).contains("README.md is not a model file"));
    assert!(talk(&["--model", "none.rnl"]).contains("none.rnl"));
    assert!(talk(&["--board", "m0", "--model", "README.md"]).contains("m0"));
}
