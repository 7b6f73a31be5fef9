//! Models as people have them: `cases` holds their weights, descriptions and vocabularies.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use trainer::import::{Imported, read_model};

use crate::answers::file;
use crate::command::{Outcome, export, import, logits, trainer};

fn case(name: &str) -> PathBuf {
    file("cases").join(name)
}

fn read(weights: &str, description: &str) -> Result<Imported, String> {
    let weights = case(&format!("{weights}.safetensors"));
    read_model(&weights, &case(&format!("{description}.toml"))).map_err(|error| error.to_string())
}

fn import_case(folder: &Path, weights: &str, description: &str) -> Outcome {
    let rows = case("calib.csv");
    import(folder, &case(&format!("{weights}.safetensors")), &case(&format!("{description}.toml")), Some(&rows))
}

/// An import that is refused: its line, without the folder of the cases.
fn refused(weights: &str, description: &str) -> String {
    let folder = TempDir::new().unwrap();
    let outcome = import_case(folder.path(), weights, description);
    assert_eq!((outcome.code, outcome.stderr.lines().count()), (Some(2), 1), "{weights}: {}", outcome.stderr);
    assert!(!folder.path().join("run").exists(), "{weights}");
    outcome.stderr.replace(&format!("{}/", file("cases").display()), "")
}

#[test]
fn one_output_becomes_two_classes() {
    let folder = TempDir::new().unwrap();
    let imported = import_case(folder.path(), "a_ok", "a_ok");
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    let folder = TempDir::new().unwrap();
    let (weights, description) = (case("i2_sigmoid.safetensors"), case("i2_sigmoid.toml"));
    let imported = import(folder.path(), &weights, &description, None);
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    let says = "one output becomes two classes: its sigmoid is the probability of `pos`, the rest that of `neg`";
    assert!(imported.stderr.lines().any(|line| line == says), "{}", imported.stderr);

    // The head's own output, of the rows of its weights that the file has.
    let bytes = std::fs::read(&weights).unwrap();
    let tensors = safetensors(&bytes);
    let (head, bias) = (tensors("fc.weight"), tensors("fc.bias"));
    let model = read("i2_sigmoid", "i2_sigmoid").unwrap();
    assert_eq!((head.len(), bias.len(), model.weights.head_bias.len()), (5, 1, 2));
    for (place, value) in head.iter().enumerate() {
        let [negative, positive] = [0, 1].map(|class| model.weights.head_weight.row(class)[place]);
        assert_eq!((positive - negative, positive), (*value, 0.5 * value));
    }
    assert_eq!(model.weights.head_bias, [-0.5 * bias[0], 0.5 * bias[0]]);
    let (file, exported) = export(folder.path(), "f32");
    assert_eq!(exported.code, Some(0), "{}", exported.stderr);
    for logits in logits(&file, &["lamp on".into(), "kettle".into()]) {
        assert!(logits[1] != 0.0 && logits[0] == -logits[1], "{logits:?}");
    }

    let three = std::fs::read_to_string(case("i2_sigmoid.toml")).unwrap().replace("\"pos\"", "\"pos\", \"odd\"");
    let folder = TempDir::new().unwrap();
    let description = folder.path().join("three.toml");
    std::fs::write(&description, three).unwrap();
    std::fs::copy(case("words.txt"), folder.path().join("words.txt")).unwrap();
    let message = read_model(&weights, &description).unwrap_err().to_string();
    assert!(message.ends_with("3 labels for a head of one output, whose sigmoid tells two classes apart"), "{message}");
}

/// The values of a tensor of a safetensors file, by its name.
fn safetensors(bytes: &[u8]) -> impl Fn(&str) -> Vec<f32> {
    let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (header, values) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header: serde_json::Value = serde_json::from_slice(header).unwrap();
    move |name| {
        let [start, end] = [0, 1].map(|place| header[name]["data_offsets"][place].as_u64().unwrap() as usize);
        values[start..end].chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
    }
}

#[test]
fn special_tokens_of_a_vocabulary_are_recognised() {
    let right = read("q_keras_vocab", "q4_right").unwrap();
    for description in ["q_keras_vocab", "q2_keras_vocab_drop"] {
        let found = read("q_keras_vocab", description).unwrap();
        assert_eq!((&found.weights, &found.input), (&right.weights, &right.input), "{description}");
    }
    let [note] = &right.notes[..] else { panic!("{:?}", right.notes) };
    let says = "keras_vocab.txt: an empty line is token 0, padding; `[UNK]` is token 1, unknown words; the first word is token 2";
    assert!(note.ends_with(says), "{note}");

    let plain = read("a_ok", "a_ok").unwrap();
    for description in ["n2_torchtext_default", "n3_torchtext_swapped"] {
        let found = read("a_ok", description).unwrap();
        let rows = |model: &Imported| -> Vec<Vec<f32>> {
            model.weights.embedding.as_ref().unwrap().rows().map(<[f32]>::to_vec).collect()
        };
        let (found_rows, plain_rows) = (rows(&found), rows(&plain));
        assert_eq!((&found.input, &found_rows[2..]), (&plain.input, &plain_rows[2..]), "{description}");
        assert_eq!((&found_rows[0], &found_rows[1]), (&plain_rows[1], &plain_rows[0]), "{description}");
        let says = "torchtext_vocab.txt: `<pad>` is token 1, padding; `<unk>` is token 0, unknown words; \
                    the first word is token 2";
        assert!(found.notes.iter().any(|note| note.ends_with(says)), "{:?}", found.notes);
    }
    let folder = TempDir::new().unwrap();
    let imported = import_case(folder.path(), "a_ok", "n3_torchtext_swapped");
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    assert!(imported.stderr.contains("`<pad>` is token 1, padding"), "{}", imported.stderr);
}

#[test]
fn a_projected_state_is_refused_by_its_name() {
    let message = refused("c_proj", "c_proj");
    let says = "error: c_proj.safetensors: tensor `lstm.weight_hr_l0` [3, 5] projects the hidden state of an LSTM with \
                proj_size=3, which a device does not compute; train the LSTM with proj_size=0\n";
    assert_eq!(message, says);
}

#[test]
fn keras_names_may_end_with_the_number_of_an_output() {
    let found = read("t_keras_colon0", "t_keras_colon0").unwrap();
    assert_eq!(found.input.words().len(), 10);
    assert_eq!(found.weights.layers.len(), 1);
    let folder = TempDir::new().unwrap();
    assert_eq!(import_case(folder.path(), "t_keras_colon0", "t_keras_colon0").code, Some(0));
}

#[test]
fn infinities_are_errors_of_parity_and_counted() {
    let folder = TempDir::new().unwrap();
    let imported = import_case(folder.path(), "x_relu", "x_relu");
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    let run = folder.path().join("run");
    let parity = |texts: &[String], json: bool| {
        let rows = folder.path().join("rows.csv");
        let lines: String = texts.iter().map(|text| format!("a,{text}\n")).collect();
        std::fs::write(&rows, format!("label,text\n{lines}")).unwrap();
        let mut arguments = vec!["parity".as_ref(), run.as_path(), "--data".as_ref(), rows.as_path()];
        arguments.extend(json.then_some(Path::new("--json")));
        trainer(&arguments)
    };
    let short = ["lamp on".to_owned(), "kettle off".to_owned()];
    let outcome = parity(&short, false);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(!outcome.stdout.contains("infinite"), "{}", outcome.stdout);

    let long = [short[0].clone(), ["lamp"; 300].join(" "), ["kettle"; 300].join(" ")];
    let outcome = parity(&long, false);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("\nf32: 2 rows have a logit that is infinite or not a number"),
        "{}",
        outcome.stdout
    );
    let says = "of 3 rows, so many have a logit that is infinite or not a number: 2 of f32, ";
    assert!(outcome.stderr.lines().any(|line| line.contains(says)), "{}", outcome.stderr);

    let outcome = parity(&long, true);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let f32 = &report["f32"];
    assert_eq!((f32["rows_not_finite"].as_u64(), f32["max_logit_error"].is_null()), (Some(2), true), "{report}");
    assert!((f32["agreement"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-9, "{report}");
}
