use std::fmt;

use runtime::format::MAX_REMAINDER_BITS;
use runtime::text::{FIRST_WORD_TOKEN, UNKNOWN_TOKEN, hash_word};
use serde::{Deserialize, Serialize};

use super::{FingerprintedVocabulary, FrameNormalization, Input, RankedWords, Splitting, Vocabulary, WordRule};
use crate::data::{Content, DataError, Frames, Part, ReadOptions, Row, TrainingData, TrainingRow};
use crate::error::Error;
use crate::export::ExportedInput;
use crate::network::{InputShape, Sequence};
use crate::run_folder::{RunFolder, read_lines, read_toml, write_lines, write_toml};
use crate::training::TrainingConfig;

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

/// `alphabet.toml`: known characters, which may be line ends, in one string.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Alphabet {
    characters: String,
}

/// `fingerprints.toml`: how the words of a vocabulary become fingerprints.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FingerprintSettings {
    seed: u32,
    remainder_bits: u8,
}

/// Content that an encoder does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// Frames where texts are read.
    FramesForText,
    /// Texts where frames are read.
    TextForFrames,
    /// Frames of another number of values.
    Channels {
        /// Values of a frame that are read.
        expected: usize,
        /// Values of a frame that were found.
        found: usize,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FramesForText => write!(formatter, "frames of numbers, where texts are expected"),
            Self::TextForFrames => write!(formatter, "texts, where frames of numbers are expected"),
            Self::Channels { expected, found } => {
                write!(formatter, "frames of {found} channel(s), where {expected} are expected")
            }
        }
    }
}

impl Encoder {
    /// Learns what `config.input` needs from training rows; words from the first `config.vocabulary_rows` of them alone,
    /// with their own columns of text.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] for rows that are not of this input, [`DataError::Fingerprints`] for words that can not be
    /// told apart, and whatever reading the rows again finds.
    pub fn learn(config: &TrainingConfig, data: &TrainingData) -> Result<Self, DataError> {
        let mismatch = |mismatch| DataError::Mismatch { place: data.place.clone(), mismatch };
        match (config.input, data.channels) {
            (Input::Frames | Input::Auto, Some(channels)) => {
                if let Some(column) = config.vocabulary_columns.first().cloned() {
                    let (place, known) = (data.place.clone(), "frames of numbers".into());
                    return Err(DataError::UnknownTextColumn { place, column, known });
                }
                let for_each = |each: &mut dyn FnMut(&Frames)| {
                    for_each_of_training(data, &config.read_options(), usize::MAX, |row| {
                        row.content.frames().into_iter().for_each(&mut *each);
                    })
                };
                FrameNormalization::learn(channels, &config.frame_settings(), for_each).map(Self::Frames)
            }
            (Input::Frames, None) => Err(mismatch(Mismatch::TextForFrames)),
            (_, Some(_)) => Err(mismatch(Mismatch::FramesForText)),
            (Input::HashedWords, None) => Ok(Self::hashed_words(config)),
            (Input::Bytes, None) => Ok(Self::Bytes),
            (_, None) => RankedWords::learn(config, data)?.encoder(config, &data.place),
        }
    }

    pub(crate) fn hashed_words(config: &TrainingConfig) -> Self {
        Self::HashedWords { rule: config.word_rule, buckets: u32::try_from(config.hash_buckets).unwrap_or(u32::MAX) }
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

    /// What a model file says of it.
    pub fn exported(&self) -> ExportedInput<'_> {
        match self {
            Self::Words(vocabulary) => ExportedInput::Words(vocabulary.words()),
            Self::HashedWords { buckets, .. } => ExportedInput::HashedWords { buckets: *buckets },
            Self::FingerprintedWords(known) => {
                let (fingerprints, subword_buckets) = (known.fingerprints(), known.subword_buckets());
                ExportedInput::FingerprintedWords { fingerprints, subword_buckets }
            }
            Self::Characters(alphabet) => ExportedInput::Characters(alphabet.words()),
            Self::Bytes => ExportedInput::Bytes,
            Self::Frames(normalization) => ExportedInput::Frames(normalization),
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

    /// Writes what was learned to a run's folder.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn save(&self, folder: &RunFolder) -> Result<(), Error> {
        match self {
            Self::Words(vocabulary) => write_lines(&folder.vocabulary(), vocabulary.words()),
            Self::Characters(alphabet) => {
                write_toml(&folder.alphabet(), &Alphabet { characters: alphabet.words().concat() })
            }
            Self::FingerprintedWords(known) => {
                write_lines(&folder.vocabulary(), known.vocabulary().words())?;
                let settings = FingerprintSettings { seed: known.seed(), remainder_bits: known.remainder_bits() };
                write_toml(&folder.fingerprints(), &settings)
            }
            Self::HashedWords { .. } | Self::Bytes => Ok(()),
            Self::Frames(normalization) => write_toml(&folder.normalization(), normalization),
        }
    }

    /// Reads what was learned from a run's folder.
    ///
    /// # Errors
    /// [`Error::Unreadable`]; [`Error::Run`] for a file that does not fit.
    pub fn load(folder: &RunFolder, config: &TrainingConfig) -> Result<Self, Error> {
        match config.input {
            Input::Auto | Input::Words => {
                let words = read_lines(&folder.vocabulary())?;
                Ok(Self::Words(Vocabulary::new(Splitting::Words(config.word_rule), words)))
            }
            Input::HashedWords => Ok(Self::hashed_words(config)),
            Input::FingerprintedWords => {
                let buckets = subword_buckets(config);
                load_fingerprints(folder, config.word_rule)
                    .map(|known| Self::FingerprintedWords(known.with_subword_buckets(buckets)))
            }
            Input::Characters => {
                let Alphabet { characters } = read_toml(&folder.alphabet())?;
                let characters = characters.chars().map(String::from).collect();
                Ok(Self::Characters(Vocabulary::new(Splitting::Characters, characters)))
            }
            Input::Bytes => Ok(Self::Bytes),
            Input::Frames => {
                let path = folder.normalization();
                let normalization: FrameNormalization = read_toml(&path)?;
                match normalization.problem() {
                    Some(problem) => Err(Error::Run { path, problem }),
                    None => Ok(Self::Frames(normalization)),
                }
            }
        }
    }
}

/// Rows that words beside a vocabulary of fingerprints are composed of.
pub(super) fn subword_buckets(config: &TrainingConfig) -> u32 {
    u32::try_from(config.subword_buckets).unwrap_or(u32::MAX)
}

/// The vocabulary of a run's folder, whose words are in the order of their tokens.
fn load_fingerprints(folder: &RunFolder, rule: WordRule) -> Result<FingerprintedVocabulary, Error> {
    let path = folder.fingerprints();
    let FingerprintSettings { seed, remainder_bits } = read_toml(&path)?;
    if !(1..=MAX_REMAINDER_BITS).contains(&remainder_bits) {
        let problem = format!("remainder_bits {remainder_bits}: expected 1 to {MAX_REMAINDER_BITS}");
        return Err(Error::Run { path, problem });
    }
    let words = read_lines(&folder.vocabulary())?;
    let known = FingerprintedVocabulary::new(&words, seed, remainder_bits, rule);
    known.filter(|known| known.vocabulary().words() == words).ok_or_else(|| {
        let problem = format!("the words of this vocabulary are not in the order of seed {seed} in fingerprints.toml");
        Error::Run { path: folder.vocabulary(), problem }
    })
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
mod tests {
    use super::*;

    fn frames(channels: usize, values: &[f32]) -> Row {
        Row { label: "a".into(), content: Content::Frames(Frames { channels, values: values.to_vec() }) }
    }

    fn learn(input: Input, rows: &[Row]) -> Result<Encoder, String> {
        let config = TrainingConfig { input, ..TrainingConfig::default() };
        let data = TrainingData::of_rows(rows, "a.csv").unwrap();
        Encoder::learn(&config, &data).map_err(|error| error.to_string())
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

    #[test]
    fn what_was_learned_is_read_back_from_a_run() {
        let place = tempfile::tempdir().unwrap();
        let texts = [Row::of_text("a", "On\n\r\t\"off\" \\ 'é\u{0}\u{2028}''' \"\"\"")];
        let numbers = [frames(2, &[0.1, 1e-7, 3.0, -5.5])];
        let texts_alone =
            [Input::Words, Input::HashedWords, Input::FingerprintedWords, Input::Characters, Input::Bytes];
        for input in texts_alone.into_iter().chain([Input::Frames]) {
            let rows = if input == Input::Frames { &numbers } else { &texts };
            let folder = RunFolder::create(&place.path().join(format!("{input:?}"))).unwrap();
            let encoder = learn(input, rows).unwrap();
            encoder.save(&folder).unwrap();
            let config = TrainingConfig { input, ..TrainingConfig::default() };
            assert_eq!(Encoder::load(&folder, &config).unwrap(), encoder);
            assert_eq!(encoder.input(), input);
        }
    }

    #[test]
    fn fingerprints_that_are_not_those_of_the_words_name_their_file() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(place.path()).unwrap();
        let config = TrainingConfig { input: Input::FingerprintedWords, ..TrainingConfig::default() };
        let text: String = (0..40).map(|number| format!("w{number} ")).collect();
        let encoder = learn(Input::FingerprintedWords, &[Row::of_text("a", &text)]).unwrap();
        assert_eq!(encoder.to_string(), "40 words as fingerprints with remainders of 6 bits");
        encoder.save(&folder).unwrap();
        let load = || Encoder::load(&folder, &config).map_err(|error| error.to_string());
        assert_eq!(load().unwrap(), encoder);
        let settings = std::fs::read_to_string(folder.fingerprints()).unwrap();
        let words = std::fs::read_to_string(folder.vocabulary()).unwrap();
        for (found, file, says) in [
            ("seed = 12345\nremainder_bits = 6\n", folder.fingerprints(), "vocabulary.txt: the words"),
            (
                "seed = 0\nremainder_bits = 0\n",
                folder.fingerprints(),
                "fingerprints.toml: remainder_bits 0: expected 1",
            ),
            ("seed = 0\nremainder_bits = 25\n", folder.fingerprints(), "fingerprints.toml: remainder_bits 25"),
            ("seed = 0\n", folder.fingerprints(), "fingerprints.toml: "),
            ("on\noff\nup\ndown\n", folder.vocabulary(), "vocabulary.txt: the words"),
            ("on\non\n", folder.vocabulary(), "vocabulary.txt: the words"),
        ] {
            std::fs::write(file, found).unwrap();
            assert!(load().unwrap_err().contains(says), "{found}: {:?}", load());
            std::fs::write(folder.fingerprints(), &settings).unwrap();
            std::fs::write(folder.vocabulary(), &words).unwrap();
        }
    }

    #[test]
    fn a_normalization_that_is_none_names_its_file() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(place.path()).unwrap();
        let config = TrainingConfig { input: Input::Frames, ..TrainingConfig::default() };
        for (content, says) in [
            ("unit = 0.0\nmean = [1.0]\nscale = [1.0]\n", "unit 0: expected a positive number"),
            ("unit = 1.0\nmean = [1.0]\nscale = []\n", "1 means and 0 scales"),
            ("unit = 1.0\nmean = []\nscale = []\n", "at least one"),
            ("unit = 1.0\nmean = [nan]\nscale = [1.0]\n", "finite"),
            ("unit = 1.0\nmean = [1.0]\n", "scale"),
        ] {
            std::fs::write(folder.normalization(), content).unwrap();
            let message = Encoder::load(&folder, &config).unwrap_err().to_string();
            assert!(message.contains("normalization.toml: ") && message.contains(says), "{message}");
        }
    }
}
