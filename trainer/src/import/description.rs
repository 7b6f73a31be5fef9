use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ImportError;
use crate::error::Error;
use crate::network::{Cell, Pooling};
use crate::run_folder::{read_lines, read_toml};

/// Longest label, in bytes.
const LONGEST_LABEL: usize = runtime::format::MAX_STRING_BYTES;

/// What a file of weights does not say about its network: a TOML file, written by hand.
///
/// ```toml
/// framework = "keras"              # or "torch"
/// cell = "gru"                     # "lstm", "gru" (reset after the product), "rnn-tanh", "rnn-relu"
/// bidirectional = false            # every layer in both directions, outputs side by side
/// num_layers = 1
/// pooling = "last"                 # each direction's last step; "mean" and "max" are over the true steps
/// labels = ["off", "on"]           # in the order of the logits; or a file with one a line
/// vocabulary = "words.txt"         # one word a line, in the order of the model's tokens
/// first_word_token = 2             # the token of its first line; 0 if the vocabulary lists special tokens
/// padding_token = 0                # looked for in the vocabulary first, as `<pad>`, `[PAD]` or an empty first line
/// unknown_token = 1                # looked for in the vocabulary first, as `<unk>`, `[UNK]` or `<OOV>`
/// unused_tokens = 0                # rows of the embedding after the last word's
/// drop_unreachable_words = false   # leave out words that the device's tokenizer never gives
/// max_length = 64                  # words after which a text is cut; 0: never
/// pad_to = 0                       # shorter texts were padded on the right, unmasked, up to this; 0: never
/// recurrent_bias = true            # false for PyTorch's bias=False, Keras's use_bias=False
/// head_bias = true
///
/// [tensors]                        # where the names differ from the frameworks' own, see below
/// embedding = "embedding"
/// recurrent = ["lstm"]
/// head = "fc"
/// ignore = ["optimizer."]          # tensors to leave out: names, or how they start
/// ```
///
/// Only `framework`, `cell`, `pooling`, `labels` and `vocabulary` must be there; the values shown for the others are
/// what they are without. Files are looked for beside the description.
///
/// A head of one output, whose sigmoid is the probability of the second label, becomes a head of two classes.
///
/// **PyTorch.** `NAME.weight` of the embedding (`embedding`), `NAME.weight_ih_l0` .. of one module of `num_layers`
/// layers (the only module of the file that has them, if none is named) or of one module a layer, and `NAME.weight`
/// and `NAME.bias` of the linear layer (`fc`).
///
/// **Keras.** Tensors under their variables' paths, `{v.path: v.numpy() for v in model.variables}`. A name is that of
/// a layer, any component of the path; of a bidirectional layer the wrapper's. Without names: the only embedding, the
/// recurrent layers in the order of the numbers that Keras gave them, the only dense layer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Whose names and layouts the weights have.
    pub framework: Framework,
    /// The formula of the recurrent layers.
    pub cell: Cell,
    /// Whether each layer runs in both directions.
    #[serde(default)]
    pub bidirectional: bool,
    /// Recurrent layers, one on the other.
    #[serde(default = "one")]
    pub num_layers: usize,
    /// How outputs become one vector.
    pub pooling: Pooling,
    /// Names of the classes.
    pub labels: Labels,
    /// The file of words.
    pub vocabulary: PathBuf,
    /// The token of the first line of that file.
    pub first_word_token: Option<usize>,
    /// The token of padding. A line of the vocabulary with this token is no word.
    pub padding_token: Option<usize>,
    /// The token of every other word. A line of the vocabulary with this token is no word.
    pub unknown_token: Option<usize>,
    /// Rows of the embedding after that of the last word.
    #[serde(default)]
    pub unused_tokens: usize,
    /// Leave out words that the device's tokenizer never gives, which are refused otherwise.
    #[serde(default)]
    pub drop_unreachable_words: bool,
    /// Words after which a text is cut; 0: never.
    #[serde(default)]
    pub max_length: usize,
    /// Words up to which a shorter text is padded with the padding token; 0: never.
    #[serde(default)]
    pub pad_to: usize,
    /// Whether the recurrent layers have biases.
    #[serde(default = "yes")]
    pub recurrent_bias: bool,
    /// Whether the last, linear layer has a bias.
    #[serde(default = "yes")]
    pub head_bias: bool,
    /// Where tensors have other names.
    #[serde(default)]
    pub tensors: TensorNames,
}

/// A framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framework {
    /// PyTorch.
    Torch,
    /// Keras 3, on any backend.
    Keras,
}

/// Names of the classes, in the order of the logits.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "labels: expected a list of labels, or the name of a file with one a line")]
pub enum Labels {
    /// The labels themselves.
    List(Vec<String>),
    /// A file with one a line.
    File(PathBuf),
}

/// Names of modules or layers in a file of weights.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TensorNames {
    /// The embedding.
    pub embedding: Option<String>,
    /// The recurrent layers, the one nearest to the input first.
    pub recurrent: Vec<String>,
    /// The last, linear layer.
    pub head: Option<String>,
    /// Tensors to leave out: names, or how they start.
    pub ignore: Vec<String>,
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

impl Description {
    /// Reads and checks a description.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Run`] with the line of a fault, [`ImportError::Description`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let description: Self = read_toml(path)?;
        match description.problem() {
            Some(problem) => Err(ImportError::Description { path: path.into(), problem }.into()),
            None => Ok(description),
        }
    }

    /// What can not be, whatever the tensors are.
    fn problem(&self) -> Option<String> {
        let layers = runtime::format::MAX_LAYERS;
        if !(1..=layers).contains(&self.num_layers) {
            return Some(format!("num_layers = {}: expected 1 to {layers}", self.num_layers));
        }
        if let (Some(token), Some(unknown)) = (self.padding_token, self.unknown_token)
            && token == unknown
        {
            return Some(format!("padding_token and unknown_token are both {token}; a device keeps them apart"));
        }
        let named = self.tensors.recurrent.len();
        let whole = self.framework == Framework::Torch && named == 1;
        if named > 0 && named != self.num_layers && !whole {
            let layers = self.num_layers;
            return Some(format!("recurrent names {named} modules, num_layers is {layers}; name one a layer"));
        }
        let (length, most) = (self.max_length, u16::MAX);
        if !(1..=usize::from(most)).contains(&length) {
            if self.bidirectional {
                return Some(format!(
                    "max_length = {length}: a bidirectional network keeps its words, and needs 1 to {most}"
                ));
            }
            if self.pooling == Pooling::Mean {
                return Some(format!("max_length = {length}: mean pooling needs 1 to {most}"));
            }
        }
        if self.max_length > 0 && self.pad_to > self.max_length {
            return Some(format!("pad_to = {}: more than max_length = {}", self.pad_to, self.max_length));
        }
        None
    }

    /// The labels; `path` is the description's own.
    ///
    /// # Errors
    /// [`Error::Unreadable`]; [`ImportError::Description`], [`ImportError::Line`] for fewer than two labels, or one
    /// that is empty, too long, more than a line, or there twice.
    pub fn labels(&self, path: &Path) -> Result<Vec<String>, Error> {
        let (file, labels) = match &self.labels {
            Labels::List(labels) => (None, labels.clone()),
            Labels::File(name) => {
                let file = beside(path, name);
                let labels = read_lines(&file)?;
                (Some(file), labels)
            }
        };
        let fault = labels.iter().enumerate().find_map(|(place, label)| {
            let problem = label_problem(label, &labels[..place])?;
            Some((place, format!("label `{}` {problem}", label.escape_debug())))
        });
        let error = match (fault, file) {
            (Some((place, problem)), Some(path)) => ImportError::Line { path, line: place + 1, problem },
            (Some((place, problem)), None) => {
                let problem = format!("labels, number {}: {problem}", place + 1);
                ImportError::Description { path: path.into(), problem }
            }
            (None, file) if labels.len() < 2 => {
                let problem = format!("{} label(s); a classifier needs at least two", labels.len());
                ImportError::Description { path: file.unwrap_or(path.into()), problem }
            }
            (None, _) => return Ok(labels),
        };
        Err(error.into())
    }
}

/// What is wrong with a label that comes after `before`.
fn label_problem(label: &str, before: &[String]) -> Option<String> {
    if label.trim().is_empty() {
        Some("is empty".into())
    } else if label.trim() != label {
        Some("begins or ends with white space, which the labels of rows never do".into())
    } else if label.contains(['\n', '\r']) {
        Some("has a line end".into())
    } else if label.len() > LONGEST_LABEL {
        Some(format!("has {} bytes, expected at most {LONGEST_LABEL}", label.len()))
    } else if before.iter().any(|other| other == label) {
        Some("is there twice".into())
    } else {
        None
    }
}

/// A file that a description names, beside it.
pub(super) fn beside(description: &Path, name: &Path) -> PathBuf {
    description.parent().unwrap_or(Path::new("")).join(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SHORTEST: &str = r#"
        framework = "torch"
        cell = "lstm"
        pooling = "last"
        labels = ["off", "on"]
        vocabulary = "words.txt"
    "#;

    fn description(change: impl FnOnce(&mut Description)) -> Description {
        let mut description: Description = toml::from_str(SHORTEST).unwrap();
        change(&mut description);
        description
    }

    #[test]
    fn what_is_left_out_has_the_documented_value() {
        let documented = r#"
            framework = "torch"
            cell = "lstm"
            bidirectional = false
            num_layers = 1
            pooling = "last"
            labels = ["off", "on"]
            vocabulary = "words.txt"
            unused_tokens = 0
            drop_unreachable_words = false
            max_length = 0
            pad_to = 0
            recurrent_bias = true
            head_bias = true
        "#;
        assert_eq!(description(|_| ()), toml::from_str(documented).unwrap());
    }

    #[test]
    fn what_can_not_be_is_named() {
        let problem = |change: fn(&mut Description)| description(change).problem().unwrap_or_default();
        assert_eq!(problem(|_| ()), "");
        assert_eq!(problem(|description| description.num_layers = 5), "num_layers = 5: expected 1 to 4");
        let both = |description: &mut Description| {
            (description.padding_token, description.unknown_token) = (Some(3), Some(3));
        };
        assert!(problem(both).starts_with("padding_token and unknown_token are both 3"));
        assert!(problem(|description| description.bidirectional = true).starts_with("max_length = 0: a bidirectional"));
        assert!(
            problem(|description| (description.max_length, description.pad_to) = (4, 5)).starts_with("pad_to = 5:")
        );
        let names = |description: &mut Description| description.tensors.recurrent = vec!["a".into(), "b".into()];
        assert!(problem(names).starts_with("recurrent names 2 modules, num_layers is 1"));
        assert!(toml::from_str::<Description>(&format!("{SHORTEST}\nhidden = 3")).is_err());
    }

    #[test]
    fn labels_must_be_ones_that_rows_can_have() {
        let problem = |labels: &[&str]| {
            let labels = Labels::List(labels.iter().map(|label| label.to_string()).collect());
            let found = description(|description| description.labels = labels).labels(Path::new("a.toml"));
            found.map_or_else(|error| error.to_string(), |_| String::new())
        };
        assert_eq!(problem(&["off", "on"]), "");
        assert_eq!(problem(&["off"]), "a.toml: 1 label(s); a classifier needs at least two");
        assert_eq!(problem(&["off", "off"]), "a.toml: labels, number 2: label `off` is there twice");
        assert_eq!(problem(&["off", ""]), "a.toml: labels, number 2: label `` is empty");
        assert!(problem(&["off", "o\nn"]).ends_with("label `o\\nn` has a line end"));
    }
}
