//! A network and its optimizer: one step at a time.

use std::iter::zip;

use burn::grad_clipping::{GradientClipping, GradientClippingConfig};
use burn::module::{AutodiffModule, Module, Param};
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::{Adam, GradientsAccumulator, GradientsParams, Optimizer};
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;
use burn::tensor::backend::Backend;
use rand_chacha::ChaCha8Rng;

use super::adam;
use super::average::WeightAverage;
use super::embedding::EmbeddingTable;
use super::evaluate::{losses_and_correct, smoothed};
use super::prefetch::{Ready, Share};
use super::teachers::Teachers;
use crate::config::TrainingConfig;
use crate::network::{Classifier, NetworkConfig, Targets};
use crate::operations::TrainingBackend;
use crate::quantize::Rounding;

/// A smaller gradient says nothing about where the loss is larger, and its squares may be no numbers above zero.
const LEAST_NORM: f32 = 1e-12;

pub(super) type AdamOptimizer<B> = OptimizerAdaptor<Adam, Classifier<B>, B>;

/// A network in training. Its embedding, if it has one, is apart from it between steps.
pub(super) struct Learner<B: TrainingBackend> {
    pub(super) model: Classifier<B>,
    pub(super) optimizer: AdamOptimizer<B>,
    pub(super) embedding: Option<EmbeddingTable<B::InnerBackend>>,
    pub(super) average: Option<WeightAverage<B::InnerBackend>>,
    teachers: Teachers<B::InnerBackend>,
    teacher_share: f64,
    label_smoothing: f64,
    adversarial: f64,
    /// What the network is; with the rounding of its states, where there is one.
    pub(super) network: NetworkConfig,
    rounding: Option<Rounding>,
    targets: Targets,
    dropout: f64,
    clipping: GradientClipping,
    /// The first one has all of the above; each computes a share of a batch.
    pub(super) devices: Vec<B::Device>,
}

/// What a step found, share by share and row by row, before it changed the network.
pub(super) struct Found<B: Backend> {
    pub(super) losses: Vec<Tensor<B, 1>>,
    /// 1 for each row that was right.
    pub(super) right: Vec<Tensor<B, 1>>,
}

impl<B: TrainingBackend> Learner<B> {
    /// A learner before its first step; `rates` are those of all steps that there will be. The model is on the first
    /// of the devices, or on the default one if there are none.
    pub(super) fn new(
        mut model: Classifier<B>,
        network: NetworkConfig,
        teachers: Teachers<B::InnerBackend>,
        config: &TrainingConfig,
        rates: impl DoubleEndedIterator<Item = f64> + ExactSizeIterator,
        devices: &[B::Device],
    ) -> Self {
        let embedding = model.embedding.take().map(|embedding| EmbeddingTable::new(embedding, rates));
        Self {
            model,
            optimizer: adam::config(config.gradient_clipping).init(),
            embedding,
            average: WeightAverage::new(config),
            teachers,
            teacher_share: config.teacher_share,
            label_smoothing: config.label_smoothing,
            adversarial: config.adversarial,
            network,
            rounding: None,
            targets: config.targets,
            dropout: config.dropout,
            clipping: GradientClippingConfig::Norm(config.gradient_clipping).init(),
            devices: if devices.is_empty() { vec![B::Device::default()] } else { devices.to_vec() },
        }
    }

    /// A learner that simulates the integers of a model file from now on.
    pub(super) fn rounding_as(self, rounding: Rounding) -> Self {
        Self { network: rounding.apply(self.network), rounding: Some(rounding), ..self }
    }

    /// How it simulates the integers of a model file, if it does.
    pub(super) fn rounding(&self) -> Option<&Rounding> {
        self.rounding.as_ref()
    }

    /// A network as it computes: with rounded weights, if there is a rounding.
    fn computing<A: Backend>(&self, model: Classifier<A>) -> Classifier<A> {
        match &self.rounding {
            Some(rounding) => rounding.rounded(&self.network, &model),
            None => model,
        }
    }

    /// One step of Adam on the mean loss of a batch.
    pub(super) fn step(mut self, ready: Ready, rate: f64) -> (Self, Found<B::InnerBackend>) {
        let Ready { mut shares, mut rng } = ready;
        let rows = self.embedding.as_ref().map(|table| {
            let vocabularies = shares.iter_mut().map(|share| share.batch.packed.take_vocabulary());
            table.rows(vocabularies.last().unwrap_or_default())
        });
        self.model.embedding = self.embedding.as_ref().zip(rows.as_ref()).map(|(table, rows)| table.parameter_of(rows));
        let (gradients, found) = self.gradients(&shares, &mut rng);
        if let Some(mut gradients) = gradients {
            let id = self.model.embedding.take().map(|parameter| parameter.id);
            let of_rows = id.and_then(|id| gradients.remove::<B::InnerBackend, 2>(id));
            self.model = self.optimizer.step(rate, self.model, gradients);
            let changed = |(table, rows): (EmbeddingTable<_>, _)| table.step(&rows, of_rows, &self.clipping, rate);
            self.embedding = self.embedding.zip(rows).map(changed);
        }
        self.model.embedding = None;
        (self, found)
    }

    /// The gradients of the mean loss of all shares, each computed on a device of its own and brought to the first
    /// one; none if there is no loss. A device only takes orders here: they compute side by side.
    fn gradients(&self, shares: &[Share], rng: &mut ChaCha8Rng) -> (Option<GradientsParams>, Found<B::InnerBackend>) {
        let first = &self.devices[0];
        let count: usize = shares.iter().map(|share| self.targets_of(share)).sum();
        let mut gradients = GradientsAccumulator::new();
        let mut found = Found { losses: Vec::new(), right: Vec::new() };
        for (share, device) in zip(shares, &self.devices) {
            let mut model = self.model.clone().fork(device);
            let mut computing = self.computing(model.clone());
            if self.adversarial > 0.0
                && let Some(frames) = share.batch.packed.frames(device)
            {
                model.embedding = Some(Param::from_tensor(frames));
                computing.embedding.clone_from(&model.embedding);
            }
            let mut same_dropout = rng.clone();
            let answers = self.answers(share, device);
            let (losses, [losses_found, right]) = self.losses(&computing, share, answers.as_ref(), rng, device);
            found.losses.push(losses_found.to_device(first));
            found.right.push(right.to_device(first));
            if self.targets_of(share) > 0 {
                let mut add = |of_parameters: B::Gradients| {
                    let of_share = GradientsParams::from_grads(of_parameters, &model);
                    gradients.accumulate(&self.model, of_share.to_device(first, &model));
                };
                let passes = if self.adversarial > 0.0 { 2.0 } else { 1.0 };
                let gradients_of = |losses: Tensor<B, 1>| (losses.sum() * (passes * count as f64).recip()).backward();
                let of_parameters = gradients_of(losses);
                if let Some(moved) = self.adversary(computing, &model, &of_parameters) {
                    add(gradients_of(self.losses(&moved, share, answers.as_ref(), &mut same_dropout, device).0));
                }
                add(of_parameters);
            }
        }
        ((count > 0).then(|| gradients.grads()), found)
    }

    /// The network with the vectors of the batch's tokens, or its frames, moved to where its loss is larger:
    /// `E + share |E| g / |g|`, with `g` the gradient of `E`; none if nothing is to be moved.
    ///
    /// # Source
    /// Miyato, Dai and Goodfellow, "Adversarial training methods for semi-supervised text classification" (2017); here
    /// with one norm for a whole batch, and a token moved alike wherever it stands.
    pub(super) fn adversary(
        &self,
        computing: Classifier<B>,
        model: &Classifier<B>,
        gradients: &B::Gradients,
    ) -> Option<Classifier<B>> {
        let gradient = model.embedding.as_ref()?.val().grad(gradients).filter(|_| self.adversarial > 0.0)?;
        let embedding = computing.embedding.map(|embedding| {
            let vectors = embedding.val();
            let norm = |values: Tensor<B::InnerBackend, 2>| values.powi_scalar(2).sum().sqrt();
            let length = norm(vectors.clone().inner()) / norm(gradient.clone()).clamp_min(LEAST_NORM);
            let away = gradient * length.unsqueeze::<2>() * self.adversarial;
            Param::initialized(embedding.id, vectors + Tensor::from_inner(away))
        });
        Some(Classifier { embedding, ..computing })
    }

    /// Number of answers that a loss is taken of.
    fn targets_of(&self, share: &Share) -> usize {
        match self.targets {
            Targets::Last => share.batch.packed.rows(),
            Targets::EveryStep => share.batch.packed.total_steps(),
        }
    }

    /// What teachers answer to a share; none without teachers.
    fn answers(&self, share: &Share, device: &B::Device) -> Option<Tensor<B, 2>> {
        let answers = match &share.questions {
            Some(questions) => self.teachers.probabilities(questions),
            None => self.teachers.known(&share.numbers, device),
        };
        answers.map(|answers| Tensor::from_inner(answers.to_device(device)))
    }

    /// The loss of each answer; the loss of each row's last answer, and 1 for each row that was right. `answers` are
    /// those of teachers.
    pub(super) fn losses(
        &self,
        model: &Classifier<B>,
        Share { batch, spliced, .. }: &Share,
        answers: Option<&Tensor<B, 2>>,
        rng: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> (Tensor<B, 1>, [Tensor<B::InnerBackend, 1>; 2]) {
        let dropout = Some((self.dropout, rng));
        match self.targets {
            Targets::Last => {
                let logits = model.forward(&self.network, &batch.packed, dropout);
                let (losses, right) = losses_and_correct(logits.clone(), &batch.classes, device);
                let mut losses = smoothed(losses, &logits, self.label_smoothing);
                if let Some(answers) = answers {
                    let distances = (log_softmax(logits, 1) * answers.clone()).sum_dim(1).squeeze_dim(1).neg();
                    let share = |spliced: &bool| if *spliced { 1.0 } else { self.teacher_share as f32 };
                    let shares: Vec<f32> = spliced.iter().map(share).collect();
                    losses = losses.clone() + (distances - losses) * Tensor::from_floats(shares.as_slice(), device);
                }
                (losses.clone(), [losses, right].map(Tensor::inner))
            }
            Targets::EveryStep => {
                let classes: Vec<_> = batch.packed.step_rows().into_iter().map(|row| batch.classes[row]).collect();
                let logits = model.forward_every_step(&self.network, &batch.packed, dropout);
                let (losses, right) = losses_and_correct(logits.clone(), &classes, device);
                let losses = smoothed(losses, &logits, self.label_smoothing);
                let at_end = |values: Tensor<B, 1>| batch.packed.last(values.inner().unsqueeze_dim(1)).squeeze_dim(1);
                (losses.clone(), [losses, right].map(at_end))
            }
        }
    }

    /// The learner with all of its embedding brought up to its last step.
    pub(super) fn settled(self) -> Self {
        Self { embedding: self.embedding.map(EmbeddingTable::settled), ..self }
    }

    /// The learner with its weights taken into their average, where one is kept.
    pub(super) fn averaged(mut self) -> Self {
        let Some(average) = self.average.take() else { return self };
        let learner = self.settled();
        let average = Some(average.add(learner.current()));
        Self { average, ..learner }
    }

    /// The network as it is used: the average of its weights, where one is kept; rounded, where there is a rounding.
    pub(super) fn trained(&self) -> Classifier<B::InnerBackend> {
        let average = self.average.as_ref().and_then(WeightAverage::network);
        self.computing(average.cloned().unwrap_or_else(|| self.current()))
    }

    /// The network as it is now; its embedding is as it was when it was last settled.
    fn current(&self) -> Classifier<B::InnerBackend> {
        let mut model = self.model.valid();
        model.embedding = self.embedding.as_ref().map(EmbeddingTable::parameter);
        model
    }
}
