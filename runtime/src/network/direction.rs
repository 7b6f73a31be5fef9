use core::slice::ChunksExact;

use super::arithmetic::Arithmetic;
use super::matrix::{Matrix, MatrixParts, MatrixShape};
use super::state::{LayerBuffers, Shape};
use crate::error::{Error, Field, expect};
use crate::format::{Cell, DirectionWeights, Packing, Tensors};

/// Largest magnitude of an int8 model's input or hidden state in a product.
const LARGEST_VALUE: u32 = 127;

/// The weights of one direction of a recurrent layer: for each gate a row for every unit.
pub(crate) struct Direction<'m, A: Arithmetic> {
    pub(crate) cell: Cell,
    pub(crate) shape: Shape,
    pub(crate) matrix: Matrix<'m, A>,
    /// `[tokens, rows]`; empty where the input is a vector.
    pub(crate) one_hot: &'m [A::Weight],
}

impl<'m, A: Arithmetic> Direction<'m, A> {
    /// Borrows and checks the weights; `one_hot_tokens`: the input is one of so many tokens, not a vector.
    pub(crate) fn parse(
        tensors: &Tensors<'m>,
        cell: Cell,
        shape: Shape,
        direction: &DirectionWeights,
        one_hot_tokens: Option<usize>,
    ) -> Result<Self, Error> {
        let DirectionWeights { packing: Packing::RowMajor, weights, bias, one_hot, scales } = direction;
        let rows = cell.gates().saturating_mul(shape.hidden_size);
        let results = cell.results().saturating_mul(shape.hidden_size);
        let parts = MatrixParts {
            weights,
            bias,
            scales: scales.as_ref(),
            largest_fraction_bits: if matches!(cell, Cell::Lstm | Cell::RnnRelu) { 15 } else { 0 },
        };
        let matrix = Matrix::parse(tensors, MatrixShape { rows, columns: shape.columns(), results }, parts)?;
        expect(Field::OneHot, one_hot_tokens.is_some().into(), one_hot.is_some().into())?;
        let one_hot = match (one_hot, one_hot_tokens) {
            (Some(tensor), Some(tokens)) => tensors.view(tensor, tokens.saturating_mul(rows))?,
            _ => &[],
        };
        let direction = Self { cell, shape, matrix, one_hot };
        (0..results).try_for_each(|result| direction.check_result(result))?;
        Ok(direction)
    }

    fn check_result(&self, result: usize) -> Result<(), Error> {
        let hidden_size = self.shape.hidden_size;
        let rows = self.rows();
        let unit_of_new_gate = result.checked_sub(2 * hidden_size).filter(|_| self.cell == Cell::Gru);
        let (row, weights, has_input) = match unit_of_new_gate {
            None => (result, self.matrix.row(result), true),
            Some(unit) if unit < hidden_size => (result, self.split_row(result).0, true),
            Some(_) => (result - hidden_size, self.split_row(result - hidden_size).1, false),
        };
        let entries = self.one_hot.iter().skip(row).step_by(rows).take(if has_input { usize::MAX } else { 0 });
        A::check_result(&self.matrix, result, weights, entries.copied(), LARGEST_VALUE)
    }

    /// Rows of the weight matrix.
    fn rows(&self) -> usize {
        self.cell.gates().wrapping_mul(self.shape.hidden_size).max(1)
    }

    /// The numbers of a unit's first `GATES` rows or results.
    #[inline(always)]
    pub(crate) fn numbers<const GATES: usize>(&self, unit: usize) -> [usize; GATES] {
        let mut number = unit;
        [(); GATES].map(|()| {
            let this = number;
            number = number.wrapping_add(self.shape.hidden_size);
            this
        })
    }

    /// The rows of each unit's three gates.
    #[inline(always)]
    pub(crate) fn rows_of_3(&self) -> impl Iterator<Item = [&'m [A::Item]; 3]> {
        let [a, b, c] = self.gates();
        a.zip(b).zip(c).map(|((a, b), c)| [a, b, c])
    }

    /// The rows of each unit's four gates.
    #[inline(always)]
    pub(crate) fn rows_of_4(&self) -> impl Iterator<Item = [&'m [A::Item]; 4]> {
        let [a, b, c, d] = self.gates();
        a.zip(b).zip(c).zip(d).map(|(((a, b), c), d)| [a, b, c, d])
    }

    /// The rows of the first `GATES` gates, each gate's from the first unit on.
    #[inline(always)]
    fn gates<const GATES: usize>(&self) -> [ChunksExact<'m, A::Item>; GATES] {
        let stride = self.matrix.rows.stride.max(1);
        let mut rest = self.matrix.rows.items;
        [(); GATES].map(|()| {
            let of_gate = stride.wrapping_mul(self.shape.hidden_size);
            let (gate, after) = rest.split_at_checked(of_gate).unwrap_or_default();
            rest = after;
            gate.chunks_exact(stride)
        })
    }

    /// The input columns of a row, and its hidden columns.
    fn split_row(&self, row: usize) -> (&'m [A::Item], &'m [A::Item]) {
        self.matrix.row(row).split_at_checked(self.hidden_start()).unwrap_or_default()
    }

    /// The item of a row in which its hidden columns start.
    pub(crate) fn hidden_start(&self) -> usize {
        A::items(self.matrix.rows.layout, self.shape.hidden_start())
    }

    /// The weights of a token's input of 1, one a row; none where the input is a vector.
    pub(crate) fn one_hot_row(&self, token: u32) -> &'m [A::Weight] {
        let start = (token as usize).wrapping_mul(self.rows());
        self.one_hot.get(start..start.wrapping_add(self.rows())).unwrap_or_default()
    }

    /// One step, the input being in its place: the next states, and the hidden state where the step after takes
    /// it in.
    pub(crate) fn advance(&self, one_hot: &[A::Weight], buffers: &mut LayerBuffers<'_, A>) {
        A::step(self, one_hot, buffers);
        let next = buffers.inputs.get_mut(self.shape.hidden_start()..).unwrap_or_default();
        A::narrow(self.cell, buffers.hidden, next);
    }
}
