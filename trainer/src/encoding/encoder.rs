use std::fmt;

use runtime::text::{FIRST_WORD_TOKEN, UNKNOWN_TOKEN, hash_word};

use super::{
    EncoderSettings, FingerprintedVocabulary, FrameNormalization, Input, RankedWords, Splitting, Vocabulary, WordRule,
};
use crate::data::{
    ColumnError, Content, DataError, Frames, Mismatch, Part, ReadOptions, Row, TrainingData, TrainingRow,
};
use crate::network::{InputShape, Sequence};

/// What turns the content of rows into sequences, learned from training rows alone.
#[derive(Debug, Clone, PartialEq)]
pub enum Encoder {
    /// Words of a vocabulary.
    Words(Vocabulary),
    /// Words, numbered by their hash.
    HashedWords {
        /// What a word is.
        rule: WordRule,
        /// A word has token `2 + hash mod buckets`, see [`hash_word`]; at least 1.
        buckets: u32,
    },
    /// Words of a vocabulary of fingerprints.
    FingerprintedWords(FingerprintedVocabulary),
    /// Characters of an alphabet.
    Characters(Vocabulary),
    /// Bytes: byte `b` has token `b + 2`.
    Bytes,
    /// Frames, normalized.
    Frames(FrameNormalization),
}

/// Content as the network reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct CutSequence {
    /// Its first steps.
    pub sequence: Sequence,
    /// Steps of the whole.
    pub steps: usize,
}

/// Tokens of bytes: padding, unknown, and one a byte.
const BYTE_TOKENS: usize = 256 + FIRST_WORD_TOKEN as usize;

impl Encoder {
    /// Learns what `settings.input` needs from training rows; words from the first `settings.vocabulary_rows` of them alone,
    /// with their own columns of text.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] for rows that are not of this input, [`DataError::Fingerprints`] for words that cannot be
    /// told apart, and whatever reading the rows again finds.
    pub fn learn(settings: &EncoderSettings, data: &TrainingData) -> Result<Self, DataError> {
        let mismatch = |mismatch| DataError::Mismatch { place: data.place.clone(), mismatch };
        match (settings.input, data.channels) {
            (Input::Frames | Input::Auto, Some(channels)) => {
                if let Some(column) = settings.vocabulary_columns.first().cloned() {
                    let (place, known) = (data.place.clone(), "frames of numbers".into());
                    return Err(ColumnError::UnknownTextColumn { place, column, known }.into());
                }
                let for_each = |each: &mut dyn FnMut(&Frames)| {
                    for_each_of_training(data, &settings.reading, usize::MAX, |row| {
                        row.content.frames().into_iter().for_each(&mut *each);
                    })
                };
                FrameNormalization::learn(channels, &settings.frames, for_each).map(Self::Frames)
            }
            (Input::Frames, None) => Err(mismatch(Mismatch::TextForFrames)),
            (_, Some(_)) => Err(mismatch(Mismatch::FramesForText)),
            (Input::HashedWords, None) => Ok(Self::hashed_words(settings)),
            (Input::Bytes, None) => Ok(Self::Bytes),
            (_, None) => RankedWords::learn(settings, data)?.encoder(settings, &data.place),
        }
    }

    pub(crate) fn hashed_words(settings: &EncoderSettings) -> Self {
        Self::HashedWords {
            rule: settings.word_rule,
            buckets: u32::try_from(settings.hash_buckets).unwrap_or(u32::MAX),
        }
    }

    /// What it was learned for; never [`Input::Auto`].
    pub fn input(&self) -> Input {
        match self {
            Self::Words(_) => Input::Words,
            Self::HashedWords { .. } => Input::HashedWords,
            Self::FingerprintedWords(_) => Input::FingerprintedWords,
            Self::Characters(_) => Input::Characters,
            Self::Bytes => Input::Bytes,
            Self::Frames(_) => Input::Frames,
        }
    }

    /// Number of tokens: padding, unknown, and the known ones; 0 for frames.
    pub fn token_count(&self) -> usize {
        match self {
            Self::Words(vocabulary) | Self::Characters(vocabulary) => vocabulary.token_count(),
            Self::HashedWords { buckets, .. } => *buckets as usize + FIRST_WORD_TOKEN as usize,
            Self::FingerprintedWords(known) => known.token_count(),
            Self::Bytes => BYTE_TOKENS,
            Self::Frames(_) => 0,
        }
    }

    /// Values of a step of frames; 0 for tokens.
    pub fn values_of_a_step(&self) -> usize {
        match self {
            Self::Frames(normalization) => normalization.values_of_a_step(),
            _ => 0,
        }
    }

    /// The known words or characters, if they are known.
    pub fn vocabulary(&self) -> Option<&Vocabulary> {
        match self {
            Self::Words(vocabulary) | Self::Characters(vocabulary) => Some(vocabulary),
            Self::FingerprintedWords(known) => Some(known.vocabulary()),
            Self::HashedWords { .. } | Self::Bytes | Self::Frames(_) => None,
        }
    }

    /// How frames are normalized, if they are.
    pub fn normalization(&self) -> Option<&FrameNormalization> {
        match self {
            Self::Frames(normalization) => Some(normalization),
            _ => None,
        }
    }

    /// What a step of its sequences is for a network with embeddings of `embedding_size` values.
    pub fn input_shape(&self, embedding_size: usize) -> InputShape {
        match self {
            Self::Frames(normalization) => InputShape::Frames { channels: normalization.values_of_a_step() },
            _ => InputShape::Tokens { tokens: self.token_count(), embedding_size },
        }
    }

    /// The sequence of some content, cut after `max_length` steps unless that is 0.
    ///
    /// # Errors
    /// [`Mismatch`].
    pub fn encode(&self, content: &Content, max_length: usize) -> Result<Sequence, Mismatch> {
        self.encode_counted(content, max_length).map(|found| found.sequence)
    }

    /// [`Self::encode`], with the steps that the content has before it is cut.
    ///
    /// # Errors
    /// [`Mismatch`].
    pub fn encode_counted(&self, content: &Content, max_length: usize) -> Result<CutSequence, Mismatch> {
        match (self, content) {
            (Self::Frames(normalization), Content::Frames(frames)) => {
                let (expected, found) = (normalization.channels(), frames.channels);
                if expected != found {
                    return Err(Mismatch::Channels { expected, found });
                }
                let length = if max_length == 0 { usize::MAX } else { normalization.frames(max_length) };
                let values = frames.values.get(..length.saturating_mul(found)).unwrap_or(&frames.values);
                let channels = normalization.values_of_a_step();
                let sequence = Sequence::Frames { channels, values: normalization.normalize(values) };
                Ok(CutSequence { sequence, steps: normalization.steps(frames.iter().len()) })
            }
            (Self::Frames(_), Content::Text(_)) => Err(Mismatch::TextForFrames),
            (_, Content::Frames(_)) => Err(Mismatch::FramesForText),
            (_, Content::Text(text)) => {
                let mut tokens = self.tokens(text);
                let steps = tokens.len();
                if max_length > 0 {
                    tokens.truncate(max_length);
                }
                Ok(CutSequence { sequence: Sequence::Tokens(tokens), steps })
            }
        }
    }

    /// The token of a word, for encoders of words; that of unknown words where it is not known.
    pub fn word_token(&self, word: &str) -> u32 {
        self.tokens(word).first().copied().unwrap_or(UNKNOWN_TOKEN)
    }

    /// What each token would be if its word were not known; none where all would be [`UNKNOWN_TOKEN`].
    pub fn unknown_tokens(&self) -> Vec<u32> {
        match self {
            Self::FingerprintedWords(known) => known.unknown_tokens(),
            _ => Vec::new(),
        }
    }

    /// All tokens of a text; none for frames.
    fn tokens(&self, text: &str) -> Vec<u32> {
        let mut tokens = Vec::new();
        match self {
            Self::Words(vocabulary) | Self::Characters(vocabulary) => tokens = vocabulary.encode(text),
            Self::FingerprintedWords(known) => tokens = known.encode(text),
            Self::HashedWords { rule, buckets } => Splitting::Words(*rule).for_each(text, |word| {
                tokens.push(word.map_or(UNKNOWN_TOKEN, |word| FIRST_WORD_TOKEN + hash_word(word) % buckets));
            }),
            Self::Bytes => tokens.extend(text.bytes().map(|byte| FIRST_WORD_TOKEN + u32::from(byte))),
            Self::Frames(_) => {}
        }
        tokens
    }
}

/// Rows that words beside a vocabulary of fingerprints are composed of.
pub(super) fn subword_buckets(settings: &EncoderSettings) -> u32 {
    u32::try_from(settings.subword_buckets).unwrap_or(u32::MAX)
}

/// Calls `each` with the first training rows, in the order in which they stand.
pub(super) fn for_each_of_training(
    data: &TrainingData,
    options: &ReadOptions,
    rows: usize,
    mut each: impl FnMut(&Row),
) -> Result<(), DataError> {
    data.for_each(options, |TrainingRow { part, number, row }| {
        if part == Part::Training && number < rows {
            each(row);
        }
        Ok(())
    })
}

impl fmt::Display for Encoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(vocabulary) => write!(formatter, "{} words", vocabulary.words().len()),
            Self::HashedWords { buckets, .. } => write!(formatter, "words in {buckets} buckets"),
            Self::FingerprintedWords(known) => {
                let (words, bits) = (known.vocabulary().words().len(), known.remainder_bits());
                write!(formatter, "{words} words as fingerprints with remainders of {bits} bits")?;
                match known.subword_buckets() {
                    0 => Ok(()),
                    buckets => write!(formatter, ", others composed of {buckets} rows"),
                }
            }
            Self::Characters(alphabet) => write!(formatter, "{} characters", alphabet.words().len()),
            Self::Bytes => write!(formatter, "bytes"),
            Self::Frames(normalization) => normalization.fmt(formatter),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    pub(in crate::encoding) fn frames(channels: usize, values: &[f32]) -> Row {
        Row { label: "a".into(), content: Content::Frames(Frames { channels, values: values.to_vec() }) }
    }

    pub(in crate::encoding) fn learn(input: Input, rows: &[Row]) -> Result<Encoder, String> {
        let settings = EncoderSettings { input, ..EncoderSettings::default() };
        let data = TrainingData::of_rows(rows, "a.csv").unwrap();
        Encoder::learn(&settings, &data).map_err(|error| error.to_string())
    }

    #[test]
    fn the_rows_decide_unless_the_settings_do() {
        let (texts, numbers) = ([Row::of_text("a", "on")], [frames(2, &[1.0, 2.0])]);
        assert_eq!(learn(Input::Auto, &texts).unwrap().input(), Input::Words);
        assert_eq!(learn(Input::Auto, &numbers).unwrap().input(), Input::Frames);
        let expected = "a.csv: frames of numbers, where texts are expected";
        assert_eq!(learn(Input::Words, &numbers).unwrap_err(), expected);
        assert!(learn(Input::Frames, &texts).unwrap_err().starts_with("a.csv: texts, where frames of numbers"));
    }

    #[test]
    fn sequences_of_both_kinds_are_cut() {
        let words = learn(Input::Words, &[Row::of_text("a", "off on")]).unwrap();
        let text = Content::Text("on off on".into());
        assert_eq!((words.token_count(), words.values_of_a_step()), (4, 0));
        assert_eq!(words.encode(&text, 0).unwrap(), Sequence::Tokens(vec![3, 2, 3]));
        assert_eq!(words.encode(&text, 2).unwrap(), Sequence::Tokens(vec![3, 2]));

        let row = frames(2, &[1.0, 7.0, 3.0, 7.0]);
        let numbers = learn(Input::Frames, std::slice::from_ref(&row)).unwrap();
        assert_eq!((numbers.token_count(), numbers.values_of_a_step()), (0, 2));
        for (max_length, expected) in [(0, &[-1.0, 0.0, 1.0, 0.0][..]), (1, &[-1.0, 0.0]), (9, &[-1.0, 0.0, 1.0, 0.0])]
        {
            assert_eq!(
                numbers.encode(&row.content, max_length).unwrap(),
                Sequence::Frames { channels: 2, values: expected.into() }
            );
        }
        assert_eq!(words.encode(&row.content, 0), Err(Mismatch::FramesForText));
        assert_eq!(numbers.encode(&text, 0), Err(Mismatch::TextForFrames));
        let other = frames(3, &[1.0; 3]);
        assert_eq!(numbers.encode(&other.content, 0), Err(Mismatch::Channels { expected: 2, found: 3 }));
    }

    #[test]
    fn words_without_a_vocabulary_characters_and_bytes() {
        let rows = [Row::of_text("a", "On\n\"off\""), Row::of_text("a", "on, é")];
        let text = Content::Text("oN é".into());
        let tokens = |input, max_length| learn(input, &rows).unwrap().encode(&text, max_length).unwrap();
        let hashed = ["on", "é"].map(|word| 2 + hash_word(word) % 4_096);
        assert_eq!(tokens(Input::HashedWords, 0), Sequence::Tokens(hashed.to_vec()));
        assert_eq!(tokens(Input::HashedWords, 1), Sequence::Tokens(hashed[..1].to_vec()));
        // The alphabet: line end, space, quote, comma, f, n, o, é.
        assert_eq!(tokens(Input::Characters, 0), Sequence::Tokens(vec![8, 7, 3, 9]));
        assert_eq!(tokens(Input::Bytes, 4), Sequence::Tokens(vec![113, 80, 34, 197]));
        let count = |input| learn(input, &rows).unwrap().token_count();
        assert_eq!([Input::HashedWords, Input::Characters, Input::Bytes].map(count), [4_098, 10, 258]);
    }
}
