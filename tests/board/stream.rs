//! A stream on the emulated board beside this machine: the same answers, and frames that cost the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use runtime::StreamSettings;
use serde_json::Value;
use tests::{binary, real_data, repository};
use trainer::data::{ReadOptions, Recordings};
use trainer::export::ModelFile;
use trainer::stream::HostStream;

/// Most that a frame, or the frames of a hop, of a warm stream may cost more than the mean.
const LARGEST_SPREAD: f64 = 0.05;

fn committed(name: &str) -> PathBuf {
    repository().join(format!("models/{name}/{name}.int8.rnl"))
}

/// Runs the first recordings of a file through a stream on a Cortex-M4 and here, and compares; the report.
fn check_stream(model: &Path, data: &Path, recordings: usize, settings: StreamSettings) -> Value {
    let StreamSettings { span, hop, .. } = settings;
    let output = Command::new(repository().join("firmware-demo/emulate"))
        .args(["--json", "--board", "m4", "--rows", &recordings.to_string(), "--hop", &hop.to_string(), "--span"])
        .arg(span.unwrap_or(0).to_string())
        .arg("--model")
        .arg(model)
        .arg("--data")
        .arg(data)
        .env("RUNNEL_TRAINER", binary("trainer"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors} (firmware-demo/install installs what is missing)");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = ModelFile::read(model).unwrap();
    let parsed = file.parse(model).unwrap();
    let mut stream = HostStream::new(&parsed, settings).unwrap();
    let mut read = Recordings::open(data, &ReadOptions::default()).unwrap();
    let mut printed = report["rows"].as_array().unwrap().iter();
    let mut count = 0;
    while let Some(frame) = read.next_frame().unwrap() {
        count += usize::from(frame.is_first);
        if count > recordings {
            break;
        }
        let Some(answered) = stream.push_values(frame.values).unwrap() else { continue };
        let row = printed.next().unwrap();
        assert_eq!(row["class"], answered.answer.class, "after {} frames", stream.frames());
        let logits = row["logits"].as_array().unwrap().iter().map(|logit| (logit.as_f64().unwrap() as f32).to_bits());
        assert!(logits.eq(answered.answer.logits.iter().map(|logit| logit.to_bits())), "after {}", stream.frames());
    }
    assert!(printed.next().is_none() && count >= recordings);
    assert_eq!(report["mismatches"], 0);
    let costs = &report["stream"];
    println!("{} {recordings} recordings: {costs}", model.display());
    assert!(costs["instructions_per_hop"]["number"].as_u64().unwrap() >= 50, "{costs}");
    if settings.span.is_some_and(|span| span % hop == 0) {
        assert_even(costs, &["instructions_per_hop"]);
    }
    report
}

fn assert_even(costs: &Value, what: &[&str]) {
    for counted in what {
        let count = |name: &str| costs[counted][name].as_f64().unwrap();
        let spread = count("largest") / count("mean") - 1.0;
        assert!(count("mean") > 1_000.0 && spread <= LARGEST_SPREAD, "{counted} {spread}: {costs}");
    }
}

#[test]
fn joined_digits_are_answered_on_a_cortex_m4_as_here() {
    let data = repository().join("trainer/data/digits/test.csv");
    for settings in [StreamSettings::last(8, 4), StreamSettings::last(16, 1), StreamSettings::last(7, 3)] {
        check_stream(&committed("digits"), &data, 40, settings);
    }
}

#[test]
fn frames_of_a_stream_of_gestures_cost_the_same() {
    let Some(folder) = real_data("wand") else { return };
    let settings = StreamSettings::last(100, 10);
    let report = check_stream(&committed("gestures"), &folder.join("test.csv"), 8, settings);
    let costs = &report["stream"];
    assert_even(costs, &["instructions_per_frame", "instructions_per_answer", "instructions_per_hop"]);
    // Nor does an answer make its frame much dearer than the others.
    let mean = |counted: &str| costs[counted]["mean"].as_f64().unwrap();
    assert!(mean("instructions_per_answer") <= (1.0 + LARGEST_SPREAD) * mean("instructions_per_frame"), "{costs}");
}
