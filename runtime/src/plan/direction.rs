use super::bounds::{LARGEST_INPUT, check_bias, check_column, check_multipliers, check_numbers, magnitudes, saturated};
use super::matrix::{Matrix, NumberFormat};
use crate::error::Field;
use crate::format::{self, Cell, Feature, MAX_SHIFT, Packing, Precision, Tensors};

/// What turns sums of products into results: a bias, and in an int8 model a multiplier, for each result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Results<'m> {
    /// `f32` or `i32`.
    pub(crate) bias: &'m [u8],
    /// `i16`; empty in float.
    pub(crate) multipliers: &'m [u8],
    pub(crate) accumulator_shift: u8,
    pub(crate) state_fraction_bits: u8,
}

impl<'m> Results<'m> {
    #[inline]
    pub(super) const fn empty(bytes: &'m [u8]) -> Self {
        Self { bias: bytes, multipliers: bytes, accumulator_shift: 0, state_fraction_bits: 0 }
    }

    /// Borrows the numbers of so many results; the biases are not checked.
    #[inline]
    pub(super) const fn read(
        tensors: &mut Tensors<'m>,
        precision: Precision,
        count: usize,
        numbers: format::Direction,
        largest_fraction_bits: usize,
    ) -> Self {
        let format::Direction { accumulator_shift, state_fraction_bits } = numbers;
        let bias = tensors.take(count, 4);
        let is_float = precision.is_float();
        let (shift, fraction_bits) = if is_float { (0, 0) } else { (MAX_SHIFT, largest_fraction_bits) };
        tensors.expect_within(Field::AccumulatorShift, 0, shift, accumulator_shift as usize);
        tensors.expect_within(Field::StateFractionBits, 0, fraction_bits, state_fraction_bits as usize);
        let multipliers = tensors.take(if is_float { 0 } else { count }, 2);
        if tensors.need_checks() {
            check_multipliers(tensors, multipliers);
        }
        Self { bias, multipliers, accumulator_shift, state_fraction_bits }
    }

    /// Checks the weights and the bias of a result, and that its accumulator cannot overflow. `one_hot` is the magnitude of
    /// the largest weight of a one-hot token.
    #[inline]
    pub(super) const fn check(
        &self,
        tensors: &mut Tensors<'_>,
        result: usize,
        format: NumberFormat,
        weights: [&[u8]; 2],
        one_hot: u64,
        largest_input: u64,
    ) {
        let [first, second] = weights;
        check_numbers(tensors, format, first, result);
        check_numbers(tensors, format, second, result);
        let bias = check_bias(tensors, format, self.bias, result);
        let largest_weight = match format {
            _ if format.is_float() => return,
            // Two in a byte.
            NumberFormat::I4 if Feature::Int4.is_built() => 2 * 7,
            _ => 127,
        };
        let rest = one_hot * LARGEST_INPUT + bias;
        let limit = (i32::MAX as u32).wrapping_shr(self.accumulator_shift as u32) as usize;
        let items = first.len() as u64 + second.len() as u64;
        if saturated(items * largest_weight * largest_input + rest) > limit {
            let sum = (magnitudes(format, first) + magnitudes(format, second)) * largest_input + rest;
            tensors.expect_within(Field::AccumulatorRange, 0, limit, saturated(sum));
        }
    }
}

/// The weights of one direction of a recurrent layer: for each gate a row for every unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Direction<'m> {
    pub(crate) cell: Cell,
    /// Input columns: 0 under one-hot tokens.
    pub(crate) input_size: usize,
    pub(crate) hidden_size: usize,
    /// `[gates * hidden_size, input_size]`; rows of nothing under one-hot tokens.
    pub(crate) input: Matrix<'m>,
    /// `[tokens, gates * hidden_size]`; empty where the input is a vector.
    pub(crate) one_hot: Matrix<'m>,
    /// `[gates * hidden_size, hidden_size]`.
    pub(crate) recurrent: Matrix<'m>,
    /// One a gate and unit, but of a GRU's third gate two: of its input, and of its hidden state.
    pub(crate) results: Results<'m>,
}

/// What all directions of a layer share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) precision: Precision,
    pub(super) packing: Packing,
    pub(super) cell: Cell,
    pub(super) bits: u8,
    pub(super) input_size: usize,
    pub(super) hidden_size: usize,
    /// The input is one of so many tokens, not a vector.
    pub(super) one_hot_tokens: Option<usize>,
}

/// The row of a result, and the weights of it that count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResultRow<'m> {
    pub(crate) row: usize,
    pub(crate) has_input: bool,
    pub(crate) input: &'m [u8],
    pub(crate) state: &'m [u8],
}

impl<'m> Direction<'m> {
    #[inline]
    pub(super) const fn empty(bytes: &'m [u8]) -> Self {
        Self {
            cell: Cell::RnnTanh,
            input_size: 0,
            hidden_size: 0,
            input: Matrix::empty(bytes),
            one_hot: Matrix::empty(bytes),
            recurrent: Matrix::empty(bytes),
            results: Results::empty(bytes),
        }
    }

    /// Borrows and checks the weights; puts them in their place, because a direction is large.
    #[inline]
    pub(super) const fn read(&mut self, tensors: &mut Tensors<'m>, shape: Shape, numbers: format::Direction) {
        let Shape { precision, packing, cell, bits, input_size, hidden_size, one_hot_tokens } = shape;
        let rows = cell.gates().saturating_mul(hidden_size);
        let results = cell.results().saturating_mul(hidden_size);
        let tokens = match one_hot_tokens {
            Some(tokens) => tokens,
            None => 0,
        };
        (self.cell, self.input_size, self.hidden_size) = (cell, input_size, hidden_size);
        self.one_hot = Matrix::take(tensors, NumberFormat::whole(precision), tokens, rows);
        let format = NumberFormat::read(tensors, precision, bits);
        let is_packed = matches!(packing, Packing::HalfWords) && matches!(format, NumberFormat::I8);
        if cfg!(half_words) && is_packed {
            self.take_half_words(tensors);
        } else {
            self.input = Matrix::take(tensors, format, rows, input_size);
            self.recurrent = Matrix::take(tensors, format, rows, hidden_size);
        }
        let has_measured_state = matches!(cell, Cell::Lstm | Cell::RnnRelu);
        let largest_fraction_bits = if has_measured_state { MAX_SHIFT } else { 0 };
        self.results = Results::read(tensors, precision, results, numbers, largest_fraction_bits);
        let mut result = 0;
        while result < results && tensors.need_checks() {
            let ResultRow { row, has_input, input, state } = self.result_row(result);
            let has_token = Feature::HAS_TEXT && has_input && tokens > 0;
            let token = if has_token { check_column(tensors, &self.one_hot, row) } else { 0 };
            if self.has_half_words() {
                self.check_half_words(tensors, result, token);
            } else {
                self.results.check(tensors, result, format, [input, state], token, LARGEST_INPUT);
            }
            result += 1;
        }
    }

    /// The row of a result: of each gate's row both parts count, but in each of the two results of a GRU's third gate one.
    #[inline]
    pub(crate) const fn result_row(&self, result: usize) -> ResultRow<'m> {
        let hidden_size = self.hidden_size;
        let is_gru = Feature::Gru.is_built() && matches!(self.cell, Cell::Gru);
        let is_candidate = is_gru && result >= 2 * hidden_size;
        let has_state = !is_candidate || result >= 3 * hidden_size;
        let has_input = !is_candidate || !has_state;
        let row = if is_candidate && has_state { result.wrapping_sub(hidden_size) } else { result };
        ResultRow {
            row,
            has_input,
            input: if has_input { self.input.row(row) } else { &[] },
            state: if has_state { self.recurrent.row(row) } else { &[] },
        }
    }

    /// The weights of a token's input of 1, one a row; none where the input is a vector.
    #[inline]
    pub(crate) const fn one_hot_row(&self, token: u32) -> &'m [u8] {
        self.one_hot.row(token as usize)
    }

    /// Products of a weight and a value in one step; saturates.
    #[inline]
    pub(super) const fn products(&self) -> u64 {
        let rows = (self.cell.gates() as u64).saturating_mul(self.hidden_size as u64);
        rows.saturating_mul((self.input_size as u64).saturating_add(self.hidden_size as u64))
    }
}

/// A recurrent layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'m> {
    /// From the first step to the last.
    pub(crate) forward: Direction<'m>,
    /// From the last step to the first, if there is one.
    #[cfg(feature = "bidirectional")]
    reverse: Option<Direction<'m>>,
}

impl<'m> Layer<'m> {
    #[inline]
    pub(super) const fn empty(bytes: &'m [u8]) -> Self {
        Self {
            forward: Direction::empty(bytes),
            #[cfg(feature = "bidirectional")]
            reverse: None,
        }
    }

    /// Borrows and checks the weights of its directions.
    #[inline]
    pub(super) const fn read(
        &mut self,
        tensors: &mut Tensors<'m>,
        shape: Shape,
        forward: format::Direction,
        reverse: Option<format::Direction>,
        nothing: &'m [u8],
    ) {
        self.forward.read(tensors, shape, forward);
        #[cfg(feature = "bidirectional")]
        if let Some(reverse) = reverse {
            self.reverse = Some(Direction::empty(nothing));
            if let Some(direction) = &mut self.reverse {
                direction.read(tensors, shape, reverse);
            }
        }
        #[cfg(not(feature = "bidirectional"))]
        let _ = (reverse, nothing);
    }

    /// From the last step to the first, if there is such a direction.
    #[inline]
    pub(crate) const fn reverse(&self) -> Option<&Direction<'m>> {
        #[cfg(feature = "bidirectional")]
        return self.reverse.as_ref();
        #[cfg(not(feature = "bidirectional"))]
        None
    }

    /// Values of its output: the units of all directions.
    #[inline]
    pub(crate) const fn width(&self) -> usize {
        let reverse = match self.reverse() {
            Some(reverse) => reverse.hidden_size,
            None => 0,
        };
        self.forward.hidden_size.saturating_add(reverse)
    }

    /// Its directions, from the first step to the last first.
    #[inline]
    pub(crate) fn directions(&self) -> impl Iterator<Item = &Direction<'m>> {
        core::iter::once(&self.forward).chain(self.reverse())
    }
}
