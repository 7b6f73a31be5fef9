//! Streams of frames, rows that are longer than a model keeps, and what a model file says of both.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use proptest::prelude::*;
use runtime::format::Precision;
use runtime::{Model, Pushed, StreamSettings};
use trainer::data::{Content, Frames};
use trainer::export::ModelFile;
use trainer::inference::{HostClassifier, answer, current_answer};
use trainer::network::Pooling;
use trainer::stream::HostStream;

use crate::command::{Place, TINY, frames, rows};
use crate::fixture::{self, CELLS, CHANNELS, EMBEDDING_SIZE, MAX_LENGTH, PRECISIONS, Step, Variant, model, with_limit};

/// Models of frames of every cell, in one direction without a limit and in both.
fn any_frame_model() -> impl Strategy<Value = ModelFile> {
    let variant = (prop::sample::select(CELLS.to_vec()), prop::sample::select(PRECISIONS.to_vec()), any::<bool>());
    (variant, prop::sample::select(vec![Pooling::Last, Pooling::Max])).prop_map(
        |((cell, precision, bidirectional), pooling)| {
            let variant = Variant { step: Step::Frame, cell, bidirectional, pooling, ..Variant::new(precision) };
            with_limit(variant, if bidirectional { MAX_LENGTH } else { 0 }, 0)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Also of a second stream after a reset, and whenever it is asked.
    #[test]
    fn an_answer_about_the_last_frames_is_that_of_a_fresh_classifier(
        file in any_frame_model(),
        span in 1..=MAX_LENGTH,
        hop in 1_usize..9,
        values in prop::collection::vec(-9.0_f32..9.0, CHANNELS * 90),
        lengths in prop::array::uniform2(0_usize..90),
    ) {
        let model = Model::parse(file.bytes()).unwrap();
        let mut fresh = HostClassifier::new(&model).unwrap();
        let mut stream = HostStream::new(&model, StreamSettings::last(span as u32, hop as u32)).unwrap();
        let mut whole = HostStream::new(&model, StreamSettings::endless(hop as u32)).ok();
        prop_assert_eq!(whole.is_none(), model.is_bidirectional());
        for length in lengths {
            let mut about = |end: usize, frames: usize| {
                let values = values[CHANNELS * (end - frames)..CHANNELS * end].to_vec();
                answer(&mut fresh, &Content::Frames(Frames { channels: CHANNELS, values })).unwrap()
            };
            for (number, frame) in (1..).zip(values.chunks(CHANNELS).take(length)) {
                let found = stream.push_values(frame).unwrap();
                prop_assert_eq!(found.is_some(), number % hop == 0);
                if let Some(found) = found {
                    prop_assert_eq!(found.answer, about(number, number.min(span)));
                    prop_assert_eq!((found.is_settled, found.accepted), (number >= span, number >= span));
                }
                if let Some(whole) = &mut whole {
                    let found = whole.push_values(frame).unwrap().map(|found| found.answer);
                    prop_assert_eq!(found, (number % hop == 0).then(|| about(number, number)));
                }
            }
            prop_assert_eq!(stream.frames(), length);
            let expected = (length % hop != 0).then(|| about(length, length.min(span)));
            prop_assert_eq!(stream.last_answer().unwrap(), expected);
            stream.reset();
            whole.iter_mut().for_each(HostStream::reset);
        }
    }
}

/// `count` lines of frames that differ.
fn lines(channels: usize, count: usize) -> Vec<String> {
    let value = |number: usize, channel: usize| ((number * number + 5 * channel + number) % 29) as f32 * 0.3 - 4.0;
    let line = |number| (0..channels).map(|channel| value(number, channel).to_string()).collect::<Vec<_>>().join(",");
    (0..count).map(line).collect()
}

/// What `predict` prints for a stream with a hop, and what it prints for the last frames alone at each hop.
fn assert_hops(place: &Place, channels: usize, arguments: &str, span: usize, note: &str) {
    let lines = lines(channels, 75);
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let outcome = place.run_with(&arguments, (lines.join("\n") + "\n").as_bytes());
    let found: Vec<&str> = outcome.assert_done("hops").lines().collect();
    let ends: Vec<usize> = (10..=70).step_by(10).chain([75]).collect();
    let windows = ends.iter().map(|end| lines[end.saturating_sub(span)..*end].join("\n"));
    let windows = windows.collect::<Vec<_>>().join("\n\n");
    let alone = place.run_with(&["predict", arguments[1]], windows.as_bytes());
    let expected = ends.iter().zip(alone.assert_done("windows").lines());
    let expected: Vec<String> = expected.map(|(end, answer)| format!("{end:>6}  {answer}")).collect();
    assert_eq!(found, expected, "{arguments:?}");
    assert!(expected.windows(2).any(|pair| pair[0][8..] != pair[1][8..]), "{expected:?}");
    assert_eq!(outcome.stderr, note, "{arguments:?}");
}

#[test]
fn a_stream_is_answered_by_the_longest_training_row_or_the_span() {
    let place = Place::new();
    place.write("rows.csv", frames().as_bytes());
    for (settings, longest) in [("--cell gru --pooling last", 6), ("--bidirectional --max-length 5", 5)] {
        let out = format!("run-{longest}");
        place.run(&format!("train --data rows.csv --out {out} {TINY} {settings}")).assert_done("train");
        place.run(&format!("export {out} --precision int8 --out model.rnl --force")).assert_done("export");
        let inspected = place.run("inspect model.rnl");
        let text = inspected.assert_done("inspect");
        assert!(text.contains(&format!(" rows, the longest of {longest} frames (SHA-256")), "{text}");
        let trained = text.lines().find(|line| line.starts_with("trained")).unwrap();
        assert!(trained.contains(concat!(", trainer ", env!("CARGO_PKG_VERSION"))) && !trained.contains('+'), "{text}");
        let default =
            format!("each answer is about the last {longest} frames, as many as the longest training row has\n");
        assert_hops(&place, 2, "predict model.rnl --hop 10", longest, &default);
        assert_hops(&place, 2, "predict model.rnl --hop 10 --span 3", 3, "each answer is about the last 3 frames\n");
    }
    place.assert_refused(
        "predict model.rnl --hop 1 --span 6",
        &["--span 6: expected 1 to 5, the steps that this model"],
    );
    let file = place.run("predict model.rnl --data rows.csv --hop 2 --span 2");
    let counts = file.assert_done("rows of a file").lines().filter_map(|line| line.split_whitespace().next());
    assert_eq!(counts.take(9).collect::<Vec<_>>(), ["2", "3", "2", "4", "2", "4", "5", "2", "4"]);
}

#[test]
fn files_that_do_not_say_how_long_their_rows_were() {
    let place = Place::new();
    let variant = fixture::frames(Precision::Int8);
    place.write("old.rnl", model(variant).bytes());
    let note = format!("each answer is about the last {MAX_LENGTH} frames, as many as this model keeps\n");
    assert_hops(&place, EMBEDDING_SIZE, "predict old.rnl --hop 10", MAX_LENGTH, &note);
    place.write("endless.rnl", with_limit(variant, 0, 0).bytes());
    let note = "each answer is about the last 70 frames\n";
    assert_hops(&place, EMBEDDING_SIZE, "predict endless.rnl --hop 10 --span 70", 70, note);
    let says = ["--hop: endless.rnl does not say how long its training rows were; add --span N"];
    place.assert_refused("predict endless.rnl --hop 10", &says);
    for (arguments, says) in [
        ("--span 5", "--span 5 needs --hop: without it an answer is about all frames\n"),
        ("--hop 5 --span 0", "--span 0: expected 1 or more frames\n"),
        ("--hop 0 --span 5", "--hop 0: expected 1 or more frames\n"),
    ] {
        place.assert_refused(&format!("predict endless.rnl {arguments}"), &[says]);
    }
}

#[test]
fn an_answer_comes_when_its_frame_has_come() {
    let place = Place::new();
    place.write("model.rnl", with_limit(fixture::frames(Precision::Int8), 0, 0).bytes());
    let mut command = place.command();
    command.args(["predict", "model.rnl", "--hop", "2", "--span", "3"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut frames, mut answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    for (number, line) in (1..=8).zip(lines(EMBEDDING_SIZE, 8)) {
        writeln!(frames, "{line}").unwrap();
        frames.flush().unwrap();
        if number % 2 == 0 {
            let answer = answers.next().unwrap().unwrap();
            assert!(answer.starts_with(&format!("{number:>6}  ")), "{answer}");
        }
    }
    drop(frames);
    assert!(answers.next().is_none());
    assert!(child.wait().unwrap().success());
}

/// Rows whose class is their 301st word, as `label,text` (case F07).
fn late_words() -> String {
    let row = |number: usize| {
        let label = ["bad", "good"][number % 2];
        format!("{label},{}{label}\n", "the ".repeat(300))
    };
    (0..40).map(row).collect()
}

/// That standard error says so once, or nothing about it; what is said of the file is on a line of its own.
fn assert_cut(stderr: &str, says: &str) {
    let found: String =
        stderr.lines().filter(|line| line.contains("later steps")).map(|line| format!("{line}\n")).collect();
    assert_eq!(found, says);
}

#[test]
fn rows_that_a_model_cuts_are_counted_and_others_are_whole() {
    let place = Place::new();
    place.write("rows.csv", late_words().as_bytes());
    let json = |command: &str| -> (serde_json::Value, String) {
        let outcome = place.run(command);
        (serde_json::from_str(outcome.assert_done(command)).unwrap(), outcome.stderr)
    };
    let cut = "40 of 40 rows are longer than the 256 steps this model keeps; their later steps were ignored\n";
    for (settings, kept, says) in [("--pooling last", "no limit", ""), ("--bidirectional", "256, kept", cut)] {
        let out = settings.split([' ', '-']).next_back().unwrap();
        place.run(&format!("train --data rows.csv --out {out} {TINY} {settings}")).assert_done("train");
        place.run(&format!("export {out} --precision int8 --out model.rnl --force")).assert_done("export");
        let inspected = place.run("inspect model.rnl");
        let text = inspected.assert_done("inspect");
        assert!(text.contains(&format!("; steps: {kept}")), "{text}");
        let rows_cut = if says.is_empty() { 0 } else { 40 };
        let (report, note) = json("evaluate model.rnl --data rows.csv --json --curve");
        assert_eq!(report["rows_cut"], rows_cut, "{settings}");
        assert_cut(&note, says);
        assert_eq!(report["curve"].as_array().unwrap().len(), if rows_cut == 0 { 301 } else { 256 });
        // What Burn computes is of as many steps: of a streaming network it reads the last word as well.
        let (report, note) = json(&format!("parity {out} --data rows.csv --json --by-step"));
        assert_eq!(report["rows_cut"], rows_cut, "{settings}");
        assert_cut(&note, says);
        assert!(report["f32"]["max_logit_error"].as_f64().unwrap() <= 1e-4, "{settings}: {report}");
        let steps = report["int8"]["by_step"][0]["quantities"][0]["steps"].as_array().unwrap().len();
        assert_eq!(steps, if rows_cut == 0 { 301 } else { 256 }, "{settings}");
        for (arguments, stdin) in [("predict model.rnl --data rows.csv", ""), ("predict model.rnl", &late_words())] {
            let outcome = place.run_with(&arguments.split(' ').collect::<Vec<_>>(), stdin.as_bytes());
            assert_eq!(outcome.assert_done(arguments).lines().count(), 40);
            assert_cut(&outcome.stderr, says);
        }
        let answers = place.run("known-answers model.rnl --data rows.csv --out answers.bin --force");
        answers.assert_done("known answers");
        assert_cut(&answers.stderr, says);
    }
    let text = late_words().lines().next().unwrap().to_owned();
    let one = place.run_with(&["predict", "model.rnl", &text], b"");
    one.assert_done("a text");
    let says = "1 of 1 rows is longer than the 256 steps this model keeps; its later steps were ignored\n";
    assert_eq!(one.stderr, says);
}

#[test]
fn an_answer_to_a_whole_row_is_another_than_to_its_first_256_words() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.run(&format!("train --data rows.csv --out run {TINY} --pooling last")).assert_done("train");
    place.run("export run --precision f32 --out f32.rnl").assert_done("export");
    let words = "lamp ".repeat(256) + "off on off on";
    let predict = |text: &str| place.run_with(&["predict", "f32.rnl", text], b"").assert_done("predict").to_owned();
    assert_ne!(predict(&words), predict(&"lamp ".repeat(256)));
}

#[test]
fn mean_pooling_takes_in_steps_without_end() {
    let place = Place::new();
    place.write("rows.csv", frames().as_bytes());
    place.run(&format!("train --data rows.csv --out run {TINY} --pooling mean --cell gru")).assert_done("train");
    for precision in PRECISIONS {
        place.run(&format!("export run --precision {precision} --out model.rnl --force")).assert_done("export");
        let file = ModelFile::read(&place.path("model.rnl")).unwrap();
        let model = Model::parse(file.bytes()).unwrap();
        assert_eq!(model.max_steps(), u32::MAX);
        let mut classifier = HostClassifier::new(&model).unwrap();
        let frame = |step: i32| [step % 700, step % 11];
        for step in 1..=100_000 {
            assert_eq!(classifier.push_frame(&frame(step)), Ok(Pushed { taken: 1, refused: 0 }), "{step}");
        }
        let answer = current_answer(&mut classifier);
        assert!(answer.logits.iter().all(|logit| logit.is_finite()), "{answer:?}");
        // The mean follows what comes, however much there was before.
        for _ in 0..100_000 {
            classifier.push_frame(&[700, 0]).unwrap();
        }
        let other = current_answer(&mut classifier);
        assert!(other.refused == 0 && other.bits != answer.bits, "{other:?}");
    }
}

#[test]
fn a_run_without_a_longest_row_is_opened() {
    let place = Place::new();
    place.copy_run("run");
    let result = std::fs::read_to_string(place.path("run/result.toml")).unwrap();
    let (line, old): (Vec<&str>, Vec<&str>) = result.lines().partition(|line| line.starts_with("longest_row"));
    assert_eq!(line, ["longest_row = 7"]);
    place.write("run/result.toml", old.join("\n").as_bytes());
    place.run("export run --precision int8 --out model.rnl --force").assert_done("an old run");
    assert!(std::fs::read(place.path("model.rnl")).unwrap() == crate::command::model("int8"), "texts do not say it");
}
