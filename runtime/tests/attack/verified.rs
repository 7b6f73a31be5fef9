//! Files that are parsed without some checks, because they were made before or are made elsewhere.

use proptest::prelude::*;

use super::refusal::model;
use crate::common::{File, PRECISIONS, one_layer, two_layers};
use runtime::format::{Cell, HEADER_LENGTH, Precision};
use runtime::{Classifier, Error, Model, Part, Verified};

/// The checksum by a well-known crate.
fn crc(first: &[u8], second: &[u8]) -> u32 {
    let algorithm = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = algorithm.digest();
    digest.update(first);
    digest.update(second);
    digest.finalize()
}

#[test]
fn a_proof_is_for_one_file() {
    for precision in PRECISIONS {
        let (file, other) =
            (model(&two_layers(precision)).assemble(), model(&one_layer(Cell::Gru, precision)).assemble());
        let verified = file.parse().unwrap().verified();
        let stored = Verified::from_stored(verified.to_bytes());
        assert_eq!(stored, verified);
        let parsed = Model::parse_verified(file.bytes(), &stored).unwrap();
        assert_eq!(parsed.verified(), verified);
        assert_eq!(parsed.required_words(), file.parse().unwrap().required_words());
        assert_eq!(parsed.labels().collect::<Vec<_>>(), file.parse().unwrap().labels().collect::<Vec<_>>());
        assert_eq!(Model::parse_verified(other.bytes(), &verified).err(), Some(Error::NotVerified));
        for byte in 0..Verified::BYTES {
            let mut bytes = verified.to_bytes();
            bytes[byte] ^= 1;
            let changed = Verified::from_stored(bytes);
            assert_eq!(Model::parse_verified(file.bytes(), &changed).err(), Some(Error::NotVerified), "{byte}");
        }
    }
}

#[test]
fn checksums_of_others_are_compared() {
    for precision in PRECISIONS {
        let file = model(&two_layers(precision)).assemble();
        assert!(Model::parse_with_crc(file.bytes(), crc).is_ok());
        let wrong = Model::parse_with_crc(file.bytes(), |first, second| crc(first, second) ^ 1).err();
        assert!(matches!(wrong, Some(Error::WrongChecksum { part: Part::Device, .. })), "{wrong:?}");
        let mut damaged = file.bytes().to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        let damaged = File::new(&damaged);
        assert_eq!(Model::parse_with_crc(damaged.bytes(), crc).err(), damaged.parse().err());
        assert!(damaged.parse().is_err());
        for length in 0..file.bytes().len() {
            let cut = File::new(&file.bytes()[..length]);
            assert_eq!(Model::parse_with_crc(cut.bytes(), crc).err(), cut.parse().err(), "{length}");
        }
    }
}

proptest! {
    /// What a proof spares is not looked at: a file that changed in spite of it may compute anything, but does not panic.
    #[test]
    fn a_file_that_changed_after_its_proof_does_no_harm(
        precision in prop::sample::select(&PRECISIONS[..]), is_stacked in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let spec = if is_stacked { two_layers(precision) } else { one_layer(Cell::Gru, precision) };
        let file = model(&spec).assemble();
        let verified = file.parse().unwrap().verified();
        let mut bytes = file.bytes().to_vec();
        for (place, value) in changes {
            bytes[HEADER_LENGTH..][place.index(file.bytes().len() - HEADER_LENGTH)] = value;
        }
        let changed = File::new(&bytes);
        if let Ok(model) = Model::parse_verified(changed.bytes(), &verified) {
            let mut classifier = Classifier::new(&model, vec![0; model.required_words()]).unwrap();
            classifier.push_text("lamp é off");
            for token in [0, 1, 7, 900_000] {
                classifier.push_token(token);
            }
            let prediction = classifier.predict();
            prop_assert!(prediction.probability.q15() <= 32_768);
            prop_assert_eq!(model.label(prediction.class).unwrap_or_default(), prediction.label);
        }
    }
}

#[test]
fn a_proof_spares_the_look_at_the_weights() {
    let file = model(&one_layer(Cell::Gru, Precision::F32)).assemble();
    let verified = file.parse().unwrap().verified();
    let mut bytes = file.bytes().to_vec();
    let end = file.parse().unwrap().verified().to_bytes()[20..].try_into().map(u32::from_le_bytes).unwrap() as usize;
    bytes[end - 4..end].copy_from_slice(&f32::NAN.to_le_bytes());
    let changed = File::new(&bytes);
    assert!(changed.parse().is_err());
    assert!(Model::parse_verified(changed.bytes(), &verified).is_ok());
}
