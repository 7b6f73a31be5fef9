use std::path::Path;

use crate::data::{Content, DataError, ReadOptions, Row, Rows};

/// What a file of this content is, and its rows.
fn read(name: &str, content: &str, options: &ReadOptions) -> Result<(String, Vec<Row>), DataError> {
    let mut rows = Rows::new(Path::new(name), content.as_bytes(), options)?;
    let read = rows.by_ref().collect::<Result<Vec<_>, _>>()?;
    Ok((rows.layout(), read))
}

fn layout(name: &str, content: &str) -> String {
    match read(name, content, &ReadOptions::default()) {
        Ok((layout, _)) => layout,
        Err(error) => error.to_string(),
    }
}

/// 30 rows of two labels: what `row` makes of label, text and number.
fn rows(row: impl Fn(&str, &str, usize) -> String) -> String {
    let texts = ["a fine film", "the plot is thin", "great cast and story", "boring and slow", "see it twice"];
    (0..30).map(|number| row(["good", "bad"][number % 2], texts[number % 5], number) + "\n").collect()
}

#[test]
fn a_header_of_names_in_use_tells_the_columns_in_any_order_case_and_spelling() {
    for (header, label, text) in [
        ("label,text", "label", "text"),
        ("Sentiment,Review", "Sentiment", "Review"),
        ("INTENT,Utterance", "INTENT", "Utterance"),
        ("target,tweet", "target", "tweet"),
        ("Category,Message", "Category", "Message"),
        ("v1,v2", "v1", "v2"),
        ("airline_sentiment,tweet_text", "airline_sentiment", "tweet_text"),
        ("classLabel,reviewText", "classLabel", "reviewText"),
        ("topic,headline", "topic", "headline"),
        ("y,x", "y", "x"),
    ] {
        let expected = format!("CSV, header; label: `{label}`; text: `{text}`");
        assert_eq!(layout("a.csv", &format!("{header}\n{}", rows(|l, t, _| format!("{l},{t}")))), expected);
        let swapped = header.split(',').rev().collect::<Vec<_>>().join(",");
        let below = rows(|l, t, _| format!("{t},{l}"));
        assert_eq!(layout("a.csv", &format!("{swapped}\n{below}")), expected);
        let quoted = format!("\u{feff}\"{}\"\r\n{}", swapped.replace(',', "\",\""), below.replace('\n', "\r\n"));
        assert_eq!(layout("a.csv", &quoted), expected, "{quoted}");
    }
}

#[test]
fn a_header_of_other_names_is_seen_by_what_stands_below() {
    let numbered = rows(|l, t, _| format!("{t},{}", usize::from(l == "good")));
    assert_eq!(layout("a.csv", &format!("foo,bar\n{numbered}")), "CSV, header; label: `bar`; text: `foo`");
    let named = rows(|l, t, _| format!("{l},{t}"));
    assert_eq!(layout("a.csv", &format!("foo,bar\n{named}")), "CSV, header; label: `foo`; text: `bar`");
    assert_eq!(layout("a.csv", &format!("0,1\n{named}")), "CSV, header; label: `0`; text: `1`");
    // Names in use that are values of the rows are no header.
    let queries = rows(|l, t, _| format!("{},{t}", if l == "good" { "query" } else { "title" }));
    assert_eq!(
        layout("a.csv", &format!("query,what is it\n{queries}")),
        "CSV, no header; label: column 1; text: column 2"
    );
    let doubtful = rows(|l, _, number| format!("{l},w{}", number % 4));
    let found = layout("a.csv", &format!("foo,bar\n{doubtful}"));
    assert!(
        found.starts_with("a.csv, line 1: a header, or a row? `foo`") && found.contains("--label-column 1"),
        "{found}"
    );
}

#[test]
fn without_a_header_the_label_repeats_and_the_rest_is_text() {
    let none = "CSV, no header; label: column";
    assert_eq!(layout("a.csv", &rows(|l, t, _| format!("{l},{t}"))), format!("{none} 1; text: column 2"));
    assert_eq!(layout("a.csv", &rows(|l, t, _| format!("{t},{l}"))), format!("{none} 2; text: column 1"));
    let articles = rows(|l, t, number| format!("\"{l}\",\"Title {number}\",\"{t}, {number}\""));
    assert_eq!(layout("a.csv", &articles), format!("{none} 1; text: column 2, column 3"));
    let numbered = rows(|l, t, number| format!("{number},{t},{l},"));
    let expected = format!("{none} 3; text: column 2; ignored: column 1 (identifies the row), column 4 (empty)");
    assert_eq!(layout("a.csv", &numbered), expected);
    let twice = rows(|l, t, _| format!("{},{l},{t}", usize::from(l == "good")));
    let expected = format!("{none} 1; text: column 3; ignored: column 2 (the label again)");
    assert_eq!(layout("a.csv", &twice), expected);
    let marked = rows(|l, t, _| format!("gj04,{l},{},{t}", if l == "good" { "*" } else { "" }));
    assert_eq!(layout("a.csv", &marked), format!("{none} 2; text: column 4; ignored: column 1, column 3"));
}

#[test]
fn two_columns_that_could_be_the_label_are_a_question() {
    let tagged = rows(|l, t, number| format!("{t},{l},{}", ["film", "book", "game"][number % 3]));
    let found = layout("a.csv", &format!("text,sentiment,topic\n{tagged}"));
    assert_eq!(
        found,
        "a.csv, line 1: `sentiment`, `topic` could each be the label; choose one, as with --label-column sentiment"
    );
    let found = layout("a.csv", &tagged);
    assert_eq!(
        found,
        "a.csv, line 1: column 2, column 3 could each be the label; choose one, as with --label-column 2"
    );
    let options = ReadOptions { label_column: Some("topic".into()), ..ReadOptions::default() };
    let (found, read_rows) = read("a.csv", &format!("text,sentiment,topic\n{tagged}"), &options).unwrap();
    assert_eq!(found, "CSV, header; label: `topic`; text: `text`; ignored: `sentiment`");
    assert_eq!(read_rows[1], Row::of_text("book", "the plot is thin"));
    // A surer name, or one that says the same, leaves no question.
    let label = layout("a.csv", &format!("text,label,topic\n{tagged}"));
    assert_eq!(label, "CSV, header; label: `label`; text: `text`; ignored: `topic`");
    let named = rows(|l, t, _| format!("{t},{l},{}", usize::from(l == "good")));
    let both = layout("a.csv", &format!("text,sentiment,category\n{named}"));
    assert_eq!(both, "CSV, header; label: `sentiment`; text: `text`; ignored: `category` (the label again)");
}

#[test]
fn labels_that_are_known_tell_the_column_of_few_rows() {
    let known = ReadOptions::default().with_known_labels(&["good", "bad"]);
    let found = |content: &str, options: &ReadOptions| read("a.csv", content, options).unwrap().0;
    assert_eq!(found("lamp,good\n", &known), "CSV, no header; label: column 2; text: column 1");
    assert_eq!(found("lamp,kind\nsun,bad\n", &known), "CSV, no header; label: column 2; text: column 1");
    let optional = ReadOptions { labels_are_optional: true, ..known };
    assert_eq!(found("text\nlamp\n", &optional), "a text a line, header; label: none; text: `text`");
    assert_eq!(found("1,a lamp\n2,the sun\n", &optional), "CSV, no header; label: none; text: column 1, column 2");
    assert_eq!(
        found("id,text\n1,a lamp\n", &optional),
        "CSV, header; label: none; text: `text`; ignored: `id` (identifies the row)"
    );
    assert_eq!(found("a lamp,good\nthe sun,bad\n", &optional), "CSV, no header; label: column 2; text: column 1");
    let rows = read("a.csv", "text,label\na lamp,\n", &optional).unwrap().1;
    assert_eq!(rows, [Row::of_text("", "a lamp")]);
}

#[test]
fn separators_are_those_that_every_record_has_as_often() {
    for (name, separator, form) in [
        ("a.csv", ";", "CSV with `;`"),
        ("a.csv", "|", "CSV with `|`"),
        ("a.csv", "\t", "TSV"),
        ("a.tsv", ",", "CSV"),
        ("a.TSV", "\t", "TSV"),
    ] {
        let content = rows(|l, t, _| format!("{l}{separator}{t}"));
        assert_eq!(
            layout(name, &content),
            format!("{form}, no header; label: column 1; text: column 2"),
            "{name} {separator}"
        );
    }
    // A comma in each text separates nothing.
    let with_commas = rows(|l, t, _| format!("{l};so, {t}"));
    assert_eq!(layout("a.csv", &with_commas), "CSV with `;`, no header; label: column 1; text: column 2");
    let read_first = |content: &str| read("a.tsv", content, &ReadOptions::default()).unwrap().1.swap_remove(0);
    assert_eq!(read_first("on\t\"a\" b\non\tc\"\n"), Row::of_text("on", "\"a\" b"));
    assert_eq!(read_first("\"on\"\t\"a \"\"b\"\"\"\n\"off\"\t\"c\"\n"), Row::of_text("on", "a \"b\""));
}

/// 12 sequences of 4 frames: what `frame` makes of sequence, label, step and a value.
pub(super) fn frames(frame: impl Fn(usize, &str, usize, f32) -> String) -> String {
    let steps = (0..48).map(|row| (row / 4, row % 4));
    let value = |sequence: usize, step: usize| ((sequence * 7 + step * 5) % 11) as f32 / 2.0;
    steps.map(|(s, step)| frame(s, ["tap", "swipe"][s % 2], step, value(s, step)) + "\n").collect()
}

#[test]
fn frames_are_found_by_the_column_that_tells_recordings_apart() {
    for (header, name) in
        [("recording,gesture,ax,ay", "recording"), ("Window_ID,gesture,ax,ay", "Window_ID"), ("id,gesture,ax,ay", "id")]
    {
        let content = format!("{header}\n{}", frames(|s, l, _, v| format!("{s},{l},{v},{}", v - 1.0)));
        let expected = format!("CSV, header; sequence: `{name}`; label: `gesture`; 2 channels: `ax`, `ay`");
        assert_eq!(layout("a.csv", &content), expected);
    }
    let bare = frames(|s, l, _, v| format!("r{s},{l},{v}"));
    assert_eq!(layout("a.csv", &bare), "CSV, no header; sequence: column 1; label: column 2; 1 channel: column 3");
    let beside = frames(|s, l, step, v| format!("{},u{},{s},{v},{v},{l}", 20 * (4 * s + step), s % 3));
    let expected = "CSV, header; sequence: `trial`; label: `activity`; 2 channels: `x`, `y`; \
                    group: `subject`; ignored: `time_ms` (time or frame numbers)";
    assert_eq!(layout("a.csv", &format!("time_ms,subject,trial,x,y,activity\n{beside}")), expected);
    let commas = frames(|s, l, _, v| format!("{s};{l};{}", v.to_string().replace('.', ",")));
    let (found, rows) = read("a.csv", &format!("sequence;label;x\n{commas}"), &ReadOptions::default()).unwrap();
    assert_eq!(found, "CSV with `;`, header; sequence: `sequence`; label: `label`; 1 channel: `x`; decimal commas");
    assert_eq!(rows[1].content.frames().unwrap().values, [3.5, 0.5, 3.0, 0.0]);
    let options = ReadOptions { channels: vec!["y".into(), "time_ms".into()], ..ReadOptions::default() };
    let (found, _) = read("a.csv", &format!("time_ms,subject,trial,x,y,activity\n{beside}"), &options).unwrap();
    assert!(found.contains("; 2 channels: `y`, `time_ms`; group: `subject`; ignored: `x`"), "{found}");
}

#[test]
fn numbers_without_sequences_are_series_or_refused() {
    let row = |number: usize| (0..9).map(|step| format!(",{}.5", (number * 3 + step) % 7)).collect::<String>();
    let content: String = (0..20).map(|number| format!("{}{}\n", number % 2, row(number))).collect();
    let (found, rows) = read("a.csv", &content, &ReadOptions::default()).unwrap();
    assert_eq!(found, "CSV, no header; label: column 1; a sequence of up to 9 values a row, one channel");
    assert!(matches!(&rows[0].content, Content::Frames(frames) if frames.channels == 1 && frames.iter().len() == 9));
    let shorter = content.replacen("0.5,1.5\n", ",\n", 1);
    let (_, rows) = read("a.csv", &shorter, &ReadOptions::default()).unwrap();
    assert_eq!(rows[0].content.frames().unwrap().iter().len(), 7, "empty fields at the end are no values");
    let found = layout("a.csv", "timestamp,accX,accY,label\n0,1,2,idle\n20,1,2,idle\n40,5,5,wave\n");
    assert!(
        found.starts_with("a.csv, line 1: numbers (`accX`, `accY`) without a column that tells sequences apart"),
        "{found}"
    );
}

#[test]
fn lines_of_fasttext_and_of_json_have_their_columns() {
    assert_eq!(
        layout("a.txt", "__label__good nice lamp\n__label__bad poor\n"),
        "fastText lines; label: `label`; text: `text`"
    );
    let json = "{\"text\": \"nice, \\\"warm\\\" lamp\", \"label\": 1}\n{\"label\": 0, \"text\": \"poor\", \"id\": 7}\n";
    let (found, rows) = read("a.jsonl", json, &ReadOptions::default()).unwrap();
    assert_eq!(found, "JSON lines; label: `label`; text: `text`; ignored: `id` (identifies the row)");
    assert_eq!(rows[0], Row::of_text("1", "nice, \"warm\" lamp"));
}
