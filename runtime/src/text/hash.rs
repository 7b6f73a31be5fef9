/// The hash that numbers the words of a model without a vocabulary: FNV-1a of the bytes in 32 bits, then the
/// finalizer of MurmurHash3, which makes the low bits depend on all of the word.
///
/// ```text
/// h = 0x811c9dc5;  for each byte: h = (h ^ byte) * 0x01000193
/// h ^= h >> 16;  h *= 0x85ebca6b;  h ^= h >> 13;  h *= 0xc2b2ae35;  h ^= h >> 16       all modulo 2^32
/// ```
///
/// `word` is in lower case, as [`super::WordTokenizer`] gives it.
///
/// # Panics
/// Never.
///
/// # Source
/// FNV-1a: draft-eastlake-fnv-21. Finalizer: `fmix32` of Austin Appleby's MurmurHash3, public domain.
///
/// # Examples
/// ```
/// assert_eq!(runtime::text::hash_word("kitchen"), 0x3959_E95F);
/// ```
#[inline]
pub const fn hash_word(word: &str) -> u32 {
    hash_word_with_seed(word, 0)
}

/// As [`hash_word`], which is that of seed 0: another seed is another hash.
///
/// ```text
/// h = 0x811c9dc5 ^ seed;  then as hash_word
/// ```
///
/// # Panics
/// Never.
///
/// # Examples
/// ```
/// assert_eq!(runtime::text::hash_word_with_seed("kitchen", 7), 0x1B2F_4D78);
/// ```
#[inline]
pub const fn hash_word_with_seed(word: &str, seed: u32) -> u32 {
    hash_bytes(word.as_bytes(), seed)
}

/// [`hash_word_with_seed`] of a word's bytes, which need not be UTF-8.
///
/// # Panics
/// Never.
///
/// # Examples
/// ```
/// assert_eq!(runtime::text::hash_bytes(b"kitchen", 7), 0x1B2F_4D78);
/// ```
#[inline]
pub const fn hash_bytes(word: &[u8], seed: u32) -> u32 {
    let mut hash: u32 = 0x811C_9DC5 ^ seed;
    let mut rest = word;
    while let Some((byte, after)) = rest.split_first() {
        hash = (hash ^ *byte as u32).wrapping_mul(0x0100_0193);
        rest = after;
    }
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85EB_CA6B);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xC2B2_AE35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;
    use std::vec;

    use super::*;

    /// Of a Python implementation of the formula.
    #[test]
    fn known_hashes() {
        let cases =
            [("", 0xAB3E_7C0B), ("a", 0x1A80_B1B3), ("on", 0xC95A_3F1D), ("straße", 0x5D9F_8A0B), ("灯", 0x0BAF_F791)];
        for (word, expected) in cases {
            assert_eq!(hash_word(word), expected, "{word}");
        }
    }

    #[test]
    fn words_spread_evenly_over_few_and_odd_numbers_of_buckets() {
        for buckets in [2_usize, 7, 64, 1000] {
            let mut counts = vec![0_u32; buckets];
            let words = 200 * buckets;
            (0..words).for_each(|word| counts[hash_word(&format!("word{word}")) as usize % buckets] += 1);
            let statistic: f64 = counts.iter().map(|count| (f64::from(*count) - 200.0).powi(2) / 200.0).sum();
            // Chi-squared with `buckets - 1` degrees of freedom: five standard deviations above its mean.
            let degrees = buckets as f64 - 1.0;
            assert!(statistic <= degrees + 5.0 * (2.0 * degrees).sqrt(), "{buckets} buckets: {statistic}");
        }
    }
}
