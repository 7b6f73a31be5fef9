//! Special tokens that a vocabulary lists among its words.

use std::path::Path;

use super::description::Description;
use super::error::ImportError;

/// Names of padding, in lower case; Keras writes an empty line.
const PADDING: [&str; 5] = ["<pad>", "[pad]", "<padding>", "_pad_", "__pad__"];
/// Names of unknown words, in lower case.
const UNKNOWN: [&str; 8] = ["<unk>", "[unk]", "<unknown>", "<oov>", "[oov]", "_unk_", "__unk__", "__oov__"];
/// Names of other special tokens, in lower case, which may stand between those.
const OTHERS: [&str; 12] =
    ["<s>", "</s>", "<sos>", "<bos>", "<eos>", "<cls>", "<sep>", "<mask>", "[cls]", "[sep]", "[mask]", "[eos]"];

/// Tokens of padding and of unknown words where a description names none.
const DEFAULT_PADDING: usize = 0;
const DEFAULT_UNKNOWN: usize = 1;
/// The token of the first line of a vocabulary that lists no special tokens.
const DEFAULT_FIRST: usize = 2;

/// Lines of a vocabulary that are special tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SpecialLines {
    padding: Option<SpecialLine>,
    unknown: Option<SpecialLine>,
}

/// A line, from 0, and what stands on it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SpecialLine {
    number: usize,
    name: String,
}

/// The model's tokens, as vocabulary and description say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelTokens {
    /// The token of the first line.
    pub(super) first: usize,
    pub(super) padding: usize,
    pub(super) unknown: usize,
    /// What was recognised, for people.
    pub(super) note: Option<String>,
}

impl SpecialLines {
    /// Finds special tokens at the beginning of a vocabulary and at its end; an empty line is one only at the
    /// beginning.
    pub(super) fn find(lines: &[String]) -> Self {
        let is = |names: &[&str], line: &str| names.contains(&line.to_lowercase().as_str());
        let is_special = |line: &&String| [&PADDING[..], &UNKNOWN, &OTHERS].iter().any(|names| is(names, line));
        let empty = usize::from(lines.first().is_some_and(String::is_empty));
        let head = empty + lines.iter().skip(empty).take_while(is_special).count();
        let tail = lines.iter().rev().take_while(is_special).count().min(lines.len() - head);
        let places = || (0..head).chain(lines.len() - tail..lines.len());
        let line = |number: usize| SpecialLine { number, name: lines[number].clone() };
        let padding = places().find(|number| lines[*number].is_empty() || is(&PADDING, &lines[*number]));
        let unknown = places().find(|number| is(&UNKNOWN, &lines[*number]));
        // An empty line alone is more likely a fault of the file than a token.
        let padding = padding.filter(|number| !lines[*number].is_empty() || unknown.is_some());
        Self { padding: padding.map(line), unknown: unknown.map(line) }
    }

    /// The tokens of a vocabulary of `lines` lines and a model whose embedding has `rows` rows.
    ///
    /// # Errors
    /// [`ImportError::Line`] where the description contradicts a line, or where a token is named nowhere.
    pub(super) fn tokens(
        &self,
        lines: usize,
        description: &Description,
        path: &Path,
        rows: usize,
    ) -> Result<ModelTokens, ImportError> {
        let lists_any = self.padding.is_some() || self.unknown.is_some();
        let first = description.first_word_token.unwrap_or(match (lists_any, &self.padding) {
            (false, _) => DEFAULT_FIRST,
            // Keras 2's Tokenizer lists unknown words as token 1 and leaves 0 to padding without a line.
            (true, None) if rows == lines + 1 + description.unused_tokens => 1,
            (true, _) => 0,
        });
        let token = |line: &Option<SpecialLine>| line.as_ref().map(|line| first + line.number);
        let given = [
            (&self.padding, description.padding_token, "padding_token"),
            (&self.unknown, description.unknown_token, "unknown_token"),
        ];
        for (line, given, key) in given {
            if let (Some(line), Some(given)) = (line, given)
                && first + line.number != given
            {
                let found = first + line.number;
                let says = format!("has token {found}, but the description says {key} = {given}");
                return Err(line.wrong(path, &says));
            }
        }
        let unknown = match (token(&self.unknown).or(description.unknown_token), &self.padding) {
            (Some(token), _) => token,
            (None, Some(line)) => {
                let says = "is listed, but no token of unknown words; name it with unknown_token";
                return Err(line.wrong(path, says));
            }
            (None, None) => DEFAULT_UNKNOWN,
        };
        let padding = match (token(&self.padding).or(description.padding_token), &self.unknown) {
            (Some(token), _) => token,
            (None, Some(_)) if first > 0 => DEFAULT_PADDING,
            (None, Some(line)) if description.pad_to > 0 => {
                let says =
                    format!("is listed, and pad_to = {}: the vocabulary has no token of padding", description.pad_to);
                return Err(line.wrong(path, &says));
            }
            // Never used: the network knows none, and nothing pads.
            (None, Some(_)) => unknown,
            (None, None) => DEFAULT_PADDING,
        };
        if padding == unknown && self.unknown.is_none() {
            let problem = format!(
                "padding and unknown words both have token {padding}; a device keeps them apart: name them with padding_token and unknown_token"
            );
            return Err(ImportError::Description { path: path.into(), problem });
        }
        Ok(ModelTokens { first, padding, unknown, note: self.note(first, lines, path) })
    }

    fn note(&self, first: usize, lines: usize, path: &Path) -> Option<String> {
        let named = |line: &SpecialLine, is: &str| {
            let name = if line.name.is_empty() { "an empty line" } else { &format!("`{}`", line.name) };
            format!("{name} is token {}, {is}", first + line.number)
        };
        let found: Vec<String> = [
            self.padding.as_ref().map(|line| named(line, "padding")),
            self.unknown.as_ref().map(|line| named(line, "unknown words")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let is_listed =
            |number: &usize| [&self.padding, &self.unknown].into_iter().flatten().any(|line| line.number == *number);
        let word = (0..lines).find(|number| !is_listed(number))?;
        (!found.is_empty())
            .then(|| format!("{}: {}; the first word is token {}", path.display(), found.join("; "), first + word))
    }
}

impl SpecialLine {
    fn wrong(&self, path: &Path, says: &str) -> ImportError {
        let problem = format!("`{}` {says}", self.name);
        ImportError::Line { path: path.into(), line: self.number + 1, problem }
    }
}
