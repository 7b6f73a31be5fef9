//! The weights of one direction of a layer, as a step multiplies them.

use super::portable::{self, Gates};
use crate::format::{Feature, Packing};

/// How bytes hold weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One `i8` in each.
    Bytes,
    /// Two `i4` in each, the first in the low half.
    Nibbles,
    /// Two `i8` of two rows in a half-word, see [`super::half_words`].
    HalfWords,
}

impl Layout {
    /// `sum`, and a row of weights times a vector.
    #[inline(always)]
    pub(crate) fn dot(self, sum: i32, row: &[u8], vector: &[i8]) -> i32 {
        match self {
            Self::Nibbles if Feature::Int4.is_built() => portable::dot_i4(sum, row, vector),
            _ if Packing::RowMajor.is_built() => portable::dot_i8(sum, row, vector),
            _ => sum,
        }
    }

    /// A unit's rows of three gates times their vector.
    #[inline(always)]
    pub(crate) fn dot_3(self, gates: &Gates<'_, u8, i8, 3>, unit: usize) -> [i32; 3] {
        match self {
            Self::Nibbles if Feature::Int4.is_built() => portable::dot_3_i4(gates, unit),
            _ if Packing::RowMajor.is_built() => portable::dot_3_i8(gates, unit),
            _ => [0; 3],
        }
    }

    /// A unit's rows of four gates, in two parts, times their vectors.
    #[inline(always)]
    pub(crate) fn dot_4(self, parts: &[Gates<'_, u8, i8, 4>; 2], unit: usize) -> [i32; 4] {
        match self {
            Self::Nibbles if Feature::Int4.is_built() => portable::dot_4_i4(parts, unit),
            _ if Packing::RowMajor.is_built() => portable::dot_4_i8(parts, unit),
            _ => [0; 4],
        }
    }
}

/// Rows of stored numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a, Item> {
    pub(crate) items: &'a [Item],
    /// Items of a row.
    pub(crate) stride: usize,
    /// Values of a vector that a row is multiplied with.
    pub(crate) width: usize,
}

impl<'a, Item> Rows<'a, Item> {
    /// The items of a row; none for a row that does not exist.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> &'a [Item] {
        let start = row.wrapping_mul(self.stride);
        self.items.get(start..start.wrapping_add(self.stride)).unwrap_or_default()
    }

    /// What its rows are multiplied with, of a buffer that may be longer.
    #[inline(always)]
    pub(crate) fn vector<'v, Value>(&self, values: &'v [Value]) -> &'v [Value] {
        values.get(..self.width).unwrap_or_default()
    }

    /// The rows of the first `GATES` gates of `units` units, and the vector that they are multiplied with.
    #[inline(always)]
    pub(crate) fn gates<'v, Value, const GATES: usize>(
        &self,
        units: usize,
        vector: &'v [Value],
    ) -> Gates<'v, Item, Value, GATES>
    where
        'a: 'v,
    {
        let of_gate = self.stride.wrapping_mul(units);
        let mut rest = self.items;
        let rows = [(); GATES].map(|()| {
            let (gate, after) = rest.split_at_checked(of_gate).unwrap_or_default();
            rest = after;
            gate
        });
        Gates { rows, stride: self.stride, vector: self.vector(vector) }
    }
}

/// The weights of one direction: for each gate a row for every unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights<'a, Item, OneHot> {
    /// `W`, `[gates * hidden_size, input_size]`; rows of nothing under one-hot tokens.
    pub(crate) input: Rows<'a, Item>,
    /// `U`, `[gates * hidden_size, hidden_size]`.
    pub(crate) recurrent: Rows<'a, Item>,
    /// `W` of the step's token, `[gates * hidden_size]`; empty where the input is a vector.
    pub(crate) one_hot: &'a [OneHot],
    /// How the items hold integers.
    pub(crate) layout: Layout,
    pub(crate) hidden_size: usize,
}

/// Weights of 8 or 4 bits.
pub(crate) type IntegerWeights<'a> = Weights<'a, u8, i8>;

/// What an input of 1 is, in a product with one-hot weights.
pub(super) const ONE: i32 = 127;

impl<Item, OneHot> Weights<'_, Item, OneHot> {
    /// The rows of a unit, one a gate; its results have the same places.
    #[inline(always)]
    pub(crate) fn row_indices<const GATES: usize>(&self, unit: usize) -> [usize; GATES] {
        let mut row = unit;
        [(); GATES].map(|()| {
            let this = row;
            row = row.wrapping_add(self.hidden_size);
            this
        })
    }
}

impl IntegerWeights<'_> {
    /// Whether this build has kernels for weights that lie row after row.
    pub(crate) const HAVE_ROWS: bool = Packing::RowMajor.is_built() || Feature::Int4.is_built();

    /// Adds the token's weights of some rows to their sums; nothing where the input is a vector.
    #[inline(always)]
    pub(crate) fn add_one_hot(&self, sums: &mut [i32], rows: &[usize]) {
        if !Feature::HAS_TEXT || self.one_hot.is_empty() {
            return;
        }
        for (sum, row) in sums.iter_mut().zip(rows) {
            let weight = self.one_hot.get(*row).copied().unwrap_or(0);
            *sum = sum.wrapping_add(i32::from(weight) * ONE);
        }
    }
}

/// Adds the token's weights of some rows to their sums, in `f32`; nothing where the input is a vector.
#[cfg(feature = "float")]
pub(crate) fn add_one_hot<Weight: super::FloatWeight>(sums: &mut [f32], rows: &[usize], one_hot: &[Weight]) {
    if one_hot.is_empty() {
        return;
    }
    for (sum, row) in sums.iter_mut().zip(rows) {
        *sum += one_hot.get(*row).map_or(0.0, |weight| weight.widen());
    }
}

/// Adds the biases of some results to their sums, in `f32`.
#[cfg(feature = "float")]
pub(crate) fn add_bias(sums: &mut [f32], results: &[usize], bias: &[f32]) {
    for (sum, result) in sums.iter_mut().zip(results) {
        *sum += bias.get(*result).copied().unwrap_or(0.0);
    }
}
