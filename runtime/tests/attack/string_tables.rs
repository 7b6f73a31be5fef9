//! Tables of strings: found by number and by content, and refused where they are not what a look-up relies on.

use proptest::prelude::*;
use runtime::format::{StringTable, StringTableSize, Tensors};
use runtime::{Error, Field};

/// The index and the bytes of a table, as FORMAT.md has them.
fn encoded(strings: &[String]) -> (Vec<u32>, Vec<u8>) {
    let (mut index, mut bytes) = (Vec::new(), Vec::new());
    for (number, string) in strings.iter().enumerate() {
        if number > 0 && number % 16 == 0 {
            index.push(bytes.len() as u32);
        }
        bytes.push(string.len() as u8);
        bytes.extend_from_slice(string.as_bytes());
    }
    (index, bytes)
}

/// Runs a check on the table of an index and bytes.
fn with_table<Answer>(
    count: usize,
    index: &[u32],
    bytes: &[u8],
    check: impl FnOnce(Result<StringTable<'_>, Error>) -> Answer,
) -> Answer {
    let mut words = index.to_vec();
    words.extend(bytes.chunks(4).map(|chunk| chunk.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))));
    let tensors = &bytemuck::cast_slice(&words)[..4 * index.len() + bytes.len()];
    let size = StringTableSize { count: count as u32, bytes: bytes.len() as u32 };
    check(StringTable::parse(&mut Tensors::new(tensors, 4), size, Field::Vocabulary))
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:03}é")).collect()
}

fn refusal(count: usize, change: impl FnOnce(&mut Vec<u32>, &mut Vec<u8>)) -> Option<Error> {
    let (mut index, mut bytes) = encoded(&numbered(count));
    change(&mut index, &mut bytes);
    with_table(count, &index, &bytes, |table| table.err())
}

fn invalid(expected: u32, found: u32) -> Option<Error> {
    Some(Error::Invalid { field: Field::Vocabulary, expected, found })
}

proptest! {
    #[test]
    fn every_string_is_found_and_no_other(strings in prop::collection::btree_set("[a-eé]{0,4}", 0..80), other in "[a-eé]{0,4}") {
        let strings: Vec<String> = strings.into_iter().collect();
        let (index, bytes) = encoded(&strings);
        with_table(strings.len(), &index, &bytes, |table| {
            let table = table.unwrap();
            prop_assert_eq!((table.len(), table.is_empty()), (strings.len(), strings.is_empty()));
            prop_assert!(table.iter().eq(strings.iter().map(String::as_str)));
            for (number, string) in strings.iter().enumerate() {
                prop_assert_eq!(table.get(number), Some(string.as_str()));
                prop_assert_eq!(table.find(string.as_bytes()), Some(number));
            }
            prop_assert_eq!(table.find(other.as_bytes()), strings.binary_search(&other).ok());
            prop_assert_eq!(table.get(strings.len()), None);
            Ok(())
        })?;
    }
}

#[test]
fn a_table_that_is_not_right_is_refused() {
    for count in [0, 1, 15, 16, 17, 32, 33, 40] {
        assert_eq!(refusal(count, |_, _| {}), None, "{count}");
    }
    // A string of this table takes six bytes.
    assert_eq!(refusal(40, |index, _| index[0] += 6), invalid(40, 16));
    assert_eq!(refusal(40, |index, _| index[1] -= 1), invalid(40, 32));
    assert_eq!(refusal(40, |_, bytes| bytes[6 * 20 + 4] = 0xFF), invalid(40, 20));
    assert_eq!(refusal(40, |_, bytes| bytes.push(0)), invalid(241, 240));
    assert_eq!(refusal(40, |_, bytes| bytes.truncate(239)), invalid(40, 39));
    assert_eq!(refusal(40, |_, bytes| bytes[6 * 39] = 6), invalid(40, 39));
    let (index, bytes) = encoded(&numbered(40));
    let of = |count| with_table(count, &index, &bytes, |table| table.err());
    assert_eq!(of(39), invalid(240, 234));
    assert_eq!(of(41), invalid(41, 40));
}
