use std::fmt;

use serde::Serialize;

use super::Curve;

/// How a model does on labelled rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluationReport {
    /// Rows measured.
    pub rows: usize,
    /// Rows with more steps than the model takes in, whose later steps were ignored.
    pub rows_cut: usize,
    /// Rows whose class was right.
    pub correct: usize,
    /// Share of them.
    pub accuracy: f64,
    /// Mean of the classes' F1, over classes that have rows.
    pub macro_f1: f64,
    /// Each class.
    pub classes: Vec<ClassReport>,
    /// `confusion[true class][answered class]`, in rows.
    pub confusion: Vec<Vec<usize>>,
    /// Accuracy by steps seen, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve: Option<Curve>,
}

/// How a model does on one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    /// Its name.
    pub label: String,
    /// Rows of it.
    pub rows: usize,
    /// Share of the answers of this class that were right; 0 without an answer.
    pub precision: f64,
    /// Share of the rows of this class that were found; 0 without a row.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

impl EvaluationReport {
    /// Counts answers against the true classes; no row was cut.
    pub fn new<'l>(labels: impl Iterator<Item = &'l str>, expected: &[usize], answered: &[usize]) -> Self {
        let labels: Vec<&str> = labels.collect();
        let mut confusion = vec![vec![0_usize; labels.len()]; labels.len()];
        for (expected, answered) in expected.iter().zip(answered) {
            confusion[*expected][*answered] += 1;
        }
        let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let classes: Vec<ClassReport> = labels
            .iter()
            .enumerate()
            .map(|(class, label)| {
                let rows = confusion[class].iter().sum();
                let answers = confusion.iter().map(|row| row[class]).sum();
                let correct = confusion[class][class];
                ClassReport {
                    label: (*label).into(),
                    rows,
                    precision: share(correct, answers),
                    recall: share(correct, rows),
                    f1: share(2 * correct, rows + answers),
                }
            })
            .collect();
        let correct = (0..labels.len()).map(|class| confusion[class][class]).sum();
        let present: Vec<f64> = classes.iter().filter(|class| class.rows > 0).map(|class| class.f1).collect();
        Self {
            rows: expected.len(),
            rows_cut: 0,
            correct,
            accuracy: share(correct, expected.len()),
            macro_f1: present.iter().sum::<f64>() / present.len().max(1) as f64,
            classes,
            confusion,
            curve: None,
        }
    }

    /// A line for each class with its recall, of more than `most` classes for those of the smallest recall alone.
    pub fn recalls(&self, most: usize) -> Vec<String> {
        let mut classes: Vec<&ClassReport> = self.classes.iter().filter(|class| class.rows > 0).collect();
        let left_out = classes.len().saturating_sub(most);
        if left_out > 0 {
            classes.sort_by(|a, b| a.recall.total_cmp(&b.recall));
            classes.truncate(most);
        }
        let width = classes.iter().map(|class| class.label.chars().count()).max().unwrap_or(0);
        let line = |class: &&ClassReport| {
            let ClassReport { label, rows, recall, .. } = class;
            let found = (recall * *rows as f64).round();
            format!("recall  {label:width$}  {:6.2} %  {found} of {rows}", 100.0 * recall)
        };
        let mut lines: Vec<String> = classes.iter().map(line).collect();
        if left_out > 0 {
            lines.push(format!(
                "recall  {left_out} other classes: {:.2} % or more",
                100.0 * classes.last().map_or(0.0, |class| class.recall)
            ));
        }
        lines
    }
}

impl fmt::Display for EvaluationReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        writeln!(formatter, "accuracy  {}  ({} of {} rows)", percent(self.accuracy), self.correct, self.rows)?;
        writeln!(formatter, "macro F1  {}\n", percent(self.macro_f1))?;
        let width = self.classes.iter().map(|class| class.label.chars().count()).max().unwrap_or(0).max(5);
        write!(
            formatter,
            "{:width$}  {:>6}  {:>10}  {:>9}  {:>9}   answered as",
            "class", "rows", "precision", "recall", "F1"
        )?;
        for (class, counts) in self.classes.iter().zip(&self.confusion) {
            let ClassReport { label, rows, precision, recall, f1 } = class;
            let [precision, recall, f1] = [precision, recall, f1].map(|share| percent(*share));
            write!(formatter, "\n{label:width$}  {rows:>6}  {precision:>10}  {recall:>9}  {f1:>9}   ")?;
            let mut wrong: Vec<_> = counts
                .iter()
                .zip(&self.classes)
                .filter(|(count, other)| **count > 0 && other.label != *label)
                .collect();
            wrong.sort_by_key(|(count, _)| std::cmp::Reverse(**count));
            let wrong: Vec<String> = wrong.iter().map(|(count, other)| format!("{} {count}", other.label)).collect();
            write!(formatter, "{}", wrong.join(", "))?;
        }
        if let Some(curve) = &self.curve {
            write!(formatter, "\n\n{curve}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_shares() {
        let report = EvaluationReport::new(["a", "b", "c"].into_iter(), &[0, 0, 0, 1], &[0, 0, 1, 1]);
        assert_eq!((report.rows, report.correct, report.accuracy), (4, 3, 0.75));
        assert_eq!(report.confusion, [[2, 1, 0], [0, 1, 0], [0, 0, 0]]);
        let of =
            |class: usize| (report.classes[class].precision, report.classes[class].recall, report.classes[class].f1);
        assert_eq!(of(0), (1.0, 2.0 / 3.0, 0.8));
        assert_eq!(of(1), (0.5, 1.0, 2.0 / 3.0));
        assert_eq!(of(2), (0.0, 0.0, 0.0));
        assert!((report.macro_f1 - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
    }
}
