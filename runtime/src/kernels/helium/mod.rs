//! Steps with Helium, the vector instructions of a Cortex-M55 or M85: of weights in 8 bits, row after row.
//!
//! The pre-activations of a group of units are computed result by result, four units at a time; then the states of the group,
//! four units at a time as well. The loops over single units, which the other kernels run in, define what is correct.
#![allow(unsafe_code)]

mod results;
mod states;

use super::units::{Activation, StepVectors};
use super::weights::IntegerWeights;
use crate::numeric::Requantization;

use results::{Factors, ResultUnits};
pub(crate) use states::{quantize_hidden, quantize_rectified};

/// Units whose pre-activations are computed before their states: whole blocks of four.
const GROUP: usize = 32;

/// The pre-activations of a group of units, one result after the other.
type Group<const RESULTS: usize> = [[i16; GROUP]; RESULTS];

/// Writes the pre-activations of the next units of each result.
#[inline(always)]
fn next<const RESULTS: usize>(results: &mut [ResultUnits<'_>; RESULTS], group: &mut Group<RESULTS>) {
    for (result, target) in results.iter_mut().zip(group) {
        result.next(target);
    }
}

impl IntegerWeights<'_> {
    /// A step of an LSTM; false if a weight does not take a byte, and nothing is done.
    #[inline(always)]
    pub(crate) fn step_lstm(
        &self,
        scales: &Requantization<'_>,
        vectors: &StepVectors<'_>,
        c: &mut [i16],
        h: &mut [i16],
    ) -> bool {
        let gates = [0, 1, 2, 3].map(|gate| Factors { input: Some(gate), recurrent: Some(gate) });
        let Some(mut results) = ResultUnits::of::<4, 4>(self, scales, vectors, gates) else { return false };
        let mut group = [[0; GROUP]; 4];
        for (c, h) in c.chunks_mut(GROUP).zip(h.chunks_mut(GROUP)) {
            next(&mut results, &mut group);
            states::update_lstm(&group, scales.state_fraction_bits, c, h);
        }
        true
    }

    /// A step of a GRU; false if a weight does not take a byte, and nothing is done.
    #[inline(always)]
    pub(crate) fn step_gru(&self, scales: &Requantization<'_>, vectors: &StepVectors<'_>, h: &mut [i16]) -> bool {
        let gates = [(Some(0), Some(0)), (Some(1), Some(1)), (Some(2), None), (None, Some(2))];
        let gates = gates.map(|(input, recurrent)| Factors { input, recurrent });
        let Some(mut results) = ResultUnits::of::<3, 4>(self, scales, vectors, gates) else { return false };
        let mut group = [[0; GROUP]; 4];
        for h in h.chunks_mut(GROUP) {
            next(&mut results, &mut group);
            states::update_gru(&group, h);
        }
        true
    }

    /// A step of a vanilla RNN; false if a weight does not take a byte, and nothing is done.
    #[inline(always)]
    pub(crate) fn step_rnn(
        &self,
        scales: &Requantization<'_>,
        vectors: &StepVectors<'_>,
        h: &mut [i16],
        activation: Activation,
    ) -> bool {
        let gates = [Factors { input: Some(0), recurrent: Some(0) }];
        let Some([mut result]) = ResultUnits::of::<1, 1>(self, scales, vectors, gates) else { return false };
        result.next(h);
        match activation {
            Activation::Tanh => states::tanh(h),
            Activation::Rectifier => states::rectify(h),
        }
        true
    }
}
