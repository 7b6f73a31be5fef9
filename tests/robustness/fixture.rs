//! Small models made in memory, and ways to change them with their checksum made right again.

use runtime::format::{
    ALIGNMENT, DataType, Embedding, FrameInput, HEADER_LENGTH, Header, Input, Manifest, Precision, Provenance, Tensor,
    TokenVectors, WordInput, checksum, round_up,
};
use runtime::{Classifier, Error, Model};
use trainer::export::{ExportedNetwork, ModelFile, export};
use trainer::network::Pooling;
use trainer::weights::{LayerWeights, Matrix, NetworkWeights};

pub(crate) const HIDDEN_SIZE: usize = 8;
pub(crate) const EMBEDDING_SIZE: usize = 6;
pub(crate) const LABELS: [&str; 3] = ["off", "on", "wärmer"];
/// Sorted by bytes, as a vocabulary is.
pub(crate) const WORDS: [&str; 40] = [
    "0", "20", "a", "bad", "bath", "bed", "bright", "cold", "dark", "dim", "door", "down", "evening", "fan", "fridge",
    "garage", "hall", "heat", "kitchen", "lamp", "light", "lock", "loud", "music", "night", "off", "on", "open",
    "please", "quiet", "stop", "the", "turn", "up", "warm", "x", "été", "żółw", "свет", "灯",
];
/// Bytes from the start of the file of the header's fields.
pub(crate) const CHECKSUM_OFFSET: usize = 12;

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) precision: Precision,
    pub(crate) pooling: Pooling,
    pub(crate) num_layers: usize,
}

/// All precisions, poolings, and one and two layers.
pub(crate) fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for precision in [Precision::Int8, Precision::F16, Precision::F32] {
        for pooling in [Pooling::Last, Pooling::Mean, Pooling::Max] {
            variants.extend([1, 2].map(|num_layers| Variant { precision, pooling, num_layers }));
        }
    }
    variants
}

/// A model of two layers and max pooling.
pub(crate) fn two_layers(precision: Precision) -> ModelFile {
    model(Variant { precision, pooling: Pooling::Max, num_layers: 2 })
}

/// The model file of a variant; the same bytes on every machine.
pub(crate) fn model(variant: Variant) -> ModelFile {
    let words: Vec<String> = WORDS.map(str::to_owned).to_vec();
    export_with(variant, &words, &weights(variant.num_layers, LABELS.len())).unwrap()
}

/// The export of a variant with another vocabulary or other weights; it has as many labels as the head has
/// rows.
pub(crate) fn export_with(
    variant: Variant,
    vocabulary: &[String],
    weights: &NetworkWeights,
) -> Result<ModelFile, trainer::Error> {
    let provenance = Provenance {
        trainer_version: "0",
        data_hash: "00ff",
        training_rows: 40,
        calibration_rows: 40,
        validation_accuracy: 0.5,
        seed: 1,
    };
    let name = |class: usize| LABELS.get(class).map_or(format!("{class}"), |label| (*label).to_owned());
    let labels: Vec<String> = (0..weights.head_bias.len()).map(name).collect();
    let Variant { precision, pooling, .. } = variant;
    let cell_ranges = [3.0, 1.5];
    let network = ExportedNetwork {
        labels: &labels,
        vocabulary,
        weights,
        pooling,
        max_length: 64,
        cell_ranges: &cell_ranges,
        provenance: &provenance,
    };
    export(&network, precision)
}

/// Weights between -1 and 1 that are exact in every float type.
pub(crate) fn weights(num_layers: usize, classes: usize) -> NetworkWeights {
    let layer = |number: usize| {
        let input_size = if number == 0 { EMBEDDING_SIZE } else { HIDDEN_SIZE };
        LayerWeights {
            weight_ih: matrix(4 * HIDDEN_SIZE, input_size, 10 + number),
            weight_hh: matrix(4 * HIDDEN_SIZE, HIDDEN_SIZE, 20 + number),
            bias: numbers(4 * HIDDEN_SIZE, 30 + number),
        }
    };
    NetworkWeights {
        embedding: matrix(WORDS.len() + 2, EMBEDDING_SIZE, 1),
        layers: (0..num_layers).map(layer).collect(),
        head_weight: matrix(classes, HIDDEN_SIZE, 2),
        head_bias: numbers(classes, 3),
    }
}

fn matrix(rows: usize, columns: usize, salt: usize) -> Matrix {
    Matrix { columns, values: numbers(rows * columns, salt) }
}

fn numbers(count: usize, salt: usize) -> Vec<f32> {
    (0..count).map(|n| ((n * 7919 + salt * 104_729) % 255) as f32 / 128.0 - 127.0 / 128.0).collect()
}

/// A model file taken apart, to be changed and put together again.
pub(crate) struct Parts<'m> {
    pub(crate) header: Header,
    pub(crate) manifest: Manifest<'m>,
    pub(crate) tensors: Vec<u8>,
}

impl<'m> Parts<'m> {
    pub(crate) fn of(file: &'m ModelFile) -> Self {
        let header = Header::read(file.bytes()).unwrap();
        let tensors = file.bytes()[header.tensors_offset as usize..].to_vec();
        Self { header, manifest: Model::manifest(file.bytes()).unwrap(), tensors }
    }

    /// The file with lengths and checksum of what the parts are now; the capacity stays the header's.
    pub(crate) fn assemble(&self) -> ModelFile {
        assemble(&self.header, &postcard::to_stdvec(&self.manifest).unwrap(), &self.tensors)
    }

    /// Puts `bytes` in the place of an element of `tensor`.
    pub(crate) fn poke(&mut self, tensor: Tensor, element: usize, bytes: &[u8]) {
        assert!(element < tensor.elements as usize, "{tensor:?} has no element {element}");
        let start = tensor.offset as usize + element * tensor.data_type.size();
        self.tensors[start..start + bytes.len()].copy_from_slice(bytes);
    }
}

/// A file of these parts, with their lengths and the right checksum.
pub(crate) fn assemble(header: &Header, manifest: &[u8], tensors: &[u8]) -> ModelFile {
    let tensors_offset = round_up(HEADER_LENGTH + manifest.len(), ALIGNMENT);
    let header = Header {
        total_length: u32::try_from(tensors_offset + tensors.len()).unwrap(),
        manifest_length: u32::try_from(manifest.len()).unwrap(),
        tensors_offset: u32::try_from(tensors_offset).unwrap(),
        ..*header
    };
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend(manifest);
    bytes.resize(tensors_offset, 0);
    bytes.extend(tensors);
    sealed(bytes)
}

/// The file of these bytes, with the right checksum.
pub(crate) fn sealed(mut bytes: Vec<u8>) -> ModelFile {
    let checksum = checksum(&bytes);
    bytes[CHECKSUM_OFFSET..][..4].copy_from_slice(&checksum.to_le_bytes());
    ModelFile::from_bytes(&bytes)
}

/// The words of a manifest.
pub(crate) fn words<'a>(manifest: &'a mut Manifest<'_>) -> &'a mut WordInput {
    let Input::Words(words) = &mut manifest.input else { panic!("a model of words") };
    words
}

/// The embedding of a manifest.
pub(crate) fn embedding<'a>(manifest: &'a mut Manifest<'_>) -> &'a mut Embedding {
    let TokenVectors::Embedding(embedding) = &mut words(manifest).vectors else { panic!("a model with an embedding") };
    embedding
}

/// What 1 in a frame of integers stands for in [`frames`].
pub(crate) const FRAME_UNIT: f32 = 0.25;

/// A model of frames of [`EMBEDDING_SIZE`] values, of one layer, last pooling and at most 64 steps: value `c` of a frame
/// is taken in as `(value - c) / 2`; in an int8 model that counts 16 times.
pub(crate) fn frames(precision: Precision) -> ModelFile {
    let file = model(Variant { precision, pooling: Pooling::Last, num_layers: 1 });
    let mut parts = Parts::of(&file);
    let tensor = |tensors: &mut Vec<u8>, data_type: DataType, bytes: Vec<u8>| {
        tensors.resize(round_up(tensors.len(), ALIGNMENT), 0);
        let offset = u32::try_from(tensors.len()).unwrap();
        tensors.extend(bytes);
        Tensor { data_type, offset, elements: u32::try_from(EMBEDDING_SIZE).unwrap() }
    };
    let numbers = |number: fn(usize) -> f32, unit: f32| -> (DataType, Vec<u8>) {
        let values = (0..EMBEDDING_SIZE).map(number);
        match precision {
            Precision::Int8 => {
                (DataType::I16, values.flat_map(|value| ((value * unit) as i16).to_le_bytes()).collect())
            }
            _ => (DataType::F32, values.flat_map(f32::to_le_bytes).collect()),
        }
    };
    let (data_type, zero) = numbers(|channel| channel as f32, 1.0 / FRAME_UNIT);
    let zero = tensor(&mut parts.tensors, data_type, zero);
    // 16 times half the difference is twice the difference in quarters.
    let (data_type, scale) = numbers(|_| 0.5, 4.0);
    let scale = tensor(&mut parts.tensors, data_type, scale);
    let channels = u16::try_from(EMBEDDING_SIZE).unwrap();
    parts.manifest.input = Input::Frames(FrameInput { channels, unit: FRAME_UNIT, zero, scale, shift: 0 });
    let file = parts.assemble();
    let capacity = Model::parse_any_capacity(file.bytes()).unwrap().required_words();
    parts.header.capacity = u32::try_from(capacity).unwrap();
    parts.assemble()
}

/// The error that a file is refused with.
pub(crate) fn refusal(file: &ModelFile) -> Option<Error> {
    Model::parse(file.bytes()).err()
}

/// Words of state of the classifier of [`exercise`].
const CAPACITY: usize = 4096;

/// Runs an accepted model on tokens and on text, and checks what every answer must keep to.
pub(crate) fn exercise(model: &Model<'_>, tokens: &[u32], text: &[u8]) {
    let mut classifier = match Classifier::<CAPACITY>::new(model) {
        Ok(classifier) => classifier,
        Err(error) => {
            let required = u32::try_from(model.required_words()).unwrap();
            assert_eq!(error, Error::CapacityTooSmall { required, available: CAPACITY as u32 });
            assert!(model.required_words() > CAPACITY);
            return;
        }
    };
    let mut answers = Vec::new();
    for _ in 0..2 {
        classifier.reset();
        tokens.iter().for_each(|token| classifier.push_token(*token));
        classifier.push_bytes(text);
        let prediction = classifier.predict();
        assert_eq!(model.label(prediction.class), Some(prediction.label));
        assert!(prediction.probability.q15() <= 1 << 15);
        let logits = classifier.logits();
        assert_eq!(logits.len(), model.labels().count());
        let bits: Vec<_> = (0..logits.len()).map(|class| logits.bits(class)).collect();
        answers.push((prediction, bits));
    }
    assert_eq!(answers[0], answers[1], "a reset leaves something behind");
}
