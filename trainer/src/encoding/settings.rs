use super::{FrameSettings, Input, VocabularyBy, WordRule};
use crate::data::ReadOptions;

/// What an encoder is to be, of the settings of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderSettings {
    /// What a step is.
    pub input: Input,
    /// How the rows are read that it learns from.
    pub reading: ReadOptions,
    /// What a word is.
    pub word_rule: WordRule,
    /// Columns of text that the vocabulary is made from; empty: those that are read.
    pub vocabulary_columns: Vec<String>,
    /// Training rows that the vocabulary is made from, the first ones; 0: all.
    pub vocabulary_rows: usize,
    /// What the words of the vocabulary are chosen by.
    pub vocabulary_by: VocabularyBy,
    /// Words, or characters, that are known at most.
    pub vocabulary_size: usize,
    /// Tokens that words are hashed to.
    pub hash_buckets: usize,
    /// Rows that words beside a vocabulary of fingerprints are composed of; 0: they are unknown.
    pub subword_buckets: usize,
    /// How frames become steps.
    pub frames: FrameSettings,
}

impl Default for EncoderSettings {
    fn default() -> Self {
        Self {
            input: Input::Auto,
            reading: ReadOptions::default(),
            word_rule: WordRule::default(),
            vocabulary_columns: Vec::new(),
            vocabulary_rows: 0,
            vocabulary_by: VocabularyBy::Frequency,
            vocabulary_size: 4_000,
            hash_buckets: 4_096,
            subword_buckets: 0,
            frames: FrameSettings::SINGLE,
        }
    }
}
