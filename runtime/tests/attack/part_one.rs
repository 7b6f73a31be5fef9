//! Parts one whose numbers are others: limits, thresholds, and any byte replaced.

use super::exercise::exercise;
use super::refusal::{field, invalid, model, refusal, refusal_with};
use crate::common::{CLASSES, Parts, Spec, two_layers, variants, variants_of};
use runtime::format::{PartOne, Precision, Thresholds};
use runtime::{Classifier, Error, Field};

/// Words of state of the classifiers here.
const CAPACITY: usize = 4096;

#[test]
fn any_limit_of_a_streaming_model_is_accepted() {
    for spec in variants().into_iter().filter(|spec| !spec.is_bidirectional()) {
        let file = model(&spec);
        for max_steps in [0, 5, 65_535, 65_536, u32::MAX] {
            assert_eq!(refusal_with(&file, |part_one| part_one.max_steps = max_steps), None, "{spec:?}");
        }
    }
}

#[test]
fn temperatures_and_thresholds_that_can_not_be_are_refused() {
    for spec in variants() {
        let file = model(&spec);
        let with = |change: &dyn Fn(&mut PartOne)| refusal_with(&file, change);
        assert_eq!(with(&|part_one| part_one.heads[0].inverse_temperature = 0), invalid(Field::Temperature, 1, 0));
        for right in [1, 4_095, u16::MAX] {
            assert_eq!(with(&|part_one| part_one.heads[0].inverse_temperature = right), None);
        }
        let threshold = |value| with(&move |part_one| part_one.heads[0].thresholds = Thresholds::One(value));
        assert_eq!([threshold(0), threshold(32_768)], [None; 2]);
        for wrong in [32_769, u16::MAX] {
            assert_eq!(threshold(wrong), invalid(Field::Threshold, 32_768, wrong.into()), "{spec:?}");
        }
        let missing = with(&|part_one| part_one.heads[0].thresholds = Thresholds::OfClasses);
        assert_eq!(field(missing), Some(Field::Tensors));
        for class in 0..CLASSES {
            let mut parts = with_thresholds(&spec, [0, 16_384, 32_768]);
            for right in [0, 32_768_u16] {
                parts.poke("thresholds", class, &right.to_le_bytes());
                assert_eq!(refusal(&parts), None);
            }
            parts.poke("thresholds", class, &32_769_u16.to_le_bytes());
            assert_eq!(refusal(&parts), invalid(Field::Threshold, 32_768, 32_769));
        }
    }
}

/// A model with a threshold for each class.
fn with_thresholds(spec: &Spec, thresholds: [u16; CLASSES]) -> Parts {
    let mut parts = model(&Spec { thresholds: Thresholds::OfClasses, ..spec.clone() });
    for (class, threshold) in thresholds.iter().enumerate() {
        parts.poke("thresholds", class, &threshold.to_le_bytes());
    }
    parts
}

#[test]
fn an_answer_is_accepted_from_its_threshold_on() {
    for spec in variants() {
        let answer = |parts: &Parts| {
            let file = parts.assemble();
            let model = file.parse().unwrap();
            let mut classifier = Classifier::new(&model, [0; CAPACITY]).unwrap();
            classifier.push_text("turn the lamp on");
            (0..20).for_each(|_| {
                let _taken = classifier.push_frame(&vec![3; model.channels()]);
            });
            let prediction = classifier.predict();
            (prediction.class, prediction.probability.q15(), prediction.accepted)
        };
        let file = model(&spec);
        let (class, probability, accepted) = answer(&file);
        assert!(accepted, "{spec:?}");
        // No threshold is above certainty.
        let thresholds = [(0, true), (probability, true), (probability + 1, false)];
        for (threshold, accepted) in thresholds.into_iter().filter(|(threshold, _)| *threshold <= 32_768) {
            let mut parts = file.clone();
            parts.part_one.heads[0].thresholds = Thresholds::One(threshold);
            assert_eq!(answer(&parts), (class, probability, accepted), "{spec:?}");
            for others in [0, 32_768] {
                let mut thresholds = [others; CLASSES];
                thresholds[class] = threshold;
                let parts = with_thresholds(&spec, thresholds);
                assert_eq!(answer(&parts), (class, probability, accepted), "{spec:?}");
            }
        }
    }
}

/// Models of every cell, direction and input whose part one is tried byte by byte.
fn models_to_damage() -> Vec<Spec> {
    let tried = |spec: &Spec| match spec.precision {
        Precision::Int8 => true,
        // What differs is that there are no scales.
        Precision::F16 | Precision::F32 => spec.layers.len() == 2 && spec.is_bidirectional(),
    };
    let precisions = crate::common::PRECISIONS;
    let kinds = precisions.into_iter().flat_map(variants_of).filter(tried);
    precisions.map(two_layers).into_iter().chain(kinds).collect()
}

#[test]
fn a_part_one_with_any_byte_replaced_is_refused_or_runs() {
    for spec in models_to_damage() {
        let file = model(&spec);
        let mut buffer = [0; 4096];
        let part_one = postcard::to_slice(&file.part_one, &mut buffer).unwrap();
        let mut refused = 0;
        for position in 0..part_one.len() {
            let right = part_one[position];
            for wrong in (0..=u8::MAX).filter(|wrong| *wrong != right) {
                part_one[position] = wrong;
                let error = file.assemble_of(part_one).parse().err();
                refused += usize::from(error.is_some());
                // Another capacity may be all that is wrong: a program that writes files asks for the right one.
                let capacity = match error {
                    None => file.capacity,
                    Some(Error::Invalid { field: Field::Capacity, expected, .. }) => Some(expected as usize),
                    Some(_) => continue,
                };
                let accepted = Parts { capacity, ..file.clone() }.assemble_of(part_one);
                exercise(&accepted.parse().unwrap(), &[0, 1, 2, 40, 41, 42], b"turn the lamp on");
            }
            part_one[position] = right;
        }
        let tried = part_one.len() * 255;
        // What is accepted: limits of steps, temperatures, fraction bits, seeds, strides.
        assert!(refused * 10 > tried * 6, "{spec:?}: {refused} of {tried}");
    }
}
