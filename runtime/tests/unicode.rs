//! The runtime's Unicode tables over all code points: against the data of another crate, against the compiler's where
//! it has the same version, and against their own checksum.
#![allow(clippy::unwrap_used)]

use crc::{CRC_32_ISO_HDLC, Crc};
use regress::Regex;
use runtime::text::unicode::{UNICODE_VERSION, is_alphanumeric, is_mark, to_lowercase};

fn all() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

/// Characters that match a class of `regress`, in order.
fn matching(class: &str) -> Vec<char> {
    let text: String = all().collect();
    let found = Regex::with_flags(class, "u").unwrap();
    found.find_iter(&text).flat_map(|found| text[found.range()].chars()).collect()
}

#[test]
fn classes_are_those_of_a_crate_with_unicode_17() {
    assert!(all().filter(|character| is_alphanumeric(*character)).eq(matching(r"[\p{Alphabetic}\p{N}]")));
    assert!(all().filter(|character| is_mark(*character)).eq(matching(r"\p{M}")));
}

/// CWL is `Changes_When_Lowercased`. It is defined on decomposed characters, which makes no difference in Unicode 17.0.
#[test]
fn characters_with_another_lower_case_are_those_of_a_crate_with_unicode_17() {
    assert!(all().filter(|character| !to_lowercase(*character).eq([*character])).eq(matching(r"\p{CWL}")));
    assert!(all().all(|character| to_lowercase(character).flat_map(to_lowercase).eq(to_lowercase(character))));
}

#[test]
fn a_compiler_with_the_same_version_agrees() {
    if char::UNICODE_VERSION.0 != UNICODE_VERSION {
        println!("NOT RUN: this compiler has Unicode {}", char::UNICODE_VERSION.0);
        return;
    }
    for character in all() {
        assert_eq!(is_alphanumeric(character), character.is_alphanumeric(), "{:x}", character as u32);
        assert!(to_lowercase(character).eq(character.to_lowercase()), "{:x}", character as u32);
    }
}

/// The checksum of answers that a compiler with Unicode 17.0 agreed with. It does not depend on the compiler.
#[test]
fn all_answers_have_a_known_checksum() {
    let mut answers = Vec::new();
    for character in all() {
        answers.push(u8::from(is_alphanumeric(character)) | u8::from(is_mark(character)) << 1);
        to_lowercase(character).for_each(|lower| answers.extend((lower as u32).to_le_bytes()));
    }
    assert_eq!(Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&answers), 0x332B_02E3);
}
