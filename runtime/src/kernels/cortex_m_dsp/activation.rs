//! The activations with an instruction that multiplies two half-words and adds both products.
#![allow(unsafe_code)]

use core::arch::asm;

use crate::numeric::{SIGMOID_BITS, Segment, TANH_BITS, logistic};

/// [`crate::numeric::tanh`].
#[inline(always)]
pub(crate) fn tanh(x: i16) -> i16 {
    interpolate::<TANH_BITS>(x) as i16
}

/// [`crate::numeric::sigmoid`].
#[inline(always)]
pub(crate) fn sigmoid(x: i16) -> i16 {
    logistic(interpolate::<SIGMOID_BITS>(x))
}

/// `(start * (2^BITS - units) + end * units + 2^(BITS - 1)) >> BITS`, which is the definition's
/// `start + (((end - start) * units + 2^(BITS - 1)) >> BITS)`.
#[inline(always)]
fn interpolate<const BITS: u32>(x: i16) -> i32 {
    let segment = Segment::of(x, BITS);
    let weights = ((1 << BITS) - segment.units) | segment.units << 16;
    let sum: i32;
    // SAFETY: changes the named register, and the overflow flag of saturation, which no sum reaches.
    unsafe {
        asm!(
            "smlad {sum}, {ends}, {weights}, {half}",
            sum = lateout(reg) sum,
            ends = in(reg) segment.ends(),
            weights = in(reg) weights,
            half = in(reg) 1 << (BITS - 1),
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    segment.signed(sum >> BITS)
}
