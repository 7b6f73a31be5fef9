use std::fmt;
use std::path::Path;

use runtime::Classifier;
use runtime::format::{
    Cell, DirectionWeights, HEADER_LENGTH, Input, Layer, Manifest, StringTableRef, Tensor, TokenVectors,
};
use serde::Serialize;

use crate::error::Error;
use crate::export::ModelFile;

/// What a model file is, and what it costs a device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// `f32`, `f16` or `int8`.
    pub precision: String,
    /// The layers, from the input to the classes.
    pub architecture: Vec<String>,
    /// Names of the classes.
    pub labels: Vec<String>,
    /// Known words, or characters; 0 where none is stored.
    pub vocabulary_size: usize,
    /// Steps after which a sequence is full; 0: never.
    pub max_steps: u32,
    /// Bytes of the file.
    pub flash_bytes: usize,
    /// Where they go.
    pub flash: FlashParts,
    /// Bytes of a classifier: state, tokenizer, and its other fields (as large as on this machine; pointers are
    /// smaller on a microcontroller).
    pub ram_bytes: usize,
    /// Bytes of the state alone.
    pub state_bytes: usize,
    /// Multiplications of a weight in one step.
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
    /// Known words, or characters, and their index.
    pub vocabulary: usize,
    /// Vectors of the tokens, or the normalization of the frames.
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
        let pooled = manifest.layers.last().map_or(0, output_size);
        let mut architecture = vec![input_description(&manifest.input)];
        architecture.extend(manifest.layers.iter().map(layer_description));
        if manifest.pad_to > 0 {
            architecture.push(format!("padded to {} steps", manifest.pad_to));
        }
        architecture.push(format!("{:?} pooling", manifest.pooling).to_lowercase());
        architecture.push(format!("linear {pooled} -> {classes}"));
        let flash = FlashParts::new(&manifest, manifest_length(file), file.bytes().len());
        let state_bytes = model.required_words() * 4;
        let provenance = model.provenance();
        Ok(Self {
            precision: model.precision().to_string(),
            architecture,
            labels: model.labels().map(str::to_owned).collect(),
            vocabulary_size: model.vocabulary().map_or(0, |vocabulary| vocabulary.token_count().saturating_sub(2)),
            max_steps: manifest.max_steps,
            flash_bytes: file.bytes().len(),
            flash,
            ram_bytes: state_bytes + size_of::<Classifier<'_, '_, 0>>(),
            state_bytes,
            macs_per_step: macs_per_step(&manifest),
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

impl FlashParts {
    fn new(manifest: &Manifest<'_>, manifest_length: usize, file_length: usize) -> Self {
        let strings = |table: &StringTableRef| table_bytes(table);
        let (vocabulary, vectors) = match &manifest.input {
            Input::Words(words) => (strings(&words.vocabulary), Some(words.vectors)),
            Input::Characters(characters) => (strings(&characters.alphabet), Some(characters.vectors)),
            Input::HashedWords(words) => (0, Some(words.vectors)),
            Input::Bytes(vectors) => (0, Some(*vectors)),
            Input::Frames(_) => (0, None),
        };
        let embedding = match (vectors, &manifest.input) {
            (Some(TokenVectors::Embedding(embedding)), _) => bytes(&embedding.weights),
            (None, Input::Frames(frames)) => bytes(&frames.zero) + bytes(&frames.scale),
            _ => 0,
        };
        let head_scales = manifest.head.scales.map_or(0, |scales| bytes(&scales.multipliers));
        let mut parts = Self {
            manifest: HEADER_LENGTH + manifest_length,
            labels: strings(&manifest.labels),
            vocabulary,
            embedding,
            recurrent: manifest.layers.iter().flat_map(directions).map(direction_bytes).sum(),
            head: bytes(&manifest.head.weights) + bytes(&manifest.head.bias) + head_scales,
            alignment: 0,
        };
        parts.alignment = file_length - parts.total();
        parts
    }

    fn total(&self) -> usize {
        let Self { manifest, labels, vocabulary, embedding, recurrent, head, alignment } = *self;
        manifest + labels + vocabulary + embedding + recurrent + head + alignment
    }
}

fn directions(layer: &Layer) -> impl Iterator<Item = &DirectionWeights> {
    std::iter::once(&layer.forward).chain(&layer.reverse)
}

fn direction_bytes(direction: &DirectionWeights) -> usize {
    let scales = direction.scales.map_or(0, |scales| bytes(&scales.multipliers));
    let table = direction.one_hot.map_or(0, |table| bytes(&table));
    bytes(&direction.weights) + bytes(&direction.bias) + table + scales
}

/// Values that a layer gives to what is above it.
fn output_size(layer: &Layer) -> usize {
    usize::from(layer.hidden_size) * directions(layer).count()
}

/// Multiplications of a weight for one step of all layers.
fn macs_per_step(manifest: &Manifest<'_>) -> usize {
    let layer = |layer: &Layer| {
        let hidden = usize::from(layer.hidden_size);
        let of_direction = |direction: &DirectionWeights| {
            let input = if direction.one_hot.is_some() { 0 } else { usize::from(layer.input_size) };
            layer.cell.gates() * hidden * (input + hidden)
        };
        directions(layer).map(of_direction).sum::<usize>()
    };
    manifest.layers.iter().map(layer).sum()
}

fn input_description(input: &Input) -> String {
    let of = |kind: &str, tokens: u64, vectors: &TokenVectors| match vectors {
        TokenVectors::Embedding(embedding) => format!("{kind}, embedding {tokens} x {}", embedding.size),
        TokenVectors::OneHot => format!("{kind}, one-hot {tokens}"),
    };
    match input {
        Input::Words(words) => of("words", u64::from(words.vocabulary.count) + 2, &words.vectors),
        Input::HashedWords(words) => of("hashed words", u64::from(words.buckets) + 2, &words.vectors),
        Input::Characters(characters) => {
            of("characters", u64::from(characters.alphabet.count) + 2, &characters.vectors)
        }
        Input::Bytes(vectors) => of("bytes", 258, vectors),
        Input::Frames(frames) => format!("frames of {} channels, unit {}", frames.channels, frames.unit),
    }
}

fn layer_description(layer: &Layer) -> String {
    let cell = match layer.cell {
        Cell::Lstm => "lstm",
        Cell::Gru => "gru",
        Cell::RnnTanh => "rnn (tanh)",
        Cell::RnnRelu => "rnn (relu)",
    };
    let both = if layer.reverse.is_some() { "bidirectional " } else { "" };
    format!("{both}{cell} {} -> {}", layer.input_size, output_size(layer))
}

fn manifest_length(file: &ModelFile) -> usize {
    runtime::format::Header::read(file.bytes()).map_or(0, |header| header.manifest_length as usize)
}

fn table_bytes(table: &StringTableRef) -> usize {
    bytes(&table.index) + bytes(&table.bytes)
}

fn bytes(tensor: &Tensor) -> usize {
    tensor.elements as usize * tensor.data_type.size()
}

impl fmt::Display for Inspection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "precision     {}", self.precision)?;
        writeln!(formatter, "architecture  {}", self.architecture.join(" | "))?;
        writeln!(formatter, "labels        {}", self.labels.join(", "))?;
        let limit = if self.max_steps == 0 { "no limit".into() } else { self.max_steps.to_string() };
        writeln!(formatter, "vocabulary    {} words; steps: {limit}", self.vocabulary_size)?;
        writeln!(formatter, "flash         {:>8} bytes", self.flash_bytes)?;
        let FlashParts { manifest, labels, vocabulary, embedding, recurrent, head, alignment } = self.flash;
        for (name, bytes) in [
            ("header and manifest", manifest),
            ("labels", labels),
            ("vocabulary", vocabulary),
            ("embedding", embedding),
            ("recurrent layers", recurrent),
            ("head", head),
            ("alignment", alignment),
        ] {
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
