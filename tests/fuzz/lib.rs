//! What the fuzz targets share.

use runtime::format::{ALIGNMENT, HEADER_LENGTH, Header, Precision, checksum, round_up};
use runtime::{Classifier, Error, Model};

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

/// Runs an accepted model on every token near the ends of its vocabulary, and on `text` twice.
pub fn exercise(model: &Model<'_>, text: &[u8]) {
    let mut classifier = match Classifier::<CAPACITY>::new(model) {
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
        let last = model.vocabulary().token_count() as u32;
        [0, 1, 2, last.wrapping_sub(1), last, u32::MAX].into_iter().for_each(|token| classifier.push_token(token));
        classifier.push_bytes(text);
        let prediction = classifier.predict();
        assert_eq!(model.label(prediction.class), Some(prediction.label));
        assert!(prediction.probability.q15() <= 1 << 15);
        let logits = classifier.logits();
        assert_eq!(logits.len(), classes);
        answers.push((0..classes).map(|class| logits.bits(class)).collect::<Vec<_>>());
    }
    assert_eq!(answers[0], answers[1]);
}
