use runtime::format::{
    ComposedWordInput, DirectionWeights, FingerprintedWordInput, HEADER_LENGTH, Head, Header, Input, Int8Scales, Layer,
    Manifest, Tensor, TokenVectors,
};
use serde::Serialize;

use crate::export::ModelFile;

/// The bytes of a model file by kind; their sum is the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FlashParts {
    /// Header and manifest.
    pub manifest: usize,
    /// Names of the classes.
    pub labels: usize,
    /// Known words or characters, and their index.
    pub vocabulary: usize,
    /// Zero and scale of each channel.
    pub normalization: usize,
    /// Vectors of the tokens, or the first layer's weights for each.
    pub embedding: usize,
    /// Recurrent layers.
    pub recurrent: usize,
    /// Linear head.
    pub head: usize,
    /// Bytes between tensors.
    pub alignment: usize,
}

/// One thing that takes bytes of a model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlashPart {
    /// What it is.
    pub name: String,
    /// Its bytes.
    pub bytes: usize,
    /// Bits of a number, of vectors and weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<usize>,
}

/// What a part is counted as.
type Kind = fn(&mut FlashParts) -> &mut usize;

/// Everything that takes bytes, in the order of a sequence's way, and the same by kind.
#[derive(Default)]
pub(super) struct Flash {
    pub(super) by_kind: FlashParts,
    pub(super) parts: Vec<FlashPart>,
}

impl Flash {
    pub(super) fn new(file: &ModelFile, manifest: &Manifest<'_>) -> Self {
        let mut flash = Self::default();
        let manifest_length = Header::read(file.bytes()).map_or(0, |header| header.manifest_length as usize);
        flash.add(|kinds| &mut kinds.manifest, "header and manifest".into(), HEADER_LENGTH + manifest_length, None);
        let labels = manifest.labels.index.length() + manifest.labels.bytes.length();
        flash.add(|kinds| &mut kinds.labels, "labels".into(), labels, None);
        flash.add_input(&manifest.input);
        for (number, layer) in manifest.layers.iter().enumerate() {
            flash.add_layer(number, layer);
        }
        flash.add_head(&manifest.head);
        let used: usize = flash.parts.iter().map(|part| part.bytes).sum();
        let rest = file.bytes().len().saturating_sub(used);
        flash.add(|kinds| &mut kinds.alignment, "alignment".into(), rest, None);
        flash.parts.retain(|part| part.bytes > 0);
        flash
    }

    fn add(&mut self, kind: Kind, name: String, bytes: usize, bits: Option<usize>) {
        *kind(&mut self.by_kind) += bytes;
        self.parts.push(FlashPart { name, bytes, bits });
    }

    /// Numbers that are looked up or multiplied.
    fn add_numbers(&mut self, kind: Kind, name: String, tensor: &Tensor) {
        self.add(kind, name, tensor.length(), Some(tensor.data_type.bits()));
    }

    fn add_input(&mut self, input: &Input) {
        let mut of_vocabulary = |name: &str, tensor: &Tensor| {
            self.add(|kinds| &mut kinds.vocabulary, format!("vocabulary {name}"), tensor.length(), None);
        };
        match input {
            Input::Words(words) => {
                of_vocabulary("strings", &words.vocabulary.bytes);
                of_vocabulary("index", &words.vocabulary.index);
            }
            Input::Characters(characters) => {
                of_vocabulary("strings", &characters.alphabet.bytes);
                of_vocabulary("index", &characters.alphabet.index);
            }
            Input::FingerprintedWords(FingerprintedWordInput { table, .. })
            | Input::ComposedWords(ComposedWordInput { known: FingerprintedWordInput { table, .. }, .. }) => {
                of_vocabulary("buckets", &table.buckets);
                of_vocabulary("index", &table.index);
                of_vocabulary("remainders", &table.remainders);
            }
            Input::Frames(frames) => {
                let bytes = frames.zero.length() + frames.scale.length();
                self.add(|kinds| &mut kinds.normalization, "normalization".into(), bytes, None);
            }
            Input::HashedWords(_) | Input::Bytes(_) => {}
        }
        if let Some(TokenVectors::Embedding(embedding)) = vectors(input) {
            self.add_numbers(|kinds| &mut kinds.embedding, "embedding".into(), &embedding.weights);
        }
    }

    fn add_layer(&mut self, number: usize, layer: &Layer) {
        let directions = [("", Some(&layer.forward)), (" reverse", layer.reverse.as_ref())];
        for (direction, weights) in directions.into_iter().filter_map(|(name, weights)| Some((name, weights?))) {
            let name = |part: &str| format!("layer {}{direction} {part}", number + 1);
            let DirectionWeights { weights, bias, one_hot, scales, .. } = weights;
            if let Some(table) = one_hot {
                self.add_numbers(|kinds| &mut kinds.embedding, name("one-hot weights"), table);
            }
            self.add_numbers(|kinds| &mut kinds.recurrent, name("weights"), weights);
            self.add(|kinds| &mut kinds.recurrent, name("bias"), bias.length(), None);
            self.add(|kinds| &mut kinds.recurrent, name("multipliers"), multipliers(scales), None);
        }
    }

    fn add_head(&mut self, head: &Head) {
        self.add_numbers(|kinds| &mut kinds.head, "head weights".into(), &head.weights);
        self.add(|kinds| &mut kinds.head, "head bias".into(), head.bias.length(), None);
        self.add(|kinds| &mut kinds.head, "head multipliers".into(), multipliers(&head.scales), None);
    }
}

/// The vectors of an input's tokens; none of frames.
pub(super) fn vectors(input: &Input) -> Option<&TokenVectors> {
    match input {
        Input::Words(words) => Some(&words.vectors),
        Input::HashedWords(words) => Some(&words.vectors),
        Input::FingerprintedWords(words) => Some(&words.vectors),
        Input::ComposedWords(words) => Some(&words.known.vectors),
        Input::Characters(characters) => Some(&characters.vectors),
        Input::Bytes(vectors) => Some(vectors),
        Input::Frames(_) => None,
    }
}

fn multipliers(scales: &Option<Int8Scales>) -> usize {
    scales.map_or(0, |scales| scales.multipliers.length())
}
