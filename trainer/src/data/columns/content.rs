//! What the values of a column look like.

use std::collections::{HashMap, HashSet};

use crate::data::records::Record;

/// Most words of a label, on average, where the content alone tells the column.
const MOST_LABEL_WORDS: f64 = 4.0;

/// The values of one column in the first rows of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Column {
    /// Rows that were looked at.
    pub(super) rows: usize,
    /// Those with a value.
    pub(super) filled: usize,
    /// Different values.
    pub(super) distinct: usize,
    /// Values that are numbers.
    pub(super) numbers: usize,
    /// Values that say that there is no number, as `nan`.
    absent: usize,
    /// Numbers that are no integers.
    pub(super) fractions: usize,
    /// Whether all values are numbers, each larger than the one before.
    pub(super) is_rising: bool,
    /// Whether all values are integers, each one more than the one before.
    pub(super) is_counting: bool,
    /// Words of a value, on average.
    pub(super) words: f64,
    /// Bytes of the longest value.
    pub(super) longest: usize,
    /// The values, in lower case, and how often each occurs.
    values: HashMap<String, usize>,
}

impl Column {
    /// Looks at a column of some records.
    pub(super) fn new(records: &[Record], column: usize, decimal_comma: bool) -> Self {
        let mut found = Self { rows: records.len(), ..Self::default() };
        let (mut rising, mut counting, mut words) = (0, 0, 0);
        let mut before: Option<f64> = None;
        for record in records {
            let value = record.field(column);
            if value.is_empty() {
                continue;
            }
            found.filled += 1;
            found.absent += usize::from(is_absent(value));
            found.longest = found.longest.max(value.len());
            words += value.split_whitespace().count();
            *found.values.entry(value.to_lowercase()).or_default() += 1;
            let number = number(value, decimal_comma);
            if let Some(number) = number {
                found.numbers += 1;
                found.fractions += usize::from(number.fract() != 0.0 || value.contains(['.', ',', 'e', 'E']));
                rising += usize::from(before.is_some_and(|before| number > before));
                counting += usize::from(before.is_some_and(|before| number == before + 1.0));
            }
            before = number;
        }
        found.distinct = found.values.len();
        found.words = words as f64 / found.filled.max(1) as f64;
        let is_whole = found.numbers == found.rows && found.rows > 1;
        found.is_rising = is_whole && rising + 1 == found.rows;
        found.is_counting = is_whole && found.fractions == 0 && counting + 1 == found.rows;
        found
    }

    /// Whether no row has a value.
    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Whether all values are numbers, or say that there is none.
    pub(super) fn is_numeric(&self) -> bool {
        self.numbers > 0 && self.numbers + self.absent == self.filled
    }

    /// Whether the values tell rows apart and nothing else: numbers that count the rows, or long codes of digits.
    pub(super) fn is_identifier(&self) -> bool {
        let is_code = |value: &String| {
            value.len() >= 8 && value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-' || byte == b'_')
        };
        let all_differ = self.rows >= 5 && self.distinct == self.rows;
        all_differ && (self.is_counting || (self.words <= 1.0 && self.values.keys().all(is_code)))
    }

    /// Whether a value occurs, in any case.
    pub(super) fn has(&self, value: &str) -> bool {
        self.values.contains_key(&value.trim().to_lowercase())
    }

    /// Whether the values repeat as those of a label do: each twice on average, short, in every row.
    pub(super) fn repeats(&self) -> bool {
        let is_short = self.words <= MOST_LABEL_WORDS && self.longest <= crate::data::error::LONGEST_LABEL;
        self.filled == self.rows
            && self.distinct >= 2
            && 2 * self.distinct <= self.rows
            && is_short
            && self.fractions == 0
    }

    /// Whether it could be nothing but a category: few short values, each often.
    pub(super) fn is_category(&self) -> bool {
        self.repeats() && self.words < 2.0 && self.rows >= 10 && 4 * self.distinct <= self.rows
    }

    /// Whether it has few values of one word, as a mark or a category that stands beside a text.
    pub(super) fn is_mark(&self) -> bool {
        self.words < 1.5 && self.rows >= 10 && 4 * self.distinct <= self.rows
    }

    /// Rows whose value is one of these labels.
    pub(super) fn rows_of(&self, labels: &[String]) -> usize {
        let known: HashSet<String> = labels.iter().map(|label| label.to_lowercase()).collect();
        self.values.iter().filter(|(value, _)| known.contains(*value)).map(|(_, rows)| rows).sum()
    }

    /// Whether the values are texts: not numbers, of several words or seldom twice the same.
    pub(super) fn is_text(&self) -> bool {
        self.filled > 0 && 2 * self.numbers < self.filled && (self.words >= 2.0 || 2 * self.distinct > self.filled)
    }
}

/// Whether a field says that there is no number.
fn is_absent(value: &str) -> bool {
    ["nan", "na", "n/a", "null", "none"].iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// A finite number; `decimal_comma`: `1,5` is one too.
pub(in crate::data) fn number(value: &str, decimal_comma: bool) -> Option<f64> {
    let parsed = match value.parse() {
        Err(_) if decimal_comma && !value.contains('.') => value.replacen(',', ".", 1).parse(),
        parsed => parsed,
    };
    parsed.ok().filter(|value: &f64| value.is_finite())
}
