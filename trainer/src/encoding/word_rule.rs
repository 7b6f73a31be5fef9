use clap::ValueEnum;
use runtime::format;
use serde::{Deserialize, Serialize};

/// What a word is. See [`runtime::text::WordTokenizer`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum WordRule {
    /// Letters and digits of any script, in lower case; marks (accents, vowel signs) and joiners continue a word.
    #[default]
    WithMarks,
    /// Letters and digits of any script, in lower case; marks that are no letters end a word. That of earlier versions.
    Alphanumeric,
    /// ASCII letters, in lower case, ASCII digits, and all bytes beyond ASCII.
    Ascii,
}

impl WordRule {
    /// What a model file says.
    pub const fn in_file(self) -> format::WordRule {
        match self {
            Self::WithMarks => format::WordRule::LowercaseWithMarks,
            Self::Alphanumeric => format::WordRule::LowercaseAlphanumeric,
            Self::Ascii => format::WordRule::Ascii,
        }
    }
}
