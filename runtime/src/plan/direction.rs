use super::bounds::{LARGEST_INPUT, check_bias, check_multipliers, largest_of_column, magnitudes, saturated};
use super::half_words::LARGEST_HALF_WORD_SUM;
use super::matrix::{Matrix, NumberFormat};
use crate::error::{Error, Field};
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

    /// What an accumulator holds.
    #[inline]
    const fn largest_sum(&self) -> usize {
        (i32::MAX as u32).wrapping_shr(self.accumulator_shift as u32) as usize
    }

    /// Whether an accumulator may overflow of which all weights add at most `most`.
    #[inline]
    pub(super) const fn may_overflow(&self, most: usize, bias: usize) -> bool {
        most.saturating_add(bias) > self.largest_sum()
    }

    /// Checks the largest sum that an accumulator can reach, from the sum of the magnitudes of its weights.
    #[inline]
    pub(super) const fn check_sum(&self, tensors: &mut Tensors<'_>, weights: usize, largest_input: usize, bias: usize) {
        let sum = weights as u64 * largest_input as u64 + bias as u64;
        tensors.expect_within(Field::AccumulatorRange, 0, self.largest_sum(), saturated(sum));
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
            if !Packing::RowMajor.is_built() && matches!(format, NumberFormat::I8) {
                tensors.keep(Err(Error::UnsupportedPacking { found: packing.code() }));
            }
            self.input = Matrix::take(tensors, format, rows, input_size);
            self.recurrent = Matrix::take(tensors, format, rows, hidden_size);
        }
        let has_measured_state = matches!(cell, Cell::Lstm | Cell::RnnRelu);
        let largest_fraction_bits = if has_measured_state { MAX_SHIFT } else { 0 };
        self.results = Results::read(tensors, precision, results, numbers, largest_fraction_bits);
        self.check_results(tensors, format);
    }

    /// Checks the biases, and that no accumulator can overflow.
    #[inline]
    const fn check_results(&self, tensors: &mut Tensors<'_>, format: NumberFormat) {
        let weights = if self.has_half_words() {
            self.half_words().vector_words().saturating_mul(2)
        } else {
            self.input.width().saturating_add(self.recurrent.width())
        };
        // No row has a larger sum; where that is within the bounds, no weight is looked at again.
        let token = if self.has_tokens() { LARGEST_INPUT } else { 0 };
        let mut most = (weights * format.largest() + token).saturating_mul(LARGEST_INPUT);
        if self.has_half_words() && most > LARGEST_HALF_WORD_SUM {
            most = usize::MAX;
        }
        let mut number = 0;
        while number < self.cell.results() {
            let mut unit = 0;
            while unit < self.hidden_size && tensors.need_checks() {
                let bias = check_bias(tensors, format, self.results.bias, self.place_of_result(number, unit));
                if !format.is_float() && self.results.may_overflow(most, bias) {
                    self.check_result(tensors, format, [number, unit], bias);
                }
                unit += 1;
            }
            number += 1;
        }
    }

    /// Checks the sum of a result, given by its number and its unit.
    #[inline]
    const fn check_result(&self, tensors: &mut Tensors<'_>, format: NumberFormat, place: [usize; 2], bias: usize) {
        let [number, unit] = place;
        let ResultRow { row, has_input, input, state } =
            self.result_row(number.wrapping_mul(self.hidden_size).wrapping_add(unit));
        let mut sum = if self.has_half_words() {
            self.check_half_words(tensors, number, unit)
        } else {
            magnitudes(format, input) + magnitudes(format, state)
        };
        if self.has_tokens() && has_input {
            sum += largest_of_column(&self.one_hot, row);
        }
        self.results.check_sum(tensors, sum, LARGEST_INPUT, bias);
    }

    /// Whether its input are one-hot tokens.
    #[inline]
    const fn has_tokens(&self) -> bool {
        Feature::HAS_TEXT && !self.one_hot.bytes.is_empty()
    }

    /// Where the bias and the multiplier of a unit's result are.
    #[inline]
    const fn place_of_result(&self, number: usize, unit: usize) -> usize {
        if self.has_half_words() {
            unit.wrapping_mul(self.cell.results()).wrapping_add(number)
        } else {
            number.wrapping_mul(self.hidden_size).wrapping_add(unit)
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
