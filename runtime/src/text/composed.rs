use super::UNKNOWN_TOKEN;
use super::hash::hash_bytes;
use crate::format::{MAX_COMPOSED_ROWS, PartRule};

/// Characters of the part of a word that [`PartRule::PrefixAndWord`] looks at beside the word.
pub const PREFIX_CHARACTERS: usize = 5;

/// Bits of a row's number in a composed token.
const ROW_BITS: u32 = 15;
const ROW_MASK: u32 = MAX_COMPOSED_ROWS as u32 - 1;
/// What sets a composed token apart from a row's number.
const COMPOSED: u32 = 1 << 31;

/// The token whose vector is the mean of two rows of the embedding, both below [`MAX_COMPOSED_ROWS`].
///
/// ```text
/// 2^31 + 2^15 first + second
/// ```
///
/// # Panics
/// Never; of larger numbers the lowest 15 bits count.
///
/// # Examples
/// ```
/// use runtime::text::{composed_rows, composed_token};
/// assert_eq!(composed_rows(composed_token([40, 7])), Some([40, 7]));
/// assert_eq!(composed_rows(40), None);
/// ```
#[inline]
pub const fn composed_token(rows: [u32; 2]) -> u32 {
    let [first, second] = rows;
    COMPOSED | (first & ROW_MASK) << ROW_BITS | second & ROW_MASK
}

/// The two rows that a token is composed of; `None` of a token that is a row's number.
///
/// # Panics
/// Never.
#[inline]
pub const fn composed_rows(token: u32) -> Option<[u32; 2]> {
    if token & COMPOSED == 0 { None } else { Some([token >> ROW_BITS & ROW_MASK, token & ROW_MASK]) }
}

/// The rows that words beside a vocabulary are composed of: the last ones of the embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// What the parts of a word are.
    pub rule: PartRule,
    /// The first of the rows.
    pub first_row: u32,
    /// How many there are; with the rows before them at most [`MAX_COMPOSED_ROWS`].
    pub buckets: u32,
}

impl Parts {
    /// The token of a word with this hash of seed `seed`; that of an unknown word if there are no buckets.
    ///
    /// ```text
    /// first  = first_row + hash(prefix, not seed) mod buckets      the word's first five characters, or all
    /// second = first_row + hash mod buckets
    /// ```
    ///
    /// Characters are counted by the bytes that begin one in UTF-8, all but 0x80 to 0xBF: the prefix ends before the
    /// sixth such byte, in a word that is not UTF-8 too.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn token(&self, word: &[u8], seed: u32, hash: u32) -> u32 {
        let PartRule::PrefixAndWord = self.rule;
        let starts = word.iter().enumerate().filter(|(_, byte)| **byte & 0xC0 != 0x80);
        let end = starts.map(|(place, _)| place).nth(PREFIX_CHARACTERS).unwrap_or(word.len());
        let prefix = hash_bytes(word.get(..end).unwrap_or(word), !seed);
        let row = |hash: u32| Some(self.first_row.saturating_add(hash.checked_rem(self.buckets)?));
        match (row(prefix), row(hash)) {
            (Some(first), Some(second)) => composed_token([first, second]),
            _ => UNKNOWN_TOKEN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hash_word_with_seed;

    #[test]
    fn a_composed_token_holds_both_rows() {
        for rows in [[0, 0], [1, 2], [32_767, 0], [0, 32_767], [32_767, 32_766]] {
            assert_eq!(composed_rows(composed_token(rows)), Some(rows));
        }
        assert!([0, 1, 2, 65_536, (1 << 31) - 1].into_iter().all(|token| composed_rows(token).is_none()));
    }

    #[test]
    fn words_of_one_prefix_share_a_row() {
        let parts = Parts { rule: PartRule::PrefixAndWord, first_row: 100, buckets: 1_000 };
        let rows = |word: &str| {
            composed_rows(parts.token(word.as_bytes(), 7, hash_word_with_seed(word, 7))).unwrap_or_default()
        };
        let [elect, elected, election, électrique] = ["elect", "elected", "election", "électrique"].map(rows);
        assert_eq!(elected[0], election[0]);
        assert_eq!(elect[0], elected[0]);
        assert_eq!(elect[0], 100 + hash_word_with_seed("elect", !7) % 1_000);
        assert_eq!(
            électrique,
            [100 + hash_word_with_seed("élect", !7) % 1_000, 100 + hash_word_with_seed("électrique", 7) % 1_000]
        );
        assert_ne!(elected[1], election[1]);
        assert_ne!(elect[0], elect[1]);
        assert_eq!(Parts { buckets: 0, ..parts }.token(b"elect", 7, 9), UNKNOWN_TOKEN);
    }

    #[test]
    fn a_prefix_of_bytes_that_are_not_utf8_ends_before_the_sixth_that_begins_a_character() {
        let parts = Parts { rule: PartRule::PrefixAndWord, first_row: 0, buckets: 1_000 };
        let cases: [(&[u8], &[u8]); 4] = [
            (b"\x80\x80abcde\x80f", b"\x80\x80abcde\x80"),
            (b"\xff\xff\xff\xff\xff\xff", b"\xff\xff\xff\xff\xff"),
            (b"\x80\x81\x82\x83\x84\x85\x86", b"\x80\x81\x82\x83\x84\x85\x86"),
            (b"", b""),
        ];
        for (word, prefix) in cases {
            let hash = hash_bytes(word, 7);
            let expected = [hash_bytes(prefix, !7) % 1_000, hash % 1_000];
            assert_eq!(composed_rows(parts.token(word, 7, hash)), Some(expected), "{word:x?}");
        }
    }
}
