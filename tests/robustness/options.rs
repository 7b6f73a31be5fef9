//! Options that are given twice, and options that do not apply.

use std::collections::BTreeSet;

use trainer::config::applicability::{OPTIONS_OF_RESUME, RULES};

use crate::command::{Place, TINY, frames, rows};

/// Settings that have an effect in every training, or are checked where they are used.
const EVERYWHERE: [&str; 34] = [
    "adversarial",
    "batch-size",
    "bidirectional",
    "calibration-percentile",
    "calibration-rows",
    "cell",
    "dropout",
    "epochs",
    "float-epochs",
    "folds",
    "freeze-embeddings",
    "gradient-clipping",
    "hidden-size",
    "keep-epoch",
    "label-smoothing",
    "learning-rate",
    "max-length",
    "measure-every",
    "num-layers",
    "pad-to",
    "pooling",
    "pretrained-embeddings",
    "quantize-aware",
    "schedule",
    "seed",
    "splicing",
    "steps",
    "targets",
    "teacher",
    "training-share",
    "warmup-steps",
    "weight-average",
    "input",
    "patience",
];

fn place() -> Place {
    let place = Place::new();
    place.write("rows.csv", rows().as_bytes());
    place.write("frames.csv", frames().as_bytes());
    place
}

/// An option as its help shows it.
pub(crate) struct Shown {
    pub(crate) name: String,
    value: Option<String>,
}

/// The options of a command.
pub(crate) fn options(place: &Place, command: &str) -> Vec<Shown> {
    let help = place.run(&format!("{command} --help"));
    let mut found: Vec<Shown> = Vec::new();
    // Below are examples, which have options too.
    let lines = help.assert_done(command).lines().take_while(|line| !line.starts_with("Example"));
    for line in lines.map(str::trim) {
        let line = line.strip_prefix("-h, ").or(line.strip_prefix("-V, ")).unwrap_or(line);
        if let Some(option) = line.strip_prefix("--") {
            let name: String =
                option.chars().take_while(|character| character.is_alphanumeric() || *character == '-').collect();
            let value = option[name.len()..].trim_start().starts_with(['<', '[']).then(|| value_of(&name));
            found.push(Shown { name, value });
        } else if let (Some((_, values)), Some(last)) = (line.split_once("[possible values: "), found.last_mut()) {
            last.value = values.split([',', ']']).next().map(str::to_owned);
        } else if let (Some(value), Some(last)) = (line.strip_prefix("- "), found.last_mut()) {
            // Possible values with a line each.
            last.value = value.split_once(':').map(|(value, _)| value.to_owned());
        }
    }
    found
}

/// A value that an option without a list of values takes.
fn value_of(name: &str) -> String {
    let value = match name {
        "bits" | "weight-bits" | "embedding-bits" | "quantize-aware" => "8",
        "bidirectional" | "freeze-embeddings" => "true",
        "share" => "0.5",
        _ => "1",
    };
    value.into()
}

pub(crate) const COMMANDS: [&str; 16] = [
    "train",
    "frontier",
    "import",
    "export",
    "evaluate",
    "parity",
    "predict",
    "inspect",
    "report",
    "upgrade",
    "strip",
    "devices",
    "known-answers",
    "data",
    "split",
    "demo",
];

#[test]
fn every_option_of_every_command_may_be_given_twice() {
    let place = place();
    let listed = place.run("--help");
    for command in listed.assert_done("help").lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()) {
        assert!(["", "help", "-h,", "-V,"].contains(&command) || COMMANDS.contains(&command), "{command}");
    }
    let mut tried = 0;
    for command in COMMANDS {
        for Shown { name, value } in options(&place, command).into_iter().filter(|shown| shown.name != "help") {
            let option = format!("--{name} {}", value.unwrap_or_default());
            // The last one stops the command before it does anything, but after the others have been read.
            let outcome = place.run(&format!("{command} {option} {option} --nonsense"));
            assert_eq!(outcome.code, Some(2), "{command} {option}: {outcome:?}");
            assert!(outcome.stderr.contains("'--nonsense'"), "{command} {option}: {}", outcome.stderr);
            tried += 1;
        }
    }
    assert!(tried > 90, "{tried}");
}

#[test]
fn the_last_value_counts_and_lists_collect() {
    let place = place();
    let rows = rows();
    let lines =
        rows.lines().filter_map(|line| line.split_once(',')).map(|(label, text)| format!("{label},{text},{text}\n"));
    place.write("titles.csv", ("label,title,description\n".to_owned() + &lines.collect::<String>()).as_bytes());
    let command = format!(
        "train --data rows.csv --data titles.csv --out first --out second {TINY} --hidden-size 9 --hidden-size 5 --verbose \
         --verbose --bidirectional --bidirectional false --cell lstm --cell gru --text-columns title --text-columns description"
    );
    place.run(&command).assert_done(&command);
    assert!(!place.path("first").exists());
    let config = std::fs::read_to_string(place.path("second/config.toml")).unwrap();
    let both = r#"text_columns = ["title", "description"]"#;
    for line in ["hidden_size = 5", "bidirectional = false", r#"cell = "gru""#, "epochs = 1", both] {
        assert!(config.lines().any(|found| found == line), "{line}: {config}");
    }
    place.run(&format!("train --data rows.csv --out other {TINY}")).assert_done("another teacher");
    place.run(&format!("train --data rows.csv --out one {TINY}")).assert_done("a teacher");
    let taught = format!("train --data rows.csv --out taught --teacher one --teacher other {TINY}");
    place.run(&taught).assert_done(&taught);
    let config = std::fs::read_to_string(place.path("taught/config.toml")).unwrap();
    assert!(config.contains(r#"teachers = ["one", "other"]"#), "{config}");
    let plan = place.run("frontier --data rows.csv --plan --embedding-sizes 4 --hidden-sizes 4 --flash 2K --flash 4K --candidates 9 --candidates 1");
    assert_eq!(plan.assert_done("plan").lines().count(), 2, "{}", plan.stdout);
    let export = "export one --precision f32 --precision int8 --out first.rnl --out last.rnl";
    place.run(export).assert_done(export);
    assert!(!place.path("first.rnl").exists() && place.path("last.rnl").exists());
    let split = "split rows.csv --share 0.9 --share 0.1 --seed 3 --seed 1 --out parts";
    place.run(split).assert_done(split);
    let count = |name: &str| std::fs::read_to_string(place.path(name)).unwrap().lines().count();
    assert_eq!([count("parts/train.csv"), count("parts/test.csv")], [36, 4]);
}

/// For each option a training that it changes nothing in, and what it needs.
const WITHOUT_EFFECT: [(&str, &str, &str); 44] = [
    ("label-column", "--label-column label", "--data and a file"),
    ("label-names", "--label-names on,off", "--data and a file"),
    ("segment", "--segment 8", "--data and recordings of frames"),
    ("segment-every", "--segment 8 --segment-every 4", "--data and recordings of frames"),
    ("group-column", "--group-column label", "--data and rows that are held out"),
    ("group-column", "--data folder --group-column none", "--data and rows that are held out"),
    ("delimiter", "--delimiter ;", "--data and a file"),
    ("encoding", "--encoding latin1", "--data and a file"),
    ("channels", "--channels x", "--data and a file of frames"),
    ("vocabulary-size", "--data frames.csv --vocabulary-size 9", "--input words"),
    ("vocabulary-size", "--data rows.csv --input bytes --vocabulary-size 9", "--input words"),
    ("vocabulary-rows", "--data frames.csv --vocabulary-rows 9", "--input words"),
    ("vocabulary-columns", "--data rows.csv --input bytes --vocabulary-columns text", "--input words"),
    ("vocabulary-by", "--data frames.csv --vocabulary-by frequency", "--input words"),
    ("vocabulary-by", "--data rows.csv --input hashed-words --vocabulary-by frequency", "--input words"),
    ("hash-buckets", "--data rows.csv --hash-buckets 9", "--input hashed-words"),
    ("hash-buckets", "--hash-buckets 9", "--input hashed-words"),
    ("hash-buckets", "--data frames.csv --hash-buckets 9", "--input hashed-words"),
    ("subword-buckets", "--data rows.csv --subword-buckets 9", "fingerprinted-words"),
    ("frame-unit", "--data rows.csv --frame-unit 2", "frames"),
    ("frame-unit", "--data rows.csv --input words --frame-unit 2", "frames"),
    ("frames-per-step", "--data rows.csv --frames-per-step 2", "frames"),
    ("frame-stride", "--data rows.csv --frame-stride 2", "frames"),
    ("frame-differences", "--data rows.csv --frame-differences", "frames"),
    ("word-rule", "--data frames.csv --word-rule ascii", "--input words"),
    ("word-rule", "--data rows.csv --input bytes --word-rule ascii", "--input words"),
    ("input-noise", "--data rows.csv --input-noise 0.1", "frames"),
    ("time-warp", "--data rows.csv --time-warp 0.1", "frames"),
    ("scaling", "--data rows.csv --scaling 0.1", "frames"),
    ("cropping", "--data rows.csv --cropping 0.1", "frames"),
    ("adversarial", "--data rows.csv --embedding-size 0 --adversarial 0.1", "frames, or vectors of words"),
    ("word-dropout", "--data frames.csv --word-dropout 0.1", "texts"),
    ("embedding-bits", "--data frames.csv --quantize-aware 4 --epochs 2 --embedding-bits 8", "an embedding"),
    (
        "embedding-bits",
        "--data rows.csv --embedding-size 0 --quantize-aware 4 --epochs 2 --embedding-bits 8",
        "an embedding",
    ),
    ("text-columns", "--text-columns text", "--data and a file of texts"),
    ("validation-share", "--validation-share 0.2", "held out"),
    ("validation-share", "--data rows.csv --validation rows.csv --validation-share 0.2", "held out"),
    ("validation-share", "--data folder --validation-share 0.2", "held out"),
    ("data-seed", "--data rows.csv --validation rows.csv --data-seed 2", "held out"),
    ("data-seed", "--data folder --data-seed 2", "held out"),
    ("teacher-share", "--data rows.csv --teacher-share 0.5", "--teacher"),
    ("teachers-read", "--data rows.csv --teachers-read whole-rows", "--teacher"),
    ("vocabulary-size", "--fine-tune run --vocabulary-size 9", "--fine-tune"),
    ("input", "--fine-tune run --input words", "--fine-tune"),
];

#[test]
fn options_that_change_nothing_are_refused_where_they_are_given() {
    let place = place();
    place.copy_run("run");
    place.write("folder/train.csv", rows().as_bytes());
    place.write("folder/valid.csv", rows().as_bytes());
    for (option, arguments, needs) in WITHOUT_EFFECT {
        let command = format!("train --out out --hidden-size 4 --device cpu {arguments}");
        place.assert_refused(&command, &[&format!("--{option} "), needs]);
    }
    let tried: BTreeSet<&str> = WITHOUT_EFFECT.iter().map(|(option, ..)| *option).collect();
    let rules = RULES.iter().filter(|rule| rule.is_refused).flat_map(|rule| rule.options.iter().copied());
    assert_eq!(tried, rules.collect(), "each refused option is tried here");
}

#[test]
fn each_setting_has_its_rule() {
    let place = place();
    let shown: BTreeSet<String> = options(&place, "train").into_iter().map(|shown| shown.name).collect();
    let ruled: BTreeSet<&str> = RULES.iter().flat_map(|rule| rule.options.iter().copied()).collect();
    for option in ruled.iter().chain(&EVERYWHERE) {
        assert!(shown.contains(*option), "--{option} is no option of train");
    }
    let others = [
        "help",
        "data",
        "validation",
        "preset",
        "fine-tune",
        "config",
        "out",
        "device",
        "devices",
        "resume",
        "verbose",
    ];
    let known = |name: &&String| {
        ruled.contains(name.as_str()) || EVERYWHERE.contains(&name.as_str()) || others.contains(&name.as_str())
    };
    let unknown: Vec<&String> = shown.iter().filter(|name| !known(name)).collect();
    assert!(
        unknown.is_empty(),
        "when do these have an effect? A rule in config/applicability.rs, or EVERYWHERE: {unknown:?}"
    );
}

#[test]
fn settings_of_files_and_presets_may_be_more_than_a_training_uses() {
    let place = place();
    let unused = "hash_buckets = 7\ninput_noise = 0.1\nvalidation_share = 0.2\nteacher_share = 0.5\n";
    place.write("config.toml", unused.as_bytes());
    let own = format!("train --data rows.csv --validation rows.csv --config config.toml --out texts {TINY}");
    place.run(&own).assert_done(&own);
    let preset = "train --data frames.csv --preset torch-rnn --out frames --hidden-size 4 --device cpu";
    place.run(preset).assert_done(preset);
    // What is off is no mistake.
    let off = "train --data frames.csv --word-dropout 0 --out off --epochs 1 --hidden-size 4 --device cpu";
    place.run(off).assert_done(off);
}

#[test]
fn options_that_change_nothing_and_do_no_harm_are_spoken_of() {
    let place = place();
    for (arguments, says) in [
        (
            "--data rows.csv --keep-epoch last --patience 3",
            "--patience has no effect here: it needs --keep-epoch best or last-good",
        ),
        (
            "--data frames.csv",
            "--embedding-size has no effect here: it needs rows of texts (the rows are read as frames)",
        ),
    ] {
        let command = format!("train {arguments} --out run {TINY}");
        let outcome = place.run(&command);
        outcome.assert_done(&command);
        assert_eq!(outcome.stderr.matches("no effect").count(), 1, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        std::fs::remove_dir_all(place.path("run")).unwrap();
    }
}

#[test]
fn nothing_changes_an_interrupted_run() {
    let place = place();
    place.copy_run("run");
    let mut refused = 0;
    for Shown { name, value } in options(&place, "train").into_iter().filter(|shown| shown.name != "help") {
        if !OPTIONS_OF_RESUME.contains(&name.as_str()) {
            let arguments = format!("train --resume --out run --device cpu --{name} {}", value.unwrap_or_default());
            place.assert_refused(&arguments, &[&format!("--{name} has no effect with --resume")]);
            refused += 1;
        }
    }
    assert!(refused > 45, "{refused}");
    place.run("train --resume --out run --device cpu --verbose").assert_done("resume");
}

#[test]
fn other_commands_refuse_options_without_effect() {
    let place = place();
    place.run("train --data frames.csv --out run --epochs 1 --hidden-size 4 --device cpu").assert_done("train");
    place.assert_refused(
        "export run --precision int8 --embedding-bits 4 --out a.rnl",
        &["--embedding-bits", "no embedding"],
    );
    let search = "frontier --data frames.csv --embedding-sizes 8 --out search --device cpu";
    place.assert_refused(search, &["--embedding-sizes", "no embedding"]);
    place.run("export run --precision int8 --out a.rnl").assert_done("export");
    for command in [
        "predict a.rnl text --text-columns text",
        "known-answers a.rnl text --rows 3 --out answers",
        "known-answers a.rnl text --text-columns text --out answers",
    ] {
        let outcome = place.run(command);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{command}: {outcome:?}");
        assert!(!place.path("answers").exists());
    }
}
