//! Layers and heads that cannot be, or that do not fit their weights.

use super::refusal::{field, invalid, is_of_tensors, model, refusal, refusal_with, refusal_with_element, text};
use crate::common::{CELLS, EMBEDDING_SIZE, HIDDEN_SIZE, PRECISIONS, both_directions, two_layers};
use runtime::format::{Cell, Direction, PartOne, Pooling, Precision, Vectors};
use runtime::{Error, Field, Part};

#[test]
fn layers_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        let file = model(&two_layers(precision));
        let with = |change: fn(&mut PartOne)| refusal_with(&file, change);
        assert_eq!(with(|part_one| part_one.layers.clear()), invalid(Field::LayerCount, 1, 0));
        assert_eq!(with(|part_one| part_one.heads.clear()), invalid(Field::HeadCount, 1, 0));
        for layer in [0, 1] {
            for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
                let error = refusal_with(&file, |part_one| part_one.layers[layer].hidden_size = found);
                assert_eq!(error, invalid(Field::HiddenSize, expected, found.into()));
            }
            let error = refusal_with(&file, |part_one| part_one.layers[layer].hidden_size = 16_384);
            assert_eq!(field(error), Some(Field::Tensors));
            for wrong in [1, HIDDEN_SIZE - 1, HIDDEN_SIZE + 1] {
                let error = refusal_with(&file, |part_one| part_one.layers[layer].hidden_size = wrong as u16);
                assert!(is_of_tensors(error), "{error:?}");
            }
        }
        let bits = if precision == Precision::Int8 { 8 } else { 8 * file.clone().tensor("vectors").size as u8 };
        let of_size = |size| refusal_with(&file, |part_one| text(part_one).vectors = Vectors::Embedding { size, bits });
        for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
            assert_eq!(of_size(found), invalid(Field::InputSize, expected, found.into()));
        }
        assert_eq!(field(of_size(16_384)), Some(Field::Tensors));
        assert_eq!(of_size(EMBEDDING_SIZE as u16), None);
        assert!([1, 5, 7, 12].map(of_size).into_iter().all(is_of_tensors));
    }
}

#[test]
fn more_layers_or_heads_than_a_model_can_have_are_refused() {
    let file = model(&two_layers(Precision::Int8));
    let PartOne { input, max_steps, pad_to, layers, heads } = file.part_one.clone();
    let with = |layer_count: usize, head_count: usize| {
        let (layers, heads) = (vec![layers[1]; layer_count], vec![heads[0]; head_count]);
        let mut buffer = [0; 4096];
        let part_one = postcard::to_slice(&(input, max_steps, pad_to, &layers[..], &heads[..]), &mut buffer).unwrap();
        file.assemble_of(part_one).parse().err()
    };
    assert_eq!(with(2, 1), None);
    // Four can be read: there are no weights for them.
    assert!(is_of_tensors(with(4, 1)));
    assert_eq!([with(5, 1), with(100, 1), with(2, 2)], [Some(Error::Unreadable { part: Part::One }); 3]);
}

#[test]
fn fewer_layers_or_another_pooling_than_the_capacity_was_made_for_are_refused() {
    let file = model(&two_layers(Precision::Int8));
    let right = file.capacity.unwrap();
    let mut parts = file.clone();
    parts.part_one.layers.truncate(1);
    parts.tensors.retain(|tensor| !tensor.name.starts_with("1."));
    // Of x and h, c and h: those that run, and a copy that answers are computed on.
    assert_eq!(refusal(&parts), invalid(Field::Capacity, right - 2 * (1 + 1 + 2 + 2), right));
    let error = refusal_with(&file, |part_one| part_one.heads[0].pooling = Pooling::Last);
    assert_eq!(error, invalid(Field::Capacity, right - 2 * HIDDEN_SIZE, right));
}

/// The direction with this number of a part one: both of each layer.
fn direction(part_one: &mut PartOne, number: usize) -> &mut Direction {
    let layer = &mut part_one.layers[number / 2];
    if number.is_multiple_of(2) { &mut layer.forward } else { layer.reverse.as_mut().unwrap() }
}

#[test]
fn shifts_and_fraction_bits_of_float_models_are_refused() {
    for precision in [Precision::F16, Precision::F32] {
        let file = model(&both_directions(Cell::Lstm, precision));
        for number in 0..4 {
            for found in [1, 15, 255] {
                let error = refusal_with(&file, |part_one| direction(part_one, number).accumulator_shift = found);
                assert_eq!(error, invalid(Field::AccumulatorShift, 0, found.into()));
                let error = refusal_with(&file, |part_one| direction(part_one, number).state_fraction_bits = found);
                assert_eq!(error, invalid(Field::StateFractionBits, 0, found.into()));
                let error = refusal_with(&file, |part_one| part_one.heads[0].accumulator_shift = found);
                assert_eq!(error, invalid(Field::AccumulatorShift, 0, found.into()));
            }
        }
    }
}

#[test]
fn shifts_beyond_their_range_are_refused() {
    for file in CELLS.map(|cell| model(&both_directions(cell, Precision::Int8))) {
        for number in 0..4 {
            for found in [16, 31, 32, 255] {
                let error = refusal_with(&file, |part_one| direction(part_one, number).accumulator_shift = found);
                assert_eq!(error, invalid(Field::AccumulatorShift, 15, found.into()));
            }
            let error = refusal_with(&file, |part_one| direction(part_one, number).accumulator_shift = 15);
            assert_eq!(field(error), Some(Field::AccumulatorRange));
        }
        for found in [16, 31, 32, 255] {
            let error = refusal_with(&file, |part_one| part_one.heads[0].accumulator_shift = found);
            assert_eq!(error, invalid(Field::AccumulatorShift, 15, found.into()));
        }
        let error = refusal_with(&file, |part_one| part_one.heads[0].accumulator_shift = 15);
        assert_eq!(field(error), Some(Field::AccumulatorRange));
    }
}

#[test]
fn fraction_bits_of_a_state_that_has_none_or_fewer_are_refused() {
    for (cell, largest) in [(Cell::Lstm, 15), (Cell::Gru, 0), (Cell::RnnTanh, 0), (Cell::RnnRelu, 15)] {
        let file = model(&both_directions(cell, Precision::Int8));
        for number in 0..4 {
            let with = |bits| refusal_with(&file, |part_one| direction(part_one, number).state_fraction_bits = bits);
            assert_eq!(with(largest), None);
            for found in [largest + 1, 16, 31, 32, 255] {
                let expected = invalid(Field::StateFractionBits, largest.into(), found.into());
                assert_eq!(with(found), expected, "{cell:?}, direction {number}");
            }
        }
    }
}

#[test]
fn multipliers_that_are_not_positive_are_refused() {
    for (cell, file) in CELLS.map(|cell| (cell, model(&both_directions(cell, Precision::Int8)))) {
        let tensors = file.tensors.iter().filter(|tensor| tensor.name.ends_with("multipliers"));
        assert_eq!(tensors.clone().count(), 5);
        for tensor in tensors {
            let elements = [0, 1, 2, tensor.elements() - 1];
            for (element, wrong) in
                elements.into_iter().flat_map(|element| [(element, 0), (element, -1), (element, i16::MIN)])
            {
                let error = refusal_with_element(&file, &tensor.name, element, &wrong.to_le_bytes());
                assert_eq!(error, invalid(Field::Multiplier, 1, 0), "{cell:?} {}", tensor.name);
            }
        }
    }
}

#[test]
fn a_direction_too_many_or_too_few_does_not_fit_the_tensors() {
    for precision in PRECISIONS {
        let file = model(&both_directions(Cell::RnnTanh, precision));
        for layer in [0, 1] {
            let error = refusal_with(&model(&two_layers(precision)), |part_one| {
                part_one.layers[layer].reverse = Some(part_one.layers[layer].forward);
            });
            assert!(is_of_tensors(error), "{error:?}");
            let error = refusal_with(&file, |part_one| part_one.layers[layer].reverse = None);
            assert!(is_of_tensors(error), "{error:?}");
        }
        // Without the tensors of the direction the layer above, or the head, has more columns than are below.
        for layer in ["0.", "1."] {
            let mut parts = file.clone();
            parts.part_one.layers[usize::from(layer == "1.")].reverse = None;
            parts.tensors.retain(|tensor| tensor.name.strip_prefix(layer).is_none_or(|name| !name.starts_with("rev")));
            assert!(is_of_tensors(refusal(&parts)), "{layer}");
        }
    }
}

#[test]
fn a_cell_with_the_weights_of_another_is_refused() {
    for precision in PRECISIONS {
        for right in CELLS {
            let file = model(&crate::common::one_layer(right, precision));
            for claimed in CELLS.into_iter().filter(|claimed| claimed.gates() != right.gates()) {
                let error = refusal_with(&file, |part_one| part_one.layers[0].cell = claimed);
                assert!(
                    is_of_tensors(error) || field(error) == Some(Field::StateFractionBits),
                    "{claimed:?}: {error:?}"
                );
            }
        }
    }
}
