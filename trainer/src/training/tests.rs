//! Steps on several devices.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::backend::Autodiff;
use burn_ndarray::{NdArray, NdArrayDevice};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::learner::Learner;
use super::prefetch::{ChangedRow, Ready, Share};
use super::teachers::Teachers;
use super::{Prepared, TrainingConfig};
use crate::data::Source;
use crate::examples::Spill;
use crate::network::{Cell, Classifier, Targets};
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

/// All weights after some steps, each of a batch that the devices share.
fn weights_after_steps(config: &TrainingConfig, prepared: &Prepared, devices: &[NdArrayDevice]) -> Vec<f32> {
    let (steps, rate) = (6, 0.01);
    let network = config.network(prepared.input_shape(config));
    let rng = ChaCha8Rng::seed_from_u64(1);
    let model =
        Classifier::<Autodiff<NdArray<f32>>>::new(&network, prepared.labels.len(), &mut rng.clone(), &devices[0]);
    let teachers = Teachers::load(config, &devices[0]).unwrap();
    let mut learner = Learner::new(model, network, teachers, config, std::iter::repeat_n(rate, steps), devices);
    let row = |(number, row): (usize, Result<_, _>)| ChangedRow { number, example: row.unwrap(), spliced: false };
    let rows: Vec<_> = prepared.training.iter().enumerate().map(row).collect();
    for rows in rows.chunks(config.batch_size).take(steps) {
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
    whole.iter().zip(&shared).map(|(whole, shared)| (whole - shared).abs()).fold(0.0, f32::max)
}

#[test]
fn shares_of_a_batch_change_the_network_as_the_whole_does() {
    let digits = TrainingConfig { data: Source::new(Some(Path::new("digits"))), ..config() };
    let one_hot = TrainingConfig { embedding_size: 0, cell: Cell::Gru, bidirectional: true, ..config() };
    for config in [config(), one_hot, TrainingConfig { targets: Targets::EveryStep, ..digits }] {
        for count in [2, 3] {
            let difference = difference(&config, count);
            assert!(difference <= 1e-5, "{difference} on {count} devices: {config:?}");
        }
    }
}
