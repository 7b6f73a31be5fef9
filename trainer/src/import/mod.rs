//! Models that were trained elsewhere: from named tensors and a description to the weights of a network.
//!
//! What differs between frameworks (names, transposed kernels, the order of gates, two biases or one) ends here, in
//! [`torch`] and [`keras`]; behind it there is one [`NetworkWeights`].

mod description;
mod error;
pub mod keras;
mod run;
mod special;
mod tensors;
#[cfg(test)]
mod tests;
pub mod torch;
mod vocabulary;

use std::path::{Path, PathBuf};

pub use description::{Description, Framework, Labels, TensorNames};
pub use error::{ImportError, Shape};
pub use run::{CalibrationRows, ImportedRun};
pub use tensors::{NamedTensor, NamedTensors, TensorValues};
pub use vocabulary::TokenOrder;

use crate::error::Error;
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
    /// The words that it knows, sorted by bytes.
    pub words: Vec<String>,
    /// The file that the weights come from.
    pub weights_path: PathBuf,
    /// What was recognised and is not in the description, for people.
    pub notes: Vec<String>,
}

/// Reads a model that was trained elsewhere: a safetensors file, and the [`Description`] of its network.
///
/// # Errors
/// [`Error::Unreadable`]; [`Error::Run`] for a description that is not one; [`Error::Input`] with the tensor, line or
/// key that does not fit.
pub fn read_model(weights: &Path, description: &Path) -> Result<Imported, Error> {
    let found = Description::read(description)?;
    let labels = found.labels(description)?;
    let mut described = weights_of(&found, NamedTensors::read(weights)?)?;
    let rows = described.embedding.as_ref().map_or(0, |embedding| embedding.rows().len());
    let order = TokenOrder::read(&found, description, rows)?;
    let mut notes: Vec<String> = order.note().map(str::to_owned).into_iter().collect();
    notes.extend(two_classes(&mut described, &labels));
    let fitted = fitted(described, &order, labels.len());
    Ok(Imported {
        description: found,
        weights: fitted.map_err(|problem| ImportError::Description { path: description.into(), problem })?,
        labels,
        words: order.words().to_vec(),
        weights_path: weights.into(),
        notes,
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

/// The weights with the embedding's rows in the project's order, if vocabulary and labels are as many as they need.
fn fitted(mut weights: NetworkWeights, order: &TokenOrder, labels: usize) -> Result<NetworkWeights, String> {
    let classes = weights.head_bias.len();
    if classes == 1 {
        return Err(format!("{labels} labels for a head of one output, whose sigmoid tells two classes apart"));
    }
    if classes != labels {
        return Err(format!("{labels} labels for {classes} classes of the weights"));
    }
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
    Ok(weights)
}
