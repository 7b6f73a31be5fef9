use std::fmt;
use std::path::Path;

use runtime::format::{
    Cell, DirectionWeights, HEADER_LENGTH, Input, Int8Scales, Layer, Manifest, StringTableRef, Tensor, TokenVectors,
};
use runtime::{Classifier, InputKind};
use serde::Serialize;

use crate::error::Error;
use crate::export::ModelFile;

/// What a model file is, and what it costs a device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// `f32`, `f16` or `int8`.
    pub precision: String,
    /// What a step is: `words`, `hashed-words`, `characters`, `bytes` or `frames`.
    pub input: String,
    /// The layers, from the input to the classes.
    pub architecture: Vec<String>,
    /// Names of the classes.
    pub labels: Vec<String>,
    /// Known words or characters.
    pub vocabulary_size: usize,
    /// Values of a frame; 0 of a text.
    pub channels: usize,
    /// What 1 in a frame of integers stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_unit: Option<f32>,
    /// Steps after which a sequence is full; 0: never.
    pub max_steps: u32,
    /// Steps up to which a shorter sequence is padded; 0: it is not.
    pub pad_to: u32,
    /// Whether steps are kept, and computed when an answer is asked for.
    pub is_bidirectional: bool,
    /// Bytes of the file.
    pub flash_bytes: usize,
    /// Where they go.
    pub flash: FlashParts,
    /// Bytes of a classifier: state, tokenizer, and its other fields (as large as on this machine; pointers are
    /// smaller on a microcontroller).
    pub ram_bytes: usize,
    /// Bytes of the state alone.
    pub state_bytes: usize,
    /// Multiplications of a weight in one step; a bidirectional model makes them for each of its steps in each
    /// prediction.
    pub macs_per_step: usize,
    /// Multiplications of a weight in one prediction, beside its steps.
    pub macs_per_prediction: usize,
    /// Version of the trainer that wrote it.
    pub trainer_version: String,
    /// SHA-256 of the training data.
    pub data_hash: String,
    /// Rows trained on.
    pub training_rows: u32,
    /// Rows that the int8 ranges were measured on.
    pub calibration_rows: u32,
    /// Accuracy of the trained float network on its validation rows.
    pub validation_accuracy: f32,
    /// Seed of the run.
    pub seed: u64,
}

/// The bytes of a model file by part; their sum is the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

impl Inspection {
    /// Reads a model file.
    ///
    /// # Errors
    /// [`Error::Model`].
    pub fn new(file: &ModelFile, path: &Path) -> Result<Self, Error> {
        let model = file.parse(path)?;
        let manifest = runtime::Model::manifest(file.bytes()).map_err(Error::of_model(path))?;
        let classes = model.labels().count();
        let pooled =
            manifest.layers.last().map_or(0, |layer| usize::from(layer.hidden_size) * directions(layer).count());
        let mut architecture = vec![input_stage(&model, &manifest)];
        architecture.extend(manifest.layers.iter().map(layer_stage));
        architecture.push(format!("{:?} pooling", manifest.pooling).to_lowercase());
        architecture.push(format!("linear {pooled} -> {classes}"));
        let state_bytes = model.required_words() * 4;
        let provenance = model.provenance();
        Ok(Self {
            precision: model.precision().to_string(),
            input: input_name(model.input_kind()).into(),
            architecture,
            labels: model.labels().map(str::to_owned).collect(),
            vocabulary_size: model.vocabulary().map_or(0, |vocabulary| vocabulary.words().count()),
            channels: model.channels(),
            frame_unit: model.frame_unit(),
            max_steps: manifest.max_steps,
            pad_to: manifest.pad_to,
            is_bidirectional: model.is_bidirectional(),
            flash_bytes: file.bytes().len(),
            flash: FlashParts::new(file, &manifest),
            ram_bytes: state_bytes + size_of::<Classifier<'_, '_, 0>>(),
            state_bytes,
            macs_per_step: manifest.layers.iter().map(macs).sum(),
            macs_per_prediction: pooled * classes,
            trainer_version: provenance.trainer_version.into(),
            data_hash: provenance.data_hash.into(),
            training_rows: provenance.training_rows,
            calibration_rows: provenance.calibration_rows,
            validation_accuracy: provenance.validation_accuracy,
            seed: provenance.seed,
        })
    }
}

/// The input's name, as `--input` has it.
fn input_name(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Words => "words",
        InputKind::HashedWords => "hashed-words",
        InputKind::Characters => "characters",
        InputKind::Bytes => "bytes",
        InputKind::Frames => "frames",
        _ => "other",
    }
}

fn vectors<'a>(manifest: &'a Manifest<'_>) -> Option<&'a TokenVectors> {
    match &manifest.input {
        Input::Words(words) => Some(&words.vectors),
        Input::HashedWords(words) => Some(&words.vectors),
        Input::Characters(characters) => Some(&characters.vectors),
        Input::Bytes(vectors) => Some(vectors),
        Input::Frames(_) => None,
    }
}

/// How a step becomes the first layer's input.
fn input_stage(model: &runtime::Model<'_>, manifest: &Manifest<'_>) -> String {
    match vectors(manifest) {
        Some(TokenVectors::Embedding(embedding)) => format!("embedding {} x {}", model.token_count(), embedding.size),
        Some(TokenVectors::OneHot) => format!("one-hot {}", model.token_count()),
        None => format!("frames of {}", model.channels()),
    }
}

fn layer_stage(layer: &Layer) -> String {
    let cell = match layer.cell {
        Cell::Lstm => "lstm",
        Cell::Gru => "gru",
        Cell::RnnTanh => "rnn-tanh",
        Cell::RnnRelu => "rnn-relu",
    };
    let Layer { input_size, hidden_size, .. } = layer;
    match layer.reverse {
        None => format!("{cell} {input_size} -> {hidden_size}"),
        Some(_) => format!("bidirectional {cell} {input_size} -> 2 x {hidden_size}"),
    }
}

fn directions(layer: &Layer) -> impl Iterator<Item = &DirectionWeights> {
    std::iter::once(&layer.forward).chain(&layer.reverse)
}

/// Multiplications of a weight in one step of a layer: none for the input of one-hot tokens.
fn macs(layer: &Layer) -> usize {
    let (input, hidden) = (usize::from(layer.input_size), usize::from(layer.hidden_size));
    let columns = |direction: &DirectionWeights| hidden + if direction.one_hot.is_some() { 0 } else { input };
    directions(layer).map(|direction| layer.cell.gates() * hidden * columns(direction)).sum()
}

impl FlashParts {
    fn new(file: &ModelFile, manifest: &Manifest<'_>) -> Self {
        let scales = |scales: &Option<Int8Scales>| scales.map_or(0, |scales| bytes(&scales.multipliers));
        let all = || manifest.layers.iter().flat_map(directions);
        let recurrent =
            |weights: &DirectionWeights| bytes(&weights.weights) + bytes(&weights.bias) + scales(&weights.scales);
        let one_hot: usize = all().filter_map(|weights| weights.one_hot.as_ref()).map(bytes).sum();
        let embedding = match vectors(manifest) {
            Some(TokenVectors::Embedding(embedding)) => bytes(&embedding.weights),
            _ => 0,
        };
        let (vocabulary, normalization) = match &manifest.input {
            Input::Words(words) => (table_bytes(&words.vocabulary), 0),
            Input::Characters(characters) => (table_bytes(&characters.alphabet), 0),
            Input::Frames(frames) => (0, bytes(&frames.zero) + bytes(&frames.scale)),
            Input::HashedWords(_) | Input::Bytes(_) => (0, 0),
        };
        let mut parts = Self {
            manifest: HEADER_LENGTH + manifest_length(file),
            labels: table_bytes(&manifest.labels),
            vocabulary,
            normalization,
            embedding: embedding + one_hot,
            recurrent: all().map(recurrent).sum(),
            head: bytes(&manifest.head.weights) + bytes(&manifest.head.bias) + scales(&manifest.head.scales),
            alignment: 0,
        };
        parts.alignment = file.bytes().len() - parts.total();
        parts
    }

    fn total(&self) -> usize {
        let Self { manifest, labels, vocabulary, normalization, embedding, recurrent, head, alignment } = *self;
        manifest + labels + vocabulary + normalization + embedding + recurrent + head + alignment
    }
}

fn manifest_length(file: &ModelFile) -> usize {
    runtime::format::Header::read(file.bytes()).map_or(0, |header| header.manifest_length as usize)
}

fn table_bytes(table: &StringTableRef) -> usize {
    bytes(&table.index) + bytes(&table.bytes)
}

fn bytes(tensor: &Tensor) -> usize {
    tensor.length()
}

impl Inspection {
    fn describe_input(&self) -> String {
        match self.frame_unit {
            Some(unit) => format!("frames of {} values, 1 is {unit}", self.channels),
            None if self.vocabulary_size > 0 => format!("{}, {} known", self.input, self.vocabulary_size),
            None => self.input.clone(),
        }
    }

    fn describe_steps(&self) -> String {
        let padded = if self.pad_to > 0 { format!(", padded to {}", self.pad_to) } else { String::new() };
        padded + if self.is_bidirectional { ", kept for both directions" } else { "" }
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "precision     {}", self.precision)?;
        writeln!(formatter, "architecture  {}", self.architecture.join(" | "))?;
        writeln!(formatter, "labels        {}", self.labels.join(", "))?;
        let limit = if self.max_steps == 0 { "no limit".into() } else { self.max_steps.to_string() };
        writeln!(formatter, "input         {}; steps: {limit}{}", self.describe_input(), self.describe_steps())?;
        writeln!(formatter, "flash         {:>8} bytes", self.flash_bytes)?;
        let FlashParts { manifest, labels, vocabulary, normalization, embedding, recurrent, head, alignment } =
            self.flash;
        for (name, bytes) in [
            ("header and manifest", manifest),
            ("labels", labels),
            ("vocabulary", vocabulary),
            ("normalization", normalization),
            ("embedding", embedding),
            ("recurrent layers", recurrent),
            ("head", head),
            ("alignment", alignment),
        ]
        .into_iter()
        .filter(|(_, bytes)| *bytes > 0)
        {
            let share = 100.0 * bytes as f64 / self.flash_bytes as f64;
            writeln!(formatter, "  {name:20}{bytes:>8}  {share:>5.1} %")?;
        }
        writeln!(formatter, "RAM           {:>8} bytes ({} of them state)", self.ram_bytes, self.state_bytes)?;
        writeln!(
            formatter,
            "work          {} multiplications a step, {} a prediction",
            self.macs_per_step, self.macs_per_prediction
        )?;
        if self.training_rows == 0 {
            write!(formatter, "trained       elsewhere, imported by trainer {}", self.trainer_version)?;
        } else {
            write!(
                formatter,
                "trained       on {} rows (SHA-256 {}), seed {}, validation accuracy {:.2} %, trainer {}",
                self.training_rows,
                self.data_hash,
                self.seed,
                100.0 * self.validation_accuracy,
                self.trainer_version
            )?;
        }
        if self.calibration_rows > 0 {
            write!(formatter, "; ranges from {} rows", self.calibration_rows)?;
        }
        Ok(())
    }
}
