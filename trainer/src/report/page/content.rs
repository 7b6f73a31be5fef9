//! What a page is made of, ready to be shown.

/// A name and a value.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
}

impl Fact {
    pub(super) fn new(name: impl Into<String>, value: impl ToString) -> Self {
        Self { name: name.into(), value: value.to_string() }
    }
}

/// A name and a value, which is a share of a whole.
#[derive(Debug, Clone)]
pub(super) struct ShareRow {
    pub(super) name: String,
    pub(super) value: String,
    /// 0 to 1.
    pub(super) share: String,
}

/// What was trained or measured on.
#[derive(Debug, Clone, Default)]
pub(super) struct RowsSection {
    pub(super) facts: Vec<Fact>,
    pub(super) notices: Vec<String>,
    pub(super) classes: Vec<ShareRow>,
}

/// A class and how it is found.
#[derive(Debug, Clone)]
pub(super) struct ClassRow {
    pub(super) label: String,
    pub(super) rows: usize,
    pub(super) precision: String,
    pub(super) recall: String,
    pub(super) f1: String,
    /// The recall, 0 to 1.
    pub(super) share: String,
}

/// A true class in the confusion matrix.
#[derive(Debug, Clone)]
pub(super) struct MatrixRow {
    pub(super) label: String,
    pub(super) cells: Vec<MatrixCell>,
}

/// The rows of a class that have an answer.
#[derive(Debug, Clone)]
pub(super) struct MatrixCell {
    pub(super) count: usize,
    /// The CSS class: `right`, `wrong` or `none`.
    pub(super) kind: &'static str,
    /// Share of the rows of the true class.
    pub(super) share: String,
}

/// A true class and a wrong answer.
#[derive(Debug, Clone)]
pub(super) struct Confusion {
    pub(super) label: String,
    pub(super) answer: String,
    pub(super) count: usize,
}

/// Rows of a range of lengths.
#[derive(Debug, Clone)]
pub(super) struct LengthRow {
    pub(super) name: String,
    pub(super) rows: usize,
    pub(super) accuracy: String,
    pub(super) share: String,
}

/// How far probabilities are what they say.
#[derive(Debug, Clone)]
pub(super) struct Reliability {
    pub(super) note: String,
    /// SVG.
    pub(super) plot: String,
    pub(super) thresholds: Vec<ThresholdRow>,
}

/// What is answered, and rightly, from a probability on.
#[derive(Debug, Clone)]
pub(super) struct ThresholdRow {
    pub(super) probability: String,
    pub(super) answered: String,
    pub(super) right: String,
}

/// A row that was answered wrongly.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    pub(super) label: String,
    pub(super) answer: String,
    /// The probability, and the length.
    pub(super) note: String,
    pub(super) text: Option<String>,
    /// The channels of a signal.
    pub(super) lines: Vec<SignalLine>,
}

/// A channel of a signal, drawn in a box of [`super::signal::BOX`].
#[derive(Debug, Clone)]
pub(super) struct SignalLine {
    /// The number of its colour.
    pub(super) color: usize,
    /// The attribute of an SVG polyline.
    pub(super) points: String,
}

/// A model file beside that in f32.
#[derive(Debug, Clone)]
pub(super) struct PrecisionRow {
    pub(super) name: String,
    pub(super) bytes: String,
    pub(super) accuracy: String,
    pub(super) changed: String,
}

/// What a model file costs a device.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    pub(super) precision: String,
    pub(super) architecture: String,
    pub(super) flash: String,
    pub(super) parts: Vec<ShareRow>,
    pub(super) ram: String,
    pub(super) ram_parts: Vec<ShareRow>,
    pub(super) work: String,
    pub(super) library: String,
    pub(super) chips: Vec<ChipRow>,
}

/// What is left of a chip.
#[derive(Debug, Clone)]
pub(super) struct ChipRow {
    pub(super) name: String,
    pub(super) core: String,
    pub(super) answer: &'static str,
    pub(super) flash: String,
    pub(super) ram: String,
}
