//! From characters to tokens: the one tokenizer, used in training and on the device.

mod vocabulary;
mod words;

pub use vocabulary::{FIRST_WORD_TOKEN, PADDING_TOKEN, UNKNOWN_TOKEN, Vocabulary};
pub use words::{MAX_WORD_BYTES, WordTokenizer};
