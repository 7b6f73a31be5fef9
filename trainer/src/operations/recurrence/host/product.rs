//! Products of a few rows at a time with a matrix that stays as it is over many steps.
//!
//! A general product brings the matrix into an order of its own at every call, which takes about as long as the
//! product itself where rows are as few as here.

use std::array::from_fn;
use std::iter::zip;

use pulp::{Arch, Simd, WithSimd};

/// Columns of a panel: a multiple of two vectors of any instruction set.
const PANEL: usize = 32;
/// Rows that a pass over the matrix serves, where there are [`REGISTERS`] for their sums.
const MOST_ROWS: usize = 8;
/// Rows that a pass serves otherwise.
const FEW_ROWS: usize = 4;
/// Vector registers that [`MOST_ROWS`] need.
const REGISTERS: usize = 32;

/// A matrix `[rows, columns]`, some columns after others; beyond the last column are zeros.
pub(super) struct Panels {
    columns: usize,
    panels: Vec<Vec<[f32; PANEL]>>,
}

/// Rows of a matrix that are `width` values apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<V> {
    /// Their values.
    pub(super) values: V,
    /// Values from one row to the next.
    pub(super) width: usize,
}

impl Panels {
    /// The matrix that has `at(row, column)`.
    pub(super) fn new([rows, columns]: [usize; 2], at: impl Fn(usize, usize) -> f32) -> Self {
        let value = |row: usize, column: usize| if column < columns { at(row, column) } else { 0.0 };
        let panel = |first: usize| (0..rows).map(|row| from_fn(|number| value(row, first + number))).collect();
        Self { columns, panels: (0..columns).step_by(PANEL).map(panel).collect() }
    }

    /// `targets[row, ..columns] += values[row, ..rows of the matrix] matrix`, for as many rows as there are targets.
    ///
    /// # Panics
    /// If a row is shorter than what is read or written of it, or there are fewer values than targets.
    pub(super) fn add_product(&self, arch: Arch, values: Rows<&[f32]>, targets: Rows<&mut [f32]>) {
        arch.dispatch(AddProduct { matrix: self, values, targets });
    }

    fn rows(&self) -> usize {
        self.panels.first().map_or(0, Vec::len)
    }
}

struct AddProduct<'v> {
    matrix: &'v Panels,
    values: Rows<&'v [f32]>,
    targets: Rows<&'v mut [f32]>,
}

impl WithSimd for AddProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { matrix, values, targets } = self;
        let most = if S::REGISTER_COUNT >= REGISTERS { MOST_ROWS } else { FEW_ROWS };
        let groups = zip(values.values.chunks(most * values.width), targets.values.chunks_mut(most * targets.width));
        for (of_group, of_targets) in groups {
            let count = of_targets.len() / targets.width;
            let values = Rows { values: of_group, ..values };
            let targets = Rows { values: of_targets, width: targets.width };
            match count {
                0 => {}
                1 => add_rows::<S, 1>(simd, matrix, values, targets),
                2 => add_rows::<S, 2>(simd, matrix, values, targets),
                3 => add_rows::<S, 3>(simd, matrix, values, targets),
                4 => add_rows::<S, 4>(simd, matrix, values, targets),
                5 => add_rows::<S, 5>(simd, matrix, values, targets),
                6 => add_rows::<S, 6>(simd, matrix, values, targets),
                7 => add_rows::<S, 7>(simd, matrix, values, targets),
                _ => add_rows::<S, MOST_ROWS>(simd, matrix, values, targets),
            }
        }
    }
}

/// The product of `ROWS` rows; sums of two vectors of columns stay in registers over all rows of the matrix.
#[inline(always)]
fn add_rows<S: Simd, const ROWS: usize>(simd: S, matrix: &Panels, values: Rows<&[f32]>, targets: Rows<&mut [f32]>) {
    let values: [&[f32]; ROWS] = from_fn(|row| &values.values[row * values.width..][..matrix.rows()]);
    for (number, panel) in matrix.panels.iter().enumerate() {
        for part in (0..PANEL).step_by(2 * S::F32_LANES) {
            let columns = |vector: usize| {
                let first = number * PANEL + part + vector * S::F32_LANES;
                first.min(matrix.columns)..(first + S::F32_LANES).min(matrix.columns)
            };
            let mut sums: [[S::f32s; 2]; ROWS] = from_fn(|row| {
                let target = &targets.values[row * targets.width..];
                from_fn(|vector| simd.partial_load_f32s(&target[columns(vector)]))
            });
            for (row, of_matrix) in panel.iter().enumerate() {
                let (vectors, _) = S::as_simd_f32s(&of_matrix[part..part + 2 * S::F32_LANES]);
                for (sums, values) in zip(&mut sums, values) {
                    let value = simd.splat_f32s(values[row]);
                    for (sum, vector) in zip(sums, vectors) {
                        *sum = simd.mul_add_e_f32s(value, *vector, *sum);
                    }
                }
            }
            for (row, sums) in sums.into_iter().enumerate() {
                let target = &mut targets.values[row * targets.width..];
                for (vector, sum) in sums.into_iter().enumerate() {
                    simd.partial_store_f32s(&mut target[columns(vector)], sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_any_size_are_those_of_their_values() {
        for (rows, columns) in [(1, 1), (3, 8), (5, 31), (8, 32), (17, 33), (24, 96), (40, 70)] {
            for count in 0..20 {
                let [wide, wider] = [rows + 2, columns + 3];
                let at = |row: usize, column: usize| ((row * 7 + column * 3) % 11) as f32 - 5.0;
                let values: Vec<f32> = (0..count * wide).map(|number| (number % 13) as f32 - 6.0).collect();
                let start: Vec<f32> = (0..count * wider).map(|number| (number % 5) as f32).collect();
                let mut expected = start.clone();
                for row in 0..count {
                    for column in 0..columns {
                        let product =
                            (0..rows).map(|inner| values[row * wide + inner] * at(inner, column)).sum::<f32>();
                        expected[row * wider + column] += product;
                    }
                }
                let matrix = Panels::new([rows, columns], at);
                for arch in [Arch::new(), Arch::Scalar] {
                    let mut found = start.clone();
                    let targets = Rows { values: &mut found[..], width: wider };
                    matrix.add_product(arch, Rows { values: &values, width: wide }, targets);
                    // Integers, so that no sum is rounded.
                    assert_eq!(found, expected, "{count} rows, {rows} x {columns}");
                }
            }
        }
    }
}
