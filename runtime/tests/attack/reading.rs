//! Part one: the reader by hand reads what serde writes, and any bytes as serde would.

use crate::common::Parts;
use proptest::prelude::*;
use runtime::format::{
    Cell, CharacterRule, Direction, Feature, FingerprintTableSize, Frames, Head, Input, Layer, MAX_HEADS, MAX_LAYERS,
    PartOne, PartRule, Pooling, Precision, StringTableSize, Task, Text, Thresholds, Tokens, Vectors, WordRule,
    WordSplit,
};
use runtime::{Error, Part};

fn encoded(value: &impl serde::Serialize) -> Vec<u8> {
    let mut buffer = [0; 1024];
    postcard::to_slice(value, &mut buffer).unwrap().to_vec()
}

/// What serde's decoder makes of bytes that it takes all.
fn by_serde(bytes: &[u8]) -> Option<PartOne> {
    postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(part_one, _)| part_one)
}

/// Whether there is a number in more than 5 bytes, as serde takes one for a length where a pointer has 64 bits.
fn has_long_number(bytes: &[u8]) -> bool {
    bytes.windows(5).any(|window| window.iter().all(|byte| byte & 0x80 != 0))
}

fn strings() -> impl Strategy<Value = StringTableSize> {
    any::<(u32, u32)>().prop_map(|(count, bytes)| StringTableSize { count, bytes })
}

fn splits() -> impl Strategy<Value = WordSplit> {
    let rules = vec![WordRule::LowercaseAlphanumeric, WordRule::LowercaseWithMarks, WordRule::Ascii];
    (prop::sample::select(rules), any::<u8>()).prop_map(|(rule, unicode)| WordSplit { rule, unicode })
}

fn tables() -> impl Strategy<Value = FingerprintTableSize> {
    any::<(u32, u32, u8)>().prop_map(|(count, seed, remainder_bits)| FingerprintTableSize {
        count,
        seed,
        remainder_bits,
    })
}

fn tokens() -> impl Strategy<Value = Tokens> {
    prop_oneof![
        (splits(), strings()).prop_map(|(split, vocabulary)| Tokens::Words { split, vocabulary }),
        (splits(), any::<u32>()).prop_map(|(split, buckets)| Tokens::HashedWords { split, buckets }),
        (splits(), tables()).prop_map(|(split, table)| Tokens::FingerprintedWords { split, table }),
        (splits(), tables(), any::<u32>()).prop_map(|(split, table, buckets)| Tokens::ComposedWords {
            split,
            table,
            parts: PartRule::PrefixAndWord,
            buckets
        }),
        (any::<u8>(), strings()).prop_map(|(unicode, alphabet)| Tokens::Characters {
            rule: CharacterRule::Lowercase,
            unicode,
            alphabet
        }),
        Just(Tokens::Bytes),
    ]
}

fn inputs() -> impl Strategy<Value = Input> {
    let vectors = prop_oneof![
        any::<(u16, u8)>().prop_map(|(size, bits)| Vectors::Embedding { size, bits }),
        Just(Vectors::OneHot)
    ];
    prop_oneof![
        3 => (tokens(), vectors).prop_map(|(tokens, vectors)| Input::Text(Text { tokens, vectors })),
        1 => any::<(u16, bool, u16, u16, bool)>().prop_map(
            |(channels, has_one_unit, frames_per_step, frame_stride, has_differences)| {
                Input::Frames(Frames { channels, has_one_unit, frames_per_step, frame_stride, has_differences })
            }
        ),
    ]
}

fn layers() -> impl Strategy<Value = Layer> {
    let direction = |(accumulator_shift, state_fraction_bits)| Direction { accumulator_shift, state_fraction_bits };
    let directions = any::<(u8, u8)>().prop_map(direction);
    let reverse = prop::option::of(any::<(u8, u8)>().prop_map(direction));
    (prop::sample::select(&crate::common::CELLS[..]), any::<u16>(), any::<u8>(), directions, reverse)
        .prop_map(|(cell, hidden_size, bits, forward, reverse)| Layer { cell, hidden_size, bits, forward, reverse })
}

fn heads() -> impl Strategy<Value = Head> {
    let thresholds =
        prop_oneof![Just(Thresholds::None), any::<u16>().prop_map(Thresholds::One), Just(Thresholds::OfClasses)];
    (prop::sample::select(&crate::common::POOLINGS[..]), strings(), any::<u8>(), any::<u16>(), thresholds).prop_map(
        |(pooling, labels, accumulator_shift, inverse_temperature, thresholds)| Head {
            task: Task::Classification,
            pooling,
            labels,
            accumulator_shift,
            inverse_temperature,
            thresholds,
        },
    )
}

fn parts_one() -> impl Strategy<Value = PartOne> {
    (
        inputs(),
        any::<u32>(),
        any::<u16>(),
        prop::collection::vec(layers(), 0..=MAX_LAYERS),
        prop::collection::vec(heads(), 0..=MAX_HEADS),
    )
        .prop_map(|(input, max_steps, pad_to, layers, heads)| PartOne {
            input,
            max_steps,
            pad_to,
            layers: layers.into_iter().collect(),
            heads: heads.into_iter().collect(),
        })
}

/// What may be done to some bytes: one becomes another, comes in, or goes.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Set(u8),
    Insert(u8),
    Remove,
}

fn edits() -> impl Strategy<Value = Edit> {
    let bytes = || prop_oneof![any::<u8>(), 0..8_u8, Just(0x80_u8), Just(0xFF_u8)];
    prop_oneof![bytes().prop_map(Edit::Set), bytes().prop_map(Edit::Insert), Just(Edit::Remove)]
}

fn expect_same(bytes: &[u8]) -> Result<(), TestCaseError> {
    let (found, expected) = (PartOne::decode(bytes), by_serde(bytes));
    if let Err(error) = found {
        prop_assert_eq!(error, Error::Unreadable { part: Part::One });
    }
    if found.is_ok() || !has_long_number(bytes) {
        prop_assert_eq!(found.ok(), expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_serde_writes_is_read_by_hand(part_one in parts_one()) {
        let bytes = encoded(&part_one);
        prop_assert_eq!(PartOne::decode(&bytes), Ok(part_one.clone()));
        prop_assert_eq!(by_serde(&bytes), Some(part_one));
        for length in 0..bytes.len() {
            prop_assert_eq!(PartOne::decode(&bytes[..length]), Err(Error::Unreadable { part: Part::One }));
        }
        let longer = [&bytes[..], &[0]].concat();
        prop_assert_eq!(PartOne::decode(&longer), Err(Error::Unreadable { part: Part::One }));
    }

    #[test]
    fn changed_bytes_are_read_as_serde_reads_them(
        part_one in parts_one(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), edits()), 1..5),
    ) {
        let mut bytes = encoded(&part_one);
        for (place, edit) in edits {
            match edit {
                Edit::Insert(byte) => bytes.insert(place.index(bytes.len() + 1), byte),
                Edit::Set(byte) if !bytes.is_empty() => {
                    let place = place.index(bytes.len());
                    bytes[place] = byte;
                }
                Edit::Remove if !bytes.is_empty() => {
                    bytes.remove(place.index(bytes.len()));
                }
                Edit::Set(_) | Edit::Remove => {}
            }
        }
        expect_same(&bytes)?;
    }

    #[test]
    fn any_bytes_are_read_as_serde_reads_them(
        bytes in prop::collection::vec(prop_oneof![0..6_u8, 0..6_u8, any::<u8>()], 0..60),
    ) {
        expect_same(&bytes)?;
    }
}

/// A byte more for each number in turn, as many bytes as it may have, and one too many.
#[test]
fn numbers_in_more_bytes_than_they_need_are_read_as_serde_reads_them() {
    for kind in crate::common::kinds() {
        let part_one = Parts::of(&kind).part_one;
        let bytes = encoded(&part_one);
        let mut accepted = 0;
        for place in 0..bytes.len() {
            for more in 1..=5 {
                let mut longer = bytes.clone();
                longer[place] |= 0x80;
                (0..more).for_each(|_| longer.insert(place + 1, 0x80));
                longer[place + more] = 0;
                assert!(has_long_number(&longer) || PartOne::decode(&longer).ok() == by_serde(&longer), "{longer:x?}");
                accepted += usize::from(PartOne::decode(&longer) == Ok(part_one.clone()));
            }
        }
        assert!(accepted > 20, "{accepted} of {}", 5 * bytes.len());
    }
}

/// serde takes a count in 6 bytes where a pointer has 64 bits; the reader refuses it on every machine, as a device does.
#[test]
fn a_count_of_layers_or_heads_is_a_number_of_32_bits() {
    for kind in crate::common::kinds() {
        let part_one = Parts::of(&kind).part_one;
        let bytes = encoded(&part_one);
        let before = (&part_one.input, part_one.max_steps, part_one.pad_to);
        let of_layers = encoded(&before).len();
        let of_heads = encoded(&(before, &part_one.layers)).len();
        for place in [of_layers, of_heads] {
            let spelled = |zeros: &[u8]| [&bytes[..place], &[bytes[place] | 0x80], zeros, &bytes[place + 1..]].concat();
            assert_eq!(PartOne::decode(&spelled(&[0x80, 0x80, 0x80, 0])), Ok(part_one.clone()), "5 bytes");
            let long = spelled(&[0x80, 0x80, 0x80, 0x80, 0]);
            assert_eq!(PartOne::decode(&long), Err(Error::Unreadable { part: Part::One }), "6 bytes");
            assert_eq!(by_serde(&long).is_some(), cfg!(target_pointer_width = "64"));
        }
    }
}

#[test]
fn the_parts_of_every_kind_of_model_are_read_as_written() {
    for kind in crate::common::kinds() {
        let part_one = Parts::of(&kind).part_one;
        assert_eq!(PartOne::decode(&encoded(&part_one)), Ok(part_one));
    }
}

/// The numbers by which variants are known, of which none may change.
#[test]
fn a_known_part_one_has_known_bytes() {
    let part_one = PartOne {
        input: Input::Text(Text {
            tokens: Tokens::HashedWords { split: WordSplit::of(WordRule::LowercaseWithMarks), buckets: 300 },
            vectors: Vectors::Embedding { size: 16, bits: 4 },
        }),
        max_steps: 0,
        pad_to: 200,
        layers: [Layer {
            cell: Cell::Gru,
            hidden_size: 32,
            bits: 4,
            forward: Direction { accumulator_shift: 3, state_fraction_bits: 0 },
            reverse: Some(Direction::default()),
        }]
        .into_iter()
        .collect(),
        heads: [Head {
            task: Task::Classification,
            pooling: Pooling::Max,
            labels: StringTableSize { count: 2, bytes: 10 },
            accumulator_shift: 1,
            inverse_temperature: 4096,
            thresholds: Thresholds::One(130),
        }]
        .into_iter()
        .collect(),
    };
    let bytes = [
        0, 1, 1, 17, 0xAC, 2, 0, 16, 4, 0, 0xC8, 1, 1, 1, 32, 4, 3, 0, 1, 0, 0, 1, 0, 2, 2, 10, 1, 0x80, 0x20, 1, 0x82,
        1,
    ];
    assert_eq!(PartOne::decode(&bytes), Ok(part_one.clone()));
    assert_eq!(encoded(&part_one), bytes);
    let needs = |features: &[Feature]| features.iter().fold(0, |bits, feature| bits | feature.bit());
    let expected = [Feature::Hashed, Feature::Unicode, Feature::Int4, Feature::Gru, Feature::Bidirectional];
    assert_eq!(part_one.needs(Precision::Int8), needs(&expected));
    assert_eq!(part_one.needs(Precision::F16), needs(&expected) | Feature::Float.bit());
    let frames = PartOne { input: Input::Frames(Frames::single(3, true)), ..part_one.clone() };
    let expected = [Feature::Frames, Feature::Int4, Feature::Gru, Feature::Bidirectional];
    assert_eq!(frames.needs(Precision::Int8), needs(&expected));
    for gathered in [
        Frames { frames_per_step: 2, ..Frames::single(3, true) },
        Frames { frame_stride: 2, ..Frames::single(3, true) },
        Frames { has_differences: true, ..Frames::single(3, true) },
    ] {
        let frames = PartOne { input: Input::Frames(gathered), ..part_one.clone() };
        assert_eq!(frames.needs(Precision::Int8), needs(&expected) | Feature::Windows.bit());
    }
    let names = Feature::ALL.map(|feature| feature.name());
    assert!(Feature::ALL.iter().enumerate().all(|(bit, feature)| feature.bit() == 1 << bit));
    assert_eq!(
        names.join(" "),
        "lstm gru rnn bidirectional int4 words fingerprints hashed characters bytes frames \
                                 windows unicode float"
    );
}
