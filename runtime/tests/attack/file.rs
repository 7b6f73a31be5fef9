//! A model file cut, lengthened or damaged, and classifiers with too few words.

use super::exercise::exercise;
use super::refusal::{invalid, model};
use crate::common::{
    CHANNELS, File, GATHERED, InputSpec, LABELS, Parts, Spec, both_directions, kinds, one_layer, stack, variants,
};
use runtime::format::{Cell, HEADER_LENGTH, Header, Pooling, Precision, VERSION};
use runtime::known_answer::{KnownAnswer, KnownAnswers, KnownInput};
use runtime::{Classifier, Error, Field, InputKind, LongInput, Model, Part};

#[test]
fn the_models_themselves_are_accepted_and_answer() {
    for spec in variants().into_iter().chain(kinds()) {
        let file = model(&spec).assemble();
        let model = file.parse().unwrap();
        assert_eq!(model.labels().collect::<Vec<_>>(), LABELS);
        check_input(&model, &spec);
        assert_eq!(model.is_bidirectional(), spec.is_bidirectional());
        assert_eq!((model.max_steps(), model.pad_to()), (spec.max_steps, spec.pad_to.into()));
        exercise(&model, &[2, 3, 41, 1, 0, u32::MAX], "Turn UP the ŻÓŁW, 灯!".as_bytes());
    }
}

fn check_input(model: &Model<'_>, spec: &Spec) {
    let (kind, known) = match spec.input {
        InputSpec::Words => (InputKind::Words, &spec.words[..]),
        InputSpec::HashedWords => (InputKind::HashedWords, &[][..]),
        InputSpec::FingerprintedWords => (InputKind::FingerprintedWords, &[][..]),
        InputSpec::ComposedWords => (InputKind::ComposedWords, &[][..]),
        InputSpec::Characters => (InputKind::Characters, &spec.alphabet[..]),
        InputSpec::Bytes => (InputKind::Bytes, &[][..]),
        InputSpec::Frames | InputSpec::Identity { .. } => (InputKind::Frames, &[][..]),
    };
    assert_eq!(model.input_kind(), kind);
    assert_eq!(model.token_count(), spec.token_count());
    assert_eq!(model.channels(), if kind == InputKind::Frames { CHANNELS } else { 0 });
    let found = model.vocabulary().map(|vocabulary| vocabulary.words().collect::<Vec<_>>());
    assert_eq!(found.unwrap_or_default(), known);
}

/// Bytes of a file that a device needs.
fn device_length(file: &File) -> usize {
    Header::read(file.bytes()).unwrap().device_length as usize
}

#[test]
fn a_file_cut_anywhere_but_behind_what_a_device_needs_is_refused() {
    for spec in variants() {
        let file = model(&spec).assemble();
        let (device, total) = (device_length(&file), file.bytes().len());
        assert!(device < total);
        for length in 0..total {
            let cut = File::new(&file.bytes()[..length]);
            let expected = match length {
                0..HEADER_LENGTH => HEADER_LENGTH,
                _ if length < device => device,
                _ => total,
            };
            let error = Error::WrongLength { expected: expected as u32, found: length as u32 };
            let expected = if length == device { None } else { Some(error) };
            assert_eq!(cut.parse().err(), expected, "{spec:?} cut to {length}");
            // At the start of a larger memory what is behind does not count.
            let of_prefix = Model::parse_prefix(cut.bytes()).err();
            assert_eq!(of_prefix, Some(error).filter(|_| length < device), "{spec:?} cut to {length}");
        }
    }
}

#[test]
fn a_stripped_file_is_the_same_model() {
    for spec in variants() {
        let file = model(&spec).assemble();
        let device = &file.bytes()[..device_length(&file)];
        let stripped = File::new(device);
        let mut filled = device.to_vec();
        filled.resize(device.len() + 100, 0xFF);
        let filled = File::new(&filled);
        let whole = Model::parse(file.bytes()).unwrap();
        let others = [Model::parse(stripped.bytes()).unwrap(), Model::parse_prefix(filled.bytes()).unwrap()];
        let answer = |model: &Model<'_>| {
            let mut classifier = Classifier::new(model, [0; 4096]).unwrap();
            classifier.push_text("turn the lamp on");
            (0..9).for_each(|value| {
                let _taken = classifier.push_frame(&vec![value; model.channels()]);
            });
            let logits = classifier.logits();
            (0..logits.len()).map(|class| logits.bits(class)).collect::<Vec<_>>()
        };
        assert!(whole.part_two().is_some());
        for model in others {
            assert_eq!((model.id(), model.version(), model.part_two()), (whole.id(), 7, None));
            assert_eq!(answer(&model), answer(&whole), "{spec:?}");
        }
    }
}

#[test]
fn a_file_with_something_appended_is_refused() {
    for spec in variants() {
        let file = model(&spec).assemble();
        let total = file.bytes().len();
        for appended in 1..=40 {
            let mut bytes = file.bytes().to_vec();
            bytes.resize(total + appended, 0);
            let error = Error::WrongLength { expected: total as u32, found: (total + appended) as u32 };
            assert_eq!(File::new(&bytes).parse().err(), Some(error), "{spec:?} and {appended} bytes");
        }
    }
}

/// What a single wrong bit of byte `offset` must be answered with, in a file of which a device needs `device` bytes.
fn flip_is_named(offset: usize, device: usize, error: Error) -> bool {
    let is_device = matches!(error, Error::WrongChecksum { part: Part::Device, .. });
    match offset {
        0..4 => matches!(error, Error::NotAModel { .. }),
        4..6 => matches!(error, Error::UnsupportedVersion { supported: VERSION, .. }),
        6 => is_device || matches!(error, Error::UnsupportedPrecision { .. }),
        7 => is_device || matches!(error, Error::UnsupportedPacking { .. }),
        8..12 => is_device || matches!(error, Error::UnknownNeed { .. }),
        12 => matches!(error, Error::Invalid { field: Field::Alignment, .. }),
        13 => matches!(error, Error::Invalid { field: Field::Reserved, expected: 0, .. }),
        14..16 | 52..56 => matches!(error, Error::WrongLength { .. }),
        // Where the tensors still start before the end only the checksum tells.
        40..48 => is_device || matches!(error, Error::Invalid { field: Field::DeviceLength, .. }),
        48..52 => matches!(error, Error::WrongLength { .. } | Error::Invalid { field: Field::DeviceLength, .. }),
        _ if offset < device => is_device,
        _ => matches!(error, Error::WrongChecksum { part: Part::Two, .. }),
    }
}

#[test]
fn a_file_with_any_single_bit_wrong_is_refused() {
    // A checksum is taken for each bit: of the float files, which are larger, those of one pooling.
    let tried = |spec: &Spec| spec.precision == Precision::Int8 || spec.pooling == Pooling::Max;
    for spec in variants().into_iter().filter(tried) {
        // No bit of a length makes the device's part as long as the file.
        let file = Parts { part_two: vec![0x5A; 75], ..model(&spec) }.assemble();
        let device = device_length(&file);
        let mut bytes = file.bytes().to_vec();
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = File::new(&bytes).parse().err();
            let error = error.unwrap_or_else(|| panic!("{spec:?} is accepted with bit {bit} flipped"));
            assert!(flip_is_named(bit / 8, device, error), "{spec:?}, bit {bit} flipped: {error}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

/// Checks that a classifier needs `required` words, and that none is made of fewer.
fn check_required<const FEWER: usize, const REQUIRED: usize>(spec: &Spec) {
    let file = model(spec).assemble();
    let model = file.parse().unwrap();
    assert_eq!(model.required_words(), REQUIRED, "{spec:?}");
    let refused =
        |available: usize| Some(Error::CapacityTooSmall { required: REQUIRED as u32, available: available as u32 });
    for long_input in [LongInput::Refuse, LongInput::Window] {
        assert_eq!(Classifier::with_long_input(&model, [0; 0], long_input).err(), refused(0));
        assert_eq!(Classifier::with_long_input(&model, [0; FEWER], long_input).err(), refused(FEWER));
    }
    assert_eq!(FEWER + 1, REQUIRED);
    assert_eq!(Classifier::new(&model, [0; REQUIRED]).err(), None);
}

#[test]
fn a_classifier_with_too_few_words_is_refused_with_the_numbers() {
    // 3 logits, 4 pooled; 4 gathered, x 6 and h 4 values, c and h 4 each, and of these a copy for a word that has begun.
    check_required::<26, { 3 + 2 + 2 * (4 + 2 + 1 + 2 + 2) }>(&one_layer(Cell::Lstm, Precision::Int8));
    check_required::<50, { 3 + 4 + 2 * (4 + 6 + 4 + 4 + 4) }>(&one_layer(Cell::Lstm, Precision::F16));
    check_required::<50, { 3 + 4 + 2 * (4 + 6 + 4 + 4 + 4) }>(&one_layer(Cell::Lstm, Precision::F32));
    // Bytes and frames never begin without an end; of three frames the last one and what they are as inputs are kept.
    let of = |input| Spec { input, ..one_layer(Cell::Lstm, Precision::Int8) };
    check_required::<15, { 3 + 2 + 4 + 2 + 1 + 2 + 2 }>(&of(InputSpec::Bytes));
    check_required::<14, { 3 + 2 + 4 + 1 + 1 + 2 + 2 }>(&of(InputSpec::Frames));
    let gathered = Spec { window: GATHERED, ..of(InputSpec::Frames) };
    check_required::<26, { 3 + 2 + 3 + 5 + 4 + 5 + 1 + 2 + 2 }>(&gathered);
}

#[test]
fn a_classifier_with_too_few_words_for_the_steps_of_both_directions_is_refused() {
    // 3 logits, 8 pooled, 8 gathered, 64 tokens of 16 bits; of the larger layer x 8 and h 4 values and h 4; the first
    // one's outputs, 64 times 8 values.
    let both = |precision| both_directions(Cell::Gru, precision);
    check_required::<179, { 3 + 4 + 8 + 32 + 2 + 1 + 2 + 128 }>(&both(Precision::Int8));
    check_required::<578, { 3 + 8 + 8 + 32 + 8 + 4 + 4 + 512 }>(&both(Precision::F32));
    let one_layer = Spec { layers: stack(Cell::Gru, 1, true), ..both(Precision::Int8) };
    check_required::<51, { 3 + 4 + 8 + 32 + 2 + 1 + 2 }>(&one_layer);
    // 64 frames of 3 values in 8 bits.
    check_required::<66, { 3 + 4 + 8 + 48 + 1 + 1 + 2 }>(&Spec { input: InputSpec::Frames, ..one_layer });
}

#[test]
fn a_window_is_refused_for_a_model_that_keeps_no_steps() {
    for spec in variants() {
        let file = model(&spec).assemble();
        let model = file.parse().unwrap();
        let error = Classifier::with_long_input(&model, [0; 4096], LongInput::Window).err();
        assert_eq!(error, (!spec.is_bidirectional()).then_some(Error::WindowOfStreaming), "{spec:?}");
    }
}

#[test]
fn known_answers_cut_anywhere_or_miscounted_are_refused() {
    let text = |text| known_answer(KnownInput::Text(text));
    let frames = KnownInput::Frames { channels: 3, values: &[1, 0, 255, 255, 0, 128, 7, 0, 8, 0, 9, 0] };
    let answers = [text("turn on"), text(""), known_answer(frames), text("żółw")];
    let mut file = known_answers(&answers);
    assert_eq!(KnownAnswers::parse(&file).unwrap().collect::<Vec<_>>(), answers);
    for length in 0..file.len() {
        let error = KnownAnswers::parse(&file[..length]).err().unwrap();
        assert!(matches!(error, Error::Invalid { field: Field::KnownAnswer, .. }), "{length}: {error}");
    }
    for count in [5, u32::MAX] {
        file[..4].copy_from_slice(&count.to_le_bytes());
        assert_eq!(KnownAnswers::parse(&file).err(), invalid(Field::KnownAnswer, count as usize, 4));
    }
}

fn known_answer(input: KnownInput<'_>) -> KnownAnswer<'_> {
    KnownAnswer { input, class: 300, logits: &[1, 2, 3, 4, 5, 6, 7, 8] }
}

/// A file of answers.
fn known_answers(answers: &[KnownAnswer<'_>]) -> Vec<u8> {
    let mut file = (answers.len() as u32).to_le_bytes().to_vec();
    let mut buffer = [0; 256];
    answers.iter().for_each(|answer| file.extend_from_slice(postcard::to_slice(answer, &mut buffer).unwrap()));
    file
}

#[test]
fn known_answers_of_frames_that_are_not_whole_are_refused() {
    let parsed = |channels, values| {
        let file = known_answers(&[
            known_answer(KnownInput::Text("on")),
            known_answer(KnownInput::Frames { channels, values }),
        ]);
        KnownAnswers::parse(&file).err()
    };
    let refused = invalid(Field::KnownAnswer, 2, 1);
    assert_eq!(parsed(0, &[]), refused);
    assert_eq!(parsed(1, &[1]), refused);
    assert_eq!(parsed(2, &[1, 2, 3, 4, 5, 6]), refused);
    assert_eq!(parsed(u16::MAX, &[1, 2, 3, 4]), refused);
    assert_eq!(parsed(2, &[1, 2, 3, 4]), None);
    assert_eq!(parsed(2, &[]), None, "a sequence without a frame");
}
