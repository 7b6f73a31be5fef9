use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ImportError;
use super::labels::Labels;
use super::onnx::OnnxNetwork;
use crate::error::Error;
use crate::network::{Cell, Pooling};
use crate::run_folder::read_toml;

/// Keys whose answers an ONNX file has.
const ANSWERED_BY_ONNX: [&str; 8] =
    ["framework", "cell", "bidirectional", "num_layers", "pooling", "recurrent_bias", "head_bias", "tensors"];

/// What a file of weights does not say about its network: a TOML file, written by hand. For an ONNX file, which says
/// what the network is, it has what belongs to words, labels and frames alone.
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
/// padding = "right"                # "left": padded there, as Keras's pad_sequences does; masked (pad_to = 0) alone
/// truncation = "right"             # "left": longer texts lost their first words; a device reads all of them
/// recurrent_bias = true            # false for PyTorch's bias=False, Keras's use_bias=False
/// head_bias = true
///
/// [normalization]                  # of frames: instead of a vocabulary, (value - mean) / deviation of each channel
/// mean = [0.1, 9.8]
/// deviation = [1.5, 0.5]           # or scale = [..]: (value - mean) * scale
/// units = [0.001]                  # what 1 of a device's integers stands for: one for all channels, or one each
///
/// [tensors]                        # where the names differ from the frameworks' own, see below
/// embedding = "embedding"
/// recurrent = ["lstm"]
/// head = "fc"
/// ignore = ["optimizer."]          # tensors to leave out: names, or how they start
/// ```
///
/// Only `framework`, `cell`, `pooling` and `labels` must be there, in that of an ONNX file `labels` alone; the values
/// shown for the others are what they are without, but for `[normalization]`. Without a `vocabulary` the network takes
/// in frames of numbers. Files are looked for beside the description.
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
    /// The file of words; none if the network takes in frames.
    pub vocabulary: Option<PathBuf>,
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
    /// Where shorter texts were padded.
    #[serde(default)]
    pub padding: Side,
    /// Where longer texts were cut.
    #[serde(default)]
    pub truncation: Side,
    /// How frames were normalized.
    pub normalization: Option<DescribedNormalization>,
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

/// A side of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Before its first word.
    Left,
    /// After its last word.
    #[default]
    Right,
}

/// How the frames of a model were normalized before it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribedNormalization {
    /// `[channels]`; without it 0.
    pub mean: Option<Vec<f32>>,
    /// `[channels]`: what the rest is divided by.
    pub deviation: Option<Vec<f32>>,
    /// `[channels]`: what the rest is multiplied with.
    pub scale: Option<Vec<f32>>,
    /// What 1 of a device's integers stands for, for all channels or each.
    pub units: Option<Vec<f32>>,
}

/// A framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framework {
    /// PyTorch.
    Torch,
    /// Keras 3, on any backend.
    Keras,
    /// A graph that says itself what it computes.
    Onnx,
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
        if description.framework == Framework::Onnx {
            let problem = "framework = \"onnx\": give the file with --onnx, and leave this key out".into();
            return Err(ImportError::Description { path: path.into(), problem }.into());
        }
        Ok(description.checked(path)?)
    }

    /// Reads and checks the description of an ONNX file, whose network is this.
    ///
    /// # Errors
    /// As [`Self::read`], and for a key that the file answers.
    pub fn read_of_onnx(path: &Path, network: &OnnxNetwork) -> Result<Self, Error> {
        let mut table: toml::Table = read_toml(path)?;
        let wrong = |problem: String| ImportError::Description { path: path.into(), problem };
        if let Some(key) = ANSWERED_BY_ONNX.iter().find(|key| table.contains_key(**key)) {
            return Err(wrong(format!("`{key}` stands in the ONNX file; leave it out of its description")).into());
        }
        let named = |value: Result<toml::Value, toml::ser::Error>| value.map_err(|error| wrong(error.to_string()));
        let layers = &network.weights.layers;
        let cell = layers.first().map(|layer| layer.cell);
        table.insert("framework".into(), "onnx".into());
        table.insert("cell".into(), named(toml::Value::try_from(cell))?);
        table.insert("pooling".into(), named(toml::Value::try_from(network.pooling))?);
        table.insert("bidirectional".into(), layers.iter().any(|layer| layer.reverse.is_some()).into());
        table.insert("num_layers".into(), named(toml::Value::try_from(layers.len()))?);
        let description = Self::deserialize(table).map_err(|error| wrong(error.message().replace('\n', " ")))?;
        Ok(description.checked(path)?)
    }

    fn checked(self, path: &Path) -> Result<Self, ImportError> {
        match self.problem() {
            Some(problem) => Err(ImportError::Description { path: path.into(), problem }),
            None => Ok(self),
        }
    }

    /// Whether the network takes in frames of numbers, not words.
    pub fn reads_frames(&self) -> bool {
        self.vocabulary.is_none()
    }

    /// What only texts have, in the description of a network of frames, and the other way round.
    fn misplaced(&self) -> Option<String> {
        let of_texts = [
            ("first_word_token", self.first_word_token.is_some()),
            ("padding_token", self.padding_token.is_some()),
            ("unknown_token", self.unknown_token.is_some()),
            ("unused_tokens", self.unused_tokens > 0),
            ("drop_unreachable_words", self.drop_unreachable_words),
            ("pad_to", self.pad_to > 0),
            ("padding", self.padding == Side::Left),
            ("truncation", self.truncation == Side::Left),
        ];
        match of_texts.iter().find(|(_, is_given)| *is_given) {
            Some((key, _)) if self.reads_frames() => Some(format!(
                "`{key}` without `vocabulary`: it belongs to words, and without one the network takes in frames"
            )),
            _ if !self.reads_frames() && self.normalization.is_some() => {
                Some("[normalization] with `vocabulary`: it belongs to frames; leave one of the two out".into())
            }
            _ => None,
        }
    }

    /// What cannot be, whatever the tensors are.
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
        if let Some(problem) = self.misplaced() {
            return Some(problem);
        }
        if self.padding == Side::Left && self.pad_to > 0 {
            return Some(format!(
                "padding = \"left\", pad_to = {}: a device cannot know how much padding comes before a text that is still \
                 arriving; with a mask (mask_zero=True) there is none, pad_to = 0; otherwise train with padding=\"post\"",
                self.pad_to
            ));
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
            padding = "right"
            truncation = "right"
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
        let left = |description: &mut Description| (description.padding, description.pad_to) = (Side::Left, 9);
        assert!(problem(left).starts_with("padding = \"left\", pad_to = 9: a device cannot know"));
        let frames = |description: &mut Description| (description.vocabulary, description.pad_to) = (None, 9);
        assert!(problem(frames).starts_with("`pad_to` without `vocabulary`"));
        let names = |description: &mut Description| description.tensors.recurrent = vec!["a".into(), "b".into()];
        assert!(problem(names).starts_with("recurrent names 2 modules, num_layers is 1"));
        assert!(toml::from_str::<Description>(&format!("{SHORTEST}\nhidden = 3")).is_err());
    }
}
