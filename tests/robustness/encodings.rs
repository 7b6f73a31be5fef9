//! Files of other encodings, formats and delimiters: read where they can be, else named.

use crate::cases::{assert_says, case, place_of, texts, vocabulary};
use crate::command::{Place, TINY};

/// [`texts`] in UTF-16.
fn wide_texts() -> Vec<u8> {
    texts(|label, text, _| format!("{label},{text}\n")).encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn files_of_other_encodings_are_read() {
    let place = place_of("F11a_latin1.csv");
    let train = |name: &str, more: &str| format!("train --data {name} --out run {TINY} {more}");
    let content = case("F11a_latin1.csv");
    let below = content.splitn(2, |byte| *byte == b'\n').nth(1).unwrap().to_vec();
    place.write("latin.csv", &[content.as_slice(), below.repeat(12).as_slice()].concat());
    let outcome = place.run(&train("latin.csv", "--encoding latin1"));
    outcome.assert_done("latin1");
    assert_says(&outcome, "latin.csv: CSV, header; label: `label`; text: `text`");
    assert!(vocabulary(&place).contains(&"café".to_owned()));
    let config = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(config.contains("encoding = \"latin1\"\n"), "{config}");
    std::fs::remove_dir_all(place.path("run")).unwrap();
    place.write("marked.csv", &[&[0xff, 0xfe], wide_texts().as_slice()].concat());
    place.write("wide.csv", &wide_texts());
    for (name, more) in [("marked.csv", ""), ("wide.csv", "--encoding utf-16le")] {
        place.run(&train(name, more)).assert_done(name);
        assert!(vocabulary(&place).contains(&"warm".to_owned()));
        std::fs::remove_dir_all(place.path("run")).unwrap();
    }
    let says = "error: --encoding latin-15: no encoding has this name; usual ones are utf-8";
    place.assert_refused(&train("F11a_latin1.csv", "--encoding latin-15"), &[says]);
}

#[test]
fn files_of_other_encodings_and_formats_are_named() {
    let place = place_of("F11a_latin1.csv");
    let train = |name: &str| format!("train --data {name} --out run {TINY}");
    let command = "iconv -f latin1 -t utf-8 F11a_latin1.csv > F11a_latin1.utf8.csv";
    let says = "F11a_latin1.csv, line 2, column 9: the byte 0xE9 is not UTF-8; probably latin1: give \
                --encoding latin1, or convert the file: ";
    place.assert_refused(&train("F11a_latin1.csv"), &[says, command]);
    let latin = |byte: u8| {
        let mut content = b"label,text\n".to_vec();
        (0..20).for_each(|_| content.extend([b"on,the lamp\noff,a caf".as_slice(), &[byte], b"\n"].concat()));
        content
    };
    for (name, content, encoding) in [
        ("my rows.csv", latin(0xe9), "latin1"),
        ("quotes.csv", latin(0x92), "windows-1252"),
        ("wide.csv", wide_texts(), "utf-16le"),
    ] {
        place.write(name, &content);
        let arguments =
            ["train", "--data", name, "--out", "run", "--epochs", "1", "--hidden-size", "4", "--device", "cpu"];
        let refused = place.run_with(&arguments, b"");
        refused.assert_refused(name, &[&format!("iconv -f {encoding} -t utf-8 ")]);
        let (_, command) = refused.stderr.trim_end().split_once("convert the file: ").unwrap();
        let converted = std::process::Command::new("sh").args(["-c", command]).current_dir(place.path("")).status();
        match converted {
            Ok(status) if status.success() => {}
            _ if std::process::Command::new("iconv").arg("--version").output().is_err() => {
                println!("NOT RUN: no iconv");
                continue;
            }
            other => panic!("`{command}`: {other:?}"),
        }
        let written = name.replace(".csv", ".utf8.csv");
        let arguments = arguments.map(|argument| if argument == name { written.as_str() } else { argument });
        place.run_with(&arguments, b"").assert_done(command);
        std::fs::remove_dir_all(place.path("run")).unwrap();
    }
    place.write("F11c_parquet.csv", &case("F11c_parquet.csv"));
    place.assert_refused(
        &train("F11c_parquet.csv"),
        &["F11c_parquet.csv: a Parquet file, not lines of rows; save it as CSV"],
    );
    place.write("rows.csv", b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml \0xl/workbook.xml");
    place.assert_refused(
        &train("rows.csv"),
        &["rows.csv: an Excel workbook (.xlsx), not lines of rows; save the sheet"],
    );
}

#[test]
fn a_delimiter_may_be_given() {
    let place = Place::new();
    place.write("odd.txt", texts(|label, text, number| format!("{label}:{text}, {number} | x\n")).as_bytes());
    let outcome = place.run(&format!("train --data odd.txt --out run {TINY} --delimiter :"));
    outcome.assert_done("train");
    assert_says(&outcome, "odd.txt: CSV with `:`, no header; label: column 1; text: column 2");
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    place.run("evaluate model.rnl --data odd.txt --delimiter :").assert_done("evaluate");
    let train = |delimiter: &str| format!("train --data odd.txt --out other {TINY} --delimiter {delimiter}");
    place.assert_refused(&train("a"), &["--delimiter a: expected one character of ASCII that is no letter"]);
    let outcome = place.run(&train("::"));
    assert!(outcome.code == Some(2) && outcome.stderr.contains("expected one character, or `tab`"), "{outcome:?}");
}
