//! Model files taken apart to the single tensor, to be changed and put together again with their checksums right.

use runtime::Model;
use runtime::format::{
    HEADER_LENGTH, Header, Input, PartOne, Precision, StringTableSize, Text, Thresholds, Tokens, Vectors,
    device_checksum, part_two_checksum,
};
use sha2::{Digest, Sha256};
use trainer::export::ModelFile;

/// Strings between two entries of a table's index, and buckets between two of fingerprints'.
const STRINGS_PER_BLOCK: usize = 16;
const BUCKETS_PER_BLOCK: usize = 128;

/// The bytes of a file's parts.
#[derive(Debug, Clone)]
pub(crate) struct Pieces {
    pub(crate) header: Header,
    pub(crate) part_one: Vec<u8>,
    pub(crate) extensions: Vec<u8>,
    pub(crate) tensors: Vec<u8>,
    pub(crate) part_two: Vec<u8>,
}

impl Pieces {
    pub(crate) fn of(file: &ModelFile) -> Self {
        let bytes = file.bytes();
        let header = Header::read(bytes).unwrap();
        let extensions = HEADER_LENGTH + header.part_one_length as usize;
        let end = extensions + header.extensions_length as usize;
        let tensors = end.next_multiple_of(header.alignment.into());
        Self {
            header,
            part_one: bytes[HEADER_LENGTH..extensions].to_vec(),
            extensions: bytes[extensions..end].to_vec(),
            tensors: bytes[tensors..header.device_length as usize].to_vec(),
            part_two: bytes[header.device_length as usize..].to_vec(),
        }
    }

    /// The file with the right lengths, checksums, and needs if part one can be read; the capacity stays the header's.
    pub(crate) fn assemble(&self) -> ModelFile {
        let needs = PartOne::decode(&self.part_one).map_or(self.header.needs, |one| one.needs(self.header.precision));
        let mut bytes = [&[0; HEADER_LENGTH], &self.part_one[..], &self.extensions].concat();
        bytes.resize(bytes.len().next_multiple_of(self.header.alignment.into()), 0);
        bytes.extend(&self.tensors);
        let header = Header {
            needs,
            part_one_length: self.part_one.len() as u32,
            extensions_length: self.extensions.len() as u32,
            device_length: bytes.len() as u32,
            part_two_length: self.part_two.len() as u32,
            ..self.header
        };
        bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        bytes.extend(&self.part_two);
        sealed(bytes)
    }

    /// [`Self::assemble`] with the capacity that the model asks for, if it is accepted but for that.
    pub(crate) fn with_right_capacity(&self) -> Option<ModelFile> {
        let file = self.assemble();
        let capacity = Model::parse_any_capacity(file.bytes()).ok()?.required_words();
        let header = Header { capacity: u32::try_from(capacity).unwrap(), ..self.header };
        Some(Self { header, ..self.clone() }.assemble())
    }
}

/// The file of these bytes, with the right checksums if it is as long as its header says.
pub(crate) fn sealed(mut bytes: Vec<u8>) -> ModelFile {
    let length = |bytes: &[u8], place: usize| u32::from_le_bytes(bytes[place..place + 4].try_into().unwrap()) as usize;
    let (device, two) = (length(&bytes, 48), length(&bytes, 52));
    if let Some(part_two) = bytes.get(device..device.saturating_add(two)) {
        let checksum = part_two_checksum(part_two);
        bytes[56..60].copy_from_slice(&checksum.to_le_bytes());
    }
    if let Some(part) = bytes.get(..device).filter(|part| part.len() >= HEADER_LENGTH) {
        let checksum = device_checksum(part);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
    }
    ModelFile::from_bytes(&bytes)
}

/// The file with the id of its content, as `runtime::format::ID_DEFINITION` has it, and the right checksums.
pub(crate) fn with_right_id(file: &ModelFile) -> ModelFile {
    let mut bytes = file.bytes().to_vec();
    let device = Header::read(&bytes).unwrap().device_length as usize;
    let mut hashed = bytes[..device].to_vec();
    hashed[16..32].fill(0);
    hashed[48..64].fill(0);
    bytes[16..32].copy_from_slice(&Sha256::digest(&hashed)[..16]);
    sealed(bytes)
}

/// A tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    /// Bytes of an element; of numbers in 4 bits the bytes are the elements.
    pub(crate) size: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Tensor {
    pub(crate) fn elements(&self) -> usize {
        self.bytes.len() / self.size
    }
}

/// A model file taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) header: Header,
    pub(crate) part_one: PartOne,
    pub(crate) extensions: Vec<u8>,
    /// In their order; those without an element are left out.
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) part_two: Vec<u8>,
}

impl Parts {
    /// The parts of a file, whose tensors end where the last of them does.
    pub(crate) fn of(file: &ModelFile) -> Self {
        let Pieces { header, part_one, extensions, tensors: area, part_two } = Pieces::of(file);
        let part_one: PartOne = postcard::from_bytes(&part_one).unwrap();
        let mut tensors = Vec::new();
        let mut end = 0_usize;
        for shape in shapes(&part_one, header.precision).into_iter().filter(|shape| shape.elements > 0) {
            let start = end.next_multiple_of(header.alignment.into());
            end = start + shape.elements * shape.size;
            tensors.push(Tensor { name: shape.name, size: shape.size, bytes: area[start..end].to_vec() });
        }
        assert_eq!(end, area.len(), "{part_one:?}");
        Self { header, part_one, extensions, tensors, part_two }
    }

    /// As [`Pieces::assemble`].
    pub(crate) fn assemble(&self) -> ModelFile {
        self.pieces().assemble()
    }

    pub(crate) fn pieces(&self) -> Pieces {
        let mut tensors = Vec::new();
        for tensor in self.tensors.iter().filter(|tensor| !tensor.bytes.is_empty()) {
            tensors.resize(tensors.len().next_multiple_of(self.header.alignment.into()), 0);
            tensors.extend(&tensor.bytes);
        }
        Pieces {
            header: self.header,
            part_one: postcard::to_stdvec(&self.part_one).unwrap(),
            extensions: self.extensions.clone(),
            tensors,
            part_two: self.part_two.clone(),
        }
    }

    /// Where each tensor ends, from the start of the first.
    pub(crate) fn ends(&self) -> Vec<usize> {
        let place = |end: &mut usize, tensor: &Tensor| {
            *end = end.next_multiple_of(self.header.alignment.into()) + tensor.bytes.len();
            Some(*end)
        };
        self.tensors.iter().scan(0, place).collect()
    }

    pub(crate) fn tensor(&mut self, name: &str) -> &mut Tensor {
        let names: Vec<String> = self.tensors.iter().map(|tensor| tensor.name.clone()).collect();
        self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("{name} of {names:?}"))
    }

    /// Puts `bytes` in the place of an element of a tensor.
    pub(crate) fn poke(&mut self, name: &str, element: usize, bytes: &[u8]) {
        let tensor = self.tensor(name);
        assert!(element < tensor.elements(), "{name} has no element {element}");
        tensor.bytes[element * tensor.size..][..bytes.len()].copy_from_slice(bytes);
    }
}

/// How large a tensor is.
struct Shape {
    name: String,
    size: usize,
    elements: usize,
}

/// The tensors that a part one names, in the order of the format.
fn shapes(part_one: &PartOne, precision: Precision) -> Vec<Shape> {
    let is_integer = precision == Precision::Int8;
    let weight = match precision {
        Precision::F32 => 4,
        Precision::F16 => 2,
        Precision::Int8 => 1,
    };
    let mut shapes = Vec::new();
    let mut add = |name: &str, size: usize, elements: usize| {
        shapes.push(Shape { name: name.to_owned(), size, elements });
    };
    let (mut width, mut one_hot) = (0, None);
    match part_one.input {
        Input::Frames(frames) => {
            let channels = usize::from(frames.channels);
            add("units", 4, if frames.has_one_unit { 1 } else { channels });
            add("channels", 8, channels);
            add("differences", 8, if frames.has_differences { channels } else { 0 });
            width = channels * usize::from(frames.frames_per_step) * if frames.has_differences { 2 } else { 1 };
        }
        Input::Text(Text { tokens, vectors }) => {
            let count = match tokens {
                Tokens::Words { vocabulary, .. } => strings("words", vocabulary, &mut add),
                Tokens::Characters { alphabet, .. } => strings("characters", alphabet, &mut add),
                Tokens::HashedWords { buckets, .. } => buckets as usize,
                Tokens::Bytes => 256,
                Tokens::FingerprintedWords { table, .. } | Tokens::ComposedWords { table, .. } => {
                    let words = table.count as usize;
                    add("buckets", 4, (2 * words).div_ceil(32));
                    add("index", 4, words.div_ceil(BUCKETS_PER_BLOCK));
                    add("remainders", 1, (words * usize::from(table.remainder_bits)).div_ceil(8));
                    words + if let Tokens::ComposedWords { buckets, .. } = tokens { buckets as usize } else { 0 }
                }
            };
            // Beside padding and what is unknown.
            let tokens = count + 2;
            match vectors {
                Vectors::OneHot => one_hot = Some(tokens),
                Vectors::Embedding { size, bits } => {
                    width = usize::from(size);
                    let (size, columns) = if bits == 4 { (1, width.div_ceil(2)) } else { (weight, width) };
                    add("vectors", size, tokens * columns);
                }
            }
        }
    }
    for (number, layer) in part_one.layers.iter().enumerate() {
        let hidden_size = usize::from(layer.hidden_size);
        let (rows, results) = (layer.cell.gates() * hidden_size, layer.cell.results() * hidden_size);
        let matrix = |columns: usize| {
            if layer.bits == 4 { (1, rows * columns.div_ceil(2)) } else { (weight, rows * columns) }
        };
        for name in ["forward", "reverse"].into_iter().take(if layer.reverse.is_some() { 2 } else { 1 }) {
            let named = |tensor: &str| format!("{number}.{name}.{tensor}");
            match one_hot.filter(|_| number == 0) {
                Some(tokens) => add(&named("one_hot"), weight, tokens * rows),
                None => add(&named("input"), matrix(width).0, matrix(width).1),
            }
            add(&named("recurrent"), matrix(hidden_size).0, matrix(hidden_size).1);
            add(&named("bias"), 4, results);
            add(&named("multipliers"), 2, if is_integer { results } else { 0 });
        }
        width = hidden_size * if layer.reverse.is_some() { 2 } else { 1 };
    }
    for head in &part_one.heads {
        let classes = strings("labels", head.labels, &mut add);
        add("head.weights", weight, classes * width);
        add("head.bias", 4, classes);
        add("head.multipliers", 2, if is_integer { classes } else { 0 });
        add("thresholds", 2, if head.thresholds == Thresholds::OfClasses { classes } else { 0 });
    }
    shapes
}

/// Adds the two tensors of a table; the number of its strings.
fn strings(name: &str, table: StringTableSize, add: &mut impl FnMut(&str, usize, usize)) -> usize {
    let count = table.count as usize;
    add(&format!("{name}.index"), 4, count.div_ceil(STRINGS_PER_BLOCK).saturating_sub(1));
    add(&format!("{name}.bytes"), 1, table.bytes as usize);
    count
}
