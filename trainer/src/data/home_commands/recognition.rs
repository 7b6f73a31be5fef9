//! The errors that speech recognition makes, drawn from the tables of the grammar file.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::error::GrammarError;

/// A phrase and what recognition may hear instead of it.
#[derive(Debug, Clone)]
struct Replacement {
    spoken: Vec<String>,
    heard: Vec<Vec<String>>,
}

/// The error tables of a grammar.
#[derive(Debug, Clone, Default)]
pub(super) struct RecognitionErrors {
    replacements: Vec<Replacement>,
    droppable: Vec<String>,
    repeatable: Vec<String>,
    insertable: Vec<String>,
}

impl RecognitionErrors {
    /// The kinds of error table, as headings name them.
    pub(super) const KINDS: [&'static str; 4] = ["replace", "drop", "repeat", "insert"];

    /// Reads one line of the table `kind`, one of [`Self::KINDS`].
    ///
    /// # Errors
    /// [`GrammarError::EmptyAlternative`] where a phrase is missing.
    pub(super) fn read_line(&mut self, kind: &str, content: &str, line: usize) -> Result<(), GrammarError> {
        let empty = || GrammarError::EmptyAlternative { line };
        let (spoken, heard) = match kind {
            "replace" => content.split_once('>').ok_or_else(empty)?,
            _ => ("", content),
        };
        let spoken = split_words(spoken);
        let heard = heard.split('|').map(split_words).collect::<Vec<_>>();
        if heard.iter().any(Vec::is_empty) || (kind == "replace" && spoken.is_empty()) {
            return Err(empty());
        }
        let phrases = || heard.iter().map(|words| words.join(" "));
        match kind {
            "drop" => self.droppable.extend(phrases()),
            "repeat" => self.repeatable.extend(phrases()),
            "insert" => self.insertable.extend(phrases()),
            _ => self.replacements.push(Replacement { spoken, heard }),
        }
        Ok(())
    }

    /// Applies one random error that fits the sentence; leaves it as it is where the drawn kind does not fit.
    pub(super) fn apply(&self, words: &mut Vec<String>, random: &mut ChaCha8Rng) {
        match random.random_range(0..10_u32) {
            0..=3 => self.replace(words, random),
            4..=6 => {
                let places = places_of(words, &self.droppable);
                if let Some(place) = pick(&places, random) {
                    words.remove(*place);
                }
            }
            7 => {
                let places = places_of(words, &self.repeatable);
                if let Some((place, word)) =
                    pick(&places, random).and_then(|place| Some((*place, words.get(*place)?.clone())))
                {
                    words.insert(place, word);
                }
            }
            _ => {
                if let Some(filler) = pick(&self.insertable, random) {
                    let gaps = (1..words.len()).collect::<Vec<_>>();
                    if let Some(gap) = pick(&gaps, random) {
                        words.insert(*gap, filler.clone());
                    }
                }
            }
        }
    }

    fn replace(&self, words: &mut Vec<String>, random: &mut ChaCha8Rng) {
        let fitting = self.replacements.iter().flat_map(|replacement| {
            let length = replacement.spoken.len();
            let starts = words.windows(length).enumerate();
            starts.filter(|(_, window)| *window == replacement.spoken).map(move |(start, _)| (start, replacement))
        });
        let fitting = fitting.collect::<Vec<_>>();
        if let Some((start, replacement)) = pick(&fitting, random)
            && let Some(heard) = pick(&replacement.heard, random)
        {
            let end = *start + replacement.spoken.len();
            words.splice(*start..end, heard.iter().cloned());
        }
    }
}

fn split_words(phrase: &str) -> Vec<String> {
    phrase.split_whitespace().map(str::to_owned).collect()
}

/// Where the sentence holds a word of the table.
fn places_of(words: &[String], table: &[String]) -> Vec<usize> {
    words.iter().enumerate().filter(|(_, word)| table.contains(word)).map(|(place, _)| place).collect()
}

/// A uniformly drawn element; `None` of an empty slice. Draws 32 bits, so that every platform agrees.
fn pick<'a, T>(items: &'a [T], random: &mut ChaCha8Rng) -> Option<&'a T> {
    let count = u32::try_from(items.len()).ok().filter(|count| *count > 0)?;
    items.get(random.random_range(0..count) as usize)
}
