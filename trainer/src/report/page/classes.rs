use super::content::{ClassRow, Confusion, MatrixCell, MatrixRow};
use super::{percent, style_share};
use crate::report::EvaluationReport;

/// Classes that a matrix shows at most; of more, the most frequent confusions are listed.
const MOST_OF_MATRIX: usize = 24;
/// Confusions that are listed.
const MOST_CONFUSIONS: usize = 12;

/// A row a class.
pub(super) fn class_rows(report: &EvaluationReport) -> Vec<ClassRow> {
    let row = |class: &crate::report::ClassReport| ClassRow {
        label: class.label.clone(),
        rows: class.rows,
        precision: percent(class.precision),
        recall: percent(class.recall),
        f1: percent(class.f1),
        share: format!("{:.3}", class.recall),
    };
    report.classes.iter().map(row).collect()
}

/// The confusion matrix, unless there are too many classes.
pub(super) fn matrix(report: &EvaluationReport) -> Vec<MatrixRow> {
    if report.classes.len() > MOST_OF_MATRIX {
        return Vec::new();
    }
    let cell = |class: usize, answer: usize, count: usize| MatrixCell {
        count,
        kind: match (count, class == answer) {
            (0, _) => "none",
            (_, true) => "right",
            (_, false) => "wrong",
        },
        share: style_share(count, report.classes[class].rows),
    };
    let row = |(class, counts): (usize, &Vec<usize>)| MatrixRow {
        label: report.classes[class].label.clone(),
        cells: counts.iter().enumerate().map(|(answer, count)| cell(class, answer, *count)).collect(),
    };
    report.confusion.iter().enumerate().map(row).collect()
}

/// Pairs of a true class and a wrong answer, the most frequent first.
pub(super) fn confusions(report: &EvaluationReport) -> Vec<Confusion> {
    let label = |class: usize| report.classes[class].label.clone();
    let pairs = report.confusion.iter().enumerate().flat_map(|(class, counts)| {
        let wrong = counts.iter().enumerate().filter(move |(answer, count)| *answer != class && **count > 0);
        wrong.map(move |(answer, count)| (class, answer, *count))
    });
    let mut pairs: Vec<(usize, usize, usize)> = pairs.collect();
    pairs.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    pairs.truncate(MOST_CONFUSIONS);
    let named =
        pairs.into_iter().map(|(class, answer, count)| Confusion { label: label(class), answer: label(answer), count });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_confusion_comes_first() {
        let expected = [0, 0, 0, 1, 1, 2];
        let answered = [0, 1, 1, 1, 0, 2];
        let report = EvaluationReport::new(["a", "b", "c"].into_iter(), &expected, &answered);
        let found: Vec<_> = confusions(&report).into_iter().map(|pair| (pair.label, pair.answer, pair.count)).collect();
        assert_eq!(found, [("a".into(), "b".into(), 2), ("b".into(), "a".into(), 1)]);
        let matrix = matrix(&report);
        let kinds: Vec<_> = matrix[0].cells.iter().map(|cell| (cell.kind, cell.share.as_str())).collect();
        assert_eq!(kinds, [("right", "0.333"), ("wrong", "0.667"), ("none", "0.000")]);
    }

    #[test]
    fn many_classes_have_no_matrix() {
        let labels: Vec<String> = (0..=MOST_OF_MATRIX).map(|label| label.to_string()).collect();
        let report = EvaluationReport::new(labels.iter().map(String::as_str), &[0], &[1]);
        assert!(matrix(&report).is_empty() && confusions(&report).len() == 1);
    }
}
