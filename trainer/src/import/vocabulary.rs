use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use runtime::text::MAX_WORD_BYTES;
use runtime::text::unicode::to_lowercase;

use super::description::{Description, beside};
use super::error::ImportError;
use super::special::SpecialLines;
use crate::encoding::{Splitting, WordRule};
use crate::error::Error;
use crate::run_folder::read_lines;
use crate::weights::Matrix;

/// The words of a model in the project's order, and which token each had in the model's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOrder {
    words: Vec<String>,
    /// The model's token of each of the project's: padding, unknown, the words.
    sources: Vec<usize>,
    /// Number of the model's tokens, with those that are not used.
    token_count: usize,
    /// What was recognised in the vocabulary, for people.
    note: Option<String>,
}

impl TokenOrder {
    /// Reads the vocabulary of a description; `path` is the description's own, `rows` those of the model's embedding.
    ///
    /// # Errors
    /// [`Error::Unreadable`]; [`ImportError::Line`] for a word that is there twice or that no text has, and for a
    /// special token that the description contradicts; [`ImportError::Description`] for a list without a word.
    pub fn read(description: &Description, path: &Path, vocabulary: &Path, rows: usize) -> Result<Self, Error> {
        let file = beside(path, vocabulary);
        Ok(Self::of_lines(&read_lines(&file)?, description, &file, rows)?)
    }

    fn of_lines(lines: &[String], description: &Description, path: &Path, rows: usize) -> Result<Self, ImportError> {
        let tokens = SpecialLines::find(lines).tokens(lines.len(), description, path, rows)?;
        let special = [tokens.padding, tokens.unknown];
        let mut sorted = BTreeMap::new();
        let mut lines_of = HashMap::new();
        for (number, word) in lines.iter().enumerate() {
            let token = tokens.first + number;
            let wrong = |problem: String| ImportError::Line { path: path.into(), line: number + 1, problem };
            if special.contains(&token) {
                continue;
            }
            if let Some(problem) = unreachable(word) {
                if description.drop_unreachable_words {
                    continue;
                }
                return Err(wrong(format!(
                    "`{}` {problem}, so that no text on a device has it; drop_unreachable_words = true leaves such \
                     words out",
                    word.escape_debug()
                )));
            }
            if let Some(first) = lines_of.insert(word, number + 1) {
                return Err(wrong(format!("`{word}` is on line {first} already")));
            }
            sorted.insert(word.as_str(), token);
        }
        if sorted.is_empty() {
            let problem = "no words; expected one a line, in the order of the model's tokens".into();
            return Err(ImportError::Description { path: path.into(), problem });
        }
        let named = special.iter().map(|token| token + 1).fold(tokens.first + lines.len(), usize::max);
        Ok(Self {
            words: sorted.keys().map(|word| (*word).to_owned()).collect(),
            sources: special.into_iter().chain(sorted.values().copied()).collect(),
            token_count: named + description.unused_tokens,
            note: tokens.note,
        })
    }

    /// The words, sorted by bytes: word `n` has token `n + 2`.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// What was recognised in the vocabulary, for people.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Number of tokens that the model has, rows of its embedding.
    pub fn token_count(&self) -> usize {
        self.token_count
    }

    /// The rows of the model's embedding in the project's order.
    ///
    /// # Shapes and units
    /// From `[token_count, size]` to `[words + 2, size]`.
    pub fn reorder(&self, embedding: &Matrix) -> Matrix {
        let size = embedding.columns;
        let rows = self.sources.iter().flat_map(|token| embedding.values.iter().skip(token * size).take(size));
        Matrix { columns: size, values: rows.copied().collect() }
    }
}

/// Why the device's tokenizer never gives `word`.
fn unreachable(word: &str) -> Option<String> {
    let mut found = Vec::new();
    Splitting::Words(WordRule::default()).for_each(word, |word| found.push(word.map(str::to_owned)));
    match found.as_slice() {
        [Some(same)] if same == word => None,
        [] => Some("has no letter or digit".into()),
        [None] => Some(format!("is longer than {MAX_WORD_BYTES} bytes")),
        [Some(other)] if other.chars().eq(word.chars().flat_map(to_lowercase)) => Some("is not in lower case".into()),
        _ => Some("has characters that are neither letters nor digits".into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn description(settings: &str) -> Description {
        let text = format!(
            "framework = \"keras\"\ncell = \"gru\"\npooling = \"last\"\nlabels = [\"a\", \"b\"]\nvocabulary = \"v\"\n{settings}"
        );
        toml::from_str(&text).unwrap()
    }

    fn order(lines: &[&str], settings: &str) -> Result<TokenOrder, String> {
        order_of(lines, settings, lines.len())
    }

    fn order_of(lines: &[&str], settings: &str, rows: usize) -> Result<TokenOrder, String> {
        let lines: Vec<String> = lines.iter().map(|line| line.to_string()).collect();
        let order = TokenOrder::of_lines(&lines, &description(settings), Path::new("v.txt"), rows);
        order.map_err(|error| error.to_string())
    }

    #[test]
    fn rows_of_the_embedding_follow_their_words() {
        let embedding = Matrix { columns: 2, values: (0..10).map(|value| value as f32).collect() };
        let order = order(&["on", "lamp", "é"], "").unwrap();
        assert_eq!((order.words(), order.token_count()), (&["lamp", "on", "é"].map(str::to_owned)[..], 5));
        assert_eq!(order.reorder(&embedding).values, [0.0, 1.0, 2.0, 3.0, 6.0, 7.0, 4.0, 5.0, 8.0, 9.0]);
    }

    #[test]
    fn padding_and_unknown_may_have_any_token() {
        let last = order(&["b", "a"], "first_word_token = 0\npadding_token = 3\nunknown_token = 2").unwrap();
        assert_eq!((last.sources, last.token_count), (vec![3, 2, 1, 0], 4));
        assert_eq!(order(&["a"], "unused_tokens = 4").unwrap().token_count, 7);
    }

    #[test]
    fn special_tokens_of_a_vocabulary_are_recognised() {
        let sources = |lines: &[&str], settings: &str, rows| {
            order_of(lines, settings, rows).map(|order| (order.sources, order.token_count))
        };
        let keras = ["", "[UNK]", "on", "lamp"];
        for settings in ["", "first_word_token = 0", "drop_unreachable_words = true"] {
            assert_eq!(sources(&keras, settings, 4).unwrap(), (vec![0, 1, 3, 2], 4), "{settings}");
        }
        let torchtext = ["<unk>", "<pad>", "on", "lamp"];
        assert_eq!(sources(&torchtext, "", 4).unwrap(), (vec![1, 0, 3, 2], 4));
        assert_eq!(sources(&torchtext, "first_word_token = 0", 4).unwrap(), (vec![1, 0, 3, 2], 4));
        assert_eq!(sources(&["on", "lamp", "<PAD>", "<UNK>"], "", 4).unwrap(), (vec![2, 3, 1, 0], 4));
        // Of unknown words alone: with a row for padding before them, or without one.
        assert_eq!(sources(&["<OOV>", "on", "lamp"], "", 4).unwrap(), (vec![0, 1, 3, 2], 4));
        assert_eq!(sources(&["[UNK]", "on", "lamp"], "", 3).unwrap(), (vec![0, 0, 2, 1], 3));
        let note = order(&torchtext, "").unwrap().note.unwrap();
        assert_eq!(
            note,
            "v.txt: `<pad>` is token 1, padding; `<unk>` is token 0, unknown words; the first word is token 2"
        );
    }

    #[test]
    fn special_tokens_that_do_not_fit_are_refused() {
        let error = |lines: &[&str], settings: &str| order_of(lines, settings, lines.len()).unwrap_err();
        let torchtext = ["<unk>", "<pad>", "on"];
        let message = error(&torchtext, "padding_token = 0\nunknown_token = 1");
        assert_eq!(message, "v.txt, line 2: `<pad>` has token 1, but the description says padding_token = 0");
        let message = error(&torchtext, "unknown_token = 2");
        assert_eq!(message, "v.txt, line 1: `<unk>` has token 0, but the description says unknown_token = 2");
        let message = error(&["<pad>", "on"], "");
        assert!(message.starts_with("v.txt, line 1: `<pad>` is listed, but no token of unknown words"), "{message}");
        let message = error(&["[UNK]", "on"], "pad_to = 4");
        assert!(message.contains("pad_to = 4: the vocabulary has no token of padding"), "{message}");
        let message = error(&["", "[UNK]", "[UNK]", "on"], "");
        assert!(message.starts_with("v.txt, line 3: `[UNK]` has characters that are neither letters"), "{message}");
        let message = error(&["<pad>", "<unk>", "<sos>", "on"], "");
        assert!(message.starts_with("v.txt, line 3: `<sos>` has characters that are neither letters"), "{message}");
        let message = error(&["on", "<unk>", "off"], "");
        assert!(message.starts_with("v.txt, line 2: `<unk>` has characters that are neither letters"), "{message}");
    }

    #[test]
    fn words_that_no_text_has_are_refused_or_left_out() {
        let error = |word: &str| order(&["a", word], "").unwrap_err();
        assert!(error("Lamp").starts_with("v.txt, line 2: `Lamp` is not in lower case, so that"), "{}", error("Lamp"));
        assert!(error("don't").contains("neither letters nor digits"), "{}", error("don't"));
        assert!(error("").contains("has no letter or digit"), "{}", error(""));
        assert!(error(&"a".repeat(65)).contains("is longer than 64 bytes"));
        assert_eq!(error("a"), "v.txt, line 2: `a` is on line 1 already");
        let left = order(&["don't", "b", "a"], "drop_unreachable_words = true").unwrap();
        assert_eq!((left.sources, left.token_count), (vec![0, 1, 4, 3], 5));
    }
}
