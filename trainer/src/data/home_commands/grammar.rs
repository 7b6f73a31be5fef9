//! Parser and expansion of the sentence grammar; `grammar.txt` documents the format.
//!
//! Every bracket, list and intent becomes one [`Choice`] in a flat table. A list may name only lists
//! defined above it, so expansion always ends; neither parsing nor expansion recurses.

use std::collections::HashMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::error::GrammarError;
use super::recognition::RecognitionErrors;

/// One element of an alternative.
#[derive(Debug, Clone)]
enum Part {
    /// Literal text.
    Word(String),
    /// Index into [`Grammar::choices`].
    Choice(usize),
    /// The place of the intent's sentence, in frames only.
    Sentence,
}

/// One way to fill a [`Choice`].
#[derive(Debug, Clone)]
pub(super) struct Alternative {
    weight: u32,
    parts: Vec<Part>,
}

/// Alternatives of which one is drawn, in proportion to their weights.
#[derive(Debug, Clone, Default)]
pub(super) struct Choice {
    pub(super) alternatives: Vec<Alternative>,
}

impl Choice {
    /// Draws one alternative; `None` where there is none.
    pub(super) fn draw(&self, random: &mut ChaCha8Rng) -> Option<&Alternative> {
        let total = self.alternatives.iter().map(|alternative| alternative.weight).sum::<u32>();
        if total == 0 {
            return None;
        }
        let mut left = random.random_range(0..total);
        self.alternatives.iter().find(|alternative| {
            let chosen = left < alternative.weight;
            left = left.saturating_sub(alternative.weight);
            chosen
        })
    }
}

/// A label and its sentence templates.
#[derive(Debug, Clone)]
pub(super) struct Intent {
    pub(super) label: String,
    pub(super) templates: Choice,
}

/// A parsed grammar: valid by construction, so expansion cannot fail.
#[derive(Debug, Clone, Default)]
pub(super) struct Grammar {
    pub(super) intents: Vec<Intent>,
    pub(super) errors: RecognitionErrors,
    frames: Choice,
    choices: Vec<Choice>,
}

/// What the heading above a line says about the line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Section {
    List(String),
    Intent(String),
    Frame,
    Errors(String),
}

/// A bracket, or a whole line, whose end has not been read yet.
#[derive(Debug, Default)]
struct Open {
    bracket: Option<char>,
    alternatives: Vec<Alternative>,
    weight: Option<u32>,
    parts: Vec<Part>,
}

impl Open {
    fn end_alternative(&mut self) {
        let weight = self.weight.take().unwrap_or(1);
        self.alternatives.push(Alternative { weight, parts: std::mem::take(&mut self.parts) });
    }
}

impl Grammar {
    /// Reads a grammar.
    ///
    /// # Errors
    /// The first line that does not follow the format, as a [`GrammarError`] with its number.
    pub(super) fn parse(text: &str) -> Result<Self, GrammarError> {
        let mut grammar = Self::default();
        let mut list_index = HashMap::new();
        let mut section = None;
        for (index, raw) in text.lines().enumerate() {
            let line = index + 1;
            let content = raw.split('#').next().unwrap_or_default();
            if content.trim().is_empty() {
                continue;
            }
            if content.starts_with(char::is_whitespace) {
                let section = section.as_ref().ok_or(GrammarError::OutsideSection { line })?;
                grammar.read_body(section, content, line, &list_index)?;
            } else {
                let next = grammar.read_heading(content.trim_end(), line, &mut list_index)?;
                section = Some(next);
            }
        }
        if grammar.intents.is_empty() || grammar.frames.alternatives.is_empty() {
            return Err(GrammarError::Incomplete);
        }
        Ok(grammar)
    }

    fn read_heading(
        &mut self,
        content: &str,
        line: usize,
        list_index: &mut HashMap<String, usize>,
    ) -> Result<Section, GrammarError> {
        let bad_heading = || GrammarError::Heading { line, found: content.to_owned() };
        let heading = content.strip_suffix(':').ok_or_else(bad_heading)?;
        let words = heading.split_whitespace().collect::<Vec<_>>();
        match words.as_slice() {
            ["frame"] => Ok(Section::Frame),
            ["errors", kind] if RecognitionErrors::KINDS.contains(kind) => Ok(Section::Errors((*kind).to_owned())),
            ["list", name] if *name != "sentence" && !list_index.contains_key(*name) => {
                list_index.insert((*name).to_owned(), self.choices.len());
                self.choices.push(Choice::default());
                Ok(Section::List((*name).to_owned()))
            }
            ["intent", label] if self.intents.iter().all(|intent| intent.label != *label) => {
                self.intents.push(Intent { label: (*label).to_owned(), templates: Choice::default() });
                Ok(Section::Intent((*label).to_owned()))
            }
            _ => Err(bad_heading()),
        }
    }

    fn read_body(
        &mut self,
        section: &Section,
        content: &str,
        line: usize,
        list_index: &HashMap<String, usize>,
    ) -> Result<(), GrammarError> {
        if let Section::Errors(kind) = section {
            return self.errors.read_line(kind, content, line);
        }
        let alternatives = self.read_alternatives(section, content, line, list_index)?;
        match section {
            Section::List(name) => {
                if let Some(choice) = list_index.get(name).and_then(|index| self.choices.get_mut(*index)) {
                    choice.alternatives.extend(alternatives);
                }
            }
            Section::Intent(_) => {
                if let Some(intent) = self.intents.last_mut() {
                    intent.templates.alternatives.extend(alternatives);
                }
            }
            Section::Frame => {
                let has_sentence = |part: &Part| matches!(part, Part::Sentence);
                if !alternatives.iter().all(|alternative| alternative.parts.iter().any(has_sentence)) {
                    return Err(GrammarError::FrameWithoutSentence { line });
                }
                self.frames.alternatives.extend(alternatives);
            }
            Section::Errors(_) => {}
        }
        Ok(())
    }

    /// Reads one body line, keeping its open brackets on a stack of its own.
    fn read_alternatives(
        &mut self,
        section: &Section,
        content: &str,
        line: usize,
        list_index: &HashMap<String, usize>,
    ) -> Result<Vec<Alternative>, GrammarError> {
        let mut outer = Vec::new();
        let mut current = Open::default();
        for token in tokens(content) {
            match token {
                "(" | "[" => {
                    let bracket = token.chars().next();
                    outer.push(std::mem::replace(&mut current, Open { bracket, ..Open::default() }));
                }
                ")" | "]" => {
                    let (opening, bracket) = if token == ")" { ('(', ')') } else { ('[', ']') };
                    let unbalanced = GrammarError::Unbalanced { line, bracket };
                    if current.bracket != Some(opening) {
                        return Err(unbalanced);
                    }
                    let index = self.close_bracket(current);
                    current = outer.pop().ok_or(unbalanced)?;
                    current.parts.push(Part::Choice(index));
                }
                "|" => {
                    if outer.is_empty() && current.parts.is_empty() {
                        return Err(GrammarError::EmptyAlternative { line });
                    }
                    current.end_alternative();
                }
                _ => read_word(&mut current, section, token, line, list_index)?,
            }
        }
        if let Some(bracket) = current.bracket {
            return Err(GrammarError::Unbalanced { line, bracket });
        }
        if current.parts.is_empty() {
            return Err(GrammarError::EmptyAlternative { line });
        }
        current.end_alternative();
        Ok(current.alternatives)
    }

    /// Stores a finished bracket; `[x]` gains an empty alternative as heavy as all others together.
    fn close_bracket(&mut self, mut open: Open) -> usize {
        open.end_alternative();
        if open.bracket == Some('[') {
            let weight = open.alternatives.iter().map(|alternative| alternative.weight).sum();
            open.alternatives.push(Alternative { weight, parts: Vec::new() });
        }
        self.choices.push(Choice { alternatives: open.alternatives });
        self.choices.len() - 1
    }

    /// The words of one random sentence of `template` inside a random frame.
    pub(super) fn sentence(&self, template: &Alternative, random: &mut ChaCha8Rng) -> Vec<String> {
        let mut words = Vec::new();
        let mut pending = Vec::new();
        if let Some(frame) = self.frames.draw(random) {
            pending.extend(frame.parts.iter().rev());
        }
        while let Some(part) = pending.pop() {
            match part {
                Part::Word(word) => words.push(word.clone()),
                Part::Sentence => pending.extend(template.parts.iter().rev()),
                Part::Choice(index) => {
                    let drawn = self.choices.get(*index).and_then(|choice| choice.draw(random));
                    if let Some(alternative) = drawn {
                        pending.extend(alternative.parts.iter().rev());
                    }
                }
            }
        }
        words
    }
}

/// Adds one word, weight or list reference to the alternative being read.
fn read_word(
    current: &mut Open,
    section: &Section,
    token: &str,
    line: usize,
    list_index: &HashMap<String, usize>,
) -> Result<(), GrammarError> {
    if let Some(number) = token.strip_suffix('*') {
        let weight = number.parse().ok().filter(|weight| (1..=1000).contains(weight));
        if weight.is_none() || current.weight.is_some() || !current.parts.is_empty() {
            return Err(GrammarError::Weight { line, found: number.to_owned() });
        }
        current.weight = weight;
        return Ok(());
    }
    let Some(name) = token.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) else {
        current.parts.push(Part::Word(token.to_owned()));
        return Ok(());
    };
    if name == "sentence" && *section == Section::Frame {
        current.parts.push(Part::Sentence);
        return Ok(());
    }
    let own_list = *section == Section::List(name.to_owned());
    let index = list_index.get(name).filter(|_| !own_list);
    let index = index.ok_or_else(|| GrammarError::UnknownList { line, name: name.to_owned() })?;
    current.parts.push(Part::Choice(*index));
    Ok(())
}

/// Splits a body line at spaces; brackets and bars are tokens of their own.
fn tokens(content: &str) -> impl Iterator<Item = &str> {
    content.split_whitespace().flat_map(|chunk| {
        chunk
            .split_inclusive(['(', ')', '[', ']', '|'])
            .flat_map(|piece| {
                let text = piece.trim_end_matches(['(', ')', '[', ']', '|']);
                [text, piece.get(text.len()..).unwrap_or_default()]
            })
            .filter(|token| !token.is_empty())
    })
}
