use burn::tensor::activation::log_softmax;
use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData};

use crate::batches::{Batch, evaluation_batches};
use crate::error::Error;
use crate::examples::Examples;
use crate::network::{Classifier, NetworkConfig, values};
use crate::operations::NetworkBackend;

const BATCH_SIZE: usize = 256;

/// Loss and accuracy over some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Mean cross-entropy.
    pub loss: f64,
    /// Share of rows that are right.
    pub accuracy: f64,
}

/// Measures the network, without dropout.
///
/// # Errors
/// As [`Examples::get`].
pub fn evaluate<B: NetworkBackend>(
    model: &Classifier<B>,
    network: &NetworkConfig,
    examples: &Examples,
    device: &B::Device,
) -> Result<Evaluation, Error> {
    let (mut loss, mut correct) = (0.0, 0_usize);
    for rows in evaluation_batches(examples, BATCH_SIZE) {
        let batch = Batch::read(examples, &rows)?;
        let logits = model.forward(network, &batch.packed, None);
        let (losses, right) = losses_and_correct(logits, &batch.classes, device);
        loss += values(losses).into_iter().map(f64::from).sum::<f64>();
        correct += values(right).into_iter().filter(|right| *right > 0.5).count();
    }
    let rows = examples.len().max(1) as f64;
    Ok(Evaluation { loss: loss / rows, accuracy: correct as f64 / rows })
}

/// The logits of rows, in their order.
///
/// # Errors
/// As [`Examples::get`].
pub fn logits<B: NetworkBackend>(
    model: &Classifier<B>,
    network: &NetworkConfig,
    examples: &Examples,
) -> Result<Vec<Vec<f32>>, Error> {
    let mut all = vec![Vec::new(); examples.len()];
    for rows in evaluation_batches(examples, BATCH_SIZE) {
        let batch = Batch::read(examples, &rows)?;
        let logits = model.forward(network, &batch.packed, None);
        let classes = logits.dims()[1];
        for (row, logits) in rows.iter().zip(values(logits).chunks(classes)) {
            all[*row] = logits.to_vec();
        }
    }
    Ok(all)
}

/// The cross-entropy of each row, and 1 for each row that is right.
pub(super) fn losses_and_correct<B: Backend>(
    logits: Tensor<B, 2>,
    classes: &[usize],
    device: &B::Device,
) -> (Tensor<B, 1>, Tensor<B, 1>) {
    let targets: Vec<i64> = classes.iter().map(|class| *class as i64).collect();
    let targets = Tensor::<B, 2, Int>::from_data(TensorData::new(targets, [classes.len(), 1]), device);
    let right = logits.clone().detach().argmax(1).equal(targets.clone()).float().squeeze_dim(1);
    let losses = log_softmax(logits, 1).gather(1, targets).squeeze_dim(1).neg();
    (losses, right)
}
