//! The measurements of trainings on parts of the rows, each measured on the rows that it did not see.

use serde::{Deserialize, Serialize};

use super::evaluate::Evaluation;
use super::kept_epoch::good_accuracy;
use crate::run::EpochMetrics;

/// A training on all rows but those of one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// Epochs that the training has.
    pub epochs: usize,
    /// Groups of the part's rows, where they have groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
    /// The class of each row of the part.
    pub expected: Vec<usize>,
    /// The class that the network gave each of these rows, at each measurement.
    pub answers: Vec<Vec<usize>>,
    /// The measurements.
    pub history: Vec<EpochMetrics>,
}

/// All parts of a cross-validation: each row was measured once, by a network that did not learn from it.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidation {
    folds: Vec<Fold>,
}

impl Fold {
    /// The number of the measurement at this share of the training: the first one that is not before it.
    fn measurement(&self, share: f64) -> usize {
        let is_there = |metrics: &EpochMetrics| metrics.epoch as f64 >= share * self.epochs as f64 - 1e-6;
        self.history.iter().position(is_there).unwrap_or(self.history.len().saturating_sub(1))
    }
}

impl CrossValidation {
    /// The cross-validation of these parts.
    pub fn new(folds: Vec<Fold>) -> Self {
        Self { folds }
    }

    /// The class of each row, part after part.
    pub fn expected(&self) -> Vec<usize> {
        self.folds.iter().flat_map(|fold| &fold.expected).copied().collect()
    }

    /// How much of the training is best, 0 to 1: the last measurement whose accuracy is within one standard error of the
    /// largest.
    pub fn best_share(&self) -> f64 {
        let most = self.folds.iter().map(|fold| fold.history.len()).max().unwrap_or(0).max(1);
        let shares = (1..=most).map(|number| number as f64 / most as f64);
        let accuracies: Vec<(f64, f64)> = shares.map(|share| (share, self.at(share).accuracy)).collect();
        let best = accuracies.iter().map(|(_, accuracy)| *accuracy).fold(0.0, f64::max);
        let groups: Option<usize> = self.folds.iter().map(|fold| fold.groups).sum();
        let good = good_accuracy(best, groups.unwrap_or(self.expected().len()));
        accuracies.into_iter().rev().find(|(_, accuracy)| *accuracy >= good).map_or(1.0, |(share, _)| share)
    }

    /// Loss, accuracy and answers over the rows of all parts, as they were at this share of the trainings, 0 to 1.
    pub fn at(&self, share: f64) -> Evaluation {
        let (mut loss, mut correct) = (0.0, 0);
        let mut answers = Vec::new();
        for fold in &self.folds {
            let number = fold.measurement(share);
            let of_fold = fold.answers.get(number).map_or(&[][..], Vec::as_slice);
            loss += fold.history.get(number).map_or(0.0, |metrics| metrics.validation_loss) * of_fold.len() as f64;
            correct += of_fold.iter().zip(&fold.expected).filter(|(answer, expected)| answer == expected).count();
            answers.extend_from_slice(of_fold);
        }
        let rows = answers.len().max(1) as f64;
        Evaluation { loss: loss / rows, accuracy: correct as f64 / rows, answers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(epochs: &[usize], answers: &[&[usize]], losses: &[f64]) -> Fold {
        let metrics = |(epoch, loss): (&usize, &f64)| EpochMetrics {
            epoch: *epoch,
            validation_loss: *loss,
            ..EpochMetrics::default()
        };
        Fold {
            epochs: epochs.last().copied().unwrap_or(0),
            groups: None,
            expected: vec![0, 1],
            answers: answers.iter().map(|answers| answers.to_vec()).collect(),
            history: epochs.iter().zip(losses).map(metrics).collect(),
        }
    }

    #[test]
    fn the_longest_training_is_best_that_is_no_worse_than_a_standard_error() {
        let right: &[usize] = &[0, 1];
        let wrong: &[usize] = &[1, 0];
        let share =
            |answers: &[&[usize]]| CrossValidation::new(vec![fold(&[1, 2, 3, 4], answers, &[1.0; 4])]).best_share();
        assert_eq!(share(&[wrong, right, right, right]), 1.0);
        assert_eq!(share(&[wrong, right, wrong, wrong]), 0.5);
        assert_eq!(share(&[right, &[0, 0], &[0, 0], wrong]), 0.25);
        assert_eq!(share(&[wrong, &[0, 0], wrong, &[1, 1]]), 1.0);
        // One group says less than two rows: its standard error is a half.
        let grouped = Fold { groups: Some(1), ..fold(&[1, 2, 3, 4], &[wrong, &[0, 0], wrong, wrong], &[1.0; 4]) };
        assert_eq!(CrossValidation::new(vec![grouped]).best_share(), 1.0);
        assert_eq!(share(&[wrong, &[0, 0], wrong, wrong]), 0.5);
    }

    #[test]
    fn parts_of_other_lengths_are_compared_at_the_same_share_of_their_training() {
        let first = fold(&[2, 4], &[&[0, 0], &[0, 1]], &[1.0, 0.5]);
        let second = fold(&[3, 6, 8], &[&[1, 0], &[0, 0], &[1, 1]], &[2.0, 1.0, 0.7]);
        let all = CrossValidation::new(vec![first, second]);
        assert_eq!(all.expected(), [0, 1, 0, 1]);
        let half = all.at(0.5);
        assert_eq!((half.loss, half.accuracy, half.answers), (1.0, 0.5, vec![0, 0, 0, 0]));
        let end = all.at(1.0);
        assert_eq!((end.accuracy, end.answers), (0.75, vec![0, 1, 1, 1]));
        assert!((end.loss - 0.6).abs() < 1e-12);
    }
}
