//! Trained networks whose answers a training learns from.

use burn::tensor::activation::softmax;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use runtime::text::{FIRST_WORD_TOKEN, PADDING_TOKEN, UNKNOWN_TOKEN};

use crate::batches::{Batch, evaluation_batches};
use crate::config::{TeachersRead, TrainingConfig};
use crate::encoding::Encoder;
use crate::error::Error;
use crate::examples::{Example, Examples};
use crate::network::{Classifier, NetworkConfig, Packed, Sequence};
use crate::operations::NetworkBackend;
use crate::operations::values;
use crate::run::{Run, RunIdentity};
use crate::weights::Matrix;

/// Rows that they answer to together.
const BATCH_SIZE: usize = 256;

/// How training rows are encoded for teachers, and what becomes of that for the network that learns from them.
#[derive(Debug, Clone)]
pub struct TeacherEncoding {
    /// What turns rows into the teachers' sequences.
    pub encoder: Encoder,
    /// The learner's token of each of the teachers'; none where rows are the learner's.
    tokens: Option<Vec<u32>>,
    /// What the teachers read.
    read: TeachersRead,
}

impl TeacherEncoding {
    /// The encoding of the teachers that `config` names; nothing if it names none.
    ///
    /// # Errors
    /// [`Error::Run`] for a teacher that is no finished run, was trained on other rows, for other classes, or with
    /// another input than the others; [`Error::Setting`] for words that the teachers do not know.
    pub(super) fn read(
        config: &TrainingConfig,
        encoder: &Encoder,
        labels: &[String],
        data_hash: &str,
    ) -> Result<Option<Self>, Error> {
        let mut found: Option<Encoder> = None;
        for path in &config.teachers {
            let refuse = |problem: &str| Err(Error::Run { path: path.clone(), problem: problem.into() });
            let teacher = RunIdentity::load(path)?;
            let rows = |config: &TrainingConfig| {
                (config.validation.clone(), config.validation_share.to_bits(), config.folds, config.data_seed)
            };
            if teacher.config.folds > 0 {
                return refuse("was cross-validated and has learned from all rows; train a teacher with --folds 0");
            }
            if teacher.config.data_hash.as_deref() != Some(data_hash) || rows(&teacher.config) != rows(config) {
                return refuse("a teacher is trained on the same rows, with the same ones held out for validation");
            }
            if teacher.labels != labels {
                return refuse("a teacher has the same classes");
            }
            if (teacher.config.max_length, teacher.config.pad_to) != (config.max_length, config.pad_to) {
                return refuse("a teacher has the same --max-length and --pad-to");
            }
            if found.as_ref().is_some_and(|found| *found != teacher.encoder) {
                return refuse("reads other tokens than the first teacher; teachers have the same vocabulary");
            }
            found = Some(teacher.encoder);
        }
        let read = config.teachers_read;
        let tokens = |teachers: &Encoder| match read {
            TeachersRead::ChangedRows => tokens_of(teachers, encoder),
            TeachersRead::WholeRows => Ok(None),
        };
        found.map(|teachers| Ok(Self { tokens: tokens(&teachers)?, encoder: teachers, read })).transpose()
    }

    /// Whether the teachers' tokens are the learner's.
    pub(super) fn same_tokens(&self) -> bool {
        self.tokens.is_none()
    }

    /// Whether the teachers are asked batch by batch.
    pub(super) fn are_asked(&self) -> bool {
        self.read == TeachersRead::ChangedRows
    }

    /// The learner's example of a teacher's.
    pub(super) fn learner_example(&self, mut example: Example) -> Example {
        if let (Sequence::Tokens(tokens), Some(map)) = (&mut example.sequence, &self.tokens) {
            for token in tokens {
                *token = map.get(*token as usize).copied().unwrap_or(UNKNOWN_TOKEN);
            }
        }
        example
    }
}

/// The learner's token of each of the teachers'.
fn tokens_of(teachers: &Encoder, learner: &Encoder) -> Result<Option<Vec<u32>>, Error> {
    if teachers == learner {
        return Ok(None);
    }
    let refuse = |problem: String| Err(Error::Setting(format!("--teacher: {problem}")));
    let Encoder::Words(known) = teachers else {
        return refuse("teachers with another input than this network's have to be of --input words".into());
    };
    match (learner, learner.vocabulary()) {
        (Encoder::Words(_) | Encoder::FingerprintedWords(_), Some(vocabulary)) => {
            let lacking = vocabulary.words().iter().filter(|word| known.token(word).is_none()).count();
            if lacking > 0 {
                return refuse(format!(
                    "the teachers do not know {lacking} of this network's words; train them with a --vocabulary-size \
                     as large or larger"
                ));
            }
        }
        (Encoder::HashedWords { .. }, _) => {}
        _ => return refuse("teachers of words teach networks of words, fingerprinted or hashed ones too".into()),
    }
    let words = known.words().iter().map(|word| learner.word_token(word));
    Ok(Some((PADDING_TOKEN..FIRST_WORD_TOKEN).chain(words).collect()))
}

/// Teachers on a backend.
pub(super) struct Teachers<B: Backend> {
    networks: Vec<(Classifier<B>, NetworkConfig)>,
    /// What they answer to whole training rows, `[rows, classes]`, where that is what they read.
    answers: Option<Matrix>,
}

impl<B: NetworkBackend> Teachers<B> {
    /// # Errors
    /// As [`Run::load`].
    pub(super) fn load(config: &TrainingConfig, device: &B::Device) -> Result<Self, Error> {
        let load = |path: &std::path::PathBuf| -> Result<_, Error> {
            let run = Run::<B>::load(path, device)?;
            let network = run.network_config();
            Ok((run.network, network))
        };
        Ok(Self { networks: config.teachers.iter().map(load).collect::<Result<_, _>>()?, answers: None })
    }

    /// Teachers that are ready to answer: to whole training rows, if those are their questions.
    ///
    /// # Errors
    /// As [`Examples::get`].
    pub(super) fn prepared(mut self, questions: Option<&Examples>) -> Result<Self, Error> {
        let Some(rows) = questions else { return Ok(self) };
        let mut answers = Matrix { columns: 0, values: Vec::new() };
        for numbers in evaluation_batches(rows, BATCH_SIZE) {
            let Some(found) = self.probabilities(&Batch::read(rows, &numbers)?.packed) else { continue };
            answers.columns = found.dims()[1];
            answers.values.resize(rows.len() * answers.columns, 0.0);
            for (number, found) in numbers.iter().zip(values(found).chunks(answers.columns)) {
                answers.values[number * found.len()..][..found.len()].copy_from_slice(found);
            }
        }
        self.answers = Some(answers);
        Ok(self)
    }

    /// What they answered to these training rows, if they read whole ones.
    pub(super) fn known(&self, numbers: &[usize], device: &B::Device) -> Option<Tensor<B, 2>> {
        let answers = self.answers.as_ref()?;
        let values: Vec<f32> = numbers.iter().flat_map(|number| answers.row(*number)).copied().collect();
        Some(Tensor::from_data(TensorData::new(values, [numbers.len(), answers.columns]), device))
    }

    /// The mean of their probabilities, `[rows, classes]`.
    pub(super) fn probabilities(&self, packed: &Packed) -> Option<Tensor<B, 2>> {
        let answers = self.networks.iter().map(|(network, config)| softmax(network.forward(config, packed, None), 1));
        answers.reduce(|sum, answer| sum + answer).map(|sum| sum / self.networks.len() as f32)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use runtime::text::hash_word;

    use super::*;
    use crate::encoding::{FingerprintedVocabulary, Splitting, Vocabulary, WordRule};

    fn words(words: &[&str]) -> Encoder {
        Encoder::Words(Vocabulary::new(
            Splitting::Words(WordRule::default()),
            words.iter().map(ToString::to_string).collect(),
        ))
    }

    #[test]
    fn tokens_of_teachers_become_those_of_the_learner() {
        let teachers = words(&["a", "b", "c", "d"]);
        assert_eq!(tokens_of(&teachers, &words(&["b", "d"])).ok(), Some(Some(vec![0, 1, 1, 2, 1, 3])));
        let hashed = ["a", "b", "c", "d"].map(|word| FIRST_WORD_TOKEN + hash_word(word) % 7);
        let expected = [0, 1].into_iter().chain(hashed).collect();
        assert_eq!(
            tokens_of(&teachers, &Encoder::HashedWords { rule: WordRule::default(), buckets: 7 }).ok(),
            Some(Some(expected))
        );
        let words = ["c".to_owned(), "a".to_owned()];
        let known = FingerprintedVocabulary::search(&words, WordRule::default()).unwrap();
        let [c, a] = words.map(|word| known.vocabulary().token(&word).unwrap());
        let other = |word: &str| known.encode(word)[0];
        let expected = vec![0, 1, a, other("b"), c, other("d")];
        assert_eq!(tokens_of(&teachers, &Encoder::FingerprintedWords(known.clone())).ok(), Some(Some(expected)));
        assert_eq!(tokens_of(&teachers, &teachers).ok(), Some(None));
    }

    #[test]
    fn what_teachers_can_not_tell_is_refused() {
        let problem = |teachers: &Encoder, learner: &Encoder| tokens_of(teachers, learner).unwrap_err().to_string();
        assert!(problem(&words(&["a"]), &words(&["a", "b", "c"])).contains("2 of this network's words"));
        let unknown = FingerprintedVocabulary::search(&["a".into(), "b".into()], WordRule::default()).unwrap();
        let unknown = Encoder::FingerprintedWords(unknown);
        assert!(problem(&words(&["a"]), &unknown).contains("1 of this network's words"));
        assert!(problem(&words(&["a"]), &Encoder::Bytes).contains("teach networks of words"));
        assert!(problem(&Encoder::Bytes, &words(&["a"])).contains("--input words"));
    }
}
