use std::fmt;
use std::path::Path;

use runtime::format::{Cell, DirectionWeights, FingerprintTableRef, Input, Layer, Manifest, TokenVectors};
use runtime::{Classifier, InputKind};
use serde::Serialize;

use super::flash::{Flash, FlashPart, FlashParts, vectors};
use crate::error::Error;
use crate::export::{ModelFile, TrainerVersion};

/// What a model file is, and what it costs a device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// `f32`, `f16` or `int8`.
    pub precision: String,
    /// What a step is: `words`, `hashed-words`, `fingerprinted-words`, `characters`, `bytes` or `frames`.
    pub input: String,
    /// The layers, from the input to the classes.
    pub architecture: Vec<String>,
    /// Names of the classes.
    pub labels: Vec<String>,
    /// Known words or characters.
    pub vocabulary_size: usize,
    /// Probability that a word beside a vocabulary of fingerprints is taken for one of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_positive_rate: Option<f64>,
    /// Vectors that words beside a vocabulary of fingerprints are composed of; 0: they are unknown.
    pub subword_buckets: u32,
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
    /// Where they go, by kind.
    pub flash: FlashParts,
    /// Where they go, one by one; their sum is the file.
    pub flash_parts: Vec<FlashPart>,
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
    /// Version of the trainer that wrote it, without build metadata.
    pub trainer_version: String,
    /// Steps of the longest sequence trained on, where a model of frames says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_row: Option<u32>,
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
        let written_by = TrainerVersion::parse(provenance.trainer_version);
        let flash = Flash::new(file, &manifest);
        let fingerprints = match &manifest.input {
            Input::FingerprintedWords(words) => Some(&words.table),
            Input::ComposedWords(words) => Some(&words.known.table),
            _ => None,
        };
        let named = model.vocabulary().map_or(0, |vocabulary| vocabulary.words().count());
        Ok(Self {
            precision: model.precision().to_string(),
            input: input_name(model.input_kind()).into(),
            architecture,
            labels: model.labels().map(str::to_owned).collect(),
            vocabulary_size: fingerprints.map_or(named, |table| table.count as usize),
            false_positive_rate: fingerprints.map(false_positive_rate),
            subword_buckets: match &manifest.input {
                Input::ComposedWords(words) => words.buckets,
                _ => 0,
            },
            channels: model.channels(),
            frame_unit: model.frame_unit(),
            max_steps: manifest.max_steps,
            pad_to: manifest.pad_to,
            is_bidirectional: model.is_bidirectional(),
            flash_bytes: file.bytes().len(),
            flash: flash.by_kind,
            flash_parts: flash.parts,
            ram_bytes: state_bytes + size_of::<Classifier<'_, '_, 0>>(),
            state_bytes,
            macs_per_step: manifest.layers.iter().map(macs).sum(),
            macs_per_prediction: pooled * classes,
            trainer_version: written_by.version.into(),
            longest_row: written_by.longest_row,
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
        InputKind::FingerprintedWords | InputKind::ComposedWords => "fingerprinted-words",
        InputKind::Characters => "characters",
        InputKind::Bytes => "bytes",
        InputKind::Frames => "frames",
        _ => "other",
    }
}

/// The probability that a word beside a vocabulary has the fingerprint of one in it: what the bits of a remainder
/// leave, or all 32 bits of the hash where these are fewer.
fn false_positive_rate(table: &FingerprintTableRef) -> f64 {
    let of_remainder = f64::from(table.remainder_bits).exp2().recip();
    let of_hash = f64::from(table.count) / 32_f64.exp2();
    if table.count == 0 { 0.0 } else { of_remainder.max(of_hash) }
}

/// How a step becomes the first layer's input.
fn input_stage(model: &runtime::Model<'_>, manifest: &Manifest<'_>) -> String {
    match vectors(&manifest.input) {
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

impl Inspection {
    fn describe_input(&self) -> String {
        match self.frame_unit {
            Some(unit) => format!("frames of {} values, 1 is {unit}", self.channels),
            None if self.vocabulary_size > 0 => {
                let known = format!("{}, {} known", self.input, self.vocabulary_size);
                let others = match self.subword_buckets {
                    0 => String::new(),
                    buckets => format!(", others composed of {buckets} vectors"),
                };
                known + &self.false_positive_rate.map_or(String::new(), describe_false_positives) + &others
            }
            None => self.input.clone(),
        }
    }

    fn describe_steps(&self) -> String {
        let padded = if self.pad_to > 0 { format!(", padded to {}", self.pad_to) } else { String::new() };
        padded + if self.is_bidirectional { ", kept for both directions" } else { "" }
    }
}

fn describe_false_positives(rate: f64) -> String {
    format!(" (1 in {:.0} others is taken for one of them)", rate.recip())
}

impl fmt::Display for Inspection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "precision     {}", self.precision)?;
        writeln!(formatter, "architecture  {}", self.architecture.join(" | "))?;
        writeln!(formatter, "labels        {}", self.labels.join(", "))?;
        let limit = if self.max_steps == 0 { "no limit".into() } else { self.max_steps.to_string() };
        writeln!(formatter, "input         {}; steps: {limit}{}", self.describe_input(), self.describe_steps())?;
        writeln!(formatter, "flash         {:>8} bytes", self.flash_bytes)?;
        for FlashPart { name, bytes, bits } in &self.flash_parts {
            let share = 100.0 * *bytes as f64 / self.flash_bytes as f64;
            let bits = bits.map_or(String::new(), |bits| format!("  {bits} bits"));
            writeln!(formatter, "  {name:28}{bytes:>8}  {share:>5.1} %{bits}")?;
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
            let longest = self.longest_row.map_or(String::new(), |steps| format!(", the longest of {steps} steps"));
            write!(
                formatter,
                "trained       on {} rows{longest} (SHA-256 {}), seed {}, validation accuracy {:.2} %, trainer {}",
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
