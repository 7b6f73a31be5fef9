//! Tests that the documentation shows commands and options which exist.
//!
//! A command line in a code block has to parse as it stands. A command in the picture or in backticks may leave out
//! required arguments, but its subcommand and its options have to exist.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::Arguments;

/// What separates the commands of a line.
const SEPARATORS: [&str; 5] = ["|", "&&", ";", ">", "<"];
/// Folders whose programs the documentation runs.
const PROGRAMS: [&str; 3] = ["firmware-demo/", "models/", "tests/"];
/// Folders without documentation of this repository.
const SKIPPED: [&str; 4] = ["target", "runs", "shared", ".git"];

/// A piece of a document that may be a command.
#[derive(Debug)]
struct Snippet {
    line: usize,
    text: String,
    /// Whether it stands alone, so that required arguments have to be there.
    whole: bool,
}

/// The lines of code blocks, and what stands in backticks elsewhere.
fn snippets(document: &str) -> Vec<Snippet> {
    let mut found = Vec::new();
    let mut prose = String::new();
    let mut in_block = false;
    let mut begun = String::new();
    for (index, text) in document.lines().enumerate() {
        let line = index + 1;
        if text.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            prose += text;
        } else if let Some(start) = text.strip_suffix('\\') {
            begun += start;
        } else if text.contains('│') {
            // What a command does stands in parentheses behind it.
            let command =
                |cell: &str| cell.split('(').next().unwrap_or_default().trim_matches([' ', '─', '▶']).to_owned();
            let cells = text.split('│').map(command);
            found.extend(cells.map(|text| Snippet { line, text, whole: false }));
        } else {
            found.push(Snippet { line, text: std::mem::take(&mut begun) + text, whole: true });
        }
        prose.push('\n');
    }
    let mut line = 1;
    for (index, text) in prose.split('`').enumerate() {
        if index % 2 == 1 {
            found.push(Snippet { line, text: text.to_owned(), whole: false });
        }
        line += text.matches('\n').count();
    }
    found
}

/// What is wrong in a document, a line each.
fn complaints(document: &str) -> Vec<String> {
    let check = |snippet: &Snippet| check(snippet).err().map(|problem| format!("line {}: {problem}", snippet.line));
    snippets(document).iter().filter_map(check).collect()
}

fn check(snippet: &Snippet) -> Result<(), String> {
    let text = snippet.text.trim();
    if text.contains("\n\n") {
        return Err("a backtick is never closed".to_owned());
    }
    // The words of a sentence in backticks are not a shell's.
    let Some(words) = shlex::split(text) else { return Ok(()) };
    for command in words.split(|word| SEPARATORS.contains(&word.as_str())) {
        let is_assignment = |word: &String| word.split_once('=').is_some_and(|(name, _)| name == name.to_uppercase());
        let start = command.iter().position(|word| !is_assignment(word)).unwrap_or(command.len());
        check_command(&command[start..], snippet.whole).map_err(|problem| format!("`{text}`: {problem}"))?;
    }
    Ok(())
}

fn check_command(command: &[String], whole: bool) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    match program.as_str() {
        "trainer" | "target/release/trainer" => check_trainer(arguments, whole),
        "cargo" if has("run") && has("trainer") => {
            let start = arguments.iter().position(|argument| argument == "--").map_or(arguments.len(), |at| at + 1);
            check_trainer(&arguments[start..], whole)
        }
        option if option.starts_with("--") => check_options(command),
        script if PROGRAMS.iter().any(|folder| script.starts_with(folder)) => check_script(script, arguments),
        _ => Ok(()),
    }
}

/// Parses what the program would parse.
fn check_trainer(arguments: &[String], whole: bool) -> Result<(), String> {
    // In a sentence a comma may follow.
    let arguments = arguments.iter().map(|argument| argument.trim_end_matches(','));
    let words = std::iter::once("trainer").chain(arguments.clone());
    let Err(error) = Arguments::try_parse_from(words) else { return Ok(()) };
    let is_placeholder = |word: &str| word.chars().all(|character| character.is_ascii_uppercase());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(()),
        ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !whole => Ok(()),
        ErrorKind::ValueValidation if !whole && arguments.clone().any(is_placeholder) => Ok(()),
        _ => Err(error.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}

/// That one subcommand has all of these options; their values are not looked at.
fn check_options(words: &[String]) -> Result<(), String> {
    let options = || words.iter().filter_map(|word| word.strip_prefix("--")).filter(|option| !option.is_empty());
    let name = |option: &str| option.split(['=', ',']).next().unwrap_or_default().to_owned();
    let trainer = Arguments::command();
    let has = |command: &clap::Command, option: &str| {
        ["help", "version"].contains(&option) || command.get_arguments().any(|known| known.get_long() == Some(option))
    };
    let takes_all = |command: &clap::Command| options().all(|option| has(command, &name(option)));
    if trainer.get_subcommands().any(takes_all) {
        Ok(())
    } else {
        Err("no subcommand has all these options".to_owned())
    }
}

/// That a program of the repository is there, and that its help names each option.
fn check_script(script: &str, arguments: &[String]) -> Result<(), String> {
    let path = repository().join(script);
    let options: Vec<_> =
        arguments.iter().take_while(|word| *word != "--").filter(|word| word.starts_with("--")).collect();
    if script.contains("NAME") || (options.is_empty() && path.exists()) {
        return Ok(());
    }
    let source = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
    if !source.contains("argparse") && !source.contains("--help") {
        return Err(format!("{script} takes no options"));
    }
    let output = Command::new(&path).arg("--help").output().map_err(|error| error.to_string())?;
    let help = String::from_utf8_lossy(&output.stdout);
    let known: Vec<_> = help.split(|character: char| !character.is_alphanumeric() && character != '-').collect();
    match options.iter().find(|option| !known.contains(&option.split('=').next().unwrap_or_default())) {
        Some(option) => Err(format!("{script} --help does not know {option}")),
        None => Ok(()),
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The Markdown files under a folder. The change log may name what a later version no longer has.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !SKIPPED.contains(&name) {
            found.extend(documents(&path));
        } else if name.ends_with(".md") && name != "CHANGELOG.md" {
            found.push(path);
        }
    }
    found
}

#[test]
fn commands_and_options_of_the_documentation_exist() {
    let documents = documents(repository());
    let found: Vec<_> = documents
        .iter()
        .flat_map(|path| {
            let name = path.strip_prefix(repository()).unwrap().display();
            let complaints = complaints(&std::fs::read_to_string(path).unwrap());
            complaints.into_iter().map(move |complaint| format!("{name}, {complaint}"))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let pages = ["README.md", "trainer/README.md", "runtime/README.md", "firmware-demo/README.md", "tests/README.md"];
    for name in pages.into_iter().chain(["models/README.md", "models/digits/README.md"]) {
        assert!(documents.contains(&repository().join(name)), "{name} was not read");
    }
}

#[test]
fn pages_show_commands_in_blocks_in_a_picture_and_in_sentences() {
    let count = |page: &str, whole, start: &str| {
        let found = snippets(&std::fs::read_to_string(repository().join(page)).unwrap());
        found.iter().filter(|snippet| snippet.whole == whole && snippet.text.starts_with(start)).count()
    };
    let of_readme = [count("README.md", true, "trainer "), count("README.md", false, "trainer export")];
    assert!(of_readme[0] >= 5 && of_readme[1] >= 1, "{of_readme:?}");
    let of_trainer = [count("trainer/README.md", true, "trainer "), count("trainer/README.md", false, "--")];
    assert!(of_trainer[0] >= 15 && of_trainer[1] >= 40, "{of_trainer:?}");
    let first = [count("README.md", true, "firmware-demo/demo"), count("README.md", true, "tests/run")];
    assert_eq!(first, [1, 1]);
}

#[test]
fn misspelt_commands_and_options_are_found() {
    for document in [
        "```\ntrainer train --dta reviews --out runs/reviews\n```",
        "```\ntrainer train --epochs many --out runs/reviews\n```",
        "```\ntrainer split reviews.csv   # without --out\n```",
        "```\ntrainer export runs/x --precision int8 \\\n    --outt x.rnl\n```",
        "```\ncat rows.txt | trainer prdict model.rnl\n```",
        "```\ncargo run --release -p trainer -- dmo \"it's dark\"\n```",
        "```\nA=1 firmware-demo/emulate --bord m4 --model x.rnl \"lights off\"\n```",
        "```\ntests/run --quick\n```",
        "```\nfirmware-demo/dmo \"it's dark\"\n```",
        "```\n │ on,lights │──▶│ trainer export  --int8     │───▶│ words │\n```",
        "Some `trainer exprot RUN`.",
        "Some `trainer export\n--precison int8`.",
        "Some `--quantise-aware 4`.",
        "Some `models/bild`.",
        "A `backtick.\n\nAnother paragraph.",
    ] {
        assert_eq!(complaints(document).len(), 1, "{document}: {:?}", complaints(document));
    }
}

#[test]
fn commands_that_parse_and_other_text_pass() {
    for document in [
        "```\ntrainer train --data reviews --out runs/reviews   # Ctrl-C's way\n```",
        "```\nA=\"$PWD/x\" target/release/trainer inspect x.rnl > x.txt\n```",
        "```\nfirmware-demo/demo \"it's pitch black in the hall\"\n```",
        "```rust\nlet trainer = it's;\n```",
        "Some `trainer parity RUN --by-step`, `--weight-average X` and `--devices 0,1`, `apt install --x`.",
        "`trainer`, `trainer help` and `trainer/src/data`, `models/NAME/NAME.int8.rnl`, `tests/fuzz`",
    ] {
        assert_eq!(complaints(document), [""; 0], "{document}");
    }
}

/// The examples at the end of each `--help`.
#[test]
fn examples_of_each_help_parse() {
    for command in Arguments::command().get_subcommands() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = help.replace("\\\n      ", "");
        let examples: Vec<_> = lines.lines().filter(|line| line.contains("trainer ")).collect();
        assert!(!examples.is_empty(), "{} --help has no example", command.get_name());
        for example in examples {
            // What an example does stands behind it.
            let text = example.trim().split("  ").next().unwrap_or_default().to_owned();
            let result = check(&Snippet { line: 1, text, whole: example.starts_with("  ") });
            assert_eq!(result, Ok(()), "{} --help", command.get_name());
        }
    }
}
