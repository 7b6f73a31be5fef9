//! How many words of state a classifier needs, and how they are divided.
//!
//! In order: logits, pooled vector, the frames of the next step; then of a model that computes each step when it comes the
//! running state, and a copy of it if answers may be about steps that it has not taken in; of a model that keeps its steps
//! the values pooled so far, the steps, the state of one direction, and the outputs of two layers.

use super::direction::Direction;
use super::input::StepInput;
use super::model::Model;
use crate::format::{Cell, Feature, Pooling, Precision};

/// Bytes of a 32-bit word, of a pooled value so far and a logit, of a token that may be composed.
const WORD: usize = 4;
/// Bytes of a token of at most 16 bits.
const NARROW_TOKEN: usize = 2;

/// Bytes of the numbers of a precision.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// An input or hidden state as the products take it in.
    value: usize,
    /// A state as computed.
    state: usize,
}

impl Sizes {
    #[inline]
    const fn of(precision: Precision) -> Self {
        if precision.is_float() { Self { value: 4, state: 4 } } else { Self { value: 1, state: 2 } }
    }

    /// Words of the state of a direction: input, hidden state as the product takes it in, cell state, hidden state, both vectors
    /// as packed weights take them in.
    #[inline]
    const fn direction_words(self, direction: &Direction<'_>) -> usize {
        words(direction.input_size, self.value)
            .saturating_add(words(recurrent_size(direction), self.value))
            .saturating_add(words(cell_size(direction), self.state))
            .saturating_add(words(direction.hidden_size, self.state))
            .saturating_add(vector_words(direction))
    }
}

/// 32-bit words of `count` numbers of `size` bytes; saturates.
#[inline]
pub(crate) const fn words(count: usize, size: usize) -> usize {
    count.saturating_mul(size).div_ceil(WORD)
}

/// Values of `c`.
#[inline]
pub(crate) const fn cell_size(direction: &Direction<'_>) -> usize {
    if Feature::Lstm.is_built() && matches!(direction.cell, Cell::Lstm) { direction.hidden_size } else { 0 }
}

/// Values of `h` as the product takes it in: packed weights take in both vectors at once.
#[inline]
pub(crate) const fn recurrent_size(direction: &Direction<'_>) -> usize {
    if direction.has_half_words() { 0 } else { direction.hidden_size }
}

/// Words of `[x; h]` as packed weights take it in.
#[inline]
pub(crate) const fn vector_words(direction: &Direction<'_>) -> usize {
    if direction.has_half_words() { direction.half_words().vector_words() } else { 0 }
}

#[inline]
const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

impl Model<'_> {
    /// What [`Model::required_words`] is, of a model whose other fields are complete.
    #[inline]
    pub(super) const fn count_required_words(&self) -> usize {
        let sizes = Sizes::of(self.precision);
        let answer = words(self.head.classes(), WORD).saturating_add(words(self.pooled_size(), sizes.state));
        let [before, kept] = self.window_sizes();
        let window = words(before, WORD).saturating_add(words(kept, sizes.value));
        let steps = if self.is_bidirectional() {
            words(self.pool_size(), WORD)
                .saturating_add(self.kept_words(sizes))
                .saturating_add(self.scratch_words())
                .saturating_add(words(self.output_values(0), sizes.value))
                .saturating_add(words(self.output_values(1), sizes.value))
        } else {
            self.running_words().saturating_mul(if self.has_copy() { 2 } else { 1 })
        };
        answer.saturating_add(window).saturating_add(steps)
    }

    /// Values of the pooled vector.
    #[inline]
    pub(crate) const fn pooled_size(&self) -> usize {
        self.head.weights.columns
    }

    /// Values that the pooling keeps over the steps.
    #[inline]
    pub(crate) const fn pool_size(&self) -> usize {
        if matches!(self.head.pooling, Pooling::Last) { 0 } else { self.pooled_size() }
    }

    /// Numbers of the last frame that is kept for differences, and of all frames that are kept.
    #[inline]
    pub(crate) const fn window_sizes(&self) -> [usize; 2] {
        match &self.input {
            StepInput::Frames(input) if Feature::Windows.is_built() && input.frames.are_gathered() => {
                let before = if input.frames.has_differences { input.frames.channels as usize } else { 0 };
                [before, input.frames.values_of_a_step()]
            }
            _ => [0, 0],
        }
    }

    /// Whether an answer may be about steps that the state has not taken in: a word or a character that has begun, and
    /// padding.
    #[inline]
    pub(crate) const fn has_copy(&self) -> bool {
        self.can_have_begun || self.pad_to > 0
    }

    /// What [`Model::running_words`] is.
    #[inline]
    pub(super) const fn count_running_words(&self) -> usize {
        let sizes = Sizes::of(self.precision);
        let mut sum = words(self.pool_size(), WORD);
        let mut layers = self.layer_places();
        while let Some((Some(layer), after)) = layers.split_first() {
            sum = sum.saturating_add(sizes.direction_words(&layer.forward));
            layers = after;
        }
        sum
    }

    /// Words of the steps that are kept.
    #[inline]
    const fn kept_words(&self, sizes: Sizes) -> usize {
        let max_steps = self.max_steps as usize;
        match &self.input {
            StepInput::Frames(_) => words(max_steps.saturating_mul(self.input.size()), sizes.value),
            _ if Feature::HAS_TEXT && self.has_wide_tokens => words(max_steps, WORD),
            _ => words(max_steps, NARROW_TOKEN),
        }
    }

    /// Words of the largest direction's state.
    #[inline]
    pub(crate) const fn scratch_words(&self) -> usize {
        let sizes = Sizes::of(self.precision);
        let mut largest = 0;
        let mut layers = self.layer_places();
        while let Some((Some(layer), after)) = layers.split_first() {
            largest = larger(largest, sizes.direction_words(&layer.forward));
            if let Some(reverse) = layer.reverse() {
                largest = larger(largest, sizes.direction_words(reverse));
            }
            layers = after;
        }
        largest
    }

    /// Values of the outputs of the layers `first`, `first + 2`, .. below the last one, of which one at a time is kept.
    #[inline]
    pub(crate) const fn output_values(&self, first: usize) -> usize {
        let mut largest = 0;
        let mut number = 0;
        let mut layers = self.layer_places();
        while let Some((Some(layer), after)) = layers.split_first() {
            if number + 1 < self.layer_count() && number % 2 == first {
                largest = larger(largest, layer.width());
            }
            number += 1;
            layers = after;
        }
        largest.saturating_mul(self.max_steps as usize)
    }
}
