//! What can be wrong with a grammar.

use thiserror::Error;

/// Why a grammar could not be read, or could not give the rows asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GrammarError {
    /// An unindented line that is no heading, or whose heading appears twice.
    #[error("line {line}: expected a new `list NAME:`, `intent NAME:`, `frame:` or `errors KIND:`, found `{found}`")]
    Heading {
        /// Line in the grammar, from 1.
        line: usize,
        /// The line as it stands.
        found: String,
    },
    /// An indented line above the first heading.
    #[error("line {line}: indented text belongs under a heading")]
    OutsideSection {
        /// Line in the grammar, from 1.
        line: usize,
    },
    /// A reference to a list that is not defined above.
    #[error("line {line}: list <{name}> is not defined above this line")]
    UnknownList {
        /// Line in the grammar, from 1.
        line: usize,
        /// The name between the angle brackets.
        name: String,
    },
    /// A bracket that opens or closes alone.
    #[error("line {line}: unbalanced `{bracket}`")]
    Unbalanced {
        /// Line in the grammar, from 1.
        line: usize,
        /// The bracket without a partner.
        bracket: char,
    },
    /// Text before `*` that is not a whole number from 1 to 1000.
    #[error("line {line}: a weight is a whole number from 1 to 1000, found `{found}`")]
    Weight {
        /// Line in the grammar, from 1.
        line: usize,
        /// The text before `*`.
        found: String,
    },
    /// An alternative outside brackets, or a side of a replacement, without any word.
    #[error("line {line}: an alternative outside brackets must not be empty")]
    EmptyAlternative {
        /// Line in the grammar, from 1.
        line: usize,
    },
    /// A frame alternative that does not hold `<sentence>`.
    #[error("line {line}: every frame holds <sentence>")]
    FrameWithoutSentence {
        /// Line in the grammar, from 1.
        line: usize,
    },
    /// A grammar with no intent or no frame.
    #[error("the grammar needs at least one intent and a frame")]
    Incomplete,
    /// An intent with fewer distinct sentences than were asked for.
    #[error("intent {label} gave {found} distinct sentences of {wanted}: ask for fewer rows or add templates")]
    Exhausted {
        /// The intent.
        label: String,
        /// Distinct sentences asked for.
        wanted: usize,
        /// Distinct sentences found.
        found: usize,
    },
}
