use super::*;
use crate::data::{Content, Frames};

fn parse_texts(name: &str, text: &str, columns: &[&str]) -> Result<Vec<(String, String)>, String> {
    let columns: Vec<String> = columns.iter().map(|column| column.to_string()).collect();
    let options = ReadOptions::default().with_text_columns(&columns);
    let text_of = |row: &Row| row.content.text().unwrap().to_owned();
    parse_rows(Path::new(name), text.as_bytes(), &options)
        .map(|rows| rows.iter().map(|row| (row.label.clone(), text_of(row))).collect())
        .map_err(|error| error.to_string())
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(label, text)| (label.to_string(), text.to_string())).collect()
}

#[test]
fn the_forms_of_a_file() {
    let parse = |name, text| parse_texts(name, text, &[]).unwrap();
    let expected = pairs(&[("3", "Prices rise. \"Slightly\", says x"), ("1", "b c")]);
    assert_eq!(parse("a.csv", "\"3\",\"Prices rise.\",\"\"\"Slightly\"\", says x\"\n1,b,c\n"), expected);
    assert_eq!(parse("a.csv", "label,text\non,a b\n"), pairs(&[("on", "a b")]));
    assert_eq!(parse("a.csv", "id,Text,Label\n7,a b,on\r\n"), pairs(&[("on", "a b")]));
    assert_eq!(parse("a.csv", "Class Index,Title,Description\n1,t,d\n"), pairs(&[("1", "t d")]));
    assert_eq!(parse("a.tsv", "on\ta, b\n"), pairs(&[("on", "a, b")]));
    assert_eq!(parse("a.csv", "\u{feff}label,text\non,é"), pairs(&[("on", "é")]));
}

#[test]
fn columns_are_chosen_by_name() {
    let parse = |text, columns: &[&str]| parse_texts("a.csv", text, columns);
    let titled = "Class Index,Title,Description,source\n1,t,d,s\n";
    assert_eq!(parse(titled, &["title"]).unwrap(), pairs(&[("1", "t")]));
    assert_eq!(parse(titled, &["Description", "title"]).unwrap(), pairs(&[("1", "d t")]));
    assert_eq!(parse(titled, &["source"]).unwrap(), pairs(&[("1", "s")]));
    assert_eq!(parse("1,t,d\n", &["title"]).unwrap(), pairs(&[("1", "t")]));
    assert_eq!(parse("1,t,d\n", &["title", "description"]).unwrap(), pairs(&[("1", "t d")]));
    assert_eq!(parse("1,x\n", &["text"]).unwrap(), pairs(&[("1", "x")]));
    let refused = |text, column| parse(text, &[column]).unwrap_err();
    assert_eq!(
        refused(titled, "headline"),
        "a.csv: no text column `headline`; it has `Title`, `Description`, `source`"
    );
    assert_eq!(refused(titled, "class index"), refused(titled, "headline").replace("headline", "class index"));
    assert_eq!(refused("1,x\n", "title"), "a.csv: no text column `title`; it has no header, and `text`");
    let four = "a.csv: no text column `title`; \
                it has no header and 4 columns, which have numbers from 1 and no names";
    assert_eq!(refused("1,a,b,c\n", "title"), four);
    let frames = "sequence,label,x\ns,on,1\n";
    assert_eq!(refused(frames, "title"), "a.csv: no text column `title`; it has frames of numbers");
}

#[test]
fn each_fault_names_its_line() {
    let error = |text: &str| parse_texts("a.csv", text, &[]).unwrap_err();
    assert_eq!(error(""), "a.csv: no rows; expected lines of `label,text`");
    assert_eq!(error("label,text\n"), "a.csv: no rows; expected lines of `label,text`");
    let two = "expected at least 2: a label and a text, with `,`, `;`, `|` or a tab between them";
    assert_eq!(error("a\n"), format!("a.csv, line 1: 1 column(s), {two}"));
    assert_eq!(error("a,b\nc,d\ne\n"), "a.csv, line 3: 1 column(s), expected 2 as in the first line");
    assert_eq!(error("a,b\n,d\n"), "a.csv, line 2: the label is empty");
    let no_text = error("label,id,size\na,1,2\nb,2,3\n");
    assert!(no_text.starts_with("a.csv, line 1: no column of text found; choose one with --text-columns"), "{no_text}");
    assert!(error("a,b\nc,\"d\n").starts_with("a.csv, line 2, column 3: a quote that is opened here"));
    let error = parse_rows(Path::new("a.csv"), b"a,b\nc,d\xff\n", &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.starts_with("a.csv, line 2, column 4: the byte 0xFF is not UTF-8"), "{error}");
}

fn parse_frames(text: &str) -> Result<Vec<Row>, String> {
    parse_rows(Path::new("a.csv"), text.as_bytes(), &ReadOptions::default()).map_err(|error| error.to_string())
}

#[test]
fn frames_of_a_sequence_are_one_row() {
    let rows = parse_frames("Label, x ,Sequence,y\non,1,a,-2.5\r\non, 3 ,a,4e1\n\noff,5,b,6\n").unwrap();
    let row = |label: &str, values: &[f32]| Row {
        label: label.into(),
        content: Content::Frames(Frames { channels: 2, values: values.into() }),
    };
    assert_eq!(rows, [row("on", &[1.0, -2.5, 3.0, 40.0]), row("off", &[5.0, 6.0])]);
    assert_eq!(rows[0].content.frames().unwrap().iter().len(), 2);
}

#[test]
fn each_fault_of_frames_names_its_line() {
    let error = |text: &str| parse_frames(&format!("sequence,label,x,y\n{text}")).unwrap_err();
    assert_eq!(error(""), "a.csv: no rows; expected lines of `sequence,label,channels`");
    assert_eq!(error("a,on,1\n"), "a.csv, line 2: 3 column(s), expected 4 as in the first line");
    for value in ["", "abc", "NaN", "inf", "-1e39", "0x10"] {
        let expected = format!("a.csv, line 3: `{value}` in column `y`, expected a finite number");
        assert_eq!(error(&format!("a,on,1,2\na,on,1,{value}\n")), expected);
    }
    assert_eq!(error(",on,1,2\n"), "a.csv, line 2: the name of the sequence is empty");
    assert_eq!(error("a,,1,2\n"), "a.csv, line 2: the label is empty");
    let change = "a.csv, line 3: sequence `a` has the label `off`, and `on` before; expected one label; cut \
                  recordings whose label changes with --segment N, into windows of N frames";
    assert_eq!(error("a,on,1,2\na,off,1,2\n"), change);
    let again = "a.csv, line 4: sequence `a` again, after another one; its rows must stand together";
    assert_eq!(error("a,on,1,2\nb,on,1,2\na,on,1,2\n"), again);
    let header = |text| parse_frames(text).unwrap_err();
    let no_channel =
        "a.csv, line 1: 0 channels, expected 1 to 16384 columns of numbers beside `sequence` and the label";
    assert_eq!(header("sequence,label\na,on\n"), no_channel);
    let no_label = "a.csv, line 1: sequences by `sequence`, but no column of labels found; \
                    choose one with --label-column: the file has `x`";
    assert_eq!(header("sequence,x\na,1\n"), no_label);
}
