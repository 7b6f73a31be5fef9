use bytemuck::Pod;

use super::arithmetic::Arithmetic;
use crate::plan::{Direction, cell_size, recurrent_size, vector_words, words};

/// What one direction of a recurrent layer remembers, for looking at; see [`crate::Classifier::layer_state`] and
/// [`crate::Classifier::observe`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LayerState<'a> {
    /// Of an int8 model.
    Int8 {
        /// `h`, with `hidden_fraction_bits` fraction bits.
        hidden: &'a [i16],
        /// Fraction bits of `hidden`: 15, but of a rectifier as it was measured.
        hidden_fraction_bits: u8,
        /// `c`, with `cell_fraction_bits` fraction bits; empty where the cell has none.
        cell: &'a [i16],
        /// Fraction bits of `cell`.
        cell_fraction_bits: u8,
    },
    /// Of an `f32` or `f16` model.
    Float {
        /// `h`.
        hidden: &'a [f32],
        /// `c`; empty where the cell has none.
        cell: &'a [f32],
    },
}

/// What one direction of a layer remembers after a step; see [`crate::Classifier::observe`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepState<'a> {
    /// Number of the layer, 0 nearest to the input.
    pub layer: usize,
    /// Whether the direction is that from the last step to the first.
    pub reverse: bool,
    /// Number of the step in the sequence: in reverse the largest is computed first.
    pub step: usize,
    /// The states after the step.
    pub state: LayerState<'a>,
}

/// The state of one direction inside a classifier's words.
pub(crate) struct LayerBuffers<'a, A: Arithmetic> {
    /// `x`, and zeros that fill up its last word.
    pub(crate) inputs: &'a mut [A::Value],
    /// The last step's `h` as the next product takes it in, and zeros that fill up its last word; empty with packed weights.
    pub(crate) recurrent: &'a mut [A::Value],
    /// `c`; empty where the cell has none.
    pub(crate) cell: &'a mut [A::State],
    /// The last step's `h`, as computed.
    pub(crate) hidden: &'a mut [A::State],
    /// `[x; h]` as packed weights take it in, written by each step; empty without packed weights.
    pub(crate) wide: &'a mut [u32],
}

/// Takes typed buffers, one after another, out of a classifier's words.
///
/// [`crate::Classifier::new`] has made sure that there are enough; a buffer would be empty otherwise.
pub(crate) struct StateArena<'a>(pub(crate) &'a mut [u32]);

impl<'a> StateArena<'a> {
    /// The next `count` values.
    #[inline]
    pub(crate) fn take<T: Pod>(&mut self, count: usize) -> &'a mut [T] {
        let taken = self.take_words(words(count, size_of::<T>())).0;
        bytemuck::try_cast_slice_mut(taken).ok().and_then(|values| values.get_mut(..count)).unwrap_or_default()
    }

    /// The next `count` values, and those that fill up the last word.
    #[inline]
    pub(crate) fn take_padded<T: Pod>(&mut self, count: usize) -> &'a mut [T] {
        bytemuck::try_cast_slice_mut(self.take_words(words(count, size_of::<T>())).0).unwrap_or_default()
    }

    /// The next `count` words.
    #[inline]
    pub(crate) fn take_words(&mut self, count: usize) -> StateArena<'a> {
        match core::mem::take(&mut self.0).split_at_mut_checked(count) {
            Some((taken, rest)) => {
                self.0 = rest;
                StateArena(taken)
            }
            None => StateArena(&mut []),
        }
    }

    /// The buffers of a direction.
    #[inline]
    pub(crate) fn take_layer<A: Arithmetic>(&mut self, direction: &Direction<'_>) -> LayerBuffers<'a, A> {
        let Direction { input_size, hidden_size, .. } = *direction;
        LayerBuffers {
            inputs: self.take_padded(input_size),
            recurrent: self.take_padded(recurrent_size(direction)),
            cell: self.take(cell_size(direction)),
            hidden: self.take(hidden_size),
            wide: self.take(vector_words(direction)),
        }
    }
}
