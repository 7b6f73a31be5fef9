//! Layers and pooling over a sequence, generic over how numbers are multiplied.

use bytemuck::{AnyBitPattern, Pod};

mod arithmetic;
mod buffered;
#[cfg(feature = "float")]
mod float;
mod input;
mod int8;
#[allow(clippy::module_inception, reason = "the network itself, beside its parts")]
mod network;
mod pooling;
#[cfg(feature = "float")]
mod pre_activations;
mod state;
mod streaming;
mod window;

#[cfg(feature = "float")]
pub(crate) use float::Float;
pub(crate) use input::Step;
pub(crate) use int8::Int8;
pub(crate) use network::{Network, Progress, Unfinished, with_network};
#[cfg(feature = "float")]
pub use pre_activations::{DirectionInput, DirectionStep, ProductInputs};
pub(crate) use state::StateArena;
pub use state::{LayerState, StepState};
pub(crate) use window::Gathering;

/// A tensor's bytes as its elements; [`crate::Model::parse`] has made sure that the file is aligned.
#[inline(always)]
fn cast<T: AnyBitPattern>(bytes: &[u8]) -> &[T] {
    bytemuck::try_cast_slice(bytes).unwrap_or_default()
}

/// Makes words zeros. The compiler does not know the value that is written, and so calls no `memset`, which would take more
/// bytes in an image than the loop.
#[inline]
pub(crate) fn clear(words: &mut [u32]) {
    let zero = core::hint::black_box(0);
    for word in words {
        *word = zero;
    }
}

/// As [`clear`], of other values.
#[inline]
fn clear_values<T: Pod>(values: &mut [T]) {
    let zero: u8 = core::hint::black_box(0);
    for byte in bytemuck::try_cast_slice_mut(values).unwrap_or_default() {
        *byte = zero;
    }
}

/// Copies values as far as both reach.
#[inline]
fn copy<T: Pod>(target: &mut [T], source: &[T]) {
    copy_bytes(bytemuck::cast_slice_mut(target), bytemuck::cast_slice(source));
}

/// Copies bytes as far as both reach, words where both are the same number of them. The compiler does not know that they stay the same, and so calls
/// no `memcpy`, which would take more bytes in an image than the loops.
#[inline(never)]
fn copy_bytes(target: &mut [u8], source: &[u8]) {
    let zero: u32 = core::hint::black_box(0);
    if target.len() == source.len()
        && let (Ok(target), Ok(source)) =
            (bytemuck::try_cast_slice_mut::<u8, u32>(target), bytemuck::try_cast_slice::<u8, u32>(source))
    {
        let (target, target_rest) = target.as_chunks_mut::<4>();
        let (source, source_rest) = source.as_chunks::<4>();
        for (target, words) in target.iter_mut().zip(source) {
            *target = words.map(|word| word ^ zero);
        }
        for (target, word) in target_rest.iter_mut().zip(source_rest) {
            *target = *word ^ zero;
        }
        return;
    }
    for (target, byte) in target.iter_mut().zip(source) {
        *target = *byte ^ zero as u8;
    }
}

/// Writes values one after another, as far as both reach.
#[inline(always)]
fn fill<T>(target: &mut [T], values: impl Iterator<Item = T>) {
    for (target, value) in target.iter_mut().zip(values) {
        *target = value;
    }
}
