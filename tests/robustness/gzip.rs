//! Data files that are gzip, right and wrong ones, and rows that can be read only once.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::command::{Place, TINY, model, rows, shared};

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Damaged gzip files of these rows, and what the refusal says of them.
fn damaged() -> Vec<(Vec<u8>, &'static str)> {
    let right = packed(rows().as_bytes());
    let changed = |place: usize| {
        let mut content = right.clone();
        content[place] ^= 0x55;
        content
    };
    let says = "rows.csv: a damaged or incomplete gzip file (";
    let mut cases = vec![
        (b"\x1f\x8b".to_vec(), says),
        (b"\x1f\x8bno gzip at all".to_vec(), says),
        ([&right[..], b"text after the end"].concat(), says),
        ([&right[..], &right[..right.len() / 2]].concat(), says),
        (changed(right.len() - 6), says),
        (changed(right.len() - 2), says),
        (packed(b""), "rows.csv: no rows; expected"),
        (packed(b"on,b\noff,d\xff\n"), "rows.csv, line 2, column 6: the byte 0xFF is not UTF-8"),
        (packed(b"on,b\noff,\"d\n"), "rows.csv, line 2, column 5: a quote that is opened here is never closed"),
        (packed(&right), "rows.csv, line 1"),
    ];
    cases.extend([10, 11, 40, right.len() / 2, right.len() - 1].map(|length| (right[..length].to_vec(), says)));
    cases
}

#[test]
fn gzip_files_that_do_not_unpack_or_hold_no_rows() {
    let place = Place::new();
    place.write("model.rnl", &model("int8"));
    place.copy_run("run");
    let commands = [
        format!("train --data rows.csv --out new {TINY}"),
        "split rows.csv --out new".into(),
        "evaluate model.rnl --data rows.csv".into(),
        "parity run --data rows.csv".into(),
        "predict model.rnl --data rows.csv".into(),
    ];
    for (content, says) in damaged() {
        place.write("rows.csv", &content);
        for command in &commands {
            place.assert_refused(command, &[says]);
        }
    }
    place.write("valid.csv", &damaged()[0].0);
    place.write("rows.csv", rows().as_bytes());
    let train = format!("train --data rows.csv --validation valid.csv --out new {TINY}");
    place.assert_refused(&train, &["valid.csv: a damaged or incomplete gzip file"]);
}

#[test]
fn a_field_that_unpacks_to_any_length_is_refused() {
    let place = Place::new();
    place.write("model.rnl", &model("int8"));
    let endless = |quote: &str| packed(format!("on,a\noff,{quote}{}", "x".repeat(20 << 20)).as_bytes());
    for quote in ["", "\""] {
        place.write("rows.csv", &endless(quote));
        for command in [&format!("train --data rows.csv --out new {TINY}"), "evaluate model.rnl --data rows.csv"] {
            place.assert_refused(command, &["rows.csv, line 2: longer than 16777216 bytes", "a quote is not closed"]);
        }
    }
}

#[test]
fn commands_read_gzip_files_as_they_read_their_content() {
    let place = Place::new();
    let rows = rows();
    place.write("model.rnl", &model("int8"));
    place.copy_run("run");
    place.write("plain/train.csv", rows.as_bytes());
    place.write("plain/test.csv", rows.as_bytes());
    place.write("packed/train.csv.gz", &packed(rows.as_bytes()));
    place.write("packed/test.csv.gz", &packed(rows.as_bytes()));
    for command in ["evaluate model.rnl --curve --data", "parity run --data", "predict model.rnl --data"] {
        let [plain, packed] = ["plain", "packed"].map(|folder| place.run(&format!("{command} {folder}")));
        assert_eq!(packed.assert_done(command), plain.assert_done(command), "{command}");
    }
    for name in ["plain/train.csv", "packed/train.csv.gz"] {
        place.run(&format!("split {name} --out {name}.split")).assert_done(name);
    }
    let part =
        |folder: &str, name: &str| std::fs::read_to_string(place.path(&format!("{folder}.split/{name}"))).unwrap();
    for name in ["train.csv", "test.csv"] {
        assert_eq!(part("packed/train.csv.gz", name), part("plain/train.csv", name));
    }
    let tabs = rows.replace(',', "\t");
    place.write("rows.tsv.gz", &packed(tabs.as_bytes()));
    place.run("split rows.tsv.gz --out tabs").assert_done("tabs");
    assert_eq!(std::fs::read_to_string(place.path("tabs/test.tsv")).unwrap().lines().count(), 4);
}

#[test]
fn a_pipe_is_read_once_which_is_enough_to_measure_but_not_to_train() {
    let place = Place::new();
    place.write("model.rnl", &model("int8"));
    place.write("rows.csv", rows().as_bytes());
    let run = |arguments: &str| place.run_with(&arguments.split(' ').collect::<Vec<_>>(), rows().as_bytes());
    let says = "/dev/stdin: can be read only once, training reads rows several times; save them as a file first";
    run(&format!("train --data /dev/stdin --out new {TINY}")).assert_refused("train", &[says]);
    let validation = format!("train --data rows.csv --validation /dev/stdin --out new {TINY}");
    run(&validation).assert_refused("validation", &[says]);
    assert!(!place.path("new").exists());
    let expected = shared().run("evaluate int8.rnl --data rows.csv");
    let found = run("evaluate model.rnl --data /dev/stdin");
    assert_eq!(found.assert_done("evaluate"), expected.assert_done("evaluate"));
}
