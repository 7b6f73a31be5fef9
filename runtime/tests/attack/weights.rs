//! Weights that cannot be: beyond the range of their bits, or no numbers.

use super::exercise::exercise;
use super::refusal::{field, invalid, is_of_tensors, model, refusal, refusal_with, refusal_with_element, text};
use crate::common::{
    CELLS, EMBEDDING_SIZE, HIDDEN_SIZE, LayerSpec, MANY_WORDS, Parts, Spec, VectorSpec, WeightSpec, both_directions,
    one_layer, two_layers,
};
use runtime::format::{Cell, Pooling, Precision, Vectors};
use runtime::{Error, Field};

type Made = fn(Precision) -> Parts;

/// Two layers of LSTM over words.
fn embedded(precision: Precision) -> Parts {
    model(&two_layers(precision))
}

/// Two layers of a GRU in both directions over one-hot words.
fn one_hot(precision: Precision) -> Parts {
    model(&Spec { vectors: VectorSpec::OneHot, ..both_directions(Cell::Gru, precision) })
}

/// The weights that are multiplied, or added for a token: the model and the tensor.
const WEIGHTS: [(Made, &str); 9] = [
    (embedded, "0.forward.input"),
    (embedded, "0.forward.recurrent"),
    (embedded, "1.forward.input"),
    (embedded, "1.forward.recurrent"),
    (embedded, "head.weights"),
    (one_hot, "1.reverse.input"),
    (one_hot, "1.reverse.recurrent"),
    (one_hot, "0.forward.one_hot"),
    (one_hot, "0.reverse.one_hot"),
];
const BIASES: [(Made, &str); 4] =
    [(embedded, "0.forward.bias"), (embedded, "1.forward.bias"), (embedded, "head.bias"), (one_hot, "0.reverse.bias")];
const EMBEDDING: &str = "vectors";

/// The refusal with `bytes` in the first, and in the last, element of a tensor.
fn refusals(file: &Parts, tensor: &str, bytes: &[u8]) -> [Option<Error>; 2] {
    let last = file.clone().tensor(tensor).elements() - 1;
    [0, last].map(|element| refusal_with_element(file, tensor, element, bytes))
}

#[test]
fn a_weight_of_minus_128_is_refused() {
    for (model, tensor) in WEIGHTS {
        for error in refusals(&model(Precision::Int8), tensor, &i8::MIN.to_le_bytes()) {
            assert_eq!(error, invalid(Field::WeightRange, 127, 128), "{tensor}");
        }
    }
}

#[test]
fn a_weight_of_minus_8_in_4_bits_is_refused() {
    let weights = WeightSpec::Nibbles;
    let stacks = [
        Spec { weights, ..two_layers(Precision::Int8) },
        Spec { vectors: VectorSpec::OneHot, weights, ..both_directions(Cell::Gru, Precision::Int8) },
    ];
    let tensors = [
        (0, "0.forward.input", EMBEDDING_ROW),
        (0, "0.forward.recurrent", HIDDEN_ROW),
        (0, "1.forward.input", HIDDEN_ROW),
        (1, "0.reverse.recurrent", HIDDEN_ROW),
        (1, "1.reverse.input", 2 * HIDDEN_ROW),
        (1, "1.reverse.recurrent", HIDDEN_ROW),
    ];
    for (stack, tensor, row) in tensors {
        let file = model(&stacks[stack]);
        let bytes = file.clone().tensor(tensor).bytes.len();
        let gates = if stack == 0 { 4 } else { 3 };
        assert_eq!(bytes, gates * HIDDEN_SIZE * row, "two weights a byte");
        for element in [0, bytes / 2, bytes - 1] {
            for (byte, refused) in [(0x08, true), (0x80, true), (0x79, false), (0x97, false)] {
                let error = refusal_with_element(&file, tensor, element, &[byte]);
                assert_eq!(error, if refused { invalid(Field::WeightRange, 7, 8) } else { None }, "{byte:02x}");
            }
        }
    }
}

/// Bytes of a row of weights in 4 bits of an embedding's vector, and of a hidden state.
const EMBEDDING_ROW: usize = EMBEDDING_SIZE / 2;
const HIDDEN_ROW: usize = HIDDEN_SIZE / 2;

/// A table of tokens, and the head, have 8 bits whatever the layers have.
#[test]
fn one_hot_weights_and_the_head_have_8_bits() {
    let spec = Spec { vectors: VectorSpec::OneHot, ..both_directions(Cell::Lstm, Precision::Int8) };
    let file = model(&Spec { weights: WeightSpec::Nibbles, ..spec });
    assert_eq!(file.part_one.layers[0].bits, 4);
    let gates = 4 * HIDDEN_SIZE;
    for (tensor, elements) in
        [("0.forward.one_hot", (MANY_WORDS.len() + 2) * gates), ("head.weights", 3 * 2 * HIDDEN_SIZE)]
    {
        assert_eq!(file.clone().tensor(tensor).bytes.len(), elements);
        // Each half is -8 in 4 bits.
        assert_eq!([0x78, 0x08].map(|byte| refusals(&file, tensor, &[byte])), [[None; 2]; 2]);
        assert_eq!(refusals(&file, tensor, &[0x80]), [invalid(Field::WeightRange, 127, 128); 2]);
    }
    assert_eq!(refusal(&file), None);
}

#[test]
fn an_embedding_of_minus_128_is_refused() {
    // An accumulator is checked for inputs of at most 127.
    for error in refusals(&embedded(Precision::Int8), EMBEDDING, &i8::MIN.to_le_bytes()) {
        assert!(field(error) == Some(Field::WeightRange), "{error:?}");
    }
}

#[test]
fn a_bias_that_an_accumulator_can_not_hold_is_refused() {
    for (model, tensor) in BIASES {
        for bias in [i32::MAX, i32::MIN] {
            for error in refusals(&model(Precision::Int8), tensor, &bias.to_le_bytes()) {
                assert!(field(error) == Some(Field::AccumulatorRange), "{tensor}: {error:?}");
            }
        }
    }
}

/// Numbers that are none.
const NOT_FINITE: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// The float precisions, with the bytes of weights that are no numbers.
fn not_finite() -> [(Precision, [Vec<u8>; 3]); 2] {
    [
        (Precision::F16, [0x7E00_u16, 0x7C00, 0xFC00].map(|bits| bits.to_le_bytes().to_vec())),
        (Precision::F32, NOT_FINITE.map(|value| value.to_le_bytes().to_vec())),
    ]
}

#[test]
fn float_weights_that_are_not_finite_are_refused() {
    for (precision, bad) in not_finite() {
        for (model, tensor) in WEIGHTS {
            let file = model(precision);
            for error in bad.iter().flat_map(|bytes| refusals(&file, tensor, bytes)) {
                assert!(field(error) == Some(Field::WeightRange), "{tensor}: {error:?}");
            }
        }
    }
}

#[test]
fn float_embeddings_that_are_not_finite_are_refused() {
    for (precision, bad) in not_finite() {
        let file = embedded(precision);
        for error in bad.iter().flat_map(|bytes| refusals(&file, EMBEDDING, bytes)) {
            assert!(field(error) == Some(Field::WeightRange), "{error:?}");
        }
    }
}

#[test]
fn float_biases_that_are_not_finite_are_refused() {
    for precision in [Precision::F16, Precision::F32] {
        for (model, tensor) in BIASES {
            for bias in NOT_FINITE {
                for error in refusals(&model(precision), tensor, &bias.to_le_bytes()) {
                    assert!(field(error) == Some(Field::WeightRange), "{tensor}: {error:?}");
                }
            }
        }
    }
}

#[test]
fn the_largest_finite_weights_are_accepted_and_run() {
    for (precision, largest) in
        [(Precision::F16, 0x7BFF_u16.to_le_bytes().to_vec()), (Precision::F32, f32::MAX.to_le_bytes().to_vec())]
    {
        for cell in CELLS {
            let mut parts = model(&both_directions(cell, precision));
            for tensor in ["0.forward.input", "0.forward.recurrent", "1.reverse.input", "1.reverse.recurrent"] {
                let elements = parts.tensor(tensor).elements();
                (0..elements).for_each(|element| parts.poke(tensor, element, &largest));
            }
            exercise(&parts.assemble().parse().unwrap(), &[2, 3, 4], b"turn the lamp on");
        }
    }
}

/// A refusal of a float names the row of its tensor.
#[test]
fn a_row_with_a_float_that_is_not_finite_is_named() {
    let one = |precision| Spec::new(precision, &[LayerSpec::forward(Cell::RnnRelu, 4, 100)], Pooling::Last);
    for (precision, infinity) in [(Precision::F32, &f32::INFINITY.to_le_bytes()[..]), (Precision::F16, &[0x00, 0x7C])] {
        let embedded = model(&one(precision));
        let one_hot = model(&Spec { vectors: VectorSpec::OneHot, ..one(precision) });
        let cases = [
            (&one_hot, "0.forward.one_hot", 4 + 3, 1),
            (&one_hot, "0.forward.recurrent", 4 * 2, 2),
            (&one_hot, "head.weights", 4 * 2 + 1, 2),
            (&embedded, "vectors", 7, 1),
            (&embedded, "0.forward.input", 6 * 3 + 5, 3),
        ];
        for (file, tensor, element, row) in cases {
            let error = refusal_with_element(file, tensor, element, infinity);
            assert_eq!(error, invalid(Field::WeightRange, 0, row), "{tensor}");
        }
        for (tensor, element) in [("0.forward.bias", 2), ("head.bias", 1)] {
            let error = refusal_with_element(&one_hot, tensor, element, &f32::NAN.to_le_bytes());
            assert_eq!(error, invalid(Field::WeightRange, 0, element));
        }
    }
}

/// Models with an embedding in 4 bits: of 5 values, with half a byte that is nobody's, and of 6.
fn nibbles() -> [Parts; 2] {
    [5, 6].map(|size| {
        let spec =
            Spec { vectors: VectorSpec::Nibbles, embedding_size: size + 1, ..one_layer(Cell::Lstm, Precision::Int8) };
        let mut parts = model(&spec);
        assert_eq!(parts.tensor(EMBEDDING).bytes.len(), (MANY_WORDS.len() + 2) * 3);
        parts
    })
}

#[test]
fn a_value_of_minus_8_in_an_embedding_of_4_bits_is_refused() {
    for mut file in nibbles() {
        let bytes = file.tensor(EMBEDDING).bytes.len();
        for element in [0, bytes / 2, bytes - 1] {
            for (byte, refused) in [(0x08, true), (0x80, true), (0x88, true), (0x79, false), (0x97, false)] {
                let error = refusal_with_element(&file, EMBEDDING, element, &[byte]);
                assert_eq!(error, if refused { invalid(Field::WeightRange, 7, 8) } else { None }, "{byte:02x}");
            }
        }
    }
}

#[test]
fn an_embedding_of_other_bits_or_another_size_than_its_rows_is_refused() {
    for (file, right) in nibbles().into_iter().zip([5, 6]) {
        let with = |size: u16, bits: u8| {
            refusal_with(&file, |part_one| text(part_one).vectors = Vectors::Embedding { size, bits })
        };
        assert_eq!(with(right, 4), None);
        assert_eq!(
            [with(0, 4), with(16_385, 4)],
            [invalid(Field::InputSize, 1, 0), invalid(Field::InputSize, 16_384, 16_385)]
        );
        assert_eq!(field(with(16_384, 4)), Some(Field::Tensors));
        // Rows of five values are as long as of six; the layer above has as many columns as there should be.
        for (size, bits) in [(11 - right, 4), (4, 4), (7, 4), (12, 4), (right, 8), (3, 8)] {
            let error = with(size, bits);
            assert!(is_of_tensors(error), "{size} values in {bits} bits: {error:?}");
        }
    }
    for (precision, right) in [(Precision::F16, 16), (Precision::F32, 32)] {
        let file = model(&one_layer(Cell::Lstm, precision));
        let error = refusal_with(&file, |part_one| text(part_one).vectors = Vectors::Embedding { size: 6, bits: 4 });
        assert_eq!(error, invalid(Field::Bits, right, 4));
    }
}
