use std::fmt;

use super::{FrameNormalization, Input, Vocabulary};
use crate::data::{Content, DataError, Row};
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
    /// Frames, normalized.
    Frames(FrameNormalization),
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
            Self::TextForFrames => write!(
                formatter,
                "texts, where frames of numbers are expected (a header with `sequence`, `label` and the channels)"
            ),
            Self::Channels { expected, found } => {
                write!(formatter, "frames of {found} channel(s), where {expected} are expected")
            }
        }
    }
}

impl Encoder {
    /// Learns what `config.input` needs from training rows; words from `vocabulary_rows` alone, which are training
    /// rows too, perhaps with other columns of text.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] naming `place` for rows that are not of this input.
    pub fn learn(
        config: &TrainingConfig,
        training: &[Row],
        vocabulary_rows: &[Row],
        place: &str,
    ) -> Result<Self, DataError> {
        let mismatch = |mismatch| DataError::Mismatch { place: place.into(), mismatch };
        let first = training.first().map(|row| &row.content);
        match (config.input, first) {
            (Input::Frames | Input::Auto, Some(Content::Frames(frames))) => {
                let rows = training.iter().filter_map(|row| row.content.frames());
                Ok(Self::Frames(FrameNormalization::learn(rows, frames.channels, config.frame_unit)))
            }
            (Input::Frames, _) => Err(mismatch(Mismatch::TextForFrames)),
            (_, Some(Content::Frames(_))) => Err(mismatch(Mismatch::FramesForText)),
            (Input::Words | Input::Auto, _) => {
                let texts = vocabulary_rows.iter().filter_map(|row| row.content.text());
                Ok(Self::Words(Vocabulary::most_frequent(texts, config.vocabulary_size)))
            }
        }
    }

    /// What it was learned for; never [`Input::Auto`].
    pub fn input(&self) -> Input {
        match self {
            Self::Words(_) => Input::Words,
            Self::Frames(_) => Input::Frames,
        }
    }

    /// Number of tokens: padding, unknown, and the known ones; 0 for frames.
    pub fn token_count(&self) -> usize {
        match self {
            Self::Words(vocabulary) => vocabulary.token_count(),
            Self::Frames(_) => 0,
        }
    }

    /// Values of a frame; 0 for tokens.
    pub fn channels(&self) -> usize {
        match self {
            Self::Frames(normalization) => normalization.channels(),
            _ => 0,
        }
    }

    /// The known words, if they are words of a vocabulary.
    pub fn vocabulary(&self) -> Option<&Vocabulary> {
        match self {
            Self::Words(vocabulary) => Some(vocabulary),
            Self::Frames(_) => None,
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
            Self::Frames(normalization) => InputShape::Frames { channels: normalization.channels() },
            Self::Words(_) => InputShape::Tokens { tokens: self.token_count(), embedding_size },
        }
    }

    /// What a model file says of it.
    pub fn exported(&self) -> ExportedInput<'_> {
        match self {
            Self::Words(vocabulary) => ExportedInput::Words(vocabulary.words()),
            Self::Frames(normalization) => ExportedInput::Frames(normalization),
        }
    }

    /// The sequence of some content, cut after `max_length` steps unless that is 0.
    ///
    /// # Errors
    /// [`Mismatch`].
    pub fn encode(&self, content: &Content, max_length: usize) -> Result<Sequence, Mismatch> {
        match (self, content) {
            (Self::Frames(normalization), Content::Frames(frames)) => {
                let (expected, found) = (normalization.channels(), frames.channels);
                if expected != found {
                    return Err(Mismatch::Channels { expected, found });
                }
                let length = if max_length == 0 { frames.values.len() } else { max_length.saturating_mul(found) };
                let values = frames.values.get(..length).unwrap_or(&frames.values);
                Ok(Sequence::Frames { channels: found, values: normalization.normalize(values) })
            }
            (Self::Frames(_), Content::Text(_)) => Err(Mismatch::TextForFrames),
            (_, Content::Frames(_)) => Err(Mismatch::FramesForText),
            (Self::Words(vocabulary), Content::Text(text)) => Ok(Sequence::Tokens(vocabulary.encode(text, max_length))),
        }
    }

    /// Writes what was learned to a run's folder.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn save(&self, folder: &RunFolder) -> Result<(), Error> {
        match self {
            Self::Words(vocabulary) => write_lines(&folder.vocabulary(), vocabulary.words()),
            Self::Frames(normalization) => write_toml(&folder.normalization(), normalization),
        }
    }

    /// Reads what was learned from a run's folder.
    ///
    /// # Errors
    /// [`Error::Unreadable`]; [`Error::Run`] for a file that does not fit.
    pub fn load(folder: &RunFolder, config: &TrainingConfig) -> Result<Self, Error> {
        match config.input {
            Input::Auto | Input::Words => Ok(Self::Words(Vocabulary::from_words(read_lines(&folder.vocabulary())?))),
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

impl fmt::Display for Encoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(vocabulary) => write!(formatter, "{} words", vocabulary.words().len()),
            Self::Frames(normalization) => {
                write!(formatter, "{} channels, unit {}", normalization.channels(), normalization.unit)
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::Frames;

    fn frames(channels: usize, values: &[f32]) -> Row {
        Row { label: "a".into(), content: Content::Frames(Frames { channels, values: values.to_vec() }) }
    }

    fn learn(input: Input, rows: &[Row]) -> Result<Encoder, String> {
        let config = TrainingConfig { input, ..TrainingConfig::default() };
        Encoder::learn(&config, rows, rows, "a.csv").map_err(|error| error.to_string())
    }

    #[test]
    fn the_rows_decide_unless_the_settings_do() {
        let (texts, numbers) = ([Row::of_text("a", "on")], [frames(2, &[1.0, 2.0])]);
        assert_eq!(learn(Input::Auto, &texts).unwrap().input(), Input::Words);
        assert_eq!(learn(Input::Auto, &numbers).unwrap().input(), Input::Frames);
        let expected = "a.csv: frames of numbers, where texts are expected";
        assert_eq!(learn(Input::Words, &numbers).unwrap_err(), expected);
        assert!(learn(Input::Frames, &texts).unwrap_err().starts_with("a.csv: texts, where frames"));
    }

    #[test]
    fn sequences_of_both_kinds_are_cut() {
        let words = learn(Input::Words, &[Row::of_text("a", "off on")]).unwrap();
        let text = Content::Text("on off on".into());
        assert_eq!((words.token_count(), words.channels()), (4, 0));
        assert_eq!(words.encode(&text, 0).unwrap(), Sequence::Tokens(vec![3, 2, 3]));
        assert_eq!(words.encode(&text, 2).unwrap(), Sequence::Tokens(vec![3, 2]));

        let row = frames(2, &[1.0, 7.0, 3.0, 7.0]);
        let numbers = learn(Input::Frames, std::slice::from_ref(&row)).unwrap();
        assert_eq!((numbers.token_count(), numbers.channels()), (0, 2));
        for (max_length, expected) in [(0, &[-1.0, 0.0, 1.0, 0.0][..]), (1, &[-1.0, 0.0]), (9, &[-1.0, 0.0, 1.0, 0.0])]
        {
            assert_eq!(numbers.encode(&row.content, max_length).unwrap(), Sequence::Frames { channels: 2, values: expected.into() });
        }
        assert_eq!(words.encode(&row.content, 0), Err(Mismatch::FramesForText));
        assert_eq!(numbers.encode(&text, 0), Err(Mismatch::TextForFrames));
        let other = frames(3, &[1.0; 3]);
        assert_eq!(numbers.encode(&other.content, 0), Err(Mismatch::Channels { expected: 2, found: 3 }));
    }
}
