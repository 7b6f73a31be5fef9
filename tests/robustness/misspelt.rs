//! Names that there are not are answered with the nearest one that there is.

use crate::command::{Outcome, Place, TINY, frames, rows};
use crate::options::{COMMANDS, Shown, options};

/// A name with its third letter left out.
fn without_third_letter(name: &str) -> Option<String> {
    let place = name.char_indices().filter(|(_, letter)| letter.is_alphanumeric()).nth(2)?.0;
    Some(name[..place].to_owned() + &name[place + 1..])
}

fn assert_says(outcome: &Outcome, what: &str, says: &str) {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{what}: {outcome:?}");
    assert!(outcome.stderr.contains(says), "{what}: no `{says}` in: {}", outcome.stderr);
}

#[test]
fn each_option_and_command_is_known_without_its_third_letter() {
    let place = Place::new();
    let mut tried = 0;
    for command in COMMANDS {
        let misspelt = without_third_letter(command).unwrap();
        let tip = format!("tip: a similar subcommand exists: '{command}'");
        assert_says(&place.run(&misspelt), &misspelt, &tip);
        for Shown { name, .. } in options(&place, command) {
            let misspelt = format!("{command} --{} 1", without_third_letter(&name).unwrap());
            assert_says(&place.run(&misspelt), &misspelt, &format!("exists: '--{name}'"));
            tried += 1;
        }
    }
    assert!(tried > 180, "{tried}");
}

#[test]
fn each_preset_and_setting_is_known_without_its_third_letter() {
    let place = Place::new();
    let all = place.run("train --preset none");
    let presets = all.stderr.trim_end().split_once("expected one of ").unwrap().1.to_owned();
    for name in presets.split(", ") {
        let misspelt = without_third_letter(name).unwrap();
        let says = [format!("did you mean `{name}`?")];
        place.assert_refused(&format!("train --preset {misspelt}"), &says.each_ref().map(String::as_str));
    }
    place.write("rows.csv", rows().as_bytes());
    place.run(&format!("train --data rows.csv --out run {TINY}")).assert_done("train");
    let config = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
    // The tables at the end have keys of their own.
    let settings = config.lines().take_while(|line| !line.starts_with('['));
    let keys: Vec<&str> = settings.filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    assert!(keys.len() > 40, "{keys:?}");
    for key in keys {
        let misspelt = without_third_letter(key).unwrap();
        place.write("settings.toml", format!("seed = 1\n{misspelt} = 1\n").as_bytes());
        let says = [format!("line 2: unknown field `{misspelt}`; did you mean `{key}`?")];
        place.assert_refused("train --config settings.toml", &says.each_ref().map(String::as_str));
    }
}

#[test]
fn misspelt_columns_and_choices_are_answered_with_the_nearest() {
    let place = Place::new();
    place.write("rows.csv", b"label,title,description\non,a,b c\noff,d,e f\non,a,b g\noff,d,e h\n");
    place.write("frames.csv", frames().as_bytes());
    place.write("choice.toml", b"cell = \"lsmt\"\n");
    for (command, says) in [
        (
            "data rows.csv --label-column lable",
            "`lable` for the label; it has `label`, `title`, `description`; did you mean `label`?",
        ),
        ("data rows.csv --text-columns titel", "did you mean `title`?"),
        ("train --data rows.csv --text-columns title,desciption", "did you mean `description`?"),
        ("train --data rows.csv --vocabulary-columns tile", "did you mean `title`?"),
        ("data frames.csv --label-column lbel", "did you mean `label`?"),
        ("train --config choice.toml", "line 1: unknown variant `lsmt`; did you mean `lstm`?"),
        ("train --preset keras-ltsm", "did you mean `keras-lstm`?"),
    ] {
        place.assert_refused(command, &[says]);
    }
    let model = "export run --out model.rnl --precision";
    for (command, says) in [
        ("train --pooling mx", "a similar value exists: 'max'"),
        ("train --cell gur", "a similar value exists: 'gru'"),
        ("train --device cdu", "a similar value exists: 'cpu'"),
        ("train --schedule liner", "a similar value exists: 'linear'"),
        ("train --keep-epoch bst", "a similar value exists: 'best'"),
        ("train --input word", "a similar value exists: 'words'"),
        (&format!("{model} itn8"), "a similar value exists: 'int8'"),
        ("trian", "a similar subcommand exists: 'train'"),
        ("exprot", "a similar subcommand exists: 'export'"),
    ] {
        assert_says(&place.run(command), command, says);
    }
    // What is like nothing gets no advice.
    place.assert_refused("data rows.csv --label-column weather", &["it has `label`, `title`, `description`\n"]);
}
