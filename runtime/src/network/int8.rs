use core::num::NonZeroU32;

use super::arithmetic::Arithmetic;
use super::direction::Direction;
use super::fill;
use super::results::{Results, Shifts};
use super::rows::Rows;
use super::state::{LayerBuffers, LayerState};
use crate::answer::Logits;
use crate::cell::{gru, lstm, rnn};
use crate::error::{Error, Field, expect_within, invalid};
use crate::format::{Cell, IntegerChannel, Tensors};
use crate::kernels::Gates;
use crate::{kernels, numeric};

/// Weights in 8 or 4 bits with a scale a row, integers throughout.
pub(crate) enum Int8 {}

/// How bytes hold numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One in each.
    Bytes,
    /// Two in each, the first in its low half.
    Nibbles,
}

impl Layout {
    /// `sum`, and a row of weights times a vector.
    #[inline(always)]
    pub(crate) fn dot(self, sum: i32, row: &[u8], vector: &[i8]) -> i32 {
        match self {
            Self::Bytes => kernels::dot_i8(sum, row, vector),
            Self::Nibbles => kernels::dot_i4(sum, row, vector),
        }
    }

    /// A unit's rows of three gates times their vector.
    #[inline(always)]
    pub(crate) fn dot_3(self, gates: &Gates<'_, u8, i8, 3>, unit: usize) -> [i32; 3] {
        match self {
            Self::Bytes => kernels::dot_3_i8(gates, unit),
            Self::Nibbles => kernels::dot_3_i4(gates, unit),
        }
    }

    /// A unit's rows of four gates, in two parts, times their vectors.
    #[inline(always)]
    pub(crate) fn dot_4(self, parts: &[Gates<'_, u8, i8, 4>; 2], unit: usize) -> [i32; 4] {
        match self {
            Self::Bytes => kernels::dot_4_i8(parts, unit),
            Self::Nibbles => kernels::dot_4_i4(parts, unit),
        }
    }

    /// The sum of the magnitudes of all numbers.
    fn magnitudes(self, items: &[u8]) -> u32 {
        let of_item = |byte: &u8| match self {
            Self::Bytes => u32::from((*byte as i8).unsigned_abs()),
            Self::Nibbles => {
                let [low, high] = kernels::nibbles(*byte).map(|number| u32::from(number.unsigned_abs()));
                low + high
            }
        };
        items.iter().map(of_item).fold(0, u32::saturating_add)
    }
}

/// What an input of 1 is, in a product with one-hot weights.
const ONE: i32 = 127;
/// Fraction bits of a hidden state between -1 and 1.
pub(super) const HIDDEN_FRACTION_BITS: u8 = 15;
/// Largest numbers of a frame's channel, see [`numeric::normalize`].
const LARGEST_CHANNEL_SCALE: usize = 16_383;
const LARGEST_PRE_SHIFT: usize = 31;
const LARGEST_CHANNEL_SHIFT: usize = 30;
/// Largest accumulator shift, and number of fraction bits.
const LARGEST_SHIFT: usize = 15;

/// How a matrix's accumulators become numbers again.
#[derive(Clone, Copy)]
pub(crate) struct Requantization<'m> {
    pub(crate) multipliers: &'m [i16],
    pub(crate) accumulator_shift: u8,
    pub(crate) state_fraction_bits: u8,
}

impl Results<'_, Int8> {
    /// A sum with the bias of its result, in the units of the result.
    pub(crate) fn requantized(&self, result: usize, sum: i32) -> i32 {
        let bias = self.bias.get(result).copied().unwrap_or(0);
        let multiplier = self.scales.multipliers.get(result).copied().unwrap_or(0);
        numeric::requantize(sum.wrapping_add(bias), multiplier, self.scales.accumulator_shift)
    }

    /// [`Self::requantized`] for each of some results, each the nearest `i16`.
    #[inline(always)]
    pub(crate) fn pre_activations<const RESULTS: usize>(
        &self,
        results: [usize; RESULTS],
        sums: [i32; RESULTS],
    ) -> [i16; RESULTS] {
        let mut pre_activations = [0; RESULTS];
        for ((target, sum), result) in pre_activations.iter_mut().zip(sums).zip(results) {
            *target = numeric::saturate_i16(self.requantized(result, sum));
        }
        pre_activations
    }
}

/// Adds the one-hot weights of rows to their sums; nothing where there are none.
pub(crate) fn add_one_hot(sums: &mut [i32], rows: &[usize], one_hot: &[i8]) {
    if one_hot.is_empty() {
        return;
    }
    for (sum, row) in sums.iter_mut().zip(rows) {
        let weight = one_hot.get(*row).copied().unwrap_or(0);
        *sum = sum.wrapping_add(ONE * i32::from(weight));
    }
}

/// Checks that no number is the smallest of its bits, which has no positive counterpart.
fn check_items(layout: Layout, items: &[u8]) -> Result<(), Error> {
    let (refused, largest) = match layout {
        Layout::Bytes => (items.contains(&0x80), 127),
        Layout::Nibbles => (items.iter().any(|byte| byte & 0x0F == 0x08 || byte & 0xF0 == 0x80), 7),
    };
    if refused { Err(invalid(Field::WeightRange, largest, largest + 1)) } else { Ok(()) }
}

impl Arithmetic for Int8 {
    type Weight = i8;
    type Item = u8;
    type Layout = Layout;
    type Bias = i32;
    type Channel = IntegerChannel;
    type Raw = i32;
    type Scales<'m> = Requantization<'m>;
    type Value = i8;
    type State = i16;
    type Sum = i32;

    const HEAD_BITS: u8 = 8;

    fn parse_scales<'m>(
        tensors: &mut Tensors<'m>,
        results: usize,
        shifts: Shifts,
    ) -> Result<Requantization<'m>, Error> {
        let Shifts { accumulator_shift, state_fraction_bits, largest_fraction_bits } = shifts;
        expect_within(Field::AccumulatorShift, 0, LARGEST_SHIFT, accumulator_shift.into())?;
        expect_within(Field::StateFractionBits, 0, largest_fraction_bits.into(), state_fraction_bits.into())?;
        let multipliers: &[i16] = tensors.take(results)?;
        for multiplier in multipliers {
            expect_within(Field::Multiplier, 1, i16::MAX as usize, usize::try_from(*multiplier).unwrap_or(0))?;
        }
        Ok(Requantization { multipliers, accumulator_shift, state_fraction_bits })
    }

    fn parse_rows<'m>(
        tensors: &mut Tensors<'m>,
        bits: u8,
        rows: usize,
        columns: usize,
    ) -> Result<Rows<'m, Self>, Error> {
        let (layout, stride, width) = match bits {
            4 => (Layout::Nibbles, columns.div_ceil(2), columns.next_multiple_of(2)),
            8 => (Layout::Bytes, columns, columns),
            _ => return Err(invalid(Field::Bits, 8, bits.into())),
        };
        let items = tensors.take_bytes(rows.saturating_mul(stride))?;
        Ok(Rows { items, layout, stride, width })
    }

    fn check_vectors(vectors: &Rows<'_, Self>) -> Result<(), Error> {
        check_items(vectors.layout, vectors.items)
    }

    fn check_result(
        results: &Results<'_, Self>,
        result: usize,
        layout: Layout,
        weights: [&[u8]; 2],
        one_hot: impl Iterator<Item = i8>,
        largest_input: u32,
    ) -> Result<(), Error> {
        let mut largest_one_hot = 0;
        for weight in one_hot {
            check_items(Layout::Bytes, &[weight as u8])?;
            largest_one_hot = weight.unsigned_abs().max(largest_one_hot);
        }
        let mut magnitudes = 0;
        for weights in weights {
            check_items(layout, weights)?;
            magnitudes += u64::from(layout.magnitudes(weights));
        }
        let bias = results.bias.get(result).map_or(0, |bias| u64::from(bias.unsigned_abs()));
        let one_hot = u64::from(largest_one_hot) * u64::from(ONE.unsigned_abs());
        let largest = magnitudes * u64::from(largest_input) + one_hot + bias;
        let limit = (i32::MAX as u64) >> results.scales.accumulator_shift;
        let as_size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        expect_within(Field::AccumulatorRange, 0, as_size(limit), as_size(largest))
    }

    fn check_channel(channel: &IntegerChannel) -> Result<(), Error> {
        let scale = usize::try_from(channel.scale).unwrap_or(0);
        expect_within(Field::ChannelScale, 1, LARGEST_CHANNEL_SCALE, scale)?;
        expect_within(Field::ChannelPreShift, 0, LARGEST_PRE_SHIFT, channel.pre_shift.into())?;
        expect_within(Field::ChannelShift, 0, LARGEST_CHANNEL_SHIFT, channel.shift.into())
    }

    fn embed(layout: Layout, vector: &[u8], target: &mut [i8]) {
        match layout {
            Layout::Bytes => fill(target, vector.iter().map(|byte| *byte as i8)),
            Layout::Nibbles => {
                for (number, value) in target.iter_mut().enumerate() {
                    *value = nibble(vector, number);
                }
            }
        }
    }

    fn embed_second(layout: Layout, vector: &[u8], target: &mut [i8]) {
        for (number, value) in target.iter_mut().enumerate() {
            *value = ((i16::from(*value) + i16::from(input(layout, vector, number))) >> 1) as i8;
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
    fn narrow(cell: Cell, hidden: &[i16], target: &mut [i8]) {
        match cell {
            Cell::RnnRelu => fill(target, hidden.iter().map(|value| numeric::narrow_rectified(*value))),
            Cell::Lstm | Cell::Gru | Cell::RnnTanh => {
                fill(target, hidden.iter().map(|value| numeric::narrow_hidden(*value)));
            }
        }
    }

    fn step(direction: &Direction<'_, Self>, one_hot: &[i8], buffers: &mut LayerBuffers<'_, Self>) {
        match direction.cell {
            Cell::Lstm => lstm::step_int8(direction, one_hot, buffers),
            Cell::Gru => gru::step_int8(direction, one_hot, buffers),
            Cell::RnnTanh => rnn::step_int8(direction, one_hot, buffers, numeric::tanh),
            Cell::RnnRelu => rnn::step_int8(direction, one_hot, buffers, numeric::rectify),
        }
    }

    fn gather_sum(sum: &mut i32, value: i16) {
        *sum = sum.wrapping_add(i32::from(value));
    }

    fn halve(sum: &mut i32) {
        *sum >>= 1;
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

    fn logit(_: Layout, weights: &[u8], results: &Results<'_, Self>, class: usize, pooled: &[i16]) -> i32 {
        results.requantized(class, kernels::dot_i16(weights, pooled))
    }

    fn show_logits(logits: &[i32]) -> Logits<'_> {
        Logits::Fixed(logits)
    }

    fn show_state<'w>(direction: &Direction<'_, Self>, hidden: &'w [i16], cell: &'w [i16]) -> LayerState<'w> {
        let measured = direction.results.scales.state_fraction_bits;
        let rectified = direction.cell == Cell::RnnRelu;
        LayerState::Int8 {
            hidden,
            hidden_fraction_bits: if rectified { measured } else { HIDDEN_FRACTION_BITS },
            cell,
            cell_fraction_bits: if rectified { 0 } else { measured },
        }
    }
}

/// A number of a vector as an input. Its code is not repeated: words are composed now and then.
#[inline(never)]
fn input(layout: Layout, vector: &[u8], number: usize) -> i8 {
    match layout {
        Layout::Bytes => vector.get(number).map_or(0, |byte| *byte as i8),
        Layout::Nibbles => nibble(vector, number),
    }
}

/// A number in 4 bits as an input. Times 16: such inputs reach as far as a hidden state in 8 bits.
fn nibble(vector: &[u8], number: usize) -> i8 {
    let byte = vector.get(number / 2).copied().unwrap_or(0);
    (if number.is_multiple_of(2) { byte << 4 } else { byte & 0xF0 }) as i8
}
