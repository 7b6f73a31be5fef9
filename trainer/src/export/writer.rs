use runtime::format::{
    self, ALIGNMENT, CharacterInput, CharacterRule, ComposedWordInput, Embedding, FingerprintedWordInput,
    HEADER_LENGTH, HashedWordInput, Head, Header, Input, Layer, Manifest, PartRule, Precision, Provenance,
    TokenVectors, WordInput, WordRule, round_up,
};
use runtime::{Model, numeric};

use super::directions::{self, LayerInput, add_scales, hidden_units};
use super::frames::{self, IntegerNormalization, with_offsets};
use super::tensors::TensorArea;
use super::{ExportPrecision, ModelFile};
use crate::encoding::{Fingerprints, FrameNormalization};
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
    /// Where the model comes from.
    pub provenance: &'a Provenance<'a>,
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
    let labels = tensors.add_strings(network.labels);
    let Bottom { input, below, offsets } = add_input(&mut tensors, network, precision);
    let layers = add_layers(&mut tensors, network, below, &offsets, precision);
    let manifest = Manifest {
        provenance: network.provenance.clone(),
        labels,
        input,
        max_steps: u32::try_from(network.max_steps).unwrap_or(u32::MAX),
        pad_to: u32::try_from(network.pad_to).unwrap_or(u32::MAX),
        layers: layers.into_iter().collect(),
        pooling: match network.pooling {
            Pooling::Last => format::Pooling::Last,
            Pooling::Mean => format::Pooling::Mean,
            Pooling::Max => format::Pooling::Max,
        },
        head: add_head(&mut tensors, network, precision),
    };
    assemble(&manifest, &tensors.bytes, precision.in_file())
}

/// The input, and how its values reach the first layer.
struct Bottom {
    input: Input,
    below: LayerInput,
    /// What is to be added to each of the first layer's inputs.
    offsets: Vec<f32>,
}

fn add_input(tensors: &mut TensorArea, network: &ExportedNetwork<'_>, precision: ExportPrecision) -> Bottom {
    let strings = match network.input {
        ExportedInput::Words(strings) | ExportedInput::Characters(strings) => Some(tensors.add_strings(strings)),
        _ => None,
    };
    let table = match network.input {
        ExportedInput::FingerprintedWords { fingerprints, .. } => Some(tensors.add_fingerprints(&fingerprints.table())),
        _ => None,
    };
    if let ExportedInput::Frames(normalization) = network.input {
        return add_frames(tensors, network, normalization, precision);
    }
    let (vectors, below) = add_vectors(tensors, network, precision);
    let rule = WordRule::LowercaseAlphanumeric;
    let input = match (network.input, strings, table) {
        (ExportedInput::Words(_), Some(vocabulary), _) => Input::Words(WordInput { rule, vocabulary, vectors }),
        (ExportedInput::Characters(_), Some(alphabet), _) => {
            Input::Characters(CharacterInput { rule: CharacterRule::Lowercase, alphabet, vectors })
        }
        (ExportedInput::HashedWords { buckets }, ..) => Input::HashedWords(HashedWordInput { rule, buckets, vectors }),
        (ExportedInput::FingerprintedWords { subword_buckets: 0, .. }, _, Some(table)) => {
            Input::FingerprintedWords(FingerprintedWordInput { rule, table, vectors })
        }
        (ExportedInput::FingerprintedWords { subword_buckets: buckets, .. }, _, Some(table)) => {
            let parts = PartRule::PrefixAndWord;
            let known = FingerprintedWordInput { rule, table, vectors };
            Input::ComposedWords(ComposedWordInput { known, parts, buckets })
        }
        _ => Input::Bytes(vectors),
    };
    Bottom { input, below, offsets: Vec::new() }
}

fn add_vectors(
    tensors: &mut TensorArea,
    network: &ExportedNetwork<'_>,
    precision: ExportPrecision,
) -> (TokenVectors, LayerInput) {
    let Some(embedding) = &network.weights.embedding else {
        return (TokenVectors::OneHot, LayerInput::OneHot);
    };
    let (weights, scales) = match precision {
        ExportPrecision::Integer(IntegerBits { embedding: bits, .. }) => {
            let scales = match network.rounding.filter(|rounding| rounding.bits.embedding == bits) {
                Some(rounding) => rounding.input_units.clone(),
                None => embedding_scales(embedding, bits),
            };
            let values = quantize_embedding(embedding, &scales, bits);
            let of_an_input = |scale: &f32| scale / f32::from(bits.input_factor());
            (tensors.add_integers(&values, embedding.columns, bits), scales.iter().map(of_an_input).collect())
        }
        ExportPrecision::F16 | ExportPrecision::F32 => {
            (tensors.add_float(&embedding.values, precision.in_file()), vec![1.0; embedding.columns])
        }
    };
    let vectors = TokenVectors::Embedding(Embedding { weights, size: narrow(embedding.columns) });
    (vectors, LayerInput::Values { scales })
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
            below: LayerInput::Values { scales: vec![1.0; normalization.mean.len()] },
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
            input_size: narrow(layer.forward.weight_ih.columns),
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
    match precision {
        ExportPrecision::Integer(_) => {
            let units = output_units(network, layers.len().saturating_sub(1), |units| units.wide);
            let scaled = head_weight.rows().flat_map(|row| row.iter().zip(&units).map(|(weight, unit)| weight * unit));
            let scaled = Matrix { columns: head_weight.columns, values: scaled.collect() };
            let unit = f64::from(1 << numeric::LOGIT_FRACTION_BITS);
            let bits = vec![Bits::Eight; scaled.columns];
            let quantized = quantize_rows(&scaled, head_bias, unit, LARGEST_POOLED, &bits);
            let weights = tensors.add(&quantized.weights);
            let (bias, scales) = add_scales(tensors, &quantized, 0);
            Head { weights, bias, scales: Some(scales) }
        }
        ExportPrecision::F16 | ExportPrecision::F32 => Head {
            weights: tensors.add_float(&head_weight.values, precision.in_file()),
            bias: tensors.add(head_bias),
            scales: None,
        },
    }
}

/// Puts header, manifest and tensors together, with the capacity that the runtime itself asks for.
fn assemble(manifest: &Manifest<'_>, tensors: &[u8], precision: Precision) -> Result<ModelFile, Error> {
    let manifest = postcard::to_stdvec(manifest).map_err(|error| Error::Failed(format!("the manifest: {error}")))?;
    let tensors_offset = round_up(HEADER_LENGTH + manifest.len(), ALIGNMENT);
    let length = |value: usize| u32::try_from(value).map_err(|_| Error::Failed("the model exceeds 4 GiB".into()));
    let mut header = Header {
        precision,
        total_length: length(tensors_offset + tensors.len())?,
        checksum: 0,
        manifest_length: length(manifest.len())?,
        tensors_offset: length(tensors_offset)?,
        capacity: 0,
    };
    let write = |header: &Header| {
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend(&manifest);
        bytes.resize(tensors_offset, 0);
        bytes.extend(tensors);
        let checked = Header { checksum: format::checksum(&bytes), ..*header };
        bytes[..HEADER_LENGTH].copy_from_slice(&checked.to_bytes());
        ModelFile::from_bytes(&bytes)
    };
    let draft = write(&header);
    let required = Model::parse_any_capacity(draft.bytes()).map_err(Error::Export)?.required_words();
    header.capacity = length(required)?;
    let file = write(&header);
    Model::parse(file.bytes()).map_err(Error::Export)?;
    Ok(file)
}

fn narrow(size: usize) -> u16 {
    u16::try_from(size).unwrap_or(u16::MAX)
}
