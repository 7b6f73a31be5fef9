//! A model file in its parts, which are put together whatever they are.

use runtime::format::{
    HEADER_LENGTH, Header, LARGEST_ALIGNMENT, Packing, PartOne, Precision, device_checksum, part_two_checksum, round_up,
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

impl Tensor {
    /// Numbers; of those in 4 bits, bytes.
    pub(crate) fn elements(&self) -> usize {
        self.bytes.len() / self.size
    }
}

/// The parts of a model file, to be changed before they are put together.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) precision: Precision,
    pub(crate) packing: Packing,
    pub(crate) alignment: u8,
    /// What the header says that a reader needs; `None`: what part one does.
    pub(crate) needs: Option<u32>,
    /// What the header says that a classifier needs; `None`: what the runtime asks for if it accepts the rest.
    pub(crate) capacity: Option<usize>,
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
    /// The file, with the capacity that the runtime asks for unless there is another.
    pub(crate) fn assemble(&self) -> File {
        let mut buffer = vec![0; 4096];
        self.assemble_of(postcard::to_slice(&self.part_one, &mut buffer).unwrap())
    }

    /// The file with these bytes as part one.
    pub(crate) fn assemble_of(&self, part_one: &[u8]) -> File {
        let with = |capacity: usize| self.assemble_with(part_one, u32::try_from(capacity).unwrap_or(u32::MAX));
        let required = |draft: File| Model::parse_any_capacity(draft.bytes()).map_or(0, |model| model.required_words());
        with(self.capacity.unwrap_or_else(|| required(with(0))))
    }

    fn assemble_with(&self, part_one: &[u8], capacity: u32) -> File {
        let needs = PartOne::decode(part_one).unwrap_or(self.part_one.clone()).needs(self.precision);
        let alignment = usize::from(self.alignment);
        let mut bytes = [&[0; HEADER_LENGTH], part_one, &self.extensions].concat();
        bytes.resize(round_up(bytes.len(), alignment), 0);
        bytes.extend(self.area());
        let header = Header {
            precision: self.precision,
            packing: self.packing,
            needs: self.needs.unwrap_or(needs),
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

    /// The bytes of all tensors, each of them aligned.
    pub(crate) fn area(&self) -> Vec<u8> {
        let mut area = Vec::new();
        for tensor in self.tensors.iter().filter(|tensor| !tensor.bytes.is_empty()) {
            area.resize(round_up(area.len(), self.alignment.into()), 0);
            area.extend_from_slice(&tensor.bytes);
        }
        area
    }

    /// The same file with these bytes in the place of all tensors.
    pub(crate) fn with_area(&self, bytes: Vec<u8>) -> Self {
        Self { tensors: vec![Tensor { name: "area".into(), size: 1, bytes }], ..self.clone() }
    }

    /// Where each tensor ends, from the start of the first.
    pub(crate) fn ends(&self) -> Vec<usize> {
        let tensors = self.tensors.iter().filter(|tensor| !tensor.bytes.is_empty());
        let end = |end: &mut usize, tensor: &Tensor| {
            *end = round_up(*end, self.alignment.into()) + tensor.bytes.len();
            Some(*end)
        };
        tensors.scan(0, end).collect()
    }

    pub(crate) fn tensor(&mut self, name: &str) -> &mut Tensor {
        let names: Vec<String> = self.tensors.iter().map(|tensor| tensor.name.clone()).collect();
        self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("{name} of {names:?}"))
    }

    /// Puts bytes in the place of an element of a tensor.
    pub(crate) fn poke(&mut self, name: &str, element: usize, bytes: &[u8]) {
        let tensor = self.tensor(name);
        assert!(element < tensor.elements(), "{name} has no element {element}");
        tensor.bytes[element * tensor.size..][..bytes.len()].copy_from_slice(bytes);
    }
}

/// The file of these bytes, with the right checksums if it is as long as its header says.
pub(crate) fn sealed(mut bytes: Vec<u8>) -> File {
    let length = |place: usize| u32::from_le_bytes(bytes[place..place + 4].try_into().unwrap()) as usize;
    let (device, two) = (length(48), length(52));
    if let Some(part_two) = bytes.get(device..device.saturating_add(two)) {
        let checksum = part_two_checksum(part_two);
        bytes[56..60].copy_from_slice(&checksum.to_le_bytes());
    }
    if let Some(part) = bytes.get(..device).filter(|part| part.len() >= HEADER_LENGTH) {
        let checksum = device_checksum(part);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
    }
    File::new(&bytes)
}

/// The file of these bytes with the right checksums, and the capacity that the runtime asks for.
pub(crate) fn with_right_header(bytes: &[u8]) -> File {
    let with = |capacity: u32| sealed([&bytes[..36], &capacity.to_le_bytes(), &bytes[40..]].concat());
    let draft = with(0);
    let required = Model::parse_any_capacity(draft.bytes()).map_or(0, |model| model.required_words());
    with(u32::try_from(required).unwrap_or(u32::MAX))
}
