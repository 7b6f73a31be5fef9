//! What the settings may be.

use runtime::format::{MAX_BUCKETS, MAX_FRAME_STRIDE, MAX_KEPT_STEPS, MAX_LAYERS, MAX_PADDING, MAX_SIZE};

use super::settings::{LONGEST_MEAN, MOST_COMPOSED, MOST_EPOCHS, MOST_WORDS};
use super::{TeachersRead, TrainingConfig};
use crate::encoding::{Input, VocabularyBy};
use crate::error::Error;
use crate::network::{Pooling, Targets};

/// Most frames of a step.
const MOST_FRAMES: usize = 1_024;
/// Most frames of a window, and from one window to the next.
const LONGEST_SEGMENT: usize = 1 << 24;
/// Most optimizer steps.
const MOST_STEPS: usize = 1_000_000_000;
/// Most parts of a cross-validation.
const MOST_FOLDS: usize = 100;

impl TrainingConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Setting`] with the setting, its value, and what it may be.
    pub fn check(&self) -> Result<(), Error> {
        self.check_sizes()?;
        self.check_numbers()?;
        self.check_quantization()?;
        self.check_composed_words()?;
        self.check_delimiter()?;
        self.check_segment()?;
        self.check_input()
    }

    /// Checks how recordings are cut.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check_segment(&self) -> Result<(), Error> {
        if self.segment_every.is_some() && self.segment.is_none() {
            return Err(Error::Setting("--segment-every needs --segment, the frames of a window".into()));
        }
        let sizes = [("segment", self.segment), ("segment-every", self.segment_every)];
        for (name, size) in sizes.into_iter().filter_map(|(name, size)| Some((name, size?))) {
            if !(1..=LONGEST_SEGMENT).contains(&size) {
                return Err(Error::Setting(format!("--{name} {size}: expected 1 to {LONGEST_SEGMENT}")));
            }
        }
        Ok(())
    }

    fn check_delimiter(&self) -> Result<(), Error> {
        let is_one = |delimiter: char| delimiter.is_ascii_punctuation() || delimiter == '\t' || delimiter == ' ';
        match self.delimiter.filter(|delimiter| !is_one(*delimiter) || *delimiter == '"') {
            None => Ok(()),
            Some(delimiter) => {
                let problem = "expected one character of ASCII that is no letter, digit or quote, or `tab`";
                Err(Error::Setting(format!("--delimiter {}: {problem}", delimiter.escape_debug())))
            }
        }
    }

    fn check_composed_words(&self) -> Result<(), Error> {
        let (words, buckets) = (self.vocabulary_size, self.subword_buckets);
        if buckets > 0 && (self.input != Input::FingerprintedWords || self.embedding_size == 0) {
            let problem = "--subword-buckets needs --input fingerprinted-words and an --embedding-size above 0";
            return Err(Error::Setting(problem.into()));
        }
        if buckets > 0 && words > self.most_words() {
            return Err(Error::Setting(format!(
                "--subword-buckets {buckets}: expected at most {MOST_COMPOSED} together with --vocabulary-size {words}"
            )));
        }
        Ok(())
    }

    fn check_sizes(&self) -> Result<(), Error> {
        let sizes = [
            ("vocabulary-size", self.vocabulary_size, 1, MOST_WORDS),
            ("hash-buckets", self.hash_buckets, 1, MAX_BUCKETS),
            ("vocabulary-rows", self.vocabulary_rows, 0, u32::MAX as usize),
            ("max-length", self.max_length, 0, u32::MAX as usize),
            ("embedding-size", self.embedding_size, 0, MAX_SIZE),
            ("hidden-size", self.hidden_size, 1, MAX_SIZE),
            ("num-layers", self.num_layers, 1, MAX_LAYERS),
            ("pad-to", self.pad_to, 0, MAX_PADDING),
            ("frames-per-step", self.frames_per_step, 1, MOST_FRAMES),
            ("frame-stride", self.frame_stride, 1, MAX_FRAME_STRIDE),
            ("steps", self.steps.unwrap_or(1), 1, MOST_STEPS),
            ("epochs", self.epochs, 1, MOST_EPOCHS),
            ("measure-every", self.measure_every, 1, MOST_EPOCHS),
            ("batch-size", self.batch_size, 1, 1_000_000),
            ("patience", self.patience, 1, MOST_EPOCHS),
            ("folds", self.folds, 0, MOST_FOLDS),
            ("calibration-rows", self.calibration_rows, 1, 10_000_000),
        ];
        for (name, value, smallest, largest) in sizes {
            if !(smallest..=largest).contains(&value) {
                return Err(Error::Setting(format!("--{name} {value}: expected {smallest} to {largest}")));
            }
        }
        if self.bidirectional && !(1..=MAX_KEPT_STEPS).contains(&self.max_length) {
            return Err(Error::Setting(format!(
                "--max-length {}: a bidirectional network keeps all steps of a row, 1 to {MAX_KEPT_STEPS}",
                self.max_length
            )));
        }
        if self.targets == Targets::EveryStep && self.bidirectional {
            let problem = "--targets every-step: the reverse direction has no answer before the last step; \
                           train one direction, or the whole row alone";
            return Err(Error::Setting(problem.into()));
        }
        if self.max_length > 0 && self.pad_to > self.max_length {
            return Err(Error::Setting(format!(
                "--pad-to {}: expected 0 to --max-length {}",
                self.pad_to, self.max_length
            )));
        }
        if self.pooling == Pooling::Mean && !(1..=LONGEST_MEAN).contains(&self.max_length) {
            return Err(Error::Setting(format!(
                "--max-length {}: mean pooling needs 1 to {LONGEST_MEAN}",
                self.max_length
            )));
        }
        Ok(())
    }

    fn check_quantization(&self) -> Result<(), Error> {
        if self.quantize_aware.is_none() && (self.embedding_bits.is_some() || self.float_epochs.is_some()) {
            let problem = "--embedding-bits and --float-epochs speak of --quantize-aware training; give that too";
            return Err(Error::Setting(problem.into()));
        }
        if self.quantize_aware.is_some() && self.float_epochs() >= self.epochs {
            return Err(Error::Setting(format!(
                "--float-epochs {}: expected fewer than --epochs {}, so that an epoch simulates integers",
                self.float_epochs(),
                self.epochs
            )));
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), Error> {
        let below_one = |value: f64| (0.0..1.0).contains(&value);
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let from_0 = |value: f64| value.is_finite() && value >= 0.0;
        let (clipping, unit) = (f64::from(self.gradient_clipping), f64::from(self.frame_unit.unwrap_or(1.0)));
        let share_above_0 = self.training_share > 0.0 && self.training_share <= 1.0;
        let numbers = [
            ("dropout", self.dropout, below_one(self.dropout), "0 up to, but not, 1"),
            ("word-dropout", self.word_dropout, below_one(self.word_dropout), "0 up to, but not, 1"),
            ("input-noise", self.input_noise, from_0(self.input_noise), "a number from 0"),
            ("time-warp", self.time_warp, (0.0..=1.0).contains(&self.time_warp), "0 to 1"),
            ("scaling", self.scaling, (0.0..=1.0).contains(&self.scaling), "0 to 1"),
            ("cropping", self.cropping, below_one(self.cropping), "0 up to, but not, 1"),
            ("label-smoothing", self.label_smoothing, below_one(self.label_smoothing), "0 up to, but not, 1"),
            ("adversarial", self.adversarial, from_0(self.adversarial), "a number from 0"),
            ("weight-average", self.weight_average, from_0(self.weight_average), "a number from 0"),
            (
                "calibration-percentile",
                self.calibration_percentile,
                (50.0..=100.0).contains(&self.calibration_percentile),
                "50 to 100",
            ),
            ("teacher-share", self.teacher_share, (0.0..=1.0).contains(&self.teacher_share), "0 to 1"),
            ("splicing", self.splicing, below_one(self.splicing), "0 up to, but not, 1"),
            ("training-share", self.training_share, share_above_0, "a number above 0, at most 1"),
            ("validation-share", self.validation_share, below_one(self.validation_share), "0 up to, but not, 1"),
            ("learning-rate", self.learning_rate, positive(self.learning_rate), "a positive number"),
            ("gradient-clipping", clipping, positive(clipping), "a positive number"),
            ("frame-unit", unit, positive(unit), "a positive number"),
        ];
        match numbers.into_iter().find(|(_, _, fits, _)| !fits) {
            Some((name, value, _, expected)) => Err(Error::Setting(format!("--{name} {value}: expected {expected}"))),
            None => Ok(()),
        }
    }

    /// Checks that no setting is given that the input does not use.
    fn check_input(&self) -> Result<(), Error> {
        let refuse = |problem: &str| Err(Error::Setting(problem.into()));
        if self.splicing > 0.0 && self.teachers_read == TeachersRead::WholeRows {
            return refuse(
                "--splicing needs --teachers-read changed-rows: no teacher knows the answer to a spliced row",
            );
        }
        if self.splicing > 0.0 && self.teachers.is_empty() {
            return refuse("--splicing needs --teacher: nobody else knows the class of two rows in one");
        }
        if !self.teachers.is_empty() && self.targets == Targets::EveryStep {
            return refuse("--teacher: teachers answer to whole rows; use --targets last");
        }
        if self.freeze_embeddings && self.pretrained_embeddings.is_none() {
            return refuse("--freeze-embeddings needs --pretrained-embeddings, whose vectors it keeps");
        }
        if self.folds == 1 {
            return refuse("--folds 1: expected 0, or 2 and more parts");
        }
        if self.folds > 0 && self.validation.is_some() {
            let problem = "--validation: the parts of a cross-validation are its validation rows; give one of both";
            return refuse(&format!("--folds {} with {problem}", self.folds));
        }
        if self.folds > 0 && (!self.teachers.is_empty() || self.fine_tune.is_some()) {
            return refuse("--folds: a teacher or a run to tune has seen the parts that are held out; give --folds 0");
        }
        let of_words = matches!(self.input, Input::Auto | Input::Words | Input::FingerprintedWords);
        if self.pretrained_embeddings.is_some() && !of_words {
            return refuse("--pretrained-embeddings needs --input words or fingerprinted-words");
        }
        let of_rows = self.vocabulary_rows != 0 || !self.vocabulary_columns.is_empty();
        if of_rows && !of_words && self.input != Input::Characters {
            let problem = "need --input words, fingerprinted-words or characters";
            return refuse(&format!("--vocabulary-rows and --vocabulary-columns {problem}"));
        }
        if self.vocabulary_size > self.most_words() {
            let (size, most) = (self.vocabulary_size, self.most_words());
            return refuse(&format!(
                "--vocabulary-size {size}: expected at most {most} with --input fingerprinted-words"
            ));
        }
        if self.vocabulary_by == VocabularyBy::Information && !of_words {
            return refuse("--vocabulary-by information needs --input words or fingerprinted-words");
        }
        if self.frame_unit.is_some() && !matches!(self.input, Input::Auto | Input::Frames) {
            return refuse("--frame-unit needs --input frames");
        }
        Ok(())
    }
}
