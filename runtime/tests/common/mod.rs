//! Small models of every kind, made in memory from weights that are a function of their place.
#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs; a test may panic")]

pub(crate) mod fingerprints;

use fingerprints::Fingerprints;
use runtime::format::{
    ALIGNMENT, Cell, CharacterInput, CharacterRule, ComposedWordInput, DataType, DirectionWeights, Element, Embedding,
    FingerprintTableRef, FingerprintedWordInput, FrameInput, HEADER_LENGTH, HashedWordInput, Head, Header, Input,
    Int8Scales, Layer, Manifest, Packing, PartRule, Pooling, Precision, Provenance, StringTableRef, Tensor,
    TokenVectors, WordInput, WordRule, checksum, round_up,
};
use runtime::{Error, Model};

pub(crate) const CLASSES: usize = 3;
pub(crate) const LABELS: [&str; CLASSES] = ["off", "on", "wärmer"];
/// Sorted by bytes.
pub(crate) const WORDS: [&str; 6] = ["down", "lamp", "light", "off", "up", "é"];
/// Sorted by bytes.
pub(crate) const ALPHABET: [&str; 7] = [" ", "a", "e", "l", "n", "o", "é"];
pub(crate) const BUCKETS: u32 = 11;
pub(crate) const CHANNELS: usize = 3;
/// Values of an embedding's vector.
pub(crate) const EMBEDDING_SIZE: usize = 6;

pub(crate) const PRECISIONS: [Precision; 3] = [Precision::F32, Precision::F16, Precision::Int8];
pub(crate) const CELLS: [Cell; 4] = [Cell::Lstm, Cell::Gru, Cell::RnnTanh, Cell::RnnRelu];
pub(crate) const POOLINGS: [Pooling; 3] = [Pooling::Last, Pooling::Mean, Pooling::Max];

/// Words known by their fingerprints: [`WORDS`], and others.
pub(crate) const FINGERPRINTED: usize = 300;
/// Rows that other words are composed of.
pub(crate) const SUBWORD_BUCKETS: u32 = 13;

/// The fingerprints of [`WORDS`] and of `w6`, `w7` and so on; other words are often taken for one of them.
pub(crate) fn fingerprints() -> Fingerprints {
    let others = (WORDS.len()..FINGERPRINTED).map(|number| format!("w{number}"));
    let words: Vec<String> = WORDS.map(String::from).into_iter().chain(others).collect();
    Fingerprints::of(&words, 1, 5)
}

/// What a step takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputSpec {
    Words,
    HashedWords,
    FingerprintedWords,
    ComposedWords,
    Characters,
    Bytes,
    Frames,
    /// Frames whose values are the first layer's input as they are: 8-bit integers, or floats.
    Identity {
        channels: usize,
    },
}

/// How a token becomes a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VectorSpec {
    Embedding,
    /// An embedding in 4 bits, of an odd size.
    Nibbles,
    /// The same in 8 bits.
    NibblesAsBytes,
    OneHot,
    /// An embedding that is 1 (in int8: 127) at the token's place and 0 elsewhere.
    Identity,
}

/// How the weights of layers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WeightSpec {
    Bytes,
    /// In 4 bits.
    Nibbles,
    /// The same in 8 bits.
    NibblesAsBytes,
}

/// A layer; the seeds are those of its directions' weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LayerSpec {
    pub(crate) cell: Cell,
    pub(crate) hidden_size: usize,
    pub(crate) seed: u32,
    pub(crate) reverse_seed: Option<u32>,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) precision: Precision,
    pub(crate) input: InputSpec,
    pub(crate) vectors: VectorSpec,
    pub(crate) weights: WeightSpec,
    pub(crate) layers: Vec<LayerSpec>,
    pub(crate) pooling: Pooling,
    pub(crate) max_steps: u32,
    pub(crate) pad_to: u32,
}

impl Spec {
    /// Words, embedded, at most 40 of them, without padding.
    pub(crate) fn new(precision: Precision, layers: &[LayerSpec], pooling: Pooling) -> Self {
        Self {
            precision,
            input: InputSpec::Words,
            vectors: VectorSpec::Embedding,
            weights: WeightSpec::Bytes,
            layers: layers.to_vec(),
            pooling,
            max_steps: 40,
            pad_to: 0,
        }
    }

    pub(crate) fn token_count(&self) -> usize {
        match self.input {
            InputSpec::Words => WORDS.len() + 2,
            InputSpec::HashedWords => BUCKETS as usize + 2,
            InputSpec::FingerprintedWords => FINGERPRINTED + 2,
            InputSpec::ComposedWords => FINGERPRINTED + 2 + SUBWORD_BUCKETS as usize,
            InputSpec::Characters => ALPHABET.len() + 2,
            InputSpec::Bytes => 258,
            InputSpec::Frames | InputSpec::Identity { .. } => 0,
        }
    }

    fn input_size(&self) -> usize {
        match (self.input, self.vectors) {
            (InputSpec::Frames, _) => CHANNELS,
            (InputSpec::Identity { channels }, _) => channels,
            (_, VectorSpec::Embedding) => EMBEDDING_SIZE,
            (_, VectorSpec::Nibbles | VectorSpec::NibblesAsBytes) => EMBEDDING_SIZE - 1,
            (_, VectorSpec::OneHot | VectorSpec::Identity) => self.token_count(),
        }
    }

    /// Values of the pooled vector.
    pub(crate) fn pooled_size(&self) -> usize {
        self.layers.last().map_or(0, LayerSpec::width)
    }
}

impl LayerSpec {
    pub(crate) fn forward(cell: Cell, hidden_size: usize, seed: u32) -> Self {
        Self { cell, hidden_size, seed, reverse_seed: None }
    }

    pub(crate) fn both(cell: Cell, hidden_size: usize, seed: u32) -> Self {
        Self { cell, hidden_size, seed, reverse_seed: Some(seed + 1) }
    }

    pub(crate) fn width(&self) -> usize {
        self.hidden_size * if self.reverse_seed.is_some() { 2 } else { 1 }
    }
}

/// A number between -127 and 127 that depends on all of its arguments.
pub(crate) fn number(seed: u32, row: usize, column: usize) -> i8 {
    let mut bits = seed.wrapping_mul(0x9E37_79B9) ^ (row as u32).wrapping_mul(0x85EB_CA6B) ^ (column as u32);
    for _ in 0..2 {
        bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    }
    (((bits >> 8) % 255) as i32 - 127) as i8
}

/// As [`number`], between -7 and 7.
pub(crate) fn small_number(seed: u32, row: usize, column: usize) -> i8 {
    number(seed, row, column) / 17
}

/// What a weight is in a float model.
pub(crate) fn float(weight: i8) -> f32 {
    f32::from(weight) / 128.0
}

/// The head's weights, bias and multipliers.
pub(crate) const HEAD_SEED: u32 = 900;

pub(crate) fn head_bias(class: usize) -> i32 {
    i32::from(number(HEAD_SEED + 1, class, 0)) * 20_000
}

pub(crate) fn multiplier(seed: u32, result: usize) -> i16 {
    2_000 + 10 * i16::from(number(seed + 3, result, 0))
}

/// Bytes of a model file, aligned as one must be.
pub(crate) struct File {
    words: Vec<u128>,
    length: usize,
}

impl File {
    fn new(bytes: &[u8]) -> Self {
        let mut words = vec![0_u128; bytes.len().div_ceil(ALIGNMENT)];
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

/// The parts of a model file, to be changed before they are put together.
pub(crate) struct Parts {
    pub(crate) precision: Precision,
    pub(crate) manifest: Manifest<'static>,
    pub(crate) tensors: Vec<u8>,
}

impl Parts {
    pub(crate) fn of(spec: &Spec) -> Self {
        let mut writer = Writer { precision: spec.precision, weights: spec.weights, tensors: Vec::new() };
        let labels = writer.strings(&LABELS);
        let input = writer.input(spec);
        let mut input_size = spec.input_size();
        let mut layers = Vec::new();
        for (number, layer) in spec.layers.iter().enumerate() {
            let one_hot =
                (number == 0 && spec.vectors == VectorSpec::OneHot && spec.token_count() > 0).then_some(input_size);
            let mut direction = |seed| writer.direction(layer, seed, input_size, one_hot);
            layers.push(Layer {
                cell: layer.cell,
                input_size: input_size as u16,
                hidden_size: layer.hidden_size as u16,
                forward: direction(layer.seed),
                reverse: layer.reverse_seed.map(direction),
            });
            input_size = layer.width();
        }
        let head = writer.head(input_size);
        let manifest = Manifest {
            provenance: Provenance { trainer_version: "test", data_hash: "00ff", seed: 1, ..Provenance::default() },
            labels,
            input,
            max_steps: spec.max_steps,
            pad_to: spec.pad_to,
            layers: layers.into_iter().collect(),
            pooling: spec.pooling,
            head,
        };
        Self { precision: spec.precision, manifest, tensors: writer.tensors }
    }

    /// The file, with the capacity that the runtime asks for if it accepts the rest.
    pub(crate) fn assemble(&self) -> File {
        let draft = self.assemble_with_capacity(0);
        let required = Model::parse_any_capacity(draft.bytes()).map_or(0, |model| model.required_words());
        self.assemble_with_capacity(u32::try_from(required).unwrap_or(u32::MAX))
    }

    pub(crate) fn assemble_with_capacity(&self, capacity: u32) -> File {
        let mut buffer = vec![0; 4096];
        let manifest = postcard::to_slice(&self.manifest, &mut buffer).unwrap();
        let tensors_offset = round_up(HEADER_LENGTH + manifest.len(), ALIGNMENT);
        let header = Header {
            precision: self.precision,
            total_length: (tensors_offset + self.tensors.len()) as u32,
            checksum: 0,
            manifest_length: manifest.len() as u32,
            tensors_offset: tensors_offset as u32,
            capacity,
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(manifest);
        bytes.resize(tensors_offset, 0);
        bytes.extend_from_slice(&self.tensors);
        let header = Header { checksum: checksum(&bytes), ..header };
        bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        File::new(&bytes)
    }

    /// Puts bytes in the place of an element of a tensor.
    pub(crate) fn poke(&mut self, tensor: Tensor, element: usize, bytes: &[u8]) {
        assert!(element < tensor.elements as usize);
        let start = tensor.offset as usize + element * tensor.data_type.bits() / 8;
        self.tensors[start..start + bytes.len()].copy_from_slice(bytes);
    }
}

/// The model file of a specification.
pub(crate) fn file(spec: &Spec) -> File {
    Parts::of(spec).assemble()
}

struct Writer {
    precision: Precision,
    weights: WeightSpec,
    tensors: Vec<u8>,
}

impl Writer {
    fn add<T: Element + bytemuck::NoUninit>(&mut self, values: &[T]) -> Tensor {
        self.tensors.resize(round_up(self.tensors.len(), ALIGNMENT), 0);
        let offset = self.tensors.len() as u32;
        self.tensors.extend_from_slice(bytemuck::cast_slice(values));
        Tensor { data_type: T::DATA_TYPE, offset, elements: values.len() as u32 }
    }

    fn weights(&mut self, weights: &[i8]) -> Tensor {
        match self.precision {
            Precision::Int8 => self.add(weights),
            Precision::F32 => self.add(&weights.iter().map(|weight| float(*weight)).collect::<Vec<_>>()),
            Precision::F16 => {
                let weights: Vec<_> = weights.iter().map(|weight| half::f16::from_f32(float(*weight))).collect();
                self.add(&weights)
            }
        }
    }

    /// Rows in 4 bits, each from a byte on.
    fn nibbles(&mut self, rows: impl Iterator<Item = Vec<i8>>) -> Tensor {
        let bytes: Vec<u8> = rows
            .flat_map(|row| {
                let byte = |pair: &[i8]| pair[0] as u8 & 15 | (pair.get(1).copied().unwrap_or(0) as u8) << 4;
                row.chunks(2).map(byte).collect::<Vec<_>>()
            })
            .collect();
        let tensor = self.add(&bytes);
        Tensor { data_type: DataType::I4, elements: 2 * tensor.elements, ..tensor }
    }

    fn bias(&mut self, bias: &[i32], unit: f32) -> Tensor {
        match self.precision {
            Precision::Int8 => self.add(bias),
            _ => self.add(&bias.iter().map(|bias| *bias as f32 * unit).collect::<Vec<_>>()),
        }
    }

    fn strings(&mut self, strings: &[&str]) -> StringTableRef {
        assert!(strings.len() <= 16, "one block");
        let mut bytes = Vec::new();
        for string in strings {
            bytes.push(string.len() as u8);
            bytes.extend_from_slice(string.as_bytes());
        }
        StringTableRef { count: strings.len() as u32, index: self.add(&[0_u32]), bytes: self.add(&bytes) }
    }

    fn fingerprints(&mut self) -> FingerprintTableRef {
        let Fingerprints { seed, remainder_bits, sorted, buckets, index, remainders } = fingerprints();
        FingerprintTableRef {
            count: sorted.len() as u32,
            seed,
            remainder_bits,
            buckets: self.add(&buckets),
            index: self.add(&index),
            remainders: self.add(&remainders),
        }
    }

    fn vectors(&mut self, spec: &Spec) -> TokenVectors {
        let (tokens, size) = (spec.token_count(), spec.input_size());
        let one = if self.precision == Precision::Int8 { 127 } else { 0 };
        let weights = match spec.vectors {
            VectorSpec::OneHot => return TokenVectors::OneHot,
            VectorSpec::Embedding => (0..tokens * size).map(|index| number(7, index / size, index % size)).collect(),
            VectorSpec::Nibbles => {
                let vectors = |token| (0..size).map(move |column| small_number(7, token, column)).collect();
                let weights = self.nibbles((0..tokens).map(vectors));
                return TokenVectors::Embedding(Embedding { weights, size: size as u16 });
            }
            VectorSpec::NibblesAsBytes => {
                (0..tokens * size).map(|index| 16 * small_number(7, index / size, index % size)).collect()
            }
            VectorSpec::Identity => {
                (0..tokens * size).map(|index| if index / size == index % size { one } else { 0 }).collect::<Vec<_>>()
            }
        };
        let mut tensor = self.weights(&weights);
        if spec.vectors == VectorSpec::Identity && self.precision == Precision::F32 {
            let identity = (0..tokens * size).map(|index| f32::from(u8::from(index / size == index % size)));
            tensor = self.add(&identity.collect::<Vec<_>>());
        }
        TokenVectors::Embedding(Embedding { weights: tensor, size: size as u16 })
    }

    fn frames(&mut self, spec: &Spec) -> FrameInput {
        let channels = spec.input_size();
        let identity = spec.input != InputSpec::Frames;
        let zeros: Vec<i16> =
            (0..channels).map(|channel| if identity { 0 } else { 100 * channel as i16 - 50 }).collect();
        let int8 = self.precision == Precision::Int8;
        let (zero, scale) = if int8 {
            let scales: Vec<i16> =
                (0..channels).map(|channel| if identity { 1 } else { 300 + channel as i16 }).collect();
            (self.add(&zeros), self.add(&scales))
        } else {
            let scales: Vec<f32> =
                (0..channels).map(|channel| if identity { 1.0 } else { 0.25 + channel as f32 }).collect();
            (self.add(&zeros.iter().map(|zero| f32::from(*zero) / 64.0).collect::<Vec<_>>()), self.add(&scales))
        };
        let (unit, shift) = if identity { (1.0, 0) } else { (1.0 / 64.0, if int8 { 10 } else { 0 }) };
        FrameInput { channels: channels as u16, unit, zero, scale, shift }
    }

    fn input(&mut self, spec: &Spec) -> Input {
        let rule = WordRule::LowercaseAlphanumeric;
        match spec.input {
            InputSpec::Words => {
                Input::Words(WordInput { rule, vocabulary: self.strings(&WORDS), vectors: self.vectors(spec) })
            }
            InputSpec::HashedWords => {
                Input::HashedWords(HashedWordInput { rule, buckets: BUCKETS, vectors: self.vectors(spec) })
            }
            InputSpec::FingerprintedWords => Input::FingerprintedWords(FingerprintedWordInput {
                rule,
                table: self.fingerprints(),
                vectors: self.vectors(spec),
            }),
            InputSpec::ComposedWords => Input::ComposedWords(ComposedWordInput {
                known: FingerprintedWordInput { rule, table: self.fingerprints(), vectors: self.vectors(spec) },
                parts: PartRule::PrefixAndWord,
                buckets: SUBWORD_BUCKETS,
            }),
            InputSpec::Characters => Input::Characters(CharacterInput {
                rule: CharacterRule::Lowercase,
                alphabet: self.strings(&ALPHABET),
                vectors: self.vectors(spec),
            }),
            InputSpec::Bytes => Input::Bytes(self.vectors(spec)),
            InputSpec::Frames | InputSpec::Identity { .. } => Input::Frames(self.frames(spec)),
        }
    }

    fn scales(
        &mut self,
        seed: u32,
        results: usize,
        accumulator_shift: u8,
        state_fraction_bits: u8,
    ) -> Option<Int8Scales> {
        let multipliers: Vec<i16> = (0..results).map(|result| multiplier(seed, result)).collect();
        (self.precision == Precision::Int8).then(|| Int8Scales {
            multipliers: self.add(&multipliers),
            accumulator_shift,
            state_fraction_bits,
        })
    }

    fn direction(
        &mut self,
        layer: &LayerSpec,
        seed: u32,
        input_size: usize,
        one_hot: Option<usize>,
    ) -> DirectionWeights {
        let rows = layer.cell.gates() * layer.hidden_size;
        let results = layer.cell.results() * layer.hidden_size;
        let inputs = if one_hot.is_some() { 0 } else { input_size };
        let mut weights = Vec::new();
        for row in 0..rows {
            weights.extend((0..inputs).map(|column| number(seed, row, column)));
            weights.resize(round_up(weights.len() - row * columns(inputs, layer), 4) + row * columns(inputs, layer), 0);
            weights.extend((0..layer.hidden_size).map(|column| number(seed + 50, row, column)));
            weights.resize((row + 1) * columns(inputs, layer), 0);
        }
        let one_hot = one_hot.map(|tokens| {
            let entries: Vec<i8> = (0..tokens * rows).map(|index| number(seed, index % rows, index / rows)).collect();
            self.weights(&entries)
        });
        let bias: Vec<i32> = (0..results).map(|result| i32::from(number(seed + 2, result, 0)) * 60).collect();
        let fraction_bits = match layer.cell {
            Cell::Lstm => 12,
            Cell::RnnRelu => 10,
            Cell::Gru | Cell::RnnTanh => 0,
        };
        DirectionWeights {
            packing: Packing::RowMajor,
            weights: match self.weights {
                WeightSpec::Bytes => self.weights(&weights),
                WeightSpec::Nibbles => self.nibbles(weights.chunks(2).map(|pair| vec![pair[0] / 17, pair[1] / 17])),
                WeightSpec::NibblesAsBytes => self.add(&weights.iter().map(|weight| weight / 17).collect::<Vec<_>>()),
            },
            bias: self.bias(&bias, 1.0 / 8192.0),
            one_hot,
            scales: self.scales(seed, results, 2, fraction_bits),
        }
    }

    fn head(&mut self, pooled_size: usize) -> Head {
        let weights: Vec<i8> = (0..CLASSES * pooled_size)
            .map(|index| number(HEAD_SEED, index / pooled_size, index % pooled_size))
            .collect();
        let bias: Vec<i32> = (0..CLASSES).map(head_bias).collect();
        Head {
            weights: self.weights(&weights),
            bias: self.bias(&bias, 1.0 / 1e6),
            scales: self.scales(HEAD_SEED, CLASSES, 0, 0),
        }
    }
}

fn columns(inputs: usize, layer: &LayerSpec) -> usize {
    round_up(inputs, 4) + round_up(layer.hidden_size, 4)
}

/// The file of these bytes with their checksum, and the capacity that the runtime asks for.
pub(crate) fn with_right_header(bytes: &[u8]) -> File {
    let sealed = |capacity: u32| {
        let mut bytes = bytes.to_vec();
        bytes[24..28].copy_from_slice(&capacity.to_le_bytes());
        let checksum = checksum(&bytes);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        File::new(&bytes)
    };
    let draft = sealed(0);
    let required = Model::parse_any_capacity(draft.bytes()).map_or(0, |model| model.required_words());
    sealed(u32::try_from(required).unwrap_or(u32::MAX))
}
