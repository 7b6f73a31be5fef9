//! Batches made ready on a thread of their own, before they are needed.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::TeacherEncoding;
use crate::batches::{Batch, Changes, SignalAugmentation};
use crate::encoding::StepLayout;
use crate::error::Error;
use crate::examples::{Example, Examples};
use crate::network::{Packed, Sequence};
use crate::operations::recurrence::Grid;

/// Batches that are ready at most.
const AHEAD: usize = 4;

/// A batch, and where its chance goes on.
pub(super) struct Ready {
    /// Its rows, dealt out to the devices.
    pub(super) shares: Vec<Share>,
    pub(super) rng: ChaCha8Rng,
}

/// A device's rows of a batch.
pub(super) struct Share {
    pub(super) batch: Batch,
    /// What the teachers are asked, where they read rows as they are changed.
    pub(super) questions: Option<Packed>,
    /// The number of each row among the training rows.
    pub(super) numbers: Vec<usize>,
    /// Whether each row has the end of another one, and so no class.
    pub(super) spliced: Vec<bool>,
}

/// A training row as it is changed for a batch.
#[derive(Clone)]
pub(super) struct ChangedRow {
    pub(super) number: usize,
    pub(super) example: Example,
    /// Whether it has the end of another row.
    pub(super) spliced: bool,
}

impl Share {
    /// Deals rows out in turn to so many shares, all with the vocabulary of the whole batch; fewer shares if there
    /// are fewer rows.
    pub(super) fn deal(rows: &[ChangedRow], teachers: Option<&TeacherEncoding>, count: usize) -> Vec<Self> {
        let count = count.min(rows.len()).max(1);
        let mut shares: Vec<Self> =
            (0..count).map(|first| Self::new(rows.iter().skip(first).step_by(count), teachers)).collect();
        if count > 1 {
            let mut vocabulary: Vec<u32> =
                shares.iter().flat_map(|share| share.batch.packed.vocabulary()).copied().collect();
            vocabulary.sort_unstable();
            vocabulary.dedup();
            shares.iter_mut().for_each(|share| share.batch.packed.widen_vocabulary(&vocabulary));
        }
        shares
    }

    fn new<'r>(rows: impl Iterator<Item = &'r ChangedRow> + Clone, teachers: Option<&TeacherEncoding>) -> Self {
        let questions = teachers.filter(|teachers| teachers.are_asked()).map(|_| {
            let sequences: Vec<Sequence> = rows.clone().map(|row| row.example.sequence.clone()).collect();
            Packed::new(&sequences)
        });
        let learned = |row: &ChangedRow| match teachers {
            Some(teachers) => teachers.learner_example(row.example.clone()),
            None => row.example.clone(),
        };
        Self {
            batch: Batch::new(rows.clone().map(learned).collect()),
            questions,
            numbers: rows.clone().map(|row| row.number).collect(),
            spliced: rows.map(|row| row.spliced).collect(),
        }
    }
}

/// How batches are made of rows.
#[derive(Clone, Copy)]
pub(super) struct Making<'e> {
    pub(super) examples: &'e Examples,
    pub(super) teachers: Option<&'e TeacherEncoding>,
    pub(super) word_dropout: f64,
    /// What tokens become that are dropped.
    pub(super) unknown: &'e [u32],
    pub(super) signal: Option<(SignalAugmentation, &'e StepLayout)>,
    pub(super) input_noise: f64,
    pub(super) splicing: f64,
    pub(super) input_grids: &'e [Grid],
    /// Shares of each batch.
    pub(super) shares: usize,
}

impl Making<'_> {
    fn ready(&self, rows: &[usize], mut rng: ChaCha8Rng) -> Result<Ready, Error> {
        let read =
            |number: &usize| Ok(ChangedRow { number: *number, example: self.examples.get(*number)?, spliced: false });
        let mut rows: Vec<ChangedRow> = rows.iter().map(read).collect::<Result<_, Error>>()?;
        for row in &mut rows {
            row.spliced = self.splice(&mut row.example, &mut rng)?;
        }
        let Self { word_dropout, unknown, signal, input_noise, input_grids, .. } = *self;
        let mut changes = Changes { word_dropout, unknown, signal, input_noise, input_grids, rng: &mut rng };
        rows.iter_mut().for_each(|row| changes.apply(&mut row.example.sequence));
        Ok(Ready { shares: Share::deal(&rows, self.teachers, self.shares), rng })
    }

    /// Gives a share of the rows the end of another one, from a place where both are.
    fn splice(&self, row: &mut Example, rng: &mut ChaCha8Rng) -> Result<bool, Error> {
        if self.splicing == 0.0 || !rng.random_bool(self.splicing) {
            return Ok(false);
        }
        let other = self.examples.get(rng.random_range(0..self.examples.len()))?.sequence;
        if let (Sequence::Tokens(tokens), Sequence::Tokens(other)) = (&mut row.sequence, other) {
            let place = rng.random_range(0..=tokens.len().min(other.len()));
            tokens.truncate(place);
            tokens.extend_from_slice(&other[place..]);
        }
        Ok(true)
    }
}

/// The batches of these rows in their order, each with its own chance, until nobody takes them any more.
pub(super) fn prefetch<'scope, 'env: 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    making: Making<'env>,
    batches: &'env [Vec<usize>],
    chance: impl Fn(usize) -> ChaCha8Rng + Send + 'scope,
    first: usize,
) -> Receiver<Result<Ready, Error>> {
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
