use crate::config::{KeptEpoch, TrainingConfig};
use crate::run::EpochMetrics;

/// The least accuracy that is within one standard error of an accuracy on so many rows, none of which is like another: of
/// rows that belong together only their groups count.
///
/// # Source
/// The one-standard-error rule of Breiman et al., Classification and regression trees (1984), section 3.4.3, here in
/// favour of the longer training: its learning rate has fallen further, and its weights depend less on the last rows.
pub(super) fn good_accuracy(best: f64, rows: usize) -> f64 {
    best - (best * (1.0 - best) / rows.max(1) as f64).sqrt()
}

/// The epoch that is kept so far, measured on so many validation rows; of those that simulated integers once there is
/// one.
pub(super) fn kept_epoch(config: &TrainingConfig, history: &[EpochMetrics], rows: usize) -> Option<EpochMetrics> {
    let float_epochs = config.float_epochs();
    let simulated = history.iter().position(|metrics| metrics.epoch > float_epochs);
    let history = &history[simulated.unwrap_or(0)..];
    match config.keep_epoch {
        KeptEpoch::Best => history.iter().copied().reduce(|kept, next| {
            let rank = |of: &EpochMetrics| (of.validation_accuracy, -of.validation_loss);
            if rank(&next) > rank(&kept) { next } else { kept }
        }),
        KeptEpoch::LastGood => {
            let best = history.iter().map(|metrics| metrics.validation_accuracy).fold(0.0, f64::max);
            let good = good_accuracy(best, rows);
            history.iter().rfind(|metrics| metrics.validation_accuracy >= good).copied()
        }
        KeptEpoch::Last => history.last().copied(),
    }
}

/// Whether as many epochs as `patience` says have followed the kept one; never before integers are simulated,
/// and never where the last one is kept.
pub(super) fn patience_is_over(config: &TrainingConfig, history: &[EpochMetrics], rows: usize) -> bool {
    let epochs = history.last().map_or(0, |metrics| metrics.epoch);
    let waits = config.integer_bits().is_some() && epochs <= config.float_epochs();
    let kept = kept_epoch(config, history, rows).filter(|_| !waits);
    kept.is_some_and(|kept| epochs - kept.epoch >= config.patience)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantize::Bits;

    /// Validation rows: the standard error of an accuracy of a half is 0.05.
    const ROWS: usize = 100;

    /// Epochs of these validation accuracies and losses.
    fn history(epochs: &[(f64, f64)]) -> Vec<EpochMetrics> {
        let metrics = |(number, (validation_accuracy, validation_loss)): (usize, &(f64, f64))| EpochMetrics {
            epoch: number + 1,
            validation_accuracy: *validation_accuracy,
            validation_loss: *validation_loss,
            ..EpochMetrics::default()
        };
        epochs.iter().enumerate().map(metrics).collect()
    }

    fn config(keep_epoch: KeptEpoch) -> TrainingConfig {
        TrainingConfig { keep_epoch, patience: 2, epochs: 6, ..TrainingConfig::default() }
    }

    fn kept(config: &TrainingConfig, history: &[EpochMetrics]) -> Option<usize> {
        kept_epoch(config, history, ROWS).map(|metrics| metrics.epoch)
    }

    fn is_over(config: &TrainingConfig, history: &[EpochMetrics]) -> bool {
        patience_is_over(config, history, ROWS)
    }

    #[test]
    fn the_best_is_that_of_the_largest_accuracy_and_then_of_the_smallest_loss() {
        let epochs = history(&[(0.5, 0.9), (0.7, 0.8), (0.7, 0.6), (0.7, 0.7), (0.6, 0.1)]);
        let best = config(KeptEpoch::Best);
        assert_eq!(kept(&best, &[]), None);
        assert_eq!([1, 2, 3, 4, 5].map(|count| kept(&best, &epochs[..count])), [1, 2, 3, 3, 3].map(Some));
        assert_eq!([1, 3, 4, 5].map(|count| is_over(&best, &epochs[..count])), [false, false, false, true]);
    }

    #[test]
    fn the_last_good_one_is_within_a_standard_error_of_the_best() {
        let epochs = history(&[(0.3, 0.9), (0.5, 0.8), (0.46, 0.9), (0.44, 0.6), (0.56, 0.7), (0.5, 0.1)]);
        let good = config(KeptEpoch::LastGood);
        let counts = [1, 2, 3, 4, 5, 6];
        assert_eq!(counts.map(|count| kept(&good, &epochs[..count])), [1, 2, 3, 3, 5, 5].map(Some));
        assert_eq!(kept(&good, &[]), None);
        let falling = history(&[(0.9, 0.1), (0.5, 0.9), (0.4, 0.9)]);
        assert_eq!([2, 3].map(|count| is_over(&good, &falling[..count])), [false, true]);
    }

    #[test]
    fn the_last_is_kept_and_no_patience_ends_it() {
        let epochs = history(&[(0.9, 0.1), (0.5, 0.9), (0.4, 0.9), (0.3, 0.9)]);
        let last = config(KeptEpoch::Last);
        assert_eq!([1, 2, 4].map(|count| kept(&last, &epochs[..count])), [1, 2, 4].map(Some));
        assert!(!is_over(&last, &epochs));
        assert!(is_over(&config(KeptEpoch::Best), &epochs));
    }

    #[test]
    fn epochs_before_the_simulated_integers_do_not_count_once_there_are_others() {
        let epochs = history(&[(0.9, 0.1), (0.8, 0.1), (0.7, 0.1), (0.5, 0.9), (0.6, 0.9)]);
        let simulated =
            TrainingConfig { quantize_aware: Some(Bits::Four), float_epochs: Some(3), ..config(KeptEpoch::Best) };
        assert_eq!([2, 3, 4, 5].map(|count| kept(&simulated, &epochs[..count])), [1, 1, 4, 5].map(Some));
        assert!(!is_over(&simulated, &epochs[..3]));
    }
}
