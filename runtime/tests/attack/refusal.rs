//! What a file is refused with.

use crate::common::{Parts, Spec};
use runtime::format::{Frames, Input, PartOne, StringTableSize, Text, Tokens};
use runtime::{Error, Field};

/// The parts of a model, whose header keeps its capacity whatever becomes of them.
pub(crate) fn model(spec: &Spec) -> Parts {
    let parts = Parts::of(spec);
    let capacity = parts.assemble().parse().unwrap().required_words();
    Parts { capacity: Some(capacity), ..parts }
}

/// The error that a file is refused with.
pub(crate) fn refusal(parts: &Parts) -> Option<Error> {
    parts.assemble().parse().err()
}

/// The refusal of a file with a changed part one.
pub(crate) fn refusal_with(parts: &Parts, change: impl FnOnce(&mut PartOne)) -> Option<Error> {
    let mut parts = parts.clone();
    change(&mut parts.part_one);
    refusal(&parts)
}

/// The refusal of a file with other bytes in an element of a tensor.
pub(crate) fn refusal_with_element(parts: &Parts, tensor: &str, element: usize, bytes: &[u8]) -> Option<Error> {
    let mut parts = parts.clone();
    parts.poke(tensor, element, bytes);
    refusal(&parts)
}

/// What a file is refused with for a field.
pub(crate) fn invalid(field: Field, expected: usize, found: usize) -> Option<Error> {
    let number = |value: usize| u32::try_from(value).unwrap();
    Some(Error::Invalid { field, expected: number(expected), found: number(found) })
}

/// The field that an error names.
pub(crate) fn field(error: Option<Error>) -> Option<Field> {
    match error {
        Some(Error::Invalid { field, .. }) => Some(field),
        _ => None,
    }
}

/// Whether a file is refused for what its tensors are taken for: one that is not there, or numbers that cannot be.
pub(crate) fn is_of_tensors(error: Option<Error>) -> bool {
    use Field::{AccumulatorRange, Labels, Multiplier, Tensors, Vocabulary, VocabularyOrder, WeightRange};
    let fields = [AccumulatorRange, Labels, Multiplier, Tensors, Vocabulary, VocabularyOrder, WeightRange];
    field(error).is_some_and(|field| fields.contains(&field))
}

/// How text becomes inputs in a part one.
pub(crate) fn text(part_one: &mut PartOne) -> &mut Text {
    match &mut part_one.input {
        Input::Text(text) => text,
        Input::Frames(frames) => panic!("{frames:?}"),
    }
}

/// How frames become steps in a part one.
pub(crate) fn frame_input(part_one: &mut PartOne) -> &mut Frames {
    match &mut part_one.input {
        Input::Frames(frames) => frames,
        Input::Text(text) => panic!("{text:?}"),
    }
}

/// The vocabulary of a part one.
pub(crate) fn words(part_one: &mut PartOne) -> &mut StringTableSize {
    match &mut text(part_one).tokens {
        Tokens::Words { vocabulary, .. } => vocabulary,
        other => panic!("{other:?}"),
    }
}
