//! Files as people have them: each is read as what it is, or refused with the way out. `tests/cases` holds them.

use crate::command::{Outcome, Place, TINY, model, shared};

/// The content of a file of `tests/cases`.
pub(crate) fn case(name: &str) -> Vec<u8> {
    std::fs::read(tests::repository().join("tests/cases").join(name)).unwrap()
}

/// A place that holds one file of `tests/cases`.
pub(crate) fn place_of(name: &str) -> Place {
    let place = Place::new();
    place.write(name, &case(name));
    place
}

/// Trains on a file: what the command said, after its classes were found to be these.
fn assert_classes(place: &Place, name: &str, classes: &[&str]) -> Outcome {
    let outcome = place.run(&format!("train --data {name} --out run {TINY}"));
    outcome.assert_done(name);
    let labels = std::fs::read_to_string(place.path("run/labels.txt")).unwrap();
    assert_eq!(labels.lines().collect::<Vec<_>>(), classes, "{name}: {outcome:?}");
    outcome
}

/// That standard error has a line that starts so.
pub(crate) fn assert_says(outcome: &Outcome, line: &str) {
    assert!(outcome.stderr.lines().any(|found| found.starts_with(line)), "no `{line}` in: {}", outcome.stderr);
}

/// The words that a run knows.
pub(crate) fn vocabulary(place: &Place) -> Vec<String> {
    std::fs::read_to_string(place.path("run/vocabulary.txt")).unwrap().lines().map(str::to_owned).collect()
}

/// 60 rows of two classes.
pub(crate) fn texts(row: impl Fn(&str, &str, usize) -> String) -> String {
    let row = |number: usize| {
        let label = ["cold", "warm"][number % 2];
        row(label, &format!("it is {label} in room {number}"), number)
    };
    (0..60).map(row).collect()
}

#[test]
fn labels_and_texts_are_found_by_names_and_by_content() {
    let files: [(&str, &[&str], &str); 6] = [
        ("F03a_review_sentiment.csv", &["negative", "positive"], "CSV, header; label: `sentiment`; text: `review`"),
        ("F03b_text_first_noheader.tsv", &["0", "1"], "TSV, no header; label: column 2; text: column 1"),
        (
            "F03c_v1_v2_extra_columns.csv",
            &["ham", "spam"],
            "CSV, header; label: `v1`; text: `v2`; ignored: column 3 (empty), column 4 (empty), column 5 (empty)",
        ),
        ("F15_category_message.csv", &["ham", "spam"], "CSV, header; label: `Category`; text: `Message`"),
        ("F08b_two_stray_quotes.tsv", &["ham", "spam"], "TSV, no header; label: column 1; text: column 2"),
        (
            "F03d_ucr_numbers.tsv",
            &["1", "2"],
            "TSV, no header; label: column 1; a sequence of up to 12 values a row, one channel",
        ),
    ];
    for (name, classes, layout) in files {
        let place = place_of(name);
        let outcome = assert_classes(&place, name, classes);
        assert_says(&outcome, &format!("{name}: {layout}"));
        assert_says(&outcome, "rows of each class: ");
    }
    let place = place_of("F03a_review_sentiment.csv");
    let outcome = assert_classes(&place, "F03a_review_sentiment.csv", &["negative", "positive"]);
    assert_says(&outcome, "rows of each class: negative ");
    assert!(vocabulary(&place).contains(&"film".into()) && !vocabulary(&place).contains(&"positive".into()));
}

#[test]
fn each_command_says_what_it_reads_and_keeps_standard_output_clean() {
    let place = place_of("F15_category_message.csv");
    let name = "F15_category_message.csv";
    assert_classes(&place, name, &["ham", "spam"]);
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    let says = "F15_category_message.csv: CSV, header; label: `Category`; text: `Message`; 20 rows, 2 classes";
    for command in [
        "evaluate model.rnl --json --data",
        "parity run --json --data",
        "predict model.rnl --data",
        "known-answers model.rnl --out answers.bin --data",
        "split --out parts",
    ] {
        let outcome = place.run(&format!("{command} {name}"));
        let printed = outcome.assert_done(command);
        assert_eq!(outcome.stderr, format!("{says}\n"), "{command}");
        assert!(!command.contains("--json") || serde_json::from_str::<serde_json::Value>(printed).is_ok(), "{command}");
    }
    let split = std::fs::read_to_string(place.path("parts/train.csv")).unwrap();
    assert!(split.starts_with("Category,Message\n"), "{split}");
}

#[test]
fn columns_are_said_in_one_way_to_every_command() {
    let place = Place::new();
    let content = texts(|label, text, row| format!("{label},{},{text}\n", ["en", "de", "fr"][row % 3]));
    place.write("rows.csv", content.as_bytes());
    let columns = "--label-column 1 --text-columns 3";
    let doubt = "rows.csv, line 1: column 1, column 2 could each be the label; choose one, as with --label-column 1\n";
    for command in ["train --out run --data rows.csv", "split --out parts rows.csv", "frontier --plan --data rows.csv"]
    {
        place.assert_refused(command, &[doubt]);
    }
    place.run(&format!("train --data rows.csv --out run {TINY} {columns}")).assert_done("train");
    let config = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(config.contains("label_column = \"1\"\n") && config.contains("text_columns = [\"3\"]\n"), "{config}");
    assert!(!vocabulary(&place).contains(&"en".into()));
    place.run("parity run --data rows.csv").assert_done("parity reads the columns of the run");
    place.run("export run --precision int8 --out model.rnl").assert_done("export");
    for command in [
        "evaluate model.rnl --data rows.csv",
        "predict model.rnl --data rows.csv",
        "known-answers model.rnl --out answers.bin --data rows.csv",
        "split rows.csv --out parts",
        "frontier --plan --data rows.csv",
    ] {
        let outcome = place.run(&format!("{command} {columns}"));
        outcome.assert_done(command);
        assert_says(&outcome, "rows.csv: CSV, no header; label: column 1; text: column 3");
    }
    let titled = format!("topic,mood,text\n{content}");
    place.write("titled.csv", titled.as_bytes());
    let train = format!("train --data titled.csv --out titled {TINY}");
    let doubt = "titled.csv: no column `tone` for the label; it has `topic`, `mood`, `text`\n";
    place.assert_refused(&format!("{train} --label-column tone"), &[doubt]);
    place.run(&format!("{train} --label-column MOOD")).assert_done("a name in any case");
    let labels = std::fs::read_to_string(place.path("titled/labels.txt")).unwrap();
    assert_eq!(labels, "de\nen\nfr\n");
}

#[test]
fn separators_and_quotes_are_those_of_the_content() {
    let read = |name: &str, content: &[u8], layout: &str| {
        let place = Place::new();
        place.write(name, content);
        let outcome = assert_classes(&place, name, &["cold", "warm"]);
        assert_says(&outcome, &format!("{name}: {layout}"));
        vocabulary(&place)
    };
    let german = format!("\u{feff}Art;Text\r\n{}", texts(|label, text, _| format!("{label};{text}, 1,5 Grad\r\n")));
    read("german.csv", german.as_bytes(), "CSV with `;`, header; label: `Art`; text: `Text`");
    let tabs = texts(|label, text, _| format!("{label}\t\"so, {text}\n"));
    read("tabs.csv", tabs.as_bytes(), "TSV, no header; label: column 1; text: column 2");
    let pipes = texts(|label, text, row| format!("{row}|{label}|{text}\n"));
    read("pipes.csv", pipes.as_bytes(), "CSV with `|`, no header; label: column 2; text: column 3; ignored: column 1");
    let quoted = texts(|label, text, _| format!("\"{text} \"\"now\"\"\"\t\"{label}\"\n"));
    let words = read("quoted.tsv", quoted.as_bytes(), "TSV in quotes, no header; label: column 2; text: column 1");
    assert!(words.contains(&"now".into()));
    let place = place_of("F12a_excel_german.csv");
    let content = String::from_utf8(case("F12a_excel_german.csv")).unwrap();
    let (header, below) = content.split_once("\r\n").unwrap();
    place.write("F12a_excel_german.csv", format!("{header}\r\n{}", below.repeat(10)).as_bytes());
    let outcome = assert_classes(&place, "F12a_excel_german.csv", &["gut", "schlecht"]);
    assert_says(&outcome, "F12a_excel_german.csv: CSV with `;`, header; label: `label`; text: `text`");
}

#[test]
fn quotes_in_tab_separated_files_swallow_no_line() {
    let place = place_of("F08b_two_stray_quotes.tsv");
    place.write("model.rnl", &model("int8"));
    let answers = place.run("predict model.rnl --data F08b_two_stray_quotes.tsv");
    assert_eq!(answers.assert_done("predict").lines().count(), 18);
    let content = String::from_utf8(case("F08a_quote_starts_text.tsv")).unwrap();
    place.write("F08a.tsv", content.repeat(8).as_bytes());
    assert_classes(&place, "F08a.tsv", &["ham", "spam"]);
    assert!(vocabulary(&place).contains(&"gimme".into()));
    place.run("split F08a.tsv --out parts").assert_done("split");
    let [training, test] =
        ["train", "test"].map(|part| std::fs::read_to_string(place.path(&format!("parts/{part}.tsv"))).unwrap());
    assert_eq!(training.lines().count() + test.lines().count(), 32);
    assert!(training.contains("ham\t\"Gimme a minute\" was an hour ago\n"), "{training}");
}

#[test]
fn frames_are_found_by_names_and_by_content() {
    for (name, layout) in [
        ("F03f_recording_gesture.csv", "CSV, header; sequence: `recording`; label: `gesture`; 2 channels: `ax`, `ay`"),
        (
            "F02d_timestamp_leak_noise.csv",
            "CSV, header; sequence: `sequence`; label: `label`; 1 channel: `x`; ignored: `timestamp` (time",
        ),
    ] {
        let place = place_of(name);
        let outcome = place.run(&format!("train --data {name} --out run {TINY}"));
        outcome.assert_done(name);
        assert_says(&outcome, &format!("{name}: {layout}"));
        assert_eq!(std::fs::read_to_string(place.path("run/labels.txt")).unwrap().lines().count(), 2, "{name}");
    }
    let place = place_of("F02d_timestamp_leak_noise.csv");
    let train = format!("train --data F02d_timestamp_leak_noise.csv --out run {TINY} --channels");
    let outcome = place.run(&format!("{train} timestamp,x"));
    outcome.assert_done("channels that are asked for");
    assert_says(
        &outcome,
        "F02d_timestamp_leak_noise.csv: CSV, header; sequence: `sequence`; label: `label`; 2 channels",
    );
    place.assert_refused(
        &train.replace("--out run", "--out other").replace("--channels", "--channels z"),
        &["`z`", "`x`"],
    );
    let place = place_of("F18c_sensor_no_sequence.csv");
    let says =
        &["line 1: numbers (`accX`, `accY`) without a column that tells sequences apart; cut a long recording into \
                  windows of N frames with --segment N, or add a column `sequence`"];
    place.assert_refused(&format!("train --data F18c_sensor_no_sequence.csv --out run {TINY}"), says);
    let decimal = |step: usize| format!("{},{}", step % 3, 5);
    let rows: String =
        (0..80).map(|row| format!("s{};{};{};2,5\n", row / 4, ["a", "b"][row / 4 % 2], decimal(row))).collect();
    place.write("commas.csv", format!("Sequence;Label;X;Y\n{rows}").as_bytes());
    let outcome = assert_classes(&place, "commas.csv", &["a", "b"]);
    assert_says(
        &outcome,
        "commas.csv: CSV with `;`, header; sequence: `Sequence`; label: `Label`; 2 channels: `X`, `Y`; decimal commas",
    );
    assert_says(&outcome, "channels that never change and tell nothing: `Y` (always 2.5)");
}

#[test]
fn channels_of_other_sizes_have_units_of_their_own() {
    let place = place_of("F02_mixed_units.csv");
    let outcome = assert_classes(&place, "F02_mixed_units.csv", &["down", "up"]);
    assert_says(&outcome, "channels that never change and tell nothing: `pressure` (always 101325)");
    assert!(outcome.stderr.contains("2 channels, units 0.00012207031 1;"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("coarse"), "{}", outcome.stderr);
}

#[test]
fn no_label_is_needed_to_predict() {
    let place = place_of("F04a_unlabelled_id_text.csv");
    place.write("model.rnl", &model("int8"));
    let alone = |text: &str| shared().run_with(&["predict", "int8.rnl", text], b"").stdout;
    let expected = alone("poor dull lamp") + &alone("nice warm lamp");
    for (name, content) in [
        ("F04a_unlabelled_id_text.csv", case("F04a_unlabelled_id_text.csv")),
        ("text.csv", b"text\npoor dull lamp\nnice warm lamp\n".to_vec()),
        ("lines.txt", b"poor dull lamp\nnice warm lamp\n".to_vec()),
        ("review.tsv", b"id\treview\r\n7\tpoor dull lamp\r\n9\tnice warm lamp\r\n".to_vec()),
        ("empty.csv", b"text,label\npoor dull lamp,\nnice warm lamp,\n".to_vec()),
        ("labelled.csv", b"poor dull lamp,on\nnice warm lamp,off\n".to_vec()),
        ("rows.jsonl", b"{\"message\": \"poor dull lamp\"}\n{\"message\": \"nice warm lamp\"}\n".to_vec()),
    ] {
        place.write(name, &content);
        let outcome = place.run(&format!("predict model.rnl --data {name}"));
        assert_eq!(outcome.assert_done(name), expected, "{name}");
        assert_says(&outcome, &format!("{name}: "));
    }
}

#[test]
fn rows_that_are_cut_are_counted() {
    let place = Place::new();
    let row = |label: &str, words: usize| format!("{label},{}{label}\n", "the ".repeat(words));
    let content = (0..20).map(|_| row("bad", 299) + &row("good", 9)).collect::<String>();
    place.write("data/train.csv", content.as_bytes());
    place.write("data/valid.csv", (row("bad", 257) + &row("good", 9)).as_bytes());
    let outcome = assert_classes(&place, "data", &["bad", "good"]);
    assert_says(
        &outcome,
        "20 of 40 training rows are longer than --max-length 256 steps and are cut; the longest has 300",
    );
    assert_says(
        &outcome,
        "1 of 2 validation rows are longer than --max-length 256 steps and are cut; the longest has 258",
    );
    let outcome = place.run(&format!("train --data data --out whole {TINY} --max-length 300"));
    outcome.assert_done("a row of exactly as many steps");
    assert!(!outcome.stderr.contains("--max-length"), "{outcome:?}");
}

#[test]
fn rows_of_both_parts_and_rows_without_a_known_word_are_counted() {
    let place = Place::new();
    let training = texts(|label, text, _| format!("{label},{text}\n"));
    place.write("folder/train.csv", format!("label,text\n{training}cold,?!\n").as_bytes());
    place.write(
        "folder/dev.csv",
        b"label,text\nwarm,it is warm in room 1\nwarm,something else\ncold,it is cold in room 0\n",
    );
    let outcome = place.run(&format!("train --data folder --out run {TINY}"));
    outcome.assert_done("train");
    assert_says(&outcome, "2 of 3 validation rows have the content of a training row");
    assert_says(&outcome, "1 of 61 training rows have no known word");
    assert_says(&outcome, "1 of 3 validation rows have no known word");
    assert_says(&outcome, "rows of each class: cold 31, warm 30");
    place.write("alike.csv", format!("label,text\n{training}Cold,x\nCold,y\nwarm ,z\n").as_bytes());
    let outcome = place.run(&format!("train --data alike.csv --out alike {TINY}"));
    outcome.assert_done("train");
    assert_says(
        &outcome,
        "labels that differ only in case, spaces or form, and are classes of their own: `Cold` (1 rows) and",
    );
}

#[test]
fn rows_that_nothing_can_be_learned_from_are_refused() {
    let place = place_of("F17_emoji_only.csv");
    let train = |name: &str| format!("train --data {name} --out run {TINY}");
    let says =
        "F17_emoji_only.csv: no training row has a word (letters or digits); read them with --input characters\n";
    place.assert_refused(&train("F17_emoji_only.csv"), &[says]);
    place.run(&format!("{} --input characters", train("F17_emoji_only.csv"))).assert_done("characters");
    for pooling in ["last", "mean", "max"] {
        place.write(
            "none.csv",
            (0..40).map(|row| ["off,\n", "on,-\n", "off,\"?!\"\n"][row % 3]).collect::<String>().as_bytes(),
        );
        place.assert_refused(
            &format!("train --data none.csv --out other {TINY} --pooling {pooling}"),
            &["no training row has a word"],
        );
    }
    let numbered: String = (0..500).map(|row| format!("{row},some words {row},{}\n", row % 2)).collect();
    place.write("target.csv", format!("id,text,target\n{numbered}").as_bytes());
    let target = place.run("train --data target.csv --out target --epochs 1 --hidden-size 4 --device cpu");
    target.assert_done("id, text, target");
    assert_says(&target, "target.csv: CSV, header; label: `target`; text: `text`; ignored: `id`");
    assert_says(&target, "rows of each class: 0 2");
    let says = "target.csv: column `id` has 500 different values in 500 rows and cannot be the label; \
                choose one with --label-column\n";
    for command in [
        &format!("{} --label-column id", train("target.csv").replace("run", "new")),
        "split target.csv --out new --label-column id",
    ] {
        place.assert_refused(command, &[says]);
    }
    let says = "bare.csv: column 1 has 60 different values in 60 rows and cannot be the label";
    place.write("bare.csv", texts(|_, text, row| format!("name{row},{text}\n")).as_bytes());
    place.assert_refused(&train("bare.csv").replace("run", "new"), &[says]);
}

#[test]
fn first_lines_that_may_be_a_header_are_a_question() {
    let place = Place::new();
    let content: String = (0..40).map(|row| format!("{},word{}\n", ["on", "off"][row % 2], row % 7)).collect();
    place.write("rows.csv", format!("foo,bar\n{content}").as_bytes());
    let train = |out: &str, label: &str| format!("train --data rows.csv --out {out} {TINY} --label-column {label}");
    place.assert_refused(
        &format!("train --data rows.csv --out run {TINY}"),
        &[
            "rows.csv, line 1: a header, or a row? `foo` occurs in no line below;",
            "--label-column foo",
            "--label-column 1",
        ],
    );
    let labels = |out: &str, label: &str| {
        place.run(&train(out, label)).assert_done(label);
        std::fs::read_to_string(place.path(out).join("labels.txt")).unwrap()
    };
    assert_eq!(labels("named", "foo"), "off\non\n");
    assert_eq!(labels("numbered", "1"), "foo\noff\non\n");
}

#[test]
fn lines_of_fasttext_and_of_json_are_read() {
    for (name, layout) in [
        ("F12e_fasttext.txt", "fastText lines; label: `label`; text: `text`"),
        ("F12f_rows.jsonl", "JSON lines; label: `label`; text: `text`"),
    ] {
        let place = Place::new();
        let content = String::from_utf8(case(name)).unwrap();
        place.write(name, content.repeat(10).as_bytes());
        let outcome = assert_classes(&place, name, &["bad", "good"]);
        assert_says(&outcome, &format!("{name}: {layout}"));
        place.run(&format!("split {name} --out parts")).assert_done(name);
        let outcome = place.run(&format!("train --data parts --out of-parts {TINY}"));
        outcome.assert_done("the parts");
    }
}

#[test]
fn validation_rows_of_a_folder_have_any_of_four_names() {
    let training = String::from_utf8(case("F15_category_message.csv")).unwrap();
    for name in ["valid.csv", "val.csv", "dev.tsv", "validation.csv"] {
        let place = Place::new();
        place.write("data/train.csv", training.as_bytes());
        let separator = if name.ends_with("tsv") { '\t' } else { ',' };
        place.write(&format!("data/{name}"), format!("ham{separator}see you later\n").as_bytes());
        let outcome = assert_classes(&place, "data", &["ham", "spam"]);
        assert_says(&outcome, "data: 20 training and 1 validation rows, 2 classes");
        assert_says(&outcome, &format!("data/{name}: "));
    }
}

#[test]
fn an_unknown_label_lists_few_of_many_classes() {
    let place = Place::new();
    let many = |class: usize| format!("class{class:03},it is number {class} of all\n").repeat(3);
    place.write("rows.csv", (0..100).map(many).collect::<String>().as_bytes());
    place.run(&format!("train --data rows.csv --out run {TINY}")).assert_done("100 classes");
    place.write("test.csv", b"label,text\nother,it is\n");
    let says = "`other` is not one of the model's: class000, class001, class002, class003, class004, class005, class006, \
                class007, class008, class009 and 90 more\n";
    place.assert_refused("parity run --data test.csv", &[says]);
}
