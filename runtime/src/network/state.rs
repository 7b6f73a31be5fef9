use bytemuck::Pod;

use super::weights::Arithmetic;
use crate::format::round_up;

/// Columns of a packed row, and values of the vector it is multiplied with, come in multiples of this.
pub(crate) const COLUMN_MULTIPLE: usize = 4;

/// The sizes of a recurrent layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) input_size: usize,
    pub(crate) hidden_size: usize,
}

impl Shape {
    /// Where the hidden state starts in the vector `[x; h]`.
    pub(crate) const fn hidden_start(self) -> usize {
        round_up(self.input_size, COLUMN_MULTIPLE)
    }

    /// Values of the vector `[x; h]`, and columns of a weight row.
    pub(crate) const fn columns(self) -> usize {
        self.hidden_start() + round_up(self.hidden_size, COLUMN_MULTIPLE)
    }
}

/// What a recurrent layer remembers, for looking at; see [`crate::Classifier::layer_state`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LayerState<'a> {
    /// Of an int8 model.
    Int8 {
        /// `h`, Q0.15.
        hidden: &'a [i16],
        /// `c`, with `cell_fraction_bits` fraction bits.
        cell: &'a [i16],
        /// Fraction bits of `cell`.
        cell_fraction_bits: u8,
    },
    /// Of an `f32` or `f16` model.
    Float {
        /// `h`.
        hidden: &'a [f32],
        /// `c`.
        cell: &'a [f32],
    },
}

/// The state of one layer inside a classifier's words.
pub(crate) struct LayerBuffers<'a, A: Arithmetic> {
    /// `[x; h]`, each padded with zeros.
    pub(crate) inputs: &'a mut [A::Value],
    /// `c`.
    pub(crate) cell: &'a mut [A::Cell],
    /// The last step's `h`, as computed; a part of `inputs` holds it as the next product takes it in.
    pub(crate) hidden: &'a mut [A::Hidden],
}

/// Takes typed buffers, one after another, out of a classifier's words.
///
/// [`crate::Classifier::new`] has made sure that there are enough; a buffer would be empty otherwise.
pub(crate) struct Words<'a>(pub(crate) &'a mut [u32]);

impl<'a> Words<'a> {
    pub(crate) fn take<T: Pod>(&mut self, count: usize) -> &'a mut [T] {
        let words = core::mem::take(&mut self.0);
        let Some((taken, rest)) = words.split_at_mut_checked(words_for::<T>(count)) else {
            return &mut [];
        };
        self.0 = rest;
        bytemuck::try_cast_slice_mut(taken).ok().and_then(|values| values.get_mut(..count)).unwrap_or_default()
    }

    pub(crate) fn take_layer<A: Arithmetic>(&mut self, shape: Shape) -> LayerBuffers<'a, A> {
        LayerBuffers {
            inputs: self.take(shape.columns()),
            cell: self.take(shape.hidden_size),
            hidden: self.take(shape.hidden_size),
        }
    }
}

/// 32-bit words for `count` values.
pub(crate) const fn words_for<T>(count: usize) -> usize {
    count.saturating_mul(size_of::<T>()).div_ceil(size_of::<u32>())
}

/// 32-bit words that [`Words::take_layer`] takes.
pub(crate) const fn layer_words<A: Arithmetic>(shape: Shape) -> usize {
    words_for::<A::Value>(shape.columns())
        + words_for::<A::Cell>(shape.hidden_size)
        + words_for::<A::Hidden>(shape.hidden_size)
}
