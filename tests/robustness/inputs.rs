//! `trainer train` and `trainer split` with columns, frames, word vectors and presets that they cannot use, and some
//! that they can.

use crate::command::{Place, TINY, rows};

/// Frames of three sequences, in a file of seven lines.
const FRAMES: &str = "sequence,label,x,y\na,on,1,2\na,on,3,4\nb,off,5,6\nb,off,7,8\nc,on,9,1\nc,on,1,1\n";

/// The refusal of `trainer train` on a data file with this content.
fn assert_train_refuses(content: &str, settings: &str, says: &[&str]) {
    let place = Place::new();
    place.write("rows.csv", content.as_bytes());
    place.assert_refused(&format!("train --data rows.csv --out run {TINY} {settings}"), says);
}

/// A line of [`FRAMES`], from 1, with another in its place.
fn with_line(line: usize, replacement: &str) -> String {
    let lines = FRAMES.lines().enumerate().map(|(number, old)| if number + 1 == line { replacement } else { old });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn frames_that_are_not_right() {
    for (line, replacement, says) in [
        (3, "a,on,3", &["rows.csv, line 3: 3 column(s), expected 4 as in the first line\n"][..]),
        (3, "a,on,3,4,5", &["rows.csv, line 3: 5 column(s), expected 4 as in the first line\n"]),
        (4, "b,off,5,six", &["rows.csv, line 4: `six` in column `y`, expected a finite number\n"]),
        (4, "b,off,,6", &["rows.csv, line 4: `` in column `x`, expected a finite number\n"]),
        (4, "b,off,nan,6", &["rows.csv, line 4: `nan` in column `x`, expected a finite number\n"]),
        (7, "c,on,1,-inf", &["rows.csv, line 7: `-inf` in column `y`, expected a finite number\n"]),
        (7, "c,on,1,1e39", &["rows.csv, line 7: `1e39` in column `y`, expected a finite number\n"]),
        (
            5,
            "b,on,7,8",
            &[
                "rows.csv, line 5: sequence `b` has the label `on`, and `off` before; expected one label; cut recordings",
            ],
        ),
        (7, "a,on,1,1", &["rows.csv, line 7: sequence `a` again, after another one; its rows must stand together\n"]),
        (2, ",on,1,2", &["rows.csv, line 2: the name of the sequence is empty\n"]),
        (2, "a,,1,2", &["rows.csv, line 2: the label is empty\n"]),
    ] {
        assert_train_refuses(&with_line(line, replacement), "", says);
    }
    assert_train_refuses(
        "sequence,label,x\n",
        "",
        &["rows.csv: no rows; expected lines of `sequence,label,channels`\n"],
    );
    assert_train_refuses(
        "sequence,x,y\na,1,2\n",
        "",
        &["rows.csv, line 1: sequences by `sequence`, but no column of labels found; choose one with --label-column"],
    );
    assert_train_refuses("sequence,label\na,on\n", "", &["rows.csv, line 1: 0 channels, expected 1 to 16384"]);
}

#[test]
fn data_of_another_kind_than_is_asked_for() {
    let for_text = "rows.csv: frames of numbers, where texts are expected\n";
    assert_train_refuses(FRAMES, "--input words", &[for_text]);
    assert_train_refuses(&rows(), "--input frames", &["rows.csv: texts, where frames of numbers are expected"]);
    let column = "rows.csv: no text column `title`; it has frames of numbers\n";
    assert_train_refuses(FRAMES, "--text-columns title", &[column]);
    let place = Place::new();
    place.write("rows.csv", FRAMES.as_bytes());
    place.write("valid.csv", b"sequence,label,x\na,on,1\nb,off,2\n");
    let train = format!("train --data rows.csv --validation valid.csv --out run {TINY}");
    place.assert_refused(&train, &["valid.csv, line 1: no channel `y`; the rows trained on have `x`, `y`"]);
    place.write("valid.csv", b"on,lamp\noff,lamp\n");
    place.assert_refused(&train, &["valid.csv: texts, where frames of numbers are expected"]);
    place.write("rows.csv", rows().as_bytes());
    place.write("valid.csv", FRAMES.as_bytes());
    place.assert_refused(&train, &["valid.csv: frames of numbers, where texts are expected\n"]);
}

#[test]
fn settings_of_inputs_that_make_no_sense() {
    for (settings, says) in [
        ("--frame-unit 0", "--frame-unit 0: expected a positive number\n"),
        ("--frame-unit=-0.5", "--frame-unit -0.5: expected a positive number\n"),
        ("--frame-unit nan", "--frame-unit NaN: expected a positive number\n"),
        ("--frame-unit 0.5 --input words", "--frame-unit needs --input frames\n"),
        ("--freeze-embeddings", "--freeze-embeddings needs --pretrained-embeddings, whose vectors it keeps\n"),
        ("--input frames --pretrained-embeddings v.txt", "needs --input words or fingerprinted-words\n"),
        (
            "--input characters --vocabulary-by information",
            "--vocabulary-by information needs --input words or fingerprinted-words\n",
        ),
        ("--vocabulary-rows 4294967296", "--vocabulary-rows 4294967296: expected 0 to 4294967295\n"),
    ] {
        assert_train_refuses(&rows(), settings, &[says]);
    }
}

#[test]
fn text_columns_that_are_not_there() {
    let titled = format!("Label,Headline,Text\n{}", "on,lamp,lamp on\noff,lamp,lamp off\n".repeat(4));
    let says = "rows.csv: no text column `title`; it has `Headline`, `Text`\n";
    assert_train_refuses(&titled, "--text-columns title", &[says]);
    assert_train_refuses(&titled, "--text-columns text,title", &[says]);
    assert_train_refuses(&titled, "--vocabulary-columns title", &[says]);
    let says = "rows.csv: no text column `title`; it has no header, and `text`\n";
    assert_train_refuses(&rows(), "--text-columns title", &[says]);
    assert_train_refuses(&rows(), "--preset keras-rnn-titles", &[says]);
    let place = Place::new();
    let home = "home_commands/development.csv: no text column `title`; it has `text`\n";
    place.assert_refused(&format!("train --out run {TINY} --text-columns title"), &[home]);
    let digits = "digits/train.csv: no text column `title`; it has frames of numbers\n";
    place.assert_refused(&format!("train --data digits --out run {TINY} --text-columns title"), &[digits]);
}

#[test]
fn the_vocabulary_is_made_from_the_columns_and_rows_that_are_asked_for() {
    let place = Place::new();
    let row = |number: usize| format!("{},title{number} here,and a description\n", ["on", "off"][number % 2]);
    place.write("rows.csv", (0..40).map(row).collect::<String>().as_bytes());
    place.write("valid.csv", b"on,title1,x\noff,title2,y\n");
    let words = |out: &str, settings: &str| {
        let train = format!("train --data rows.csv --validation valid.csv --out {out} {TINY} {settings}");
        place.run(&train).assert_done(settings);
        std::fs::read_to_string(place.path(out).join("vocabulary.txt")).unwrap()
    };
    assert_eq!(words("all", "").lines().count(), 40 + 4);
    assert_eq!(words("titles", "--text-columns title --vocabulary-rows 2"), "here\ntitle0\ntitle1\n");
    assert_eq!(words("adapted", "--vocabulary-columns title --vocabulary-rows 1"), "here\ntitle0\n");
    assert_eq!(words("both", "--text-columns description,title --vocabulary-size 3"), "a\nand\ndescription\n");
    // One of the words that occur in one row each, which tell more than those that occur in all.
    assert_eq!(words("telling", "--vocabulary-by information --vocabulary-size 1"), "title0\n");
}

#[test]
fn presets_and_the_order_of_settings() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.write("config.toml", b"hidden_size = 5\nembedding_size = 6\n");
    let names = "--preset torch: expected one of eight-epochs, torch-rnn, torch-lstm, torch-lstm-packed, torch-lstm-bidirectional, \
                 keras-rnn-titles, keras-rnn-masked, keras-lstm, keras-lstm-bidirectional\n";
    place.assert_refused("train --preset torch --data rows.csv --out run", &[names]);
    let train = "train --preset torch-lstm-packed --config config.toml --embedding-size 7 --data rows.csv --out run";
    place.run(&format!("{train} --device cpu")).assert_done("preset, config and arguments");
    let config = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
    for line in ["batch_size = 16", "hidden_size = 5", "embedding_size = 7", "pooling = \"last\"", "input = \"words\""]
    {
        assert!(config.lines().any(|found| found == line), "no `{line}` in: {config}");
    }
}

/// Word vectors in files that are not right, and what the refusal says.
const VECTORS: &[(&[u8], &str)] = &[
    (b"", "v.txt: no word vectors; expected lines of a word and its numbers\n"),
    (b"lamp\n", "v.txt, line 1: no numbers; expected a word and its numbers\n"),
    (b"lamp 1 2 3\n", "v.txt, line 1: vectors of 3 numbers, but --embedding-size is 4; leave it out to take 3\n"),
    (b"lamp 1 2 3 4\non 1 2 3\n", "v.txt, line 2: 3 numbers after the word, expected 4\n"),
    (b"lamp 1 2 3 4\non 1 2 x 4\n", "v.txt, line 2: `x` is not a finite number\n"),
    (b"lamp 1 2 3 4\non 1 2 inf 4\n", "v.txt, line 2: `inf` is not a finite number\n"),
    (b"lamp 1 2 3 4\nof\xff 1 2 3 4\n", "v.txt, line 2: not UTF-8; convert the file (iconv -t utf-8)\n"),
    (b"2 4\nlamp 1 2 3 4\n", "v.txt, line 1: the header announces 2 vectors, the file has 1\n"),
    (b"1 4\nlamp 1 2 3\n", "v.txt, line 2: 3 numbers after the word, expected 4\n"),
];

#[test]
fn word_vectors_that_are_not_right() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    let train = format!("train --data rows.csv --out run {TINY} --pretrained-embeddings v.txt");
    place.assert_refused(&train, &["v.txt: No such file"]);
    for (content, says) in VECTORS {
        place.write("v.txt", content);
        place.assert_refused(&train, &[says]);
    }
    place.write("rows.csv", FRAMES.as_bytes());
    place.assert_refused(&train, &["--pretrained-embeddings needs rows of words\n"]);
}

#[test]
fn word_vectors_say_what_they_cover_and_give_the_embedding_its_size() {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.write("v.txt", b"please 1 2 3\nunheard 4 5 6\n");
    let train = "train --data rows.csv --out run --epochs 1 --hidden-size 4 --device cpu --pretrained-embeddings v.txt";
    let outcome = place.run(train);
    outcome.assert_done("train");
    // A row has 7 words, one of them `please`; its number is one of 5, and `off` or `on` closes it.
    let covered = "v.txt: vectors for 1 of 12 words (8.3 %), which are 14.3 % of the words of the training rows";
    assert!(outcome.stderr.lines().any(|line| line == covered), "{}", outcome.stderr);
    let config = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(config.lines().any(|line| line == "embedding_size = 3"), "{config}");
}

/// `F09a_token_with_spaces.txt` of `tests/cases`, which holds `lamp`, `. . .` and `nice`, as it stands, with a vector
/// that has no word, and with the header of word2vec.
#[test]
fn words_of_word_vectors_may_have_spaces() {
    let read = |name: &str| std::fs::read_to_string(tests::repository().join("tests/cases").join(name)).unwrap();
    let (rows, lines) = (read("base.csv"), read("F09a_token_with_spaces.txt"));
    let covered = "v.txt: vectors for 2 of 5 words (40.0 %), which are 50.0 % of the words of the training rows";
    let files = [
        (lines.clone(), ""),
        (format!(" 0.7 0.8\n{lines}"), "; 1 vector without a word is skipped"),
        (format!("4 2\n{lines} 0.7 0.8\n"), "; 1 vector without a word is skipped"),
    ];
    for (content, skipped) in files {
        let place = Place::new();
        place.write("rows.csv", rows.as_bytes());
        place.write("v.txt", content.as_bytes());
        let train =
            "train --data rows.csv --out run --epochs 1 --hidden-size 4 --device cpu --pretrained-embeddings v.txt";
        let outcome = place.run(train);
        outcome.assert_done("train");
        assert!(outcome.stderr.lines().any(|line| line == format!("{covered}{skipped}")), "{}", outcome.stderr);
        let config = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
        assert!(config.lines().any(|line| line == "embedding_size = 2"), "{config}");
    }
}

#[test]
fn a_split_gives_the_lines_of_the_file_as_they_stand() {
    let place = Place::new();
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    place.write("rows.csv", FRAMES.as_bytes());
    place.run("split rows.csv --share 0.4 --out frames").assert_done("frames");
    let (training, test) = (read("frames/train.csv"), read("frames/test.csv"));
    assert_eq!(training.lines().count() + test.lines().count(), 1 + FRAMES.lines().count());
    let sequences = ["a,on,1,2\na,on,3,4\n", "b,off,5,6\nb,off,7,8\n", "c,on,9,1\nc,on,1,1\n"];
    for sequence in sequences {
        assert_eq!(
            [&training, &test].map(|file| file.matches(sequence).count()).iter().sum::<usize>(),
            1,
            "{sequence}"
        );
    }
    assert!(training.starts_with("sequence,label,x,y\n") && test.starts_with("sequence,label,x,y\n"));

    let lines = ["on\t\"a \"\"title\"\"\"\tx", "off\tb\t y ", "on\t c\tz", "off\td\tw"];
    place.write("rows.tsv", (lines.join("\r\n\r\n") + "\r\n").as_bytes());
    place.run("split rows.tsv --share 0.5 --out texts").assert_done("texts");
    let mut found: Vec<String> = ["texts/train.tsv", "texts/test.tsv"]
        .iter()
        .flat_map(|name| read(name).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    found.sort_unstable();
    let mut expected = lines;
    expected.sort_unstable();
    assert_eq!(found, expected);
}
