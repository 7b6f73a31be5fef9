//! Tensors of other lengths, numbers and bits than part one says.

use super::refusal::{field, invalid, is_of_tensors, model, refusal, text};
use crate::common::{InputSpec, Parts, Spec, VectorSpec, variants};
use runtime::format::{Precision, Thresholds, Vectors};
use runtime::{Error, Field};

#[test]
fn tensors_that_end_elsewhere_are_refused() {
    for spec in variants() {
        for alignment in [4, 8, 16] {
            let parts = model(&Spec { alignment, ..spec.clone() });
            let (area, ends) = (parts.area(), parts.ends());
            let of_length = |length: usize| {
                let mut area = area.clone();
                area.resize(length, 0);
                refusal(&parts.with_area(area))
            };
            let area = area.len();
            assert_eq!(of_length(area), None, "{spec:?}");
            for more in [1, 2, 3, 4, 16, 100] {
                assert_eq!(of_length(area + more), invalid(Field::Tensors, area, area + more), "{spec:?}");
            }
            let rounded = |end: &usize| end.next_multiple_of(alignment.into()).min(area);
            for length in ends.iter().flat_map(|end| [end - 1, rounded(end)]).chain([0, 1]) {
                let due = ends.iter().find(|end| **end > length);
                let expected = due.and_then(|due| invalid(Field::Tensors, *due, length));
                assert_eq!(of_length(length), expected, "{spec:?}, {length} of {area} bytes");
            }
        }
    }
}

#[test]
fn a_tensor_more_or_less_than_part_one_says_is_refused() {
    for spec in variants() {
        let mut parts = model(&spec);
        parts.tensors.retain(|tensor| !tensor.bytes.is_empty());
        for number in 0..parts.tensors.len() {
            let mut without = parts.clone();
            let tensor = without.tensors.remove(number);
            let error = refusal(&without);
            assert!(refused_as_tensors(error), "{spec:?} without {}: {error:?}", tensor.name);
            let mut twice = parts.clone();
            twice.tensors.insert(number, tensor);
            let error = refusal(&twice);
            assert!(refused_as_tensors(error), "{spec:?}, twice {}: {error:?}", twice.tensors[number].name);
        }
    }
}

/// Whether a file is refused for numbers that are taken for others.
fn refused_as_tensors(error: Option<Error>) -> bool {
    let of_frames = [Field::FrameUnit, Field::ChannelZero, Field::ChannelScale, Field::ChannelPreShift];
    is_of_tensors(error) || field(error).is_some_and(|field| of_frames.contains(&field) || field == Field::ChannelShift)
}

#[test]
fn thresholds_that_part_one_does_not_name_are_left_over() {
    for spec in variants() {
        let mut parts = model(&Spec { thresholds: Thresholds::OfClasses, ..spec });
        parts.part_one.heads[0].thresholds = Thresholds::None;
        assert_eq!(field(refusal(&parts)), Some(Field::Tensors));
    }
}

#[test]
fn numbers_of_other_bits_than_the_precision_has_are_refused() {
    for spec in variants() {
        let (right, can_be): (usize, &[u8]) = match spec.precision {
            Precision::F32 => (32, &[32]),
            Precision::F16 => (16, &[16]),
            Precision::Int8 => (8, &[8, 4]),
        };
        let is_embedded = spec.input != InputSpec::Frames && spec.vectors != VectorSpec::OneHot;
        let places = spec.layers.len() + usize::from(is_embedded);
        let file = model(&spec);
        for place in 0..places {
            for bits in [0, 1, 2, 3, 4, 7, 8, 9, 16, 31, 32, 64, 255] {
                let mut parts = file.clone();
                let is_right = std::mem::replace(bits_at(&mut parts, place), bits) == bits;
                let error = refusal(&parts);
                if can_be.contains(&bits) {
                    assert!(if is_right { error.is_none() } else { is_of_tensors(error) }, "{spec:?}: {error:?}");
                } else {
                    assert_eq!(error, invalid(Field::Bits, right, bits.into()), "{spec:?}, {place}");
                }
            }
        }
    }
}

/// The bits of a layer, or of the embedding behind the last one.
fn bits_at(parts: &mut Parts, place: usize) -> &mut u8 {
    if place < parts.part_one.layers.len() {
        return &mut parts.part_one.layers[place].bits;
    }
    match &mut text(&mut parts.part_one).vectors {
        Vectors::Embedding { bits, .. } => bits,
        Vectors::OneHot => panic!("an embedding"),
    }
}

/// What each kind of model has: words with an index, or channels; for int8 a tensor of multipliers in each direction.
#[test]
fn a_model_has_the_tensors_that_the_format_names() {
    for spec in variants() {
        let parts = model(&spec);
        let count = parts.tensors.iter().filter(|tensor| !tensor.bytes.is_empty()).count();
        let of_input = match spec.input {
            InputSpec::Frames => 2 + usize::from(spec.window.has_differences),
            InputSpec::Words | InputSpec::Characters => 2,
            InputSpec::FingerprintedWords | InputSpec::ComposedWords => 3,
            _ => 0,
        };
        let is_embedded = spec.input != InputSpec::Frames && spec.vectors != VectorSpec::OneHot;
        let directions: usize = spec.layers.iter().map(|layer| layer.width() / layer.hidden_size).sum();
        let of_each = if spec.precision == Precision::Int8 { 4 } else { 3 };
        // Three of the head, and the labels, which have no index.
        assert_eq!(count, of_input + usize::from(is_embedded) + (directions + 1) * of_each, "{spec:?}");
    }
}
