use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

use crate::data::{Content, Row};

/// Most characters of a text that are shown.
const SHOWN_CHARACTERS: usize = 70;

/// Rows on which a precision departs most from the trained network: first those whose class changes, then those whose
/// largest logit error is the largest share of the margin.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Disagreements {
    /// The rows, the worst first.
    pub rows: Vec<Disagreement>,
}

/// How a precision answers a row, beside the trained network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disagreement {
    /// Number of the row, from 1.
    pub row: usize,
    /// Its label.
    pub label: String,
    /// The trained network's class.
    pub expected: String,
    /// The class of the precision.
    pub found: String,
    /// The trained network's largest logit less its second largest: two logits may lose half of it each.
    pub margin: f32,
    /// Largest difference of a logit.
    pub logit_error: f32,
    /// The text, cut to a line, or what the frames are.
    pub content: String,
}

/// The answers to a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers<'a> {
    /// The trained network's logits.
    pub(super) expected: &'a [f32],
    /// A precision's.
    pub(super) found: &'a [f32],
    /// Its class.
    pub(super) class: usize,
}

impl Answers<'_> {
    /// Whether every logit is a finite number.
    pub(super) fn is_finite(&self) -> bool {
        self.expected.iter().chain(self.found).all(|logit| logit.is_finite())
    }

    /// Whether the precision has the trained network's class; a row without finite logits has none.
    pub(super) fn agrees(&self) -> bool {
        self.is_finite() && self.class == argmax(self.expected)
    }

    fn margin(&self) -> f32 {
        let best = argmax(self.expected);
        let others = self.expected.iter().enumerate().filter(|(class, _)| *class != best).map(|(_, logit)| *logit);
        self.expected.get(best).map_or(0.0, |largest| largest - others.fold(f32::NEG_INFINITY, f32::max))
    }

    /// The difference of each logit; infinite where one of the two is no finite number.
    pub(super) fn errors(&self) -> impl Iterator<Item = f32> {
        let difference = |(found, expected): (&f32, &f32)| match (found - expected).abs() {
            error if error.is_finite() => error,
            _ => f32::INFINITY,
        };
        self.found.iter().zip(self.expected).map(difference)
    }

    fn logit_error(&self) -> f32 {
        self.errors().fold(0.0, f32::max)
    }

    /// The worse first.
    fn worse(&self, other: &Self) -> Ordering {
        let share =
            |answers: &Self| f64::from(answers.logit_error()) / f64::from(answers.margin().max(f32::MIN_POSITIVE));
        self.agrees().cmp(&other.agrees()).then(share(other).total_cmp(&share(self)))
    }
}

impl Disagreements {
    /// The `most` worst rows of those that were answered.
    pub(super) fn new(rows: &[Row], labels: &[String], answers: &[Answers<'_>], most: usize) -> Self {
        let mut order: Vec<usize> = (0..answers.len()).collect();
        order.sort_by(|first, second| answers[*first].worse(&answers[*second]));
        order.truncate(most);
        let label = |class: usize| labels.get(class).cloned().unwrap_or_default();
        let rows = order.into_iter().map(|number| Disagreement {
            row: number + 1,
            label: rows[number].label.clone(),
            expected: label(argmax(answers[number].expected)),
            found: label(answers[number].class),
            margin: answers[number].margin(),
            logit_error: answers[number].logit_error(),
            content: line(&rows[number].content),
        });
        Self { rows: rows.collect() }
    }
}

/// The class of the largest logit, the first of equal ones.
pub(super) fn argmax(logits: &[f32]) -> usize {
    (0..logits.len()).reduce(|best, class| if logits[class] > logits[best] { class } else { best }).unwrap_or(0)
}

/// Content on a line.
fn line(content: &Content) -> String {
    match content {
        Content::Frames(frames) => format!("{} frames of {} values", frames.iter().len(), frames.channels),
        Content::Text(text) => {
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            match line.char_indices().nth(SHOWN_CHARACTERS) {
                Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
                None => line,
            }
        }
    }
}

impl fmt::Display for Disagreements {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |name: &str, of: fn(&Disagreement) -> &String| {
            let names = self.rows.iter().map(|row| of(row).chars().count());
            names.chain([name.len()]).max().unwrap_or(0)
        };
        let widths = [width("label", |row| &row.label), width("trained", |row| &row.expected)];
        let [label_width, expected_width] = widths;
        let found_width = width("here", |row| &row.found);
        write!(
            formatter,
            "{:>6}  {:label_width$}  {:expected_width$}  {:found_width$}  {:>8}  {:>11}  content",
            "row", "label", "trained", "here", "margin", "logit error"
        )?;
        for Disagreement { row, label, expected, found, margin, logit_error, content } in &self.rows {
            write!(
                formatter,
                "\n{row:>6}  {label:label_width$}  {expected:expected_width$}  {found:found_width$}  {margin:>8.4}  \
                 {logit_error:>11.6}  {content}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_whose_class_changes_come_first_then_the_largest_share_of_the_margin() {
        let labels = ["a", "b"].map(str::to_owned);
        let rows = ["far", "near  and\nlong", "changed", "equal"].map(|text| Row::of_text("a", text));
        let logits = [[2.0, 0.0], [1.0, 0.9], [0.5, 0.0], [0.0, 0.0]];
        let found = [[2.5, 0.0], [1.0, 0.95], [0.1, 0.2], [0.0, 0.0]];
        let answers: Vec<Answers<'_>> = logits
            .iter()
            .zip(&found)
            .map(|(expected, found)| Answers { expected, found, class: argmax(found) })
            .collect();
        let worst = Disagreements::new(&rows, &labels, &answers, 3);
        assert_eq!(worst.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [3, 2, 1]);
        let changed = &worst.rows[0];
        assert_eq!((changed.expected.as_str(), changed.found.as_str(), changed.margin), ("a", "b", 0.5));
        assert_eq!(worst.rows[1].content, "near and long");
        let answers = |expected, found| Answers { expected, found, class: 0 };
        let same = answers(&[f32::INFINITY, 0.0], &[f32::INFINITY, 0.0]);
        assert_eq!((same.errors().collect::<Vec<_>>(), same.agrees()), (vec![f32::INFINITY, 0.0], false));
        let none = answers(&[1.0, 0.0], &[f32::NAN, 0.0]);
        assert_eq!((none.logit_error(), none.agrees()), (f32::INFINITY, false));
        assert_eq!(line(&Row::of_text("a", "é".repeat(71)).content), format!("{}...", "é".repeat(70)));
    }
}
