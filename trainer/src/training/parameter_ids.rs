use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

use crate::network::Classifier;

/// The network with parameter ids that count from 1, in its own order, in place of random ones: checkpoints of equal
/// trainings have equal bytes.
pub(super) fn with_counted_ids<B: Backend>(network: Classifier<B>) -> Classifier<B> {
    network.map(&mut Count(0))
}

/// The id that was given last.
struct Count(u64);

impl<B: Backend> ModuleMapper<B> for Count {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
        let (_, value, mapper) = parameter.consume();
        self.0 += 1;
        Param::from_mapped_value(ParamId::from(self.0), value, mapper)
    }
}
