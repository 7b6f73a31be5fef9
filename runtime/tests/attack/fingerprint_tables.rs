//! Vocabularies without strings: every word is found, others as rarely as they should be, and tables that cannot be
//! are refused.

use crate::common::fingerprints::Fingerprints;
use runtime::format::{FingerprintTable, MAX_FINGERPRINTS};
use runtime::text::FingerprintVocabulary;
use runtime::{Error, Field};

fn words(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{name}{number}")).collect()
}

fn invalid(field: Field, expected: usize, found: usize) -> Result<(), Error> {
    Err(Error::Invalid { field, expected: expected as u32, found: found as u32 })
}

#[test]
fn every_word_has_its_own_token_and_others_the_one_of_their_fingerprint() {
    for (count, remainder_bits) in
        [(1, 1), (2, 3), (6, 2), (127, 5), (128, 5), (129, 6), (257, 7), (300, 24), (5_000, 9), (20_000, 11)]
    {
        for first_seed in [0, 1, 0xFFFF_0000] {
            let known = words("w", count);
            let fingerprints = Fingerprints::of(&known, first_seed, remainder_bits);
            assert_eq!(fingerprints.table().check(), Ok(()));
            let vocabulary = FingerprintVocabulary::new(fingerprints.table());
            assert_eq!(vocabulary.token_count(), count + 2);
            let mut tokens: Vec<u32> = known.iter().map(|word| vocabulary.token(Some(word.as_bytes()))).collect();
            tokens.sort_unstable();
            assert!(tokens.into_iter().eq(2..count as u32 + 2), "{count} words of {remainder_bits} bits");
            for word in words("other", 500) {
                assert_eq!(vocabulary.token(Some(word.as_bytes())), fingerprints.token(&word), "{word}");
            }
            assert_eq!(vocabulary.token(None), 1);
        }
    }
}

/// The number of other words that are taken for one of the table is binomial: within five standard deviations.
#[test]
fn other_words_are_taken_for_known_ones_as_often_as_the_bits_of_a_remainder_say() {
    for (count, remainder_bits) in [(20_000, 11), (1_000, 6), (300, 5)] {
        let fingerprints = Fingerprints::of(&words("w", count), 0, remainder_bits);
        let vocabulary = FingerprintVocabulary::new(fingerprints.table());
        let others = words("other", 200_000);
        let taken = others.iter().filter(|word| vocabulary.token(Some(word.as_bytes())) != 1).count();
        let rate = f64::from(1_u32 << remainder_bits).recip();
        let (mean, deviation) = (200_000.0 * rate, (200_000.0 * rate * (1.0 - rate)).sqrt());
        assert!((taken as f64 - mean).abs() <= 5.0 * deviation, "{count} words: {taken} instead of {mean}");
    }
}

#[test]
fn a_table_without_a_word_knows_none() {
    let fingerprints = Fingerprints::of(&[], 3, 6);
    assert_eq!(fingerprints.table().check(), Ok(()));
    let vocabulary = FingerprintVocabulary::new(fingerprints.table());
    assert_eq!((vocabulary.token_count(), vocabulary.token(Some(b"on"))), (2, 1));
}

/// What a table with something wrong is refused with.
fn check(change: impl FnOnce(&mut Fingerprints)) -> Result<(), Error> {
    let mut fingerprints = Fingerprints::of(&words("w", 300), 0, 5);
    change(&mut fingerprints);
    fingerprints.table().check()
}

/// The place of the first bucket of two words or more in the buckets' bits, and the number of its first word.
fn pair(fingerprints: &Fingerprints) -> (usize, usize) {
    let sorted = &fingerprints.sorted;
    let number = sorted.windows(2).position(|pair| pair[0].quotient == pair[1].quotient).unwrap();
    (number + sorted[number].quotient as usize, number)
}

#[test]
fn what_a_look_up_relies_on_is_checked() {
    assert_eq!(check(|_| ()), Ok(()));
    let right = Fingerprints::of(&words("w", 300), 0, 5);
    let before = |bucket: u32| right.sorted.partition_point(|word| word.quotient < bucket);
    for (block, number) in [(0, 0), (1, before(128)), (2, before(256))] {
        for wrong in [number + 1, usize::wrapping_sub(number, 1)] {
            let found = check(|table| table.index[block] = wrong as u32);
            assert_eq!(found, invalid(Field::Vocabulary, 300, number), "block {block}");
        }
    }
    // 600 bits in 19 words, the last of them with 24; 1500 bits in 188 bytes, the last of them with 4.
    assert_eq!(check(|table| table.buckets[18] |= 1 << 24), invalid(Field::Vocabulary, 0, 1));
    assert_eq!(check(|table| table.buckets[18] |= 1 << 31), invalid(Field::Vocabulary, 0, 128));
    assert_eq!(check(|table| table.remainders[187] |= 0x80), invalid(Field::Vocabulary, 0, 8));
    let (place, number) = pair(&right);
    // The bucket's first word becomes an empty bucket: every other one comes too early.
    let fewer = check(|table| table.buckets[place / 32] &= !(1 << (place % 32)));
    assert!(matches!(fewer, Err(Error::Invalid { field: Field::Vocabulary | Field::VocabularyOrder, .. })));
    let none = check(|table| table.buckets.fill(0));
    assert_eq!(none, invalid(Field::Vocabulary, 300, 0));
    let all = check(|table| table.buckets.fill(u32::MAX));
    assert!(matches!(all, Err(Error::Invalid { field: Field::VocabularyOrder, .. })));
    let equal = check(|table| {
        for bit in 0..5 {
            let (from, to) = (5 * number + bit, 5 * (number + 1) + bit);
            let value = table.remainders[from / 8] >> (from % 8) & 1;
            table.remainders[to / 8] = table.remainders[to / 8] & !(1 << (to % 8)) | value << (to % 8);
        }
    });
    assert_eq!(equal, invalid(Field::VocabularyOrder, 300, number + 1));
    for bits in [0, 25, 255] {
        let bound = if bits == 0 { 1 } else { 24 };
        assert_eq!(check(|table| table.remainder_bits = bits), invalid(Field::RemainderBits, bound, bits.into()));
    }
}

#[test]
fn more_words_than_there_are_can_not_be() {
    let remainders = [0x10, 0x32, 0x54, 0x76];
    let table = |buckets: &'static [u32]| FingerprintTable {
        count: 8,
        seed: 0,
        remainder_bits: 4,
        buckets: bytemuck::cast_slice(buckets),
        index: &[0; 4],
        remainders: &remainders,
    };
    assert_eq!(table(&[0b0000_0000_1111_1111]).check(), Ok(()));
    assert_eq!(table(&[0b1_1111_1111]).check(), invalid(Field::Vocabulary, 8, 9));
    assert_eq!(table(&[0b0000_0000_0111_1111]).check(), invalid(Field::Vocabulary, 8, 7));
    let large = FingerprintTable { count: MAX_FINGERPRINTS as u32 + 1, ..table(&[]) };
    assert_eq!(large.check(), invalid(Field::Vocabulary, MAX_FINGERPRINTS, MAX_FINGERPRINTS + 1));
    assert_eq!(table(&[]).check(), invalid(Field::Vocabulary, 8, 0));
}

/// A look-up ends and stays within a table that nobody has checked.
#[test]
fn a_look_up_in_a_wrong_table_ends() {
    let changes: [fn(&mut Fingerprints); 6] = [
        |table| table.buckets.fill(u32::MAX),
        |table| table.buckets.fill(0),
        |table| table.buckets.truncate(3),
        |table| table.index.fill(u32::MAX),
        |table| table.remainders.clear(),
        |table| table.remainder_bits = 255,
    ];
    for change in changes {
        let mut fingerprints = Fingerprints::of(&words("w", 300), 0, 5);
        change(&mut fingerprints);
        let vocabulary = FingerprintVocabulary::new(fingerprints.table());
        for word in words("w", 400) {
            let token = vocabulary.token(Some(word.as_bytes()));
            assert!(token >= 1);
        }
    }
}
