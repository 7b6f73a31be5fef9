use super::Cell;

/// Rows of a block.
const ROWS: usize = 4;

/// Where [`super::Packing::HalfWords`] puts the weights of a direction of 8 bits: blocks of four rows, in each of them for two
/// columns a word of the first two rows and a word of the other two. A half-word is `256 * a + b` of the weights `a` and `b` of
/// two rows in one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfWords {
    /// The cell.
    pub cell: Cell,
    /// Values of `x`; 0 under one-hot tokens.
    pub input_size: usize,
    /// Units.
    pub hidden_size: usize,
}

/// The row of a result in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfWordRow {
    /// The block's first word.
    start: usize,
    /// Number of the row, 0 to 3.
    row: usize,
    /// Pairs of columns of the block.
    pub pairs: usize,
    /// Whether the columns of `x` are in it.
    pub has_input: bool,
    /// Whether those of `h` are in it, which follow them.
    pub has_state: bool,
}

impl HalfWordRow {
    /// The byte at which the half-word of a column begins.
    #[inline]
    pub(crate) const fn byte(&self, column: usize) -> usize {
        let words = (column / 2).wrapping_mul(2).wrapping_add(self.row / 2).wrapping_add(self.start);
        words.wrapping_mul(4).wrapping_add(column % 2 * 2)
    }

    /// The weight of the row in a half-word.
    #[inline]
    pub(crate) const fn weight(&self, half_word: u16) -> i32 {
        let low = half_word as i8 as i32;
        if self.row % 2 == 1 { low } else { (half_word as i16 as i32 - low) >> 8 }
    }

    /// What a weight adds to its half-word.
    const fn share(&self, weight: i8) -> u16 {
        if self.row % 2 == 1 { weight as u16 } else { (weight as u16) << 8 }
    }
}

impl HalfWords {
    /// Pairs of the columns of `x`; the last one may have a column that is not.
    #[inline]
    pub const fn input_pairs(&self) -> usize {
        self.input_size.div_ceil(2)
    }

    /// Pairs of the columns of `h`; the last one may have a column that is not.
    #[inline]
    pub const fn state_pairs(&self) -> usize {
        self.hidden_size.div_ceil(2)
    }

    #[inline]
    const fn pairs(&self) -> usize {
        self.input_pairs().saturating_add(self.state_pairs())
    }

    /// 32-bit words of the weights.
    #[inline]
    pub const fn words(&self) -> usize {
        let groups = self.hidden_size.div_ceil(ROWS);
        let blocks = match self.cell {
            Cell::Lstm => self.hidden_size,
            Cell::Gru => groups.saturating_mul(3),
            Cell::RnnTanh | Cell::RnnRelu => groups,
        };
        blocks.saturating_mul(2).saturating_mul(self.pairs())
    }

    /// 32-bit words of `[x; h]` in 16 bits.
    #[inline]
    pub const fn vector_words(&self) -> usize {
        self.pairs()
    }

    /// Where the row of a unit's result is.
    #[inline]
    pub const fn row(&self, result: usize, unit: usize) -> HalfWordRow {
        let block = self.pairs().saturating_mul(2);
        let (group, member) = (unit / ROWS, unit % ROWS);
        let (start, row) = match self.cell {
            Cell::Lstm => (unit.wrapping_mul(block), result),
            Cell::RnnTanh | Cell::RnnRelu => (group.wrapping_mul(block), member),
            Cell::Gru => {
                let first = group.wrapping_mul(3).wrapping_mul(block);
                match result {
                    0 | 1 => (first.wrapping_add(member / 2 * block), member % 2 * 2 + result),
                    2 => (first.wrapping_add(2 * block), member),
                    _ => (first.wrapping_add(2 * block).wrapping_add(2 * self.input_pairs()), member),
                }
            }
        };
        let is_candidate = matches!(self.cell, Cell::Gru) && result >= 2;
        let has_input = !is_candidate || result == 2;
        let has_state = !is_candidate || result == 3;
        let input = if has_input { self.input_pairs() } else { 0 };
        let state = if has_state { self.state_pairs() } else { 0 };
        HalfWordRow { start, row, pairs: input.saturating_add(state), has_input, has_state }
    }

    /// Writes the weights of row-major matrices, as functions of row and column, into [`Self::words`] words.
    ///
    /// # Panics
    /// Never.
    pub fn pack(
        &self,
        input: impl Fn(usize, usize) -> i8,
        recurrent: impl Fn(usize, usize) -> i8,
        target: &mut [[u8; 4]],
    ) {
        target.fill([0; 4]);
        let bytes = target.as_flattened_mut();
        let mut add = |row: &HalfWordRow, column: usize, weight: i8| {
            let place = bytes.get_mut(row.byte(column)..).and_then(|bytes| bytes.first_chunk_mut::<2>());
            if let Some(half_word) = place {
                *half_word = u16::from_le_bytes(*half_word).wrapping_add(row.share(weight)).to_le_bytes();
            }
        };
        for result in 0..self.cell.results() {
            for unit in 0..self.hidden_size {
                let place = self.row(result, unit);
                let row = result.min(self.cell.gates() - 1) * self.hidden_size + unit;
                if place.has_input {
                    (0..self.input_size).for_each(|column| add(&place, column, input(row, column)));
                }
                if place.has_state {
                    let first = if place.has_input { 2 * self.input_pairs() } else { 0 };
                    (0..self.hidden_size).for_each(|column| add(&place, first + column, recurrent(row, column)));
                }
            }
        }
    }
}
