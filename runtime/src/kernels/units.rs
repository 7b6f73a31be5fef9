//! The pre-activations of a unit, whose weights lie row after row.

#[cfg(cortex_m0)]
use super::cortex_m0::RowUnits;
use super::half_words::WideVectors;
use super::portable::Gates;
use super::weights::{IntegerWeights, Layout};
#[cfg(cortex_m0)]
use crate::format::{Feature, Packing};
use crate::numeric::Requantization;

/// What a step multiplies weights with.
pub(crate) struct StepVectors<'v> {
    /// `x`, for rows.
    pub(crate) x: &'v [i8],
    /// `h` as the product takes it in, for rows.
    pub(crate) h: &'v [i8],
    /// Both, for half-words.
    pub(crate) wide: WideVectors<'v>,
}

/// The rows of four gates, taken one unit after the other.
pub(crate) struct RowsOf4Gates<'v> {
    #[cfg(cortex_m0)]
    units: RowUnits<'v>,
    parts: [Gates<'v, u8, i8, 4>; 2],
    layout: Layout,
}

impl RowsOf4Gates<'_> {
    /// The sums of the rows of the next unit, whose number is given.
    #[inline(always)]
    fn sums(&mut self, unit: usize) -> [i32; 4] {
        #[cfg(cortex_m0)]
        if Packing::RowMajor.is_built() && !(Feature::Int4.is_built() && self.layout == Layout::Nibbles) {
            return self.units.next();
        }
        self.layout.dot_4(&self.parts, unit)
    }
}

impl IntegerWeights<'_> {
    /// The rows of `W` and of `U`, with what they are multiplied with.
    #[inline(always)]
    pub(crate) fn parts<'v, const GATES: usize>(&'v self, vectors: &StepVectors<'v>) -> [Gates<'v, u8, i8, GATES>; 2] {
        [self.input.gates(self.hidden_size, vectors.x), self.recurrent.gates(self.hidden_size, vectors.h)]
    }

    /// The rows of four gates, one unit after the other.
    #[inline(always)]
    pub(crate) fn rows_of_4_gates<'v>(&'v self, vectors: &StepVectors<'v>) -> RowsOf4Gates<'v> {
        let parts = self.parts(vectors);
        RowsOf4Gates {
            #[cfg(cortex_m0)]
            units: RowUnits::of(&parts),
            parts,
            layout: self.layout,
        }
    }

    /// The pre-activations of a unit of four gates, whose rows are the next ones.
    #[inline(always)]
    pub(crate) fn of_4_gates(&self, scales: &Requantization<'_>, next: &mut RowsOf4Gates<'_>, unit: usize) -> [i16; 4] {
        let rows = self.row_indices::<4>(unit);
        let mut sums = next.sums(unit);
        self.add_one_hot(&mut sums, &rows);
        scales.pre_activations(rows, sums)
    }

    /// The pre-activations of a unit of three gates, of which the third has two: of `x`, and of `h`.
    #[inline(always)]
    pub(crate) fn of_3_gates(
        &self,
        scales: &Requantization<'_>,
        [w, u]: &[Gates<'_, u8, i8, 3>; 2],
        unit: usize,
    ) -> [i16; 4] {
        let mut sums = self.layout.dot_3(w, unit);
        self.add_one_hot(&mut sums, &self.row_indices::<3>(unit));
        let [first_x, second_x, third_x] = sums;
        let [first_h, second_h, third_h] = self.layout.dot_3(u, unit);
        let sums = [first_x.wrapping_add(first_h), second_x.wrapping_add(second_h), third_x, third_h];
        scales.pre_activations(self.row_indices(unit), sums)
    }

    /// The pre-activation of a unit of one gate.
    #[inline(always)]
    pub(crate) fn of_1_gate(&self, scales: &Requantization<'_>, vectors: &StepVectors<'_>, unit: usize) -> i16 {
        let sum = self.layout.dot(0, self.input.row(unit), self.input.vector(vectors.x));
        let h = self.recurrent.vector(vectors.h);
        let mut sums = [self.layout.dot(sum, self.recurrent.row(unit), h)];
        self.add_one_hot(&mut sums, &[unit]);
        let [pre_activation] = scales.pre_activations([unit], sums);
        pre_activation
    }
}
