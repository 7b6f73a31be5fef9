//! Encoded rows in batches of similar length.

mod signal;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use runtime::text::{PADDING_TOKEN, UNKNOWN_TOKEN};

pub use signal::SignalAugmentation;

use crate::encoding::StepLayout;
use crate::error::Error;
use crate::examples::{Example, Examples};
use crate::network::{Packed, Sequence, normal_value};
use crate::operations::recurrence::Grid;

/// Batches that are sorted by length together, so that a batch holds rows of similar length and an epoch
/// still differs from the next.
const BATCHES_PER_BUCKET: usize = 32;

/// Rows that are computed together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Their steps.
    pub packed: Packed,
    /// Their classes.
    pub classes: Vec<usize>,
}

/// What training changes in rows by chance.
pub struct Changes<'r> {
    /// Share of tokens, padding left out, that become those of an unknown word.
    pub word_dropout: f64,
    /// What each token becomes then; those that are not among these become [`UNKNOWN_TOKEN`].
    pub unknown: &'r [u32],
    /// Standard deviation of what is added to each value of a normalized frame.
    pub input_noise: f64,
    /// How rows of frames are changed, and how their frames lie in steps.
    pub signal: Option<(SignalAugmentation, &'r StepLayout)>,
    /// What the integers stand for that each channel of a frame is rounded to; none: no rounding.
    pub input_grids: &'r [Grid],
    /// Where chance comes from.
    pub rng: &'r mut ChaCha8Rng,
}

impl Changes<'_> {
    /// Changes a row.
    pub fn apply(&mut self, row: &mut Sequence) {
        match row {
            Sequence::Tokens(tokens) => {
                for token in tokens.iter_mut().filter(|token| **token != PADDING_TOKEN) {
                    if self.rng.random_bool(self.word_dropout) {
                        *token = self.unknown.get(*token as usize).copied().unwrap_or(UNKNOWN_TOKEN);
                    }
                }
            }
            Sequence::Frames { values, channels } => {
                if let Some((signal, layout)) = &self.signal {
                    signal.apply(values, layout, self.rng);
                }
                if self.input_noise > 0.0 {
                    values.iter_mut().for_each(|value| *value += self.input_noise as f32 * normal_value(self.rng));
                }
                for frame in values.chunks_mut((*channels).max(1)) {
                    frame.iter_mut().zip(self.input_grids).for_each(|(value, grid)| *value = grid.nearest(*value));
                }
            }
        }
    }
}

impl Batch {
    /// A batch of examples.
    pub fn new(examples: Vec<Example>) -> Self {
        let (rows, classes): (Vec<_>, Vec<_>) =
            examples.into_iter().map(|example| (example.sequence, example.class)).unzip();
        Self { packed: Packed::new(&rows), classes }
    }

    /// A batch of the examples with these numbers.
    ///
    /// # Errors
    /// As [`Examples::get`].
    pub fn read(examples: &Examples, rows: &[usize]) -> Result<Self, Error> {
        rows.iter().map(|row| examples.get(*row)).collect::<Result<_, _>>().map(Self::new)
    }
}

/// The rows of each batch of an epoch: shuffled, sorted by length within buckets, the batches shuffled.
pub fn epoch_batches(examples: &Examples, batch_size: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.shuffle(rng);
    let mut batches: Vec<Vec<usize>> = order
        .chunks_mut(batch_size * BATCHES_PER_BUCKET)
        .flat_map(|bucket| {
            bucket.sort_by_key(|row| examples.steps(*row));
            bucket.chunks(batch_size).map(<[usize]>::to_vec)
        })
        .collect();
    batches.shuffle(rng);
    batches
}

/// The rows in batches for measuring, sorted by length.
pub fn evaluation_batches(examples: &Examples, batch_size: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.sort_by_key(|row| examples.steps(*row));
    order.chunks(batch_size).map(<[usize]>::to_vec).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn no_changes(rng: &mut ChaCha8Rng) -> Changes<'_> {
        Changes { word_dropout: 0.0, unknown: &[], signal: None, input_noise: 0.0, input_grids: &[], rng }
    }

    fn examples() -> Examples {
        (0..5_000).map(|row| Example { sequence: Sequence::Tokens(vec![2; row * 7919 % 60]), class: 0 }).collect()
    }

    #[test]
    fn an_epoch_has_every_row_once_and_wastes_little_on_differing_lengths() {
        let examples = examples();
        let batches = epoch_batches(&examples, 32, &mut ChaCha8Rng::seed_from_u64(3));
        let mut rows: Vec<usize> = batches.iter().flatten().copied().collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..examples.len()).collect::<Vec<_>>());
        let (mut steps, mut padded) = (0, 0);
        for batch in &batches {
            let packed = Batch::read(&examples, batch).unwrap().packed;
            steps += packed.total_steps();
            padded += packed.steps() * packed.rows();
        }
        assert!(padded * 100 <= steps * 105, "{padded} for {steps}");
    }

    #[test]
    fn word_dropout_makes_its_share_of_words_unknown() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut row = Sequence::Tokens(vec![9; 5000]);
        Changes { word_dropout: 0.2, ..no_changes(&mut rng) }.apply(&mut row);
        let unknown = row.tokens().iter().filter(|token| **token == UNKNOWN_TOKEN).count();
        assert!((850..1150).contains(&unknown), "{unknown} of 5000");
    }

    #[test]
    fn a_dropped_word_becomes_what_it_would_be_if_it_were_not_known() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut row = Sequence::Tokens([3, 4, 0].repeat(1000));
        Changes { word_dropout: 0.2, unknown: &[0, 1, 2, 90], ..no_changes(&mut rng) }.apply(&mut row);
        let count = |token| row.tokens().iter().filter(|found| **found == token).count();
        assert!(count(90) > 100 && count(UNKNOWN_TOKEN) > 100, "{} {}", count(90), count(UNKNOWN_TOKEN));
        assert_eq!([count(90) + count(3), count(UNKNOWN_TOKEN) + count(4), count(0)], [1000; 3]);
    }

    #[test]
    fn frames_are_rounded_channel_by_channel() {
        let mut frames = Sequence::Frames { channels: 2, values: vec![0.3, 0.3, -9.0, 9.0] };
        let input_grids = [Grid::new(0.25, 127.0), Grid::new(1.0, 7.0)];
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        Changes { input_grids: &input_grids, ..no_changes(&mut rng) }.apply(&mut frames);
        assert_eq!(frames, Sequence::Frames { channels: 2, values: vec![0.25, 0.0, -9.0, 7.0] });
    }

    #[test]
    fn noise_has_its_deviation_and_leaves_tokens_alone() {
        let frames = Sequence::Frames { channels: 4, values: vec![1.0; 20_000] };
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let mut changes = Changes { input_noise: 0.3, ..no_changes(&mut rng) };
        let mut tokens = Sequence::Tokens(vec![7; 9]);
        changes.apply(&mut tokens);
        assert_eq!(tokens, Sequence::Tokens(vec![7; 9]));
        let mut noisy = frames;
        changes.apply(&mut noisy);
        let Sequence::Frames { values, .. } = noisy else { unreachable!() };
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / values.len() as f32;
        assert!((mean - 1.0).abs() < 0.01 && (variance.sqrt() - 0.3).abs() < 0.01, "{mean} {variance}");
    }
}
