use std::cmp::Reverse;
use std::collections::HashMap;

use runtime::text::{FIRST_WORD_TOKEN, UNKNOWN_TOKEN, WordTokenizer};

/// The words that a model knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    words: Vec<String>,
    tokens: HashMap<String, u32>,
}

impl Vocabulary {
    /// The `size` most frequent words of `texts`, of equally frequent ones the first by bytes; fewer if
    /// there are fewer.
    pub fn most_frequent<'t>(texts: impl Iterator<Item = &'t str>, size: usize) -> Self {
        let mut counts = HashMap::<String, u64>::new();
        for text in texts {
            for_each_word(text, |word| {
                if let Some(word) = word {
                    match counts.get_mut(word) {
                        Some(count) => *count += 1,
                        None => drop(counts.insert(word.into(), 1)),
                    }
                }
            });
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by(|(word, count), (other, other_count)| {
            Reverse(count).cmp(&Reverse(other_count)).then_with(|| word.cmp(other))
        });
        Self::from_words(counts.into_iter().take(size).map(|(word, _)| word).collect())
    }

    /// A vocabulary of these words; sorted by bytes, each once.
    pub fn from_words(mut words: Vec<String>) -> Self {
        words.sort_unstable();
        words.dedup();
        let tokens = words.iter().cloned().zip(FIRST_WORD_TOKEN..).collect();
        Self { words, tokens }
    }

    /// The words, sorted by bytes.
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

    /// The tokens of a text, cut after `max_length` of them unless that is 0.
    pub fn encode(&self, text: &str, max_length: usize) -> Vec<u32> {
        let mut tokens = Vec::new();
        for_each_word(text, |word| {
            let token = word.and_then(|word| self.token(word)).unwrap_or(UNKNOWN_TOKEN);
            tokens.push(token);
        });
        if max_length > 0 {
            tokens.truncate(max_length);
        }
        tokens
    }
}

fn for_each_word(text: &str, mut each: impl FnMut(Option<&str>)) {
    let mut tokenizer = WordTokenizer::new();
    tokenizer.push(text.as_bytes(), &mut each);
    tokenizer.finish(each);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_words_are_kept_in_byte_order() {
        let vocabulary = Vocabulary::most_frequent(["b a b", "c a B d", "z"].into_iter(), 3);
        assert_eq!(vocabulary.words(), ["a", "b", "c"]);
        assert_eq!(vocabulary.token_count(), 5);
        assert_eq!(vocabulary.encode("A z, c!", 0), [2, 1, 4]);
        assert_eq!(vocabulary.encode("a b c", 2), [2, 3]);
        assert!(vocabulary.encode("", 2).is_empty());
    }
}
