//! The models that tests go through.

use super::{CELLS, InputSpec, LayerSpec, POOLINGS, PRECISIONS, Spec, VectorSpec, WeightSpec, WindowSpec};
use runtime::format::{Cell, Pooling, Precision, Thresholds, WordRule};

/// Words of a table with an index, sorted by bytes.
pub(crate) const MANY_WORDS: [&str; 40] = [
    "0", "20", "a", "bad", "bath", "bed", "bright", "cold", "dark", "dim", "door", "down", "evening", "fan", "fridge",
    "garage", "hall", "heat", "kitchen", "lamp", "light", "lock", "loud", "music", "night", "off", "on", "open",
    "please", "quiet", "stop", "the", "turn", "up", "warm", "x", "été", "żółw", "свет", "灯",
];
/// Characters of a table with an index, sorted by bytes.
pub(crate) const MANY_CHARACTERS: [&str; 18] =
    ["\n", " ", "!", "a", "e", "f", "h", "l", "m", "n", "o", "p", "r", "t", "u", "é", "ż", "灯"];

/// Units of each direction of [`variants`], and the steps that they take in.
pub(crate) const HIDDEN_SIZE: usize = 4;
pub(crate) const MAX_STEPS: usize = 64;

/// Steps of several frames, with their differences, each channel in a unit of its own.
pub(crate) const GATHERED: WindowSpec =
    WindowSpec { frames_per_step: 3, frame_stride: 2, has_differences: true, has_one_unit: false };

pub(crate) const WORD_RULES: [WordRule; 3] =
    [WordRule::LowercaseAlphanumeric, WordRule::LowercaseWithMarks, WordRule::Ascii];

/// Models of every input, streaming and bidirectional, in every precision; some padded, some with steps of several frames
/// and a threshold for each class.
pub(crate) fn kinds() -> Vec<Spec> {
    let layers = [
        vec![LayerSpec::forward(Cell::Lstm, 4, 100), LayerSpec::forward(Cell::RnnRelu, 3, 110)],
        vec![
            LayerSpec::both(Cell::Gru, 3, 100),
            LayerSpec::both(Cell::RnnTanh, 2, 110),
            LayerSpec::forward(Cell::Gru, 3, 120),
        ],
    ];
    let inputs = [
        (InputSpec::Words, WindowSpec::SINGLE),
        (InputSpec::HashedWords, WindowSpec::SINGLE),
        (InputSpec::Characters, WindowSpec::SINGLE),
        (InputSpec::Bytes, WindowSpec::SINGLE),
        (InputSpec::Frames, WindowSpec::SINGLE),
        (InputSpec::Frames, GATHERED),
        (InputSpec::FingerprintedWords, WindowSpec::SINGLE),
        (InputSpec::ComposedWords, WindowSpec::SINGLE),
    ];
    let mut kinds = Vec::new();
    for (number, (input, window)) in inputs.into_iter().enumerate() {
        for (place, layers) in layers.iter().enumerate() {
            for (precision, rule) in PRECISIONS.into_iter().zip(WORD_RULES) {
                let one_hot = number % 2 == place && input != InputSpec::ComposedWords;
                let vectors = if one_hot { VectorSpec::OneHot } else { VectorSpec::Embedding };
                let pad_to = if number < 3 { 5 } else { 0 };
                let pooling = POOLINGS[(number + place) % 3];
                let thresholds = [Thresholds::None, Thresholds::One(16_384), Thresholds::OfClasses][number % 3];
                let alignment = [4, 8, 16][(number + place) % 3];
                let spec = Spec {
                    input,
                    window,
                    vectors,
                    rule,
                    pad_to,
                    max_steps: 9,
                    thresholds,
                    alignment,
                    ..Spec::new(precision, layers, pooling)
                };
                kinds.push(spec.clone());
                if precision == Precision::Int8 {
                    let vectors = if place == 0 { VectorSpec::Nibbles } else { vectors };
                    kinds.push(Spec { weights: WeightSpec::Nibbles, vectors, ..spec });
                }
            }
        }
    }
    kinds
}

/// Layers of one cell and [`HIDDEN_SIZE`] units.
pub(crate) fn stack(cell: Cell, num_layers: usize, bidirectional: bool) -> Vec<LayerSpec> {
    let layer = if bidirectional { LayerSpec::both } else { LayerSpec::forward };
    (0..num_layers).map(|number| layer(cell, HIDDEN_SIZE, 100 + 10 * number as u32)).collect()
}

/// A layer of one cell over words, and the maximum.
pub(crate) fn one_layer(cell: Cell, precision: Precision) -> Spec {
    Spec {
        words: MANY_WORDS.map(String::from).to_vec(),
        fingerprinted: MANY_WORDS.len(),
        alphabet: MANY_CHARACTERS.map(String::from).to_vec(),
        max_steps: MAX_STEPS as u32,
        ..Spec::new(precision, &stack(cell, 1, false), Pooling::Max)
    }
}

/// Two layers of LSTM over words, and the maximum.
pub(crate) fn two_layers(precision: Precision) -> Spec {
    Spec { layers: stack(Cell::Lstm, 2, false), ..one_layer(Cell::Lstm, precision) }
}

/// Two layers of a cell in both directions over words, and the maximum.
pub(crate) fn both_directions(cell: Cell, precision: Precision) -> Spec {
    Spec { layers: stack(cell, 2, true), ..one_layer(cell, precision) }
}

/// In all precisions: LSTMs over words with all poolings and one or two layers, then [`variants_of`].
pub(crate) fn variants() -> Vec<Spec> {
    let mut variants = Vec::new();
    for precision in PRECISIONS {
        for pooling in POOLINGS {
            variants
                .extend([one_layer(Cell::Lstm, precision), two_layers(precision)].map(|spec| Spec { pooling, ..spec }));
        }
        variants.extend(variants_of(precision));
    }
    variants
}

/// Every cell over embedded words, one-hot words and frames, and every other input, each in one direction and in both,
/// with poolings, numbers of layers and padding in turn; then integers in 4 bits.
pub(crate) fn variants_of(precision: Precision) -> Vec<Spec> {
    let words = [InputSpec::Words; 2].into_iter().zip([VectorSpec::Embedding, VectorSpec::OneHot]);
    let inputs = words.chain([(InputSpec::Frames, VectorSpec::Embedding)]);
    let cells = CELLS.into_iter().flat_map(|cell| inputs.clone().map(move |input| (cell, input, WindowSpec::SINGLE)));
    let others = [
        (Cell::Gru, InputSpec::HashedWords, WindowSpec::SINGLE),
        (Cell::RnnRelu, InputSpec::Characters, WindowSpec::SINGLE),
        (Cell::Lstm, InputSpec::Bytes, WindowSpec::SINGLE),
        (Cell::Gru, InputSpec::FingerprintedWords, WindowSpec::SINGLE),
        (Cell::Lstm, InputSpec::ComposedWords, WindowSpec::SINGLE),
        (Cell::Gru, InputSpec::Frames, GATHERED),
        (Cell::RnnTanh, InputSpec::Frames, GATHERED),
    ];
    let others = others.map(|(cell, input, window)| (cell, (input, VectorSpec::Embedding), window));
    let mut variants = Vec::new();
    for (number, (cell, (input, vectors), window)) in cells.chain(others).enumerate() {
        let (num_layers, pooling) = (1 + number / 2 % 2, POOLINGS[(number + number / 3) % 3]);
        variants.extend([false, true].map(|bidirectional| Spec {
            input,
            vectors,
            window,
            rule: WORD_RULES[number % 3],
            layers: stack(cell, num_layers, bidirectional),
            pooling,
            pad_to: if input == InputSpec::Frames { 0 } else { 5 * (number as u16 % 2) },
            ..one_layer(cell, precision)
        }));
    }
    if precision == Precision::Int8 {
        let nibbles = Spec { vectors: VectorSpec::Nibbles, ..both_directions(Cell::Lstm, precision) };
        variants.extend([WeightSpec::Nibbles, WeightSpec::Bytes].map(|weights| Spec { weights, ..nibbles.clone() }));
    }
    variants
}
