//! The operation in Burn's graph of gradients.

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::tensor::backend::AutodiffBackend;
use burn::tensor::ops::FloatTensor;

use super::{Computed, NetworkBackend, Operands, Recurrence};

#[derive(Debug)]
struct RecurrenceBackward;

/// What the backward pass is computed from.
#[derive(Debug, Clone)]
struct Saved<B: NetworkBackend> {
    direction: Recurrence,
    weight_hh: FloatTensor<B>,
    computed: Computed<B>,
}

impl<B: NetworkBackend> Backward<B, 3> for RecurrenceBackward {
    type State = Saved<B>;

    fn backward(self, ops: Ops<Saved<B>, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let Saved { direction, weight_hh, computed } = ops.state;
        let Operands { projected, weight_hh, bias } = B::recurrence_backward(&direction, weight_hh, computed, gradient);
        for (parent, gradient) in ops.parents.into_iter().zip([projected, weight_hh, bias]) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

pub(in super::super) fn differentiable<B: NetworkBackend, C: CheckpointStrategy>(
    direction: &Recurrence,
    operands: Operands<Autodiff<B, C>>,
) -> Computed<Autodiff<B, C>> {
    let Operands { projected, weight_hh, bias } = operands;
    let nodes = [projected.node, weight_hh.node, bias.node];
    let saved_weight = weight_hh.primitive.clone();
    let inner = Operands { projected: projected.primitive, weight_hh: weight_hh.primitive, bias: bias.primitive };
    let computed = B::recurrence(direction, inner);
    let activations = <Autodiff<B, C> as AutodiffBackend>::from_inner(computed.activations.clone());
    let states = match RecurrenceBackward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(operation) => {
            let states = computed.states.clone();
            operation.finish(Saved { direction: direction.clone(), weight_hh: saved_weight, computed }, states)
        }
        OpsKind::UnTracked(operation) => operation.finish(computed.states),
    };
    Computed { states, activations }
}
