//! Inputs that are unusual and right.

use std::process::Stdio;

use crate::command::{Place, TINY, frames, model, rows, shared, unread};

/// Trains on a file, exports in all precisions and measures the model on the same file; the number of rows.
fn whole_way(name: &str, content: &[u8], settings: &str) -> usize {
    whole_way_with(name, content, &format!("{TINY} {settings}"))
}

/// [`whole_way`] with all settings.
fn whole_way_with(name: &str, content: &[u8], settings: &str) -> usize {
    let place = Place::new();
    place.write(name, content);
    place.run(&format!("train --data {name} --out run {settings}")).assert_done(name);
    let has_embedding = !place.path("run/normalization.toml").exists() && !settings.contains("--embedding-size 0");
    for precision in ["f32", "f16", "int4", "int8 --embedding-bits 4", "int8"] {
        if has_embedding || !precision.contains("--embedding-bits") {
            place.run(&format!("export run --precision {precision} --out model.rnl --force")).assert_done(name);
        }
    }
    let outcome = place.run(&format!("evaluate model.rnl --data {name} --json"));
    let report: serde_json::Value = serde_json::from_str(outcome.assert_done(name)).unwrap();
    place.run(&format!("parity run --data {name} --by-step")).assert_done(name);
    usize::try_from(report["rows"].as_u64().unwrap()).unwrap()
}

#[test]
fn files_of_every_form_have_all_their_rows() {
    let rows = rows();
    assert_eq!(whole_way("crlf.csv", rows.replace('\n', "\r\n").as_bytes(), ""), 40);
    assert_eq!(whole_way("no-last-line-end.csv", rows.trim_end().as_bytes(), ""), 40);
    assert_eq!(whole_way("bom.csv", format!("\u{feff}label,text\n{rows}").as_bytes(), ""), 40);
    assert_eq!(whole_way("tabs.tsv", rows.replacen(',', "\t", usize::MAX).as_bytes(), ""), 40);
    assert_eq!(whole_way("blank-lines.csv", rows.replace('\n', "\n\n").as_bytes(), ""), 40);
    let two_lines = rows.replace(",please ", ",\"please\r\n").replace(" off\n", " off\"\n").replace(" on\n", " on\"\n");
    assert_eq!(whole_way("quoted.csv", two_lines.as_bytes(), ""), 40);
    let three_columns = rows.replace("the lamp", "the,lamp");
    assert_eq!(whole_way("title-and-description.csv", three_columns.as_bytes(), ""), 40);
}

#[test]
fn every_cell_direction_and_input_goes_the_whole_way() {
    for settings in [
        "--cell gru --bidirectional",
        "--cell rnn-tanh --num-layers 2 --pooling mean",
        "--cell rnn-relu --bidirectional --num-layers 2 --pooling last --pad-to 9",
        "--input hashed-words --hash-buckets 7",
        "--input fingerprinted-words --vocabulary-size 2 --subword-buckets 5 --bidirectional",
        "--input fingerprinted-words --cell rnn-tanh",
        "--input characters --cell gru --targets every-step",
        "--input bytes --bidirectional",
    ] {
        assert_eq!(whole_way("rows.csv", rows().as_bytes(), settings), 40, "{settings}");
    }
    let one_hot = TINY.replace("--embedding-size 4", "--embedding-size 0");
    assert_eq!(whole_way_with("rows.csv", rows().as_bytes(), &one_hot), 40);
    for settings in ["", "--cell gru --bidirectional", "--cell rnn-relu --num-layers 2 --frame-unit 0.5"] {
        assert_eq!(whole_way("frames.csv", frames().as_bytes(), settings), 40, "{settings}");
    }
}

#[test]
fn labels_with_spaces_commas_and_other_scripts() {
    let rows = rows().replace("off,", "\"lights, all off \",").replace("on,", "Свет 灯 ☀,");
    assert_eq!(whole_way("labels.csv", rows.as_bytes(), ""), 40);
}

#[test]
fn rows_without_a_word() {
    let file = |text: fn(usize) -> &'static str| -> String {
        (0..40).map(|row| format!("{},{}\n", ["off", "on"][row % 2], text(row))).collect()
    };
    let some = file(|row| ["", "lamp", "\"...\"", "lights on"][row / 2 % 4]);
    for pooling in ["last", "mean", "max"] {
        let settings = format!("--batch-size 4 --pooling {pooling}");
        assert_eq!(whole_way("some.csv", some.as_bytes(), &settings), 40);
    }
}

#[test]
fn a_text_of_100_000_words_and_a_word_of_10_000_letters() {
    let long_text = format!("on,{}\n", "lamp ".repeat(100_000));
    let long_word = format!("off,please {} now\n", "ä".repeat(10_000));
    let rows = [rows(), long_text, long_word].concat();
    assert_eq!(whole_way("long.csv", rows.as_bytes(), ""), 42);
}

#[test]
fn standard_input_gives_an_answer_a_line() {
    let place = Place::new();
    place.write("model.rnl", &model("int8"));
    let texts = ["turn the lamp on", "", "OFF please!", "żółw 灯"];
    let outcome = place.run_with(&["predict", "model.rnl"], format!("{}\r\n", texts.join("\r\n")).as_bytes());
    let answers: Vec<&str> = outcome.assert_done("predict").lines().collect();
    assert_eq!(answers.len(), texts.len());
    for (text, answer) in texts.into_iter().zip(answers) {
        let alone = place.run_with(&["predict", "model.rnl", text], b"");
        assert_eq!(alone.assert_done(text).trim_end(), answer, "{text}");
        assert!(crate::command::LABELS.iter().any(|label| answer.starts_with(label)), "{answer}");
    }
    assert_eq!(place.run_with(&["predict", "model.rnl"], b"").assert_done("no line"), "");
}

/// The tensors of a safetensors file, without its header, whose notes stand in any order.
fn tensors(file: &[u8]) -> &[u8] {
    &file[8 + usize::from(u16::from_le_bytes([file[0], file[1]]))..]
}

#[test]
fn a_run_can_be_repeated_from_its_own_settings_on_any_number_of_threads() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.copy_run("run");
    let read = |name: &str| std::fs::read(place.path(name)).unwrap();
    for number in 0..8 {
        let again = format!("again-{number}");
        let outcome =
            place.run_on_threads(1 + number % 4, &format!("train --config run/config.toml --out {again} --device cpu"));
        outcome.assert_done("train");
        let [first, second] = ["run", &again].map(|run| read(&format!("{run}/weights.safetensors")));
        assert!(tensors(&first) == tensors(&second), "{again}: other weights");
        assert!(read("run/config.toml") == read(&format!("{again}/config.toml")), "{again}: other settings");
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let place = Place::new();
    place.write("model.rnl", &model("int8"));
    place.write("rows.csv", rows().as_bytes());
    let lines = "turn the lamp on\n".repeat(10_000);
    let outcome = place.run_into(&["predict", "model.rnl"], lines.as_bytes(), unread(), Stdio::piped());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
    let train = format!("train --data rows.csv --out run {TINY}");
    let outcome = place.run_into(&train.split_whitespace().collect::<Vec<_>>(), b"", Stdio::piped(), unread());
    outcome.assert_done("train without a reader of its progress");
    assert!(place.path("run/result.toml").is_file());
}

#[test]
fn a_finished_run_leaves_its_files_and_nothing_else() {
    let names: Vec<String> = shared().everything().into_keys().filter(|name| name.starts_with("run/")).collect();
    let expected = [
        "run/",
        "run/checkpoint.bin",
        "run/config.toml",
        "run/labels.txt",
        "run/lock",
        "run/metrics.csv",
        "run/report.html",
        "run/result.toml",
        "run/vocabulary.txt",
        "run/weights.safetensors",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_model_of_4_bits_says_where_its_bytes_go() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    let settings = "--input fingerprinted-words --cell gru --bidirectional";
    let outcome = place.run(&format!("train --data rows.csv --out run {TINY} {settings}"));
    outcome.assert_done("train");
    assert!(outcome.stderr.contains(" words as fingerprints with remainders of 6 bits; "), "{outcome:?}");
    let mut sizes = Vec::new();
    for (arguments, says) in [
        ("--precision int8", "model.rnl: int8, "),
        ("--precision int8 --embedding-bits 4", "model.rnl: int8 with a 4-bit embedding, "),
        ("--precision int4 --embedding-bits 8", "model.rnl: int4 with an 8-bit embedding, "),
        ("--precision int4", "model.rnl: int4, "),
    ] {
        let outcome = place.run(&format!("export run {arguments} --out model.rnl --force"));
        assert!(outcome.assert_done(arguments).starts_with(says), "{outcome:?}");
        sizes.push(std::fs::metadata(place.path("model.rnl")).unwrap().len());
    }
    assert!(sizes[3] < sizes[1] && sizes[3] < sizes[2] && sizes[1] < sizes[0] && sizes[2] < sizes[0], "{sizes:?}");
    let text = place.run("inspect model.rnl");
    let text = text.assert_done("inspect");
    assert!(
        text.contains("input         fingerprinted-words, ") && text.contains("(1 in 64 others is taken"),
        "{text}"
    );
    for part in
        ["vocabulary buckets", "vocabulary remainders", "embedding", "layer 1 reverse input weights", "head weights"]
    {
        assert!(text.contains(&format!("\n  {part} ")), "no {part} in {text}");
    }
    let outcome = place.run("inspect model.rnl --json");
    let report: serde_json::Value = serde_json::from_str(outcome.assert_done("json")).unwrap();
    assert_eq!(report["flash_bytes"], sizes[3]);
    let sum = |parts: Vec<&serde_json::Value>| parts.iter().map(|bytes| bytes.as_u64().unwrap()).sum::<u64>();
    let parts = report["flash_parts"].as_array().unwrap();
    assert_eq!(sum(parts.iter().map(|part| &part["bytes"]).collect()), sizes[3]);
    assert_eq!(sum(report["flash"].as_object().unwrap().values().collect()), sizes[3]);
    let bits = |name: &str| &parts.iter().find(|part| part["name"] == name).unwrap()["bits"];
    let named =
        ["embedding", "layer 1 input weights", "layer 1 reverse recurrent weights", "head weights", "labels"].map(bits);
    assert_eq!(named.map(|bits| bits.as_u64()), [Some(4), Some(4), Some(4), Some(8), None]);
    assert_eq!(report["false_positive_rate"], 1.0 / 64.0);
    let words = std::fs::read_to_string(place.path("run/vocabulary.txt")).unwrap().lines().count();
    assert_eq!(report["vocabulary_size"], words);
}

#[test]
fn reports_are_one_json_object() {
    let place = shared();
    for (command, fields) in [
        ("evaluate int8.rnl --data rows.csv --json", &["rows", "accuracy"][..]),
        ("inspect int8.rnl --json", &["flash_bytes", "ram_bytes", "macs_per_step"]),
        ("parity run --data rows.csv --json", &["f32", "f16", "int8"]),
        ("parity run --data rows.csv --json --by-step --drift 50", &["f32", "f16", "int8"]),
    ] {
        let outcome = place.run(command);
        let report: serde_json::Value = serde_json::from_str(outcome.assert_done(command)).unwrap();
        fields.iter().for_each(|field| assert!(!report[field].is_null(), "{command}: no {field}"));
        let read = "rows.csv: CSV, no header; label: column 1; text: column 2; 40 rows, 2 classes\n";
        assert_eq!(outcome.stderr, if command.contains("--data") { read } else { "" }, "{command}");
    }
}

#[test]
fn a_departure_has_its_layer_step_and_row_in_json_and_in_a_plot() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.run(&format!("train --data rows.csv --out run {TINY} --cell lstm")).assert_done("train");
    for plot in ["plot.png", "plot.svg"] {
        let command = format!("parity run --data rows.csv --json --drift 50 --worst 3 --plot {plot}");
        let outcome = place.run(&command);
        let report: serde_json::Value = serde_json::from_str(outcome.assert_done(&command)).unwrap();
        let int8 = &report["int8"];
        let direction = &int8["by_step"][0];
        assert_eq!((&direction["layer"], &direction["reverse"]), (&1.into(), &false.into()));
        let quantities = direction["quantities"].as_array().unwrap();
        let names: Vec<&str> = quantities.iter().map(|quantity| quantity["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["x", "i", "f", "g", "o", "c", "h"]);
        // 40 rows, 4 units.
        let first = &quantities[5]["steps"][0];
        assert_eq!((&first["values"], &first["bounded"], &first["saturated"]), (&160.into(), &160.into(), &0.into()));
        assert!(first["max_error"].as_f64() > first["mean_error"].as_f64(), "{first}");
        assert_eq!(int8["worst"].as_array().unwrap().len(), 3);
        assert_eq!(int8["drift"]["blocks"].as_array().unwrap().len(), 10);
        assert!(report["f32"]["by_step"].is_null() && report["f32"]["worst"].is_array());
    }
    assert!(std::fs::read(place.path("plot.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(std::fs::read_to_string(place.path("plot.svg")).unwrap().contains("error of c beside f32"));
}
