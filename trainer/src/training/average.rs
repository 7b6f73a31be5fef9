//! The moving average of a network's weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::record::{Recorder, RecorderError};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorPrimitive};
use serde::{Deserialize, Serialize};

use super::checkpoint::BytesRecorder;
use crate::config::TrainingConfig;
use crate::network::Classifier;

/// How often an epoch's weights are taken into the average.
pub(super) const TIMES_AN_EPOCH: usize = 16;

/// The mean of a network's weights at several times of its training: of all times at first, then of those that lie
/// `E` epochs back on average,
/// ```text
/// average_n = average_(n-1) + (weights_n - average_(n-1)) / min(n, 16 E)
/// ```
///
/// # Source
/// Polyak and Juditsky, Acceleration of stochastic approximation by averaging (1992); the exponential form as in
/// Tarvainen and Valpola, Mean teachers (2017).
pub(super) struct WeightAverage<B: Backend> {
    /// None before the first time.
    network: Option<Classifier<B>>,
    /// `n`.
    times: u64,
    /// `16 E`.
    longest: f64,
}

/// What a checkpoint keeps of a [`WeightAverage`].
#[derive(Serialize, Deserialize)]
pub(super) struct AverageRecord {
    network: Option<Vec<u8>>,
    times: u64,
}

impl<B: Backend> WeightAverage<B> {
    /// Of no network yet; nothing where the settings ask for none.
    pub(super) fn new(config: &TrainingConfig) -> Option<Self> {
        let longest = config.weight_average * TIMES_AN_EPOCH as f64;
        (config.weight_average > 0.0).then_some(Self { network: None, times: 0, longest })
    }

    /// Takes the weights of a network, always one of the same settings, into the average.
    pub(super) fn add(self, network: Classifier<B>) -> Self {
        let times = self.times + 1;
        let share = (times as f64).min(self.longest).max(1.0).recip();
        let network = match self.network {
            Some(average) => mixed(average, &network, share),
            None => network,
        };
        Self { network: Some(network), times, ..self }
    }

    /// The network of these weights; none before the first time.
    pub(super) fn network(&self) -> Option<&Classifier<B>> {
        self.network.as_ref()
    }

    pub(super) fn record(&self) -> Result<AverageRecord, RecorderError> {
        let bytes = |network: &Classifier<B>| {
            Recorder::<B>::record(&BytesRecorder::default(), network.clone().into_record(), ())
        };
        Ok(AverageRecord { network: self.network.as_ref().map(bytes).transpose()?, times: self.times })
    }

    /// The average as it was recorded; `like` is any network of the same settings.
    pub(super) fn restored(
        self,
        AverageRecord { network, times }: AverageRecord,
        like: Classifier<B>,
        device: &B::Device,
    ) -> Result<Self, RecorderError> {
        let load = |bytes| Recorder::<B>::load(&BytesRecorder::default(), bytes, device);
        let record = network.map(load).transpose()?;
        Ok(Self { network: record.map(|record| like.load_record(record)), times, ..self })
    }
}

/// `to + (from - to) share`, weight by weight.
fn mixed<B: Backend>(to: Classifier<B>, from: &Classifier<B>, share: f64) -> Classifier<B> {
    let mut weights = Weights(Vec::new());
    from.visit(&mut weights);
    to.map(&mut Mix { from: weights.0.into_iter(), share })
}

/// All weights of a network, in its own order.
struct Weights<B: Backend>(Vec<TensorPrimitive<B>>);

impl<B: Backend> ModuleVisitor<B> for Weights<B> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        self.0.push(param.val().into_primitive());
    }
}

/// Moves weights towards others, which come in the same order.
struct Mix<B: Backend> {
    from: std::vec::IntoIter<TensorPrimitive<B>>,
    share: f64,
}

impl<B: Backend> ModuleMapper<B> for Mix<B> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
        let from = self.from.next().map(Tensor::<B, D>::from_primitive);
        let share = self.share;
        param.map(|to| match from {
            Some(from) => to.clone() + (from - to) * share,
            None => to,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn_ndarray::NdArray;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::network::{Cell, InputShape, NetworkConfig, Pooling};
    use crate::operations::values;

    /// A network of which all weights are this.
    fn network(value: f64) -> Classifier<NdArray<f32>> {
        let input = InputShape::Tokens { tokens: 4, embedding_size: 2 };
        let (cell, pooling) = (Cell::Gru, Pooling::Max);
        let config =
            NetworkConfig { input, cell, hidden_size: 3, num_layers: 2, bidirectional: true, pooling, rounding: None };
        let network = Classifier::new(&config, 2, &mut ChaCha8Rng::seed_from_u64(1), &Default::default());
        network.map(&mut Constant(value))
    }

    struct Constant(f64);

    impl<B: Backend> ModuleMapper<B> for Constant {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
            param.map(|weights| weights * 0.0 + self.0)
        }
    }

    fn average_of(epochs: f64, networks: &[f64]) -> Vec<f32> {
        let config = TrainingConfig { weight_average: epochs, ..TrainingConfig::default() };
        let none = WeightAverage::new(&config).unwrap();
        let average = networks.iter().fold(none, |average, value| average.add(network(*value)));
        let mut weights = Weights(Vec::new());
        average.network.unwrap().visit(&mut weights);
        let values = |weights| values(Tensor::<NdArray<f32>, 1>::from_primitive(weights).flatten::<1>(0, 0));
        weights.0.into_iter().flat_map(values).collect()
    }

    #[test]
    fn it_is_the_mean_of_all_at_first_and_then_of_the_last_ones() {
        let all = |epochs, networks: &[f64], expected: f32| {
            let average = average_of(epochs, networks);
            let near = average.iter().all(|found| (found - expected).abs() < 1e-6);
            assert!(near && average.len() > 100, "{average:?} {expected}");
        };
        all(1.0, &[3.0], 3.0);
        all(1.0, &[3.0, 0.0, 6.0], 3.0);
        // Two times back: (3 + 5) / 2 = 4, then halfway to 6, and halfway to 1.
        all(0.125, &[3.0, 5.0, 6.0, 1.0], 3.0);
        all(1e-9, &[3.0, 5.0], 5.0);
        let config = TrainingConfig { weight_average: 0.0, ..TrainingConfig::default() };
        assert!(WeightAverage::<NdArray<f32>>::new(&config).is_none());
    }
}
