//! The slices' implementation against the tensors', and both against differences.

use burn::backend::Autodiff;
use proptest::prelude::*;

use super::super::check::largest_difference;
use super::super::host::Host;
use super::trial::{CELLS, Trial, computed, primitives};
use super::*;
use crate::operations::values;

proptest! {
    #[test]
    fn slices_and_tensors_agree(
        cell in 0_usize..4, lengths in prop::collection::vec(1_usize..9, 1..40), size in 1_usize..20,
        reverse in any::<bool>(), vocabulary in prop::option::of(1_usize..30), seed in any::<u64>(),
    ) {
        let trial = Trial::new(CELLS[cell], lengths, size, reverse, vocabulary, seed);
        let found = computed::<Host>(&trial, &Default::default(), Host::recurrence, Host::recurrence_backward);
        // In double precision, so that the differences are the slices' own: single precision keeps about six digits
        // of a gradient that came through eight steps.
        let trial = trial.in_double_precision();
        let expected = computed::<Host>(&trial, &Default::default(), tensors::forward, tensors::backward);
        // On the kink of a ReLU either side's gradient is right.
        let [(_, found_states), (_, states)] = [&found[0], &expected[0]];
        prop_assume!(found_states.iter().zip(states).all(|(found, expected)| (*found == 0.0) == (*expected == 0.0)));
        for ((what, found), (_, expected)) in found.iter().zip(&expected) {
            let size = expected.iter().fold(10.0_f32, |size, value| size.max(value.abs()));
            let largest = largest_difference(found, expected);
            assert!(largest <= 2e-6 * size, "{what}: {largest}");
        }
    }
}

/// A sum that is rounded otherwise may fall on the other side of a half: few values, those of the row after it.
#[test]
fn slices_and_tensors_round_the_same_states() {
    for (cell, reverse) in CELLS.into_iter().flat_map(|cell| [(cell, false), (cell, true)]) {
        let lengths = (0..60).map(|row| 1 + row * 5 % 7).collect();
        let trial = Trial::new(cell, lengths, 6, reverse, Some(9), 5).rounded();
        let found = computed::<Host>(&trial, &Default::default(), Host::recurrence, Host::recurrence_backward);
        let expected = computed::<Host>(&trial, &Default::default(), tensors::forward, tensors::backward);
        for ((what, found), (_, expected)) in found.iter().zip(&expected).take(2) {
            let far = found.iter().zip(expected).filter(|(found, expected)| (*found - *expected).abs() > 2e-5).count();
            assert!(found.len() == expected.len() && far * 20 <= found.len(), "{cell:?} {what}: {far} differ");
        }
        for ((what, found), (_, expected)) in found.iter().zip(&expected).skip(2) {
            let largest = largest_difference(found, expected);
            assert!(largest <= 0.02, "{cell:?} {what}: {largest}");
        }
        let exact = Trial::new(cell, vec![3; 9], 6, reverse, None, 5);
        let states = |trial: &Trial| {
            let computed = Host::recurrence(&trial.direction, primitives(trial.operands(&Default::default())));
            values(wrap::<Host, 2>(computed.states))
        };
        let (rounded, exact) = (states(&Trial::new(cell, vec![3; 9], 6, reverse, None, 5).rounded()), states(&exact));
        let largest = largest_difference(&rounded, &exact);
        assert!(largest > 1e-5 && largest < 0.05, "{cell:?}: {largest} from states without rounding");
    }
}

/// The loss `sum(states * gradient)` in double precision would need another implementation; differences over a
/// step of 2^-7 in single precision are exact to about 1e-3 here.
#[test]
fn gradients_are_those_of_differences() {
    let directions = [(false, None), (true, None), (false, Some(5))];
    for (cell, (reverse, vocabulary)) in CELLS.into_iter().flat_map(|cell| directions.map(|how| (cell, how))) {
        let host = Default::default();
        let new = || Trial::new(cell, vec![4, 3, 1], 3, reverse, vocabulary, 11);
        let trial = new();
        let loss = |trial: &Trial| -> f64 {
            let states = Host::recurrence(&trial.direction, primitives(trial.operands(&host))).states;
            let states = values(wrap::<Host, 2>(states));
            states.iter().zip(&trial.gradient).map(|(state, gradient)| f64::from(*state) * f64::from(*gradient)).sum()
        };
        let operands = trial.operands::<Autodiff<Host>>(&host).map(Tensor::require_grad);
        let [projected, weight_hh, bias] = operands.clone();
        let states = run(&trial.direction, projected, weight_hh, bias.squeeze_dim(0));
        let gradients = (states * trial.gradient(&host)).sum().backward();
        let mut compared = 0;
        for (number, operand) in operands.iter().enumerate() {
            let gradient = operand.grad(&gradients).map(values).unwrap_or_default();
            for (place, expected) in gradient.iter().enumerate() {
                let moved = |difference: f32| {
                    let mut trial = new();
                    let operand = [&mut trial.projected, &mut trial.weight_hh, &mut trial.bias];
                    operand[number][place] += difference;
                    loss(&trial)
                };
                let step = 1.0 / 128.0;
                let found = (moved(step) - moved(-step)) / f64::from(2.0 * step);
                let kink = cell == Cell::RnnRelu;
                if !kink {
                    assert!(
                        (found - f64::from(*expected)).abs() <= 2e-3,
                        "{cell:?} {number}[{place}]: {found} {expected}"
                    );
                }
                compared += usize::from((found - f64::from(*expected)).abs() <= 2e-3);
            }
        }
        let total = trial.projected.len() + trial.weight_hh.len() + trial.bias.len();
        assert!(compared * 10 >= total * 9, "{cell:?}: {compared} of {total}");
    }
}
