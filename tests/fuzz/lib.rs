//! What the fuzz targets share.

use runtime::format::{ALIGNMENT, HEADER_LENGTH, Header, MAX_LAYERS, Precision, checksum, round_up};
use runtime::{Classifier, Error, LongInput, Model};

/// Bytes at a multiple of 16, as a model file must be.
pub struct AlignedBytes {
    words: Vec<u128>,
    length: usize,
}

impl AlignedBytes {
    /// A copy of `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        const { assert!(align_of::<u128>() == ALIGNMENT) };
        let mut words = vec![0; bytes.len().div_ceil(ALIGNMENT)];
        bytemuck::cast_slice_mut::<u128, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { words, length: bytes.len() }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }
}

/// `bytes` with a header that fits them: known precision, lengths, checksum, and the capacity that the model
/// asks for. What remains to be refused is the content.
pub fn with_right_header(bytes: &[u8]) -> Option<AlignedBytes> {
    let (header, content) = bytes.split_first_chunk::<HEADER_LENGTH>()?;
    let word = |offset: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| header[offset + byte]));
    let manifest_length = word(16).min(content.len() as u32);
    let tensors_offset = round_up(HEADER_LENGTH + manifest_length as usize, ALIGNMENT).min(bytes.len());
    let mut header = Header {
        precision: Precision::from_code(u16::from(header[6]) % 3)?,
        total_length: bytes.len() as u32,
        checksum: 0,
        manifest_length,
        tensors_offset: tensors_offset as u32,
        capacity: 0,
    };
    let write = |header: &Header| {
        let mut file = header.to_bytes().to_vec();
        file.extend(content);
        let checked = Header { checksum: checksum(&file), ..*header };
        file[..HEADER_LENGTH].copy_from_slice(&checked.to_bytes());
        AlignedBytes::new(&file)
    };
    let draft = write(&header);
    header.capacity = Model::parse_any_capacity(draft.bytes()).ok()?.required_words() as u32;
    Some(write(&header))
}

/// 32-bit words of the fuzzed classifiers.
const CAPACITY: usize = 4096;

/// Runs an accepted model on every token near the ends of its vocabulary and on `text`, or on frames of `text`'s
/// bytes, twice; a bidirectional one with a window as well.
pub fn exercise(model: &Model<'_>, text: &[u8]) {
    exercise_with(model, text, LongInput::Refuse);
    if model.is_bidirectional() {
        exercise_with(model, text, LongInput::Window);
    } else {
        let refused = Classifier::<CAPACITY>::with_long_input(model, LongInput::Window).err();
        assert!(matches!(refused, Some(Error::WindowOfStreaming | Error::CapacityTooSmall { .. })));
    }
}

fn exercise_with(model: &Model<'_>, text: &[u8], long_input: LongInput) {
    let mut classifier = match Classifier::<CAPACITY>::with_long_input(model, long_input) {
        Ok(classifier) => classifier,
        Err(Error::CapacityTooSmall { required, .. }) => {
            assert!(required as usize > CAPACITY && required as usize == model.required_words());
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let classes = model.labels().count();
    let mut answers = Vec::new();
    for _ in 0..2 {
        classifier.reset();
        let last = model.token_count() as u32;
        for token in [0, 1, 2, last.wrapping_sub(1), last, u32::MAX] {
            let refused = classifier.refused_steps();
            assert_eq!(classifier.push_token(token).refused, classifier.refused_steps() - refused);
        }
        classifier.push_bytes(text);
        push_frames(&mut classifier, model.channels(), text);
        let prediction = classifier.predict();
        assert_eq!(model.label(prediction.class), Some(prediction.label));
        assert!(prediction.probability.q15() <= 1 << 15);
        let logits = classifier.logits();
        assert_eq!(logits.len(), classes);
        let mut states = 0;
        classifier.observe(|state| states += usize::from(state.layer < MAX_LAYERS));
        assert!(states > 0 || classifier.steps() == 0);
        let logits = classifier.logits();
        answers.push((0..classes).map(|class| logits.bits(class)).collect::<Vec<_>>());
    }
    assert_eq!(answers[0], answers[1]);
}

/// Pushes frames of a model's channels, of integers and of floats, with values from `bytes`.
fn push_frames(classifier: &mut Classifier<'_, '_, CAPACITY>, channels: usize, bytes: &[u8]) {
    if channels == 0 {
        assert_eq!(classifier.push_frame(&[0]), Err(Error::NoFrames));
        return;
    }
    let value = |byte: u8| i16::from_le_bytes([byte.wrapping_mul(31), byte]);
    for chunk in bytes.chunks(channels) {
        let mut frame: Vec<i16> = chunk.iter().map(|byte| value(*byte)).collect();
        frame.resize(channels, i16::MIN);
        classifier.push_frame(&frame).expect("a frame of the model's channels");
        let floats: Vec<f32> = frame.iter().map(|value| f32::from(*value) * 1e3).collect();
        classifier.push_frame_f32(&floats).expect("finite values");
        frame.push(0);
        assert!(classifier.push_frame(&frame).is_err());
    }
}
