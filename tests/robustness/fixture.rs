//! Small models that the exporter makes in memory, for tests of the exporter and of the programs that read its files.

use runtime::format::Precision;
use serde_json::json;
use trainer::encoding::{FingerprintedVocabulary, FrameNormalization, WordRule};
use trainer::export::{ExportPrecision, ExportedInput, ExportedNetwork, ModelFile, PartTwo, export};
use trainer::network::{Cell, Pooling};
use trainer::quantize::{Bits, IntegerBits, Ranges};
use trainer::weights::{DirectionWeights, LayerWeights, Matrix, NetworkWeights};

pub(crate) const HIDDEN_SIZE: usize = 8;
pub(crate) const EMBEDDING_SIZE: usize = 6;
/// Values of a frame.
pub(crate) const CHANNELS: usize = EMBEDDING_SIZE;
/// What 1 in a frame of integers stands for, of frames that are steps.
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
/// Frames of a step of several, and from one to the next.
pub(crate) const FRAMES_PER_STEP: usize = 3;
const FRAME_STRIDE: usize = 2;

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
    /// Several frames, with their differences, each channel in a unit of its own.
    Window,
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
            Self::Frame | Self::Window => 0,
        }
    }

    /// Values of the first layer's input.
    pub(crate) fn input_size(self) -> usize {
        match self {
            Self::OneHotWord => self.token_count(),
            Self::Frame => CHANNELS,
            Self::Window => 2 * FRAMES_PER_STEP * CHANNELS,
            _ => EMBEDDING_SIZE,
        }
    }

    /// Whether a step is made of frames.
    pub(crate) fn is_of_frames(self) -> bool {
        matches!(self, Self::Frame | Self::Window)
    }

    /// The words or characters that the model knows by name.
    pub(crate) fn strings(self) -> &'static [&'static str] {
        match self {
            Self::Word | Self::OneHotWord => &WORDS,
            Self::Character => &ALPHABET,
            Self::HashedWord | Self::FingerprintedWord | Self::ComposedWord => &[],
            Self::Byte | Self::Frame | Self::Window => &[],
        }
    }
}

const WORD_RULES: [WordRule; 3] = [WordRule::Alphanumeric, WordRule::WithMarks, WordRule::Ascii];

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) precision: Precision,
    /// Of the integers of an int8 model.
    pub(crate) bits: IntegerBits,
    pub(crate) step: Step,
    pub(crate) word_rule: WordRule,
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
            word_rule: WordRule::Alphanumeric,
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
            inputs: vec![2.5; if self.step.is_of_frames() { self.step.input_size() } else { 0 }],
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
        (Cell::Gru, Step::Window),
        (Cell::RnnTanh, Step::Window),
    ];
    let mut kinds = Vec::new();
    for (number, (cell, step)) in cells.chain(others).enumerate() {
        let pad_to = if step.is_of_frames() { 0 } else { 5 * (number % 2) };
        let word_rule = WORD_RULES[number % 3];
        let (num_layers, pooling) = (1 + number / 2 % 2, POOLINGS[(number + number / 3) % 3]);
        kinds.extend([false, true].map(|bidirectional| Variant {
            precision,
            step,
            word_rule,
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

/// One layer of LSTM over frames, and the last state.
pub(crate) fn frames(precision: Precision) -> Variant {
    Variant { step: Step::Frame, pooling: Pooling::Last, ..Variant::new(precision) }
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

/// The model file of a variant with another limit of steps, 0 for none, and with so many frames as its longest row.
pub(crate) fn with_limit(variant: Variant, max_steps: usize, longest_row: u32) -> ModelFile {
    let part_two = PartTwo { longest_row, ..part_two() };
    let strings = owned(variant.step.strings());
    export_stated(variant, &strings, &weights(variant, LABELS.len()), max_steps, &part_two).unwrap()
}

/// The export of a variant with other words, characters or weights; it has as many labels as the head has rows.
pub(crate) fn export_with(
    variant: Variant,
    strings: &[String],
    weights: &NetworkWeights,
) -> Result<ModelFile, trainer::Error> {
    export_stated(variant, strings, weights, MAX_LENGTH, &part_two())
}

/// What the models say of themselves.
fn part_two() -> PartTwo {
    PartTwo {
        trainer_version: "0".into(),
        data_hash: [0x5A; 32],
        training_rows: 40,
        calibration_rows: 40,
        validation_accuracy: 0.5,
        seed: 1,
        label_column: "label".into(),
        text_columns: vec!["text".into()],
        ..PartTwo::default()
    }
}

fn export_stated(
    variant: Variant,
    strings: &[String],
    weights: &NetworkWeights,
    max_steps: usize,
    part_two: &PartTwo,
) -> Result<ModelFile, trainer::Error> {
    let name = |class: usize| LABELS.get(class).map_or(format!("{class}"), |label| (*label).to_owned());
    let labels: Vec<String> = (0..weights.head_bias.len()).map(name).collect();
    let normalization = normalization(variant.step);
    let known = FingerprintedVocabulary::search(&owned(&WORDS), variant.word_rule).unwrap();
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
            Step::Frame | Step::Window => ExportedInput::Frames(&normalization),
        },
        weights,
        pooling: variant.pooling,
        max_steps,
        pad_to: variant.pad_to,
        ranges: &variant.ranges(),
        rounding: None,
        word_rule: variant.word_rule.in_file(),
        model_version: 7,
        part_two,
    };
    let precision = match variant.precision {
        Precision::Int8 => ExportPrecision::Integer(variant.bits),
        float => float.into(),
    };
    export(&network, precision)
}

/// How the frames of a step become its inputs.
fn normalization(step: Step) -> FrameNormalization {
    let mean: Vec<f32> = (0..CHANNELS).map(|channel| 0.5 - channel as f32).collect();
    let scale: Vec<f32> = (0..CHANNELS).map(|channel| 0.25 + channel as f32).collect();
    let single = json!({ "unit": FRAME_UNIT, "mean": mean, "scale": scale });
    let units: Vec<f32> = (0..CHANNELS).map(|channel| FRAME_UNIT * (1 + channel) as f32).collect();
    let gathered = json!({
        "units": units,
        "frames_per_step": FRAMES_PER_STEP,
        "frame_stride": FRAME_STRIDE,
        "values": { "mean": mean, "scale": scale },
        "differences": { "mean": scale, "scale": vec![0.5; CHANNELS] },
    });
    serde_json::from_value(if step == Step::Window { gathered } else { single }).unwrap()
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
    let has_embedding = !matches!(step, Step::OneHotWord | Step::Frame | Step::Window);
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
