use core::num::NonZeroU32;

use super::state::LayerBuffers;
use super::weights::{Arithmetic, Matrix, precision_mismatch};
use crate::cell::{LstmWeights, step_int8};
use crate::error::{Error, Field, expect_within, invalid};
use crate::format::{Int8Scales, Precision, Tensors};
use crate::{kernels, numeric};

/// Weights in 8 bits with a scale a row, integers throughout.
pub(crate) enum Int8 {}

/// How a matrix's accumulators become numbers again.
#[derive(Clone, Copy)]
pub(crate) struct Requantization<'m> {
    multipliers: &'m [i16],
    accumulator_shift: u8,
    pub(crate) cell_fraction_bits: u8,
}

impl Matrix<'_, Int8> {
    /// A row's sum with its bias, in the units of the result.
    pub(crate) fn requantized(&self, row: usize, sum: i32) -> i32 {
        let bias = self.bias.get(row).copied().unwrap_or(0);
        let multiplier = self.scales.multipliers.get(row).copied().unwrap_or(0);
        numeric::requantize(sum.wrapping_add(bias), multiplier, self.scales.accumulator_shift)
    }
}

impl Arithmetic for Int8 {
    type Weight = i8;
    type Bias = i32;
    type Scales<'m> = Requantization<'m>;
    type Value = i8;
    type Hidden = i16;
    type Cell = i16;
    type Sum = i32;

    fn parse_scales<'m>(
        tensors: &Tensors<'m>,
        scales: Option<&Int8Scales>,
        rows: usize,
    ) -> Result<Requantization<'m>, Error> {
        let scales = scales.ok_or(precision_mismatch(Precision::Int8 as usize, Precision::F32 as usize))?;
        expect_within(Field::AccumulatorShift, 0, 15, scales.accumulator_shift as usize)?;
        expect_within(Field::CellFractionBits, 0, 15, scales.cell_fraction_bits as usize)?;
        let multipliers: &[i16] = tensors.view(&scales.multipliers, rows)?;
        for multiplier in multipliers {
            expect_within(Field::Multiplier, 1, i16::MAX as usize, usize::try_from(*multiplier).unwrap_or(0))?;
        }
        Ok(Requantization {
            multipliers,
            accumulator_shift: scales.accumulator_shift,
            cell_fraction_bits: scales.cell_fraction_bits,
        })
    }

    fn check_weights(weights: &[i8], _: usize) -> Result<(), Error> {
        if weights.contains(&i8::MIN) { Err(invalid(Field::WeightRange, 127, 128)) } else { Ok(()) }
    }

    fn check_row(matrix: &Matrix<'_, Self>, row: usize, largest_input: u32) -> Result<(), Error> {
        Self::check_weights(matrix.row(row), row)?;
        let weights: u64 = matrix.row(row).iter().map(|weight| u64::from(weight.unsigned_abs())).sum();
        let bias = matrix.bias.get(row).map_or(0, |bias| u64::from(bias.unsigned_abs()));
        let largest = weights * u64::from(largest_input) + bias;
        let limit = (i32::MAX as u64) >> matrix.scales.accumulator_shift;
        let as_size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        expect_within(Field::AccumulatorRange, 0, as_size(limit), as_size(largest))
    }

    fn embed(weight: i8) -> i8 {
        weight
    }

    fn narrow(hidden: i16) -> i8 {
        numeric::narrow_hidden(hidden)
    }

    fn step(weights: &LstmWeights<'_, Self>, buffers: &mut LayerBuffers<'_, Self>) {
        step_int8(weights, buffers);
    }

    fn gather_sum(sum: &mut i32, value: i16) {
        *sum = sum.wrapping_add(i32::from(value));
    }

    fn gather_largest(largest: &mut i32, value: i16, first: bool) {
        let value = i32::from(value);
        *largest = if first { value } else { value.max(*largest) };
    }

    fn largest(gathered: i32) -> i16 {
        gathered as i16
    }

    fn mean(sum: i32, steps: u32) -> i16 {
        NonZeroU32::new(steps).map_or(0, |steps| numeric::mean(sum, steps))
    }

    fn logit(head: &Matrix<'_, Self>, class: usize, pooled: &[i16]) -> i32 {
        head.requantized(class, kernels::dot_i16(head.row(class), pooled))
    }
}
