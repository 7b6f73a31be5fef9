//! The rows in tensor operations.

use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;
use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};

use super::super::{indices, unwrap, wrap};
use super::{AdamStep, AdamTable, BETA_1, BETA_2, Missed, TableRows};

/// Vectors and moments of some rows.
struct Moments<B: Backend> {
    vectors: Tensor<B, 2>,
    first: Tensor<B, 2>,
    second: Tensor<B, 2>,
}

/// The rows as the table has them.
fn stored<B: Backend>(table: &AdamTable<B>, indices: &Tensor<B, 1, Int>) -> Moments<B> {
    let select = |table: &FloatTensor<B>| wrap::<B, 2>(table.clone()).select(0, indices.clone());
    Moments { vectors: select(&table.vectors), first: select(&table.first), second: select(&table.second) }
}

/// The rows as they are now.
fn caught_up<B: Backend>(stored: &Moments<B>, rows: &TableRows) -> Moments<B> {
    let device = stored.vectors.device();
    let column = |value: fn(&Missed) -> f32| {
        let values: Vec<f32> = rows.missed.iter().map(value).collect();
        Tensor::<B, 2>::from_data(TensorData::new(values, [rows.missed.len(), 1]), &device)
    };
    let direction = stored.first.clone() / (stored.second.clone().sqrt() + column(|missed| missed.epsilon));
    Moments {
        vectors: stored.vectors.clone() - direction * column(|missed| missed.moved),
        first: stored.first.clone() * column(|missed| missed.first),
        second: stored.second.clone() * column(|missed| missed.second),
    }
}

pub(in super::super) fn table_rows<B: Backend>(table: &AdamTable<B>, rows: &TableRows) -> FloatTensor<B> {
    let device = wrap::<B, 2>(table.vectors.clone()).device();
    unwrap(caught_up(&stored(table, &indices(&rows.tokens, &device)), rows).vectors)
}

pub(in super::super) fn change_rows<B: Backend>(
    table: AdamTable<B>,
    rows: &TableRows,
    step: Option<(AdamStep, FloatTensor<B>)>,
) -> AdamTable<B> {
    let device = wrap::<B, 2>(table.vectors.clone()).device();
    let indices = indices(&rows.tokens, &device);
    let stored = stored(&table, &indices);
    let mut now = caught_up(&stored, rows);
    if let Some((step, gradient)) = step {
        let gradient: Tensor<B, 2> = wrap(gradient);
        now.first = now.first * BETA_1 + gradient.clone() * (1.0 - BETA_1);
        now.second = now.second * BETA_2 + gradient.square() * (1.0 - BETA_2);
        now.vectors = now.vectors - now.first.clone() / (now.second.clone().sqrt() + step.epsilon) * step.size;
    }
    let change = |table: FloatTensor<B>, now: Tensor<B, 2>, stored: Tensor<B, 2>| {
        unwrap(wrap::<B, 2>(table).select_assign(0, indices.clone(), now - stored, IndexingUpdateOp::Add))
    };
    AdamTable {
        vectors: change(table.vectors, now.vectors, stored.vectors),
        first: change(table.first, now.first, stored.first),
        second: change(table.second, now.second, stored.second),
    }
}
