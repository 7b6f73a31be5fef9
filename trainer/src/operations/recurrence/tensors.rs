//! The operation in tensor operations: for graphics processors, and the definition of what is right.

use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;
use burn::tensor::{IndexingUpdateOp, Tensor};

use super::super::{indices, unwrap, wrap};
use super::{Computed, Grid, Operands, Recurrence, StateRounding};
use crate::operations::Cell;

/// A block of columns.
fn block<B: Backend>(tensor: &Tensor<B, 2>, number: usize, size: usize) -> Tensor<B, 2> {
    let rows = tensor.dims()[0];
    tensor.clone().slice([0..rows, number * size..(number + 1) * size])
}

/// States as a direction rounds them.
fn rounded<B: Backend>(
    direction: &Recurrence,
    grid: impl Fn(&StateRounding) -> Grid,
    states: Tensor<B, 2>,
) -> Tensor<B, 2> {
    match &direction.rounding {
        Some(rounding) => grid(rounding).nearest_values(states),
        None => states,
    }
}

/// Hidden states as a direction's product takes them in.
fn narrowed<B: Backend>(direction: &Recurrence, hidden: Tensor<B, 2>) -> Tensor<B, 2> {
    rounded(direction, |rounding| rounding.narrow, hidden)
}

/// Puts values of the steps, in order of computation, into packed order.
fn packed<B: Backend>(direction: &Recurrence, mut steps: Vec<Tensor<B, 2>>) -> Tensor<B, 2> {
    if direction.reverse {
        steps.reverse();
    }
    Tensor::cat(steps, 0)
}

/// The first `rows` rows; rows of zeros where there are fewer.
fn resized<B: Backend>(tensor: Tensor<B, 2>, rows: usize) -> Tensor<B, 2> {
    let [found, columns] = tensor.dims();
    match found {
        found if found == rows => tensor,
        found if found > rows => tensor.slice([0..rows, 0..columns]),
        found => {
            let missing = Tensor::zeros([rows - found, columns], (&tensor.device(), tensor.dtype()));
            if found == 0 { missing } else { Tensor::cat(vec![tensor, missing], 0) }
        }
    }
}

pub(in super::super) fn forward<B: Backend>(direction: &Recurrence, operands: Operands<B>) -> Computed<B> {
    let cell = direction.cell;
    let mut projected: Tensor<B, 2> = wrap(operands.projected);
    if let Some(lookup) = &direction.lookup {
        let rows = indices(lookup.rows(), &projected.device());
        projected = projected.select(0, rows);
    }
    let weight_hh: Tensor<B, 2> = wrap::<B, 2>(operands.weight_hh).transpose();
    let bias: Tensor<B, 2> = wrap::<B, 1>(operands.bias).unsqueeze();
    let (size, like) = (weight_hh.dims()[0], (&projected.device(), projected.dtype()));
    let gates = cell.gates() * size;
    let input_bias = bias.clone().slice([0..1, 0..gates]);
    let mut state = Tensor::<B, 2>::zeros([0, cell.states() * size], like);
    let (mut states, mut activations) = (Vec::new(), Vec::new());
    for range in direction.order() {
        let rows = range.len();
        state = resized(state, rows);
        let hidden = block(&state, 0, size);
        let from_input = projected.clone().slice(range) + input_bias.clone();
        let from_hidden = narrowed(direction, hidden.clone()).matmul(weight_hh.clone());
        let (next, active) = match cell {
            Cell::Lstm => {
                let sums = from_input + from_hidden;
                let [i, f, o] = [0, 1, 3].map(|gate| sigmoid(block(&sums, gate, size)));
                let g = block(&sums, 2, size).tanh();
                let c = f.clone() * block(&state, 1, size) + i.clone() * g.clone();
                let c = rounded(direction, |rounding| rounding.cell, c);
                let h = rounded(direction, |rounding| rounding.hidden, o.clone() * c.clone().tanh());
                (vec![h, c], vec![i, f, g, o])
            }
            Cell::Gru => {
                let [r, z] =
                    [0, 1].map(|gate| sigmoid(block(&from_input, gate, size) + block(&from_hidden, gate, size)));
                let from_hidden = block(&from_hidden, 2, size) + block(&bias, 3, size);
                let n = (block(&from_input, 2, size) + r.clone() * from_hidden.clone()).tanh();
                let h = n.clone() + z.clone() * (hidden - n.clone());
                let h = rounded(direction, |rounding| rounding.hidden, h);
                (vec![h], vec![r, z, from_hidden, n])
            }
            Cell::RnnTanh => {
                let h = rounded(direction, |rounding| rounding.hidden, (from_input + from_hidden).tanh());
                (vec![h.clone()], vec![h])
            }
            Cell::RnnRelu => {
                let h = rounded(direction, |rounding| rounding.hidden, relu(from_input + from_hidden));
                (vec![h.clone()], vec![h])
            }
        };
        state = Tensor::cat(next, 1);
        states.push(state.clone());
        activations.push(Tensor::cat(active, 1));
    }
    Computed { states: unwrap(packed(direction, states)), activations: unwrap(packed(direction, activations)) }
}

pub(in super::super) fn backward<B: Backend>(
    direction: &Recurrence,
    weight_hh: FloatTensor<B>,
    computed: Computed<B>,
    gradient: FloatTensor<B>,
) -> Operands<B> {
    let cell = direction.cell;
    let weight_hh: Tensor<B, 2> = wrap(weight_hh);
    let (states, activations) = (wrap::<B, 2>(computed.states), wrap::<B, 2>(computed.activations));
    let gradient: Tensor<B, 2> = wrap(gradient);
    let (size, device) = (weight_hh.dims()[1], gradient.device());
    let like = (&device, gradient.dtype());
    let width = cell.states() * size;
    let order: Vec<_> = direction.order().collect();
    let mut carried = Tensor::<B, 2>::zeros([0, width], like);
    let (mut of_input, mut of_hidden, mut previous_hidden) = (Vec::new(), Vec::new(), Vec::new());
    for (number, range) in order.iter().enumerate().rev() {
        let rows = range.len();
        let of_state = gradient.clone().slice(range.clone()) + resized(carried, rows);
        let before = number.checked_sub(1).map(|before| order[before].clone());
        let previous_rows = before.as_ref().map_or(0, |before| before.len().min(rows));
        let previous = match before {
            Some(before) => resized(states.clone().slice(before.start..before.start + previous_rows), rows),
            None => Tensor::zeros([rows, width], like),
        };
        let active = activations.clone().slice(range.clone());
        let d_h = block(&of_state, 0, size);
        let (input, hidden, direct) = match cell {
            Cell::Lstm => {
                let [i, f, g, o] = [0, 1, 2, 3].map(|gate| block(&active, gate, size));
                let c = block(&states.clone().slice(range.clone()), 1, size);
                let tanh_c = c.clone().tanh();
                let d_c = block(&of_state, 1, size) + d_h.clone() * o.clone() * one_minus_square(tanh_c.clone());
                let d_c = match direction.rounding {
                    Some(rounding) => d_c.mask_fill(rounding.cell.are_ends(c), 0.0),
                    None => d_c,
                };
                let sums = vec![
                    d_c.clone() * g.clone() * slope(i.clone()),
                    d_c.clone() * block(&previous, 1, size) * slope(f.clone()),
                    d_c.clone() * i * one_minus_square(g),
                    d_h.clone() * tanh_c * slope(o),
                ];
                let sums = Tensor::cat(sums, 1);
                (sums.clone(), sums, Some(Tensor::cat(vec![d_h.zeros_like(), d_c * f], 1)))
            }
            Cell::Gru => {
                let [r, z, from_hidden, n] = [0, 1, 2, 3].map(|gate| block(&active, gate, size));
                let d_n = d_h.clone() * (z.clone().neg() + 1.0) * one_minus_square(n.clone());
                let d_r = d_n.clone() * from_hidden * slope(r.clone());
                let d_z = d_h.clone() * (block(&previous, 0, size) - n) * slope(z.clone());
                let input = Tensor::cat(vec![d_r.clone(), d_z.clone(), d_n.clone()], 1);
                (input, Tensor::cat(vec![d_r, d_z, d_n * r], 1), Some(d_h * z))
            }
            Cell::RnnTanh => {
                let sums = d_h * one_minus_square(active);
                (sums.clone(), sums, None)
            }
            Cell::RnnRelu => {
                let sums = d_h.mask_fill(active.lower_equal_elem(0.0), 0.0);
                (sums.clone(), sums, None)
            }
        };
        let through_product = hidden.clone().matmul(weight_hh.clone());
        carried = match (direct, cell) {
            (Some(direct), Cell::Lstm) => {
                direct + Tensor::cat(vec![through_product.clone(), through_product.zeros_like()], 1)
            }
            (Some(direct), _) => direct + through_product,
            (None, _) => through_product,
        };
        carried = resized(carried, previous_rows);
        of_input.push(input);
        of_hidden.push(hidden);
        previous_hidden.push(narrowed(direction, block(&previous, 0, size)));
    }
    let in_order = |mut steps: Vec<Tensor<B, 2>>| {
        steps.reverse();
        packed(direction, steps)
    };
    let (projected, of_hidden, previous_hidden) = (in_order(of_input), in_order(of_hidden), in_order(previous_hidden));
    let mut bias = vec![projected.clone().sum_dim(0)];
    if cell == Cell::Gru {
        bias.push(block(&of_hidden, 2, size).sum_dim(0));
    }
    let projected = match &direction.lookup {
        Some(lookup) => Tensor::zeros([lookup.count(), projected.dims()[1]], like).select_assign(
            0,
            indices(lookup.rows(), &device),
            projected,
            IndexingUpdateOp::Add,
        ),
        None => projected,
    };
    Operands {
        weight_hh: unwrap(of_hidden.transpose().matmul(previous_hidden)),
        bias: unwrap::<B, 1>(Tensor::cat(bias, 1).squeeze_dim(0)),
        projected: unwrap(projected),
    }
}

/// The derivative of the logistic function by its value.
fn slope<B: Backend>(value: Tensor<B, 2>) -> Tensor<B, 2> {
    value.clone() * (value.neg() + 1.0)
}

/// The derivative of tanh by its value.
fn one_minus_square<B: Backend>(value: Tensor<B, 2>) -> Tensor<B, 2> {
    (value.clone() * value).neg() + 1.0
}
