//! Small models made in memory, and ways to change them with their checksum made right again.

use runtime::format::{
    ALIGNMENT, DataType, Embedding, FrameInput, HEADER_LENGTH, Header, Input, Manifest, Precision, Provenance, Tensor,
    TokenVectors, WordInput, checksum, round_up,
};
use runtime::{Classifier, Error, LongInput, Model, Pushed};
use trainer::encoding::{FingerprintedVocabulary, FrameNormalization};
use trainer::export::{ExportPrecision, ExportedInput, ExportedNetwork, ModelFile, export};
use trainer::network::{Cell, Pooling};
use trainer::quantize::{Bits, IntegerBits, Ranges};
use trainer::weights::{DirectionWeights, LayerWeights, Matrix, NetworkWeights};

pub(crate) const HIDDEN_SIZE: usize = 8;
pub(crate) const EMBEDDING_SIZE: usize = 6;
/// Values of a frame.
pub(crate) const CHANNELS: usize = EMBEDDING_SIZE;
/// What 1 in a frame of integers stands for.
pub(crate) const FRAME_UNIT: f32 = 0.25;
pub(crate) const BUCKETS: u32 = 21;
/// Rows that words are composed of which a model does not know.
pub(crate) const SUBWORD_BUCKETS: u32 = 9;
/// Steps that a model takes in.
pub(crate) const MAX_LENGTH: usize = 64;
pub(crate) const LABELS: [&str; 3] = ["off", "on", "wärmer"];
/// Sorted by bytes, as a vocabulary is.
pub(crate) const WORDS: [&str; 40] = [
    "0", "20", "a", "bad", "bath", "bed", "bright", "cold", "dark", "dim", "door", "down", "evening", "fan", "fridge",
    "garage", "hall", "heat", "kitchen", "lamp", "light", "lock", "loud", "music", "night", "off", "on", "open",
    "please", "quiet", "stop", "the", "turn", "up", "warm", "x", "été", "żółw", "свет", "灯",
];
/// Sorted by bytes, as an alphabet is.
const ALPHABET: [&str; 18] =
    ["\n", " ", "!", "a", "e", "f", "h", "l", "m", "n", "o", "p", "r", "t", "u", "é", "ż", "灯"];
/// Tokens beside the known ones: padding and unknown.
const OTHER_TOKENS: usize = 2;
/// Tokens of bytes.
const BYTE_TOKENS: usize = 256 + OTHER_TOKENS;
/// Bytes from the start of the file of the header's fields.
pub(crate) const CHECKSUM_OFFSET: usize = 12;

pub(crate) const PRECISIONS: [Precision; 3] = [Precision::Int8, Precision::F16, Precision::F32];
pub(crate) const POOLINGS: [Pooling; 3] = [Pooling::Last, Pooling::Mean, Pooling::Max];
pub(crate) const CELLS: [Cell; 4] = [Cell::Lstm, Cell::Gru, Cell::RnnTanh, Cell::RnnRelu];

/// What a step takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Word,
    OneHotWord,
    HashedWord,
    FingerprintedWord,
    ComposedWord,
    Character,
    Byte,
    Frame,
}

impl Step {
    /// Tokens of the model; 0 of frames.
    pub(crate) fn token_count(self) -> usize {
        match self {
            Self::Word | Self::OneHotWord | Self::FingerprintedWord => WORDS.len() + OTHER_TOKENS,
            Self::ComposedWord => WORDS.len() + OTHER_TOKENS + SUBWORD_BUCKETS as usize,
            Self::HashedWord => BUCKETS as usize + OTHER_TOKENS,
            Self::Character => ALPHABET.len() + OTHER_TOKENS,
            Self::Byte => BYTE_TOKENS,
            Self::Frame => 0,
        }
    }

    /// Values of the first layer's input.
    fn input_size(self) -> usize {
        match self {
            Self::OneHotWord => self.token_count(),
            Self::Frame => CHANNELS,
            _ => EMBEDDING_SIZE,
        }
    }

    /// The words or characters that the model knows by name.
    pub(crate) fn strings(self) -> &'static [&'static str] {
        match self {
            Self::Word | Self::OneHotWord => &WORDS,
            Self::Character => &ALPHABET,
            Self::HashedWord | Self::FingerprintedWord | Self::ComposedWord | Self::Byte | Self::Frame => &[],
        }
    }
}

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) precision: Precision,
    /// Of the integers of an int8 model.
    pub(crate) bits: IntegerBits,
    pub(crate) step: Step,
    pub(crate) cell: Cell,
    pub(crate) bidirectional: bool,
    pub(crate) num_layers: usize,
    pub(crate) pooling: Pooling,
    pub(crate) pad_to: usize,
}

impl Variant {
    /// One layer of LSTM over words, and the maximum.
    pub(crate) fn new(precision: Precision) -> Self {
        Self {
            precision,
            bits: IntegerBits::all(Bits::Eight),
            step: Step::Word,
            cell: Cell::Lstm,
            bidirectional: false,
            num_layers: 1,
            pooling: Pooling::Max,
            pad_to: 0,
        }
    }

    fn directions(&self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }

    /// Values of a layer's output.
    pub(crate) fn width(&self) -> usize {
        self.directions() * HIDDEN_SIZE
    }

    /// Ranges of the channels, and of the states of each layer's directions.
    fn ranges(&self) -> Ranges {
        Ranges {
            inputs: vec![2.5; if self.step == Step::Frame { CHANNELS } else { 0 }],
            states: [3.0, 1.5].map(|range| vec![range; self.directions()]).to_vec(),
        }
    }
}

/// In all precisions: LSTMs over words with all poolings and one or two layers, then [`kinds`].
pub(crate) fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for precision in PRECISIONS {
        for pooling in POOLINGS {
            variants.extend([1, 2].map(|num_layers| Variant { pooling, num_layers, ..Variant::new(precision) }));
        }
        variants.extend(kinds(precision));
    }
    variants
}

/// Every cell over embedded words, one-hot words and frames, and every other input, each in one direction and in both,
/// with poolings, numbers of layers and padding in turn; then integers in 4 bits.
pub(crate) fn kinds(precision: Precision) -> Vec<Variant> {
    let steps = [Step::Word, Step::OneHotWord, Step::Frame];
    let cells = CELLS.into_iter().flat_map(|cell| steps.map(|step| (cell, step)));
    let others = [
        (Cell::Gru, Step::HashedWord),
        (Cell::RnnRelu, Step::Character),
        (Cell::Lstm, Step::Byte),
        (Cell::Gru, Step::FingerprintedWord),
        (Cell::Lstm, Step::ComposedWord),
    ];
    let mut kinds = Vec::new();
    for (number, (cell, step)) in cells.chain(others).enumerate() {
        let pad_to = if step == Step::Frame { 0 } else { 5 * (number % 2) };
        let (num_layers, pooling) = (1 + number / 2 % 2, POOLINGS[(number + number / 3) % 3]);
        kinds.extend([false, true].map(|bidirectional| Variant {
            precision,
            step,
            cell,
            bidirectional,
            num_layers,
            pooling,
            pad_to,
            ..Variant::new(precision)
        }));
    }
    if precision == Precision::Int8 {
        let bits = [Bits::Four, Bits::Eight].map(|weights| IntegerBits { weights, embedding: Bits::Four });
        kinds.extend(bits.map(|bits| Variant { bits, bidirectional: true, num_layers: 2, ..Variant::new(precision) }));
    }
    kinds
}

/// A model of two layers of LSTM over words, and the maximum.
pub(crate) fn two_layers(precision: Precision) -> ModelFile {
    model(Variant { num_layers: 2, ..Variant::new(precision) })
}

/// A model of one layer of LSTM over frames, and the last state.
pub(crate) fn frames(precision: Precision) -> ModelFile {
    model(Variant { step: Step::Frame, pooling: Pooling::Last, ..Variant::new(precision) })
}

/// Two layers of a cell in both directions, over embedded words, and the maximum.
pub(crate) fn both_directions(cell: Cell, precision: Precision) -> Variant {
    Variant { cell, bidirectional: true, num_layers: 2, ..Variant::new(precision) }
}

/// The model file of a variant; the same bytes on every machine.
pub(crate) fn model(variant: Variant) -> ModelFile {
    export_with(variant, &owned(variant.step.strings()), &weights(variant, LABELS.len())).unwrap()
}

/// Strings of their own.
pub(crate) fn owned(strings: &[&str]) -> Vec<String> {
    strings.iter().map(|string| (*string).to_owned()).collect()
}

/// The export of a variant with other words, characters or weights; it has as many labels as the head has rows.
pub(crate) fn export_with(
    variant: Variant,
    strings: &[String],
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
    let normalization = FrameNormalization {
        unit: FRAME_UNIT,
        mean: (0..CHANNELS).map(|channel| 0.5 - channel as f32).collect(),
        scale: (0..CHANNELS).map(|channel| 0.25 + channel as f32).collect(),
    };
    let known = FingerprintedVocabulary::search(&owned(&WORDS)).unwrap();
    let fingerprints = known.fingerprints();
    let network = ExportedNetwork {
        labels: &labels,
        input: match variant.step {
            Step::Word | Step::OneHotWord => ExportedInput::Words(strings),
            Step::HashedWord => ExportedInput::HashedWords { buckets: BUCKETS },
            Step::FingerprintedWord => ExportedInput::FingerprintedWords { fingerprints, subword_buckets: 0 },
            Step::ComposedWord => ExportedInput::FingerprintedWords { fingerprints, subword_buckets: SUBWORD_BUCKETS },
            Step::Character => ExportedInput::Characters(strings),
            Step::Byte => ExportedInput::Bytes,
            Step::Frame => ExportedInput::Frames(&normalization),
        },
        weights,
        pooling: variant.pooling,
        max_steps: MAX_LENGTH,
        pad_to: variant.pad_to,
        ranges: &variant.ranges(),
        rounding: None,
        provenance: &provenance,
    };
    let precision = match variant.precision {
        Precision::Int8 => ExportPrecision::Integer(variant.bits),
        float => float.into(),
    };
    export(&network, precision)
}

/// Weights of a variant between -1 and 1 that are exact in every float type.
pub(crate) fn weights(variant: Variant, classes: usize) -> NetworkWeights {
    let Variant { step, cell, .. } = variant;
    let layer = |number: usize| {
        let input_size = if number == 0 { step.input_size() } else { variant.width() };
        let direction = |salt: usize| DirectionWeights {
            weight_ih: matrix(cell.gates() * HIDDEN_SIZE, input_size, 10 + number + salt),
            weight_hh: matrix(cell.gates() * HIDDEN_SIZE, HIDDEN_SIZE, 20 + number + salt),
            bias: numbers(cell.results() * HIDDEN_SIZE, 30 + number + salt),
        };
        LayerWeights { cell, forward: direction(0), reverse: variant.bidirectional.then(|| direction(100)) }
    };
    let has_embedding = !matches!(step, Step::OneHotWord | Step::Frame);
    NetworkWeights {
        embedding: has_embedding.then(|| matrix(step.token_count(), EMBEDDING_SIZE, 1)),
        layers: (0..variant.num_layers).map(layer).collect(),
        head_weight: matrix(classes, variant.width(), 2),
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
        let start = tensor.offset as usize + element * tensor.data_type.bits() / 8;
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
    match &mut manifest.input {
        Input::Words(words) => words,
        other => panic!("{other:?}"),
    }
}

/// The vectors of a manifest's tokens; none of frames.
pub(crate) fn vectors(input: &mut Input) -> Option<&mut TokenVectors> {
    match input {
        Input::Words(words) => Some(&mut words.vectors),
        Input::HashedWords(words) => Some(&mut words.vectors),
        Input::FingerprintedWords(words) => Some(&mut words.vectors),
        Input::ComposedWords(words) => Some(&mut words.known.vectors),
        Input::Characters(characters) => Some(&mut characters.vectors),
        Input::Bytes(vectors) => Some(vectors),
        Input::Frames(_) => None,
    }
}

/// The embedding of a manifest.
pub(crate) fn embedding<'a>(manifest: &'a mut Manifest<'_>) -> &'a mut Embedding {
    match vectors(&mut manifest.input) {
        Some(TokenVectors::Embedding(embedding)) => embedding,
        other => panic!("{other:?}"),
    }
}

/// A model of frames of [`EMBEDDING_SIZE`] values, of one layer, last pooling and at most 64 steps: value `c` of a frame
/// is taken in as `(value - c) / 2`; in an int8 model that counts 16 times.
pub(crate) fn plain_frames(precision: Precision) -> ModelFile {
    let file = model(Variant { pooling: Pooling::Last, ..Variant::new(precision) });
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

/// The refusal of a file with a changed manifest.
pub(crate) fn refusal_with(file: &ModelFile, change: impl FnOnce(&mut Manifest<'_>)) -> Option<Error> {
    let mut parts = Parts::of(file);
    change(&mut parts.manifest);
    refusal(&parts.assemble())
}

/// The refusal of a file with other bytes in an element of the tensor that `tensor` chooses.
pub(crate) fn refusal_with_element(
    file: &ModelFile,
    tensor: impl FnOnce(&mut Manifest<'_>) -> Tensor,
    element: usize,
    bytes: &[u8],
) -> Option<Error> {
    let mut parts = Parts::of(file);
    let tensor = tensor(&mut parts.manifest);
    parts.poke(tensor, element, bytes);
    refusal(&parts.assemble())
}

/// What a file is refused with for a field.
pub(crate) fn invalid(field: runtime::Field, expected: usize, found: usize) -> Option<Error> {
    let number = |value: usize| u32::try_from(value).unwrap();
    Some(Error::Invalid { field, expected: number(expected), found: number(found) })
}

/// The field that an error names.
pub(crate) fn field(error: Option<Error>) -> Option<runtime::Field> {
    match error {
        Some(Error::Invalid { field, .. }) => Some(field),
        _ => None,
    }
}

/// Words of state of the classifier of [`exercise`].
const CAPACITY: usize = 4096;

/// Runs an accepted model on tokens and text, or on frames of these numbers, and checks what every answer must keep
/// to.
pub(crate) fn exercise(model: &Model<'_>, tokens: &[u32], text: &[u8]) {
    for long_input in [LongInput::Refuse, LongInput::Window] {
        let required = model.required_words();
        let expected = if required > CAPACITY {
            let required = u32::try_from(required).unwrap_or(u32::MAX);
            Some(Error::CapacityTooSmall { required, available: CAPACITY as u32 })
        } else {
            (long_input == LongInput::Window && !model.is_bidirectional()).then_some(Error::WindowOfStreaming)
        };
        match Classifier::<CAPACITY>::with_long_input(model, long_input) {
            Ok(mut classifier) => {
                assert_eq!(expected, None);
                exercise_classifier(model, &mut classifier, tokens, text);
            }
            Err(error) => assert_eq!(Some(error), expected),
        }
    }
}

fn exercise_classifier(model: &Model<'_>, classifier: &mut Classifier<'_, '_, CAPACITY>, tokens: &[u32], text: &[u8]) {
    let mut answers = Vec::new();
    for _ in 0..2 {
        classifier.reset();
        let mut pushed: Vec<Pushed> = tokens.iter().map(|token| classifier.push_token(*token)).collect();
        pushed.push(classifier.push_bytes(text));
        push_frames(classifier, model.channels(), tokens, &mut pushed);
        let sum = |part: fn(&Pushed) -> u32| pushed.iter().map(part).sum::<u32>();
        assert_eq!(sum(|pushed| pushed.refused), classifier.refused_steps());
        assert_eq!(sum(|pushed| pushed.taken).min(model.max_steps()), classifier.steps());
        let prediction = classifier.predict();
        assert_eq!(model.label(prediction.class), Some(prediction.label));
        assert!(prediction.probability.q15() <= 1 << 15);
        assert!(classifier.steps() <= model.max_steps());
        let logits = classifier.logits();
        assert_eq!(logits.len(), model.labels().count());
        let bits: Vec<_> = (0..logits.len()).map(|class| logits.bits(class)).collect();
        let mut states = 0;
        classifier.observe(|_| states += 1);
        assert!(states > 0 || classifier.steps() == 0);
        answers.push((prediction, bits, classifier.steps(), classifier.refused_steps(), states));
    }
    assert_eq!(answers[0], answers[1], "a reset leaves something behind");
}

/// Pushes frames of integers and of floats, with numbers of any size; adds what became of them to `pushed`.
fn push_frames(
    classifier: &mut Classifier<'_, '_, CAPACITY>,
    channels: usize,
    numbers: &[u32],
    pushed: &mut Vec<Pushed>,
) {
    if channels == 0 {
        assert_eq!(classifier.push_frame(&[0]), Err(Error::NoFrames));
        return;
    }
    for numbers in numbers.chunks_exact(channels) {
        let integers: Vec<i16> = numbers.iter().map(|number| *number as i16).collect();
        let mut floats: Vec<f32> = numbers.iter().map(|number| *number as i32 as f32 * 1e3).collect();
        pushed.push(classifier.push_frame(&integers).unwrap());
        pushed.push(classifier.push_frame_f32(&floats).unwrap());
        floats.push(0.0);
        let error = Error::WrongChannels { expected: channels as u32, found: floats.len() as u32 };
        assert_eq!(classifier.push_frame_f32(&floats), Err(error));
    }
}
