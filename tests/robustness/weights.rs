//! Numbers in the tensors that an accumulator could not hold, or that are no numbers.

use runtime::format::{Manifest, Precision, Tensor};
use runtime::{Error, Field, Model};
use trainer::export::ModelFile;
use trainer::network::Pooling;
use trainer::weights::NetworkWeights;

use crate::fixture::{Parts, WORDS, embedding, export_with, refusal, two_layers, variants, weights};

type Chosen = fn(&mut Manifest<'_>) -> Tensor;

/// The weights that are multiplied, with their name.
const WEIGHTS: [(&str, Chosen); 3] = [
    ("first layer", |manifest| manifest.layers[0].forward.weights),
    ("second layer", |manifest| manifest.layers[1].forward.weights),
    ("head", |manifest| manifest.head.weights),
];
const BIASES: [(&str, Chosen); 3] = [
    ("first layer", |manifest| manifest.layers[0].forward.bias),
    ("second layer", |manifest| manifest.layers[1].forward.bias),
    ("head", |manifest| manifest.head.bias),
];
const EMBEDDING: Chosen = |manifest| embedding(manifest).weights;

/// The refusal with `bytes` in the first, and in the last, element of a tensor.
fn refusals(file: &ModelFile, chosen: Chosen, bytes: &[u8]) -> [Option<Error>; 2] {
    let last = chosen(&mut Parts::of(file).manifest).elements as usize - 1;
    [0, last].map(|element| {
        let mut parts = Parts::of(file);
        let tensor = chosen(&mut parts.manifest);
        parts.poke(tensor, element, bytes);
        refusal(&parts.assemble())
    })
}

fn names(error: Option<Error>, expected: Field) -> bool {
    matches!(error, Some(Error::Invalid { field, .. }) if field == expected)
}

#[test]
fn a_weight_of_minus_128_is_refused() {
    let file = two_layers(Precision::Int8);
    for (name, chosen) in WEIGHTS {
        for error in refusals(&file, chosen, &i8::MIN.to_le_bytes()) {
            assert_eq!(error, Some(Error::Invalid { field: Field::WeightRange, expected: 127, found: 128 }), "{name}");
        }
    }
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
    let file = two_layers(Precision::Int8);
    for (name, chosen) in BIASES {
        for bias in [i32::MAX, i32::MIN] {
            for error in refusals(&file, chosen, &bias.to_le_bytes()) {
                assert!(names(error, Field::AccumulatorRange), "{name}: {error:?}");
            }
        }
    }
}

#[test]
fn an_accumulator_may_reach_its_limit_and_no_more() {
    let file = two_layers(Precision::Int8);
    let mut parts = Parts::of(&file);
    let layer = parts.manifest.layers[0].forward;
    let columns = layer.weights.elements as usize / layer.bias.elements as usize;
    let row = &parts.tensors[layer.weights.offset as usize..][..columns];
    let products: i32 = row.iter().map(|weight| 127 * i32::from((*weight as i8).unsigned_abs())).sum();
    assert!(products > 0);
    let limit = i32::MAX >> layer.scales.unwrap().accumulator_shift;
    for bias in [limit - products, products - limit] {
        parts.poke(layer.bias, 0, &bias.to_le_bytes());
        assert_eq!(refusal(&parts.assemble()), None);
        parts.poke(layer.bias, 0, &(bias + bias.signum()).to_le_bytes());
        let found = limit as u32 + 1;
        let error = Error::Invalid { field: Field::AccumulatorRange, expected: limit as u32, found };
        assert_eq!(refusal(&parts.assemble()), Some(error));
    }
}

/// Files in both float precisions, with the bytes of numbers that are none.
fn float_files() -> [(ModelFile, [Vec<u8>; 3]); 2] {
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    [
        (two_layers(Precision::F16), [0x7E00_u16, 0x7C00, 0xFC00].map(|bits| bits.to_le_bytes().to_vec())),
        (two_layers(Precision::F32), bad.map(|value| value.to_le_bytes().to_vec())),
    ]
}

#[test]
fn float_weights_that_are_not_finite_are_refused() {
    for (file, bad) in float_files() {
        for (name, chosen) in WEIGHTS {
            for error in bad.iter().flat_map(|bytes| refusals(&file, chosen, bytes)) {
                assert!(names(error, Field::WeightRange), "{name}: {error:?}");
            }
        }
    }
}

#[test]
fn float_embeddings_that_are_not_finite_are_refused() {
    for (file, bad) in float_files() {
        for error in bad.iter().flat_map(|bytes| refusals(&file, EMBEDDING, bytes)) {
            assert!(names(error, Field::WeightRange), "{error:?}");
        }
    }
}

#[test]
fn float_biases_that_are_not_finite_are_refused() {
    for (file, _) in float_files() {
        for (name, chosen) in BIASES {
            for bias in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                for error in refusals(&file, chosen, &bias.to_le_bytes()) {
                    assert!(names(error, Field::WeightRange), "{name}: {error:?}");
                }
            }
        }
    }
}

/// The numbers of a network that can be wrong, with their name.
type Numbers = fn(&mut NetworkWeights) -> &mut Vec<f32>;
const NUMBERS: [(&str, Numbers); 6] = [
    ("embedding", |weights| &mut weights.embedding.values),
    ("weight_ih", |weights| &mut weights.layers[0].weight_ih.values),
    ("weight_hh", |weights| &mut weights.layers[0].weight_hh.values),
    ("bias", |weights| &mut weights.layers[0].bias),
    ("head weight", |weights| &mut weights.head_weight.values),
    ("head bias", |weights| &mut weights.head_bias),
];

#[test]
fn a_network_with_a_number_that_is_not_finite_can_not_be_exported() {
    let mut accepted = Vec::new();
    for variant in variants().into_iter().filter(|variant| (variant.num_layers, variant.pooling) == (1, Pooling::Max)) {
        for (name, numbers) in NUMBERS {
            for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut weights = weights(1, 3);
                numbers(&mut weights)[1] = value;
                let vocabulary = WORDS.map(str::to_owned);
                match export_with(variant, &vocabulary, &weights) {
                    Ok(_) => accepted.push(format!("{} {name} {value}", variant.precision)),
                    Err(error) => assert!(
                        matches!(error, trainer::Error::Export(_) | trainer::Error::NotFinite),
                        "{name}: {error}"
                    ),
                }
            }
        }
    }
    assert_eq!(accepted, Vec::<String>::new());
}

#[test]
fn the_largest_finite_weights_are_accepted_and_run() {
    for (precision, largest) in
        [(Precision::F16, 0x7BFF_u16.to_le_bytes().to_vec()), (Precision::F32, f32::MAX.to_le_bytes().to_vec())]
    {
        let file = two_layers(precision);
        let mut parts = Parts::of(&file);
        let weights = parts.manifest.layers[0].forward.weights;
        (0..weights.elements as usize).for_each(|element| parts.poke(weights, element, &largest));
        let changed = parts.assemble();
        crate::fixture::exercise(&Model::parse(changed.bytes()).unwrap(), &[2, 3, 4], b"turn the lamp on");
    }
}
