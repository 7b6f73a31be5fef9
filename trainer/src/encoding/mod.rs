//! From the content of rows to sequences of tokens or of frames, with the runtime's tokenizers.

mod channel_range;
mod encoder;
mod fingerprints;
mod frames;
mod input;
pub mod pretrained;
mod ranking;
mod settings;
mod stored;
mod units;
mod vocabulary;
mod word_rule;

pub(crate) use channel_range::ChannelRange;
pub use encoder::{CutSequence, Encoder};
pub use fingerprints::{FingerprintedVocabulary, Fingerprints, MOST_FINGERPRINTS};
pub use frames::{ChannelNormalization, FrameNormalization, FrameSettings, StepLayout, raw_value};
pub use input::Input;
pub use pretrained::Pretrained;
pub use ranking::{RankedWords, VocabularyBy};
pub use settings::EncoderSettings;
pub use vocabulary::{Splitting, Vocabulary};
pub use word_rule::WordRule;
