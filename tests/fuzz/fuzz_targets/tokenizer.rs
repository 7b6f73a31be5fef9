//! Text cut anywhere gives the words and the characters of the whole text, and those of the standard library.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runtime::text::{CharacterTokenizer, MAX_WORD_BYTES, WordTokenizer};

fn words<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<Option<String>> {
    let mut words = Vec::new();
    let mut tokenizer = WordTokenizer::new();
    for chunk in chunks {
        tokenizer.push(chunk, |word| words.push(word.map(str::to_owned)));
    }
    tokenizer.finish(|word| words.push(word.map(str::to_owned)));
    words
}

fn characters<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> String {
    let mut characters = String::new();
    let mut tokenizer = CharacterTokenizer::new();
    let mut push = |character: Option<char>| characters.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    for chunk in chunks {
        tokenizer.push(chunk, &mut push);
    }
    tokenizer.finish(&mut push);
    characters
}

fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else {
        return;
    };
    let whole = words(std::iter::once(bytes));
    assert_eq!(whole, words(bytes.chunks(usize::from(*size).max(1))));
    assert_eq!(whole, words(bytes.chunks(1)));
    let expected: String = String::from_utf8_lossy(bytes).chars().flat_map(char::to_lowercase).collect();
    assert_eq!(characters(std::iter::once(bytes)), expected);
    assert_eq!(characters(bytes.chunks(usize::from(*size).max(1))), expected);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let expected: Vec<_> = text
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(|word| word.chars().flat_map(char::to_lowercase).collect::<String>())
            .map(|word| (word.len() <= MAX_WORD_BYTES).then_some(word))
            .collect();
        assert_eq!(whole, expected);
    }
});
