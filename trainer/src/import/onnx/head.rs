//! Pooling over the steps, and the linear layer above it.

use super::shapes::{Sequences, place_of};
use super::value::{Axis, Constant, Content, Part, Tensor, Value};
use crate::network::Pooling;
use crate::weights::Matrix;

/// A linear layer as it is taken from a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    /// `[classes, pooled size]`
    pub(super) weight: Matrix,
    /// `[classes]`
    pub(super) bias: Vec<f32>,
}

/// Outputs reduced over the steps.
pub(super) fn reduce(
    tensor: Tensor,
    pooling: Pooling,
    axes: &[i64],
    keeps_axes: bool,
    sequences: &Sequences<'_>,
) -> Result<Value, String> {
    let Content::Outputs { layer, part } = tensor.content else {
        return Err(format!("pools {}", tensor.what()));
    };
    let is_whole = part == Part::All || sequences.bidirectional.get(layer) == Some(&false);
    let place = match axes {
        [axis] => place_of(*axis, tensor.axes.len())?,
        _ => return Err(format!("axes are {axes:?}, expected the steps alone")),
    };
    if !is_whole || Some(tensor.axes[place]) != sequences.steps {
        return Err(format!("reduces axis {place} of {}, expected the steps of all directions", tensor.what()));
    }
    let mut axes = tensor.axes;
    if keeps_axes {
        axes[place] = Axis::One;
    } else {
        axes.remove(place);
    }
    Ok(Tensor::value(axes, Content::Pooled { pooling, layer }))
}

/// How the vector below a linear layer is pooled from the top layer's outputs.
///
/// # Errors
/// What it is, if a device does not compute that.
pub(super) fn pooling_of(tensor: &Tensor, bidirectional: &[bool]) -> Result<Pooling, String> {
    let top = bidirectional.len().checked_sub(1).ok_or("a linear layer before the recurrent layers")?;
    let expected = if bidirectional[top] { 2 } else { 1 };
    match &tensor.content {
        Content::Pooled { pooling, layer } if *layer == top => Ok(*pooling),
        Content::States(places) => {
            let is_complete = places.len() == expected
                && places
                    .iter()
                    .enumerate()
                    .all(|(number, place)| place.layer == top && place.is_reverse == (number == 1));
            if is_complete {
                return Ok(Pooling::Last);
            }
            let both = if expected == 2 { "forward and reverse side by side" } else { "forward" };
            Err(format!("takes {}; expected that of layer {} {both}", tensor.what(), top + 1))
        }
        Content::Step { is_last, .. } => Err(format!(
            "takes {}; a device has the final state of each direction: the reverse one's is at the first step, not {}",
            tensor.what(),
            if *is_last { "at the last" } else { "with the forward one's first output" }
        )),
        Content::Logits { .. } => Err("a second linear layer; a device computes one".into()),
        _ => Err(format!(
            "takes {}; expected the last step, the mean or the maximum of layer {}",
            tensor.what(),
            top + 1
        )),
    }
}

/// The linear layer `x B`, or `x B'` if `is_transposed`.
pub(super) fn linear(tensor: &Tensor, weight: &Constant, is_transposed: bool) -> Result<Linear, String> {
    let features = tensor.features().ok_or("the last axis of the input does not hold its values")?;
    let [rows, columns] = weight.dims[..] else {
        return Err(format!("weight has shape {:?}, expected two axes", weight.dims));
    };
    let (classes, size) = if is_transposed { (rows, columns) } else { (columns, rows) };
    if size != features || classes == 0 {
        return Err(format!("weight has shape {:?} for {features} values below it", weight.dims));
    }
    let values = weight.floats()?;
    let values = match is_transposed {
        true => values,
        false => (0..classes).flat_map(|class| values.iter().skip(class).step_by(classes)).copied().collect(),
    };
    Ok(Linear { weight: Matrix { columns: size, values }, bias: vec![0.0; classes] })
}

impl Linear {
    /// Adds a bias, one for each class or one for all.
    pub(super) fn add(&mut self, bias: &Constant) -> Result<(), String> {
        let added = bias.floats()?;
        if added.len() != 1 && added.len() != self.bias.len() {
            return Err(format!("bias has shape {:?} for {} classes", bias.dims, self.bias.len()));
        }
        let last = added.len() - 1;
        self.bias.iter_mut().enumerate().for_each(|(class, bias)| *bias += added[class.min(last)]);
        Ok(())
    }
}
