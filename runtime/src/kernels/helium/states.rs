//! The next states of four units at a time, from their pre-activations; and hidden states as a product takes them in.

use core::arch::naked_asm;

use super::{GROUP, Group};
use crate::numeric::TANH_SEGMENTS;

/// Bytes of one result in a [`Group`].
const RESULT_BYTES: usize = size_of::<Group<1>>();

/// [`crate::numeric::cell_update`] and [`crate::numeric::hidden`] of the pre-activations i, f, g, o of units.
#[inline(always)]
pub(super) fn update_lstm(
    group: &Group<4>,
    fraction_bits: u8,
    c: &mut [i16],
    h: &mut [i16],
    _definition: impl Fn([i16; 4], u8, &mut i16, &mut i16),
) {
    let units = h.len().min(c.len()).min(GROUP);
    // SAFETY: `group`, `c` and `h` have so many units.
    unsafe { update_lstm_units(group, c.as_mut_ptr(), h.as_mut_ptr(), units, fraction_bits.into()) }
}

/// [`crate::numeric::hidden_update`] and [`crate::numeric::reset_sum`] of the pre-activations r, z, n of `x` and n of `h` of units.
#[inline(always)]
pub(super) fn update_gru(group: &Group<4>, h: &mut [i16], _definition: impl Fn([i16; 4], &mut i16)) {
    let units = h.len().min(GROUP);
    // SAFETY: `group` and `h` have so many units.
    unsafe { update_gru_units(group, h.as_mut_ptr(), units) }
}

/// [`crate::numeric::tanh`] of each value.
#[inline(always)]
pub(super) fn tanh(values: &mut [i16]) {
    // SAFETY: reads and writes so many values.
    unsafe { tanh_values(values.as_mut_ptr(), values.len()) }
}

/// [`crate::numeric::rectify`] of each value.
#[inline(always)]
pub(super) fn rectify(values: &mut [i16]) {
    // SAFETY: reads and writes so many values.
    unsafe { rectify_values(values.as_mut_ptr(), values.len()) }
}

/// [`crate::numeric::quantize_hidden`] of each value, as far as `target` reaches.
#[inline(always)]
pub(crate) fn quantize_hidden(hidden: &[i16], target: &mut [i8]) {
    // SAFETY: both have so many values.
    unsafe { quantize_hidden_values(hidden.as_ptr(), target.as_mut_ptr(), hidden.len().min(target.len())) }
}

/// [`crate::numeric::quantize_rectified`] of each value, as far as `target` reaches.
#[inline(always)]
pub(crate) fn quantize_rectified(hidden: &[i16], target: &mut [i8]) {
    // SAFETY: both have so many values.
    unsafe { quantize_rectified_values(hidden.as_ptr(), target.as_mut_ptr(), hidden.len().min(target.len())) }
}

/// The tanh of four values of `2^bits` units a segment, in place: [`crate::numeric::tanh`] in the lanes of words. `mask` has the
/// lowest `bits` bits set in each lane, r3 is the table's address; q1 to q3 are changed.
macro_rules! interpolate {
    ($values:literal, $bits:literal, $mask:literal) => {
        concat!(
            concat!("vshr.s32 q1, ", $values, ", #31\n"),
            concat!("veor ", $values, ", ", $values, ", q1\n"),
            concat!("vshr.u32 q2, ", $values, ", #", $bits, "\n"),
            concat!("vand ", $values, ", ", $values, ", ", $mask, "\n"),
            "vldrw.u32 q3, [r3, q2, uxtw #2]\n",
            concat!("vsub.i32 ", $values, ", ", $values, ", q1\n"),
            concat!("vmullb.s16 q2, q3, ", $values, "\n"),
            "vshr.u32 q3, q3, #16\n",
            concat!("vrshr.s32 q2, q2, #", $bits, "\n"),
            concat!("vadd.i32 ", $values, ", q3, q2\n"),
            concat!("veor ", $values, ", ", $values, ", q1\n"),
            concat!("vsub.i32 ", $values, ", ", $values, ", q1\n"),
        )
    };
}

/// [`crate::numeric::tanh`] in the lanes of words; q6 is 63 in each.
macro_rules! tanh {
    ($values:literal) => {
        interpolate!($values, "6", "q6")
    };
}

/// [`crate::numeric::sigmoid`] in the lanes of words; q7 is 127 in each, r12 32769.
macro_rules! sigmoid {
    ($values:literal) => {
        concat!(interpolate!($values, "7", "q7"), concat!("vhadd.s32 ", $values, ", ", $values, ", r12\n"))
    };
}

/// Writes the next `c` from r1 on and the next `h` from r2 on of r3 units from their pre-activations at r0; on the stack: the
/// fraction bits of `c`.
///
/// # Safety
/// Called by [`update_lstm`] alone.
#[unsafe(naked)]
unsafe extern "C" fn update_lstm_units(group: &Group<4>, c: *mut i16, h: *mut i16, units: usize, fraction_bits: u32) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4, r5, r6, lr}}",
        "vpush {{d8-d15}}",
        "ldr r4, [sp, #80]",
        "mov r6, r3",
        "rsb r4, r4, #15",
        "rsb r5, r4, #0",
        "movw r3, #:lower16:{table}",
        "movt r3, #:upper16:{table}",
        "movw r12, #32769",
        "vmov.i32 q6, #63",
        "vmov.i32 q7, #127",
        "dlstp.32 lr, r6",
        "1:",
        // The forget gate's share of the cell state.
        "vldrh.s32 q0, [r0, #{second}]",
        sigmoid!("q0"),
        "vldrh.s32 q4, [r1]",
        "vmul.i32 q4, q4, q0",
        "vldrh.s32 q0, [r0, #{third}]",
        tanh!("q0"),
        "vldrh.s32 q5, [r0]",
        sigmoid!("q5"),
        "vmul.i32 q5, q5, q0",
        "vshl.s32 q5, r5",
        "vadd.i32 q4, q4, q5",
        "vqrshrnb.s32 q4, q4, #15",
        "vmovlb.s16 q4, q4",
        "vstrh.32 q4, [r1], #8",
        // The cell state in Q3.12.
        "vshl.s32 q4, r4",
        "vqrshrnb.s32 q4, q4, #3",
        "vmovlb.s16 q4, q4",
        tanh!("q4"),
        "vldrh.s32 q0, [r0, #{fourth}]",
        sigmoid!("q0"),
        "vqrdmulh.s16 q4, q4, q0",
        "vstrh.32 q4, [r2], #8",
        "adds r0, #8",
        "letp lr, 1b",
        "vpop {{d8-d15}}",
        "pop {{r4, r5, r6, pc}}",
        table = sym TANH_SEGMENTS,
        second = const RESULT_BYTES,
        third = const 2 * RESULT_BYTES,
        fourth = const 3 * RESULT_BYTES,
    )
}

/// Writes the next `h` from r1 on of r2 units from their pre-activations at r0.
///
/// # Safety
/// Called by [`update_gru`] alone.
#[unsafe(naked)]
unsafe extern "C" fn update_gru_units(group: &Group<4>, h: *mut i16, units: usize) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4, lr}}",
        "vpush {{d8-d15}}",
        "movw r3, #:lower16:{table}",
        "movt r3, #:upper16:{table}",
        "movw r12, #32769",
        "mov r4, #32768",
        "vmov.i32 q6, #63",
        "vmov.i32 q7, #127",
        "dlstp.32 lr, r2",
        "1:",
        "vldrh.s32 q0, [r0]",
        sigmoid!("q0"),
        "vldrh.s32 q4, [r0, #{fourth}]",
        "vqrdmulh.s16 q4, q4, q0",
        "vldrh.s32 q5, [r0, #{third}]",
        "vqadd.s16 q4, q4, q5",
        "vmovlb.s16 q4, q4",
        tanh!("q4"),
        "vldrh.s32 q0, [r0, #{second}]",
        sigmoid!("q0"),
        "vldrh.s32 q5, [r1]",
        "vmul.i32 q5, q5, q0",
        // The complement of z with its sign changed.
        "vsub.i32 q0, q0, r4",
        "vmul.i32 q4, q4, q0",
        "vsub.i32 q5, q5, q4",
        "vqrshrnb.s32 q5, q5, #15",
        "vstrh.32 q5, [r1], #8",
        "adds r0, #8",
        "letp lr, 1b",
        "vpop {{d8-d15}}",
        "pop {{r4, pc}}",
        table = sym TANH_SEGMENTS,
        second = const RESULT_BYTES,
        third = const 2 * RESULT_BYTES,
        fourth = const 3 * RESULT_BYTES,
    )
}

/// The tanh of r1 values at r0.
///
/// # Safety
/// Called by [`tanh`] alone.
#[unsafe(naked)]
unsafe extern "C" fn tanh_values(values: *mut i16, count: usize) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4, lr}}",
        "vpush {{d12, d13}}",
        "movw r3, #:lower16:{table}",
        "movt r3, #:upper16:{table}",
        "vmov.i32 q6, #63",
        "wlstp.32 lr, r1, 2f",
        "1:",
        "vldrh.s32 q0, [r0]",
        tanh!("q0"),
        "vstrh.32 q0, [r0], #8",
        "letp lr, 1b",
        "2:",
        "vpop {{d12, d13}}",
        "pop {{r4, pc}}",
        table = sym TANH_SEGMENTS,
    )
}

/// The rectifier of r1 values at r0.
///
/// # Safety
/// Called by [`rectify`] alone.
#[unsafe(naked)]
unsafe extern "C" fn rectify_values(values: *mut i16, count: usize) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4, lr}}",
        "vmov.i32 q1, #0",
        "wlstp.16 lr, r1, 2f",
        "1:",
        "vldrh.u16 q0, [r0]",
        "vmax.s16 q0, q0, q1",
        "vstrh.16 q0, [r0], #16",
        "letp lr, 1b",
        "2:",
        "pop {{r4, pc}}",
    )
}

/// Writes r2 values from r1 on: `(127 * hidden + 2^14) >> 15` of those at r0.
///
/// # Safety
/// Called by [`quantize_hidden`] alone.
#[unsafe(naked)]
unsafe extern "C" fn quantize_hidden_values(hidden: *const i16, target: *mut i8, count: usize) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4, lr}}",
        "movs r3, #127",
        "wlstp.16 lr, r2, 2f",
        "1:",
        "vldrh.u16 q0, [r0], #16",
        "vqrdmulh.s16 q0, q0, r3",
        "vstrb.16 q0, [r1], #8",
        "letp lr, 1b",
        "2:",
        "pop {{r4, pc}}",
    )
}

/// Writes r2 values from r1 on: the nearest of 8 bits to `(hidden + 128) >> 8` of those at r0, none of which is negative.
///
/// # Safety
/// Called by [`quantize_rectified`] alone.
#[unsafe(naked)]
unsafe extern "C" fn quantize_rectified_values(hidden: *const i16, target: *mut i8, count: usize) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4, lr}}",
        "wlstp.16 lr, r2, 2f",
        "1:",
        "vldrh.u16 q0, [r0], #16",
        "vqrshrnb.s16 q0, q0, #8",
        "vstrb.16 q0, [r1], #8",
        "letp lr, 1b",
        "2:",
        "pop {{r4, pc}}",
    )
}
