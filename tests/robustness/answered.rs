//! `predict --out`: rows with their own columns and the answers.

use serde_json::Value;

use crate::command::{Place, TINY, frames, rows, shared};

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap()
}

#[test]
fn rows_keep_their_columns() {
    let place = Place::new();
    std::fs::copy(shared().path("int8.rnl"), place.path("model.rnl")).unwrap();
    place.write("new.csv", b"id,text\n7,\"switch on, please\"\n8,off please\n");
    let outcome = place.run("predict model.rnl --data new.csv --out answered.csv");
    assert_eq!(outcome.assert_done("csv"), "answered.csv: 2 rows\n");
    let written = read(&place, "answered.csv");
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "id,text,predicted_class,probability"));
    assert!(lines[1].starts_with("7,\"switch on, please\",o") && lines[2].starts_with("8,off please,o"), "{written}");
    let answers = place.run("predict model.rnl --data new.csv").assert_done("lines").to_owned();
    for (line, answer) in lines[1..].iter().zip(answers.lines()) {
        let class = answer.split_whitespace().next().unwrap();
        assert!(line.contains(&format!(",{class},0.")), "{line} {answer}");
    }

    place.run("predict model.rnl --data new.csv --out answered.jsonl").assert_done("jsonl");
    let objects: Vec<Value> =
        read(&place, "answered.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&objects[0]["id"], &objects[0]["text"]), (&"7".into(), &"switch on, please".into()));
    assert!(objects.iter().all(|object| object["probability"].as_f64().unwrap() >= 0.5));

    place.write("plain.csv", rows().as_bytes());
    place.run("predict model.rnl --data plain.csv --out plain.tsv").assert_done("tsv");
    let plain = read(&place, "plain.tsv");
    assert!(plain.starts_with("column 1\tcolumn 2\tpredicted_class\tprobability\noff\tplease switch"), "{plain}");
    assert_eq!(plain.lines().count(), 41);
}

#[test]
fn a_sequence_of_frames_is_a_row() {
    let place = Place::new();
    place.write("frames.csv", frames().as_bytes());
    place.run(&format!("train --data frames.csv --out run {TINY}")).assert_done("train");
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    place.run("predict model.rnl --data frames.csv --out answered.csv").assert_done("predict");
    let written = read(&place, "answered.csv");
    assert!(written.starts_with("sequence,label,predicted_class,probability\n0,off,o"), "{written}");
    assert_eq!(written.lines().count(), 41);
}

#[test]
fn an_output_that_cannot_be_is_refused() {
    let place = Place::new();
    std::fs::copy(shared().path("int8.rnl"), place.path("model.rnl")).unwrap();
    place.write("new.csv", b"text\non\n");
    let predict = |out: &str| format!("predict model.rnl --data new.csv --out {out}");
    place.assert_refused(&predict("a.xlsx"), &["--out a.xlsx: expected a name that ends in .csv, .tsv or .jsonl"]);
    place.assert_refused(&predict("new.csv"), &["new.csv"]);
    place.write("there.csv", b"x\n");
    place.assert_refused(&predict("there.csv"), &["there.csv", "--force"]);
    place.run(&format!("{} --force", predict("there.csv"))).assert_done("forced");
    assert!(read(&place, "there.csv").starts_with("text,predicted_class,probability\non,"));
}
