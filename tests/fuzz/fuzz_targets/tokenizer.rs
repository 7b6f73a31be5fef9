//! Text cut anywhere, and asked what is pending, gives the words and the characters of the whole text; and text is split
//! as the standard library would with the runtime's Unicode properties.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runtime::format::WordRule;
use runtime::text::unicode::{is_alphanumeric, to_lowercase};
use runtime::text::{CharacterTokenizer, MAX_WORD_BYTES, WordTokenizer};

const RULES: [WordRule; 3] = [WordRule::LowercaseAlphanumeric, WordRule::LowercaseWithMarks, WordRule::Ascii];

fn words<'a>(rule: WordRule, chunks: impl Iterator<Item = &'a [u8]>) -> Vec<Option<Vec<u8>>> {
    let mut words = Vec::new();
    let mut tokenizer = WordTokenizer::new(rule);
    for chunk in chunks {
        tokenizer.push(chunk, |word| words.push(word.map(<[u8]>::to_vec)));
        let (mut pending, mut at_the_end) = (Vec::new(), Vec::new());
        tokenizer.pending(|word| pending.push(word.map(<[u8]>::to_vec)));
        tokenizer.clone().finish(|word| at_the_end.push(word.map(<[u8]>::to_vec)));
        assert_eq!(pending, at_the_end);
    }
    tokenizer.finish(|word| words.push(word.map(<[u8]>::to_vec)));
    words
}

fn characters<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> String {
    let mut characters = String::new();
    let mut tokenizer = CharacterTokenizer::new();
    let mut push = |character: Option<char>| characters.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    for chunk in chunks {
        tokenizer.push(chunk, &mut push);
        tokenizer.pending(|character| assert_eq!(character, None));
    }
    tokenizer.finish(&mut push);
    characters
}

fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else {
        return;
    };
    for rule in RULES {
        let whole = words(rule, std::iter::once(bytes));
        assert_eq!(whole, words(rule, bytes.chunks(usize::from(*size).max(1))));
        assert_eq!(whole, words(rule, bytes.chunks(1)));
    }
    let expected: String = String::from_utf8_lossy(bytes).chars().flat_map(to_lowercase).collect();
    assert_eq!(characters(std::iter::once(bytes)), expected);
    assert_eq!(characters(bytes.chunks(usize::from(*size).max(1))), expected);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let expected: Vec<_> = text
            .split(|character: char| !is_alphanumeric(character))
            .filter(|word| !word.is_empty())
            .map(|word| word.chars().flat_map(to_lowercase).collect::<String>())
            .map(|word| (word.len() <= MAX_WORD_BYTES).then(|| word.into_bytes()))
            .collect();
        assert_eq!(words(WordRule::LowercaseAlphanumeric, std::iter::once(bytes)), expected);
    }
});
