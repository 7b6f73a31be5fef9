//! The rows on slices.

use std::iter::zip;

use burn::tensor::ops::FloatTensor;
use rayon::prelude::*;

use super::super::host::{Host, Values, tensor};
use super::super::wrap;
use super::{AdamStep, AdamTable, BETA_1, BETA_2, Missed, TableRows};

/// Rows that one thread takes at least.
const ROWS_AT_ONCE: usize = 128;

pub(in super::super) fn table_rows(table: &AdamTable<Host>, rows: &TableRows) -> FloatTensor<Host> {
    let [_, size] = wrap::<Host, 2>(table.vectors.clone()).dims();
    let [vectors, first, second] = [&table.vectors, &table.first, &table.second].map(|table| Values::of(table.clone()));
    let mut found = vec![0.0; rows.tokens.len() * size];
    if size > 0 {
        let given = zip(&rows.tokens, &rows.missed).collect::<Vec<_>>();
        let chunks = found.par_chunks_mut(ROWS_AT_ONCE * size).zip(given.par_chunks(ROWS_AT_ONCE));
        chunks.for_each(|(found, given)| {
            for (found, (token, missed)) in zip(found.chunks_mut(size), given) {
                let place = **token as usize * size;
                let moments = zip(&first[place..][..size], &second[place..][..size]);
                for (found, (vector, (first, second))) in zip(found, zip(&vectors[place..][..size], moments)) {
                    *found = missed.vector(*vector, *first, *second);
                }
            }
        });
    }
    tensor(found, &[rows.tokens.len(), size])
}

impl Missed {
    fn vector(&self, vector: f32, first: f32, second: f32) -> f32 {
        vector - self.moved * first / (second.sqrt() + self.epsilon)
    }
}

pub(in super::super) fn change_rows(
    table: AdamTable<Host>,
    rows: &TableRows,
    step: Option<(AdamStep, FloatTensor<Host>)>,
) -> AdamTable<Host> {
    let [tokens, size] = wrap::<Host, 2>(table.vectors.clone()).dims();
    let AdamTable { vectors, first, second } = table;
    let [mut vectors, mut first, mut second] = [vectors, first, second].map(|table| Values::of(table).into_vec());
    let (step, gradient) = step.map(|(step, gradient)| (step, Values::of(gradient))).unzip();
    let part = Part {
        first_token: 0,
        tables: [&mut vectors, &mut first, &mut second],
        tokens: &rows.tokens,
        missed: &rows.missed,
        gradient: gradient.as_deref(),
    };
    if size > 0 {
        part.change(size, step);
    }
    let shape = [tokens, size];
    AdamTable { vectors: tensor(vectors, &shape), first: tensor(first, &shape), second: tensor(second, &shape) }
}

/// Rows, and the part of the tables that they are in.
struct Part<'t> {
    /// The token of the tables' first row.
    first_token: u32,
    tables: [&'t mut [f32]; 3],
    tokens: &'t [u32],
    missed: &'t [Missed],
    gradient: Option<&'t [f32]>,
}

impl<'t> Part<'t> {
    fn change(self, size: usize, step: Option<AdamStep>) {
        if self.tokens.len() > ROWS_AT_ONCE {
            let [low, high] = self.halves(size);
            rayon::join(|| low.change(size, step), || high.change(size, step));
            return;
        }
        let Self { first_token, tables: [vectors, first, second], tokens, missed, gradient } = self;
        for (number, (token, missed)) in zip(tokens, missed).enumerate() {
            let place = (token - first_token) as usize * size;
            let [vectors, first, second] =
                [&mut *vectors, &mut *first, &mut *second].map(|all| &mut all[place..][..size]);
            catch_up(missed, vectors, first, second);
            if let (Some(step), Some(gradient)) = (step, gradient) {
                adam(step, &gradient[number * size..][..size], vectors, first, second);
            }
        }
    }

    fn halves(self, size: usize) -> [Self; 2] {
        let middle = self.tokens.len() / 2;
        let (low_tokens, high_tokens) = self.tokens.split_at(middle);
        let (low_missed, high_missed) = self.missed.split_at(middle);
        let split = high_tokens[0];
        let place = (split - self.first_token) as usize * size;
        let [vectors, first, second] = self.tables.map(|table| table.split_at_mut(place));
        let gradients = self.gradient.map(|gradient| gradient.split_at(middle * size));
        let low = Part {
            first_token: self.first_token,
            tables: [vectors.0, first.0, second.0],
            tokens: low_tokens,
            missed: low_missed,
            gradient: gradients.map(|gradients| gradients.0),
        };
        let high = Part {
            first_token: split,
            tables: [vectors.1, first.1, second.1],
            tokens: high_tokens,
            missed: high_missed,
            gradient: gradients.map(|gradients| gradients.1),
        };
        [low, high]
    }
}

fn catch_up(missed: &Missed, vectors: &mut [f32], first: &mut [f32], second: &mut [f32]) {
    for (vector, (first, second)) in zip(vectors, zip(first, second)) {
        *vector = missed.vector(*vector, *first, *second);
        *first *= missed.first;
        *second *= missed.second;
    }
}

fn adam(step: AdamStep, gradient: &[f32], vectors: &mut [f32], first: &mut [f32], second: &mut [f32]) {
    let (keep_first, keep_second) = (BETA_1 as f32, BETA_2 as f32);
    let (add_first, add_second) = ((1.0 - BETA_1) as f32, (1.0 - BETA_2) as f32);
    for ((vector, gradient), (first, second)) in zip(zip(vectors, gradient), zip(first, second)) {
        *first = keep_first * *first + add_first * gradient;
        *second = keep_second * *second + add_second * gradient * gradient;
        *vector -= step.size * *first / (second.sqrt() + step.epsilon);
    }
}
