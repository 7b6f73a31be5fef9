//! `trainer import`, as it is run: from the files of this folder to a model file's answers.

use std::path::{Path, PathBuf};
use std::process::Command;

use runtime::Model;
use tempfile::TempDir;
use trainer::data::Row;
use trainer::export::ModelFile;
use trainer::inference::row_answers;

use crate::answers::{Answers, MODELS, file};

/// Largest error of an f32 logit, which is summed in another order.
const F32_TOLERANCE: f32 = 1e-4;
/// Largest error of the other precisions, as a share of the model's largest logit: weights of 11 bits; weights,
/// embeddings and states of 8 bits, one layer on the other.
const F16_SHARE: f32 = 2e-3;
const INT8_SHARE: f32 = 5e-2;
/// The sentences that the models were trained on.
const ROWS: &str = "../trainer/data/home_commands/development.csv";

/// What a command left.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn trainer(arguments: &[&Path]) -> Outcome {
    let output = Command::new(tests::binary("trainer")).args(arguments).output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Imports a model's files into `run` of a folder.
pub(crate) fn import(folder: &Path, weights: &Path, description: &Path, rows: Option<&Path>) -> Outcome {
    let run = folder.join("run");
    let mut arguments = vec!["import".as_ref(), "--weights".as_ref(), weights, "--description".as_ref(), description];
    arguments.extend(["--out".as_ref(), run.as_path()]);
    arguments.extend(rows.iter().flat_map(|rows| ["--calibration-data".as_ref(), *rows]));
    trainer(&arguments)
}

fn import_model(folder: &Path, name: &str, rows: Option<&Path>) -> Outcome {
    import(folder, &file(&format!("{name}.safetensors")), &file(&format!("{name}.toml")), rows)
}

pub(crate) fn export(folder: &Path, precision: &str) -> (PathBuf, Outcome) {
    let (run, out) = (folder.join("run"), folder.join(format!("{precision}.rnl")));
    let outcome =
        trainer(&["export".as_ref(), &run, "--precision".as_ref(), precision.as_ref(), "--out".as_ref(), &out]);
    (out, outcome)
}

/// The logits of a model file for texts.
pub(crate) fn logits(model: &Path, texts: &[String]) -> Vec<Vec<f32>> {
    let file = ModelFile::read(model).unwrap();
    let model = Model::parse(file.bytes()).unwrap();
    let rows: Vec<Row> = texts.iter().map(|text| Row::of_text("", text)).collect();
    row_answers(&model, &rows).unwrap().into_iter().map(|answer| answer.logits).collect()
}

fn argmax(logits: &[f32]) -> usize {
    (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap()
}

#[test]
fn the_runtime_gives_the_frameworks_logits() {
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join(ROWS);
    for name in MODELS {
        let folder = TempDir::new().unwrap();
        let imported = import_model(folder.path(), name, Some(&rows));
        assert_eq!(imported.code, Some(0), "{name}: {}", imported.stderr);
        assert!(imported.stderr.contains("right on 100.00 % of 150 calibration rows"), "{name}: {}", imported.stderr);
        assert!(imported.stdout.starts_with("10 labels, 141 words; run folder "), "{name}: {}", imported.stdout);
        let answers = Answers::read(name);
        let largest = answers.logits.iter().flatten().fold(0.0_f32, |largest, logit| logit.abs().max(largest));
        for (precision, tolerance, share) in
            [("f32", F32_TOLERANCE, 1.0), ("f16", F16_SHARE * largest, 1.0), ("int8", INT8_SHARE * largest, 0.95)]
        {
            let (model, exported) = export(folder.path(), precision);
            assert_eq!(exported.code, Some(0), "{name}: {}", exported.stderr);
            let found = logits(&model, &answers.texts);
            let mut agreeing = 0;
            for ((text, found), expected) in answers.texts.iter().zip(&found).zip(&answers.logits) {
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(expected) {
                    let error = (found - expected).abs();
                    assert!(error <= tolerance, "{name}, {precision}, `{text}`: {found} instead of {expected}");
                }
                agreeing += usize::from(argmax(found) == argmax(expected));
            }
            let agreement = agreeing as f64 / found.len() as f64;
            assert!(agreement >= share, "{name}, {precision}: {agreement} of the classes");
        }
    }
}

#[test]
fn without_calibration_rows_floats_are_exported_and_int8_says_how() {
    let folder = TempDir::new().unwrap();
    let imported = import_model(folder.path(), "keras_gru", None);
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    assert!(imported.stderr.contains("no --calibration-data"), "{}", imported.stderr);
    assert_eq!(export(folder.path(), "f16").1.code, Some(0));
    let (model, refused) = export(folder.path(), "int8");
    assert_eq!((refused.code, refused.stderr.lines().count()), (Some(2), 1), "{}", refused.stderr);
    assert!(refused.stderr.contains("--calibration-data"), "{}", refused.stderr);
    assert!(!model.exists());
}

#[test]
fn an_imported_run_is_not_gone_on_with() {
    let folder = TempDir::new().unwrap();
    assert_eq!(import_model(folder.path(), "torch_rnn_relu", None).code, Some(0));
    let weights = std::fs::read(folder.path().join("run/weights.safetensors")).unwrap();
    let run = folder.path().join("run");
    let refused = trainer(&["train".as_ref(), "--resume".as_ref(), "--out".as_ref(), &run]);
    assert_eq!((refused.code, refused.stderr.lines().count()), (Some(2), 1), "{}", refused.stderr);
    assert!(refused.stderr.contains("imported"), "{}", refused.stderr);
    assert_eq!(std::fs::read(run.join("weights.safetensors")).unwrap(), weights);
    let again = import_model(folder.path(), "torch_rnn_relu", None);
    assert!(again.stderr.contains("holds a run already"), "{}", again.stderr);
}

/// A fault: the model whose files are changed, what is replaced by what in its description, and what the message
/// says.
const FAULTS: [(&str, &str, &str, &[&str]); 10] = [
    ("torch_bilstm", "cell = \"lstm\"", "cell = \"gru\"", &["`lstm.weight_hh_l0`", "[48, 12]", "[36, 12]"]),
    ("torch_bilstm", "bidirectional = true", "", &["`lstm.weight_ih_l0_reverse`", "bidirectional"]),
    ("torch_bilstm", "max_length = 64", "", &["max_length = 0", "bidirectional"]),
    ("torch_bilstm", "\"timer_set\", ", "", &["9 labels for 10 classes"]),
    ("torch_rnn_relu", "num_layers = 2", "num_layers = 3", &["no tensor `rnn.weight_hh_l2`"]),
    ("torch_rnn_relu", "head = \"fc\"", "head = \"classes\"", &["no tensor `classes.weight`", "`fc.weight`"]),
    ("keras_gru", "framework = \"keras\"", "framework = \"torch\"", &["no recurrent module"]),
    ("keras_gru", "framework = \"keras\"", "framework = \"jax\"", &["line 2", "unknown variant `jax`"]),
    ("keras_gru", "pooling = \"last\"", "pooling = \"last\"\nhidden = 3", &["line 5", "unknown field `hidden`"]),
    ("keras_bilstm", "num_layers = 2", "num_layers = 2\nfirst_word_token = 1", &["142 tokens", "143 rows"]),
];

#[test]
fn a_description_that_does_not_fit_is_refused_in_one_line() {
    for (name, from, to, says) in FAULTS {
        let folder = TempDir::new().unwrap();
        let text = std::fs::read_to_string(file(&format!("{name}.toml"))).unwrap();
        assert!(text.contains(from), "{name}: no `{from}`");
        let description = folder.path().join("changed.toml");
        std::fs::write(&description, text.replace(from, to)).unwrap();
        let words = format!("{name}.vocabulary.txt");
        std::fs::copy(file(&words), folder.path().join(&words)).unwrap();
        let refused = import(folder.path(), &file(&format!("{name}.safetensors")), &description, None);
        assert_eq!((refused.code, refused.stderr.lines().count()), (Some(2), 1), "{name}, {to}: {}", refused.stderr);
        for part in says {
            assert!(refused.stderr.contains(part), "{name}, {to}: no `{part}` in {}", refused.stderr);
        }
        assert!(!folder.path().join("run").exists(), "{name}, {to}");
    }
}

#[test]
fn damaged_weights_are_refused_in_one_line() {
    let bytes = std::fs::read(file("keras_gru.safetensors")).unwrap();
    let header = bytes.iter().position(|byte| *byte == b'F').unwrap();
    let mut of_integers = bytes.clone();
    of_integers[header] = b'I';
    let mut not_finite = bytes.clone();
    let end = not_finite.len() - 4;
    not_finite[end..].copy_from_slice(&f32::NAN.to_le_bytes());
    let cases: [(&str, &[u8], &str); 5] = [
        ("empty", b"", "not a safetensors file"),
        ("cut", &bytes[..bytes.len() / 2], "not a safetensors file"),
        ("text", b"embedding.weight 1 2 3", "not a safetensors file"),
        ("integers", &of_integers, "holds I32, expected F32, F16 or F64"),
        ("not finite", &not_finite, "has a value that is not finite"),
    ];
    for (what, bytes, says) in cases {
        let folder = TempDir::new().unwrap();
        let weights = folder.path().join("changed.safetensors");
        std::fs::write(&weights, bytes).unwrap();
        let refused = import(folder.path(), &weights, &file("keras_gru.toml"), None);
        assert_eq!((refused.code, refused.stderr.lines().count()), (Some(2), 1), "{what}: {}", refused.stderr);
        assert!(refused.stderr.contains(says), "{what}: {}", refused.stderr);
        assert!(!folder.path().join("run").exists(), "{what}");
    }
}
