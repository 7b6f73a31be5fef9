use super::content::{LengthRow, Mistake, Reliability, ThresholdRow};
use super::figures::reliability_plot;
use super::{percent, signal, style_share};
use crate::data::Content;
use crate::error::Error;

/// Mistakes that are shown.
const MOST_MISTAKES: usize = 18;
/// Characters of a text that are shown.
const SHOWN_CHARACTERS: usize = 400;
/// Ranges of length that are told apart at most.
const MOST_LENGTHS: usize = 8;
/// Ranges of probability.
const BINS: usize = 10;
/// Probabilities from which answers count.
const THRESHOLDS: [f32; 6] = [0.0, 0.5, 0.7, 0.8, 0.9, 0.95];

/// The answers to rows, one after another, with the content of the worst mistakes.
#[derive(Debug, Clone, Default)]
pub struct Measurement {
    rows: Vec<MeasuredRow>,
    /// The worst first.
    mistakes: Vec<WrongRow>,
}

/// The answer to a row.
#[derive(Debug, Clone, Copy)]
pub struct MeasuredRow {
    /// The true class.
    pub expected: usize,
    /// The answer.
    pub class: usize,
    /// Its probability; none where it is not known.
    pub probability: Option<f32>,
    /// Steps of the row, also those that were ignored.
    pub steps: usize,
}

#[derive(Debug, Clone)]
struct WrongRow {
    row: MeasuredRow,
    content: Content,
}

/// Rows of a range of probabilities.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Bin {
    pub(super) rows: usize,
    pub(super) right: usize,
    /// The sum of their probabilities.
    pub(super) probability: f64,
}

impl Measurement {
    /// Adds the answer to a row with this content.
    pub fn add(&mut self, row: MeasuredRow, content: &Content) {
        self.rows.push(row);
        let probability = |row: &MeasuredRow| row.probability.unwrap_or(0.0);
        let place = self.mistakes.partition_point(|other| probability(&other.row) >= probability(&row));
        if row.class != row.expected && place < MOST_MISTAKES {
            self.mistakes.insert(place, WrongRow { row, content: content.clone() });
            self.mistakes.truncate(MOST_MISTAKES);
        }
    }

    /// Rows that were added.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none was added.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The worst mistakes: those of the largest probability, of equal ones the first.
    pub(super) fn mistakes(&self, labels: &[String]) -> Vec<Mistake> {
        let label = |class: usize| labels.get(class).cloned().unwrap_or_default();
        let mistake = |WrongRow { row, content }: &WrongRow| {
            let steps = if row.steps == 1 { "1 step".into() } else { format!("{} steps", row.steps) };
            let probability = row.probability.map(|share| format!("with {:.1} %, ", 100.0 * share));
            Mistake {
                label: label(row.expected),
                answer: label(row.class),
                note: probability.unwrap_or_default() + &steps,
                text: content.text().map(shown),
                lines: content.frames().map(signal::lines).unwrap_or_default(),
            }
        };
        self.mistakes.iter().map(mistake).collect()
    }

    /// The accuracy of ranges of lengths that have about as many rows each.
    pub(super) fn lengths(&self) -> Vec<LengthRow> {
        let mut rows: Vec<&MeasuredRow> = self.rows.iter().collect();
        rows.sort_by_key(|row| row.steps);
        let enough = rows.len().div_ceil(MOST_LENGTHS);
        let mut ranges: Vec<Vec<&MeasuredRow>> = Vec::new();
        for row in rows {
            match ranges.last_mut() {
                // Rows of one length stay together.
                Some(range) if range.len() < enough || range.last().is_some_and(|last| last.steps == row.steps) => {
                    range.push(row)
                }
                _ => ranges.push(vec![row]),
            }
        }
        let shown = ranges.iter().filter_map(|range| {
            let (first, last) = (range.first()?.steps, range.last()?.steps);
            let right = range.iter().filter(|row| row.class == row.expected).count();
            Some(LengthRow {
                name: if first == last { first.to_string() } else { format!("{first} to {last}") },
                rows: range.len(),
                accuracy: percent(right as f64 / range.len() as f64),
                share: style_share(right, range.len()),
            })
        });
        shown.collect()
    }

    /// How far probabilities are what they say; none where they are not known.
    ///
    /// # Errors
    /// As [`reliability_plot`].
    ///
    /// # Source
    /// Expected calibration error of Guo et al., On calibration of modern neural networks (2017), section 2.
    pub(super) fn reliability(&self) -> Result<Option<Reliability>, Error> {
        let known: Vec<(f32, bool)> =
            self.rows.iter().filter_map(|row| Some((row.probability?, row.class == row.expected))).collect();
        if known.is_empty() {
            return Ok(None);
        }
        let bins = bins(&known);
        let error: f64 =
            bins.iter().map(|bin| (bin.right as f64 - bin.probability).abs()).sum::<f64>() / known.len() as f64;
        let threshold = |least: &f32| {
            let answered: Vec<bool> =
                known.iter().filter(|(share, _)| share >= least).map(|(_, is_right)| *is_right).collect();
            let right = answered.iter().filter(|is_right| **is_right).count();
            let share = |part: usize, whole: usize| percent(part as f64 / whole.max(1) as f64);
            ThresholdRow {
                probability: format!("{least:.2}"),
                answered: format!("{} ({})", answered.len(), share(answered.len(), known.len())),
                right: if answered.is_empty() { "-".into() } else { share(right, answered.len()) },
            }
        };
        Ok(Some(Reliability {
            note: format!(
                "Of the answers with a probability of 80 %, 80 % should be right: the dots on the dashed line. Mean distance \
                 (expected calibration error): {}.",
                percent(error)
            ),
            plot: reliability_plot(&bins)?,
            thresholds: THRESHOLDS.iter().map(threshold).collect(),
        }))
    }
}

fn bins(known: &[(f32, bool)]) -> [Bin; BINS] {
    let mut bins = [Bin::default(); BINS];
    for (probability, is_right) in known {
        let bin = &mut bins[((probability * BINS as f32) as usize).min(BINS - 1)];
        bin.rows += 1;
        bin.right += usize::from(*is_right);
        bin.probability += f64::from(*probability);
    }
    bins
}

/// The beginning of a text.
fn shown(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn row(expected: usize, class: usize, probability: f32, steps: usize) -> MeasuredRow {
        MeasuredRow { expected, class, probability: Some(probability), steps }
    }

    fn measured(rows: &[MeasuredRow]) -> Measurement {
        let mut measurement = Measurement::default();
        for (number, row) in rows.iter().enumerate() {
            measurement.add(*row, &Content::Text(format!("text {number}")));
        }
        measurement
    }

    #[test]
    fn the_surest_mistake_comes_first() {
        let found = measured(&[row(0, 1, 0.6, 1), row(0, 0, 0.99, 2), row(1, 0, 0.9, 3), row(1, 0, 0.6, 4)]);
        let labels = ["a", "b"].map(String::from);
        let texts: Vec<_> = found.mistakes(&labels).into_iter().filter_map(|mistake| mistake.text).collect();
        assert_eq!(texts, ["text 2", "text 0", "text 3"]);
        assert_eq!(found.mistakes(&labels)[0].note, "with 90.0 %, 3 steps");
        let many = measured(&[row(0, 1, 0.5, 1); 100]);
        assert_eq!(many.mistakes(&labels).len(), MOST_MISTAKES);
    }

    #[test]
    fn rows_of_one_length_stay_together() {
        let rows: Vec<MeasuredRow> = (0..80).map(|number| row(0, number % 2, 0.5, number / 40 * 5 + 1)).collect();
        let lengths = measured(&rows).lengths();
        let found: Vec<_> =
            lengths.iter().map(|length| (length.name.as_str(), length.rows, length.accuracy.as_str())).collect();
        assert_eq!(found, [("1", 40, "50.00 %"), ("6", 40, "50.00 %")]);
        let rows: Vec<MeasuredRow> = (0..800).map(|number| row(0, 0, 0.5, number / 150)).collect();
        let lengths = measured(&rows).lengths();
        let found: Vec<_> = lengths.iter().map(|length| (length.name.as_str(), length.rows)).collect();
        assert_eq!(found, [("0", 150), ("1", 150), ("2", 150), ("3", 150), ("4", 150), ("5", 50)]);
        let rows: Vec<MeasuredRow> = (0..800).map(|number| row(0, 0, 0.5, number)).collect();
        let lengths = measured(&rows).lengths();
        assert_eq!((lengths.len(), lengths[0].name.as_str(), lengths[7].rows), (8, "0 to 99", 100));
        assert!(measured(&[]).lengths().is_empty());
    }

    #[test]
    fn probabilities_are_held_against_the_share_of_right_answers() {
        let rows = [row(0, 0, 0.95, 1), row(0, 0, 0.95, 1), row(0, 1, 0.55, 1), row(0, 0, 1.0, 1)];
        let reliability = measured(&rows).reliability().unwrap().unwrap();
        // (|3 - 2.9| + |0 - 0.55|) / 4
        assert!(reliability.note.ends_with("16.25 %."), "{}", reliability.note);
        let last = reliability.thresholds.last().unwrap();
        assert_eq!((last.answered.as_str(), last.right.as_str()), ("3 (75.00 %)", "100.00 %"));
        let unknown = measured(&[MeasuredRow { probability: None, ..rows[0] }]);
        assert!(unknown.reliability().unwrap().is_none() && unknown.mistakes(&[]).is_empty());
    }
}
