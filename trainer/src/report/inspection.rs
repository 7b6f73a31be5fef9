use std::fmt;
use std::path::Path;

use runtime::Classifier;
use runtime::format::{HEADER_LENGTH, Input, StringTableRef, Tensor, TokenVectors};
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
    /// Known words.
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
    /// Known words and their index.
    pub vocabulary: usize,
    /// Vectors of the words.
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
        let Input::Words(words) = manifest.input else {
            return Err(Error::Failed("this model takes in no words".into()));
        };
        let TokenVectors::Embedding(embedding) = words.vectors else {
            return Err(Error::Failed("this model has no embedding".into()));
        };
        let classes = model.labels().count();
        let mut architecture = vec![format!("embedding {} x {}", words.vocabulary.count + 2, embedding.size)];
        let mut macs_per_step = 0;
        for layer in &manifest.layers {
            let (input, hidden) = (usize::from(layer.input_size), usize::from(layer.hidden_size));
            architecture.push(format!("lstm {input} -> {hidden}"));
            macs_per_step += 4 * hidden * (input + hidden);
        }
        let pooled = manifest.layers.last().map_or(0, |layer| usize::from(layer.hidden_size));
        architecture.push(format!("{:?} pooling", manifest.pooling).to_lowercase());
        architecture.push(format!("linear {pooled} -> {classes}"));
        let layers = manifest.layers.iter().map(|layer| {
            let scales = layer.forward.scales.map_or(0, |scales| bytes(&scales.multipliers));
            bytes(&layer.forward.weights) + bytes(&layer.forward.bias) + scales
        });
        let head_scales = manifest.head.scales.map_or(0, |scales| bytes(&scales.multipliers));
        let mut flash = FlashParts {
            manifest: HEADER_LENGTH + manifest_length(file),
            labels: table_bytes(&manifest.labels),
            vocabulary: table_bytes(&words.vocabulary),
            embedding: bytes(&embedding.weights),
            recurrent: layers.sum(),
            head: bytes(&manifest.head.weights) + bytes(&manifest.head.bias) + head_scales,
            alignment: 0,
        };
        flash.alignment = file.bytes().len() - flash.total();
        let state_bytes = model.required_words() * 4;
        let provenance = model.provenance();
        Ok(Self {
            precision: model.precision().to_string(),
            architecture,
            labels: model.labels().map(str::to_owned).collect(),
            vocabulary_size: words.vocabulary.count as usize,
            max_steps: manifest.max_steps,
            flash_bytes: file.bytes().len(),
            flash,
            ram_bytes: state_bytes + size_of::<Classifier<'_, '_, 0>>(),
            state_bytes,
            macs_per_step,
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
    fn total(&self) -> usize {
        let Self { manifest, labels, vocabulary, embedding, recurrent, head, alignment } = *self;
        manifest + labels + vocabulary + embedding + recurrent + head + alignment
    }
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
        write!(
            formatter,
            "trained       on {} rows (SHA-256 {}), seed {}, validation accuracy {:.2} %, trainer {}",
            self.training_rows,
            self.data_hash,
            self.seed,
            100.0 * self.validation_accuracy,
            self.trainer_version
        )?;
        if self.calibration_rows > 0 {
            write!(formatter, "; ranges from {} rows", self.calibration_rows)?;
        }
        Ok(())
    }
}
