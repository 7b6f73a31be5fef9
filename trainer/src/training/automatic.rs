//! Settings that nobody gave, chosen once the rows are known.

use std::fmt;

use super::TrainingConfig;
use super::config::MOST_EPOCHS;

/// Fewest rows for which [`MANY`] is chosen.
const MANY_ROWS: usize = 3_000;
/// Fewer rows than this are cross-validated.
const CROSS_VALIDATED_BELOW: usize = 400;
/// Parts of a cross-validation.
const FOLDS: usize = 5;
/// Rows of a fold, at least.
const SMALLEST_FOLD: usize = 2;
/// Measurements on the validation rows, at most, where there are fewer than that many rows in a step.
const MEASUREMENTS: usize = 20;

/// Training on few rows and on many: optimizer steps, and rows in a step.
#[derive(Debug, Clone, Copy)]
struct Length {
    steps: usize,
    batch_size: usize,
}

const FEW: Length = Length { steps: 2_000, batch_size: 16 };
const MANY: Length = Length { steps: 6_000, batch_size: 32 };
/// Fewest optimizer steps.
const FEWEST_STEPS: usize = 500;
/// Steps of rows, words or frames, that a training takes in at most: some minutes on two cores.
const MOST_TAKEN: usize = 25_000_000;
/// The same for each training of a cross-validation.
const MOST_TAKEN_CROSSED: usize = 2_500_000;

/// The settings that are chosen once the rows are known: those that neither an argument, nor a file, nor a preset gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Automatic {
    /// `epochs`, unless `steps` were given.
    pub epochs: bool,
    /// `measure_every`
    pub measure_every: bool,
    /// `batch_size`
    pub batch_size: bool,
    /// `warmup_steps`
    pub warmup_steps: bool,
    /// `patience`
    pub patience: bool,
    /// `folds`
    pub folds: bool,
}

/// How many rows there are, and how long they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Rows to train on.
    pub training: usize,
    /// Rows that are held out of those to validate with; 0 where validation rows stand elsewhere.
    pub held_out: usize,
    /// Mean number of steps of a row.
    pub mean_steps: f64,
}

/// What was chosen, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chosen {
    rows: usize,
    steps: usize,
    epochs: usize,
    batch_size: usize,
    warmup_steps: usize,
    folds: usize,
}

impl Automatic {
    /// Nothing is chosen: every setting stands as it is.
    pub const NONE: Self = Self {
        epochs: false,
        measure_every: false,
        batch_size: false,
        warmup_steps: false,
        patience: false,
        folds: false,
    };

    /// All settings are chosen for which `is_given` does not hold; it is asked with the name of the setting.
    pub fn unless(is_given: impl Fn(&str) -> bool) -> Self {
        Self {
            epochs: !is_given("epochs"),
            measure_every: !is_given("measure_every"),
            batch_size: !is_given("batch_size"),
            warmup_steps: !is_given("warmup_steps"),
            patience: !is_given("patience"),
            folds: !["folds", "validation", "validation_share"].into_iter().any(is_given),
        }
    }
}

impl TrainingConfig {
    /// Puts the settings that are chosen by the rows in their places; nothing is automatic afterwards. Returns nothing
    /// if nothing was to be chosen.
    ///
    /// The length is given in optimizer steps, not in passes over the rows: a network needs some thousand steps however
    /// few rows there are; of long rows fewer, so that a default training takes minutes at most. Small sets learn from
    /// small batches. The learning rate rises for a tenth of the steps.
    pub fn choose(&mut self, extent: Extent) -> Option<Chosen> {
        let automatic = std::mem::replace(&mut self.automatic, Automatic::NONE);
        if automatic == Automatic::NONE && self.steps.is_none() {
            return None;
        }
        let all_rows = extent.training + extent.held_out;
        let length = if all_rows < MANY_ROWS { FEW } else { MANY };
        if automatic.batch_size {
            self.batch_size = length.batch_size;
        }
        let is_alone = self.teachers.is_empty() && self.fine_tune.is_none();
        if automatic.folds && extent.held_out > 0 && is_alone && all_rows < CROSS_VALIDATED_BELOW {
            self.folds = FOLDS.min(all_rows / SMALLEST_FOLD);
        }
        if automatic.epochs && self.steps.is_none() {
            let most = if self.folds > 0 { MOST_TAKEN_CROSSED } else { MOST_TAKEN };
            let taken = extent.mean_steps * self.batch_size as f64;
            let affordable = (most as f64 / taken.max(1.0)) as usize;
            self.steps = Some(length.steps.min(affordable).max(FEWEST_STEPS));
        }
        let rows = if self.folds > 0 { all_rows } else { extent.training };
        self.fix_length(rows, automatic.measure_every);
        let steps = self.epochs * rows.div_ceil(self.batch_size);
        if automatic.warmup_steps {
            self.warmup_steps = steps / 10;
        }
        if automatic.patience {
            self.patience = self.epochs.div_ceil(2).max(1);
        }
        let Self { epochs, batch_size, warmup_steps, folds, .. } = *self;
        Some(Chosen { rows, steps, epochs, batch_size, warmup_steps, folds })
    }

    /// Turns `steps`, if there are, into epochs over so many rows, of as many measurements as there are to be at most.
    fn fix_length(&mut self, rows: usize, measures: bool) {
        let batches = rows.div_ceil(self.batch_size).max(1);
        if let Some(steps) = self.steps.take() {
            self.epochs = steps.div_ceil(batches).clamp(1, MOST_EPOCHS);
        }
        if measures {
            self.measure_every = self.epochs.div_ceil(MEASUREMENTS);
        }
    }

    /// The settings of a part of the cross-validation, which trains on so many rows: as many steps, and to the end.
    pub(crate) fn of_fold(&self, all_rows: usize, rows: usize) -> Self {
        let steps = self.epochs * all_rows.div_ceil(self.batch_size);
        let mut fold = Self { steps: Some(steps), ..self.clone() };
        fold.fix_length(rows, true);
        fold.patience = fold.epochs;
        fold.float_epochs = self.float_epochs.map(|float| float * fold.epochs / self.epochs.max(1));
        fold
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, steps, epochs, batch_size, warmup_steps, folds } = self;
        write!(formatter, "chosen for {rows} rows: {steps} steps of {batch_size} rows ({epochs} epochs), ")?;
        write!(formatter, "warm-up {warmup_steps} steps")?;
        if *folds > 0 {
            write!(formatter, "; so few rows are validated in {folds} parts, then trained on together")?;
        }
        write!(formatter, " (--steps, --batch-size, --warmup-steps, --folds)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(given: &[&str], config: TrainingConfig, extent: Extent) -> TrainingConfig {
        let automatic = Automatic::unless(|name| given.contains(&name));
        let mut config = TrainingConfig { automatic, ..config };
        config.choose(extent);
        assert_eq!((config.automatic, config.steps), (Automatic::NONE, None));
        config
    }

    fn lengths(config: &TrainingConfig) -> [usize; 5] {
        [config.epochs, config.batch_size, config.warmup_steps, config.measure_every, config.folds]
    }

    const FEW_ROWS: Extent = Extent { training: 144, held_out: 16, mean_steps: 30.0 };
    const MANY_ROWS: Extent = Extent { training: 9_000, held_out: 1_000, mean_steps: 10.0 };

    #[test]
    fn the_rows_decide() {
        assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), FEW_ROWS)), [200, 16, 200, 10, 5]);
        assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), MANY_ROWS)), [22, 32, 620, 2, 0]);
        let middle = Extent { training: 1_600, held_out: 180, ..FEW_ROWS };
        assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), middle)), [20, 16, 200, 1, 0]);
    }

    #[test]
    fn long_rows_are_trained_on_for_fewer_steps() {
        let long = Extent { mean_steps: 200.0, ..FEW_ROWS };
        assert_eq!(chosen(&[], TrainingConfig::default(), long).epochs, 79);
        let endless = Extent { mean_steps: 1e6, ..FEW_ROWS };
        assert_eq!(chosen(&[], TrainingConfig::default(), endless).epochs, 50);
    }

    #[test]
    fn what_is_given_stands() {
        let given = ["epochs", "batch_size", "warmup_steps", "measure_every", "folds", "patience"];
        let config = TrainingConfig { epochs: 3, batch_size: 7, ..TrainingConfig::default() };
        assert_eq!(chosen(&given, config.clone(), FEW_ROWS), config);
        let steps = TrainingConfig { steps: Some(90), ..TrainingConfig::default() };
        assert_eq!(lengths(&chosen(&["folds"], steps, FEW_ROWS)), [10, 16, 9, 1, 0]);
        let share = chosen(&["validation_share"], TrainingConfig::default(), FEW_ROWS);
        assert_eq!(share.folds, 0);
    }

    #[test]
    fn rows_with_validation_rows_elsewhere_are_not_cross_validated() {
        let beside = Extent { held_out: 0, ..FEW_ROWS };
        assert_eq!(chosen(&[], TrainingConfig::default(), beside).folds, 0);
    }

    #[test]
    fn a_part_of_the_rows_is_trained_on_for_as_many_steps() {
        let config = chosen(&[], TrainingConfig::default(), FEW_ROWS);
        let fold = config.of_fold(160, 128);
        assert_eq!((fold.epochs, fold.measure_every, fold.patience), (250, 13, 250));
    }
}
