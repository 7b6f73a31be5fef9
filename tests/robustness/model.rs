//! A model file cut, lengthened, damaged, misplaced, or with another header.

use runtime::format::{HEADER_LENGTH, Header, Precision, VERSION, checksum};
use runtime::known_answer::{KnownAnswer, KnownAnswers, KnownInput};
use runtime::{Classifier, Error, Field, InputKind, LongInput, Model};
use trainer::export::ModelFile;
use trainer::network::{Cell, Pooling};

use crate::fixture::{
    CHANNELS, LABELS, MAX_LENGTH, PRECISIONS, Step, Variant, both_directions, exercise, invalid, model, refusal,
    sealed, two_layers, variants,
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
        Step::Frame => InputKind::Frames,
    };
    assert_eq!(model.input_kind(), kind);
    assert_eq!(model.token_count(), step.token_count());
    assert_eq!(model.channels(), if step == Step::Frame { CHANNELS } else { 0 });
    let known = model.vocabulary().map(|vocabulary| vocabulary.words().collect::<Vec<_>>());
    assert_eq!(known.unwrap_or_default(), step.strings());
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for variant in variants() {
        let file = model(variant);
        let total = file.bytes().len();
        for length in 0..total {
            let cut = ModelFile::from_bytes(&file.bytes()[..length]);
            let expected = if length < HEADER_LENGTH { HEADER_LENGTH } else { total };
            let error = Error::WrongLength { expected: expected as u32, found: length as u32 };
            assert_eq!(refusal(&cut), Some(error), "{variant:?} cut to {length}");
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

/// What a single wrong bit of byte `offset` must be answered with.
fn flip_is_named(offset: usize, error: Error) -> bool {
    match offset {
        0..4 => matches!(error, Error::NotAModel { .. }),
        4..6 => matches!(error, Error::UnsupportedVersion { supported: VERSION, .. }),
        // A precision that exists has other tensors than the file.
        6..8 => matches!(
            error,
            Error::UnsupportedPrecision { .. } | Error::Invalid { field: Field::TensorType | Field::Precision, .. }
        ),
        8..12 => matches!(error, Error::WrongLength { .. }),
        12..16 => matches!(error, Error::WrongChecksum { .. }),
        // Within the same multiple of 16 only the checksum tells.
        16..20 => {
            matches!(error, Error::Invalid { field: Field::TensorsOffset, .. } | Error::WrongChecksum { .. })
        }
        20..24 => matches!(error, Error::Invalid { field: Field::TensorsOffset, .. }),
        28..32 => matches!(error, Error::Invalid { field: Field::Reserved, expected: 0, .. }),
        _ => matches!(error, Error::WrongChecksum { .. }),
    }
}

#[test]
fn a_file_with_any_single_bit_wrong_is_refused() {
    // A checksum is taken for each bit: of the float files, which are larger, those of one pooling.
    let tried = |variant: &Variant| variant.precision == Precision::Int8 || variant.pooling == Pooling::Max;
    for variant in variants().into_iter().filter(tried) {
        let file = model(variant);
        let mut bytes = file.bytes().to_vec();
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = refusal(&ModelFile::from_bytes(&bytes));
            let error = error.unwrap_or_else(|| panic!("{variant:?} is accepted with bit {bit} flipped"));
            assert!(flip_is_named(bit / 8, error), "{variant:?}, bit {bit} flipped: {error}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_file_at_any_place_but_a_multiple_of_16_is_refused() {
    for precision in PRECISIONS {
        let file = two_layers(precision);
        let total = file.bytes().len();
        for offset in 1..16 {
            let mut shifted = vec![0; offset];
            shifted.extend(file.bytes());
            let memory = ModelFile::from_bytes(&shifted);
            let error = Model::parse(&memory.bytes()[offset..][..total]).err();
            assert_eq!(error, Some(Error::Misaligned { required: 16 }), "{precision} at {offset}");
        }
    }
}

/// The refusal of a file with a changed header and the right checksum.
fn refusal_with_header(file: &ModelFile, change: impl FnOnce(&mut Header)) -> Option<Error> {
    let mut header = Header::read(file.bytes()).unwrap();
    change(&mut header);
    let mut bytes = file.bytes().to_vec();
    bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
    refusal(&sealed(bytes))
}

/// The refusal of a file with other bytes at `offset` and the right checksum.
fn refusal_with_bytes(file: &ModelFile, offset: usize, replacement: &[u8]) -> Option<Error> {
    let mut bytes = file.bytes().to_vec();
    bytes[offset..][..replacement.len()].copy_from_slice(replacement);
    refusal(&sealed(bytes))
}

#[test]
fn another_magic_version_or_precision_is_refused() {
    let file = two_layers(Precision::Int8);
    assert_eq!(refusal_with_bytes(&file, 0, b"RNL2"), Some(Error::NotAModel { found: *b"RNL2" }));
    for found in [0, VERSION + 1, 0x0100, u16::MAX] {
        let error = Error::UnsupportedVersion { supported: VERSION, found };
        assert_eq!(refusal_with_bytes(&file, 4, &found.to_le_bytes()), Some(error));
    }
    for found in [3, 0x0102, u16::MAX] {
        let error = Error::UnsupportedPrecision { found };
        assert_eq!(refusal_with_bytes(&file, 6, &found.to_le_bytes()), Some(error));
    }
}

#[test]
fn a_precision_that_is_not_that_of_the_tensors_is_refused() {
    for written in PRECISIONS {
        for claimed in PRECISIONS.into_iter().filter(|claimed| *claimed != written) {
            let error = refusal_with_header(&two_layers(written), |header| header.precision = claimed).unwrap();
            let named = matches!(error, Error::Invalid { field: Field::TensorType | Field::Precision, .. });
            assert!(named, "{written} as {claimed}: {error}");
        }
    }
}

#[test]
fn a_total_length_that_is_not_the_files_is_refused() {
    let file = two_layers(Precision::Int8);
    let total = file.bytes().len() as u32;
    for expected in [total - 1, total + 1, u32::MAX] {
        let error = Error::WrongLength { expected, found: total };
        assert_eq!(refusal_with_header(&file, |header| header.total_length = expected), Some(error));
    }
    let tensors_offset = Header::read(file.bytes()).unwrap().tensors_offset;
    let error = Error::WrongLength { expected: tensors_offset, found: 0 };
    assert_eq!(refusal_with_header(&file, |header| header.total_length = 0), Some(error));
}

#[test]
fn a_checksum_that_is_not_the_contents_is_refused() {
    let file = two_layers(Precision::Int8);
    let found = checksum(file.bytes());
    for expected in [0, u32::MAX, found ^ 1, found.swap_bytes()] {
        let mut bytes = file.bytes().to_vec();
        bytes[12..16].copy_from_slice(&expected.to_le_bytes());
        let error = Error::WrongChecksum { expected, found };
        assert_eq!(refusal(&ModelFile::from_bytes(&bytes)), Some(error));
    }
}

#[test]
fn a_tensors_offset_that_does_not_follow_the_manifest_is_refused() {
    let file = two_layers(Precision::Int8);
    let right = Header::read(file.bytes()).unwrap().tensors_offset;
    for wrong in [0, 16, right - 16, right - 1, right + 1, right + 16, u32::MAX - 15, u32::MAX] {
        let error = refusal_with_header(&file, |header| header.tensors_offset = wrong);
        assert_eq!(error, invalid(Field::TensorsOffset, right as usize, wrong as usize));
    }
}

#[test]
fn a_manifest_length_that_is_not_the_manifests_is_refused() {
    let file = two_layers(Precision::Int8);
    let Header { manifest_length: right, tensors_offset, total_length, .. } = Header::read(file.bytes()).unwrap();
    let with_length = |length: u32| {
        refusal_with_header(&file, |header| {
            header.manifest_length = length;
            header.tensors_offset = (32 + length).next_multiple_of(16);
        })
    };
    for shorter in [0, 1, right / 2, right - 1] {
        assert_eq!(with_length(shorter), Some(Error::UnreadableManifest), "{shorter}");
    }
    for more in [1, 2, 16, 100] {
        assert_eq!(with_length(right + more), invalid(Field::ManifestLength, 0, more as usize));
    }
    let beyond = total_length.next_multiple_of(16);
    let error = Error::WrongLength { expected: 32 + beyond, found: total_length };
    assert_eq!(with_length(beyond), Some(error));
    let error = refusal_with_header(&file, |header| header.manifest_length = u32::MAX);
    assert_eq!(error, invalid(Field::TensorsOffset, u32::MAX as usize, tensors_offset as usize));
}

#[test]
fn a_capacity_that_is_not_the_models_is_refused() {
    for variant in variants() {
        let file = model(variant);
        let right = runtime::required_capacity(file.bytes());
        for wrong in [0, right - 1, right + 1, u32::MAX as usize] {
            let error = refusal_with_header(&file, |header| header.capacity = wrong as u32);
            assert_eq!(error, invalid(Field::Capacity, right, wrong), "{variant:?}");
        }
    }
}

#[test]
fn reserved_bytes_that_are_not_zero_are_refused() {
    let file = two_layers(Precision::Int8);
    for found in [1_u32, 0x100, 0x1_0000, 0x8000_0000, u32::MAX] {
        let error = refusal_with_bytes(&file, 28, &found.to_le_bytes());
        assert_eq!(error, invalid(Field::Reserved, 0, found as usize));
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
    // 3 logits, 8 pooled, 8 gathered; [x; h] 16 values, c and h 8 each.
    check_required::<26, { 3 + 4 + 8 + 4 + 4 + 4 }>(Variant::new(Precision::Int8));
    check_required::<50, { 3 + 8 + 8 + 16 + 8 + 8 }>(Variant::new(Precision::F16));
    check_required::<50, { 3 + 8 + 8 + 16 + 8 + 8 }>(Variant::new(Precision::F32));
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
        let error = Classifier::<2048>::with_long_input(&model, LongInput::Window).err();
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
