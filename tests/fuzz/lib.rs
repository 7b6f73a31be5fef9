//! What the fuzz targets share.

use runtime::format::{
    HEADER_LENGTH, Header, LARGEST_ALIGNMENT, MAX_LAYERS, Packing, PartOne, Precision, device_checksum,
    part_two_checksum,
};
use runtime::{Classifier, Error, LongInput, Model};

/// Bytes at a multiple of 16, as a model file must be.
pub struct AlignedBytes {
    words: Vec<u128>,
    length: usize,
}

impl AlignedBytes {
    /// A copy of `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        const { assert!(align_of::<u128>() == LARGEST_ALIGNMENT) };
        let mut words = vec![0; bytes.len().div_ceil(LARGEST_ALIGNMENT)];
        bytemuck::cast_slice_mut::<u128, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { words, length: bytes.len() }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }
}

/// `bytes` with a header that fits them: known precision and needs, lengths, checksums, and the capacity that the model
/// asks for. What remains to be refused is the content.
pub fn with_right_header(bytes: &[u8]) -> Option<AlignedBytes> {
    let (header, content) = bytes.split_first_chunk::<HEADER_LENGTH>()?;
    let word = |offset: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| header[offset + byte]));
    let length = content.len() as u32;
    let part_one_length = word(40).min(length);
    let extensions_length = word(44).min(length - part_one_length);
    let precision = Precision::from_code(header[6] % 3)?;
    let part_one = PartOne::decode(&content[..part_one_length as usize]).ok()?;
    let mut header = Header {
        precision,
        packing: if precision == Precision::Int8 { Packing::from_code(header[7] % 2)? } else { Packing::RowMajor },
        needs: part_one.needs(precision),
        alignment: if matches!(header[12], 8 | 16) { header[12] } else { 4 },
        signature_length: 0,
        id: [header[16]; 16],
        model_version: word(32),
        capacity: 0,
        part_one_length,
        extensions_length,
        device_length: word(48),
        part_two_length: 0,
        part_two_checksum: 0,
        device_checksum: 0,
    };
    // Where the bytes end before the tensors do, zeros follow.
    let device_length = (header.device_length as usize).min(bytes.len()).max(header.tensors_offset());
    let part_two = bytes.get(device_length..).unwrap_or_default();
    header.device_length = device_length as u32;
    header.part_two_length = part_two.len() as u32;
    header.part_two_checksum = part_two_checksum(part_two);
    let write = |header: &Header| {
        let mut file = bytes[..device_length.min(bytes.len())].to_vec();
        file.resize(device_length, 0);
        file[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        let sealed = Header { device_checksum: device_checksum(&file), ..*header };
        file[..HEADER_LENGTH].copy_from_slice(&sealed.to_bytes());
        file.extend(part_two);
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
        let refused = Classifier::with_long_input(model, [0; CAPACITY], LongInput::Window).err();
        assert!(matches!(refused, Some(Error::WindowOfStreaming | Error::CapacityTooSmall { .. })));
    }
}

fn exercise_with(model: &Model<'_>, text: &[u8], long_input: LongInput) {
    let mut classifier = match Classifier::with_long_input(model, [0; CAPACITY], long_input) {
        Ok(classifier) => classifier,
        Err(Error::CapacityTooSmall { required, .. }) => {
            assert!(required as usize > CAPACITY && required as usize == model.required_words());
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let classes = model.labels().count();
    let mut answers = Vec::new();
    for is_asked in [true, false] {
        classifier.reset();
        let last = model.token_count() as u32;
        for token in [0, 1, 2, last.wrapping_sub(1), last, u32::MAX] {
            let refused = classifier.refused_steps();
            assert_eq!(classifier.push_token(token).refused, classifier.refused_steps() - refused);
        }
        for part in text.chunks(text.len().div_ceil(3).max(1)) {
            classifier.push_bytes(part);
            if is_asked {
                classifier.predict();
            }
        }
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
fn push_frames(classifier: &mut Classifier<'_, '_, [u32; CAPACITY]>, channels: usize, bytes: &[u8]) {
    if channels == 0 {
        assert_eq!(classifier.push_frame(&[0]), Err(Error::NoFrames));
        return;
    }
    let value = |byte: u8| i32::from_le_bytes([byte.wrapping_mul(31), byte, byte.wrapping_mul(113), byte]);
    for chunk in bytes.chunks(channels).take(200) {
        let mut frame: Vec<i32> = chunk.iter().map(|byte| value(*byte)).collect();
        frame.resize(channels, i32::MIN);
        classifier.push_frame(&frame).expect("a frame of the model's channels");
        let narrow: Vec<i16> = frame.iter().map(|value| *value as i16).collect();
        classifier.push_frame_i16(&narrow).expect("a frame of the model's channels");
        let floats: Vec<f32> = frame.iter().map(|value| *value as f32 * 1e3).collect();
        classifier.push_frame_f32(&floats).expect("finite values");
        frame.push(0);
        assert!(classifier.push_frame(&frame).is_err());
    }
}
