//! What an encoder leaves in a run's folder.

use runtime::format::MAX_REMAINDER_BITS;
use serde::{Deserialize, Serialize};

use super::encoder::subword_buckets;
use super::{
    Encoder, EncoderSettings, FingerprintedVocabulary, FrameNormalization, Input, Splitting, Vocabulary, WordRule,
};
use crate::error::Error;
use crate::run_folder::{RunFolder, read_lines, read_toml, write_lines, write_toml};

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

impl Encoder {
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
    pub fn load(folder: &RunFolder, settings: &EncoderSettings) -> Result<Self, Error> {
        match settings.input {
            Input::Auto | Input::Words => {
                let words = read_lines(&folder.vocabulary())?;
                Ok(Self::Words(Vocabulary::new(Splitting::Words(settings.word_rule), words)))
            }
            Input::HashedWords => Ok(Self::hashed_words(settings)),
            Input::FingerprintedWords => {
                let buckets = subword_buckets(settings);
                load_fingerprints(folder, settings.word_rule)
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::encoder::tests::{frames, learn};
    use super::*;
    use crate::data::Row;

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
            let settings = EncoderSettings { input, ..EncoderSettings::default() };
            assert_eq!(Encoder::load(&folder, &settings).unwrap(), encoder);
            assert_eq!(encoder.input(), input);
        }
    }

    #[test]
    fn fingerprints_that_are_not_those_of_the_words_name_their_file() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(place.path()).unwrap();
        let settings = EncoderSettings { input: Input::FingerprintedWords, ..EncoderSettings::default() };
        let text: String = (0..40).map(|number| format!("w{number} ")).collect();
        let encoder = learn(Input::FingerprintedWords, &[Row::of_text("a", &text)]).unwrap();
        assert_eq!(encoder.to_string(), "40 words as fingerprints with remainders of 6 bits");
        encoder.save(&folder).unwrap();
        let load = || Encoder::load(&folder, &settings).map_err(|error| error.to_string());
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
        let settings = EncoderSettings { input: Input::Frames, ..EncoderSettings::default() };
        for (content, says) in [
            ("unit = 0.0\nmean = [1.0]\nscale = [1.0]\n", "unit 0: expected a positive number"),
            ("unit = 1.0\nmean = [1.0]\nscale = []\n", "1 means and 0 scales"),
            ("unit = 1.0\nmean = []\nscale = []\n", "at least one"),
            ("unit = 1.0\nmean = [nan]\nscale = [1.0]\n", "finite"),
            ("unit = 1.0\nmean = [1.0]\n", "scale"),
        ] {
            std::fs::write(folder.normalization(), content).unwrap();
            let message = Encoder::load(&folder, &settings).unwrap_err().to_string();
            assert!(message.contains("normalization.toml: ") && message.contains(says), "{message}");
        }
    }
}
