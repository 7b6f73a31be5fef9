//! The Unicode properties that tokens depend on: alphanumeric characters, marks and lower case.
//!
//! The runtime has tables of its own, so that a model's tokens do not depend on the compiler that built the runtime.
//! `runtime/unicode/generate` writes them. They are about characters beyond ASCII; ASCII is answered without them.
//!
//! # Tables
//! Code points from U+0080 on form runs of one class. A byte of the first table is a run or a part of one:
//!
//! ```text
//! bit 6      the code points are alphanumeric
//! bit 7      they are marks
//! bits 0-5   their number: code + 1 for codes below 52, else 64 << (code - 52)
//! ```
//!
//! Runs lie in blocks, each with the code point that it begins at. A code point between a block's last run and the next
//! block has neither property.
//!
//! Lower case is stored as runs of code points, or of every second one, with one difference between a character and its
//! lower case. All of a run and its lower case lie in one plane, so 16 bits are enough for each.

mod tables;

use core::iter::once;

use tables::{BLOCK_RUNS, BLOCK_STARTS, LOWERCASE_OF_PLANE_0, LOWERCASE_OF_PLANE_1};

pub use crate::format::UNICODE_VERSION;

const ALPHANUMERIC: u8 = 1;
const MARK: u8 = 2;
/// Codes of runs below this one are the run's length less one.
const SHORT_RUNS: u8 = 52;

/// Whether a character is alphanumeric or a mark; some marks, such as the vowel signs of Indic scripts, are both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Class(u8);

/// Upper-case characters of one plane with the same difference to their lower case; code points modulo 2^16.
struct CaseRange {
    first: u16,
    /// Last code point less the first one.
    span: u8,
    /// 0: all code points of the range; 1: every second one.
    gaps: u8,
    /// Lower case less upper case, modulo 2^16.
    delta: u16,
}

/// Whether a character has the property `Alphabetic` or one of the general categories Nd, Nl and No.
///
/// # Panics
/// Never.
///
/// # Source
/// `DerivedCoreProperties.txt` and `UnicodeData.txt` of Unicode 17.0. Equal to [`char::is_alphanumeric`] of a compiler
/// with that version.
///
/// # Examples
/// ```
/// use runtime::text::unicode::is_alphanumeric;
/// assert!("aé灯½²ªि".chars().all(is_alphanumeric));
/// assert!(!"_-\u{301}\u{94D}🦀".chars().any(is_alphanumeric));
/// ```
#[inline]
pub fn is_alphanumeric(character: char) -> bool {
    Class::of(character).is_alphanumeric()
}

/// Whether a character has one of the general categories Mn, Mc and Me.
///
/// # Panics
/// Never.
///
/// # Source
/// `UnicodeData.txt` of Unicode 17.0.
///
/// # Examples
/// ```
/// use runtime::text::unicode::is_mark;
/// assert!("\u{301}\u{94D}\u{93F}\u{20DD}".chars().all(is_mark));
/// assert!(!"a^`´\u{200D}".chars().any(is_mark));
/// ```
#[inline]
pub fn is_mark(character: char) -> bool {
    Class::of(character).is_mark()
}

/// The lower case of a character: Unicode's simple mapping, and U+0069 U+0307 for U+0130 (`İ`). The character's
/// neighbours do not count.
///
/// # Panics
/// Never.
///
/// # Source
/// `UnicodeData.txt` and `SpecialCasing.txt` of Unicode 17.0. Equal to [`char::to_lowercase`] of a compiler with that
/// version.
///
/// # Examples
/// ```
/// use runtime::text::unicode::to_lowercase;
/// assert!("ÉΣẞ灯".chars().flat_map(to_lowercase).eq("éσß灯".chars()));
/// assert!(to_lowercase('İ').eq(['i', '\u{307}']));
/// ```
#[inline]
pub fn to_lowercase(character: char) -> impl Iterator<Item = char> {
    let (first, second) = match character {
        'İ' => ('i', Some('\u{307}')),
        _ if character.is_ascii() => (character.to_ascii_lowercase(), None),
        _ => (lowercase_beyond_ascii(character), None),
    };
    once(first).chain(second)
}

impl Class {
    /// The class of a character.
    #[inline]
    pub(super) fn of(character: char) -> Self {
        match character {
            '0'..='9' | 'A'..='Z' | 'a'..='z' => Self(ALPHANUMERIC),
            '\0'..='\x7F' => Self(0),
            _ => Self(class_beyond_ascii(character as u32)),
        }
    }

    #[inline]
    pub(super) const fn is_alphanumeric(self) -> bool {
        self.0 & ALPHANUMERIC != 0
    }

    #[inline]
    pub(super) const fn is_mark(self) -> bool {
        self.0 & MARK != 0
    }
}

#[inline]
fn class_beyond_ascii(code: u32) -> u8 {
    let block = BLOCK_STARTS.partition_point(|start| *start <= code).wrapping_sub(1);
    let (Some(start), Some(runs)) = (BLOCK_STARTS.get(block), BLOCK_RUNS.get(block)) else { return 0 };
    let mut place = code.wrapping_sub(*start);
    for run in runs {
        let length = run_length(*run & 0x3F);
        if place < length {
            return *run >> 6;
        }
        place = place.wrapping_sub(length);
    }
    0
}

/// Code points of the run with a code of 6 bits.
#[inline]
const fn run_length(code: u8) -> u32 {
    match code.checked_sub(SHORT_RUNS) {
        None => code as u32 + 1,
        Some(exponent) => 64_u32.wrapping_shl(exponent as u32),
    }
}

#[inline]
fn lowercase_beyond_ascii(character: char) -> char {
    let (plane, code) = (character as u32 & !0xFFFF, character as u32 as u16);
    let ranges: &[CaseRange] = match plane {
        0 => &LOWERCASE_OF_PLANE_0,
        0x1_0000 => &LOWERCASE_OF_PLANE_1,
        _ => return character,
    };
    let following = ranges.partition_point(|range| range.first <= code);
    let Some(range) = following.checked_sub(1).and_then(|number| ranges.get(number)) else { return character };
    let place = code.wrapping_sub(range.first);
    if place > u16::from(range.span) || place & u16::from(range.gaps) != 0 {
        return character;
    }
    char::from_u32(plane | u32::from(code.wrapping_add(range.delta))).unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_runs_ascend_with_their_codes() {
        assert_eq!([0, 51, 52, 53, 63].map(run_length), [1, 52, 64, 128, 131_072]);
        assert!((1..64).all(|code| run_length(code - 1) < run_length(code)));
    }

    #[test]
    fn blocks_and_ranges_ascend() {
        assert!(BLOCK_STARTS.is_sorted_by(|start, next| start < next));
        for ranges in [&LOWERCASE_OF_PLANE_0[..], &LOWERCASE_OF_PLANE_1] {
            assert!(ranges.is_sorted_by(|range, next| range.first + u16::from(range.span) < next.first));
        }
    }

    #[test]
    fn characters_beside_all_tables_have_no_class_and_no_other_case() {
        for character in ['\u{80}', '\u{A9}', '\u{E0FFF}', char::MAX] {
            assert_eq!(Class::of(character).0, 0, "{character:?}");
            assert!(to_lowercase(character).eq([character]));
        }
    }
}
