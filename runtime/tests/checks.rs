//! Parts one and tensors that can not be, behind a right header: refused with the error that FORMAT.md names.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{
    CELLS, CLASSES, InputSpec, LABELS, LayerSpec, PRECISIONS, Parts, Spec, VectorSpec, WeightSpec, WindowSpec,
};
use runtime::format::{
    Cell, Direction, FloatChannel, Frames, Input, IntegerChannel, Layer, PartOne, Pooling, Precision, Text, Thresholds,
    Tokens, Vectors, WordRule,
};
use runtime::{Error, Field};

fn refusal(spec: &Spec, change: impl FnOnce(&mut PartOne)) -> Option<Error> {
    let mut parts = Parts::of(spec);
    change(&mut parts.part_one);
    parts.assemble().parse().err()
}

/// What a model is refused with after bytes were put in the place of an element of a tensor.
fn poked(spec: &Spec, tensor: &str, element: usize, bytes: &[u8]) -> Option<Error> {
    let mut parts = Parts::of(spec);
    parts.poke(tensor, element, bytes);
    parts.assemble().parse().err()
}

fn invalid(field: Field, expected: u32, found: u32) -> Option<Error> {
    Some(Error::Invalid { field, expected, found })
}

fn is_of(field: Field, refused: Option<Error>) -> bool {
    matches!(refused, Some(Error::Invalid { field: found, .. }) if found == field)
}

fn int8(layers: &[LayerSpec]) -> Spec {
    Spec::new(Precision::Int8, layers, Pooling::Last)
}

fn one(cell: Cell) -> Spec {
    int8(&[LayerSpec::forward(cell, 4, 100)])
}

fn frames(precision: Precision) -> Spec {
    Spec { input: InputSpec::Frames, precision, ..one(Cell::Gru) }
}

fn frames_of(part_one: &mut PartOne) -> &mut Frames {
    match &mut part_one.input {
        Input::Frames(frames) => frames,
        Input::Text(text) => panic!("{text:?}"),
    }
}

fn text_of(part_one: &mut PartOne) -> &mut Text {
    match &mut part_one.input {
        Input::Text(text) => text,
        Input::Frames(frames) => panic!("{frames:?}"),
    }
}

#[test]
fn steps_that_do_not_fit_together_are_refused() {
    let both = int8(&[LayerSpec::both(Cell::Gru, 4, 100)]);
    let mean = Spec { pooling: Pooling::Mean, ..one(Cell::Lstm) };
    for max_steps in [0, 65_536, u32::MAX] {
        let bound = if max_steps == 0 { 1 } else { 65_535 };
        let refused = refusal(&both, |part_one| part_one.max_steps = max_steps);
        assert_eq!(refused, invalid(Field::MaxSteps, bound, max_steps));
        let stack = int8(&[LayerSpec::forward(Cell::Gru, 4, 100), LayerSpec::both(Cell::Gru, 4, 110)]);
        let refused = refusal(&stack, |part_one| part_one.max_steps = max_steps);
        assert_eq!(refused, invalid(Field::MaxSteps, bound, max_steps));
        for streaming in [&one(Cell::Gru), &mean] {
            assert_eq!(refusal(streaming, |part_one| part_one.max_steps = max_steps), None);
        }
    }
    for max_steps in [1, 65_535] {
        assert_eq!(refusal(&both, |part_one| part_one.max_steps = max_steps), None);
    }
    let padded = |max_steps, pad_to| refusal(&Spec { max_steps, pad_to, ..one(Cell::Gru) }, |_| {});
    assert_eq!(padded(40, 41), invalid(Field::PadTo, 40, 41));
    assert_eq!([padded(40, 40), padded(0, 1024), padded(2000, 1024)], [None; 3]);
    for max_steps in [0, 2000] {
        assert_eq!(padded(max_steps, 1025), invalid(Field::PadTo, 1024, 1025));
        assert_eq!(padded(max_steps, 65_535), invalid(Field::PadTo, 1024, 65_535));
    }
    assert_eq!(refusal(&frames(Precision::Int8), |part_one| part_one.pad_to = 1), invalid(Field::PadTo, 0, 1));
}

#[test]
fn sizes_of_frames_and_steps_are_checked() {
    for precision in PRECISIONS {
        let refused = |change: fn(&mut Frames)| refusal(&frames(precision), |part_one| change(frames_of(part_one)));
        assert_eq!(refused(|frames| frames.channels = 0), invalid(Field::Channels, 1, 0));
        assert_eq!(refused(|frames| frames.channels = 16_385), invalid(Field::Channels, 16_384, 16_385));
        assert!(is_of(Field::Tensors, refused(|frames| frames.channels = 16_384)));
        assert_eq!(refused(|frames| frames.frames_per_step = 0), invalid(Field::FramesPerStep, 1, 0));
        assert_eq!(refused(|frames| frames.frames_per_step = 5_462), invalid(Field::FramesPerStep, 5_461, 5_462));
        assert!(is_of(Field::Tensors, refused(|frames| frames.frames_per_step = 5_461)));
        let with_differences: fn(&mut Frames) =
            |frames| (frames.has_differences, frames.frames_per_step) = (true, 2_731);
        assert_eq!(refused(with_differences), invalid(Field::FramesPerStep, 2_730, 2_731));
        // Not even one frame fits.
        let too_wide: fn(&mut Frames) = |frames| (frames.has_differences, frames.channels) = (true, 8_193);
        assert_eq!(refused(too_wide), invalid(Field::FramesPerStep, 0, 1));
        for (stride, bound) in [(0, 1), (1_025, 1_024), (u16::MAX, 1_024)] {
            let error = refusal(&frames(precision), |part_one| frames_of(part_one).frame_stride = stride);
            assert_eq!(error, invalid(Field::FrameStride, bound, stride.into()));
        }
        assert_eq!(refused(|frames| frames.frame_stride = 1_024), None);
    }
}

#[test]
fn units_of_frames_are_positive_and_finite() {
    for precision in PRECISIONS {
        for (has_one_unit, channel) in [(true, 0), (false, 0), (false, 2)] {
            let window = WindowSpec { has_one_unit, ..WindowSpec::SINGLE };
            let spec = Spec { window, ..frames(precision) };
            let unit = |unit: f32| poked(&spec, "units", channel, &unit.to_le_bytes());
            assert_eq!(unit(0.0), invalid(Field::FrameUnit, 1, 0));
            for wrong in [f32::INFINITY, f32::NAN, -1.0, -0.0, f32::NEG_INFINITY] {
                assert_eq!(unit(wrong), invalid(Field::FrameUnit, 0x7F7F_FFFF, wrong.to_bits()));
            }
            assert_eq!([f32::from_bits(1), f32::MAX, f32::MIN_POSITIVE].map(unit), [None; 3]);
        }
    }
}

#[test]
fn numbers_of_channels_and_differences_are_checked() {
    let window = WindowSpec { has_differences: true, ..WindowSpec::SINGLE };
    for tensor in ["channels", "differences"] {
        let integer = |scale, pre_shift, shift| {
            let channel = IntegerChannel { zero: i32::MIN, scale, pre_shift, shift };
            poked(&Spec { window, ..frames(Precision::Int8) }, tensor, 2, bytemuck::bytes_of(&channel))
        };
        for (scale, bound, found) in [(0, 1, 0), (-1, 1, 0), (i16::MIN, 1, 0), (16_384, 16_383, 16_384)] {
            assert_eq!(integer(scale, 0, 0), invalid(Field::ChannelScale, bound, found));
        }
        assert_eq!([integer(1, 31, 30), integer(16_383, 0, 0)], [None; 2]);
        for shift in [32, 255] {
            assert_eq!(integer(1, shift, 0), invalid(Field::ChannelPreShift, 31, shift.into()));
        }
        for shift in [31, 255] {
            assert_eq!(integer(1, 0, shift), invalid(Field::ChannelShift, 30, shift.into()));
        }
        for precision in [Precision::F32, Precision::F16] {
            let float = |zero, scale| {
                let channel = FloatChannel { zero, scale };
                poked(&Spec { window, ..frames(precision) }, tensor, 1, bytemuck::bytes_of(&channel))
            };
            assert_eq!(float(f32::MIN, -2.0), None);
            for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                assert_eq!(float(wrong, 1.0), invalid(Field::ChannelZero, 0, 0));
                assert_eq!(float(1.0, wrong), invalid(Field::ChannelScale, 0, 0));
            }
        }
    }
}

#[test]
fn the_version_of_unicode_is_the_runtimes_own() {
    let inputs = [InputSpec::Words, InputSpec::HashedWords, InputSpec::FingerprintedWords, InputSpec::ComposedWords];
    for input in inputs {
        for rule in [WordRule::LowercaseAlphanumeric, WordRule::LowercaseWithMarks, WordRule::Ascii] {
            let right = if rule == WordRule::Ascii { 0 } else { 17 };
            for version in [0, 16, 17, 18, 255] {
                let refused =
                    refusal(&Spec { input, rule, ..one(Cell::Gru) }, |part_one| match &mut text_of(part_one).tokens {
                        Tokens::Words { split, .. }
                        | Tokens::HashedWords { split, .. }
                        | Tokens::FingerprintedWords { split, .. }
                        | Tokens::ComposedWords { split, .. } => split.unicode = version,
                        other => panic!("{other:?}"),
                    });
                let wrong = invalid(Field::Unicode, right.into(), version.into());
                assert_eq!(refused, if version == right { None } else { wrong }, "{input:?} {rule:?}");
            }
        }
    }
    for version in [0, 16, 18] {
        let refused =
            refusal(&Spec { input: InputSpec::Characters, ..one(Cell::Gru) }, |part_one| {
                match &mut text_of(part_one).tokens {
                    Tokens::Characters { unicode, .. } => *unicode = version,
                    other => panic!("{other:?}"),
                }
            });
        assert_eq!(refused, invalid(Field::Unicode, 17, version.into()));
    }
}

#[test]
fn layers_that_can_not_be_are_refused() {
    let both = int8(&[LayerSpec::both(Cell::Gru, 4, 100), LayerSpec::forward(Cell::Lstm, 3, 110)]);
    let layer = |change: fn(&mut Layer)| refusal(&both, |part_one| change(&mut part_one.layers[0]));
    assert_eq!(layer(|_| {}), None);
    assert_eq!(layer(|layer| layer.hidden_size = 0), invalid(Field::HiddenSize, 1, 0));
    assert_eq!(layer(|layer| layer.hidden_size = 16_385), invalid(Field::HiddenSize, 16_384, 16_385));
    assert!(is_of(Field::Tensors, layer(|layer| layer.hidden_size = 16_384)));
    assert!(layer(|layer| layer.reverse = None).is_some());
    assert!(layer(|layer| layer.cell = Cell::Lstm).is_some());
    assert_eq!(refusal(&both, |part_one| part_one.layers.clear()), invalid(Field::LayerCount, 1, 0));
    assert_eq!(refusal(&both, |part_one| part_one.heads.clear()), invalid(Field::HeadCount, 1, 0));
    for precision in PRECISIONS {
        let spec = Spec { precision, ..both.clone() };
        let right = match precision {
            Precision::F32 => 32,
            Precision::F16 => 16,
            Precision::Int8 => 8,
        };
        for bits in [0, 1, 4, 8, 16, 32, 64, 255] {
            if bits == right || bits == 4 && precision == Precision::Int8 {
                continue;
            }
            let refused = refusal(&spec, |part_one| part_one.layers[1].bits = bits);
            assert_eq!(refused, invalid(Field::Bits, right.into(), bits.into()), "{precision}");
            let refused = refusal(&spec, |part_one| match &mut text_of(part_one).vectors {
                Vectors::Embedding { bits: of_vectors, .. } => *of_vectors = bits,
                Vectors::OneHot => panic!("an embedding"),
            });
            assert_eq!(refused, invalid(Field::Bits, right.into(), bits.into()), "{precision}");
        }
    }
}

#[test]
fn shifts_and_multipliers_are_checked() {
    for cell in CELLS {
        let largest = if matches!(cell, Cell::Lstm | Cell::RnnRelu) { 15 } else { 0 };
        let set = |bits| refusal(&one(cell), |part_one| part_one.layers[0].forward.state_fraction_bits = bits);
        assert_eq!(set(largest), None);
        assert_eq!(set(largest + 1), invalid(Field::StateFractionBits, largest.into(), u32::from(largest) + 1));
        let both = int8(&[LayerSpec::both(cell, 4, 100)]);
        let refused = refusal(&both, |part_one| {
            let reverse = part_one.layers[0].reverse.as_mut().unwrap();
            reverse.accumulator_shift = 16;
        });
        assert_eq!(refused, invalid(Field::AccumulatorShift, 15, 16));
        for wrong in [0_i16, -1, i16::MIN] {
            let result = cell.results() * 4 - 1;
            for tensor in ["0.forward.multipliers", "0.reverse.multipliers"] {
                assert_eq!(poked(&both, tensor, result, &wrong.to_le_bytes()), invalid(Field::Multiplier, 1, 0));
            }
        }
    }
    let refused = refusal(&one(Cell::Gru), |part_one| part_one.heads[0].accumulator_shift = 16);
    assert_eq!(refused, invalid(Field::AccumulatorShift, 15, 16));
    assert_eq!(poked(&one(Cell::Gru), "head.multipliers", 2, &[0, 0]), invalid(Field::Multiplier, 1, 0));
    for precision in [Precision::F32, Precision::F16] {
        let spec = Spec { precision, ..one(Cell::Lstm) };
        let direction = |direction| refusal(&spec, |part_one| part_one.layers[0].forward = direction);
        let none = Direction::default();
        let shifted = direction(Direction { accumulator_shift: 1, ..none });
        assert_eq!(shifted, invalid(Field::AccumulatorShift, 0, 1));
        let scaled = direction(Direction { state_fraction_bits: 1, ..none });
        assert_eq!(scaled, invalid(Field::StateFractionBits, 0, 1));
        let refused = refusal(&spec, |part_one| part_one.heads[0].accumulator_shift = 1);
        assert_eq!(refused, invalid(Field::AccumulatorShift, 0, 1));
    }
}

#[test]
fn a_temperature_and_thresholds_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        let spec = Spec { precision, ..one(Cell::Gru) };
        let temperature = |value| refusal(&Spec { inverse_temperature: value, ..spec.clone() }, |_| {});
        assert_eq!(temperature(0), invalid(Field::Temperature, 1, 0));
        assert_eq!([temperature(1), temperature(u16::MAX)], [None; 2]);
        let threshold = |value| refusal(&Spec { thresholds: Thresholds::One(value), ..spec.clone() }, |_| {});
        for value in [32_769, u16::MAX] {
            assert_eq!(threshold(value), invalid(Field::Threshold, 32_768, value.into()));
        }
        assert_eq!([threshold(0), threshold(32_768)], [None; 2]);
        let of_classes = Spec { thresholds: Thresholds::OfClasses, ..spec.clone() };
        for class in 0..CLASSES {
            let set = |value: u16| poked(&of_classes, "thresholds", class, &value.to_le_bytes());
            assert_eq!(set(32_769), invalid(Field::Threshold, 32_768, 32_769));
            assert_eq!([set(0), set(32_768)], [None; 2]);
        }
        let missing = refusal(&spec, |part_one| part_one.heads[0].thresholds = Thresholds::OfClasses);
        assert!(is_of(Field::Tensors, missing));
        let left_over = refusal(&of_classes, |part_one| part_one.heads[0].thresholds = Thresholds::None);
        assert!(is_of(Field::Tensors, left_over));
    }
}

#[test]
fn labels_that_can_not_be_are_refused() {
    let none = refusal(&one(Cell::Gru), |part_one| {
        (part_one.heads[0].labels.count, part_one.heads[0].labels.bytes) = (0, 0);
    });
    assert_eq!(none, invalid(Field::ClassCount, 1, 0));
    let bytes = LABELS.iter().map(|label| label.len() as u32 + 1).sum::<u32>();
    assert_eq!(poked(&one(Cell::Gru), "labels.bytes", 1, &[0xFF]), invalid(Field::Labels, 3, 0));
    let fewer = refusal(&one(Cell::Gru), |part_one| part_one.heads[0].labels.count = 2);
    assert_eq!(fewer, invalid(Field::Labels, bytes, bytes - LABELS[2].len() as u32 - 1));
    let more = refusal(&one(Cell::Gru), |part_one| part_one.heads[0].labels.count = 4);
    assert_eq!(more, invalid(Field::Labels, 4, 3));
}

/// The tensors end where the last of them does, and no tensor beyond.
#[test]
fn tensors_fill_their_place() {
    for alignment in [4, 8, 16] {
        for precision in PRECISIONS {
            let parts = Parts::of(&Spec { precision, alignment, ..one(Cell::Gru) });
            let round = |bytes: usize| bytes.next_multiple_of(alignment.into());
            let tensors = parts.tensors.iter().filter(|tensor| !tensor.bytes.is_empty());
            let length = tensors.fold(0, |end, tensor| round(end) + tensor.bytes.len());
            let of_length = |change: isize| {
                let mut parts = parts.clone();
                let last = &mut parts.tensors.last_mut().unwrap().bytes;
                last.resize(last.len().checked_add_signed(change).unwrap(), 0);
                parts.assemble().parse().err()
            };
            assert_eq!(of_length(0), None);
            for change in [-2, -1, 1, 4, 16, 100] {
                let found = length.checked_add_signed(change).unwrap();
                assert_eq!(of_length(change), invalid(Field::Tensors, length as u32, found as u32), "{precision}");
            }
            let mut without = parts.clone();
            without.tensors.clear();
            assert!(is_of(Field::Tensors, without.assemble().parse().err()));
        }
    }
}

/// What a token adds counts in the bound of an accumulator, but not in the part of a GRU that it is not added to.
#[test]
fn a_one_hot_weight_counts_in_the_bound_of_its_accumulator() {
    for (row, result) in [(0, 0), (9, 9), (3, 12 + 3)] {
        let spec = Spec { vectors: VectorSpec::OneHot, ..one(Cell::Gru) };
        let mut parts = Parts::of(&spec);
        let magnitude = |weight: &u8| u32::from((*weight as i8).unsigned_abs());
        let weights = parts.tensor("0.forward.recurrent").bytes.clone();
        let columns = |row: usize| weights[row * 4..][..4].iter().map(magnitude).sum::<u32>();
        let entries = &parts.tensor("0.forward.one_hot").bytes;
        let largest = (0..8).map(|token| magnitude(&entries[token * 12 + row])).max().unwrap();
        // Row 9 is a unit's n: its input part has no hidden columns, its hidden part no token.
        let sum = match result {
            0 => 127 * (columns(0) + largest),
            9 => 127 * largest,
            _ => 127 * columns(11),
        };
        let limit = (i32::MAX as u32) >> 2;
        for excess in [0, 1] {
            let bias = (limit - sum + excess) as i32;
            parts.poke("0.forward.bias", result, &bias.to_le_bytes());
            let expected = if excess == 0 { None } else { invalid(Field::AccumulatorRange, limit, limit + 1) };
            assert_eq!(parts.assemble().parse().err(), expected, "result {result}");
        }
    }
}

/// The bound counts the weights of the input and of the hidden state, and those of either where a GRU keeps them apart.
#[test]
fn an_accumulator_may_reach_its_limit() {
    for cell in CELLS {
        for result in 0..cell.results() * 4 {
            let mut parts = Parts::of(&one(cell));
            let magnitude = |weight: &u8| u32::from((*weight as i8).unsigned_abs());
            let row = |bytes: &[u8], row: usize, columns: usize| -> u32 {
                bytes[row * columns..][..columns].iter().map(magnitude).sum()
            };
            let input = parts.tensor("0.forward.input").bytes.clone();
            let recurrent = parts.tensor("0.forward.recurrent").bytes.clone();
            let sum = match (cell, result / 4) {
                (Cell::Gru, 2) => row(&input, result, 6),
                (Cell::Gru, 3) => row(&recurrent, result - 4, 4),
                _ => row(&input, result, 6) + row(&recurrent, result, 4),
            };
            let limit = (i32::MAX as u32) >> 2;
            for (excess, sign) in [(0, 1), (1, 1), (0, -1), (1, -1)] {
                let bias = sign * (limit - 127 * sum + excess) as i32;
                parts.poke("0.forward.bias", result, &bias.to_le_bytes());
                let expected = if excess == 0 { None } else { invalid(Field::AccumulatorRange, limit, limit + 1) };
                assert_eq!(parts.assemble().parse().err(), expected, "{cell:?} {result}");
            }
        }
    }
}

/// The bound of an accumulator counts each of the two weights of a byte.
#[test]
fn an_accumulator_of_weights_in_4_bits_may_reach_its_limit() {
    let spec = Spec { weights: WeightSpec::Nibbles, ..one(Cell::Lstm) };
    let mut parts = Parts::of(&spec);
    let mut row = parts.tensor("0.forward.input").bytes[3 * 3..][..3].to_vec();
    row.extend(&parts.tensor("0.forward.recurrent").bytes[3 * 2..][..2]);
    let magnitude = |half: u8| i32::from(if half < 8 { half } else { 16 - half });
    let sum: i32 = row.iter().map(|byte| magnitude(byte & 15) + magnitude(byte >> 4)).sum();
    assert!(sum > 12);
    let limit = i32::MAX >> 2;
    for excess in [0, 1] {
        parts.poke("0.forward.bias", 3, &(limit - 127 * sum + excess).to_le_bytes());
        let refused = invalid(Field::AccumulatorRange, limit as u32, limit as u32 + 1);
        assert_eq!(parts.assemble().parse().err(), if excess == 0 { None } else { refused });
    }
}

#[test]
fn weights_out_of_range_are_refused() {
    let one_hot = |precision, cell| Spec { precision, vectors: VectorSpec::OneHot, ..one(cell) };
    let spec = one_hot(Precision::Int8, Cell::RnnTanh);
    for tensor in ["0.forward.one_hot", "0.forward.recurrent", "head.weights"] {
        assert_eq!(poked(&spec, tensor, 5, &[0x80]), invalid(Field::WeightRange, 127, 128), "{tensor}");
    }
    for tensor in ["vectors", "0.forward.input"] {
        assert_eq!(poked(&one(Cell::Gru), tensor, 5, &[0x80]), invalid(Field::WeightRange, 127, 128), "{tensor}");
    }
    for (precision, infinity) in [(Precision::F32, &f32::INFINITY.to_le_bytes()[..]), (Precision::F16, &[0x00, 0x7C])] {
        let spec = one_hot(precision, Cell::RnnRelu);
        let cases =
            [("0.forward.one_hot", 4 + 3, 3), ("0.forward.recurrent", 4 * 2, 2), ("head.weights", 4 * 2 + 1, 2)];
        for (tensor, element, row) in cases {
            assert_eq!(poked(&spec, tensor, element, infinity), invalid(Field::WeightRange, 0, row), "{tensor}");
        }
        let embedded = Spec { precision, ..one(Cell::RnnRelu) };
        assert_eq!(poked(&embedded, "vectors", 7, infinity), invalid(Field::WeightRange, 0, 0));
        assert_eq!(poked(&embedded, "0.forward.input", 6 * 3 + 5, infinity), invalid(Field::WeightRange, 0, 3));
        for (tensor, element) in [("0.forward.bias", 2), ("head.bias", 1)] {
            let refused = poked(&spec, tensor, element, &f32::NAN.to_le_bytes());
            assert_eq!(refused, invalid(Field::WeightRange, 0, element as u32));
        }
    }
}

#[test]
fn embeddings_in_4_bits_are_checked() {
    let spec = Spec { vectors: VectorSpec::Nibbles, ..one(Cell::Gru) };
    // Eight tokens of five values and a half byte that is nobody's.
    assert_eq!(Parts::of(&spec).tensor("vectors").bytes.len(), 24);
    for (byte, refused) in [(0x08, true), (0x80, true), (0x97, false), (0x79, false)] {
        for element in [0, 12, 23] {
            let expected = if refused { invalid(Field::WeightRange, 7, 8) } else { None };
            assert_eq!(poked(&spec, "vectors", element, &[byte]), expected, "{byte:02x} at {element}");
        }
    }
    let of_size = |size| refusal(&spec, |part_one| text_of(part_one).vectors = Vectors::Embedding { size, bits: 4 });
    assert_eq!(of_size(5), None);
    assert_eq!(
        [of_size(0), of_size(16_385)],
        [invalid(Field::InputSize, 1, 0), invalid(Field::InputSize, 16_384, 16_385)]
    );
    assert!([4, 6, 16_384].into_iter().all(|size| of_size(size).is_some()));
}

#[test]
fn weights_in_4_bits_are_checked() {
    for (cell, vectors) in [(Cell::Gru, VectorSpec::Embedding), (Cell::Lstm, VectorSpec::OneHot)] {
        let spec = Spec { weights: WeightSpec::Nibbles, vectors, ..one(cell) };
        let recurrent = Parts::of(&spec).tensor("0.forward.recurrent").bytes.len();
        for element in [0, recurrent / 2, recurrent - 1] {
            for byte in [0x08, 0x80] {
                let refused = poked(&spec, "0.forward.recurrent", element, &[byte]);
                assert_eq!(refused, invalid(Field::WeightRange, 7, 8), "{byte:02x} at {element}");
            }
        }
        // The weights of tokens and of the head have 8 bits, of which 0x08 is one that can be.
        let of_bytes = if vectors == VectorSpec::OneHot { "0.forward.one_hot" } else { "head.weights" };
        assert_eq!(poked(&spec, of_bytes, 3, &[0x08]), None);
        assert_eq!(poked(&spec, of_bytes, 3, &[0x80]), invalid(Field::WeightRange, 127, 128));
        assert!(refusal(&spec, |part_one| part_one.layers[0].bits = 8).is_some());
    }
}

#[test]
fn tokens_that_can_not_be_are_refused() {
    let hashed = Spec { input: InputSpec::HashedWords, ..one(Cell::Gru) };
    let with_buckets = |spec: &Spec, number: u32| {
        refusal(spec, |part_one| match &mut text_of(part_one).tokens {
            Tokens::HashedWords { buckets, .. } | Tokens::ComposedWords { buckets, .. } => *buckets = number,
            other => panic!("{other:?}"),
        })
    };
    for (buckets, bound) in [(0, 1), ((1 << 24) + 1, 1 << 24)] {
        assert_eq!(with_buckets(&hashed, buckets), invalid(Field::Buckets, bound, buckets));
    }
    assert!(is_of(Field::Tensors, with_buckets(&hashed, 1 << 24)));
    let one_hot = Spec { vectors: VectorSpec::OneHot, ..hashed };
    assert_eq!(with_buckets(&one_hot, 65_534), invalid(Field::InputSize, 65_535, 65_536));
    assert!(is_of(Field::Tensors, with_buckets(&one_hot, 65_533)));
    let composed = Spec { input: InputSpec::ComposedWords, ..one(Cell::Gru) };
    let most = 32_768 - common::FINGERPRINTED as u32 - 2;
    for (buckets, bound) in [(0, 1), (most + 1, most)] {
        assert_eq!(with_buckets(&composed, buckets), invalid(Field::Buckets, bound, buckets));
    }
    assert!(is_of(Field::Tensors, with_buckets(&composed, most)));
    let refused = refusal(&composed, |part_one| text_of(part_one).vectors = Vectors::OneHot);
    assert_eq!(refused, invalid(Field::OneHot, 0, 1));
    let characters = Spec { input: InputSpec::Characters, ..one(Cell::Gru) };
    // The last character, of two bytes, becomes two characters; the second is put before the first.
    for (element, bytes, field, number) in
        [(13, &b"op"[..], Field::Vocabulary, 6), (3, b" ", Field::VocabularyOrder, 1)]
    {
        assert_eq!(poked(&characters, "alphabet.bytes", element, bytes), invalid(field, 7, number));
    }
    let bytes = Spec { input: InputSpec::Bytes, ..one(Cell::Gru) };
    assert_eq!(Parts::of(&bytes).tensor("vectors").bytes.len(), 258 * 6);
    let mut shorter = Parts::of(&bytes);
    shorter.tensor("vectors").bytes.truncate(257 * 6);
    assert!(shorter.assemble().parse().is_err());
    let fingerprinted = Spec { input: InputSpec::FingerprintedWords, ..one(Cell::Gru) };
    for (bits, bound) in [(0, 1), (25, 24)] {
        let refused = refusal(&fingerprinted, |part_one| match &mut text_of(part_one).tokens {
            Tokens::FingerprintedWords { table, .. } => table.remainder_bits = bits,
            other => panic!("{other:?}"),
        });
        assert_eq!(refused, invalid(Field::RemainderBits, bound, bits.into()));
    }
    assert!(is_of(Field::Vocabulary, poked(&fingerprinted, "index", 1, &[0xFF; 4])));
}
