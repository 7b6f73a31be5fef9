//! Steps on several devices, and against an adversary.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::backend::Autodiff;
use burn::module::Param;
use burn_ndarray::{NdArray, NdArrayDevice};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::Prepared;
use super::learner::Learner;
use super::prefetch::{ChangedRow, Ready, Share};
use super::teachers::Teachers;
use crate::config::TrainingConfig;
use crate::data::Source;
use crate::encoding::Input;
use crate::examples::Spill;
use crate::network::{Cell, Classifier, Targets};
use crate::operations::indices;
use crate::weights::NetworkWeights;

/// A small network on home commands, in which only the start is by chance.
fn config() -> TrainingConfig {
    TrainingConfig {
        embedding_size: 16,
        hidden_size: 16,
        batch_size: 20,
        dropout: 0.0,
        word_dropout: 0.0,
        ..TrainingConfig::default()
    }
}

fn model(config: &TrainingConfig, prepared: &Prepared) -> Classifier<Autodiff<NdArray<f32>>> {
    let network = config.network(prepared.input_shape(config));
    Classifier::new(&network, prepared.labels.len(), &mut ChaCha8Rng::seed_from_u64(1), &Default::default())
}

fn rows(prepared: &Prepared) -> Vec<ChangedRow> {
    let row = |(number, row): (usize, Result<_, _>)| ChangedRow { number, example: row.unwrap(), spliced: false };
    prepared.training.iter().enumerate().map(row).collect()
}

/// All weights after some steps, each of a batch that the devices share.
fn weights_after_steps(config: &TrainingConfig, prepared: &Prepared, devices: &[NdArrayDevice]) -> Vec<f32> {
    let (steps, rate) = (6, 0.01);
    let rng = ChaCha8Rng::seed_from_u64(1);
    let model = model(config, prepared);
    let teachers = Teachers::load(config, &devices[0]).unwrap();
    let network = config.network(prepared.input_shape(config));
    let mut learner = Learner::new(model, network, teachers, config, std::iter::repeat_n(rate, steps), devices);
    for rows in rows(prepared).chunks(config.batch_size).take(steps) {
        let shares = Share::deal(rows, None, devices.len());
        assert_eq!(shares.len(), devices.len());
        (learner, _) = learner.step(Ready { shares, rng: rng.clone() }, rate);
    }
    let NetworkWeights { embedding, layers, head_weight, head_bias } =
        NetworkWeights::from_network(&learner.settled().trained(), config.cell);
    let directions = layers.into_iter().flat_map(|layer| [Some(layer.forward), layer.reverse]).flatten();
    let of_directions = directions.flat_map(|of| [of.weight_ih.values, of.weight_hh.values, of.bias].concat());
    let of_embedding = embedding.map_or(Vec::new(), |embedding| embedding.values);
    of_embedding.into_iter().chain(of_directions).chain(head_weight.values).chain(head_bias).collect()
}

/// The largest difference between weights after steps on so many devices and on one.
fn difference(config: &TrainingConfig, count: usize) -> f32 {
    let prepared = Prepared::read(config, Spill::beside(Path::new("."))).unwrap();
    let [whole, shared] =
        [1, count].map(|count| weights_after_steps(config, &prepared, &vec![Default::default(); count]));
    assert!(whole.len() > 1_000 && shared.len() == whole.len(), "{}", whole.len());
    largest_difference(&whole, &shared)
}

fn largest_difference(some: &[f32], others: &[f32]) -> f32 {
    some.iter().zip(others).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
}

#[test]
fn shares_of_a_batch_change_the_network_as_the_whole_does() {
    let digits = TrainingConfig { data: Source::new(Some(Path::new("digits"))), ..config() };
    let one_hot = TrainingConfig { embedding_size: 0, cell: Cell::Gru, bidirectional: true, ..config() };
    let composed =
        TrainingConfig { input: Input::FingerprintedWords, vocabulary_size: 60, subword_buckets: 40, ..config() };
    for config in [config(), one_hot, composed, TrainingConfig { targets: Targets::EveryStep, ..digits }] {
        for count in [2, 3] {
            let difference = difference(&config, count);
            assert!(difference <= 1e-5, "{difference} on {count} devices: {config:?}");
        }
    }
}

#[test]
fn an_adversary_moves_vectors_and_frames_to_where_the_loss_is_larger() {
    for data in [Source::HomeCommands, Source::new(Some(Path::new("digits")))] {
        adversary(&TrainingConfig { data, adversarial: 0.1, ..config() });
    }
}

#[test]
fn an_adversary_that_moves_frames_by_nothing_changes_nothing() {
    let digits = TrainingConfig { data: Source::new(Some(Path::new("digits"))), ..config() };
    let prepared = Prepared::read(&digits, Spill::beside(Path::new("."))).unwrap();
    let weights = |adversarial: f64| {
        weights_after_steps(&TrainingConfig { adversarial, ..digits.clone() }, &prepared, &[Default::default()])
    };
    let [without, little, much] = [0.0, 1e-6, 0.1].map(weights);
    assert!(largest_difference(&little, &without) <= 1e-3);
    assert!(largest_difference(&much, &without) >= 1e-2);
}

/// Checks that an adversary moves what the steps read by its share, up the slope, and not at all where there is none.
fn adversary(config: &TrainingConfig) {
    let prepared = Prepared::read(config, Spill::beside(Path::new("."))).unwrap();
    let network = config.network(prepared.input_shape(config));
    let (device, mut rng) = (NdArrayDevice::default(), ChaCha8Rng::seed_from_u64(1));
    let teachers = Teachers::load(config, &device).unwrap();
    let mut model = model(config, &prepared);
    let learner = Learner::new(model.clone(), network, teachers, config, std::iter::repeat_n(0.01, 1), &[]);
    let mut share = Share::deal(&rows(&prepared)[..20], None, 1).remove(0);
    let tokens = share.batch.packed.take_vocabulary();
    let vectors = match share.batch.packed.frames(&device) {
        Some(frames) => frames,
        None => model.embedding.take().unwrap().val().select(0, indices(&tokens, &device)).detach(),
    };
    model.embedding = Some(Param::from_tensor(vectors.clone()));
    let mut loss = |model: &Classifier<_>| learner.losses(model, &share, None, &mut rng, &device).0.mean();
    let before = loss(&model);
    let gradients = before.backward();
    let moved = learner.adversary(model.clone(), &model, &gradients).unwrap();
    let flat = (loss(&model) * 0.0).backward();
    let still = learner.adversary(model.clone(), &model, &flat).unwrap().embedding.unwrap().val();
    assert_eq!(still.into_data(), vectors.clone().into_data());
    let slope = model.embedding.as_ref().unwrap().val().grad(&gradients).unwrap();
    let way = moved.embedding.as_ref().unwrap().val() - vectors.clone();
    let [way, norm, slope] =
        [way.inner(), vectors.inner(), slope].map(|of| of.powi_scalar(2).sum().sqrt().into_scalar());
    assert!((way / norm - 0.1).abs() < 1e-5, "{way} of {norm}");
    let rise = loss(&moved).into_scalar() - before.into_scalar();
    assert!((rise / (way * slope) - 1.0).abs() < 0.2, "{rise} over {way}, slope {slope}");
}
