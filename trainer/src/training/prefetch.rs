//! Batches made ready on a thread of their own, before they are needed.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use rand_chacha::ChaCha8Rng;

use crate::batches::{Batch, Changes, Example};

/// Batches that are ready at most.
const AHEAD: usize = 4;

/// A batch, and what goes with it.
pub(super) struct Ready {
    /// The batch in shares, as [`Batch::shares`] makes them.
    pub(super) shares: Vec<Batch>,
    /// Where the batch's chance goes on.
    pub(super) rng: ChaCha8Rng,
}

/// How batches are made of rows.
#[derive(Clone, Copy)]
pub(super) struct Making<'e> {
    pub(super) examples: &'e [Example],
    pub(super) word_dropout: f64,
    pub(super) input_noise: f64,
    /// Shares of each batch.
    pub(super) shares: usize,
}

impl Making<'_> {
    fn ready(&self, rows: &[usize], mut rng: ChaCha8Rng) -> Ready {
        let changes = Changes { word_dropout: self.word_dropout, input_noise: self.input_noise, rng: &mut rng };
        let shares = Batch::shares(rows.iter().map(|row| &self.examples[*row]), Some(changes), self.shares);
        Ready { shares, rng }
    }
}

/// The batches of these rows in their order, each with its own chance, until nobody takes them any more.
pub(super) fn prefetch<'scope, 'env: 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    making: Making<'env>,
    batches: &'env [Vec<usize>],
    chance: impl Fn(usize) -> ChaCha8Rng + Send + 'scope,
    first: usize,
) -> Receiver<Ready> {
    let (sender, receiver) = sync_channel(AHEAD);
    scope.spawn(move || {
        for (number, rows) in batches.iter().enumerate().skip(first) {
            if sender.send(making.ready(rows, chance(number))).is_err() {
                break;
            }
        }
    });
    receiver
}
