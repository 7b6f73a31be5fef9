//! From text to tokens: the tokenizers, used in training and on the device.

mod characters;
mod composed;
mod fingerprints;
mod hash;
mod reader;
pub mod unicode;
mod utf8;
mod vocabulary;
mod words;

pub use crate::format::MAX_COMPOSED_ROWS;
pub use characters::CharacterTokenizer;
pub use composed::{PREFIX_CHARACTERS, Parts, composed_rows, composed_token};
pub use fingerprints::FingerprintVocabulary;
pub use hash::{hash_bytes, hash_word, hash_word_with_seed};
pub(crate) use reader::{TextInput, TextReader};
pub use vocabulary::{FIRST_WORD_TOKEN, PADDING_TOKEN, UNKNOWN_TOKEN, Vocabulary};
pub use words::{MAX_WORD_BYTES, WordTokenizer};
