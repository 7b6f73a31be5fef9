use std::collections::HashMap;

use burn_ndarray::NdArray;

use super::{Budget, Shape};
use crate::config::TrainingConfig;
use crate::data::TrainingData;
use crate::encoding::{Encoder, Input, RankedWords};
use crate::error::Error;
use crate::export::{ExportPrecision, ModelFile};
use crate::run::{Run, Untrained};

/// Most buckets of hashed words that are tried.
const MOST_BUCKETS: usize = 1 << 18;
/// A vocabulary is large enough if so small a share of the budget is left.
const UNUSED_SHARE: usize = 256;
/// The vocabulary that is tried first; then twice as large ones, until one does not fit.
const FIRST_VOCABULARY: usize = 1 << 9;
/// The share of a budget that a network without a vocabulary may have.
const NETWORK_SHARE: f64 = 0.5;

/// Exact sizes of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Bytes of the file.
    pub bytes: usize,
    /// Bytes of a classifier's state.
    pub ram_bytes: usize,
}

/// A shape with the largest vocabulary that fits into a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The network.
    pub shape: Shape,
    /// Known words or characters, or buckets of hashed words; 0 for bytes and frames.
    pub vocabulary: usize,
    /// What its file will have.
    pub size: Size,
}

/// What decides how many tokens there are.
enum Tokens {
    /// The first of these.
    Ranked(RankedWords),
    /// Any number.
    Buckets,
    /// Nothing: bytes, frames.
    Fixed(Encoder),
}

/// Measures how large models of some rows are, by exporting networks that are not trained.
pub struct Sizes<'a> {
    base: &'a TrainingConfig,
    data: TrainingData,
    tokens: Tokens,
    /// Those that are asked for often, by their number of tokens.
    encoders: HashMap<usize, Encoder>,
}

impl<'a> Sizes<'a> {
    /// Reads the rows of `base`, and orders their words.
    ///
    /// # Errors
    /// [`Error::Input`].
    pub fn read(base: &'a TrainingConfig) -> Result<Self, Error> {
        let reading = base.read_options();
        let data = base.data.training_data(&base.selection(&reading, base.held_out()))?;
        let tokens = match (base.input, data.channels) {
            (Input::Auto | Input::Words | Input::FingerprintedWords | Input::Characters, None) => {
                Tokens::Ranked(RankedWords::learn(&base.encoder_settings(), &data)?)
            }
            (Input::HashedWords, None) => Tokens::Buckets,
            _ => Tokens::Fixed(Encoder::learn(&base.encoder_settings(), &data)?),
        };
        Ok(Self { base, data, tokens, encoders: HashMap::new() })
    }

    /// The rows.
    pub fn data(&self) -> &TrainingData {
        &self.data
    }

    /// Candidates of a budget, at most `most`, of the first shapes that fit: whose file has at most the budget's bytes,
    /// of which a network without a vocabulary has at most half, and whose state has at most `ram` bytes.
    ///
    /// # Errors
    /// As [`Self::measure`].
    pub fn candidates(
        &mut self,
        shapes: &[Shape],
        budget: Budget,
        ram: Option<Budget>,
        most: usize,
    ) -> Result<Vec<Candidate>, Error> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for shape in shapes {
            if candidates.len() == most {
                break;
            }
            let mut others = candidates.iter().map(|candidate| &candidate.shape);
            if self.data.channels.is_some() && others.any(|other| other.is_same_over_frames(shape)) {
                continue;
            }
            candidates.extend(self.candidate(*shape, budget, ram)?);
        }
        Ok(candidates)
    }

    /// The shape with the largest vocabulary that fits into a budget; none if no vocabulary does.
    fn candidate(&mut self, shape: Shape, budget: Budget, ram: Option<Budget>) -> Result<Option<Candidate>, Error> {
        let has_vocabulary = !matches!(self.tokens, Tokens::Fixed(_));
        let smallest = usize::from(has_vocabulary);
        let size = self.measure(shape, smallest)?;
        let room = if has_vocabulary { (NETWORK_SHARE * budget.0 as f64) as usize } else { budget.0 };
        if size.bytes > room || ram.is_some_and(|ram| size.ram_bytes > ram.0) {
            return Ok(None);
        }
        let mut best = Candidate { shape, vocabulary: smallest, size };
        if !has_vocabulary {
            return Ok(Some(best));
        }
        let most = self.most_tokens();
        let mut too_many = FIRST_VOCABULARY.min(most);
        let mut size_of_too_many = self.measure(shape, too_many)?;
        while size_of_too_many.bytes <= budget.0 {
            best = Candidate { vocabulary: too_many, size: size_of_too_many, ..best };
            if too_many == most {
                return Ok(Some(best));
            }
            too_many = (2 * too_many).min(most);
            size_of_too_many = self.measure(shape, too_many)?;
        }
        while too_many - best.vocabulary > 1 && budget.0 - best.size.bytes > budget.0 / UNUSED_SHARE {
            let bytes_each = (size_of_too_many.bytes - best.size.bytes) as f64 / (too_many - best.vocabulary) as f64;
            let more = ((budget.0 - best.size.bytes) as f64 / bytes_each) as usize;
            let vocabulary = (best.vocabulary + more).clamp(best.vocabulary + 1, too_many - 1);
            let size = self.measure(shape, vocabulary)?;
            if size.bytes <= budget.0 {
                best = Candidate { vocabulary, size, ..best };
            } else {
                (too_many, size_of_too_many) = (vocabulary, size);
            }
        }
        Ok(Some(best))
    }

    fn most_tokens(&self) -> usize {
        match &self.tokens {
            Tokens::Ranked(words) => words.len().min(self.base.most_words()),
            Tokens::Buckets => MOST_BUCKETS,
            Tokens::Fixed(_) => 0,
        }
    }

    /// The sizes of a shape's file with a vocabulary of so many tokens.
    ///
    /// # Errors
    /// As [`Run::export`]; [`Error::Input`] for words whose fingerprints cannot be told apart.
    pub fn measure(&mut self, shape: Shape, vocabulary: usize) -> Result<Size, Error> {
        let config = shape.config(self.base, vocabulary);
        config.check()?;
        let encoder = self.encoder(&config, vocabulary)?;
        let file = untrained(config, &encoder, &self.data, shape)?;
        let model = runtime::Model::parse(file.bytes()).map_err(Error::Export)?;
        Ok(Size { bytes: file.bytes().len(), ram_bytes: model.required_words() * size_of::<u32>() })
    }

    fn encoder(&mut self, config: &TrainingConfig, vocabulary: usize) -> Result<Encoder, Error> {
        if let Some(encoder) = self.encoders.get(&vocabulary) {
            return Ok(encoder.clone());
        }
        let encoder = match &self.tokens {
            Tokens::Ranked(words) => words.encoder(&config.encoder_settings(), &self.data.place)?,
            Tokens::Buckets => Encoder::hashed_words(&config.encoder_settings()),
            Tokens::Fixed(encoder) => encoder.clone(),
        };
        if vocabulary.is_power_of_two() {
            self.encoders.insert(vocabulary, encoder.clone());
        }
        Ok(encoder)
    }
}

/// The file of a network of these settings before its training, see [`Run::untrained`].
fn untrained(config: TrainingConfig, encoder: &Encoder, data: &TrainingData, shape: Shape) -> Result<ModelFile, Error> {
    let TrainingData { labels, columns, hash: data_hash, training_rows, validation_rows, .. } = data;
    let (training_rows, validation_rows) = (*training_rows, *validation_rows);
    let rows = Untrained { labels, encoder, columns, data_hash, training_rows, validation_rows };
    let run = Run::<NdArray<f32>>::untrained(config, &rows, &Default::default());
    run.export(ExportPrecision::Integer(shape.bits))
}
