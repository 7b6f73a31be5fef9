//! Encoded rows in batches of similar length.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use runtime::text::UNKNOWN_TOKEN;

use crate::network::Packed;

/// Batches that are sorted by length together, so that a batch holds rows of similar length and an epoch
/// still differs from the next.
const BATCHES_PER_BUCKET: usize = 32;

/// What a network takes in, step by step.
#[derive(Debug, Clone, PartialEq)]
pub enum Sequence {
    /// One token a step.
    Tokens(Vec<u32>),
    /// `[steps * channels]`, one frame a step, normalized.
    Frames(Vec<f32>),
}

/// An encoded row.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its content.
    pub sequence: Sequence,
    /// The number of its class.
    pub class: usize,
}

impl Sequence {
    /// The tokens; none of frames.
    pub fn tokens(&self) -> &[u32] {
        match self {
            Self::Tokens(tokens) => tokens,
            Self::Frames(_) => &[],
        }
    }
}

/// Rows that are computed together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Their tokens.
    pub packed: Packed,
    /// Their classes.
    pub classes: Vec<usize>,
}

impl Batch {
    /// A batch of examples; a share `word_dropout` of the words becomes unknown.
    pub fn new<'e>(examples: impl Iterator<Item = &'e Example>, word_dropout: Option<(f64, &mut ChaCha8Rng)>) -> Self {
        let (mut rows, classes): (Vec<_>, Vec<_>) =
            examples.map(|example| (example.sequence.tokens().to_vec(), example.class)).unzip();
        if let Some((share, rng)) = word_dropout {
            for token in rows.iter_mut().flatten() {
                if rng.random_bool(share) {
                    *token = UNKNOWN_TOKEN;
                }
            }
        }
        Self { packed: Packed::new(&rows), classes }
    }
}

/// The rows of each batch of an epoch: shuffled, sorted by length within buckets, the batches shuffled.
pub fn epoch_batches(examples: &[Example], batch_size: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.shuffle(rng);
    let mut batches: Vec<Vec<usize>> = order
        .chunks_mut(batch_size * BATCHES_PER_BUCKET)
        .flat_map(|bucket| {
            bucket.sort_by_key(|row| examples[*row].sequence.tokens().len());
            bucket.chunks(batch_size).map(<[usize]>::to_vec)
        })
        .collect();
    batches.shuffle(rng);
    batches
}

/// The rows in batches for measuring, sorted by length.
pub fn evaluation_batches(examples: &[Example], batch_size: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.sort_by_key(|row| examples[*row].sequence.tokens().len());
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
        let batch = Batch::new(rows.iter(), Some((0.2, &mut rng)));
        let device = Default::default();
        let tokens = batch.packed.tokens::<burn_ndarray::NdArray>(&device).into_data();
        let unknown = tokens.iter::<i64>().filter(|token| *token == i64::from(UNKNOWN_TOKEN)).count();
        assert!((850..1150).contains(&unknown), "{unknown} of 5000");
    }
}
