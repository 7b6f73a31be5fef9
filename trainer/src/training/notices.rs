//! What is noticed about rows while they are encoded.

use runtime::text::FIRST_WORD_TOKEN;

use crate::config::TrainingConfig;
use crate::data::{DataError, Part};
use crate::encoding::{Encoder, Input};
use crate::network::Sequence;

/// What was noticed about the rows of both parts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EncodingCounts {
    training: PartCounts,
    validation: PartCounts,
}

#[derive(Debug, Clone, Copy, Default)]
struct PartCounts {
    rows: usize,
    /// Rows with more steps than are read.
    cut: usize,
    /// Rows without a token that stands for something known.
    unknown: usize,
    /// Steps of the longest row, those that are not read too.
    longest: usize,
}

impl EncodingCounts {
    /// Counts a row: `steps` as it stands, and the sequence that is made of it.
    pub(super) fn add(&mut self, part: Part, steps: usize, sequence: &Sequence) {
        let counts = match part {
            Part::Training => &mut self.training,
            Part::Validation => &mut self.validation,
        };
        let is_known = match sequence {
            Sequence::Tokens(tokens) => tokens.iter().any(|token| *token >= FIRST_WORD_TOKEN),
            Sequence::Frames { values, .. } => !values.is_empty(),
        };
        counts.rows += 1;
        counts.cut += usize::from(steps > sequence.steps());
        counts.unknown += usize::from(!is_known);
        counts.longest = counts.longest.max(steps);
    }

    /// Refuses rows that say nothing.
    ///
    /// # Errors
    /// [`DataError::NoWords`], [`DataError::NoTexts`].
    pub(super) fn check(&self, encoder: &Encoder, place: &str) -> Result<(), DataError> {
        if self.training.unknown < self.training.rows {
            return Ok(());
        }
        let place = place.into();
        match encoder.input() {
            Input::Characters | Input::Bytes => Err(DataError::NoTexts { place }),
            _ => Err(DataError::NoWords { place }),
        }
    }

    /// Lines about rows that are cut, and about rows that say nothing that is known.
    pub(super) fn notices(&self, config: &TrainingConfig, encoder: &Encoder) -> Vec<String> {
        let parts = [("training", self.training), ("validation", self.validation)];
        let advice = match encoder.input() {
            Input::Frames if config.segment.is_none() => " (--segment N cuts all rows into windows of N frames)",
            _ => "",
        };
        let cut = parts.iter().filter(|(_, counts)| counts.cut > 0).map(|(name, counts)| {
            format!(
                "{} of {} {name} rows are longer than --max-length {} steps and are cut; the longest has {}{}",
                counts.cut, counts.rows, config.max_length, counts.longest, advice
            )
        });
        let what = match encoder.input() {
            Input::Characters => "character",
            Input::Bytes => "byte",
            Input::Frames => "frame",
            _ => "known word",
        };
        let unknown = parts.iter().filter(|(_, counts)| counts.unknown > 0).map(|(name, counts)| {
            format!(
                "{} of {} {name} rows have no {what}: the model cannot tell them apart",
                counts.unknown, counts.rows
            )
        });
        cut.chain(unknown).collect()
    }
}
