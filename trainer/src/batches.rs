//! Encoded rows in batches of similar length.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use runtime::text::{PADDING_TOKEN, UNKNOWN_TOKEN};

use crate::network::{Packed, Sequence, normal_value};

/// Batches that are sorted by length together, so that a batch holds rows of similar length and an epoch
/// still differs from the next.
const BATCHES_PER_BUCKET: usize = 32;

/// An encoded row.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its steps.
    pub sequence: Sequence,
    /// The number of its class.
    pub class: usize,
}

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
    /// Share of tokens, padding left out, that become unknown.
    pub word_dropout: f64,
    /// Standard deviation of what is added to each value of a normalized frame.
    pub input_noise: f64,
    /// Where chance comes from.
    pub rng: &'r mut ChaCha8Rng,
}

impl Changes<'_> {
    fn apply(&mut self, row: &mut Sequence) {
        match row {
            Sequence::Tokens(tokens) => {
                for token in tokens.iter_mut().filter(|token| **token != PADDING_TOKEN) {
                    if self.rng.random_bool(self.word_dropout) {
                        *token = UNKNOWN_TOKEN;
                    }
                }
            }
            Sequence::Frames { values, .. } if self.input_noise > 0.0 => {
                values.iter_mut().for_each(|value| *value += self.input_noise as f32 * normal_value(self.rng));
            }
            Sequence::Frames { .. } => {}
        }
    }
}

impl Batch {
    /// A batch of examples, changed by chance in training.
    pub fn new<'e>(examples: impl Iterator<Item = &'e Example>, changes: Option<Changes<'_>>) -> Self {
        let (rows, classes) = changed(examples, changes);
        Self { packed: Packed::new(&rows), classes }
    }

    /// The same, its rows dealt out in turn to so many batches, with the vocabulary of all of them each; fewer
    /// batches if there are fewer rows.
    pub fn shares<'e>(
        examples: impl Iterator<Item = &'e Example>,
        changes: Option<Changes<'_>>,
        count: usize,
    ) -> Vec<Self> {
        if count < 2 {
            return vec![Self::new(examples, changes)];
        }
        let (rows, classes) = changed(examples, changes);
        let count = count.min(rows.len()).max(1);
        let share = |first: usize| {
            let rows: Vec<_> = rows.iter().skip(first).step_by(count).cloned().collect();
            let classes = classes.iter().skip(first).step_by(count).copied().collect();
            Self { packed: Packed::new(&rows), classes }
        };
        let mut shares: Vec<Self> = (0..count).map(share).collect();
        let mut vocabulary: Vec<u32> = shares.iter().flat_map(|share| share.packed.vocabulary()).copied().collect();
        vocabulary.sort_unstable();
        vocabulary.dedup();
        shares.iter_mut().for_each(|share| share.packed.widen_vocabulary(&vocabulary));
        shares
    }
}

/// Sequences and classes of examples, changed by chance in training.
fn changed<'e>(
    examples: impl Iterator<Item = &'e Example>,
    changes: Option<Changes<'_>>,
) -> (Vec<Sequence>, Vec<usize>) {
    let (mut rows, classes): (Vec<_>, Vec<_>) =
        examples.map(|example| (example.sequence.clone(), example.class)).unzip();
    if let Some(mut changes) = changes {
        rows.iter_mut().for_each(|row| changes.apply(row));
    }
    (rows, classes)
}

/// The rows of each batch of an epoch: shuffled, sorted by length within buckets, the batches shuffled.
pub fn epoch_batches(examples: &[Example], batch_size: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.shuffle(rng);
    let mut batches: Vec<Vec<usize>> = order
        .chunks_mut(batch_size * BATCHES_PER_BUCKET)
        .flat_map(|bucket| {
            bucket.sort_by_key(|row| examples[*row].sequence.steps());
            bucket.chunks(batch_size).map(<[usize]>::to_vec)
        })
        .collect();
    batches.shuffle(rng);
    batches
}

/// The rows in batches for measuring, sorted by length.
pub fn evaluation_batches(examples: &[Example], batch_size: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.sort_by_key(|row| examples[*row].sequence.steps());
    order.chunks(batch_size).map(<[usize]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn examples() -> Vec<Example> {
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
            let packed = Batch::new(batch.iter().map(|row| &examples[*row]), None).packed;
            steps += packed.total_steps();
            padded += packed.steps() * packed.rows();
        }
        assert!(padded * 100 <= steps * 105, "{padded} for {steps}");
    }

    #[test]
    fn word_dropout_makes_its_share_of_words_unknown() {
        let rows = vec![Example { sequence: Sequence::Tokens(vec![9; 100]), class: 0 }; 50];
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let batch = Batch::new(rows.iter(), Some(Changes { word_dropout: 0.2, input_noise: 0.0, rng: &mut rng }));
        let device = Default::default();
        let tokens = batch.packed.tokens::<burn_ndarray::NdArray>(&device).into_data();
        let unknown = tokens.iter::<i64>().filter(|token| *token == i64::from(UNKNOWN_TOKEN)).count();
        assert!((850..1150).contains(&unknown), "{unknown} of 5000");
    }

    #[test]
    fn noise_has_its_deviation_and_leaves_tokens_alone() {
        let frames = Sequence::Frames { channels: 4, values: vec![1.0; 20_000] };
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let mut changes = Changes { word_dropout: 0.0, input_noise: 0.3, rng: &mut rng };
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
