//! Writes the model file of a [`Spec`], part by part.

use super::fingerprints::Fingerprints;
use super::{
    ALPHABET, BUCKETS, CLASSES, HEAD_SEED, InputSpec, LABELS, LayerSpec, SUBWORD_BUCKETS, Spec, UNITS, VectorSpec,
    WORDS, WeightSpec, WindowSpec, fingerprints, float, float_channel, float_difference, head_bias, integer_channel,
    integer_difference, multiplier, number, small_number, threshold,
};
use runtime::format::{
    Cell, CharacterRule, Direction, FingerprintTableSize, FloatChannel, Frames, HEADER_LENGTH, Head, Header, Input,
    IntegerChannel, LARGEST_ALIGNMENT, Layer, Packing, PartOne, PartRule, Precision, StringTableSize, Task, Text,
    Thresholds, Tokens, UNICODE_VERSION, Vectors, WordSplit, device_checksum, part_two_checksum, round_up,
};
use runtime::{Error, Model};

/// Bytes of a model file, aligned as one must be.
pub(crate) struct File {
    words: Vec<u128>,
    length: usize,
}

impl File {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut words = vec![0_u128; bytes.len().div_ceil(LARGEST_ALIGNMENT)];
        bytemuck::cast_slice_mut::<u128, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { words, length: bytes.len() }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }

    pub(crate) fn parse(&self) -> Result<Model<'_>, Error> {
        Model::parse(self.bytes())
    }
}

/// A tensor, with a name for tests.
#[derive(Debug, Clone)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    /// Bytes of an element.
    pub(crate) size: usize,
    pub(crate) bytes: Vec<u8>,
}

/// The parts of a model file, to be changed before they are put together.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) precision: Precision,
    pub(crate) alignment: u8,
    /// What the header says that a reader needs; `None`: what part one does.
    pub(crate) needs: Option<u32>,
    pub(crate) model_version: u32,
    pub(crate) part_one: PartOne,
    pub(crate) extensions: Vec<u8>,
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) part_two: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// The model id in the files of these tests, which no runtime computes.
pub(crate) const ID: [u8; 16] = *b"0123456789abcdef";

impl Parts {
    pub(crate) fn of(spec: &Spec) -> Self {
        let mut writer = Writer { precision: spec.precision, weights: spec.weights, tensors: Vec::new() };
        let input = writer.input(spec);
        let mut input_size = spec.input_size();
        let mut layers = Vec::new();
        for (number, layer) in spec.layers.iter().enumerate() {
            let one_hot =
                (number == 0 && spec.vectors == VectorSpec::OneHot && spec.token_count() > 0).then_some(input_size);
            let bits = writer.layer_bits();
            let mut direction =
                |name: &str, seed| writer.direction(&format!("{number}.{name}"), layer, seed, input_size, one_hot);
            layers.push(Layer {
                cell: layer.cell,
                hidden_size: layer.hidden_size as u16,
                bits,
                forward: direction("forward", layer.seed),
                reverse: layer.reverse_seed.map(|seed| direction("reverse", seed)),
            });
            input_size = layer.width();
        }
        let head = writer.head(spec, input_size);
        let part_one = PartOne {
            input,
            max_steps: spec.max_steps,
            pad_to: spec.pad_to,
            layers: layers.into_iter().collect(),
            heads: [head].into_iter().collect(),
        };
        Self {
            precision: spec.precision,
            alignment: spec.alignment,
            needs: None,
            model_version: 7,
            part_one,
            extensions: Vec::new(),
            tensors: writer.tensors,
            part_two: b"part two".to_vec(),
            signature: Vec::new(),
        }
    }

    /// The file, with the capacity that the runtime asks for if it accepts the rest.
    pub(crate) fn assemble(&self) -> File {
        let draft = self.assemble_with_capacity(0);
        let required = Model::parse_any_capacity(draft.bytes()).map_or(0, |model| model.required_words());
        self.assemble_with_capacity(u32::try_from(required).unwrap_or(u32::MAX))
    }

    pub(crate) fn assemble_with_capacity(&self, capacity: u32) -> File {
        let mut buffer = vec![0; 4096];
        self.assemble_of(postcard::to_slice(&self.part_one, &mut buffer).unwrap(), capacity)
    }

    /// The file with these bytes as part one.
    pub(crate) fn assemble_of(&self, part_one: &[u8], capacity: u32) -> File {
        let alignment = usize::from(self.alignment);
        let mut bytes = [&[0; HEADER_LENGTH], part_one, &self.extensions].concat();
        bytes.resize(round_up(bytes.len(), alignment), 0);
        for tensor in self.tensors.iter().filter(|tensor| !tensor.bytes.is_empty()) {
            bytes.resize(round_up(bytes.len(), alignment), 0);
            bytes.extend_from_slice(&tensor.bytes);
        }
        let header = Header {
            precision: self.precision,
            packing: Packing::RowMajor,
            needs: self.needs.unwrap_or(self.part_one.needs(self.precision)),
            alignment: self.alignment,
            signature_length: self.signature.len() as u16,
            id: ID,
            model_version: self.model_version,
            capacity,
            part_one_length: part_one.len() as u32,
            extensions_length: self.extensions.len() as u32,
            device_length: bytes.len() as u32,
            part_two_length: self.part_two.len() as u32,
            part_two_checksum: part_two_checksum(&self.part_two),
            device_checksum: 0,
        };
        bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        let header = Header { device_checksum: device_checksum(&bytes), ..header };
        bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        bytes.extend_from_slice(&self.part_two);
        bytes.extend_from_slice(&self.signature);
        File::new(&bytes)
    }

    pub(crate) fn tensor(&mut self, name: &str) -> &mut Tensor {
        let names: Vec<String> = self.tensors.iter().map(|tensor| tensor.name.clone()).collect();
        self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("{name} of {names:?}"))
    }

    /// Puts bytes in the place of an element of a tensor.
    pub(crate) fn poke(&mut self, name: &str, element: usize, bytes: &[u8]) {
        let tensor = self.tensor(name);
        tensor.bytes[element * tensor.size..][..bytes.len()].copy_from_slice(bytes);
    }
}

/// The model file of a specification.
pub(crate) fn file(spec: &Spec) -> File {
    Parts::of(spec).assemble()
}

struct Writer {
    precision: Precision,
    weights: WeightSpec,
    tensors: Vec<Tensor>,
}

impl Writer {
    fn add<T: bytemuck::NoUninit>(&mut self, name: &str, values: &[T]) {
        let bytes = bytemuck::cast_slice(values).to_vec();
        self.tensors.push(Tensor { name: name.into(), size: size_of::<T>(), bytes });
    }

    /// Bits of a weight of a layer, and of a number of an embedding that is not [`VectorSpec::Nibbles`].
    fn bits(&self) -> u8 {
        match self.precision {
            Precision::F32 => 32,
            Precision::F16 => 16,
            Precision::Int8 => 8,
        }
    }

    fn layer_bits(&self) -> u8 {
        if self.weights == WeightSpec::Nibbles { 4 } else { self.bits() }
    }

    fn weights(&mut self, name: &str, weights: &[i8]) {
        match self.precision {
            Precision::Int8 => self.add(name, weights),
            Precision::F32 => self.add(name, &weights.iter().map(|weight| float(*weight)).collect::<Vec<_>>()),
            Precision::F16 => {
                self.add(name, &weights.iter().map(|weight| half_bits(*weight)).collect::<Vec<_>>());
            }
        }
    }

    /// Rows in 4 bits, each from a byte on.
    fn nibbles(&mut self, name: &str, rows: impl Iterator<Item = Vec<i8>>) {
        let bytes: Vec<u8> = rows
            .flat_map(|row| {
                let byte = |pair: &[i8]| pair[0] as u8 & 15 | (pair.get(1).copied().unwrap_or(0) as u8) << 4;
                row.chunks(2).map(byte).collect::<Vec<_>>()
            })
            .collect();
        self.add(name, &bytes);
    }

    /// The weights of a layer, `[rows, columns]`.
    fn matrix(&mut self, name: &str, rows: usize, columns: usize, weight: impl Fn(usize, usize) -> i8) {
        let row = |row: usize| (0..columns).map(|column| weight(row, column)).collect::<Vec<_>>();
        let small = |number: usize| row(number).into_iter().map(|weight| weight / 17).collect::<Vec<_>>();
        match self.weights {
            WeightSpec::Bytes => self.weights(name, &(0..rows).flat_map(row).collect::<Vec<_>>()),
            WeightSpec::Nibbles => self.nibbles(name, (0..rows).map(small)),
            WeightSpec::NibblesAsBytes => self.add(name, &(0..rows).flat_map(small).collect::<Vec<_>>()),
        }
    }

    fn bias(&mut self, name: &str, bias: &[i32], unit: f32) {
        match self.precision {
            Precision::Int8 => self.add(name, bias),
            _ => self.add(name, &bias.iter().map(|bias| *bias as f32 * unit).collect::<Vec<_>>()),
        }
    }

    fn strings(&mut self, name: &str, strings: &[&str]) -> StringTableSize {
        let (mut bytes, mut index) = (Vec::new(), Vec::new());
        for (number, string) in strings.iter().enumerate() {
            if number > 0 && number.is_multiple_of(16) {
                index.push(bytes.len() as u32);
            }
            bytes.push(string.len() as u8);
            bytes.extend_from_slice(string.as_bytes());
        }
        self.add(&format!("{name}.index"), &index);
        self.add(&format!("{name}.bytes"), &bytes);
        StringTableSize { count: strings.len() as u32, bytes: bytes.len() as u32 }
    }

    fn fingerprints(&mut self) -> FingerprintTableSize {
        let Fingerprints { seed, remainder_bits, sorted, buckets, index, remainders } = fingerprints();
        self.add("buckets", &buckets);
        self.add("index", &index);
        self.add("remainders", &remainders);
        FingerprintTableSize { count: sorted.len() as u32, seed, remainder_bits }
    }

    fn vectors(&mut self, spec: &Spec) -> Vectors {
        let (tokens, size) = (spec.token_count(), spec.input_size());
        let one = if self.precision == Precision::Int8 { 127 } else { 0 };
        let mut bits = self.bits();
        match spec.vectors {
            VectorSpec::OneHot => return Vectors::OneHot,
            VectorSpec::Nibbles => {
                bits = 4;
                let vectors = |token| (0..size).map(move |column| small_number(7, token, column)).collect();
                self.nibbles("vectors", (0..tokens).map(vectors));
            }
            VectorSpec::Identity if self.precision == Precision::F32 => {
                let identity = (0..tokens * size).map(|index| f32::from(u8::from(index / size == index % size)));
                self.add("vectors", &identity.collect::<Vec<_>>());
            }
            kind => {
                let value = |row: usize, column: usize| match kind {
                    VectorSpec::NibblesAsBytes => 16 * small_number(7, row, column),
                    VectorSpec::Identity => i8::from(row == column) * one,
                    _ => number(7, row, column),
                };
                let values: Vec<i8> = (0..tokens * size).map(|index| value(index / size, index % size)).collect();
                self.weights("vectors", &values);
            }
        }
        Vectors::Embedding { size: size as u16, bits }
    }

    fn frames(&mut self, spec: &Spec) -> Frames {
        let WindowSpec { frames_per_step, frame_stride, has_differences, has_one_unit } = spec.window;
        let channels = spec.channels();
        let identity = spec.input != InputSpec::Frames;
        let unit = |channel: usize| if identity { 1.0 } else { UNITS[channel] };
        self.add("units", &(0..if has_one_unit { 1 } else { channels }).map(unit).collect::<Vec<_>>());
        self.channels("channels", channels, identity, integer_channel, float_channel);
        self.channels(
            "differences",
            if has_differences { channels } else { 0 },
            identity,
            integer_difference,
            float_difference,
        );
        Frames { channels: channels as u16, has_one_unit, frames_per_step, frame_stride, has_differences }
    }

    fn channels(
        &mut self,
        name: &str,
        count: usize,
        identity: bool,
        integer: fn(usize) -> IntegerChannel,
        float: fn(usize) -> FloatChannel,
    ) {
        if self.precision == Precision::Int8 {
            let same = IntegerChannel { zero: 0, scale: 1, pre_shift: 0, shift: 0 };
            let channel = |channel| if identity { same } else { integer(channel) };
            self.add(name, &(0..count).map(channel).collect::<Vec<_>>());
        } else {
            let same = FloatChannel { zero: 0.0, scale: 1.0 };
            let channel = |channel| if identity { same } else { float(channel) };
            self.add(name, &(0..count).map(channel).collect::<Vec<_>>());
        }
    }

    fn input(&mut self, spec: &Spec) -> Input {
        let split = WordSplit::of(spec.rule);
        let tokens = match spec.input {
            InputSpec::Frames | InputSpec::Identity { .. } => return Input::Frames(self.frames(spec)),
            InputSpec::Words => Tokens::Words { split, vocabulary: self.strings("words", &WORDS) },
            InputSpec::HashedWords => Tokens::HashedWords { split, buckets: BUCKETS },
            InputSpec::FingerprintedWords => Tokens::FingerprintedWords { split, table: self.fingerprints() },
            InputSpec::ComposedWords => Tokens::ComposedWords {
                split,
                table: self.fingerprints(),
                parts: PartRule::PrefixAndWord,
                buckets: SUBWORD_BUCKETS,
            },
            InputSpec::Characters => Tokens::Characters {
                rule: CharacterRule::Lowercase,
                unicode: UNICODE_VERSION,
                alphabet: self.strings("alphabet", &ALPHABET),
            },
            InputSpec::Bytes => Tokens::Bytes,
        };
        Input::Text(Text { tokens, vectors: self.vectors(spec) })
    }

    fn multipliers(&mut self, name: &str, seed: u32, results: usize) {
        if self.precision == Precision::Int8 {
            self.add(name, &(0..results).map(|result| multiplier(seed, result)).collect::<Vec<_>>());
        }
    }

    fn direction(
        &mut self,
        name: &str,
        layer: &LayerSpec,
        seed: u32,
        input_size: usize,
        one_hot: Option<usize>,
    ) -> Direction {
        let rows = layer.cell.gates() * layer.hidden_size;
        let results = layer.cell.results() * layer.hidden_size;
        match one_hot {
            Some(tokens) => {
                let entries: Vec<i8> =
                    (0..tokens * rows).map(|index| number(seed, index % rows, index / rows)).collect();
                self.weights(&format!("{name}.one_hot"), &entries);
            }
            None => {
                self.matrix(&format!("{name}.input"), rows, input_size, |row, column| number(seed, row, column));
            }
        }
        self.matrix(&format!("{name}.recurrent"), rows, layer.hidden_size, |row, column| {
            number(seed + 50, row, column)
        });
        let bias: Vec<i32> = (0..results).map(|result| i32::from(number(seed + 2, result, 0)) * 60).collect();
        self.bias(&format!("{name}.bias"), &bias, 1.0 / 8192.0);
        self.multipliers(&format!("{name}.multipliers"), seed, results);
        let state_fraction_bits = match layer.cell {
            Cell::Lstm => 12,
            Cell::RnnRelu => 10,
            Cell::Gru | Cell::RnnTanh => 0,
        };
        match self.precision {
            Precision::Int8 => Direction { accumulator_shift: 2, state_fraction_bits },
            Precision::F32 | Precision::F16 => Direction::default(),
        }
    }

    fn head(&mut self, spec: &Spec, pooled_size: usize) -> Head {
        let labels = self.strings("labels", &LABELS);
        let weights: Vec<i8> = (0..CLASSES * pooled_size)
            .map(|index| number(HEAD_SEED, index / pooled_size, index % pooled_size))
            .collect();
        self.weights("head.weights", &weights);
        let bias: Vec<i32> = (0..CLASSES).map(head_bias).collect();
        self.bias("head.bias", &bias, 1.0 / 1e6);
        self.multipliers("head.multipliers", HEAD_SEED, CLASSES);
        if spec.thresholds == Thresholds::OfClasses {
            self.add("thresholds", &(0..CLASSES).map(threshold).collect::<Vec<_>>());
        }
        Head {
            task: Task::Classification,
            pooling: spec.pooling,
            labels,
            accumulator_shift: 0,
            inverse_temperature: spec.inverse_temperature,
            thresholds: spec.thresholds,
        }
    }
}

/// [`float`] of a weight as an `f16`, which has it exactly.
fn half_bits(weight: i8) -> u16 {
    let bits = float(weight).to_bits();
    // The exponents' biases are 127 and 15.
    let magnitude = (bits & 0x7FFF_FFFF).saturating_sub((127 - 15) << 23) >> 13;
    (bits >> 16 & 0x8000 | magnitude) as u16
}

/// The file of these bytes with their checksum, and the capacity that the runtime asks for.
pub(crate) fn with_right_header(bytes: &[u8]) -> File {
    let sealed = |capacity: u32| {
        let mut bytes = bytes.to_vec();
        let length = |place: usize| u32::from_le_bytes(bytes[place..place + 4].try_into().unwrap()) as usize;
        let (device_length, part_two_length) = (length(48), length(52));
        bytes[36..40].copy_from_slice(&capacity.to_le_bytes());
        let checksum = device_checksum(&bytes[..device_length.min(bytes.len())]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
        let checksum = part_two_checksum(bytes.get(device_length..device_length + part_two_length).unwrap_or_default());
        bytes[56..60].copy_from_slice(&checksum.to_le_bytes());
        File::new(&bytes)
    };
    let draft = sealed(0);
    let required = Model::parse_any_capacity(draft.bytes()).map_or(0, |model| model.required_words());
    sealed(u32::try_from(required).unwrap_or(u32::MAX))
}
