//! Settings that nobody gave, chosen once the rows are known.

use std::fmt;

use clap::ValueEnum;

use super::TrainingConfig;
use super::settings::MOST_EPOCHS;
use super::signal::ChosenBySignal;
use crate::network::Pooling;

/// Fewest rows that count as many.
pub(super) const MANY_ROWS: usize = 3_000;
/// Training on few rows and on many.
const FEW: Length = Length { steps: 2_000, batch_size: 16 };
const MANY: Length = Length { steps: 6_000, batch_size: 32 };
/// Training on many rows of many frames.
const MANY_WINDOWS: Length = Length { steps: 1_500, batch_size: 32 };
/// Fewer rows than this are dealt into batches of half the size, as rows are in long batches.
const VERY_FEW_ROWS: usize = 100;
/// Fewest optimizer steps.
const FEWEST_STEPS: usize = 500;
/// Passes over the rows, at least, where time allows.
const FEWEST_EPOCHS: usize = 5;
/// Rows of fewer words or steps of frames, on average, are trained on for twice as many steps: each costs little.
const SHORT_ROW: f64 = 16.0;
/// Words or frames of a batch, on average, above which few rows are dealt into batches of half the size.
const LONG_BATCH: f64 = 2_048.0;
/// Words or frames that a training takes in at most, with an adversary twice each: some minutes on two cores.
const MOST_TAKEN: f64 = 25e6;

/// Fewer rows than this are cross-validated.
const CROSS_VALIDATED_BELOW: usize = 400;
/// Parts of a cross-validation, and of one whose trainings take in more than [`MANY_TAKEN`] words or frames.
const FOLDS: usize = 5;
const FEW_FOLDS: usize = 3;
const MANY_TAKEN: f64 = 2e6;
/// Words or frames that each training of a cross-validation takes in at most.
const MOST_TAKEN_CROSSED: f64 = 3.5e6;
/// Rows of a part, at least.
const SMALLEST_FOLD: usize = 2;

/// Dropout for few rows and those of many frames, and for others.
const STRONG_DROPOUT: f64 = 0.5;
const WEAK_DROPOUT: f64 = 0.3;
/// How far an adversary moves the vectors of words, and how far frames, as a share of their norm.
const ADVERSARY_OF_WORDS: f64 = 0.05;
const ADVERSARY_OF_FRAMES: f64 = 0.1;
/// Measurements on the validation rows at most, where an epoch is short.
const MEASUREMENTS: usize = 20;

/// How long to train.
#[derive(Debug, Clone, Copy)]
struct Length {
    steps: usize,
    batch_size: usize,
}

/// The settings that are chosen once the rows are known: those that neither an argument, nor a file, nor a preset gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Automatic {
    /// `epochs`, unless `steps` were given.
    pub epochs: bool,
    /// `measure_every`
    pub measure_every: bool,
    /// `batch_size`
    pub batch_size: bool,
    /// `dropout`
    pub dropout: bool,
    /// `adversarial`
    pub adversarial: bool,
    /// `pooling`
    pub pooling: bool,
    /// `warmup_steps`
    pub warmup_steps: bool,
    /// `patience`
    pub patience: bool,
    /// `folds`
    pub folds: bool,
    /// `frames_per_step` and `frame_stride`
    pub step_of_frames: bool,
    /// `frame_differences`
    pub frame_differences: bool,
    /// `time_warp`
    pub time_warp: bool,
    /// `scaling`
    pub scaling: bool,
    /// `cropping`
    pub cropping: bool,
}

/// How many rows there are, and how long they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Rows to train on.
    pub training: usize,
    /// Rows that are held out of those to validate with; 0 where validation rows stand elsewhere.
    pub held_out: usize,
    /// Mean number of words or frames of a row.
    pub mean_steps: f64,
    /// Whether rows are frames of numbers.
    pub of_frames: bool,
    /// Groups of rows that a split keeps on one side; of rows that stand for themselves as many as there can be.
    pub groups: usize,
}

/// What was chosen, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chosen {
    rows: usize,
    steps: usize,
    epochs: usize,
    batch_size: usize,
    warmup_steps: usize,
    dropout: f64,
    adversarial: f64,
    pooling: Pooling,
    folds: usize,
    /// What the signal decided, where rows are of frames.
    by_signal: Option<ChosenBySignal>,
}

impl Automatic {
    /// Nothing is chosen: every setting stands as it is.
    pub const NONE: Self = Self {
        epochs: false,
        measure_every: false,
        batch_size: false,
        dropout: false,
        adversarial: false,
        pooling: false,
        warmup_steps: false,
        patience: false,
        folds: false,
        step_of_frames: false,
        frame_differences: false,
        time_warp: false,
        scaling: false,
        cropping: false,
    };

    /// All settings are chosen for which `is_given` does not hold; it is asked with the name of the setting.
    pub fn unless(is_given: impl Fn(&str) -> bool) -> Self {
        Self {
            epochs: !is_given("epochs"),
            measure_every: !is_given("measure_every"),
            batch_size: !is_given("batch_size"),
            dropout: !is_given("dropout"),
            adversarial: !is_given("adversarial"),
            pooling: !is_given("pooling"),
            warmup_steps: !is_given("warmup_steps"),
            patience: !is_given("patience"),
            folds: !["folds", "validation", "validation_share"].into_iter().any(&is_given),
            step_of_frames: !["frames_per_step", "frame_stride", "teachers"].into_iter().any(&is_given),
            frame_differences: !["frame_differences", "teachers"].into_iter().any(&is_given),
            time_warp: !is_given("time_warp"),
            scaling: !is_given("scaling"),
            cropping: !is_given("cropping"),
        }
    }
}

impl TrainingConfig {
    /// Puts the settings that are chosen by the rows in their places; nothing is automatic afterwards. Returns nothing
    /// if nothing was to be chosen.
    ///
    /// - The length is given in optimizer steps, not in passes over the rows: a network needs some thousand steps however
    ///   few rows there are, and every row some passes. The learning rate rises for a tenth of the steps.
    /// - Small sets learn from small batches. Rows are so many, or so long, that a default training takes minutes at most.
    /// - Many rows of many frames are mostly windows of few recordings and resemble one another: a longer training learns
    ///   the recordings.
    /// - Dropout is strong for few rows, and for rows of many frames.
    /// - An adversary makes up for rows that are few. It doubles the time: many rows are rather trained on with one for
    ///   down to half of the steps, but few long ones without.
    /// - Of a few frames the last state knows all, and is what the class is told by; of many it forgets the first ones.
    /// - Few rows are cross-validated, as a tenth of them would say little, and then trained on together.
    pub fn choose(&mut self, extent: Extent) -> Option<Chosen> {
        let automatic = std::mem::replace(&mut self.automatic, Automatic::NONE);
        if automatic == Automatic::NONE && self.steps.is_none() {
            return None;
        }
        let all_rows = extent.training + extent.held_out;
        let is_few = all_rows < MANY_ROWS;
        let is_short = extent.mean_steps < SHORT_ROW;
        let are_windows = extent.of_frames && !is_short;
        let mut length = match is_few {
            true => FEW,
            false if are_windows => MANY_WINDOWS,
            false => MANY,
        };
        if is_short {
            length.steps *= 2;
        }
        if automatic.batch_size {
            let is_long = is_few && extent.mean_steps * length.batch_size as f64 > LONG_BATCH;
            let is_halved = is_long || all_rows < VERY_FEW_ROWS;
            self.batch_size = if is_halved { length.batch_size / 2 } else { length.batch_size };
        }
        if automatic.dropout {
            self.dropout = if is_few || are_windows { STRONG_DROPOUT } else { WEAK_DROPOUT };
        }
        let taken_a_step = extent.mean_steps.max(1.0) * self.batch_size as f64;
        let is_alone = self.teachers.is_empty() && self.fine_tune.is_none();
        if automatic.folds && extent.held_out > 0 && is_alone && all_rows < CROSS_VALIDATED_BELOW {
            let takes_long = taken_a_step * length.steps as f64 > MANY_TAKEN;
            self.folds = if takes_long { FEW_FOLDS } else { FOLDS }.min(all_rows / SMALLEST_FOLD).min(extent.groups);
        }
        let most = if self.folds > 0 { MOST_TAKEN_CROSSED } else { MOST_TAKEN };
        let mut affordable = (most / taken_a_step) as usize;
        let rows = if self.folds > 0 { all_rows } else { extent.training };
        let batches = rows.div_ceil(self.batch_size);
        let is_chosen = automatic.epochs && self.steps.is_none();
        let adversary = match extent.of_frames {
            _ if !automatic.adversarial => 0.0,
            true => ADVERSARY_OF_FRAMES,
            false if self.embedding_size > 0 && !self.freeze_embeddings => ADVERSARY_OF_WORDS,
            false => 0.0,
        };
        let halves = !is_few && adversary > 0.0 && affordable >= length.steps;
        let steps = match self.steps {
            Some(steps) => steps,
            None if is_chosen && halves => length.steps.min(affordable / 2),
            None if is_chosen => length.steps.min(affordable).max(FEWEST_STEPS),
            None => self.epochs * batches,
        };
        if automatic.adversarial && 2 * steps <= affordable {
            self.adversarial = adversary;
        }
        if is_chosen {
            affordable /= if self.adversarial > 0.0 { 2 } else { 1 };
            self.steps = Some(steps.max(affordable.min(FEWEST_EPOCHS * batches)));
        }
        self.fix_length(rows, automatic.measure_every);
        let steps = self.epochs * batches;
        if automatic.pooling && extent.of_frames && is_short {
            self.pooling = Pooling::Last;
        }
        if automatic.warmup_steps {
            self.warmup_steps = steps / 10;
        }
        if automatic.patience {
            self.patience = self.epochs.div_ceil(2).max(1);
        }
        let by_signal = extent.of_frames.then(|| ChosenBySignal::of(self, automatic));
        let Self { epochs, batch_size, warmup_steps, dropout, adversarial, pooling, folds, .. } = *self;
        Some(Chosen { rows, steps, epochs, batch_size, warmup_steps, dropout, adversarial, pooling, folds, by_signal })
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
    pub fn of_fold(&self, all_rows: usize, rows: usize) -> Self {
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
        let Self { rows, steps, epochs, batch_size, warmup_steps, dropout, adversarial, pooling, folds, .. } = self;
        write!(formatter, "chosen for {rows} rows: {steps} steps of {batch_size} rows ({epochs} epochs), ")?;
        write!(formatter, "warm-up {warmup_steps} steps, dropout {dropout}, adversary {adversarial}")?;
        if let Some(pooling) = pooling.to_possible_value() {
            write!(formatter, ", pooling {}", pooling.get_name())?;
        }
        let mut settings = "--steps, --batch-size, --warmup-steps, --dropout, --adversarial, --pooling".to_owned();
        if let Some(by_signal) = &self.by_signal {
            by_signal.fmt(formatter)?;
            by_signal.options().for_each(|option| settings.extend([", --", option]));
        }
        if *folds > 0 {
            write!(formatter, "; so few rows are validated in {folds} parts, then all are trained on")?;
            settings += ", --folds";
        }
        write!(formatter, " (settings: {settings})")
    }
}

#[cfg(test)]
mod tests;
