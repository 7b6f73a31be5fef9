//! A model file cut, lengthened, damaged or misplaced, and classifiers with too few words.

use runtime::format::{HEADER_LENGTH, Header, Precision, VERSION};
use runtime::known_answer::{KnownAnswer, KnownAnswers, KnownInput};
use runtime::{Classifier, Error, Field, InputKind, LongInput, Model, Part};
use trainer::export::ModelFile;
use trainer::network::{Cell, Pooling};

use crate::fixture::{
    CHANNELS, LABELS, MAX_LENGTH, PRECISIONS, Step, Variant, both_directions, exercise, invalid, model, refusal,
    two_layers, variants,
};

#[test]
fn the_models_themselves_are_accepted_and_answer() {
    for variant in variants() {
        let file = model(variant);
        let model = Model::parse(file.bytes()).unwrap();
        assert_eq!(model.labels().collect::<Vec<_>>(), LABELS);
        check_input(&model, variant.step);
        assert_eq!(model.is_bidirectional(), variant.bidirectional);
        assert_eq!((model.max_steps(), model.pad_to()), (MAX_LENGTH as u32, variant.pad_to as u32));
        exercise(&model, &[2, 3, 41, 1, 0, u32::MAX], "Turn UP the ŻÓŁW, 灯!".as_bytes());
    }
}

fn check_input(model: &Model<'_>, step: Step) {
    let kind = match step {
        Step::Word | Step::OneHotWord => InputKind::Words,
        Step::HashedWord => InputKind::HashedWords,
        Step::FingerprintedWord => InputKind::FingerprintedWords,
        Step::ComposedWord => InputKind::ComposedWords,
        Step::Character => InputKind::Characters,
        Step::Byte => InputKind::Bytes,
        Step::Frame | Step::Window => InputKind::Frames,
    };
    assert_eq!(model.input_kind(), kind);
    assert_eq!(model.token_count(), step.token_count());
    assert_eq!(model.channels(), if step.is_of_frames() { CHANNELS } else { 0 });
    let known = model.vocabulary().map(|vocabulary| vocabulary.words().collect::<Vec<_>>());
    assert_eq!(known.unwrap_or_default(), step.strings());
}

/// Bytes of a file that a device needs.
fn device_length(file: &ModelFile) -> usize {
    Header::read(file.bytes()).unwrap().device_length as usize
}

#[test]
fn a_file_cut_anywhere_but_behind_what_a_device_needs_is_refused() {
    for variant in variants() {
        let file = model(variant);
        let (device, total) = (device_length(&file), file.bytes().len());
        assert!(device < total);
        for length in 0..total {
            let cut = ModelFile::from_bytes(&file.bytes()[..length]);
            let expected = match length {
                0..HEADER_LENGTH => HEADER_LENGTH,
                _ if length < device => device,
                _ => total,
            };
            let error = Error::WrongLength { expected: expected as u32, found: length as u32 };
            let expected = if length == device { None } else { Some(error) };
            assert_eq!(refusal(&cut), expected, "{variant:?} cut to {length}");
            // At the start of a larger memory what is behind does not count.
            let of_prefix = Model::parse_prefix(cut.bytes()).err();
            assert_eq!(of_prefix, Some(error).filter(|_| length < device), "{variant:?} cut to {length}");
        }
    }
}

#[test]
fn a_stripped_file_is_the_same_model() {
    for variant in variants() {
        let file = model(variant);
        let device = &file.bytes()[..device_length(&file)];
        let stripped = ModelFile::from_bytes(device);
        let mut filled = device.to_vec();
        filled.resize(device.len() + 100, 0xFF);
        let filled = ModelFile::from_bytes(&filled);
        let whole = Model::parse(file.bytes()).unwrap();
        let others = [Model::parse(stripped.bytes()).unwrap(), Model::parse_prefix(filled.bytes()).unwrap()];
        let answer = |model: &Model<'_>| {
            let mut classifier = Classifier::<4096>::new(model).unwrap();
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
            assert_eq!(answer(&model), answer(&whole), "{variant:?}");
        }
    }
}

#[test]
fn a_file_with_something_appended_is_refused() {
    for variant in variants() {
        let file = model(variant);
        let total = file.bytes().len();
        for appended in 1..=40 {
            let mut bytes = file.bytes().to_vec();
            bytes.resize(total + appended, 0);
            let error = Error::WrongLength { expected: total as u32, found: (total + appended) as u32 };
            assert_eq!(refusal(&ModelFile::from_bytes(&bytes)), Some(error), "{variant:?} and {appended} bytes");
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
        7 => matches!(error, Error::UnsupportedPacking { .. }),
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
    let tried = |variant: &Variant| variant.precision == Precision::Int8 || variant.pooling == Pooling::Max;
    for variant in variants().into_iter().filter(tried) {
        let file = model(variant);
        let device = device_length(&file);
        let mut bytes = file.bytes().to_vec();
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = refusal(&ModelFile::from_bytes(&bytes));
            let error = error.unwrap_or_else(|| panic!("{variant:?} is accepted with bit {bit} flipped"));
            assert!(flip_is_named(bit / 8, device, error), "{variant:?}, bit {bit} flipped: {error}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_file_at_any_place_but_a_multiple_of_4_is_refused() {
    for precision in PRECISIONS {
        let file = two_layers(precision);
        let total = file.bytes().len();
        for offset in 1..16 {
            let mut shifted = vec![0; offset];
            shifted.extend(file.bytes());
            let memory = ModelFile::from_bytes(&shifted);
            let moved = &memory.bytes()[offset..][..total];
            let expected = if offset % 4 == 0 { None } else { Some(Error::Misaligned { required: 4 }) };
            assert_eq!(Model::parse(moved).err(), expected, "{precision} at {offset}");
            assert_eq!(Model::parse_prefix(moved).err(), expected, "{precision} at {offset}");
        }
    }
}

/// Checks that a classifier needs `required` words, and that none is made of fewer.
fn check_required<const FEWER: usize, const REQUIRED: usize>(variant: Variant) {
    let file = model(variant);
    let model = Model::parse(file.bytes()).unwrap();
    assert_eq!(model.required_words(), REQUIRED, "{variant:?}");
    let refused =
        |available: usize| Some(Error::CapacityTooSmall { required: REQUIRED as u32, available: available as u32 });
    for long_input in [LongInput::Refuse, LongInput::Window] {
        assert_eq!(Classifier::<0>::with_long_input(&model, long_input).err(), refused(0));
        assert_eq!(Classifier::<FEWER>::with_long_input(&model, long_input).err(), refused(FEWER));
    }
    assert_eq!(FEWER + 1, REQUIRED);
    assert_eq!(Classifier::<REQUIRED>::new(&model).err(), None);
}

#[test]
fn a_classifier_with_too_few_words_is_refused_with_the_numbers() {
    // 3 logits, 8 pooled; 8 gathered, x 6 and h 8 values, c and h 8 each, and of these a copy for a word that has begun.
    check_required::<46, { 3 + 4 + 2 * (8 + 4 + 4 + 4) }>(Variant::new(Precision::Int8));
    check_required::<86, { 3 + 8 + 2 * (8 + 14 + 8 + 8) }>(Variant::new(Precision::F16));
    check_required::<86, { 3 + 8 + 2 * (8 + 14 + 8 + 8) }>(Variant::new(Precision::F32));
    // Bytes and frames never begin without an end; of three frames the last one and what they are as inputs are kept.
    let of = |step| Variant { step, ..Variant::new(Precision::Int8) };
    check_required::<26, { 3 + 4 + 8 + 4 + 4 + 4 }>(of(Step::Byte));
    check_required::<26, { 3 + 4 + 8 + 4 + 4 + 4 }>(of(Step::Frame));
    check_required::<48, { 3 + 4 + 6 + 9 + 8 + 11 + 4 + 4 }>(of(Step::Window));
}

#[test]
fn a_classifier_with_too_few_words_for_the_steps_of_both_directions_is_refused() {
    // 3 logits, 16 pooled, 16 gathered, 64 tokens of 16 bits; of the larger layer [x; h] 24 values and h 8; the first
    // one's outputs, 64 times 16 values.
    let both = |precision| both_directions(Cell::Gru, precision);
    check_required::<324, { 3 + 8 + 16 + 32 + 6 + 4 + 256 }>(both(Precision::Int8));
    check_required::<1122, { 3 + 16 + 16 + 32 + 24 + 8 + 1024 }>(both(Precision::F32));
    let one_layer = Variant { num_layers: 1, ..both(Precision::Int8) };
    check_required::<66, { 3 + 8 + 16 + 32 + 4 + 4 }>(one_layer);
    // 64 frames of 6 values in 8 bits.
    check_required::<130, { 3 + 8 + 16 + 96 + 4 + 4 }>(Variant { step: Step::Frame, ..one_layer });
}

#[test]
fn a_window_is_refused_for_a_model_that_keeps_no_steps() {
    for variant in variants() {
        let file = model(variant);
        let model = Model::parse(file.bytes()).unwrap();
        let error = Classifier::<4096>::with_long_input(&model, LongInput::Window).err();
        assert_eq!(error, (!variant.bidirectional).then_some(Error::WindowOfStreaming), "{variant:?}");
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
    answers.iter().for_each(|answer| file.extend(postcard::to_stdvec(answer).unwrap()));
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
