//! Commands that read a model file or a run, with what they cannot use.

use runtime::format::Precision;

use crate::command::{Place, TINY, model, shared};
use crate::fixture::{self, Variant};

/// Commands that read the model file `model.rnl`, up to their other arguments.
const READERS: [&str; 5] = [
    "evaluate model.rnl --data rows.csv",
    "evaluate model.rnl --data rows.csv --json",
    "predict model.rnl lights",
    "inspect model.rnl",
    "known-answers model.rnl lights --out answers.bin",
];

fn place_with_rows() -> Place {
    let place = Place::new();
    place.write("rows.csv", crate::command::rows().as_bytes());
    place
}

/// Asserts that every command refuses `content` as a model file.
fn assert_no_model(content: &[u8], says: &[&str]) {
    let place = place_with_rows();
    place.write("model.rnl", content);
    for command in READERS {
        place.assert_refused(command, &[&["model.rnl"], says].concat());
    }
}

#[test]
fn a_model_file_that_is_not_there() {
    let place = place_with_rows();
    for command in READERS {
        place.assert_refused(command, &["model.rnl", "No such file"]);
    }
    std::fs::create_dir(place.path("model.rnl")).unwrap();
    for command in READERS {
        place.assert_refused(command, &["model.rnl", "directory"]);
    }
}

#[test]
fn files_that_are_no_models() {
    assert_no_model(b"", &["expected 64 bytes, found 0"]);
    assert_no_model(b"RNL", &["expected 64 bytes, found 3"]);
    assert_no_model(b"label,text\non,lights on\n", &["not a model file"]);
    assert_no_model(&[0; 4096], &["not a model file"]);
}

#[test]
fn models_that_are_cut_lengthened_or_damaged() {
    for precision in ["int8", "f16", "f32"] {
        let right = model(precision);
        assert_no_model(&right[..right.len() - 1], &["truncated", &format!("found {}", right.len() - 1)]);
        assert_no_model(&right[..right.len() / 2], &["truncated"]);
        assert_no_model(&[&right[..], b"\n"].concat(), &["appended"]);
        for place in [16, 40, right.len() / 2, right.len() - 1] {
            let mut damaged = right.clone();
            damaged[place] ^= 0x10;
            // Of the lengths in the header, some are seen to be wrong before the checksum is.
            let says: &[&str] = if place < 64 { &[] } else { &["checksum", "damaged"] };
            assert_no_model(&damaged, says);
        }
    }
}

#[test]
fn a_model_of_a_newer_format_version() {
    let mut newer = model("int8");
    newer[4] += 1;
    assert_no_model(&newer, &["format version 4", "reads version 3"]);
}

#[test]
fn a_model_that_a_desktop_classifier_has_no_room_for() {
    let place = place_with_rows();
    let variant = Variant::new(Precision::F32);
    let weights = fixture::weights(variant, 65_535);
    let file = fixture::export_with(variant, &fixture::owned(&fixture::WORDS), &weights).unwrap();
    place.write("model.rnl", file.bytes());
    place.write("test.csv", b"7,lights\n");
    for command in [
        "evaluate model.rnl --data test.csv",
        "predict model.rnl lights",
        "known-answers model.rnl lights --out answers.bin",
    ] {
        place.assert_refused(command, &["model.rnl", "65536", "65619"]);
    }
    place.run("inspect model.rnl --json").assert_done("a model may be looked at whatever it needs");
}

#[test]
fn test_rows_that_do_not_fit_the_model() {
    let place = Place::new();
    place.write("model.rnl", &model("int8"));
    let commands = ["evaluate model.rnl --data test.csv", "evaluate model.rnl --data test.csv --json"];
    let known_answers = "known-answers model.rnl --data test.csv --out answers.bin";
    for (content, says) in [
        (&b""[..], &["test.csv", "no rows"][..]),
        (b"label,text\n", &["test.csv", "no rows"]),
        (b"on,a\noff\n", &["test.csv, line 2:", "1 column(s)"]),
        (b"on,\"a\n", &["test.csv, line 1, column 4:", "never closed"]),
        (b"on,a\xff\n", &["test.csv, line 1, column 5:", "UTF-8"]),
    ] {
        place.write("test.csv", content);
        for command in commands.into_iter().chain([known_answers]) {
            place.assert_refused(command, says);
        }
    }
    place.write("test.csv", b"on,a\nmaybe,b\n");
    for command in commands {
        place.assert_refused(command, &["test.csv", "row 2", "`maybe`", "off, on"]);
    }
    place.run(known_answers).assert_done("known answers need no labels");
    place.write("test.csv", b"on,a\n\"may\tbe\",b\n");
    for command in commands {
        place.assert_refused(command, &["test.csv", "row 2", "`may\\tbe`"]);
    }
    place.assert_refused("evaluate model.rnl --data missing.csv", &["missing.csv", "No such file"]);
    place.write("folder/train.csv", b"on,a\n");
    place.assert_refused("evaluate model.rnl --data folder", &["folder/test.csv", "No such file"]);
}

#[test]
fn standard_input_that_is_not_utf8_names_its_line() {
    let place = Place::new();
    place.write("model.rnl", &model("int8"));
    let outcome = place.run_with(&["predict", "model.rnl"], b"lights on\nlights \xff off\nmore\n");
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert_eq!(outcome.stdout.lines().count(), 1, "the line before has its answer: {outcome:?}");
    assert_eq!(outcome.stderr, "error: standard input, line 2: stream did not contain valid UTF-8\n");
}

/// Commands that read the run in the folder `run`.
const RUN_READERS: [&str; 3] = [
    "export run --precision int8 --out model.rnl",
    "export run --precision f32 --out model.rnl",
    "parity run --data rows.csv",
];

/// Asserts that every command refuses a run after a change of its folder.
fn assert_no_run(change: impl FnOnce(&Place), says: &[&str]) {
    let place = place_with_rows();
    place.copy_run("run");
    change(&place);
    for command in RUN_READERS {
        place.assert_refused(command, says);
    }
}

fn remove(place: &Place, name: &str) {
    std::fs::remove_file(place.path(name)).unwrap();
}

#[test]
fn folders_that_are_no_run() {
    let place = place_with_rows();
    for command in RUN_READERS {
        place.assert_refused(command, &["run", "not the folder of a run"]);
    }
    place.write("run", b"a file");
    for command in RUN_READERS {
        place.assert_refused(command, &["run", "not the folder of a run"]);
    }
}

#[test]
fn runs_that_are_not_finished_or_lack_a_file() {
    assert_no_run(|place| remove(place, "run/result.toml"), &["run", "not finished", "--resume"]);
    for file in ["labels.txt", "vocabulary.txt", "weights.safetensors"] {
        let name = format!("run/{file}");
        assert_no_run(|place| remove(place, &name), &[&name, "No such file"]);
    }
}

#[test]
fn runs_with_a_damaged_file() {
    let replaced = |name: &str, content: &[u8], says: &[&str]| {
        assert_no_run(|place| place.write(name, content), &[&[name], says].concat());
    };
    replaced("run/weights.safetensors", b"", &[]);
    replaced("run/weights.safetensors", b"no weights", &[]);
    replaced("run/weights.safetensors", &[0xFF; 64], &[]);
    let weights = std::fs::read(shared().path("run/weights.safetensors")).unwrap();
    replaced("run/weights.safetensors", &weights[..weights.len() - 1], &[]);
    replaced("run/result.toml", b"training_rows = 1\nvalidation_rows = many\n", &["line 2:"]);
    replaced("run/result.toml", b"", &["trainer_version"]);
    replaced("run/config.toml", b"hidden_size = \n", &["line 1:"]);
    replaced("run/vocabulary.txt", b"caf\xe9\n", &["UTF-8"]);
    replaced("run/labels.txt", b"\xff\n", &["UTF-8"]);
}

#[test]
fn runs_whose_files_do_not_fit_together() {
    let weights = "run/weights.safetensors";
    assert_no_run(|place| place.write("run/vocabulary.txt", b"lamp\n"), &[weights]);
    assert_no_run(|place| place.write("run/labels.txt", b"on\n"), &[weights]);
    assert_no_run(|place| place.write("run/labels.txt", b""), &[weights]);
    let with_setting = |from: &'static str, to: &'static str| {
        move |place: &Place| {
            let config = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
            assert!(config.contains(from), "{config}");
            place.write("run/config.toml", config.replace(from, to).as_bytes());
        }
    };
    assert_no_run(with_setting("hidden_size = 4", "hidden_size = 5"), &[weights]);
    assert_no_run(with_setting("num_layers = 1", "num_layers = 2"), &[weights]);
    assert_no_run(with_setting("hidden_size = 4", "hidden_size = 0"), &["hidden-size 0"]);
}

#[test]
fn departures_that_can_not_be_shown() {
    let place = place_with_rows();
    place.copy_run("run");
    place.assert_refused("parity run --data rows.csv --plot plot.pdf", &["plot.pdf", ".png or .svg"]);
    let settings = format!("train --data rows.csv --out both --bidirectional {TINY}");
    place.run(&settings).assert_done(&settings);
    place.assert_refused("parity both --data rows.csv --drift 50", &["--drift 50", "bidirectional"]);
    let settings = format!("train --data rows.csv --out mean --pooling mean {TINY}");
    place.run(&settings).assert_done(&settings);
    place.assert_refused("parity mean --data rows.csv --drift 65536", &["--drift 65536", "at most 65535"]);
}

#[test]
fn test_rows_that_do_not_fit_the_run() {
    let place = place_with_rows();
    place.copy_run("run");
    place.write("test.csv", b"on,a\nmaybe,b\n");
    place.assert_refused("parity run --data test.csv", &["test.csv", "row 2", "`maybe`"]);
    place.write("test.csv", b"");
    place.assert_refused("parity run --data test.csv --json", &["test.csv", "no rows"]);
}

#[test]
fn bits_of_integers_for_floats_are_refused() {
    let place = Place::new();
    place.copy_run("run");
    for (precision, bits) in [("f32", "--weight-bits 8"), ("f16", "--embedding-bits 4")] {
        let option = bits.split(' ').next().unwrap();
        let command = format!("export run --precision {precision} {bits} --out model.rnl");
        place.assert_refused(&command, &[option, "int8 or int4", precision]);
    }
}

#[test]
fn an_out_that_can_not_be_written_is_refused_and_leaves_nothing() {
    let place = Place::new();
    place.copy_run("run");
    place.write("model.rnl", &model("int8"));
    std::fs::create_dir(place.path("folder")).unwrap();
    for command in [
        "export run --precision int8 --out missing/model.rnl",
        "export run --precision int8 --out folder",
        "known-answers model.rnl lights --out missing/answers.bin",
    ] {
        place.assert_refused(command, &[command.split(' ').next_back().unwrap()]);
    }
}

#[test]
fn arguments_that_there_are_not() {
    let place = place_with_rows();
    let before = place.everything();
    for (arguments, says) in [
        ("", "Usage"),
        ("trian", "trian"),
        ("train --hidden-sizes 4", "--hidden-sizes"),
        ("train --hidden-size large", "large"),
        ("train --hidden-size=-1", "-1"),
        ("train --pooling median", "median"),
        ("train --quantize-aware 5", "5 bits: expected 4 or 8"),
        ("train --device tpu", "tpu"),
        ("train --resume --data rows.csv", "--resume"),
        ("export run --out model.rnl", "--precision"),
        ("export run --precision int3 --out model.rnl", "int3"),
        ("export run --precision int8 --weight-bits 5 --out model.rnl", "5 bits: expected 4 or 8"),
        ("evaluate", "<MODEL>"),
        ("known-answers model.rnl lights --data rows.csv --out answers.bin", "--data"),
    ] {
        let outcome = place.run(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments}: {outcome:?}");
        assert_eq!(outcome.stdout, "", "{arguments}");
        assert!(outcome.stderr.contains(says), "{arguments}: {outcome:?}");
        assert!(place.everything() == before, "{arguments}");
    }
}
