use half::f16;
use runtime::format::{
    self, ALIGNMENT, Cell, DirectionWeights, Element, Embedding, HEADER_LENGTH, Head, Header, Input, Int8Scales, Layer,
    Manifest, Packing, Precision, Provenance, STRINGS_PER_BLOCK, StringTableRef, Tensor, TokenVectors, WordInput,
    WordRule, round_up,
};
use runtime::{Model, numeric};

use super::ModelFile;
use super::packing::pack_layer;
use crate::error::Error;
use crate::network::Pooling;
use crate::quantize::{QuantizedMatrix, cell_fraction_bits, quantize_embedding, quantize_rows};
use crate::weights::{Matrix, NetworkWeights};

/// What a model file is made from.
#[derive(Debug, Clone, Copy)]
pub struct ExportedNetwork<'a> {
    /// Names of the classes, in the order of the logits.
    pub labels: &'a [String],
    /// Known words, sorted by bytes.
    pub vocabulary: &'a [String],
    /// The weights.
    pub weights: &'a NetworkWeights,
    /// How outputs become one vector.
    pub pooling: Pooling,
    /// Words after which a row is cut; 0: never.
    pub max_length: usize,
    /// Largest magnitude of each layer's cell state that was met; needed for int8.
    pub cell_ranges: &'a [f32],
    /// Where the model comes from.
    pub provenance: &'a Provenance<'a>,
}

/// Writes a model file in `precision`, and verifies it as a device would.
///
/// # Errors
/// [`Error::NotFinite`]; [`Error::Export`] if the runtime refuses the result: a weight beyond 65,504 in f16,
/// or a size that it does not support.
pub fn export(network: &ExportedNetwork<'_>, precision: Precision) -> Result<ModelFile, Error> {
    if !network.weights.is_finite() {
        return Err(Error::NotFinite);
    }
    let mut tensors = TensorArea::default();
    let labels = tensors.add_strings(network.labels);
    let vocabulary = tensors.add_strings(network.vocabulary);
    let weights = network.weights;
    let (embedding, input_scales) = match precision {
        Precision::Int8 => {
            let (values, scales) = quantize_embedding(&weights.embedding);
            (tensors.add(&values), scales)
        }
        _ => (tensors.add_float(&weights.embedding.values, precision), vec![1.0; weights.embedding.columns]),
    };
    let layers =
        (0..weights.layers.len()).map(|number| add_layer(&mut tensors, network, number, &input_scales, precision));
    let layers: Vec<Layer> = layers.collect();
    let head = add_head(&mut tensors, weights, precision);
    let manifest = Manifest {
        provenance: network.provenance.clone(),
        labels,
        input: Input::Words(WordInput {
            rule: WordRule::LowercaseAlphanumeric,
            vocabulary,
            vectors: TokenVectors::Embedding(Embedding { weights: embedding, size: narrow(weights.embedding.columns) }),
        }),
        max_steps: u32::try_from(network.max_length).unwrap_or(u32::MAX),
        pad_to: 0,
        layers: layers.into_iter().collect(),
        pooling: match network.pooling {
            Pooling::Last => format::Pooling::Last,
            Pooling::Mean => format::Pooling::Mean,
            Pooling::Max => format::Pooling::Max,
        },
        head,
    };
    assemble(&manifest, &tensors.bytes, precision)
}

fn add_layer(
    tensors: &mut TensorArea,
    network: &ExportedNetwork<'_>,
    number: usize,
    embedding_scales: &[f32],
    precision: Precision,
) -> Layer {
    let layer = &network.weights.layers[number];
    let forward = match precision {
        Precision::Int8 => {
            let below = vec![numeric::HIDDEN_SCALE; layer.weight_ih.columns];
            let input_scales = if number == 0 { embedding_scales } else { &below };
            let packed = pack_layer(layer, input_scales, numeric::HIDDEN_SCALE);
            let unit = f64::from(1 << numeric::PRE_ACTIVATION_FRACTION_BITS);
            let quantized = quantize_rows(&packed, &layer.bias, unit, 127);
            let range = network.cell_ranges.get(number).copied().unwrap_or(f32::MAX);
            tensors.add_quantized(&quantized, cell_fraction_bits(range))
        }
        _ => {
            let packed = pack_layer(layer, &vec![1.0; layer.weight_ih.columns], 1.0);
            let weights = tensors.add_float(&packed.values, precision);
            DirectionWeights {
                packing: Packing::RowMajor,
                weights,
                bias: tensors.add(&layer.bias),
                one_hot: None,
                scales: None,
            }
        }
    };
    Layer {
        cell: Cell::Lstm,
        input_size: narrow(layer.weight_ih.columns),
        hidden_size: narrow(layer.weight_hh.columns),
        forward,
        reverse: None,
    }
}

fn add_head(tensors: &mut TensorArea, network: &NetworkWeights, precision: Precision) -> Head {
    match precision {
        Precision::Int8 => {
            let scaled = Matrix {
                columns: network.head_weight.columns,
                values: network.head_weight.values.iter().map(|weight| weight * numeric::POOLED_SCALE).collect(),
            };
            let unit = f64::from(1 << numeric::LOGIT_FRACTION_BITS);
            let quantized = quantize_rows(&scaled, &network.head_bias, unit, 32_767);
            let DirectionWeights { weights, bias, scales, .. } = tensors.add_quantized(&quantized, 0);
            Head { weights, bias, scales }
        }
        _ => Head {
            weights: tensors.add_float(&network.head_weight.values, precision),
            bias: tensors.add(&network.head_bias),
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

/// The tensors of a file, each aligned.
#[derive(Default)]
struct TensorArea {
    bytes: Vec<u8>,
}

impl TensorArea {
    fn add<T: Element + bytemuck::NoUninit>(&mut self, values: &[T]) -> Tensor {
        self.bytes.resize(round_up(self.bytes.len(), ALIGNMENT), 0);
        let offset = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytemuck::cast_slice(values));
        Tensor { data_type: T::DATA_TYPE, offset, elements: values.len() as u32 }
    }

    fn add_float(&mut self, values: &[f32], precision: Precision) -> Tensor {
        match precision {
            Precision::F16 => self.add(&values.iter().map(|value| f16::from_f32(*value)).collect::<Vec<_>>()),
            _ => self.add(values),
        }
    }

    fn add_quantized(&mut self, matrix: &QuantizedMatrix, cell_fraction_bits: u8) -> DirectionWeights {
        let weights = self.add(&matrix.weights);
        let bias = self.add(&matrix.bias);
        let multipliers = self.add(&matrix.multipliers);
        let accumulator_shift = matrix.accumulator_shift;
        let scales = Some(Int8Scales { multipliers, accumulator_shift, state_fraction_bits: cell_fraction_bits });
        DirectionWeights { packing: Packing::RowMajor, weights, bias, one_hot: None, scales }
    }

    /// Strings of at most 255 bytes, which labels and words are.
    fn add_strings(&mut self, strings: &[String]) -> StringTableRef {
        let (mut index, mut bytes) = (Vec::<u32>::new(), Vec::<u8>::new());
        for (number, string) in strings.iter().enumerate() {
            if number % STRINGS_PER_BLOCK == 0 {
                index.push(bytes.len() as u32);
            }
            let string = &string[..string.floor_char_boundary(255)];
            bytes.push(string.len() as u8);
            bytes.extend(string.as_bytes());
        }
        let count = strings.len() as u32;
        StringTableRef { count, index: self.add(&index), bytes: self.add(&bytes) }
    }
}
