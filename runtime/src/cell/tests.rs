//! Each cell's integers against the same step in `f64`, from the same pre-activations on.

extern crate std;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{gru, lstm, rnn};
use crate::format::Cell;
use crate::kernels::{Activation, IntegerWeights, Layout, Rows, StepVectors, WideVectors};
use crate::numeric::Requantization;

const INPUT_SIZE: usize = 3;
const UNITS: usize = 5;
const COLUMNS: usize = INPUT_SIZE + UNITS;
/// Units of Q0.15 and of Q3.12.
const Q15: f64 = 32_768.0;
const Q12: f64 = 4_096.0;

/// Weights, states and inputs of one step.
#[derive(Debug, Clone)]
struct Case {
    /// `[rows, input_size]`.
    input: Vec<i8>,
    /// `[rows, hidden_size]`.
    recurrent: Vec<i8>,
    bias: Vec<i32>,
    multipliers: Vec<i16>,
    fraction_bits: u8,
    /// `x`.
    inputs: Vec<i8>,
    /// `h` as the product takes it in; `hidden` need not be the same.
    narrow: Vec<i8>,
    cell: Vec<i16>,
    hidden: Vec<i16>,
}

fn cases(cell: Cell) -> impl Strategy<Value = Case> {
    let results = cell.results() * UNITS;
    let smallest_hidden = if cell == Cell::RnnRelu { 0 } else { -32_767_i16 };
    let rows = cell.gates() * UNITS;
    (
        prop::collection::vec(-127..=127_i8, rows * INPUT_SIZE),
        prop::collection::vec(-127..=127_i8, rows * UNITS),
        prop::collection::vec(-100_000..100_000, results),
        prop::collection::vec(1..=32_767_i16, results),
        0..=15_u8,
        prop::collection::vec(-127..=127_i8, INPUT_SIZE),
        prop::collection::vec(-127..=127_i8, UNITS),
        prop::collection::vec(any::<i16>(), UNITS),
        prop::collection::vec(smallest_hidden..=32_767, UNITS),
    )
        .prop_map(|(input, recurrent, bias, multipliers, fraction_bits, inputs, narrow, cell, hidden)| Case {
            input,
            recurrent,
            bias,
            multipliers,
            fraction_bits,
            inputs,
            narrow,
            cell,
            hidden,
        })
}

impl Case {
    fn weights(&self) -> IntegerWeights<'_> {
        IntegerWeights {
            input: bytes(&self.input, INPUT_SIZE),
            recurrent: bytes(&self.recurrent, UNITS),
            one_hot: &[],
            layout: Layout::Bytes,
            hidden_size: UNITS,
        }
    }

    /// The states `c` and `h` after a step of a cell.
    fn step(&self, kind: Cell, weights: &IntegerWeights<'_>) -> (Vec<i16>, Vec<i16>) {
        let scales = Requantization {
            bias: &self.bias,
            multipliers: &self.multipliers,
            accumulator_shift: 2,
            state_fraction_bits: self.fraction_bits,
        };
        let (x, narrow) = (padded(&self.inputs), padded(&self.narrow));
        let vectors = StepVectors { x: &x, h: &narrow, wide: WideVectors::default() };
        let (mut c, mut h) = (self.cell.clone(), self.hidden.clone());
        match kind {
            Cell::Lstm => lstm::step_int8(weights, &scales, vectors, &mut c, &mut h),
            Cell::Gru => gru::step_int8(weights, &scales, vectors, &mut h),
            Cell::RnnTanh => rnn::step_int8(weights, &scales, vectors, &mut h, Activation::Tanh),
            Cell::RnnRelu => rnn::step_int8(weights, &scales, vectors, &mut h, Activation::Rectifier),
        }
        (c, h)
    }

    /// A result's pre-activation in its units, of the row's columns that are given, those of `x` before those of `h`.
    fn pre_activation(&self, row: usize, result: usize, columns: core::ops::Range<usize>) -> f64 {
        let weights = self.input.chunks(INPUT_SIZE).nth(row).into_iter().flatten();
        let weights = weights.chain(self.recurrent.chunks(UNITS).nth(row).into_iter().flatten());
        let products = weights.zip(self.inputs.iter().chain(&self.narrow)).map(|(w, x)| i64::from(*w) * i64::from(*x));
        let sum: i64 = products.skip(columns.start).take(columns.len()).sum();
        let accumulator = (sum + i64::from(self.bias[result])) << 2;
        let exact = (accumulator * i64::from(self.multipliers[result])) >> 16;
        (exact as f64).clamp(-32_768.0, 32_767.0)
    }
}

/// Rows of weights in 8 bits.
fn bytes(weights: &[i8], columns: usize) -> Rows<'_, u8> {
    Rows { items: bytemuck::cast_slice(weights), stride: columns, width: columns }
}

/// The bytes of rows of weights in 4 bits; a row of an odd number of columns ends with half a byte that nothing counts.
fn nibbles(weights: &[i8], columns: usize) -> Vec<u8> {
    let byte = |pair: &[i8]| pair[0] as u8 & 15 | pair.get(1).map_or(0x70, |weight| (*weight as u8) << 4);
    weights.chunks(columns).flat_map(|row| row.chunks(2).map(byte).collect::<Vec<_>>()).collect()
}

/// Rows of weights in 4 bits.
fn rows_of_nibbles(items: &[u8], columns: usize) -> Rows<'_, u8> {
    Rows { items, stride: columns.div_ceil(2), width: columns.next_multiple_of(2) }
}

/// Values, and zeros that fill up their last 32-bit word.
fn padded(values: &[i8]) -> Vec<i8> {
    let mut padded = values.to_vec();
    padded.resize(values.len().next_multiple_of(4), 0);
    padded
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Fails unless `found` units are within `bound` of `real` ones, saturated.
fn expect_near(found: i16, real: f64, bound: f64) -> Result<(), TestCaseError> {
    let real = real.clamp(-32_768.0, 32_767.0);
    prop_assert!((f64::from(found) - real).abs() <= bound, "{found} for {real}");
    Ok(())
}

proptest! {
    /// A gate is off by at most 1.6 units and the tanh by 2.1 of Q0.15, and the state is rounded: so `c` is off by at
    /// most 5 units of Q0.15 and what its range makes of the forget gate's error, and `h` by that in turn.
    #[test]
    fn an_lstm_step_is_near_the_real_one(case in cases(Cell::Lstm)) {
        let (cell, hidden) = case.step(Cell::Lstm, &case.weights());
        let unit = f64::from(1_u32 << case.fraction_bits);
        for (number, (cell, hidden)) in cell.into_iter().zip(hidden).enumerate() {
            let gate = |gate: usize| case.pre_activation(gate * UNITS + number, gate * UNITS + number, 0..COLUMNS) / Q12;
            let before = f64::from(case.cell[number]);
            let added = sigmoid(gate(0)) * gate(2).tanh() * unit;
            let real = sigmoid(gate(1)) * before + added;
            let bound = 1.0 + (2.0 * before.abs() + 4.0 * unit) / Q15;
            expect_near(cell, real, bound)?;
            let real = sigmoid(gate(3)) * (f64::from(cell) / unit).clamp(-8.0, 8.0).tanh() * Q15;
            // Beyond 12 fraction bits the tanh reads the state rounded to Q3.12: half of its unit is 4 of Q0.15.
            let rounding = if case.fraction_bits > 12 { 4.0 } else { 0.0 };
            expect_near(hidden, real, 4.5 + rounding)?;
        }
    }

    /// The tanh reads the sum rounded to Q3.12, whose half unit and the reset gate's error of 1.6 units, times a
    /// product of up to 8, are up to 18 units of Q0.15; two gates and the rounding add 6.
    #[test]
    fn a_gru_step_is_near_the_real_one(case in cases(Cell::Gru)) {
        let (_, hidden) = case.step(Cell::Gru, &case.weights());
        let start = INPUT_SIZE;
        for (number, hidden) in hidden.into_iter().enumerate() {
            let (update_row, new_row) = (UNITS + number, 2 * UNITS + number);
            let reset = sigmoid(case.pre_activation(number, number, 0..COLUMNS) / Q12);
            let update = sigmoid(case.pre_activation(update_row, update_row, 0..COLUMNS) / Q12);
            let new_x = case.pre_activation(new_row, new_row, 0..start) / Q12;
            let new_h = case.pre_activation(new_row, 3 * UNITS + number, start..COLUMNS) / Q12;
            let candidate = (new_x + reset * new_h).clamp(-8.0, 8.0).tanh();
            let real = (1.0 - update) * candidate * Q15 + update * f64::from(case.hidden[number]);
            expect_near(hidden, real, 24.0)?;
        }
    }

    #[test]
    fn an_elman_step_is_near_the_real_one(case in cases(Cell::RnnTanh)) {
        let (_, hidden) = case.step(Cell::RnnTanh, &case.weights());
        for (number, hidden) in hidden.into_iter().enumerate() {
            let real = (case.pre_activation(number, number, 0..COLUMNS) / Q12).tanh() * Q15;
            expect_near(hidden, real, 2.1)?;
        }
    }

    #[test]
    fn a_rectified_step_is_the_real_one(case in cases(Cell::RnnRelu)) {
        let (_, hidden) = case.step(Cell::RnnRelu, &case.weights());
        for (number, hidden) in hidden.into_iter().enumerate() {
            expect_near(hidden, case.pre_activation(number, number, 0..COLUMNS).max(0.0), 0.0)?;
        }
    }

    /// Weights in 4 bits are the same weights in 8 bits.
    #[test]
    fn weights_in_4_bits_are_what_they_are_in_8(
        cases in (cases(Cell::Lstm), cases(Cell::Gru), cases(Cell::RnnTanh), cases(Cell::RnnRelu)),
    ) {
        let (lstm, gru, tanh, relu) = cases;
        for (mut case, cell) in [(lstm, Cell::Lstm), (gru, Cell::Gru), (tanh, Cell::RnnTanh), (relu, Cell::RnnRelu)] {
            case.input.iter_mut().chain(&mut case.recurrent).for_each(|weight| *weight /= 17);
            let (input, recurrent) = (nibbles(&case.input, INPUT_SIZE), nibbles(&case.recurrent, UNITS));
            let one_hot: Vec<i8> = (0..cell.gates() * UNITS).map(|row| row as i8 * 5 - 40).collect();
            for one_hot in [&[][..], &one_hot] {
                let wide = IntegerWeights { one_hot, ..case.weights() };
                let narrow = IntegerWeights {
                    input: rows_of_nibbles(&input, INPUT_SIZE),
                    recurrent: rows_of_nibbles(&recurrent, UNITS),
                    layout: Layout::Nibbles,
                    ..wide
                };
                prop_assert_eq!(case.step(cell, &narrow), case.step(cell, &wide));
            }
        }
    }

    /// A one-hot input of 1 is what 127 is in a column of its own.
    #[test]
    fn a_one_hot_input_is_a_column_of_127(case in cases(Cell::Gru), lstm_case in cases(Cell::Lstm)) {
        for (case, cell) in [(case, Cell::Gru), (lstm_case, Cell::Lstm)] {
            let rows = cell.gates() * UNITS;
            let mut with_column = case.clone();
            with_column.inputs.copy_from_slice(&[0, 127, 0]);
            let column: Vec<i8> = (0..rows).map(|row| case.input[row * INPUT_SIZE + 1]).collect();
            let without_input = IntegerWeights { input: bytes(&[], 0), one_hot: &column, ..case.weights() };
            let expected = with_column.step(cell, &case.weights());
            prop_assert_eq!(case.step(cell, &without_input), expected);
            prop_assert_ne!(vec![0; rows], column);
        }
    }
}
