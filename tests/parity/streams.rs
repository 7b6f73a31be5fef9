//! Streams without an end through the runtime, and gestures found in one.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

use runtime::format::Precision;
use runtime::{LayerState, Model, Pushed};
use tests::{binary, real_data, source, trained_run};
use trainer::config::TrainingConfig;
use trainer::data::{Row, read_rows};
use trainer::export::{ModelFile, PartTwo};
use trainer::inference::{HostClassifier, raw_frame};
use trainer::network::{Cell, Pooling};

/// Frames that are pushed without a reset.
const STREAM: usize = 100_000;

/// The frames of rows, one after another.
fn frames_of<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Vec<&'r [f32]> {
    rows.into_iter().flat_map(|row| row.content.frames().unwrap().iter()).collect()
}

/// The hidden state of the first layer as numbers; an int8 state has no others than finite ones.
fn hidden(classifier: &mut HostClassifier<'_, '_>) -> Vec<f32> {
    match classifier.layer_state(0).unwrap() {
        LayerState::Float { hidden, .. } => hidden.to_vec(),
        LayerState::Int8 { hidden, .. } => hidden.iter().map(|value| f32::from(*value)).collect(),
    }
}

/// Pushes the frames again and again until there were [`STREAM`]: none is refused, all states are finite, and the
/// answers change to the end; the answers by class after each of the last frames, as many as there are.
fn push_without_end(model: &Model<'_>, frames: &[&[f32]]) -> BTreeMap<usize, usize> {
    let frames: Vec<Vec<i32>> = frames.iter().map(|frame| raw_frame(model, frame)).collect();
    let mut classifier = HostClassifier::new(model).unwrap();
    let mut answers = BTreeMap::new();
    let window = model.frames().unwrap();
    let (per_step, stride) = (usize::from(window.frames_per_step), usize::from(window.frame_stride));
    for (number, frame) in frames.iter().cycle().take(STREAM).enumerate() {
        let is_step = (number + 1).checked_sub(per_step).is_some_and(|more| more % stride == 0);
        let pushed = Pushed { taken: is_step.into(), refused: 0 };
        assert_eq!(classifier.push_frame(frame), Ok(pushed), "frame {number}");
        assert!(hidden(&mut classifier).iter().all(|value| value.is_finite()), "frame {number}");
        if number >= STREAM - frames.len() {
            *answers.entry(classifier.predict().class).or_default() += 1;
        }
    }
    let steps = 1 + (STREAM - per_step) / stride;
    assert_eq!([classifier.steps() as usize, classifier.refused_steps() as usize], [steps, 0]);
    answers
}

#[test]
fn a_gru_of_frames_takes_in_100_000_of_them_and_still_answers() {
    let folder = tempfile::tempdir().unwrap();
    let config = TrainingConfig {
        data: source(Some(Path::new("digits"))),
        cell: Cell::Gru,
        hidden_size: 12,
        pooling: Pooling::Last,
        epochs: 3,
        warmup_steps: 10,
        ..TrainingConfig::default()
    };
    let run = trained_run(&config, folder.path()).unwrap();
    assert_eq!((run.result.longest_row, run.max_steps()), (8, 0));
    let rows: Vec<Row> = config.data.test_rows(&Default::default()).unwrap().map(Result::unwrap).collect();
    for precision in [Precision::F32, Precision::F16, Precision::Int8] {
        let file = run.export(precision).unwrap();
        let model = Model::parse(file.bytes()).unwrap();
        assert_eq!(model.max_steps(), u32::MAX);
        let answers = push_without_end(&model, &frames_of(&rows));
        assert!(answers.len() >= 5, "{precision}: {answers:?}");
    }
}

/// Runs `trainer`; its standard output.
fn trainer(arguments: &[&str], folder: &Path, stdin: &str) -> String {
    let mut command = Command::new(binary("trainer"));
    command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut input, text) = (child.stdin.take().unwrap(), stdin.to_owned());
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    println!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Test recordings joined to a stream.
struct Joined<'r> {
    frames: Vec<&'r [f32]>,
    /// For each recording its label, and the frames that it stands in.
    parts: Vec<(&'static str, Range<usize>)>,
}

/// Joins the first recordings of each label in the order of `labels`.
fn join<'r>(rows: &'r [Row], labels: &[&'static str]) -> Joined<'r> {
    let mut joined = Joined { frames: Vec::new(), parts: Vec::new() };
    for (place, label) in labels.iter().enumerate() {
        let before = labels[..place].iter().filter(|other| *other == label).count();
        let row = rows.iter().filter(|row| row.label == *label).nth(before).unwrap();
        let start = joined.frames.len();
        joined.frames.extend(frames_of([row]));
        joined.parts.push((label, start..joined.frames.len()));
    }
    joined
}

/// The answers of `predict --hop 10` by the number of frames that have come.
fn answers(place: &Path, stream: &Joined<'_>) -> Vec<(usize, String)> {
    let line = |frame: &&[f32]| frame.iter().map(f32::to_string).collect::<Vec<_>>().join(",") + "\n";
    let lines: String = stream.frames.iter().map(line).collect();
    let printed = trainer(&["predict", "wand.rnl", "--hop", "10"], place, &lines);
    println!("{:?}\n{printed}", stream.parts);
    let answers: Vec<(usize, String)> = printed
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().unwrap().parse().unwrap(), words.next().unwrap().to_owned())
        })
        .collect();
    assert_eq!(answers.len(), stream.frames.len().div_ceil(10));
    answers
}

#[test]
fn two_gestures_of_a_wand_are_found_in_one_stream() {
    let Some(folder) = real_data("wand") else { return };
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    trainer(&["train", "--data", &path("train.csv"), "--out", "run", "--device", "cpu"], place.path(), "");
    trainer(&["export", "run", "--precision", "int8", "--out", "wand.rnl"], place.path(), "");
    let file = ModelFile::read(&place.path().join("wand.rnl")).unwrap();
    let model = Model::parse(file.bytes()).unwrap();
    let part_two = PartTwo::decode(model.part_two().unwrap()).unwrap();
    let span = part_two.longest_row as usize;
    let rows = read_rows(&folder.join("test.csv"), &Default::default()).unwrap();

    // Four of one gesture, then four of the other: while all of the last frames are of one, it is the answer.
    let (first, second) = ("flippendo", "wingardium");
    let stream = join(&rows, &[[first; 4], [second; 4]].concat());
    assert!((700..=800).contains(&stream.frames.len()), "{}", stream.frames.len());
    let change = stream.parts[4].1.start;
    let answered = answers(place.path(), &stream);
    for (label, frames) in [(first, span..change), (second, change + span..stream.frames.len() + 1)] {
        let within: Vec<&String> =
            answered.iter().filter(|(frame, _)| frames.contains(frame)).map(|(_, answer)| answer).collect();
        let right = within.iter().filter(|answer| **answer == label).count();
        assert!(within.len() >= 20 && 10 * right >= 9 * within.len(), "{label}: {within:?}");
    }

    // One of each among movements that are neither: it is answered while it is among the last frames.
    let neither = "negative";
    let stream = join(&rows, &[neither, neither, first, neither, neither, second, neither, neither]);
    assert!((650..=800).contains(&stream.frames.len()), "{}", stream.frames.len());
    let answered = answers(place.path(), &stream);
    for (label, frames) in &stream.parts {
        let while_it_is_there = frames.start + 1..frames.end + span;
        let found = answered.iter().any(|(frame, answer)| while_it_is_there.contains(frame) && answer == label);
        assert!(found, "{label} in {frames:?}");
    }

    push_without_end(&model, &stream.frames);
}
