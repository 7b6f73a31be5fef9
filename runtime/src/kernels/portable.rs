//! Dot products in plain Rust, for every machine.
//!
//! A cell multiplies the rows of all gates of one unit at once, so that every value of a vector is loaded once.
//! Integer sums are exact: [`crate::Model::parse`] has bounded them. Float sums are added from the first column to
//! the last, without a fused product, so that all machines give the same bits. Rows have a weight for each value of the
//! vector; a row that does not exist is empty, and what it gives is not used.
//!
//! Rows of integers are bytes, of one weight (`i8`) or of two (`i4`), of which the vector then has an even number of
//! values.
//!
//! Each integer product is a function of its own: its loop needs every register of a Cortex-M.

#[cfg(not(helium))]
use crate::numeric;

/// Columns that a loop takes at once.
const BLOCK: usize = 8;
/// Bytes of so many weights in 4 bits.
const NIBBLE_BLOCK: usize = BLOCK / 2;

/// The rows of some gates, those of one unit after the other in each, and the vector that they are multiplied with.
pub(crate) struct Gates<'a, Item, Value, const GATES: usize> {
    /// The rows of each gate.
    pub(crate) rows: [&'a [Item]; GATES],
    /// Items of a row.
    pub(crate) stride: usize,
    pub(crate) vector: &'a [Value],
}

impl<'a, Item, Value, const GATES: usize> Gates<'a, Item, Value, GATES> {
    /// The rows of a unit, each of so many items, at most the stride; `None` for a unit that does not exist. That all are
    /// of one length spares the loops below their comparisons.
    #[inline(always)]
    fn of(&self, unit: usize, items: usize) -> Option<[&'a [Item]; GATES]> {
        let start = unit.wrapping_mul(self.stride);
        let mut rows: [&[Item]; GATES] = [&[]; GATES];
        for (row, of_gate) in rows.iter_mut().zip(self.rows) {
            *row = of_gate.get(start..)?.get(..items)?;
        }
        Some(rows)
    }
}

/// The two weights of a byte.
#[inline(always)]
pub(crate) const fn nibbles(byte: u8) -> [i8; 2] {
    [(byte << 4) as i8 >> 4, byte as i8 >> 4]
}

/// A unit's rows of four gates, in two parts: `result[k] = sum over the parts of sum_j rows[k][j] * vector[j]`.
#[inline(never)]
pub(crate) fn dot_4_i8(parts: &[Gates<'_, u8, i8, 4>; 2], unit: usize) -> [i32; 4] {
    let mut sums = [0; 4];
    for part in parts {
        let Some(rows) = part.of(unit, part.vector.len()) else { break };
        sums = add_4_i8(sums, rows, part.vector);
    }
    sums
}

#[inline(always)]
fn add_4_i8(mut sums: [i32; 4], rows: [&[u8]; 4], vector: &[i8]) -> [i32; 4] {
    let mut add = |x: i8, weights: [u8; 4]| {
        for (sum, weight) in sums.iter_mut().zip(weights) {
            *sum = sum.wrapping_add(i32::from(weight as i8) * i32::from(x));
        }
    };
    let (vector, vector_rest) = vector.as_chunks::<BLOCK>();
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = rows.map(|row| row.as_chunks::<BLOCK>());
    for ((((x, a), b), c), d) in vector.iter().zip(a).zip(b).zip(c).zip(d) {
        for ((((x, a), b), c), d) in x.iter().zip(a).zip(b).zip(c).zip(d) {
            add(*x, [*a, *b, *c, *d]);
        }
    }
    for ((((x, a), b), c), d) in vector_rest.iter().zip(a_rest).zip(b_rest).zip(c_rest).zip(d_rest) {
        add(*x, [*a, *b, *c, *d]);
    }
    sums
}

/// A unit's rows of three gates: `result[k] = sum_j rows[k][j] * vector[j]`.
#[inline(never)]
pub(crate) fn dot_3_i8(gates: &Gates<'_, u8, i8, 3>, unit: usize) -> [i32; 3] {
    let mut sums = [0_i32; 3];
    let Some([a, b, c]) = gates.of(unit, gates.vector.len()) else { return sums };
    for (((x, a), b), c) in gates.vector.iter().zip(a).zip(b).zip(c) {
        let x = i32::from(*x);
        for (sum, weight) in sums.iter_mut().zip([a, b, c]) {
            *sum = sum.wrapping_add(i32::from(*weight as i8) * x);
        }
    }
    sums
}

/// `sum + sum_j weights[j] * vector[j]` of a layer's row.
#[inline(never)]
pub(crate) fn dot_i8(sum: i32, weights: &[u8], vector: &[i8]) -> i32 {
    let product = |(weight, x): (&u8, &i8)| i32::from(*weight as i8) * i32::from(*x);
    weights.iter().zip(vector).map(product).fold(sum, i32::wrapping_add)
}

/// [`dot_4_i8`] of weights in 4 bits.
#[inline(never)]
pub(crate) fn dot_4_i4(parts: &[Gates<'_, u8, i8, 4>; 2], unit: usize) -> [i32; 4] {
    let mut sums = [0; 4];
    for part in parts {
        let Some(rows) = part.of(unit, part.vector.len() / 2) else { break };
        sums = add_4_i4(sums, rows, part.vector);
    }
    sums
}

#[inline(always)]
fn add_4_i4(mut sums: [i32; 4], rows: [&[u8]; 4], vector: &[i8]) -> [i32; 4] {
    let mut add = |[x, y]: [i8; 2], weights: [u8; 4]| {
        for (sum, weights) in sums.iter_mut().zip(weights) {
            let [low, high] = nibbles(weights).map(i32::from);
            *sum = sum.wrapping_add(low * i32::from(x)).wrapping_add(high * i32::from(y));
        }
    };
    let (vector, vector_rest) = vector.as_chunks::<BLOCK>();
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = rows.map(|row| row.as_chunks::<NIBBLE_BLOCK>());
    for ((((x, a), b), c), d) in vector.iter().zip(a).zip(b).zip(c).zip(d) {
        for ((((x, a), b), c), d) in x.as_chunks::<2>().0.iter().zip(a).zip(b).zip(c).zip(d) {
            add(*x, [*a, *b, *c, *d]);
        }
    }
    let pairs = vector_rest.as_chunks::<2>().0;
    for ((((x, a), b), c), d) in pairs.iter().zip(a_rest).zip(b_rest).zip(c_rest).zip(d_rest) {
        add(*x, [*a, *b, *c, *d]);
    }
    sums
}

/// [`dot_3_i8`] of weights in 4 bits.
#[inline(never)]
pub(crate) fn dot_3_i4(gates: &Gates<'_, u8, i8, 3>, unit: usize) -> [i32; 3] {
    let mut sums = [0_i32; 3];
    let Some([a, b, c]) = gates.of(unit, gates.vector.len() / 2) else { return sums };
    for ((([x, y], a), b), c) in gates.vector.as_chunks::<2>().0.iter().zip(a).zip(b).zip(c) {
        for (sum, weights) in sums.iter_mut().zip([a, b, c]) {
            let [low, high] = nibbles(*weights).map(i32::from);
            *sum = sum.wrapping_add(low * i32::from(*x)).wrapping_add(high * i32::from(*y));
        }
    }
    sums
}

/// [`dot_i8`] of weights in 4 bits.
#[inline(never)]
pub(crate) fn dot_i4(sum: i32, weights: &[u8], vector: &[i8]) -> i32 {
    let product = |(weights, [x, y]): (&u8, &[i8; 2])| {
        let [low, high] = nibbles(*weights).map(i32::from);
        low * i32::from(*x) + high * i32::from(*y)
    };
    weights.iter().zip(vector.as_chunks::<2>().0).map(product).fold(sum, i32::wrapping_add)
}

/// `sum_j weights[j] * vector[j]` of the head's row.
#[inline(never)]
pub(crate) fn dot_i16(weights: &[u8], vector: &[i16]) -> i32 {
    let product = |(weight, x): (&u8, &i16)| i32::from(*weight as i8) * i32::from(*x);
    weights.iter().zip(vector).map(product).fold(0, i32::wrapping_add)
}

/// Hidden states as the next product takes them in, as far as both reach.
#[cfg(not(helium))]
pub(crate) fn quantize_hidden(hidden: &[i16], target: &mut [i8]) {
    for (target, hidden) in target.iter_mut().zip(hidden) {
        *target = numeric::quantize_hidden(*hidden);
    }
}

/// [`quantize_hidden`] of a rectifier.
#[cfg(not(helium))]
pub(crate) fn quantize_rectified(hidden: &[i16], target: &mut [i8]) {
    for (target, hidden) in target.iter_mut().zip(hidden) {
        *target = numeric::quantize_rectified(*hidden);
    }
}

/// A stored float weight.
#[cfg(feature = "float")]
pub(crate) trait FloatWeight: bytemuck::AnyBitPattern {
    /// Its value, exact, if it is finite.
    fn widen(self) -> f32;
}

#[cfg(feature = "float")]
impl FloatWeight for f32 {
    #[inline]
    fn widen(self) -> f32 {
        self
    }
}

#[cfg(feature = "float")]
impl FloatWeight for half::f16 {
    /// Sign, exponent and fraction in their new places, and one multiplication that makes up for the exponents'
    /// different bias.
    #[inline]
    fn widen(self) -> f32 {
        /// `2^112`, the biases being 127 and 15.
        const REBIAS: f32 = f32::from_bits((127 + 112) << 23);
        /// The sign, and 5 bits of exponent and 10 of fraction below the upper 3 bits of a wider exponent.
        const PLACES: u32 = 0x8FFF_E000;
        let extended = i32::from(self.to_bits() as i16) as u32;
        f32::from_bits(extended << 13 & PLACES) * REBIAS
    }
}

/// [`dot_4_i8`] in `f32`.
#[cfg(feature = "float")]
#[inline(never)]
pub(crate) fn dot_4_float<Weight: FloatWeight>(parts: &[Gates<'_, Weight, f32, 4>; 2], unit: usize) -> [f32; 4] {
    let mut sums = [0.0_f32; 4];
    for part in parts {
        let Some([a, b, c, d]) = part.of(unit, part.vector.len()) else { break };
        for ((((x, a), b), c), d) in part.vector.iter().zip(a).zip(b).zip(c).zip(d) {
            for (sum, weight) in sums.iter_mut().zip([a, b, c, d]) {
                *sum += weight.widen() * x;
            }
        }
    }
    sums
}

/// [`dot_3_i8`] in `f32`.
#[cfg(feature = "float")]
#[inline]
pub(crate) fn dot_3_float<Weight: FloatWeight>(gates: &Gates<'_, Weight, f32, 3>, unit: usize) -> [f32; 3] {
    let mut sums = [0.0_f32; 3];
    let Some([a, b, c]) = gates.of(unit, gates.vector.len()) else { return sums };
    for (((x, a), b), c) in gates.vector.iter().zip(a).zip(b).zip(c) {
        for (sum, weight) in sums.iter_mut().zip([a, b, c]) {
            *sum += weight.widen() * x;
        }
    }
    sums
}

/// [`dot_i8`] in `f32`.
#[cfg(feature = "float")]
#[inline]
pub(crate) fn dot_float<Weight: FloatWeight>(sum: f32, weights: &[Weight], vector: &[f32]) -> f32 {
    weights.iter().zip(vector).fold(sum, |sum, (weight, x)| sum + weight.widen() * x)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// For each of `GATES` gates the rows of two units: one reversed, then the row itself.
    fn two_units<Item: Copy, const GATES: usize>(rows: [&[Item]; GATES]) -> [Vec<Item>; GATES] {
        rows.map(|row| row.iter().rev().chain(row).copied().collect())
    }

    fn gates<'a, Item, Value, const GATES: usize>(
        units: &'a [Vec<Item>; GATES],
        vector: &'a [Value],
    ) -> Gates<'a, Item, Value, GATES> {
        Gates { rows: units.each_ref().map(Vec::as_slice), stride: units[0].len() / 2, vector }
    }

    /// The product of the second unit's rows of four gates, whose items after the first `cut` are a part of their own.
    fn in_parts<Item: Copy, Value, Sum>(
        rows: [&[Item]; 4],
        vector: &[Value],
        cut: usize,
        product: impl Fn(&[Gates<'_, Item, Value, 4>; 2], usize) -> Sum,
    ) -> Sum {
        let (first, second) = (two_units(rows.map(|row| &row[..cut])), two_units(rows.map(|row| &row[cut..])));
        let (x, h) = vector.split_at(cut * (vector.len() / rows[0].len().max(1)));
        product(&[gates(&first, x), gates(&second, h)], 1)
    }

    proptest! {
        #[test]
        fn integer_products_are_the_exact_sums(
            columns in prop::collection::vec(any::<([i8; 4], i8)>(), 0..70), cut in 0_usize..70,
        ) {
            let (rows, vector): (Vec<[i8; 4]>, Vec<i8>) = columns.iter().copied().unzip();
            let columns = columns.len();
            let row = |number: usize| rows.iter().map(|row| row[number]).collect::<Vec<_>>();
            let rows = [0, 1, 2, 3].map(row);
            let exact = rows.each_ref().map(|row| {
                (0..columns).map(|column| i64::from(row[column]) * i64::from(vector[column])).sum::<i64>()
            });
            let [a, b, c, d]: [&[u8]; 4] = rows.each_ref().map(|row| bytemuck::cast_slice(row));
            let found = in_parts([a, b, c, d], &vector, cut.min(columns), dot_4_i8);
            prop_assert_eq!(found.map(i64::from), exact);
            let found = dot_3_i8(&gates(&two_units([a, b, c]), &vector), 1);
            prop_assert_eq!(found.map(i64::from), [exact[0], exact[1], exact[2]]);
            prop_assert_eq!(i64::from(dot_i8(9, d, &vector)), exact[3] + 9);
            let wide: Vec<i16> = vector.iter().map(|x| i16::from(*x)).collect();
            prop_assert_eq!(i64::from(dot_i16(d, &wide)), exact[3]);
        }

        #[test]
        fn products_of_4_bits_are_the_exact_sums(
            columns in prop::collection::vec(any::<([u8; 4], [i8; 2])>(), 0..40), cut in 0_usize..40,
        ) {
            let (bytes, vector): (Vec<[u8; 4]>, Vec<[i8; 2]>) = columns.iter().copied().unzip();
            let vector = vector.concat();
            let rows = [0, 1, 2, 3].map(|number| bytes.iter().map(|row| row[number]).collect::<Vec<_>>());
            let weight = |row: &[u8], column: usize| {
                let half = i64::from(row[column / 2] >> (4 * (column % 2)) & 15);
                if half < 8 { half } else { half - 16 }
            };
            let exact = rows.each_ref().map(|row| {
                (0..vector.len()).map(|column| weight(row, column) * i64::from(vector[column])).sum::<i64>()
            });
            let [a, b, c, d] = rows.each_ref().map(Vec::as_slice);
            let found = in_parts([a, b, c, d], &vector, cut.min(bytes.len()), dot_4_i4);
            prop_assert_eq!(found.map(i64::from), exact);
            let found = dot_3_i4(&gates(&two_units([a, b, c]), &vector), 1);
            prop_assert_eq!(found.map(i64::from), [exact[0], exact[1], exact[2]]);
            prop_assert_eq!(i64::from(dot_i4(9, d, &vector)), exact[3] + 9);
        }
    }

    /// The longest row that a model can have, of the largest magnitudes; lengths around a block.
    #[test]
    fn products_of_4_bits_hold_the_extremes_and_every_length() {
        assert_eq!([0x80, 0x7F, 0xF7].map(nibbles), [[0, -8], [-1, 7], [7, -1]]);
        for columns in (0..=20).step_by(2).chain([32_768]) {
            for (byte, x) in [(0x77_u8, i8::MIN), (0x88, i8::MIN), (0x99, 127), (0x77, 127)] {
                let (row, vector) = (std::vec![byte; columns / 2], std::vec![x; columns]);
                let expected = columns as i32 * i32::from(nibbles(byte)[0]) * i32::from(x);
                assert_eq!(in_parts([&row; 4], &vector, row.len() / 2, dot_4_i4), [expected; 4]);
                assert_eq!(dot_3_i4(&gates(&two_units([&row; 3]), &vector), 1), [expected; 3]);
                assert_eq!(dot_i4(0, &row, &vector), expected);
            }
        }
        let row = [0x77; 6];
        let units = two_units([&row; 4]);
        let of = |unit| dot_4_i4(&[gates(&units, &[1; 12]), gates(&units, &[0; 12])], unit);
        assert_eq!((of(1), of(2), of(usize::MAX)), ([84; 4], [0; 4], [0; 4]), "a unit that does not exist");
    }

    #[cfg(feature = "float")]
    proptest! {
        #[test]
        fn float_products_are_one_sum_from_the_first_column_to_the_last(
            rows in prop::collection::vec(any::<[i8; 4]>(), 0..40), vector in prop::collection::vec(-9.0..9.0_f32, 40),
            cut in 0_usize..40,
        ) {
            let vector = &vector[..rows.len()];
            let cut = cut.min(rows.len());
            let row = |number: usize| rows.iter().map(|row| f32::from(row[number]) / 77.0).collect::<Vec<_>>();
            let rows = [0, 1, 2, 3].map(row);
            let sums = rows.each_ref().map(|row| {
                let mut sum = 0.0;
                row.iter().zip(vector).for_each(|(weight, x)| sum += weight * x);
                sum
            });
            let [a, b, c, d] = rows.each_ref().map(Vec::as_slice);
            prop_assert_eq!(in_parts([a, b, c, d], vector, cut, dot_4_float), sums);
            prop_assert_eq!(dot_float(dot_float(0.0, &d[..cut], &vector[..cut]), &d[cut..], &vector[cut..]), sums[3]);
            prop_assert_eq!(dot_3_float(&gates(&two_units([a, b, c]), vector), 1), [sums[0], sums[1], sums[2]]);
        }
    }

    #[cfg(feature = "float")]
    #[test]
    fn widening_is_exact_for_every_finite_value() {
        let mut finite = 0;
        for value in (0..=u16::MAX).map(half::f16::from_bits).filter(|value| value.is_finite()) {
            assert_eq!(value.widen().to_bits(), value.to_f32().to_bits(), "{value}");
            finite += 1;
        }
        assert_eq!(finite, 2 * 31 * 1024);
    }
}
