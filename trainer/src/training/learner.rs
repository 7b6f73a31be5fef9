//! A network and its optimizer: one step at a time.

use burn::grad_clipping::{GradientClipping, GradientClippingConfig};
use burn::module::AutodiffModule;
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::{Adam, GradientsParams, Optimizer};
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;
use burn::tensor::backend::Backend;

use super::embedding::EmbeddingTable;
use super::evaluate::losses_and_correct;
use super::prefetch::Ready;
use super::teachers::Teachers;
use super::{TrainingConfig, adam};
use crate::network::{Classifier, NetworkConfig, Targets};
use crate::operations::TrainingBackend;

pub(super) type AdamOptimizer<B> = OptimizerAdaptor<Adam, Classifier<B>, B>;

/// A network in training. Its embedding, if it has one, is apart from it between steps.
pub(super) struct Learner<B: TrainingBackend> {
    pub(super) model: Classifier<B>,
    pub(super) optimizer: AdamOptimizer<B>,
    pub(super) embedding: Option<EmbeddingTable<B::InnerBackend>>,
    teachers: Teachers<B::InnerBackend>,
    teacher_share: f64,
    network: NetworkConfig,
    targets: Targets,
    dropout: f64,
    clipping: GradientClipping,
}

/// What a step found, row by row, before it changed the network.
pub(super) struct Found<B: Backend> {
    pub(super) losses: Tensor<B, 1>,
    /// 1 for each row that was right.
    pub(super) right: Tensor<B, 1>,
}

impl<B: TrainingBackend> Learner<B> {
    /// A learner before its first step; `rates` are those of all steps that there will be.
    pub(super) fn new(
        mut model: Classifier<B>,
        network: NetworkConfig,
        teachers: Teachers<B::InnerBackend>,
        config: &TrainingConfig,
        rates: impl DoubleEndedIterator<Item = f64> + ExactSizeIterator,
    ) -> Self {
        let embedding = model.embedding.take().map(|embedding| EmbeddingTable::new(embedding, rates));
        Self {
            model,
            optimizer: adam::config(config.gradient_clipping).init(),
            embedding,
            teachers,
            teacher_share: config.teacher_share,
            network,
            targets: config.targets,
            dropout: config.dropout,
            clipping: GradientClippingConfig::Norm(config.gradient_clipping).init(),
        }
    }

    /// One step of Adam on the mean loss of a batch.
    pub(super) fn step(mut self, ready: Ready, rate: f64, device: &B::Device) -> (Self, Found<B::InnerBackend>) {
        let Ready { mut batch, questions, spliced, mut rng } = ready;
        let rows = match &self.embedding {
            Some(table) => {
                let rows = table.rows(batch.packed.take_vocabulary());
                self.model.embedding = Some(table.parameter_of(&rows));
                Some(rows)
            }
            None => None,
        };
        let id = self.model.embedding.as_ref().map(|parameter| parameter.id);
        let dropout = Some((self.dropout, &mut rng));
        let (losses, found) = match self.targets {
            Targets::Last => {
                let logits = self.model.forward(&self.network, &batch.packed, dropout);
                let (mut losses, right) = losses_and_correct(logits.clone(), &batch.classes, device);
                let answers = questions.and_then(|questions| self.teachers.probabilities(&questions));
                if let Some(answers) = answers {
                    let distances =
                        (log_softmax(logits, 1) * Tensor::from_inner(answers)).sum_dim(1).squeeze_dim(1).neg();
                    let shares = spliced.iter().map(|spliced| if *spliced { 1.0 } else { self.teacher_share as f32 });
                    let shares: Vec<f32> = shares.collect();
                    let shares = Tensor::<B, 1>::from_floats(shares.as_slice(), device);
                    losses = losses.clone() + (distances - losses) * shares;
                }
                (losses.clone(), Found { losses: losses.inner(), right: right.inner() })
            }
            Targets::EveryStep => {
                let classes: Vec<_> = batch.packed.step_rows().into_iter().map(|row| batch.classes[row]).collect();
                let logits = self.model.forward_every_step(&self.network, &batch.packed, dropout);
                let (losses, right) = losses_and_correct(logits, &classes, device);
                let at_end = |values: Tensor<B, 1>| batch.packed.last(values.inner().unsqueeze_dim(1)).squeeze_dim(1);
                (losses.clone(), Found { losses: at_end(losses), right: at_end(right) })
            }
        };
        let has_loss = losses.dims()[0] > 0;
        if has_loss {
            let mut gradients = GradientsParams::from_grads(losses.mean().backward(), &self.model);
            let of_rows = id.and_then(|id| gradients.remove::<B::InnerBackend, 2>(id));
            self.model.embedding = None;
            self.model = self.optimizer.step(rate, self.model, gradients);
            let changed = |(table, rows): (EmbeddingTable<_>, _)| table.step(&rows, of_rows, &self.clipping, rate);
            self.embedding = self.embedding.zip(rows).map(changed);
        }
        self.model.embedding = None;
        (self, found)
    }

    /// The learner with all of its embedding brought up to its last step.
    pub(super) fn settled(self) -> Self {
        Self { embedding: self.embedding.map(EmbeddingTable::settled), ..self }
    }

    /// The network as it is used; its embedding is as it was when it was last settled.
    pub(super) fn trained(&self) -> Classifier<B::InnerBackend> {
        let mut model = self.model.valid();
        model.embedding = self.embedding.as_ref().map(EmbeddingTable::parameter);
        model
    }
}
