//! Models that were trained elsewhere: from named tensors and a description to the weights of a network.
//!
//! What differs between frameworks (names, transposed kernels, the order of gates, two biases or one) ends here, in
//! [`torch`], [`keras`] and [`onnx`]; behind it there is one [`NetworkWeights`].

mod description;
mod error;
mod frames;
pub mod keras;
mod labels;
pub mod onnx;
mod run;
mod special;
mod tensors;
#[cfg(test)]
mod tests;
pub mod torch;
mod vocabulary;

use std::path::{Path, PathBuf};

pub use description::{DescribedNormalization, Description, Framework, Side, TensorNames};
pub use error::{ImportError, Shape};
pub use labels::Labels;
pub use run::{CalibrationRows, ImportedRun};
pub use tensors::{NamedTensor, NamedTensors, TensorValues};
pub use vocabulary::TokenOrder;

use crate::encoding::{ChannelNormalization, FrameNormalization};
use crate::error::Error;
use crate::network::Pooling;
use crate::weights::{Matrix, NetworkWeights};

/// A model that was trained elsewhere, as the project has it.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What its description says.
    pub description: Description,
    /// Its weights; the embedding's rows are in the order of the project's tokens.
    pub weights: NetworkWeights,
    /// Names of the classes, in the order of the logits.
    pub labels: Vec<String>,
    /// What its steps are made of.
    pub input: ImportedInput,
    /// The file that the weights come from.
    pub weights_path: PathBuf,
    /// What was recognised and is not in the description, for people.
    pub notes: Vec<String>,
}

/// What the steps of an imported model are made of.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportedInput {
    /// The words that it knows, sorted by bytes.
    Words(Vec<String>),
    /// Frames, normalized.
    Frames(FrameNormalization),
}

impl ImportedInput {
    /// The words that it knows; none of a model of frames.
    pub fn words(&self) -> &[String] {
        match self {
            Self::Words(words) => words,
            Self::Frames(_) => &[],
        }
    }
}

/// Reads a model that was trained elsewhere: a safetensors file, and the [`Description`] of its network.
///
/// # Errors
/// [`Error::Unreadable`]; [`Error::Run`] for a description that is not one; [`Error::Input`] with the tensor, line or
/// key that does not fit.
pub fn read_model(weights: &Path, description: &Path) -> Result<Imported, Error> {
    let found = Description::read(description)?;
    let mut tensors = NamedTensors::read(weights)?;
    let normalization = match found.framework {
        Framework::Keras if found.reads_frames() => keras::normalization(&mut tensors)?,
        _ => None,
    };
    let described = weights_of(&found, tensors)?;
    Imported::new(found, described, normalization, description, weights)
}

/// Reads an ONNX file, and the [`Description`] of its words, labels and frames.
///
/// # Errors
/// As [`read_model`].
pub fn read_onnx(model: &Path, description: &Path) -> Result<Imported, Error> {
    let network = onnx::read(model)?;
    let found = Description::read_of_onnx(description, &network)?;
    let normalization =
        network.normalization.map(|found| ChannelNormalization { mean: found.mean, scale: found.scale });
    if network.weights.embedding.is_some() == found.reads_frames() {
        let problem = match found.reads_frames() {
            true => "the model takes in tokens, and the description has no `vocabulary`",
            false => "the model takes in frames of numbers, and the description has a `vocabulary`",
        };
        return Err(ImportError::Description { path: model.into(), problem: problem.into() }.into());
    }
    Imported::new(found, network.weights, normalization, description, model)
}

impl Imported {
    /// A model whose weights, and the normalization that it begins with, are read; `path` is the description's.
    fn new(
        description: Description,
        mut weights: NetworkWeights,
        normalization: Option<ChannelNormalization>,
        path: &Path,
        weights_path: &Path,
    ) -> Result<Self, Error> {
        let labels = description.labels(path)?;
        let mut notes = Vec::new();
        let input = match &description.vocabulary {
            Some(vocabulary) => {
                let rows = weights.embedding.as_ref().map_or(0, |embedding| embedding.rows().len());
                let order = TokenOrder::read(&description, path, vocabulary, rows)?;
                notes.extend(order.note().map(str::to_owned));
                reorder(&mut weights, &order)
                    .map_err(|problem| ImportError::Description { path: path.into(), problem })?;
                ImportedInput::Words(order.words().to_vec())
            }
            None => {
                let channels = weights.layers.first().map_or(0, |layer| layer.forward.weight_ih.columns);
                ImportedInput::Frames(frames::normalization(&description, normalization, channels, path)?)
            }
        };
        notes.extend(two_classes(&mut weights, &labels));
        notes.extend(truncation_note(&description));
        check_classes(&weights, labels.len())
            .map_err(|problem| ImportError::Description { path: path.into(), problem })?;
        Ok(Self { description, weights, labels, input, weights_path: weights_path.into(), notes })
    }
}

/// What a device does with texts that lost their first words in training.
fn truncation_note(description: &Description) -> Option<String> {
    let Description { truncation, max_length, bidirectional, pooling, .. } = description;
    if *truncation == Side::Right || *max_length == 0 {
        return None;
    }
    Some(match bidirectional {
        false if *pooling == Pooling::Mean => format!(
            "texts of more than {max_length} words lost their first ones in training: with mean pooling a device keeps \
             the first {max_length}, and answers such texts otherwise"
        ),
        true => format!(
            "texts of more than {max_length} words lost their first ones in training: on the device use \
             LongInput::Window, which keeps the last {max_length}; `trainer evaluate` keeps the first"
        ),
        false => format!(
            "texts of more than {max_length} words lost their first ones in training: a device of one direction reads \
             all of them"
        ),
    })
}

/// The weights of the described network, its embedding's rows in the model's own order.
///
/// # Errors
/// [`ImportError`] with the tensor that is missing, is not used, or does not fit the others.
pub fn weights_of(description: &Description, mut tensors: NamedTensors) -> Result<NetworkWeights, ImportError> {
    let ignored = &description.tensors.ignore;
    tensors.discard(|name| ignored.iter().any(|start| name.starts_with(start.as_str())));
    let weights = match description.framework {
        Framework::Torch => torch::network(description, &mut tensors)?,
        Framework::Keras => keras::network(description, &mut tensors)?,
        Framework::Onnx => {
            let problem = "framework = \"onnx\" has no tensors under names".into();
            return Err(ImportError::Description { path: tensors.path().into(), problem });
        }
    };
    tensors.check_all_taken()?;
    Ok(weights)
}

/// Makes two classes of a head of one output, if there are two labels, and says so: the logits `-z / 2` and `z / 2`
/// have the softmax that has the sigmoid of `z` for the second label.
fn two_classes(weights: &mut NetworkWeights, labels: &[String]) -> Option<String> {
    let ([bias], [first, second]) = (weights.head_bias.as_slice(), labels) else { return None };
    let shares = [-0.5, 0.5];
    weights.head_bias = shares.map(|share| share * bias).to_vec();
    let row = &weights.head_weight.values;
    let values = shares.iter().flat_map(|share| row.iter().map(move |weight| share * weight)).collect();
    weights.head_weight = Matrix { columns: weights.head_weight.columns, values };
    Some(format!(
        "one output becomes two classes: its sigmoid is the probability of `{second}`, the rest that of `{first}`"
    ))
}

/// Checks that a head has a row for each label.
fn check_classes(weights: &NetworkWeights, labels: usize) -> Result<(), String> {
    match weights.head_bias.len() {
        1 => Err(format!("{labels} labels for a head of one output, whose sigmoid tells two classes apart")),
        classes if classes != labels => Err(format!("{labels} labels for {classes} classes of the weights")),
        _ => Ok(()),
    }
}

/// Puts the embedding's rows into the project's order, if the vocabulary is as long as they need.
fn reorder(weights: &mut NetworkWeights, order: &TokenOrder) -> Result<(), String> {
    if let Some(embedding) = &mut weights.embedding {
        let rows = embedding.rows().len();
        if rows != order.token_count() {
            return Err(format!(
                "the vocabulary and the special tokens make {} tokens, the embedding has {rows} rows; correct \
                 first_word_token, or count the rows that no word has in unused_tokens",
                order.token_count()
            ));
        }
        *embedding = order.reorder(embedding);
    }
    Ok(())
}
