use std::fmt;
use std::path::Path;

use runtime::format::{
    Cell, Feature, FingerprintTableSize, Header, Input, Layer, PartOne, Pooling, Precision, Text, Thresholds, Tokens,
    Vectors, WordRule,
};
use runtime::{Classifier, InputKind, reserve};
use serde::Serialize;

use super::chips::ChipFits;
use super::flash::{Flash, FlashPart, FlashParts, directions, width};
use crate::error::Error;
use crate::export::ModelFile;
use crate::hexadecimal;

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
    /// What 1 in a frame of integers stands for, one for each channel.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frame_units: Vec<f32>,
    /// Frames that make a step; 0 of a text.
    pub frames_per_step: usize,
    /// Frames from one step to the next; 0 of a text.
    pub frame_stride: usize,
    /// Whether a step has the frames' differences.
    pub has_differences: bool,
    /// What a word is; empty where a step is no word.
    pub word_rule: String,
    /// What tells the model from any other, hexadecimal.
    pub id: String,
    /// The number that its user gave it.
    pub model_version: u32,
    /// Features of the runtime that a device needs.
    pub features: Vec<&'static str>,
    /// Whether answers are accepted from a probability on.
    pub has_thresholds: bool,
    /// Steps after which a sequence is full; 0: never.
    pub max_steps: u32,
    /// Steps up to which a shorter sequence is padded; 0: it is not.
    pub pad_to: u32,
    /// Whether steps are kept, and computed when an answer is asked for.
    pub is_bidirectional: bool,
    /// Bytes of the file.
    pub flash_bytes: usize,
    /// Bytes of it that a device needs.
    pub device_bytes: usize,
    /// Where they go, by kind.
    pub flash: FlashParts,
    /// Where they go, one by one; their sum is the file.
    pub flash_parts: Vec<FlashPart>,
    /// Bytes of a classifier: state, tokenizer, and its other fields (as large as on this machine; pointers are
    /// smaller on a microcontroller).
    pub ram_bytes: usize,
    /// Bytes that a program for a Cortex-M reserves: the words of state, and what [`runtime::reserve`] says of the rest.
    pub reserved_bytes: usize,
    /// What the file and these bytes leave of chips in use.
    pub chips: ChipFits,
    /// Bytes of the state alone.
    pub state_bytes: usize,
    /// Multiplications of a weight in one step; a bidirectional model makes them for each of its steps in each
    /// prediction.
    pub macs_per_step: usize,
    /// Multiplications of a weight in one prediction, beside its steps.
    pub macs_per_prediction: usize,
    /// Multiplications of a weight in one prediction at most, with the steps that it computes: of a word that has begun, of
    /// padding, and all those that a bidirectional model keeps.
    pub most_macs_per_prediction: u64,
    /// Version of the trainer that wrote it; empty of a stripped file.
    pub trainer_version: String,
    /// Frames of the longest sequence trained on, where a model of frames says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_row: Option<u32>,
    /// SHA-256 of the training data; empty where it is not known.
    pub data_hash: String,
    /// The names of the columns of label and text, and of the channels, that were trained on.
    pub label_column: String,
    /// As above.
    pub text_columns: Vec<String>,
    /// As above.
    pub channel_names: Vec<String>,
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
        let (parts, part_two) = file.parts(path)?;
        let part_one = &parts.part_one;
        let classes = model.labels().count();
        let pooled = part_one.layers.last().map_or(0, width);
        let mut architecture = vec![input_stage(&model, part_one)];
        let mut input_size = input_size(&model, part_one);
        for layer in &part_one.layers {
            architecture.push(layer_stage(layer, input_size));
            input_size = width(layer);
        }
        let pooling = part_one.heads.first().map_or(Pooling::Last, |head| head.pooling);
        architecture.push(format!("{pooling:?} pooling").to_lowercase());
        architecture.push(format!("linear {pooled} -> {classes}"));
        let state_bytes = model.required_words() * 4;
        let flash = Flash::new(&parts, model.token_count());
        let tokens = match &part_one.input {
            Input::Text(text) => Some(&text.tokens),
            Input::Frames(_) => None,
        };
        let fingerprints = match tokens {
            Some(Tokens::FingerprintedWords { table, .. } | Tokens::ComposedWords { table, .. }) => Some(table),
            _ => None,
        };
        let named = model.vocabulary().map_or(0, |vocabulary| vocabulary.words().count());
        let frames = model.frames();
        let work = model.work();
        let (device_bytes, reserved_bytes) =
            (parts.header.device_length as usize, state_bytes + reserve::CLASSIFIER + reserve::MODEL + reserve::STACK);
        let is_known = part_two.data_hash != [0; 32];
        Ok(Self {
            precision: model.precision().to_string(),
            input: input_name(model.input_kind()).into(),
            architecture,
            labels: model.labels().map(str::to_owned).collect(),
            vocabulary_size: fingerprints.map_or(named, |table| table.count as usize),
            false_positive_rate: fingerprints.map(false_positive_rate),
            subword_buckets: match tokens {
                Some(Tokens::ComposedWords { buckets, .. }) => *buckets,
                _ => 0,
            },
            channels: model.channels(),
            frame_units: (0..model.channels()).filter_map(|channel| model.frame_unit(channel)).collect(),
            frames_per_step: frames.map_or(0, |frames| frames.frames_per_step.into()),
            frame_stride: frames.map_or(0, |frames| frames.frame_stride.into()),
            has_differences: frames.is_some_and(|frames| frames.has_differences),
            word_rule: tokens.and_then(word_rule).unwrap_or_default().into(),
            id: hexadecimal::digits(model.id()),
            model_version: model.version(),
            features: features(&parts.header),
            has_thresholds: part_one.heads.iter().any(|head| head.thresholds != Thresholds::None),
            max_steps: part_one.max_steps,
            pad_to: part_one.pad_to.into(),
            is_bidirectional: model.is_bidirectional(),
            flash_bytes: file.bytes().len(),
            device_bytes,
            flash: flash.by_kind,
            flash_parts: flash.parts,
            ram_bytes: state_bytes + size_of::<Classifier<'_, '_, &mut [u32]>>(),
            reserved_bytes,
            chips: ChipFits::new(model.precision(), device_bytes, reserved_bytes),
            state_bytes,
            macs_per_step: macs_of_a_step(&model, part_one),
            macs_per_prediction: pooled * classes,
            most_macs_per_prediction: work.answer,
            trainer_version: part_two.trainer_version,
            longest_row: Some(part_two.longest_row).filter(|frames| *frames > 0),
            data_hash: if is_known { hexadecimal::digits(part_two.data_hash) } else { String::new() },
            label_column: part_two.label_column,
            text_columns: part_two.text_columns,
            channel_names: part_two.channel_names,
            training_rows: part_two.training_rows,
            calibration_rows: part_two.calibration_rows,
            validation_accuracy: part_two.validation_accuracy,
            seed: part_two.seed,
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
fn false_positive_rate(table: &FingerprintTableSize) -> f64 {
    let of_remainder = f64::from(table.remainder_bits).exp2().recip();
    let of_hash = f64::from(table.count) / 32_f64.exp2();
    if table.count == 0 { 0.0 } else { of_remainder.max(of_hash) }
}

/// What a word is, as `--word-rule` has it.
fn word_rule(tokens: &Tokens) -> Option<&'static str> {
    let split = match tokens {
        Tokens::Words { split, .. }
        | Tokens::HashedWords { split, .. }
        | Tokens::FingerprintedWords { split, .. }
        | Tokens::ComposedWords { split, .. } => split,
        Tokens::Characters { .. } | Tokens::Bytes => return None,
    };
    Some(match split.rule {
        WordRule::LowercaseAlphanumeric => "alphanumeric",
        WordRule::LowercaseWithMarks => "with-marks",
        WordRule::Ascii => "ascii",
    })
}

/// How a step becomes the first layer's input.
pub(super) fn input_stage(model: &runtime::Model<'_>, part_one: &PartOne) -> String {
    match part_one.input {
        Input::Text(Text { vectors: Vectors::Embedding { size, .. }, .. }) => {
            format!("embedding {} x {size}", model.token_count())
        }
        Input::Text(Text { vectors: Vectors::OneHot, .. }) => format!("one-hot {}", model.token_count()),
        Input::Frames(frames) if frames.are_gathered() => {
            let differences = if frames.has_differences { " and their differences" } else { "" };
            let (channels, count, stride) = (frames.channels, frames.frames_per_step, frames.frame_stride);
            format!("{count} frames of {channels}{differences} every {stride}")
        }
        Input::Frames(frames) => format!("frames of {}", frames.channels),
    }
}

/// Values of the first layer's input; the number of one-hot tokens.
pub(super) fn input_size(model: &runtime::Model<'_>, part_one: &PartOne) -> usize {
    match part_one.input {
        Input::Text(Text { vectors: Vectors::Embedding { size, .. }, .. }) => size.into(),
        Input::Text(Text { vectors: Vectors::OneHot, .. }) => model.token_count(),
        Input::Frames(frames) => frames.values_of_a_step(),
    }
}

/// The cell's name, as `--cell` has it.
pub(super) fn cell_name(cell: Cell) -> &'static str {
    match cell {
        Cell::Lstm => "lstm",
        Cell::Gru => "gru",
        Cell::RnnTanh => "rnn-tanh",
        Cell::RnnRelu => "rnn-relu",
    }
}

fn layer_stage(layer: &Layer, input_size: usize) -> String {
    let (cell, hidden_size) = (cell_name(layer.cell), layer.hidden_size);
    match layer.reverse {
        None => format!("{cell} {input_size} -> {hidden_size}"),
        Some(_) => format!("bidirectional {cell} {input_size} -> 2 x {hidden_size}"),
    }
}

/// The names of the runtime's features that a model needs: those of its header's `needs` and, of integers, the one with the
/// kernels for the order of its weights.
fn features(header: &Header) -> Vec<&'static str> {
    let needed = Feature::ALL.into_iter().filter(|feature| header.needs & feature.bit() != 0).map(Feature::name);
    let packing = (header.precision == Precision::Int8).then(|| header.packing.feature_name());
    needed.chain(packing).collect()
}

/// Multiplications of a weight in one step of all layers: none for the input of one-hot tokens.
fn macs_of_a_step(model: &runtime::Model<'_>, part_one: &PartOne) -> usize {
    let is_one_hot = matches!(part_one.input, Input::Text(Text { vectors: Vectors::OneHot, .. }));
    let mut input = if is_one_hot { 0 } else { input_size(model, part_one) };
    let mut macs = 0;
    for layer in &part_one.layers {
        let hidden = usize::from(layer.hidden_size);
        macs += directions(layer).count() * layer.cell.gates() * hidden * (input + hidden);
        input = width(layer);
    }
    macs
}

impl Inspection {
    fn describe_input(&self) -> String {
        match self.frame_units.as_slice() {
            [unit, others @ ..] if others.iter().all(|other| other == unit) => {
                format!("frames of {} values, 1 is {unit}", self.channels)
            }
            [_, ..] => {
                let units: Vec<String> = self.frame_units.iter().map(f32::to_string).collect();
                format!("frames of {} values, 1 is {}", self.channels, units.join(", "))
            }
            [] if self.vocabulary_size > 0 => {
                let known = format!("{}, {} known", self.input, self.vocabulary_size);
                let others = match self.subword_buckets {
                    0 => String::new(),
                    buckets => format!(", others composed of {buckets} vectors"),
                };
                known + &self.false_positive_rate.map_or(String::new(), describe_false_positives) + &others
            }
            [] => self.input.clone(),
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
        writeln!(
            formatter,
            "flash         {:>8} bytes ({} without part two, which `trainer strip` leaves out)",
            self.flash_bytes, self.device_bytes
        )?;
        for FlashPart { name, bytes, bits } in &self.flash_parts {
            let share = 100.0 * *bytes as f64 / self.flash_bytes as f64;
            let bits = bits.map_or(String::new(), |bits| format!("  {bits} bits"));
            writeln!(formatter, "  {name:28}{bytes:>8}  {share:>5.1} %{bits}")?;
        }
        writeln!(formatter, "RAM           {:>8} bytes ({} of them state)", self.ram_bytes, self.state_bytes)?;
        writeln!(
            formatter,
            "  to reserve  {:>8} bytes on a Cortex-M: classifier {}, model {} (none if it is checked while compiling), \
             deepest stack {}",
            self.reserved_bytes,
            self.state_bytes + reserve::CLASSIFIER,
            reserve::MODEL,
            reserve::STACK
        )?;
        writeln!(
            formatter,
            "work          {} multiplications a step, {} a prediction, {} with the steps that it may compute",
            self.macs_per_step, self.macs_per_prediction, self.most_macs_per_prediction
        )?;
        writeln!(formatter, "{}", self.chips)?;
        writeln!(formatter, "features      {} of the runtime", self.features.join(", "))?;
        writeln!(formatter, "id            {}, version {}", self.id, self.model_version)?;
        if self.trainer_version.is_empty() {
            write!(formatter, "trained       not said: the file is stripped")?;
        } else if self.training_rows == 0 {
            write!(formatter, "trained       elsewhere, imported by trainer {}", self.trainer_version)?;
        } else {
            let longest = self.longest_row.map_or(String::new(), |steps| format!(", the longest of {steps} frames"));
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
