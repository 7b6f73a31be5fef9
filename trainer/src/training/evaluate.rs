use burn::tensor::activation::log_softmax;
use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData};

use crate::batches::{Batch, evaluation_batches};
use crate::error::Error;
use crate::examples::Examples;
use crate::network::{Classifier, NetworkConfig};
use crate::operations::NetworkBackend;
use crate::operations::values;

const BATCH_SIZE: usize = 256;

/// Loss and accuracy over some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Mean cross-entropy.
    pub loss: f64,
    /// Share of rows that are right.
    pub accuracy: f64,
    /// The class of the largest logit of each row.
    pub answers: Vec<usize>,
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
    let mut answers = vec![0; examples.len()];
    for rows in evaluation_batches(examples, BATCH_SIZE) {
        let batch = Batch::read(examples, &rows)?;
        let logits = model.forward(network, &batch.packed, None);
        let largest = values(logits.clone().argmax(1).squeeze_dim::<1>(1).float());
        loss += values(losses(logits, targets(&batch.classes, device))).into_iter().map(f64::from).sum::<f64>();
        for ((row, class), expected) in rows.iter().zip(largest).zip(&batch.classes) {
            answers[*row] = class as usize;
            correct += usize::from(answers[*row] == *expected);
        }
    }
    let rows = examples.len().max(1) as f64;
    Ok(Evaluation { loss: loss / rows, accuracy: correct as f64 / rows, answers })
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
    let targets = targets::<B>(classes, device);
    let right = logits.clone().detach().argmax(1).equal(targets.clone()).float().squeeze_dim(1);
    (losses(logits, targets), right)
}

/// The cross-entropy of each row.
fn losses<B: Backend>(logits: Tensor<B, 2>, targets: Tensor<B, 2, Int>) -> Tensor<B, 1> {
    log_softmax(logits, 1).gather(1, targets).squeeze_dim(1).neg()
}

/// The classes as a column.
fn targets<B: Backend>(classes: &[usize], device: &B::Device) -> Tensor<B, 2, Int> {
    let targets: Vec<i64> = classes.iter().map(|class| *class as i64).collect();
    Tensor::from_data(TensorData::new(targets, [classes.len(), 1]), device)
}

/// The cross-entropy of each row with smoothed labels: of `classes`, the row's own has the probability
/// `1 - share + share / classes`, each other `share / classes`. `losses` are those with labels as they are.
///
/// # Source
/// Szegedy et al., Rethinking the Inception architecture (2016), section 7.
pub(super) fn smoothed<B: Backend>(losses: Tensor<B, 1>, logits: &Tensor<B, 2>, share: f64) -> Tensor<B, 1> {
    if share == 0.0 {
        return losses;
    }
    let of_all = log_softmax(logits.clone(), 1).mean_dim(1).squeeze_dim(1).neg();
    losses * (1.0 - share) + of_all * share
}

#[cfg(test)]
mod tests {
    use burn_ndarray::NdArray;

    use super::*;

    #[test]
    fn smoothed_labels_give_each_class_a_share() {
        let device = Default::default();
        let logits = Tensor::<NdArray<f32>, 2>::from_floats([[0.0, 0.0], [3_f32.ln(), 0.0]], &device);
        let (losses, _) = losses_and_correct(logits.clone(), &[0, 1], &device);
        // Probabilities 1/2, 1/2 and 3/4, 1/4; targets 7/8, 1/8 and 1/8, 7/8.
        let expected = [2_f32.ln(), -(0.125 * 0.75_f32.ln() + 0.875 * 0.25_f32.ln())];
        let found = values(smoothed(losses.clone(), &logits, 0.25));
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6), "{found:?}");
        assert_eq!(values(smoothed(losses.clone(), &logits, 0.0)), values(losses));
    }
}
