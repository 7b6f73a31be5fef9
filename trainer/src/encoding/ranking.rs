//! Which words a vocabulary keeps.

use std::collections::HashMap;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::encoder::{for_each_of_training, subword_buckets};
use super::vocabulary::Counts;
use super::{Encoder, EncoderSettings, FingerprintedVocabulary, Input, Splitting, Vocabulary};
use crate::data::{DataError, TrainingData};

/// What the words of a vocabulary are chosen by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum VocabularyBy {
    /// The most frequent words.
    #[default]
    Frequency,
    /// The words that tell most about the class.
    Information,
}

/// All words, or characters, of some training rows, those first that a vocabulary of any size keeps.
#[derive(Debug, Clone)]
pub struct RankedWords {
    splitting: Splitting,
    words: Vec<String>,
}

impl RankedWords {
    /// Orders the words, or with [`Input::Characters`] the characters, of the rows and columns that the vocabulary of
    /// `settings` is made from.
    ///
    /// # Errors
    /// Whatever reading the rows again finds.
    pub fn learn(settings: &EncoderSettings, data: &TrainingData) -> Result<Self, DataError> {
        let words = Splitting::Words(settings.word_rule);
        let splitting = if settings.input == Input::Characters { Splitting::Characters } else { words };
        let own_columns = &settings.vocabulary_columns;
        let options = settings.reading.clone();
        let options = if own_columns.is_empty() { options } else { options.with_text_columns(own_columns) };
        let rows = if settings.vocabulary_rows == 0 { usize::MAX } else { settings.vocabulary_rows };
        let words = match settings.vocabulary_by {
            VocabularyBy::Information => {
                let mut information = Information::new(splitting, data.labels.len());
                for_each_of_training(data, &options, rows, |row| {
                    let class = data.labels.iter().position(|label| *label == row.label);
                    let found = class.zip(row.content.text());
                    found.into_iter().for_each(|(class, text)| information.add(text, class));
                })?;
                information.most_informative()
            }
            VocabularyBy::Frequency => {
                let mut counts = Counts::new(splitting);
                for_each_of_training(data, &options, rows, |row| {
                    row.content.text().into_iter().for_each(|text| counts.add(text));
                })?;
                counts.most_frequent()
            }
        };
        Ok(Self { splitting, words })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The encoder of these settings, which knows the first `settings.vocabulary_size` of them; `place` is the rows'.
    ///
    /// # Errors
    /// [`DataError::Fingerprints`].
    pub fn encoder(&self, settings: &EncoderSettings, place: &str) -> Result<Encoder, DataError> {
        let words = self.words.get(..settings.vocabulary_size).unwrap_or(&self.words);
        let vocabulary = Vocabulary::new(self.splitting, words.to_vec());
        match settings.input {
            Input::Characters => Ok(Encoder::Characters(vocabulary)),
            Input::FingerprintedWords => {
                let words = vocabulary.words();
                let indistinct = || DataError::Fingerprints { place: place.into(), words: words.len() };
                let known = FingerprintedVocabulary::search(words, settings.word_rule).ok_or_else(indistinct)?;
                Ok(Encoder::FingerprintedWords(known.with_subword_buckets(subword_buckets(settings))))
            }
            _ => Ok(Encoder::Words(vocabulary)),
        }
    }
}

/// In how many rows of each class each word occurs: what it says about a row's class.
///
/// Of `N` rows, `N_k` of class `k`, a word is in `n`, `n_k` of class `k`. Were word and class independent, it would be
/// in `E_k = n N_k / N` of that class. What speaks against that is the likelihood ratio
/// ```text
/// G = 2 sum over k of  n_k ln(n_k / E_k) + (N_k - n_k) ln((N_k - n_k) / (N_k - E_k))        0 ln 0 = 0
/// ```
/// Chance alone gives each word `G = classes - 1` on average, so that what is beyond chance has the order of `G`.
///
/// # Shapes and units
/// 4 bytes in memory for each word and class.
///
/// # Source
/// Dunning, Accurate methods for the statistics of surprise and coincidence (1993).
#[derive(Debug, Clone)]
struct Information {
    splitting: Splitting,
    /// `N_k`.
    rows: Vec<u32>,
    words: HashMap<String, Occurrences>,
}

/// Where a word occurs.
#[derive(Debug, Clone)]
struct Occurrences {
    /// The number, from 1, of the last row that it was counted in.
    last_row: u64,
    /// `n_k`.
    rows: Box<[u32]>,
}

impl Information {
    /// Of no row, for so many classes.
    fn new(splitting: Splitting, classes: usize) -> Self {
        Self { splitting, rows: vec![0; classes], words: HashMap::new() }
    }

    /// Counts the words of a row too.
    ///
    /// # Panics
    /// If there is no such class.
    fn add(&mut self, text: &str, class: usize) {
        self.rows[class] += 1;
        let row = self.rows.iter().copied().map(u64::from).sum();
        self.splitting.for_each(text, |word| {
            let Some(word) = word else { return };
            if !self.words.contains_key(word) {
                let nowhere = Occurrences { last_row: 0, rows: vec![0; self.rows.len()].into() };
                self.words.insert(word.into(), nowhere);
            }
            if let Some(found) = self.words.get_mut(word).filter(|found| found.last_row < row) {
                found.last_row = row;
                found.rows[class] += 1;
            }
        });
    }

    /// The words, those with the largest `G` first, of equal ones the first by bytes.
    fn most_informative(self) -> Vec<String> {
        let information = |found: Occurrences| likelihood_ratio(&found.rows, &self.rows);
        let mut words: Vec<_> = self.words.into_iter().map(|(word, found)| (word, information(found))).collect();
        words.sort_by(|(word, found), (other, of_other)| of_other.total_cmp(found).then_with(|| word.cmp(other)));
        words.into_iter().map(|(word, _)| word).collect()
    }
}

/// `G` of a word that is in `found[k]` of the `rows[k]` rows of class `k`.
fn likelihood_ratio(found: &[u32], rows: &[u32]) -> f64 {
    let total = |counts: &[u32]| counts.iter().copied().map(f64::from).sum::<f64>();
    let share = total(found) / total(rows);
    let part = |count: f64, expected: f64| if count > 0.0 { count * (count / expected).ln() } else { 0.0 };
    let class = |(found, rows): (&u32, &u32)| {
        let (found, rows) = (f64::from(*found), f64::from(*rows));
        part(found, share * rows) + part(rows - found, (1.0 - share) * rows)
    };
    2.0 * found.iter().zip(rows).map(class).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::WordRule;

    fn information(rows: &[(&str, usize)]) -> Information {
        let mut information = Information::new(Splitting::Words(WordRule::default()), 2);
        rows.iter().for_each(|(text, class)| information.add(text, *class));
        information
    }

    #[test]
    fn the_likelihood_ratio_is_that_of_the_table_of_rows() {
        // Of 10 rows 4 are of the first class. A word is in 5 rows, where 2 would be of that class and 3 of the other.
        let expected =
            2.0 * (3.0 * 1.5_f64.ln() + 0.5_f64.ln() + 2.0 * (2.0_f64 / 3.0).ln() + 4.0 * (4.0_f64 / 3.0).ln());
        assert!((likelihood_ratio(&[3, 2], &[4, 6]) - expected).abs() < 1e-12);
        // One that is in all rows of one class alone tells all there is to tell: 2 N times the entropy of the classes.
        let entropy = -(0.4 * 0.4_f64.ln() + 0.6 * 0.6_f64.ln());
        assert!((likelihood_ratio(&[4, 0], &[4, 6]) - 20.0 * entropy).abs() < 1e-12);
        for nothing in [[2, 3], [4, 6], [0, 0]] {
            assert!(likelihood_ratio(&nothing, &[4, 6]).abs() < 1e-12, "{nothing:?}");
        }
        assert_eq!(likelihood_ratio(&[1, 0], &[2, 0]), 0.0);
    }

    #[test]
    fn words_that_tell_classes_apart_come_before_frequent_ones() {
        let rows = [("a, on on on", 0), ("on a b", 0), ("A off", 1), ("a b off", 1), ("c a", 1)];
        assert_eq!(information(&rows).most_informative(), ["on", "off", "c", "b", "a"]);
        // A word counts once a row.
        assert_eq!(*information(&rows).words["on"].rows, [2, 0]);
    }
}
