//! `trainer train` and `trainer split` with what they cannot use.

use crate::command::{Place, TINY, frames, rows};

/// Refusals of `trainer train` with one data file, by the file's content.
const BROKEN_FILES: &[(&str, &[u8], &[&str])] = &[
    ("rows.csv", b"", &["rows.csv", "no rows"]),
    ("rows.csv", b"\xef\xbb\xbf", &["rows.csv", "no rows"]),
    ("rows.csv", b"\n\n\r\n", &["rows.csv", "no rows"]),
    ("rows.csv", b"label,text\n", &["rows.csv", "no rows"]),
    ("rows.csv", b"label,id,size\na,1,2\n", &["rows.csv, line 1:", "no column of text found", "--text-columns"]),
    ("rows.csv", b"one\n", &["rows.csv, line 1:", "1 column(s)"]),
    ("rows.csv", b"a,b\nc,d\none\n", &["rows.csv, line 3:", "1 column(s)", "expected 2"]),
    ("rows.csv", b"a,b\nc,d,e\n", &["rows.csv, line 2:", "3 column(s)", "expected 2"]),
    ("rows.csv", b"label,text\na,b\nc\n", &["rows.csv, line 3:", "1 column(s)"]),
    ("rows.csv", b"a,b\n,d\n", &["rows.csv, line 2:", "label is empty"]),
    ("rows.csv", b"a,b\n  ,d\n", &["rows.csv, line 2:", "label is empty"]),
    ("rows.csv", b"a,b\nc,\"never closed\ne,f\n", &["rows.csv, line 2, column 3:", "never closed"]),
    ("rows.csv", b"a,b\nc,\"closed\" and on\n", &["rows.csv, line 2, column 11:", "after a closing quote"]),
    ("rows.csv", b"a,b\nc,d\xff\n", &["rows.csv, line 2, column 4:", "UTF-8"]),
    ("rows.csv", b"a,b\r\nc,\xe9t\xe9\r\n", &["rows.csv, line 2, column 3:", "UTF-8"]),
    ("rows.tsv", b"a\tb\nc,d\n", &["rows.tsv, line 2:", "1 column(s)"]),
    ("rows.csv", b"a,b c\na,d e\na,f g\n", &["rows.csv", "at least two labels", "`a`"]),
    ("rows.csv", b"a,b c\n", &["rows.csv", "1 rows are too few"]),
    ("rows.csv", b"a,b c\nd,e f\n", &["rows.csv", "2 rows are too few"]),
];

#[test]
fn data_files_that_can_not_be_read_as_rows() {
    for (name, content, says) in BROKEN_FILES {
        let place = Place::new();
        place.write(name, content);
        place.assert_refused(&format!("train --data {name} --out run {TINY}"), says);
    }
}

#[test]
fn labels_that_no_model_can_hold() {
    let place = Place::new();
    let rows = |length: usize| format!("{}{},text\n", rows(), "x".repeat(length));
    place.write("rows.csv", rows(300).as_bytes());
    place.assert_refused(
        &format!("train --data rows.csv --out run {TINY}"),
        &["rows.csv, line 41:", "a label of 300 bytes", "127"],
    );
    place.write("rows.csv", rows(128).as_bytes());
    place.assert_refused(&format!("train --data rows.csv --out run {TINY}"), &["rows.csv, line 41:", "128"]);
    let two_lines = format!("{}\"two\nlines\",text\n", rows(1));
    place.write("rows.csv", two_lines.as_bytes());
    place.assert_refused(
        &format!("train --data rows.csv --out run {TINY}"),
        &["rows.csv, line 42:", "a label with a line end"],
    );
    place.write("rows.csv", rows(127).as_bytes());
    place.run(&format!("train --data rows.csv --out run {TINY}")).assert_done("a label of 127 bytes");
}

#[test]
fn teachers_that_can_not_teach() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    let other = rows().replace("lamp", "radio");
    place.write("other.csv", other.as_bytes());
    place.write("three.csv", format!("{}both,a lamp\nboth,the lamp\n", rows()).as_bytes());
    place.run(&format!("train --data rows.csv --out teacher {TINY}")).assert_done("a teacher");
    place.run(&format!("train --data rows.csv --out few {TINY} --vocabulary-size 2")).assert_done("a teacher");
    place.run(&format!("train --data rows.csv --out bytes {TINY} --input bytes")).assert_done("a teacher");
    place.write("unfinished/config.toml", b"");
    let same_rows: &[&str] = &["teacher: ", "the same rows", "held out for validation"];
    let refused: &[(&str, &[&str])] = &[
        ("--data rows.csv --teacher nowhere", &["nowhere"]),
        ("--data rows.csv --teacher unfinished", &["unfinished: ", "not finished"]),
        ("--data other.csv --teacher teacher", same_rows),
        ("--data three.csv --teacher teacher", same_rows),
        ("--data rows.csv --teacher teacher --data-seed 2", same_rows),
        ("--data rows.csv --teacher teacher --validation-share 0.3", same_rows),
        ("--data rows.csv --teacher teacher --max-length 3", &["teacher: ", "the same --max-length and --pad-to"]),
        ("--data rows.csv --teacher teacher --teacher few", &["few: ", "other tokens than the first teacher"]),
        ("--data rows.csv --teacher few", &["--teacher: ", "do not know", "--vocabulary-size"]),
        ("--data rows.csv --teacher bytes", &["--teacher: ", "--input words"]),
        ("--data rows.csv --teacher teacher --input bytes", &["--teacher: ", "fingerprinted or hashed"]),
        ("--data rows.csv --teacher teacher --targets every-step", &["--teacher: ", "--targets last"]),
        ("--data rows.csv --teacher teacher --teacher-share 1.5", &["--teacher-share 1.5: ", "0 to 1"]),
        ("--data rows.csv --splicing 0.5", &["--splicing needs --teacher"]),
        (
            "--data rows.csv --teacher teacher --splicing 0.5 --teachers-read whole-rows",
            &["--splicing needs --teachers-read changed-rows"],
        ),
        ("--fine-tune nowhere", &["nowhere", "not the folder of a run"]),
        ("--fine-tune unfinished", &["unfinished: ", "not finished"]),
        ("--fine-tune teacher --pooling mean", &["teacher: is another network than these settings"]),
        ("--data rows.csv --teacher teacher --splicing 1", &["--splicing 1: ", "0 up to, but not, 1"]),
    ];
    for (arguments, says) in refused {
        place.assert_refused(&format!("train --out run {TINY} {arguments}"), says);
    }
    for (name, input) in [("hashed", "hashed-words --hash-buckets 9"), ("fingerprinted", "fingerprinted-words")] {
        let learner = format!("--teacher teacher --input {input} --splicing 0.5");
        place.run(&format!("train --data rows.csv --out {name} {TINY} {learner}")).assert_done(name);
    }
}

#[test]
fn files_and_folders_that_are_not_there() {
    let place = Place::new();
    place.write("folder/notes.txt", b"a,b\n");
    let train = |data: &str| format!("train --data {data} --out run {TINY}");
    place.assert_refused(&train("missing.csv"), &["missing.csv", "No such file"]);
    place.assert_refused(&train("missing/rows.csv"), &["missing/rows.csv", "No such file"]);
    place.assert_refused(&train("folder"), &["folder", "no train.csv"]);
    place.assert_refused(&train("folder/notes.txt/rows.csv"), &["folder/notes.txt/rows.csv"]);
}

#[test]
fn validation_rows_that_do_not_fit() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.write("folder/train.csv", rows().as_bytes());
    let train = format!("train --data rows.csv --validation valid.csv --out run {TINY}");
    place.assert_refused(&train, &["valid.csv", "No such file"]);
    for (content, says) in [
        ("", &["valid.csv", "no rows"][..]),
        ("on,a\nmaybe,b\n", &["row 2", "`maybe`", "off, on"]),
        ("on,a\noff\n", &["valid.csv, line 2:", "1 column(s)"]),
    ] {
        place.write("valid.csv", content.as_bytes());
        place.assert_refused(&train, says);
        place.write("folder/valid.csv", content.as_bytes());
        let in_folder = format!("train --data folder --out run {TINY}");
        let says: Vec<&str> = says.iter().copied().filter(|part| !part.starts_with("valid.csv")).collect();
        place.assert_refused(&in_folder, &says);
    }
}

#[test]
fn an_unknown_label_of_validation_rows_names_their_file() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.write("valid.csv", b"on,a\nmaybe,b\n");
    let train = format!("train --data rows.csv --validation valid.csv --out run {TINY}");
    place.assert_refused(&train, &["valid.csv", "`maybe`"]);
}

/// Settings that make no sense, and what the refusal names.
const SETTINGS: &[(&str, &[&str])] = &[
    ("--hidden-size 0", &["--hidden-size 0"]),
    ("--hidden-size 16385", &["--hidden-size 16385", "16384"]),
    ("--embedding-size 16385", &["error: --embedding-size 16385: expected 0 to 16384\n"]),
    ("--vocabulary-size 0", &["--vocabulary-size 0"]),
    ("--num-layers 0", &["--num-layers 0"]),
    ("--num-layers 5", &["--num-layers 5", "4"]),
    ("--epochs 0", &["--epochs 0"]),
    ("--batch-size 0", &["--batch-size 0"]),
    ("--patience 0", &["--patience 0"]),
    ("--calibration-rows 0", &["--calibration-rows 0"]),
    ("--dropout 1.5", &["--dropout 1.5"]),
    ("--dropout 1", &["--dropout 1"]),
    ("--dropout nan", &["--dropout NaN"]),
    ("--word-dropout=-0.1", &["--word-dropout -0.1"]),
    ("--label-smoothing 1", &["--label-smoothing 1: expected 0 up to, but not, 1\n"]),
    ("--label-smoothing=-0.1", &["--label-smoothing -0.1"]),
    ("--adversarial=-1", &["--adversarial -1: expected a number from 0\n"]),
    (
        "--adversarial 0.1 --embedding-size 0",
        &["--adversarial has no effect here: it needs frames, or vectors of words that training changes"],
    ),
    ("--embedding-bits 4", &["--embedding-bits and --float-epochs speak of --quantize-aware"]),
    ("--float-epochs 1", &["--embedding-bits and --float-epochs speak of --quantize-aware"]),
    ("--quantize-aware 4 --epochs 2 --float-epochs 2", &["--float-epochs 2: expected fewer than --epochs 2"]),
    ("--calibration-percentile 49", &["--calibration-percentile 49: expected 50 to 100"]),
    ("--calibration-percentile nan", &["--calibration-percentile NaN: expected 50 to 100"]),
    ("--weight-average=-1", &["--weight-average -1: expected a number from 0\n"]),
    ("--weight-average nan", &["--weight-average NaN"]),
    ("--validation-share 1", &["--validation-share 1"]),
    ("--training-share 0", &["--training-share 0", "above 0"]),
    ("--learning-rate nan", &["--learning-rate NaN"]),
    ("--learning-rate inf", &["--learning-rate inf"]),
    ("--learning-rate 0", &["--learning-rate 0"]),
    ("--gradient-clipping=-1", &["--gradient-clipping -1"]),
    ("--pooling mean --max-length 0", &["--max-length 0", "mean pooling", "65535"]),
    ("--pooling mean --max-length 65536", &["--max-length 65536", "mean pooling"]),
    ("--max-length 4294967296", &["--max-length 4294967296"]),
    (
        "--bidirectional --max-length 0",
        &["error: --max-length 0: a bidirectional network keeps all steps of a row, 1 to 65535\n"],
    ),
    (
        "--bidirectional --max-length 65536",
        &["error: --max-length 65536: a bidirectional network keeps all steps of a row, 1 to 65535\n"],
    ),
    (
        "--bidirectional --targets every-step",
        &["error: --targets every-step: the reverse direction has no answer before the last step; \
           train one direction, or the whole row alone\n"],
    ),
    ("--pad-to 11 --max-length 10", &["error: --pad-to 11: expected 0 to --max-length 10\n"]),
    ("--pad-to 257", &["error: --pad-to 257: expected 0 to --max-length 256\n"]),
    ("--pad-to 65536 --max-length 0", &["error: --pad-to 65536: expected 0 to 1024\n"]),
    (
        "--subword-buckets 9",
        &["error: --subword-buckets needs --input fingerprinted-words and an --embedding-size above 0\n"],
    ),
    (
        "--subword-buckets 30000 --input fingerprinted-words",
        &["error: --subword-buckets 30000: expected at most 32766 together with --vocabulary-size 4000\n"],
    ),
    ("--hash-buckets 0", &["error: --hash-buckets 0: expected 1 to 16777216\n"]),
    ("--hash-buckets 16777217", &["error: --hash-buckets 16777217: expected 1 to 16777216\n"]),
];

#[test]
fn settings_that_make_no_sense() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    for (settings, says) in SETTINGS {
        place.assert_refused(&format!("train --data rows.csv --out run --device cpu {settings}"), says);
    }
}

#[test]
fn frames_can_not_be_padded() {
    let place = Place::new();
    place.write("rows.csv", frames().as_bytes());
    let says = "error: --pad-to 5: expected 0: frames are not padded; a sequence of frames is as long as it is\n";
    place.assert_refused("train --data rows.csv --out run --device cpu --pad-to 5", &[says]);
    place.assert_refused("train --data digits --out run --device cpu --pad-to 5", &[says]);
}

#[test]
fn arguments_of_the_network_that_there_are_not() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    let before = place.everything();
    for (arguments, says) in [
        ("--cell transformer", "lstm, gru, rnn-tanh, rnn-relu"),
        ("--input images", "auto, words, hashed-words, fingerprinted-words, characters, bytes, frames"),
        ("--targets never", "last, every-step"),
        ("--bidirectional maybe", "true, false"),
    ] {
        let outcome = place.run(&format!("train --data rows.csv --out run {arguments}"));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{arguments}: {outcome:?}");
        let value = arguments.split(' ').nth(1).unwrap();
        assert!(outcome.stderr.starts_with(&format!("error: invalid value '{value}' for ")), "{outcome:?}");
        assert!(outcome.stderr.contains(&format!("[possible values: {says}]")), "{outcome:?}");
        assert!(place.everything() == before, "{arguments}");
    }
}

#[test]
fn config_files_that_are_not_right() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    let train = "train --config config.toml --data rows.csv --out run --device cpu";
    place.assert_refused(train, &["config.toml", "No such file"]);
    for (content, says) in [
        ("epochs = 1\nhiden_size = 4\n", &["config.toml", "line 2:", "hiden_size"][..]),
        ("epochs = 1\nseed = = 4\n", &["config.toml", "line 2:"]),
        ("epochs = 1\n\nhidden_size = \"large\"\n", &["config.toml", "line 3:"]),
        ("epochs = -1\n", &["config.toml", "line 1:"]),
        ("pooling = \"median\"\n", &["config.toml", "line 1:", "median"]),
        ("cell = \"transformer\"\n", &["config.toml", "line 1:", "transformer"]),
        ("\nbidirectional = \"yes\"\n", &["config.toml", "line 2:"]),
        ("bidirectional = true\nmax_length = 0\n", &["error: --max-length 0: a bidirectional network"]),
        ("max_length = 4\npad_to = 5\n", &["error: --pad-to 5: expected 0 to --max-length 4\n"]),
        ("[epochs\n", &["config.toml", "line 1:"]),
        ("hidden_size = 0\n", &["hidden-size 0"]),
        ("data = { path = \"elsewhere.csv\" }\ndropout = inf\n", &["dropout inf"]),
    ] {
        place.write("config.toml", content.as_bytes());
        place.assert_refused(train, says);
    }
    place.write("config.toml", b"epochs = 1\n# caf\xe9\n");
    place.assert_refused(train, &["config.toml", "UTF-8"]);
}

#[test]
fn rows_that_are_not_those_of_the_config() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.write("config.toml", b"epochs = 1\ndata_hash = \"00\"\ndata = { path = \"rows.csv\" }\n");
    let train = "train --config config.toml --out run --device cpu";
    place.assert_refused(train, &["rows.csv", "not the rows of the configuration"]);
}

#[test]
fn a_folder_that_holds_a_run_is_not_written_to() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.copy_run("run");
    place.assert_refused(&format!("train --data rows.csv --out run {TINY}"), &["run", "holds a run already"]);
}

#[test]
fn resuming_what_is_no_run() {
    let place = Place::new();
    place.assert_refused("train --resume --out missing --device cpu", &["missing", "not the folder of a run"]);
    place.write("folder/notes.txt", b"");
    place.assert_refused("train --resume --out folder --device cpu", &["folder", "not the folder of a run"]);
    place.copy_run("run");
    place.write("run/config.toml", b"epochs = 1\nepoch = 2\n");
    place.assert_refused("train --resume --out run --device cpu", &["run/config.toml", "line 2:", "epoch"]);
    place.write("run/config.toml", b"epochs = 1\ndata = { path = \"gone.csv\" }\n");
    place.assert_refused("train --resume --out run --device cpu", &["gone.csv", "No such file"]);
}

#[test]
fn a_cuda_device_that_is_not_there() {
    if std::path::Path::new("/dev/nvidia0").exists() {
        println!("NOT RUN: this machine has an NVIDIA device");
        return;
    }
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    let says = ["--device cuda", "--device cpu"];
    place.assert_refused("train --data rows.csv --out run --epochs 1 --device cuda", &says);
}

#[test]
fn an_out_that_can_not_be_written_is_found_before_the_rows_are_read() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.write("file", b"in the way");
    place.assert_refused(
        &format!("train --data rows.csv --out file/run {TINY}"),
        &["file/run: the folder cannot be made"],
    );
}

#[test]
fn files_that_can_not_be_split() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.write("one.csv", b"a,b\n");
    place.write("broken.csv", b"a,b\nc\n");
    place.assert_refused("split missing.csv --out parts", &["missing.csv", "No such file"]);
    place.assert_refused("split broken.csv --out parts", &["broken.csv, line 2:"]);
    place.assert_refused("split one.csv --out parts", &["one.csv", "too few"]);
    for share in ["0", "1", "nan", "inf"] {
        place.assert_refused(&format!("split rows.csv --share {share} --out parts"), &["--share"]);
    }
}
