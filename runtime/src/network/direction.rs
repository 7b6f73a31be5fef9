use super::arithmetic::Arithmetic;
use super::results::{Results, Shifts};
use super::rows::Rows;
use super::state::{LayerBuffers, Shape};
use crate::error::Error;
use crate::format::{self, Cell, Tensors};

/// Largest magnitude of an int8 model's input or hidden state in a product.
const LARGEST_VALUE: u32 = 127;
/// Bits of the weights of one-hot tokens in a model of 4 bits.
const ONE_HOT_BITS: u8 = 8;

/// The weights of one direction of a recurrent layer: for each gate a row for every unit.
pub(crate) struct Direction<'m, A: Arithmetic> {
    pub(crate) cell: Cell,
    pub(crate) shape: Shape,
    /// `[gates * hidden_size, input_size]`; rows of nothing under one-hot tokens.
    pub(crate) input: Rows<'m, A>,
    /// `[tokens, gates * hidden_size]`; empty where the input is a vector.
    pub(crate) one_hot: &'m [A::Weight],
    /// `[gates * hidden_size, hidden_size]`.
    pub(crate) recurrent: Rows<'m, A>,
    /// One a gate and unit, but of a GRU's third gate two: of its input, and of its hidden state.
    pub(crate) results: Results<'m, A>,
}

/// What all directions of a layer share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerShape {
    pub(crate) cell: Cell,
    pub(crate) shape: Shape,
    pub(crate) bits: u8,
    /// The input is one of so many tokens, not a vector.
    pub(crate) one_hot_tokens: Option<usize>,
}

/// The weights that make a result: those of the input and of the hidden state, and the row that both are of.
struct ResultWeights<'m, A: Arithmetic> {
    row: usize,
    has_input: bool,
    weights: [&'m [A::Item]; 2],
}

impl<'m, A: Arithmetic> Direction<'m, A> {
    /// Borrows and checks the weights.
    pub(crate) fn parse(
        tensors: &mut Tensors<'m>,
        layer: LayerShape,
        direction: &format::Direction,
    ) -> Result<Self, Error> {
        let LayerShape { cell, shape, bits, one_hot_tokens } = layer;
        let rows = cell.gates().saturating_mul(shape.hidden_size);
        let results = cell.results().saturating_mul(shape.hidden_size);
        let one_hot: &[A::Weight] = match one_hot_tokens {
            Some(tokens) => tensors.take(tokens.saturating_mul(rows))?,
            None => &[],
        };
        let input_bits = if one_hot_tokens.is_some() && bits < ONE_HOT_BITS { ONE_HOT_BITS } else { bits };
        let input = A::parse_rows(tensors, input_bits, rows, shape.input_size)?;
        let recurrent = A::parse_rows(tensors, bits, rows, shape.hidden_size)?;
        let shifts = Shifts {
            accumulator_shift: direction.accumulator_shift,
            state_fraction_bits: direction.state_fraction_bits,
            largest_fraction_bits: if matches!(cell, Cell::Lstm | Cell::RnnRelu) { 15 } else { 0 },
        };
        let results_of = Results::parse(tensors, results, shifts)?;
        let direction = Self { cell, shape, input, one_hot, recurrent, results: results_of };
        (0..results).try_for_each(|result| direction.check_result(result))?;
        Ok(direction)
    }

    fn check_result(&self, result: usize) -> Result<(), Error> {
        let ResultWeights { row, has_input, weights } = self.weights_of(result);
        let entries = self.one_hot.iter().skip(row).step_by(self.rows()).take(if has_input { usize::MAX } else { 0 });
        let layout = self.recurrent.layout;
        A::check_result(&self.results, result, layout, weights, entries.copied(), LARGEST_VALUE)
    }

    /// The weights of a result: of a gate's row both, but of a GRU's third gate one in each of its two results.
    fn weights_of(&self, result: usize) -> ResultWeights<'m, A> {
        let hidden_size = self.shape.hidden_size;
        let (row, has_input, has_state) = match result.checked_sub(2 * hidden_size) {
            Some(unit) if self.cell == Cell::Gru && unit < hidden_size => (result, true, false),
            Some(_) if self.cell == Cell::Gru => (result.wrapping_sub(hidden_size), false, true),
            _ => (result, true, true),
        };
        let input = if has_input { self.input.row(row) } else { &[] };
        let state = if has_state { self.recurrent.row(row) } else { &[] };
        ResultWeights { row, has_input, weights: [input, state] }
    }

    /// The row of a result, its weights of the input and of the hidden state, and the token's weight if it counts.
    #[cfg(feature = "float")]
    pub(super) fn parts_of(&self, result: usize, one_hot: &'m [A::Weight]) -> ([&'m [A::Item]; 2], &'m [A::Weight]) {
        let ResultWeights { row, has_input, weights } = self.weights_of(result);
        let of_token = one_hot.get(row..).and_then(|rest| rest.get(..1)).filter(|_| has_input);
        (weights, of_token.unwrap_or_default())
    }

    /// Products of a weight and a value in one step.
    pub(super) fn products(&self) -> u64 {
        let Shape { input_size, hidden_size } = self.shape;
        (self.rows() as u64).saturating_mul((input_size as u64).saturating_add(hidden_size as u64))
    }

    /// Rows of each weight matrix.
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

    /// The weights of a token's input of 1, one a row; none where the input is a vector.
    pub(crate) fn one_hot_row(&self, token: u32) -> &'m [A::Weight] {
        let start = (token as usize).wrapping_mul(self.rows());
        self.one_hot.get(start..start.wrapping_add(self.rows())).unwrap_or_default()
    }

    /// One step, the input being in its place: the next states, and the hidden state where the step after takes
    /// it in.
    pub(crate) fn advance(&self, one_hot: &[A::Weight], buffers: &mut LayerBuffers<'_, A>) {
        A::step(self, one_hot, buffers);
        A::narrow(self.cell, buffers.hidden, buffers.recurrent);
    }
}
