//! Steps of weights in 8 bits, row after row, with kernels that take several units at once.
//!
//! The pre-activations of a group of units are computed result by result, four units at a time; then the states of the group.
//! The loops over single units, which other weights and other processors run in, define what is correct.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::ptr;

use super::units::{Activation, StepVectors};
#[cfg(cortex_m0)]
use super::weights::ONE;
use super::weights::{IntegerWeights, Layout, Rows};
use crate::format::{Feature, Packing};
use crate::numeric::Requantization;

#[cfg(cortex_m0)]
#[path = "cortex_m0/results.rs"]
mod cortex_m0;
#[cfg(helium)]
#[path = "helium/results.rs"]
mod helium;
#[cfg_attr(cortex_m0, path = "cortex_m0/states.rs")]
#[cfg_attr(helium, path = "helium/states.rs")]
mod states;

#[cfg(cortex_m0)]
use cortex_m0::{GROUP, next_units};
#[cfg(helium)]
use helium::{GROUP, next_units};
#[cfg(helium)]
pub(crate) use states::{quantize_hidden, quantize_rectified};

/// The pre-activations of a group of units, one result after the other. A group is [`GROUP`] units, whole blocks of four.
type Group<const RESULTS: usize> = [[i16; GROUP]; RESULTS];

/// The gates whose rows make a result: one of `W` that is multiplied with `x`, one of `U` that is multiplied with `h`, or both.
#[derive(Clone, Copy)]
struct Factors {
    input: Option<usize>,
    recurrent: Option<usize>,
}

/// The rows of the next unit in a gate, and the vector that they are multiplied with.
#[repr(C)]
#[derive(Clone, Copy)]
struct Part {
    rows: *const u8,
    columns: usize,
    vector: *const i8,
}

impl Part {
    /// The rows of a gate; without one a part of no columns. `matrix` has the rows of that gate, and the vector their columns.
    #[inline(always)]
    fn of(matrix: &Rows<'_, u8>, vector: &[i8], units: usize, gate: Option<usize>) -> Self {
        let rows = matrix.items.as_ptr();
        match gate {
            Some(gate) => Self {
                rows: rows.wrapping_add(gate.wrapping_mul(units).wrapping_mul(matrix.stride)),
                columns: matrix.stride,
                vector: vector.as_ptr(),
            },
            None => Self { rows, columns: 0, vector: vector.as_ptr() },
        }
    }
}

/// One result of the units of a direction, four units after the other. It begins with what the routine reads.
#[repr(C)]
struct ResultUnits<'v> {
    input: Part,
    recurrent: Part,
    /// The next biases, multipliers and, or null, the token's weights.
    bias: *const i32,
    multipliers: *const i16,
    one_hot: *const i8,
    shift: u32,
    /// Units that are left.
    left: usize,
    lives: PhantomData<&'v [u8]>,
}

impl<'v> ResultUnits<'v> {
    /// The results of a direction of `GATES` gates, each with the gates that it is made of. `None` if a weight does not take a
    /// byte or something is missing.
    #[inline(always)]
    fn of<const GATES: usize, const RESULTS: usize>(
        weights: &'v IntegerWeights<'_>,
        scales: &Requantization<'v>,
        vectors: &StepVectors<'v>,
        factors: [Factors; RESULTS],
    ) -> Option<[Self; RESULTS]> {
        let units = weights.hidden_size;
        let (x, h) = (weights.input.vector(vectors.x), weights.recurrent.vector(vectors.h));
        let has_rows = |matrix: &Rows<'_, u8>, vector: &[i8]| {
            let bytes = units.checked_mul(GATES).and_then(|rows| rows.checked_mul(matrix.stride));
            matrix.stride == vector.len() && bytes.is_some_and(|bytes| bytes <= matrix.items.len())
        };
        let results = units.checked_mul(RESULTS)?;
        let is_complete = Packing::RowMajor.is_built()
            && weights.layout == Layout::Bytes
            && has_rows(&weights.input, x)
            && has_rows(&weights.recurrent, h)
            && results <= scales.bias.len()
            && results <= scales.multipliers.len()
            && (weights.one_hot.is_empty() || units.wrapping_mul(GATES) <= weights.one_hot.len());
        if !is_complete {
            return None;
        }
        let mut first = 0_usize;
        Some(factors.map(|Factors { input, recurrent }| {
            let one_hot = match input {
                Some(gate) if !weights.one_hot.is_empty() => {
                    weights.one_hot.as_ptr().wrapping_add(gate.wrapping_mul(units))
                }
                _ => ptr::null(),
            };
            let result = Self {
                input: Part::of(&weights.input, x, units, input),
                recurrent: Part::of(&weights.recurrent, h, units, recurrent),
                bias: scales.bias.as_ptr().wrapping_add(first),
                multipliers: scales.multipliers.as_ptr().wrapping_add(first),
                one_hot,
                shift: scales.accumulator_shift.into(),
                left: units,
                lives: PhantomData,
            };
            first = first.wrapping_add(units);
            result
        }))
    }

    /// Writes the pre-activations of the next units: as many as are left, or as `target` has places for. All but the last
    /// units are taken in whole blocks of four.
    #[inline(always)]
    fn next(&mut self, target: &mut [i16]) {
        let units = if target.len() < self.left { target.len() & !3 } else { self.left };
        if units == 0 {
            return;
        }
        self.left = self.left.wrapping_sub(units);
        #[cfg(cortex_m0)]
        if !self.one_hot.is_null() {
            // SAFETY: as below.
            return unsafe { self.next_of_one_hot(target, units) };
        }
        // SAFETY: so many units were left, at least one, whose rows, biases, multipliers and token's weights the routine reads;
        // it goes on to the next ones. `target` has a place for each.
        unsafe { next_units(self, target.as_mut_ptr(), units) }
    }

    /// Writes the pre-activations of the next units under one-hot tokens, with the products of the token's weights in the biases.
    ///
    /// # Safety
    /// So many units are left, at least one, and `target` has a place for each.
    #[cfg(cortex_m0)]
    #[inline(never)]
    unsafe fn next_of_one_hot(&mut self, target: &mut [i16], units: usize) {
        let bias = self.bias;
        let mut done = 0;
        for target in target.chunks_mut(GROUP) {
            let units = units.wrapping_sub(done).min(target.len());
            if units == 0 {
                break;
            }
            let mut sums = [0; GROUP];
            for (place, sum) in sums.iter_mut().enumerate().take(units) {
                let unit = done.wrapping_add(place);
                // SAFETY: the caller has promised so many units, each of which has a bias and a weight of the token.
                let (bias, weight) = unsafe { (bias.add(unit).read(), self.one_hot.add(place).read()) };
                *sum = bias.wrapping_add(i32::from(weight) * ONE);
            }
            self.bias = sums.as_ptr();
            // SAFETY: the caller has promised so many units; `sums` lives on.
            unsafe { next_units(self, target.as_mut_ptr(), units) }
            self.one_hot = self.one_hot.wrapping_add(units);
            done = done.wrapping_add(units);
        }
        self.bias = bias.wrapping_add(done);
    }
}

/// Whether weights take a byte each in all models of this build, which has then no code for others: a step is always done.
const ONLY_BYTES: bool = !Feature::Int4.is_built();

/// Writes the pre-activations of the next units of each result.
#[inline(always)]
fn next<const RESULTS: usize>(results: &mut [ResultUnits<'_>; RESULTS], group: &mut Group<RESULTS>) {
    for (result, target) in results.iter_mut().zip(group) {
        result.next(target);
    }
}

impl IntegerWeights<'_> {
    /// A step of an LSTM, of which `update` defines the next states of a unit; false if a weight does not take a byte, and
    /// nothing is done.
    #[inline(always)]
    pub(crate) fn step_lstm(
        &self,
        scales: &Requantization<'_>,
        vectors: &StepVectors<'_>,
        c: &mut [i16],
        h: &mut [i16],
        update: impl Fn([i16; 4], u8, &mut i16, &mut i16),
    ) -> bool {
        let gates = [0, 1, 2, 3].map(|gate| Factors { input: Some(gate), recurrent: Some(gate) });
        let Some(mut results) = ResultUnits::of::<4, 4>(self, scales, vectors, gates) else { return ONLY_BYTES };
        let mut group = [[0; GROUP]; 4];
        for (c, h) in c.chunks_mut(GROUP).zip(h.chunks_mut(GROUP)) {
            next(&mut results, &mut group);
            states::update_lstm(&group, scales.state_fraction_bits, c, h, &update);
        }
        true
    }

    /// A step of a GRU, of which `update` defines the next state of a unit; false if a weight does not take a byte, and nothing
    /// is done.
    #[inline(always)]
    pub(crate) fn step_gru(
        &self,
        scales: &Requantization<'_>,
        vectors: &StepVectors<'_>,
        h: &mut [i16],
        update: impl Fn([i16; 4], &mut i16),
    ) -> bool {
        let gates = [(Some(0), Some(0)), (Some(1), Some(1)), (Some(2), None), (None, Some(2))];
        let gates = gates.map(|(input, recurrent)| Factors { input, recurrent });
        let Some(mut results) = ResultUnits::of::<3, 4>(self, scales, vectors, gates) else { return ONLY_BYTES };
        let mut group = [[0; GROUP]; 4];
        for h in h.chunks_mut(GROUP) {
            next(&mut results, &mut group);
            states::update_gru(&group, h, &update);
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
        let Some([mut result]) = ResultUnits::of::<1, 1>(self, scales, vectors, gates) else { return ONLY_BYTES };
        result.next(h);
        match activation {
            Activation::Tanh => states::tanh(h),
            Activation::Rectifier => states::rectify(h),
        }
        true
    }
}
