use runtime::format::{
    self, CharacterRule, Head, Input, Layer, ONE_TEMPERATURE, Packing, PartOne, PartRule, Precision, Task, Text,
    Thresholds, Tokens, UNICODE_VERSION, Vectors, WordRule, WordSplit,
};
use runtime::numeric;

use super::directions::{self, LayerInput, add_scales, hidden_units};
use super::frames::{self, IntegerNormalization, with_offsets};
use super::tensors::TensorArea;
use super::{Assembly, Behind, ExportPrecision, ModelFile, PartTwo};
use crate::encoding::{Encoder, Fingerprints, FrameNormalization};
use crate::error::Error;
use crate::network::Pooling;
use crate::quantize::{
    Bits, IntegerBits, Ranges, Rounding, embedding_scales, quantize_embedding, quantize_rows, state_fraction_bits,
};
use crate::weights::{Matrix, NetworkWeights};

/// Largest magnitude of an int8 model's pooled value.
const LARGEST_POOLED: u32 = 32_767;

/// What a model file is made from.
#[derive(Debug, Clone, Copy)]
pub struct ExportedNetwork<'a> {
    /// Names of the classes, in the order of the logits.
    pub labels: &'a [String],
    /// What a step takes in.
    pub input: ExportedInput<'a>,
    /// The weights.
    pub weights: &'a NetworkWeights,
    /// How outputs become one vector.
    pub pooling: Pooling,
    /// Steps after which a sequence is full; 0: never.
    pub max_steps: usize,
    /// Steps up to which a shorter row is padded; 0: never.
    pub pad_to: usize,
    /// Largest magnitudes that were met; needed for integers.
    pub ranges: &'a Ranges,
    /// How training simulated integers, if it did; without it the ranges decide.
    pub rounding: Option<&'a Rounding>,
    /// What a word is, of words.
    pub word_rule: WordRule,
    /// A number for the file.
    pub model_version: u32,
    /// What desktop programs read.
    pub part_two: &'a PartTwo,
}

/// What a step takes in.
#[derive(Debug, Clone, Copy)]
pub enum ExportedInput<'a> {
    /// Known words, sorted by bytes.
    Words(&'a [String]),
    /// Hashed words.
    HashedWords {
        /// Numbers that a word can have.
        buckets: u32,
    },
    /// Words known by fingerprints.
    FingerprintedWords {
        /// The table of the known ones.
        fingerprints: &'a Fingerprints,
        /// Rows that others are composed of; 0: they are unknown.
        subword_buckets: u32,
    },
    /// Known characters, sorted by bytes.
    Characters(&'a [String]),
    /// Bytes.
    Bytes,
    /// Frames.
    Frames(&'a FrameNormalization),
}

impl<'a> From<&'a Encoder> for ExportedInput<'a> {
    fn from(encoder: &'a Encoder) -> Self {
        match encoder {
            Encoder::Words(vocabulary) => Self::Words(vocabulary.words()),
            Encoder::HashedWords { buckets, .. } => Self::HashedWords { buckets: *buckets },
            Encoder::FingerprintedWords(known) => {
                let (fingerprints, subword_buckets) = (known.fingerprints(), known.subword_buckets());
                Self::FingerprintedWords { fingerprints, subword_buckets }
            }
            Encoder::Characters(alphabet) => Self::Characters(alphabet.words()),
            Encoder::Bytes => Self::Bytes,
            Encoder::Frames(normalization) => Self::Frames(normalization),
        }
    }
}

/// Writes a model file in `precision`, and verifies it as a device would.
///
/// # Errors
/// [`Error::NotFinite`]; [`Error::Export`] if the runtime refuses the result: a weight beyond 65,504 in f16,
/// or a size that it does not support.
pub fn export(network: &ExportedNetwork<'_>, precision: impl Into<ExportPrecision>) -> Result<ModelFile, Error> {
    let precision = precision.into();
    if !network.weights.is_finite() {
        return Err(Error::NotFinite);
    }
    let mut tensors = TensorArea::default();
    let Bottom { input, below, offsets } = add_input(&mut tensors, network, precision);
    let layers = add_layers(&mut tensors, network, below, &offsets, precision);
    let head = add_head(&mut tensors, network, precision);
    let part_one = PartOne {
        input,
        max_steps: u32::try_from(network.max_steps).unwrap_or(u32::MAX),
        pad_to: narrow(network.pad_to),
        layers: layers.into_iter().collect(),
        heads: [head].into_iter().collect(),
    };
    let part_two = network.part_two.encode()?;
    let assembly = Assembly {
        precision: precision.in_file(),
        packing: Packing::RowMajor,
        model_version: network.model_version,
        part_one: &part_one,
        tensors: &tensors.bytes,
        behind: Behind::PartTwo(&part_two),
    };
    assembly.file()
}

/// The input, and how its values reach the first layer.
struct Bottom {
    input: Input,
    below: LayerInput,
    /// What is to be added to each of the first layer's inputs.
    offsets: Vec<f32>,
}

fn add_input(tensors: &mut TensorArea, network: &ExportedNetwork<'_>, precision: ExportPrecision) -> Bottom {
    let split = WordSplit::of(network.word_rule);
    let tokens = match network.input {
        ExportedInput::Frames(normalization) => return add_frames(tensors, network, normalization, precision),
        ExportedInput::Words(words) => Tokens::Words { split, vocabulary: tensors.add_strings(words) },
        ExportedInput::Characters(characters) => {
            let (rule, alphabet) = (CharacterRule::Lowercase, tensors.add_strings(characters));
            Tokens::Characters { rule, unicode: UNICODE_VERSION, alphabet }
        }
        ExportedInput::HashedWords { buckets } => Tokens::HashedWords { split, buckets },
        ExportedInput::FingerprintedWords { fingerprints, subword_buckets } => {
            let table = tensors.add_fingerprints(&fingerprints.table());
            match subword_buckets {
                0 => Tokens::FingerprintedWords { split, table },
                buckets => Tokens::ComposedWords { split, table, parts: PartRule::PrefixAndWord, buckets },
            }
        }
        ExportedInput::Bytes => Tokens::Bytes,
    };
    let (vectors, below) = add_vectors(tensors, network, precision);
    Bottom { input: Input::Text(Text { tokens, vectors }), below, offsets: Vec::new() }
}

fn add_vectors(
    tensors: &mut TensorArea,
    network: &ExportedNetwork<'_>,
    precision: ExportPrecision,
) -> (Vectors, LayerInput) {
    let Some(embedding) = &network.weights.embedding else {
        return (Vectors::OneHot, LayerInput::OneHot);
    };
    let (bits, scales) = match precision {
        ExportPrecision::Integer(IntegerBits { embedding: bits, .. }) => {
            let scales = match network.rounding.filter(|rounding| rounding.bits.embedding == bits) {
                Some(rounding) => rounding.input_units.clone(),
                None => embedding_scales(embedding, bits),
            };
            let values = quantize_embedding(embedding, &scales, bits);
            tensors.add_integers(&values, embedding.columns, bits);
            (bits.into(), scales.iter().map(|scale| scale / f32::from(bits.input_factor())).collect())
        }
        ExportPrecision::F16 | ExportPrecision::F32 => {
            tensors.add_float(&embedding.values, precision.in_file());
            (float_bits(precision), vec![1.0; embedding.columns])
        }
    };
    (Vectors::Embedding { size: narrow(embedding.columns), bits }, LayerInput::Values { scales })
}

/// Bits of a stored weight of a float model.
fn float_bits(precision: ExportPrecision) -> u8 {
    if precision.in_file() == Precision::F16 { 16 } else { 32 }
}

fn add_frames(
    tensors: &mut TensorArea,
    network: &ExportedNetwork<'_>,
    normalization: &FrameNormalization,
    precision: ExportPrecision,
) -> Bottom {
    match precision {
        ExportPrecision::Integer(_) => {
            let integers = IntegerNormalization::new(normalization, &network.ranges.inputs);
            let input = Input::Frames(integers.add(tensors, normalization));
            Bottom { input, below: LayerInput::Values { scales: integers.units }, offsets: integers.offsets }
        }
        ExportPrecision::F16 | ExportPrecision::F32 => Bottom {
            input: Input::Frames(frames::add_float(tensors, normalization)),
            below: LayerInput::Values { scales: vec![1.0; normalization.values_of_a_step()] },
            offsets: Vec::new(),
        },
    }
}

fn add_layers(
    tensors: &mut TensorArea,
    network: &ExportedNetwork<'_>,
    mut below: LayerInput,
    offsets: &[f32],
    precision: ExportPrecision,
) -> Vec<Layer> {
    let mut layers = Vec::new();
    for (number, layer) in network.weights.layers.iter().enumerate() {
        let cell = layer.cell;
        let offsets = if number == 0 { offsets } else { &[] };
        let mut directions = layer.directions().enumerate().map(|(direction, weights)| {
            let weights = with_offsets(weights, offsets);
            match precision {
                ExportPrecision::Integer(IntegerBits { weights: bits, .. }) => {
                    let fraction_bits = fraction_bits(network, number, direction);
                    directions::add_integers(tensors, cell, &weights, &below, fraction_bits, bits)
                }
                ExportPrecision::F16 | ExportPrecision::F32 => {
                    let one_hot = matches!(below, LayerInput::OneHot);
                    directions::add_float(tensors, cell, &weights, one_hot, precision.in_file())
                }
            }
        });
        let (Some(forward), reverse) = (directions.next(), directions.next()) else { continue };
        drop(directions);
        layers.push(Layer {
            cell: cell.in_file(),
            bits: match precision {
                ExportPrecision::Integer(IntegerBits { weights: bits, .. }) => bits.into(),
                ExportPrecision::F16 | ExportPrecision::F32 => float_bits(precision),
            },
            hidden_size: narrow(layer.forward.weight_hh.columns),
            forward,
            reverse,
        });
        below = LayerInput::Values { scales: output_units(network, number, |units| units.narrow) };
    }
    layers
}

/// The fraction bits of the measured state of a direction of a layer.
fn fraction_bits(network: &ExportedNetwork<'_>, layer: usize, direction: usize) -> u8 {
    fn of<T: Copy>(all: &[Vec<T>], layer: usize, direction: usize) -> Option<T> {
        all.get(layer).and_then(|layer| layer.get(direction)).copied()
    }
    let range = of(&network.ranges.states, layer, direction).unwrap_or(f32::MAX);
    let measured = network.weights.layers.get(layer).map_or(0, |layer| state_fraction_bits(layer.cell, range));
    network.rounding.and_then(|rounding| of(&rounding.state_fraction_bits, layer, direction)).unwrap_or(measured)
}

/// The units of a layer's outputs in an int8 model, forward first.
fn output_units(
    network: &ExportedNetwork<'_>,
    number: usize,
    unit: impl Fn(directions::HiddenUnits) -> f32,
) -> Vec<f32> {
    let Some(layer) = network.weights.layers.get(number) else { return Vec::new() };
    let of_direction = |(direction, weights): (usize, &crate::weights::DirectionWeights)| {
        let units = hidden_units(layer.cell, fraction_bits(network, number, direction));
        vec![unit(units); weights.weight_hh.columns]
    };
    layer.directions().enumerate().flat_map(of_direction).collect()
}

fn add_head(tensors: &mut TensorArea, network: &ExportedNetwork<'_>, precision: ExportPrecision) -> Head {
    let NetworkWeights { head_weight, head_bias, layers, .. } = network.weights;
    let labels = tensors.add_strings(network.labels);
    let accumulator_shift = match precision {
        ExportPrecision::Integer(_) => {
            let units = output_units(network, layers.len().saturating_sub(1), |units| units.wide);
            let scaled = head_weight.rows().flat_map(|row| row.iter().zip(&units).map(|(weight, unit)| weight * unit));
            let scaled = Matrix { columns: head_weight.columns, values: scaled.collect() };
            let unit = f64::from(1 << numeric::LOGIT_FRACTION_BITS);
            let bits = vec![Bits::Eight; scaled.columns];
            let quantized = quantize_rows(&scaled, head_bias, unit, LARGEST_POOLED, &bits);
            tensors.add(&quantized.weights);
            add_scales(tensors, &quantized);
            quantized.accumulator_shift
        }
        ExportPrecision::F16 | ExportPrecision::F32 => {
            tensors.add_float(&head_weight.values, precision.in_file());
            tensors.add(head_bias);
            0
        }
    };
    Head {
        task: Task::Classification,
        pooling: match network.pooling {
            Pooling::Last => format::Pooling::Last,
            Pooling::Mean => format::Pooling::Mean,
            Pooling::Max => format::Pooling::Max,
        },
        labels,
        accumulator_shift,
        inverse_temperature: ONE_TEMPERATURE,
        thresholds: Thresholds::None,
    }
}

fn narrow(size: usize) -> u16 {
    u16::try_from(size).unwrap_or(u16::MAX)
}
