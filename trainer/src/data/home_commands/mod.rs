//! "Home commands": spoken-style sentences to a device in a house, ten intents, written for this project.
//!
//! The training sentences come from a grammar of weighted templates (`data/home_commands/grammar.txt`,
//! which also documents its format). Nothing in it is copied from another data set.

mod error;
mod grammar;
mod recognition;

use std::collections::HashSet;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use self::grammar::{Grammar, Intent};
use super::Row;

pub use self::error::GrammarError;

const GRAMMAR: &str = include_str!("../../../data/home_commands/grammar.txt");

/// Draws of one template before another template is drawn instead.
const DRAWS_PER_TEMPLATE: usize = 6;
/// Templates drawn for each row wanted before an intent counts as exhausted.
const TEMPLATES_PER_ROW: usize = 20;
/// One row in this many carries a recognition error; one in this many of those carries a second one.
const ROWS_PER_RECOGNITION_ERROR: u32 = 5;
/// One row in this many starts with a capital letter and ends with a full stop.
const ROWS_PER_PUNCTUATION: u32 = 12;

/// Draws labelled training sentences from the grammar that is compiled into the program.
///
/// The same `seed` and `rows` give the same result on every platform. Texts are distinct, also after
/// lower-casing and splitting at everything that is not alphanumeric. Labels are balanced within one
/// row and the order is shuffled. One row in five carries an error of the kind speech recognition makes.
///
/// # Errors
/// [`GrammarError::Exhausted`] where an intent has fewer distinct sentences than `rows` asks of it;
/// the other variants name a line where the grammar does not follow its format.
///
/// # Panics
/// Never.
pub fn training_rows(seed: u64, rows: usize) -> Result<Vec<Row>, GrammarError> {
    rows_of(&Grammar::parse(GRAMMAR)?, seed, rows)
}

fn rows_of(grammar: &Grammar, seed: u64, rows: usize) -> Result<Vec<Row>, GrammarError> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let intent_count = grammar.intents.len();
    let mut drawn = Vec::with_capacity(rows);
    let mut seen = HashSet::with_capacity(rows);
    for (index, intent) in grammar.intents.iter().enumerate() {
        let wanted = rows / intent_count + usize::from(index < rows % intent_count);
        let before = drawn.len();
        for _ in 0..wanted * TEMPLATES_PER_ROW {
            if drawn.len() - before == wanted {
                break;
            }
            if let Some(text) = new_sentence(grammar, intent, &mut seen, &mut random) {
                drawn.push(Row::of_text(&intent.label, text));
            }
        }
        let found = drawn.len() - before;
        if found < wanted {
            return Err(GrammarError::Exhausted { label: intent.label.clone(), wanted, found });
        }
    }
    drawn.shuffle(&mut random);
    Ok(drawn)
}

/// A sentence of one random template that was not seen before; `None` where the template keeps giving old ones.
fn new_sentence(
    grammar: &Grammar,
    intent: &Intent,
    seen: &mut HashSet<String>,
    random: &mut ChaCha8Rng,
) -> Option<String> {
    let template = intent.templates.draw(random)?;
    for _ in 0..DRAWS_PER_TEMPLATE {
        let mut words = grammar.sentence(template, random);
        if one_in(ROWS_PER_RECOGNITION_ERROR, random) {
            grammar.errors.apply(&mut words, random);
            if one_in(ROWS_PER_RECOGNITION_ERROR, random) {
                grammar.errors.apply(&mut words, random);
            }
        }
        let text = words.join(" ");
        let key = tokenizer_view(&text);
        if !key.is_empty() && seen.insert(key) {
            let punctuated = one_in(ROWS_PER_PUNCTUATION, random);
            return Some(if punctuated { punctuate(&text) } else { text });
        }
    }
    None
}

/// True in one of `count` draws.
fn one_in(count: u32, random: &mut ChaCha8Rng) -> bool {
    random.random_range(0..count) == 0
}

/// The text as the tokenizer sees it: lower-case alphanumeric words with single spaces.
fn tokenizer_view(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|symbol: char| !symbol.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The text with a capital first letter and a full stop.
fn punctuate(text: &str) -> String {
    let mut symbols = text.chars();
    let first = symbols.next().map(|symbol| symbol.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), symbols.as_str())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const LABELS: [&str; 10] = [
        "lights_on",
        "lights_off",
        "lights_adjust",
        "temperature_adjust",
        "blinds_open",
        "blinds_close",
        "music_play",
        "music_stop",
        "volume_adjust",
        "timer_set",
    ];

    #[test]
    fn rows_depend_on_the_seed_alone() {
        assert_eq!(training_rows(7, 500).unwrap(), training_rows(7, 500).unwrap());
        assert_ne!(training_rows(7, 500).unwrap(), training_rows(8, 500).unwrap());
    }

    #[test]
    fn twelve_thousand_rows_are_distinct_and_balanced() {
        let rows = training_rows(1, 12_003).unwrap();
        assert_eq!(rows.len(), 12_003);
        let texts = rows.iter().map(|row| tokenizer_view(row.content.text().unwrap())).collect::<HashSet<_>>();
        assert_eq!(texts.len(), rows.len());
        let mut counts = HashMap::new();
        for row in &rows {
            *counts.entry(row.label.as_str()).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), LABELS.len());
        for (index, label) in LABELS.iter().enumerate() {
            assert_eq!(counts.get(label), Some(&(1_200 + i32::from(index < 3))), "{label}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_rows_on_every_platform() {
        let grammar = "frame:\n  2* <sentence>\n  um <sentence>\nlist room:\n  kitchen | hall | den\n\
            intent on:\n  lights on in the <room>\nintent off:\n  [please] turn the <room> light off\n\
            errors replace:\n  light > lite\nerrors drop:\n  the\n";
        let rows = rows_of(&Grammar::parse(grammar).unwrap(), 5, 4).unwrap();
        let texts = rows.iter().map(|row| row.content.text().unwrap()).collect::<Vec<_>>();
        let expected = [
            "lights on in the kitchen",
            "um please turn the hall light off",
            "lights on in the den",
            "please turn the den light off",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn rows_are_shuffled() {
        let rows = training_rows(1, 1_000).unwrap();
        let changes = rows.windows(2).filter(|pair| pair[0].label != pair[1].label).count();
        assert!(changes > 800, "{changes} label changes");
    }

    #[test]
    fn every_template_gives_words_and_no_grammar_marks() {
        let grammar = Grammar::parse(GRAMMAR).unwrap();
        assert_eq!(grammar.intents.iter().map(|intent| intent.label.as_str()).collect::<Vec<_>>(), LABELS);
        let mut random = ChaCha8Rng::seed_from_u64(3);
        for intent in &grammar.intents {
            for (index, template) in intent.templates.alternatives.iter().enumerate() {
                for _ in 0..20 {
                    let text = grammar.sentence(template, &mut random).join(" ");
                    assert!(!text.is_empty(), "{} template {index}", intent.label);
                    let plain = |symbol: char| symbol.is_ascii_alphanumeric() || " '%-:.".contains(symbol);
                    assert!(text.chars().all(plain), "{} template {index}: {text}", intent.label);
                }
            }
        }
    }

    #[test]
    fn a_malformed_grammar_names_its_line() {
        let error = |text: &str| Grammar::parse(text).unwrap_err();
        let bracket = |line, bracket| GrammarError::Unbalanced { line, bracket };
        assert_eq!(error("intent a:\n  turn (on|off\n"), bracket(2, '('));
        assert_eq!(error("# note\nintent a:\n  on\n  turn on) it\n"), bracket(4, ')'));
        assert_eq!(error("intent a:\n  (on]\n"), bracket(2, ']'));
        assert_eq!(error("list x:\n  <y>\n"), GrammarError::UnknownList { line: 2, name: "y".into() });
        assert_eq!(error("list x:\n  a <x>\n"), GrammarError::UnknownList { line: 2, name: "x".into() });
        assert_eq!(error("  stray\n"), GrammarError::OutsideSection { line: 1 });
        assert_eq!(error("intent a:\n  on\nverb b:\n"), GrammarError::Heading { line: 3, found: "verb b:".into() });
        assert_eq!(error("intent a:\n  on\nintent a:\n"), GrammarError::Heading { line: 3, found: "intent a:".into() });
        assert_eq!(error("intent a:\n  many* on\n"), GrammarError::Weight { line: 2, found: "many".into() });
        assert_eq!(error("intent a:\n  on | | off\n"), GrammarError::EmptyAlternative { line: 2 });
        assert_eq!(error("errors replace:\n  two to\n"), GrammarError::EmptyAlternative { line: 2 });
        assert_eq!(error("frame:\n  <sentence>\n  please\n"), GrammarError::FrameWithoutSentence { line: 3 });
        assert_eq!(error("intent a:\n  on\n"), GrammarError::Incomplete);
    }

    #[test]
    fn an_exhausted_intent_is_an_error() {
        let grammar = Grammar::parse("frame:\n  <sentence>\nintent a:\n  on [now]\n").unwrap();
        let expected = GrammarError::Exhausted { label: "a".into(), wanted: 3, found: 2 };
        assert_eq!(rows_of(&grammar, 1, 3).unwrap_err(), expected);
        assert_eq!(rows_of(&grammar, 1, 2).unwrap().len(), 2);
    }
}
