use core::num::NonZeroU32;

use super::arithmetic::Arithmetic;
use super::state::{LayerBuffers, LayerState};
use super::{cast, copy};
use crate::answer::Logits;
use crate::cell::{gru, lstm, rnn};
use crate::format::{Cell, Feature, IntegerChannel};
use crate::kernels::{self, Activation, IntegerWeights, Layout, Rows, StepVectors, WideVectors};
use crate::numeric::{self, Requantization};
use crate::plan::{Direction, Head, Matrix, NumberFormat, Results};

/// Weights in 8 or 4 bits with a scale a row, integers throughout.
pub(crate) enum Int8 {}

/// Fraction bits of a hidden state between -1 and 1.
pub(super) const HIDDEN_FRACTION_BITS: u8 = 15;

/// The weights of a direction, and those of a step's token.
pub(super) fn weights<'a>(direction: &Direction<'a>, one_hot: &'a [u8]) -> IntegerWeights<'a> {
    let rows = |matrix: &Matrix<'a>| Rows { items: matrix.bytes, stride: matrix.stride(), width: matrix.width() };
    let layout = match direction.recurrent.format {
        NumberFormat::I4 => Layout::Nibbles,
        NumberFormat::HalfWords => Layout::HalfWords,
        _ => Layout::Bytes,
    };
    IntegerWeights {
        input: rows(&direction.input),
        recurrent: rows(&direction.recurrent),
        one_hot: cast(one_hot),
        layout,
        hidden_size: direction.hidden_size,
    }
}

pub(super) fn requantization<'a>(results: &Results<'a>) -> Requantization<'a> {
    Requantization {
        bias: cast(results.bias),
        multipliers: cast(results.multipliers),
        accumulator_shift: results.accumulator_shift,
        state_fraction_bits: results.state_fraction_bits,
    }
}

impl Arithmetic for Int8 {
    type Channel = IntegerChannel;
    type Raw = i32;
    type Value = i8;
    type State = i16;
    type Sum = i32;

    fn embed(vectors: &Matrix<'_>, row: usize, target: &mut [i8]) {
        let vector = vectors.row(row);
        match vectors.format {
            NumberFormat::I4 if Feature::Int4.is_built() => {
                for (number, value) in target.iter_mut().enumerate() {
                    *value = nibble(vector, number);
                }
            }
            _ => copy(target, cast(vector)),
        }
    }

    fn embed_second(vectors: &Matrix<'_>, row: usize, target: &mut [i8]) {
        let vector = vectors.row(row);
        for (number, value) in target.iter_mut().enumerate() {
            let second = match vectors.format {
                NumberFormat::I4 if Feature::Int4.is_built() => nibble(vector, number),
                _ => vector.get(number).map_or(0, |byte| *byte as i8),
            };
            *value = ((i16::from(*value) + i16::from(second)) >> 1) as i8;
        }
    }

    fn raw_of_integer(integer: i32, _: f32) -> i32 {
        integer
    }

    #[cfg(feature = "float")]
    fn raw_of_float(value: f32, unit: f32) -> i32 {
        libm::roundf(value / unit) as i32
    }

    fn difference(raw: i32, before: i32) -> i32 {
        raw.saturating_sub(before)
    }

    fn normalize(raw: i32, channel: &IntegerChannel) -> i8 {
        numeric::normalize(raw, *channel)
    }

    #[inline(never)]
    fn quantize_hidden(cell: Cell, hidden: &[i16], target: &mut [i8]) {
        match cell {
            Cell::RnnRelu if Feature::Rnn.is_built() => {
                kernels::quantize_rectified(hidden, target);
            }
            _ => kernels::quantize_hidden(hidden, target),
        }
    }

    fn step(direction: &Direction<'_>, one_hot: &[u8], buffers: &mut LayerBuffers<'_, Self>) {
        let LayerBuffers { inputs, recurrent, cell, hidden, wide } = buffers;
        let wide = if direction.has_half_words() {
            let is_rectified = Feature::Rnn.is_built() && direction.cell == Cell::RnnRelu;
            WideVectors::write(wide, inputs, direction.input_size, hidden, is_rectified)
        } else {
            None
        };
        let vectors = StepVectors { x: inputs, h: recurrent, wide: wide.unwrap_or_default() };
        let (weights, scales) = (weights(direction, one_hot), requantization(&direction.results));
        match direction.cell {
            Cell::Lstm if Feature::Lstm.is_built() => lstm::step_int8(&weights, &scales, vectors, cell, hidden),
            Cell::Gru if Feature::Gru.is_built() => gru::step_int8(&weights, &scales, vectors, hidden),
            Cell::RnnTanh if Feature::Rnn.is_built() => {
                rnn::step_int8(&weights, &scales, vectors, hidden, Activation::Tanh);
            }
            Cell::RnnRelu if Feature::Rnn.is_built() => {
                rnn::step_int8(&weights, &scales, vectors, hidden, Activation::Rectifier);
            }
            _ => {}
        }
    }

    fn pool_sum(sum: &mut i32, value: i16) {
        *sum = sum.wrapping_add(i32::from(value));
    }

    fn halve(sum: &mut i32) {
        *sum >>= 1;
    }

    fn pool_largest(largest: &mut i32, value: i16, first: bool) {
        let value = i32::from(value);
        *largest = if first { value } else { value.max(*largest) };
    }

    fn largest(pooled: i32) -> i16 {
        pooled as i16
    }

    fn mean(sum: i32, steps: u32) -> i16 {
        NonZeroU32::new(steps).map_or(0, |steps| numeric::mean(sum, steps))
    }

    fn logits(head: &Head<'_>, pooled: &[i16], target: &mut [i32]) {
        let Requantization { bias, multipliers, accumulator_shift, .. } = requantization(&head.results);
        for (class, ((logit, bias), multiplier)) in target.iter_mut().zip(bias).zip(multipliers).enumerate() {
            let sum = kernels::dot_i16(head.weights.row(class), pooled).wrapping_add(*bias);
            *logit = numeric::requantize(sum, *multiplier, accumulator_shift);
        }
    }

    fn show_logits(logits: &[i32]) -> Logits<'_> {
        Logits::Fixed(logits)
    }

    fn show_state<'w>(direction: &Direction<'_>, hidden: &'w [i16], cell: &'w [i16]) -> LayerState<'w> {
        let measured = direction.results.state_fraction_bits;
        let rectified = direction.cell == Cell::RnnRelu;
        LayerState::Int8 {
            hidden,
            hidden_fraction_bits: if rectified { measured } else { HIDDEN_FRACTION_BITS },
            cell,
            cell_fraction_bits: if rectified { 0 } else { measured },
        }
    }
}

/// A number in 4 bits as an input. Times 16: such inputs reach as far as a hidden state in 8 bits.
fn nibble(vector: &[u8], number: usize) -> i8 {
    let byte = vector.get(number / 2).copied().unwrap_or(0);
    (if number & 1 == 0 { byte << 4 } else { byte & 0xF0 }) as i8
}
