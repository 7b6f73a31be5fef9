use std::cmp::Reverse;
use std::collections::HashMap;

use runtime::text::{CharacterTokenizer, FIRST_WORD_TOKEN, UNKNOWN_TOKEN, WordTokenizer};

use super::WordRule;

/// What a text is split into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Splitting {
    /// Words, as [`WordTokenizer`] has them by this rule.
    Words(WordRule),
    /// Characters, as [`CharacterTokenizer`] has them.
    Characters,
}

impl Splitting {
    /// Calls `each` with every part of a text in lower case; with `None` for one that cannot be known.
    pub fn for_each(self, text: &str, mut each: impl FnMut(Option<&str>)) {
        match self {
            Self::Words(rule) => {
                // Words of a text are UTF-8 under every rule, as the text is.
                let mut each = |word: Option<&[u8]>| each(word.and_then(|word| std::str::from_utf8(word).ok()));
                let mut tokenizer = WordTokenizer::new(rule.in_file());
                tokenizer.push(text.as_bytes(), &mut each);
                tokenizer.finish(each);
            }
            Self::Characters => {
                let mut each = |character: Option<char>| match character {
                    Some(character) => each(Some(character.encode_utf8(&mut [0; 4]))),
                    None => each(None),
                };
                let mut tokenizer = CharacterTokenizer::new();
                tokenizer.push(text.as_bytes(), &mut each);
                tokenizer.finish(each);
            }
        }
    }
}

/// The words, or the characters, that a model knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    splitting: Splitting,
    words: Vec<String>,
    tokens: HashMap<String, u32>,
}

/// How often words, or characters, occur.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    splitting: Splitting,
    counts: HashMap<String, u64>,
}

impl Counts {
    /// Of no text.
    pub(super) fn new(splitting: Splitting) -> Self {
        Self { splitting, counts: HashMap::new() }
    }

    /// Counts those of a text too.
    pub(super) fn add(&mut self, text: &str) {
        self.splitting.for_each(text, |word| {
            if let Some(word) = word {
                match self.counts.get_mut(word) {
                    Some(count) => *count += 1,
                    None => drop(self.counts.insert(word.into(), 1)),
                }
            }
        });
    }

    /// They, the most frequent ones first, of equally frequent ones the first by bytes.
    pub(super) fn most_frequent(self) -> Vec<String> {
        let mut counts: Vec<_> = self.counts.into_iter().collect();
        counts.sort_by(|(word, count), (other, other_count)| {
            Reverse(count).cmp(&Reverse(other_count)).then_with(|| word.cmp(other))
        });
        counts.into_iter().map(|(word, _)| word).collect()
    }
}

impl Vocabulary {
    /// A vocabulary of these words; sorted by bytes, each once.
    pub fn new(splitting: Splitting, mut words: Vec<String>) -> Self {
        words.sort_unstable();
        words.dedup();
        Self::in_order(splitting, words)
    }

    /// A vocabulary whose tokens are in the order of these words.
    pub(super) fn in_order(splitting: Splitting, words: Vec<String>) -> Self {
        let tokens = words.iter().cloned().zip(FIRST_WORD_TOKEN..).collect();
        Self { splitting, words, tokens }
    }

    /// What a text is split into.
    pub fn splitting(&self) -> Splitting {
        self.splitting
    }

    /// The words, in the order of their tokens.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The token of a word; `None` for one that is not known.
    pub fn token(&self, word: &str) -> Option<u32> {
        self.tokens.get(word).copied()
    }

    /// Number of tokens: padding, unknown, and one a word.
    pub fn token_count(&self) -> usize {
        self.words.len() + FIRST_WORD_TOKEN as usize
    }

    /// The tokens of a text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut tokens = Vec::new();
        self.splitting.for_each(text, |word| {
            tokens.push(word.and_then(|word| self.token(word)).unwrap_or(UNKNOWN_TOKEN));
        });
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most_frequent(splitting: Splitting, texts: &[&str], size: usize) -> Vocabulary {
        let mut counts = Counts::new(splitting);
        texts.iter().for_each(|text| counts.add(text));
        Vocabulary::new(splitting, counts.most_frequent().into_iter().take(size).collect())
    }

    #[test]
    fn the_most_frequent_words_are_kept_in_byte_order() {
        let vocabulary = most_frequent(Splitting::Words(WordRule::default()), &["b a b", "c a B d", "z"], 3);
        assert_eq!(vocabulary.words(), ["a", "b", "c"]);
        assert_eq!(vocabulary.token_count(), 5);
        assert_eq!(vocabulary.encode("A z, c!"), [2, 1, 4]);
        assert!(vocabulary.encode("").is_empty());
    }

    #[test]
    fn characters_are_counted_in_lower_case_with_what_stands_between_words() {
        let vocabulary = most_frequent(Splitting::Characters, &["É e é", "\na é!"], 4);
        assert_eq!(vocabulary.words(), ["\n", " ", "!", "é"], "e and a come after ! as often");
        assert_eq!(vocabulary.encode("Éx !\n"), [5, 1, 3, 4, 2]);
    }
}
