//! Numbers in the tensors that an accumulator could not hold, or that are no numbers.

use runtime::format::{DataType, DirectionWeights, Manifest, Precision, Tensor};
use runtime::{Error, Field, Model};
use trainer::export::ModelFile;
use trainer::network::Cell;
use trainer::quantize::{Bits, IntegerBits};
use trainer::weights::NetworkWeights;

use crate::fixture::{
    PRECISIONS, Parts, Step, Variant, both_directions, embedding, export_with, invalid, model, owned, refusal,
    refusal_with, refusal_with_element, two_layers, weights,
};

/// A tensor of a manifest; a model in a precision; a direction of a manifest.
type Chosen = fn(&mut Manifest<'_>) -> Tensor;
type Made = fn(Precision) -> ModelFile;
type ChosenDirection = fn(&Manifest<'_>) -> DirectionWeights;

/// Two layers of a GRU in both directions over one-hot words.
fn one_hot(precision: Precision) -> ModelFile {
    model(Variant { step: Step::OneHotWord, ..both_directions(Cell::Gru, precision) })
}

/// The weights that are multiplied, or added for a token, with the model and their name.
const WEIGHTS: [(&str, Made, Chosen); 6] = [
    ("first layer", two_layers, |manifest| manifest.layers[0].forward.weights),
    ("second layer", two_layers, |manifest| manifest.layers[1].forward.weights),
    ("head", two_layers, |manifest| manifest.head.weights),
    ("reverse", one_hot, |manifest| manifest.layers[1].reverse.unwrap().weights),
    ("one-hot", one_hot, |manifest| manifest.layers[0].forward.one_hot.unwrap()),
    ("one-hot in reverse", one_hot, |manifest| manifest.layers[0].reverse.unwrap().one_hot.unwrap()),
];
const BIASES: [(&str, Made, Chosen); 4] = [
    ("first layer", two_layers, |manifest| manifest.layers[0].forward.bias),
    ("second layer", two_layers, |manifest| manifest.layers[1].forward.bias),
    ("head", two_layers, |manifest| manifest.head.bias),
    ("reverse", one_hot, |manifest| manifest.layers[0].reverse.unwrap().bias),
];
const EMBEDDING: Chosen = |manifest| embedding(manifest).weights;

/// The refusal with `bytes` in the first, and in the last, element of a tensor.
fn refusals(file: &ModelFile, chosen: Chosen, bytes: &[u8]) -> [Option<Error>; 2] {
    let last = chosen(&mut Parts::of(file).manifest).elements as usize - 1;
    [0, last].map(|element| refusal_with_element(file, chosen, element, bytes))
}

fn names(error: Option<Error>, expected: Field) -> bool {
    matches!(error, Some(Error::Invalid { field, .. }) if field == expected)
}

#[test]
fn a_weight_of_minus_128_is_refused() {
    for (name, model, chosen) in WEIGHTS {
        for error in refusals(&model(Precision::Int8), chosen, &i8::MIN.to_le_bytes()) {
            assert_eq!(error, Some(Error::Invalid { field: Field::WeightRange, expected: 127, found: 128 }), "{name}");
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
    let chosen: [(usize, Chosen); 3] = [
        (0, |manifest| manifest.layers[0].forward.weights),
        (0, |manifest| manifest.layers[1].forward.weights),
        (1, |manifest| manifest.layers[1].reverse.unwrap().weights),
    ];
    for (stack, chosen) in chosen {
        let file = model(stacks[stack]);
        let tensor = chosen(&mut Parts::of(&file).manifest);
        assert_eq!(tensor.data_type, DataType::I4);
        for element in [0, tensor.elements as usize - 2] {
            for (byte, refused) in [(0x08, true), (0x80, true), (0x79, false), (0x97, false)] {
                let error = refusal_with_element(&file, chosen, element, &[byte]);
                assert_eq!(error, if refused { invalid(Field::WeightRange, 7, 8) } else { None }, "{byte:02x}");
            }
        }
    }
}

/// A table of tokens, and the head, have 8 bits whatever the layers have.
#[test]
fn one_hot_weights_and_the_head_in_4_bits_are_refused() {
    let bits = IntegerBits::all(Bits::Four);
    let file = model(Variant { step: Step::OneHotWord, bits, ..both_directions(Cell::Lstm, Precision::Int8) });
    let expected = invalid(Field::TensorType, DataType::I8 as usize, DataType::I4 as usize);
    let error = refusal_with(&file, |manifest| {
        manifest.layers[0].reverse.as_mut().unwrap().one_hot.as_mut().unwrap().data_type = DataType::I4;
    });
    assert_eq!(error, expected);
    assert_eq!(refusal_with(&file, |manifest| manifest.head.weights.data_type = DataType::I4), expected);
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
    for (name, model, chosen) in BIASES {
        for bias in [i32::MAX, i32::MIN] {
            for error in refusals(&model(Precision::Int8), chosen, &bias.to_le_bytes()) {
                assert!(names(error, Field::AccumulatorRange), "{name}: {error:?}");
            }
        }
    }
}

#[test]
fn an_accumulator_may_reach_its_limit_and_no_more() {
    let reverse = both_directions(Cell::Lstm, Precision::Int8);
    let chosen: [(ModelFile, ChosenDirection); 2] = [
        (two_layers(Precision::Int8), |manifest| manifest.layers[0].forward),
        (model(reverse), |manifest| manifest.layers[1].reverse.unwrap()),
    ];
    for (file, direction) in chosen {
        let mut parts = Parts::of(&file);
        let direction = direction(&parts.manifest);
        let columns = direction.weights.elements as usize / direction.bias.elements as usize;
        let row = &parts.tensors[direction.weights.offset as usize..][..columns];
        let products: i32 = row.iter().map(|weight| 127 * i32::from((*weight as i8).unsigned_abs())).sum();
        assert!(products > 0);
        let limit = i32::MAX >> direction.scales.unwrap().accumulator_shift;
        for bias in [limit - products, products - limit] {
            parts.poke(direction.bias, 0, &bias.to_le_bytes());
            assert_eq!(refusal(&parts.assemble()), None);
            parts.poke(direction.bias, 0, &(bias + bias.signum()).to_le_bytes());
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
        for (name, model, chosen) in WEIGHTS {
            let file = model(precision);
            for error in bad.iter().flat_map(|bytes| refusals(&file, chosen, bytes)) {
                assert!(names(error, Field::WeightRange), "{name}: {error:?}");
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
        for (name, model, chosen) in BIASES {
            for bias in NOT_FINITE {
                for error in refusals(&model(precision), chosen, &bias.to_le_bytes()) {
                    assert!(names(error, Field::WeightRange), "{name}: {error:?}");
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
            for weights in [parts.manifest.layers[0].forward.weights, parts.manifest.layers[1].reverse.unwrap().weights]
            {
                (0..weights.elements as usize).for_each(|element| parts.poke(weights, element, &largest));
            }
            let changed = parts.assemble();
            crate::fixture::exercise(&Model::parse(changed.bytes()).unwrap(), &[2, 3, 4], b"turn the lamp on");
        }
    }
}
