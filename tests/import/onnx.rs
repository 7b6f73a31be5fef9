//! ONNX files of the usual exporters against what ONNX Runtime answers: see `make_onnx.py`.

use std::path::{Path, PathBuf};

use prost::Message;
use runtime::Model;
use serde::Deserialize;
use tempfile::TempDir;
use trainer::data::{Content, Frames, Row};
use trainer::export::ModelFile;
use trainer::import::read_onnx;
use trainer::inference::row_answers;

use crate::answers::file;
use crate::command::{Outcome, export, trainer};

/// Largest error of an f32 logit, which is summed in another order; frames are rounded to their unit besides.
const TOLERANCE: f32 = 1e-4;
const CHANNELS: usize = 3;

/// The models, and the description of each.
const MODELS: [(&str, &str); 15] = [
    ("lstm_bi2_last", "words"),
    ("lstm_bi2_last_dynamo", "words"),
    ("lstm_bi_ends", "words"),
    ("lstm_bi_permuted", "words"),
    ("lstm_bi_max_dynamo", "words"),
    ("lstm_average", "words"),
    ("gru_step", "words"),
    ("gru_step_dynamo", "words"),
    ("rnn_mean", "words"),
    ("keras_lstm", "words"),
    ("keras_bilstm", "words"),
    ("sensor_gru", "frames_of_two"),
    ("sensor_gru_dynamo", "frames"),
    ("sensor_rnn_relu", "frames"),
    ("keras_sensor", "frames"),
];

/// What ONNX Runtime answers.
#[derive(Deserialize)]
struct Answers {
    texts: Option<Vec<String>>,
    frames: Option<Vec<Vec<[f32; CHANNELS]>>>,
    logits: Vec<Vec<f32>>,
}

impl Answers {
    fn read(name: &str) -> Self {
        let path = onnx_file(&format!("{name}.answers.json"));
        let answers: Self = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(answers.logits.len() >= 6 && answers.rows().len() == answers.logits.len());
        answers
    }

    fn rows(&self) -> Vec<Row> {
        let texts = self.texts.iter().flatten().map(|text| Row::of_text("a", text));
        let frames = self.frames.iter().flatten().map(|frames| Row {
            label: "a".into(),
            content: Content::Frames(Frames { channels: CHANNELS, values: frames.concat() }),
        });
        texts.chain(frames).collect()
    }
}

fn onnx_file(name: &str) -> PathBuf {
    file("onnx").join(name)
}

fn import(folder: &Path, model: &Path, description: &Path, rows: Option<&Path>) -> Outcome {
    let run = folder.join("run");
    let mut arguments = vec!["import".as_ref(), "--onnx".as_ref(), model, "--description".as_ref(), description];
    arguments.extend(["--out".as_ref(), run.as_path()]);
    arguments.extend(rows.iter().flat_map(|rows| ["--calibration-data".as_ref(), *rows]));
    trainer(&arguments)
}

/// The refusal of a model: its line, without the folder.
fn refused(folder: &Path, model: &Path, description: &Path) -> String {
    let outcome = import(folder, model, description, None);
    assert_eq!((outcome.code, outcome.stderr.lines().count()), (Some(2), 1), "{}", outcome.stderr);
    assert!(!folder.join("run").exists(), "{}", outcome.stderr);
    outcome.stderr.replace(&format!("{}/", folder.display()), "").replace(&format!("{}/", file("onnx").display()), "")
}

/// The logits of the exported model file for rows.
fn logits(folder: &Path, precision: &str, rows: &[Row]) -> Vec<Vec<f32>> {
    let (path, exported) = export(folder, precision);
    assert_eq!(exported.code, Some(0), "{}", exported.stderr);
    let file = ModelFile::read(&path).unwrap();
    let model = Model::parse(file.bytes()).unwrap();
    row_answers(&model, rows).unwrap().into_iter().map(|answer| answer.logits).collect()
}

#[test]
fn the_runtime_gives_the_logits_of_onnx_runtime() {
    for (name, description) in MODELS {
        let folder = TempDir::new().unwrap();
        let (model, description) = (onnx_file(&format!("{name}.onnx")), onnx_file(&format!("{description}.toml")));
        let imported = import(folder.path(), &model, &description, None);
        assert_eq!(imported.code, Some(0), "{name}: {}", imported.stderr);
        let answers = Answers::read(name);
        let found = logits(folder.path(), "f32", &answers.rows());
        for (row, (found, expected)) in found.iter().zip(&answers.logits).enumerate() {
            assert_eq!(found.len(), expected.len(), "{name}");
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() <= TOLERANCE, "{name}, row {row}: {found} instead of {expected}");
            }
        }
        let largest = answers.logits.iter().flatten().fold(0.0_f32, |largest, logit| largest.max(logit.abs()));
        assert!(largest > 100.0 * TOLERANCE, "{name}: logits that could be any");
    }
}

#[test]
fn a_sensor_model_is_calibrated_and_exported_in_integers() {
    let folder = TempDir::new().unwrap();
    let answers = Answers::read("sensor_gru");
    let mut lines = "sequence,label,x,y,z\n".to_owned();
    for (row, frames) in answers.frames.iter().flatten().enumerate() {
        let label = if answers.logits[row][1] > 0.0 { "on" } else { "off" };
        lines.extend(frames.iter().map(|[x, y, z]| format!("s{row},{label},{x},{y},{z}\n")));
    }
    let rows = folder.path().join("rows.csv");
    std::fs::write(&rows, lines).unwrap();
    let description = folder.path().join("units.toml");
    std::fs::write(&description, "labels = [\"off\", \"on\"]\n[normalization]\nunits = [0.001]\n").unwrap();
    let imported = import(folder.path(), &onnx_file("sensor_gru.onnx"), &description, Some(&rows));
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    let says = "one output becomes two classes: its sigmoid is the probability of `on`, the rest that of `off`";
    assert!(imported.stderr.lines().any(|line| line == says), "{}", imported.stderr);
    assert!(imported.stderr.contains("right on 100.00 % of 6 calibration rows"), "{}", imported.stderr);
    assert!(imported.stdout.starts_with("2 labels, 3 channels, unit 0.001"), "{}", imported.stdout);
    for (found, expected) in logits(folder.path(), "int8", &answers.rows()).iter().zip(&answers.logits) {
        assert!((found[1] - expected[1]).abs() <= 0.1 * expected[1].abs().max(0.5), "{found:?} for {expected:?}");
    }
}

#[test]
fn what_a_description_of_an_onnx_file_says_must_fit() {
    let read = |name: &str, description: &str| {
        let folder = TempDir::new().unwrap();
        std::fs::copy(onnx_file("words.txt"), folder.path().join("words.txt")).unwrap();
        let path = folder.path().join("d.toml");
        std::fs::write(&path, description).unwrap();
        refused(folder.path(), &onnx_file(&format!("{name}.onnx")), &path)
    };
    let words = "labels = [\"a\", \"b\", \"c\"]\nvocabulary = \"words.txt\"\n";
    let frames = "labels = [\"a\", \"b\", \"c\"]\nmax_length = 9\n";
    let cases = [
        ("gru_step", format!("cell = \"gru\"\n{words}"), "d.toml: `cell` stands in the ONNX file; leave it out"),
        ("gru_step", format!("hidden = 3\n{words}"), "d.toml: unknown field `hidden`"),
        (
            "gru_step",
            frames.into(),
            "gru_step.onnx: the model takes in tokens, and the description has no `vocabulary`",
        ),
        (
            "sensor_rnn_relu",
            words.replace("voc", "max_length = 9\nvoc"),
            "sensor_rnn_relu.onnx: the model takes in frames",
        ),
        ("gru_step", words.replace(", \"c\"", ""), "d.toml: 2 labels for 3 classes of the weights"),
        (
            "gru_step",
            format!("{words}unused_tokens = 1\n"),
            "d.toml: the vocabulary and the special tokens make 13 tokens",
        ),
        ("lstm_bi_ends", words.into(), "d.toml: max_length = 0: a bidirectional network keeps its words"),
        (
            "sensor_gru_dynamo",
            format!("{frames}[normalization]\nmean = [1.0, 2.0, 3.0]\n"),
            "d.toml: [normalization] has a mean, deviation or scale, and the model normalizes its frames itself",
        ),
        (
            "sensor_rnn_relu",
            format!("{frames}[normalization]\nmean = [1.0, 2.0]\n"),
            "d.toml: [normalization] mean: 2 numbers, but the network takes in 3 channels",
        ),
        (
            "sensor_rnn_relu",
            format!("{frames}[normalization]\nunits = [0.0]\n"),
            "d.toml: [normalization] unit 0: expected a positive number",
        ),
    ];
    for (name, description, says) in cases {
        let message = read(name, &description);
        assert!(message.starts_with(&format!("error: {says}")), "{description}: {message}");
    }
}

#[test]
fn files_that_are_no_onnx_files_or_cut_short_are_refused_in_one_line() {
    let bytes = std::fs::read(onnx_file("gru_step.onnx")).unwrap();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("changed.onnx");
    let contents: [(&[u8], &str); 4] = [
        (b"", "changed.onnx: not an ONNX file (no graph)"),
        (b"labels = [\"a\"]", "changed.onnx: not an ONNX file ("),
        (&std::fs::read(file("keras_gru.safetensors")).unwrap(), "changed.onnx: not an ONNX file ("),
        (&bytes[..bytes.len() / 2], "changed.onnx: not an ONNX file ("),
    ];
    for (content, says) in contents {
        std::fs::write(&path, content).unwrap();
        let message = refused(folder.path(), &path, &onnx_file("words.toml"));
        assert!(message.starts_with(&format!("error: {says}")), "{message}");
    }
    // Any byte may be wrong: a line or a run, never a panic.
    for place in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[place] ^= 0x55;
        std::fs::write(&path, changed).unwrap();
        if let Err(error) = read_onnx(&path, &onnx_file("words.toml")) {
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}

/// The fields of ONNX's schema that the tests change.
#[derive(Clone, PartialEq, Message)]
struct Document {
    #[prost(int64, tag = "1")]
    ir_version: i64,
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
}

#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "1")]
    node: Vec<Node>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    initializer: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "11")]
    input: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "12")]
    output: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(string, repeated, tag = "1")]
    input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    output: Vec<String>,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, tag = "4")]
    op_type: String,
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(float, tag = "2")]
    f: f32,
    #[prost(int64, tag = "3")]
    i: i64,
    #[prost(bytes = "vec", tag = "4")]
    s: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "5")]
    t: Option<Vec<u8>>,
    #[prost(int64, repeated, tag = "8")]
    ints: Vec<i64>,
    #[prost(bytes = "vec", repeated, tag = "9")]
    strings: Vec<Vec<u8>>,
}

impl Node {
    /// Gives the node an attribute, or another value of one.
    fn set(&mut self, name: &str, value: Attribute) {
        self.attribute.retain(|attribute| attribute.name != name);
        self.attribute.push(Attribute { name: name.into(), ..value });
    }
}

/// A model whose node of this type was changed.
fn changed(name: &str, operation: &str, change: impl Fn(&mut Node)) -> Vec<u8> {
    let bytes = std::fs::read(onnx_file(&format!("{name}.onnx"))).unwrap();
    let mut document = Document::decode(bytes.as_slice()).unwrap();
    let nodes = &mut document.graph.as_mut().unwrap().node;
    change(nodes.iter_mut().find(|node| node.op_type == operation).unwrap());
    document.encode_to_vec()
}

#[test]
fn a_node_that_a_device_does_not_compute_is_named() {
    let number = |i: i64| Attribute { i, ..Attribute::default() };
    let text = |text: &str| Attribute { s: text.into(), ..Attribute::default() };
    let float = |f: f32| Attribute { f, ..Attribute::default() };
    let texts = |texts: &[&str]| Attribute {
        strings: texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
        ..Attribute::default()
    };
    let with = |name: &str, operation: &str, key: &str, value: Attribute| {
        changed(name, operation, |node| node.set(key, value.clone()))
    };
    let renamed =
        |name: &str, operation: &str, other: &str| changed(name, operation, |node| node.op_type = other.into());
    let gru = "node `/recurrent/GRU` (GRU): ";
    let cases = [
        (
            with("gru_step", "GRU", "linear_before_reset", number(0)),
            format!("{gru}linear_before_reset is 0, expected 1"),
        ),
        (
            with("gru_step", "GRU", "direction", text("reverse")),
            format!("{gru}direction is `reverse`, expected `forward`"),
        ),
        (
            with("gru_step", "GRU", "direction", text("bidirectional")),
            format!("{gru}R has shape [1, 12, 4], expected [2, 12, 4]"),
        ),
        (with("gru_step", "GRU", "clip", float(3.0)), format!("{gru}clip is 3, expected none")),
        (with("gru_step", "GRU", "layout", number(1)), format!("{gru}layout is 1, expected 0")),
        (with("gru_step", "GRU", "hidden_size", number(5)), format!("{gru}hidden_size is 5, but R has 4 columns")),
        (
            with("gru_step", "GRU", "activations", texts(&["HardSigmoid", "Tanh"])),
            format!("{gru}activations are hardsigmoid, tanh, expected sigmoid, tanh"),
        ),
        (
            renamed("gru_step", "GRU", "LSTM"),
            "node `/recurrent/GRU` (LSTM): R has shape [1, 12, 4], expected [1, 16, 4]".into(),
        ),
        (
            renamed("gru_step", "Gather", "Relu"),
            "node `/embedding/Gather` (Relu): an operation that a device does not".into(),
        ),
        (
            changed("gru_step", "GRU", |node| node.input[5] = "x".into()),
            format!("{gru}initial_h: expected zeros or nothing"),
        ),
        (
            changed("gru_step", "GRU", |node| node.input[1] = "x".into()),
            format!("{gru}W is not among the file's weights"),
        ),
        (
            changed("gru_step", "Gemm", |node| node.input[0].clone_from(&"nothing".to_owned())),
            "node `/fc/Gemm` (Gemm): input `nothing` is not in the graph".into(),
        ),
        (with("gru_step", "Gemm", "alpha", float(2.0)), "node `/fc/Gemm` (Gemm): alpha is 2, expected 1".into()),
        (
            with("gru_step", "Gemm", "transB", number(0)),
            "node `/fc/Gemm` (Gemm): weight has shape [3, 4] for 4 values".into(),
        ),
        (
            with("rnn_mean", "RNN", "activations", texts(&["Sigmoid"])),
            "node `/recurrent/RNN` (RNN): activations are sigmoid, expected tanh".into(),
        ),
        (
            renamed("rnn_mean", "ReduceMean", "ReduceSum"),
            "node `/ReduceMean` (ReduceSum): an operation that a device".into(),
        ),
        (with("sensor_gru_dynamo", "Gather", "axis", number(1)), "node `".into()),
        (
            renamed("sensor_rnn_relu", "ReduceMean", "Identity"),
            "node `/fc/Gemm` (Gemm): takes the outputs of layer 1 at every step; expected the last step".into(),
        ),
        (std::fs::read(onnx_file("keras_gru_loop.onnx")).unwrap(), "node `functional".into()),
    ];
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("changed.onnx");
    for (bytes, says) in cases {
        std::fs::write(&path, bytes).unwrap();
        let message = refused(folder.path(), &path, &onnx_file("words.toml"));
        assert!(message.starts_with(&format!("error: changed.onnx: {says}")), "no `{says}` in {message}");
    }
}
