//! Numbers in the tensors that an accumulator could not hold, or that are no numbers.

use runtime::format::Precision;
use runtime::{Error, Field, Model};
use trainer::export::ModelFile;
use trainer::network::Cell;
use trainer::quantize::{Bits, IntegerBits};
use trainer::weights::NetworkWeights;

use crate::fixture::{
    HIDDEN_SIZE, PRECISIONS, Step, Variant, both_directions, export_with, invalid, model, owned, refusal,
    refusal_with_element, two_layers, weights,
};
use crate::tensors::Parts;

type Made = fn(Precision) -> ModelFile;

/// Two layers of a GRU in both directions over one-hot words.
fn one_hot(precision: Precision) -> ModelFile {
    model(Variant { step: Step::OneHotWord, ..both_directions(Cell::Gru, precision) })
}

/// The weights that are multiplied, or added for a token: the model and the tensor.
const WEIGHTS: [(Made, &str); 9] = [
    (two_layers, "0.forward.input"),
    (two_layers, "0.forward.recurrent"),
    (two_layers, "1.forward.input"),
    (two_layers, "1.forward.recurrent"),
    (two_layers, "head.weights"),
    (one_hot, "1.reverse.input"),
    (one_hot, "1.reverse.recurrent"),
    (one_hot, "0.forward.one_hot"),
    (one_hot, "0.reverse.one_hot"),
];
const BIASES: [(Made, &str); 4] = [
    (two_layers, "0.forward.bias"),
    (two_layers, "1.forward.bias"),
    (two_layers, "head.bias"),
    (one_hot, "0.reverse.bias"),
];
const EMBEDDING: &str = "vectors";

/// The refusal with `bytes` in the first, and in the last, element of a tensor.
fn refusals(file: &ModelFile, tensor: &str, bytes: &[u8]) -> [Option<Error>; 2] {
    let last = Parts::of(file).tensor(tensor).elements() - 1;
    [0, last].map(|element| refusal_with_element(file, tensor, element, bytes))
}

fn names(error: Option<Error>, expected: Field) -> bool {
    matches!(error, Some(Error::Invalid { field, .. }) if field == expected)
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
    let bits = IntegerBits::all(Bits::Four);
    let stacks = [
        Variant { num_layers: 2, bits, ..Variant::new(Precision::Int8) },
        Variant { step: Step::OneHotWord, bits, ..both_directions(Cell::Gru, Precision::Int8) },
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
        let file = model(stacks[stack]);
        let bytes = Parts::of(&file).tensor(tensor).bytes.len();
        let gates = if stack == 0 { 4 } else { 3 };
        assert_eq!(bytes, gates * HIDDEN_SIZE * row, "two weights a byte");
        for element in [0, bytes - 1] {
            for (byte, refused) in [(0x08, true), (0x80, true), (0x79, false), (0x97, false)] {
                let error = refusal_with_element(&file, tensor, element, &[byte]);
                assert_eq!(error, if refused { invalid(Field::WeightRange, 7, 8) } else { None }, "{byte:02x}");
            }
        }
    }
}

/// Bytes of a row of weights in 4 bits of an embedding's vector, and of a hidden state.
const EMBEDDING_ROW: usize = crate::fixture::EMBEDDING_SIZE / 2;
const HIDDEN_ROW: usize = HIDDEN_SIZE / 2;

/// A table of tokens, and the head, have 8 bits whatever the layers have.
#[test]
fn one_hot_weights_and_the_head_have_8_bits() {
    let bits = IntegerBits::all(Bits::Four);
    let file = model(Variant { step: Step::OneHotWord, bits, ..both_directions(Cell::Lstm, Precision::Int8) });
    assert_eq!(Parts::of(&file).part_one.layers[0].bits, 4);
    let gates = 4 * HIDDEN_SIZE;
    for (tensor, elements) in
        [("0.forward.one_hot", Step::OneHotWord.token_count() * gates), ("head.weights", 3 * 2 * HIDDEN_SIZE)]
    {
        assert_eq!(Parts::of(&file).tensor(tensor).bytes.len(), elements);
        // Each half is -8 in 4 bits.
        assert_eq!(refusals(&file, tensor, &[0x78]), [None; 2]);
        assert_eq!(refusals(&file, tensor, &[0x80]), [invalid(Field::WeightRange, 127, 128); 2]);
    }
    assert_eq!(refusal(&file), None);
}

#[test]
fn an_embedding_of_minus_128_is_refused() {
    // An accumulator is checked for inputs of at most 127.
    for error in refusals(&two_layers(Precision::Int8), EMBEDDING, &i8::MIN.to_le_bytes()) {
        assert!(names(error, Field::WeightRange), "{error:?}");
    }
}

#[test]
fn a_bias_that_an_accumulator_can_not_hold_is_refused() {
    for (model, tensor) in BIASES {
        for bias in [i32::MAX, i32::MIN] {
            for error in refusals(&model(Precision::Int8), tensor, &bias.to_le_bytes()) {
                assert!(names(error, Field::AccumulatorRange), "{tensor}: {error:?}");
            }
        }
    }
}

#[test]
fn an_accumulator_may_reach_its_limit_and_no_more() {
    let reverse = both_directions(Cell::Lstm, Precision::Int8);
    for (file, layer, direction) in [(two_layers(Precision::Int8), 0, "forward"), (model(reverse), 1, "reverse")] {
        let mut parts = Parts::of(&file);
        let found = parts.part_one.layers[layer];
        let shift = if direction == "forward" { found.forward } else { found.reverse.unwrap() }.accumulator_shift;
        let name = |tensor: &str| format!("{layer}.{direction}.{tensor}");
        let rows = parts.tensor(&name("bias")).elements();
        let mut sum = |tensor: &str| -> i32 {
            let bytes = &parts.tensor(&name(tensor)).bytes;
            bytes[..bytes.len() / rows].iter().map(|weight| 127 * i32::from((*weight as i8).unsigned_abs())).sum()
        };
        let products = sum("input") + sum("recurrent");
        assert!(products > 0);
        let limit = i32::MAX >> shift;
        for bias in [limit - products, products - limit] {
            parts.poke(&name("bias"), 0, &bias.to_le_bytes());
            assert_eq!(refusal(&parts.assemble()), None);
            parts.poke(&name("bias"), 0, &(bias + bias.signum()).to_le_bytes());
            let found = limit as u32 + 1;
            let error = Error::Invalid { field: Field::AccumulatorRange, expected: limit as u32, found };
            assert_eq!(refusal(&parts.assemble()), Some(error));
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
                assert!(names(error, Field::WeightRange), "{tensor}: {error:?}");
            }
        }
    }
}

#[test]
fn float_embeddings_that_are_not_finite_are_refused() {
    for (precision, bad) in not_finite() {
        let file = two_layers(precision);
        for error in bad.iter().flat_map(|bytes| refusals(&file, EMBEDDING, bytes)) {
            assert!(names(error, Field::WeightRange), "{error:?}");
        }
    }
}

#[test]
fn float_biases_that_are_not_finite_are_refused() {
    for precision in [Precision::F16, Precision::F32] {
        for (model, tensor) in BIASES {
            for bias in NOT_FINITE {
                for error in refusals(&model(precision), tensor, &bias.to_le_bytes()) {
                    assert!(names(error, Field::WeightRange), "{tensor}: {error:?}");
                }
            }
        }
    }
}

/// The numbers of a network that can be wrong, with their name.
type Numbers = fn(&mut NetworkWeights) -> &mut Vec<f32>;
const NUMBERS: [(&str, Numbers); 9] = [
    ("embedding", |weights| &mut weights.embedding.as_mut().unwrap().values),
    ("weight_ih", |weights| &mut weights.layers[0].forward.weight_ih.values),
    ("weight_hh", |weights| &mut weights.layers[0].forward.weight_hh.values),
    ("bias", |weights| &mut weights.layers[0].forward.bias),
    ("weight_ih in reverse", |weights| &mut weights.layers[1].reverse.as_mut().unwrap().weight_ih.values),
    ("weight_hh in reverse", |weights| &mut weights.layers[1].reverse.as_mut().unwrap().weight_hh.values),
    ("bias in reverse", |weights| &mut weights.layers[1].reverse.as_mut().unwrap().bias),
    ("head weight", |weights| &mut weights.head_weight.values),
    ("head bias", |weights| &mut weights.head_bias),
];

#[test]
fn a_network_with_a_number_that_is_not_finite_can_not_be_exported() {
    for cell in [Cell::Lstm, Cell::Gru, Cell::RnnTanh, Cell::RnnRelu] {
        for variant in PRECISIONS.map(|precision| both_directions(cell, precision)) {
            for (name, numbers) in NUMBERS {
                for value in NOT_FINITE {
                    let mut weights = weights(variant, 3);
                    numbers(&mut weights)[1] = value;
                    let exported = export_with(variant, &owned(variant.step.strings()), &weights);
                    let refused = matches!(exported, Err(trainer::Error::NotFinite));
                    assert!(refused, "{cell:?} {} {name} {value}: {exported:?}", variant.precision);
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
        for cell in [Cell::Lstm, Cell::Gru, Cell::RnnTanh, Cell::RnnRelu] {
            let file = model(both_directions(cell, precision));
            let mut parts = Parts::of(&file);
            for tensor in ["0.forward.input", "0.forward.recurrent", "1.reverse.input", "1.reverse.recurrent"] {
                let elements = parts.tensor(tensor).elements();
                (0..elements).for_each(|element| parts.poke(tensor, element, &largest));
            }
            let changed = parts.assemble();
            crate::fixture::exercise(&Model::parse(changed.bytes()).unwrap(), &[2, 3, 4], b"turn the lamp on");
        }
    }
}
