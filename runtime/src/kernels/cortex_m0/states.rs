//! The next states of a group of units on a Cortex-M0, one unit after the other.

use core::arch::naked_asm;

use super::{GROUP, Group};
use crate::numeric::{self, TANH_SEGMENTS};

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
    if units == 0 {
        return;
    }
    // SAFETY: `group`, `c` and `h` have so many units, at least one.
    unsafe { update_lstm_units(group, c.as_mut_ptr(), h.as_mut_ptr(), units, fraction_bits.into()) }
}

/// `update` of the pre-activations r, z, n of `x` and n of `h` of units.
#[inline(always)]
pub(super) fn update_gru(group: &Group<4>, h: &mut [i16], update: impl Fn([i16; 4], &mut i16)) {
    let [reset, update_gate, new_x, new_h] = group;
    let results = reset.iter().zip(update_gate).zip(new_x).zip(new_h);
    for (h, (((reset, update_gate), new_x), new_h)) in h.iter_mut().zip(results) {
        update([*reset, *update_gate, *new_x, *new_h], h);
    }
}

/// [`numeric::tanh`] of each value.
#[inline(always)]
pub(super) fn tanh(values: &mut [i16]) {
    for value in values {
        *value = numeric::tanh(*value);
    }
}

/// [`numeric::rectify`] of each value.
#[inline(always)]
pub(super) fn rectify(values: &mut [i16]) {
    for value in values {
        *value = numeric::rectify(*value);
    }
}

/// The tanh of r0, `2^bits` units a segment, as [`crate::numeric::tanh`] has it; r7 is the table's address. It changes r1, r2
/// and r3.
macro_rules! interpolate {
    ($bits:literal) => {
        concat!(
            "asrs r1, r0, #31\n",
            "eors r0, r1\n",
            concat!("lsrs r2, r0, #", $bits, "\n"),
            "lsls r2, r2, #2\n",
            "ldr r2, [r7, r2]\n",
            concat!("lsls r0, r0, #32 - ", $bits, "\n"),
            concat!("lsrs r0, r0, #32 - ", $bits, "\n"),
            "subs r0, r0, r1\n",
            "uxth r3, r2\n",
            "muls r0, r3, r0\n",
            concat!("adds r0, #1 << (", $bits, " - 1)\n"),
            concat!("lsrs r0, r0, #", $bits, "\n"),
            "lsrs r2, r2, #16\n",
            "adds r0, r0, r2\n",
            "eors r0, r1\n",
            "subs r0, r0, r1\n",
        )
    };
}

/// [`crate::numeric::sigmoid`] of r0; r6 is 32769.
macro_rules! sigmoid {
    () => {
        concat!(interpolate!("7"), "adds r0, r0, r6\n", "asrs r0, r0, #1\n")
    };
}

/// The nearest number of 16 bits to r0. It changes r1.
macro_rules! saturate {
    () => {
        concat!("sxth r1, r0\n", "cmp r1, r0\n", "beq 2f\n", "bl 9f\n", "2:\n")
    };
}

/// Writes the next `c` from r1 on and the next `h` from r2 on of r3 units, at least one, from their pre-activations at r0; on
/// the stack: the fraction bits of `c`.
///
/// # Safety
/// Called by [`update_lstm`] alone.
#[unsafe(naked)]
unsafe extern "C" fn update_lstm_units(group: &Group<4>, c: *mut i16, h: *mut i16, units: usize, fraction_bits: u32) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov r4, r0",
        "mov r8, r1",
        "mov r9, r2",
        "lsls r3, r3, #1",
        "adds r3, r3, r4",
        "mov r10, r3",
        "ldr r0, [sp, #36]",
        "movs r1, #15",
        "subs r1, r1, r0",
        "mov r11, r1",
        "ldr r7, 8f",
        "movs r6, #1",
        "lsls r0, r6, #15",
        "adds r6, r6, r0",
        "1:",
        // The forget gate's share of the cell state.
        "movs r0, #{second}",
        "ldrsh r0, [r4, r0]",
        sigmoid!(),
        "mov r1, r8",
        "movs r2, #0",
        "ldrsh r5, [r1, r2]",
        "muls r5, r0, r5",
        "movs r0, #{third}",
        "ldrsh r0, [r4, r0]",
        interpolate!("6"),
        "mov r12, r0",
        "movs r0, #0",
        "ldrsh r0, [r4, r0]",
        sigmoid!(),
        "mov r1, r12",
        "muls r0, r1, r0",
        "mov r1, r11",
        "asrs r0, r1",
        "adds r0, r0, r5",
        "movs r1, #1",
        "lsls r1, r1, #14",
        "adds r0, r0, r1",
        "asrs r0, r0, #15",
        saturate!(),
        "mov r1, r8",
        "strh r0, [r1]",
        // The cell state in Q3.12.
        "mov r1, r11",
        "lsls r0, r1",
        "adds r0, #4",
        "asrs r0, r0, #3",
        saturate!(),
        interpolate!("6"),
        "mov r5, r0",
        "movs r0, #{fourth}",
        "ldrsh r0, [r4, r0]",
        sigmoid!(),
        "muls r0, r5, r0",
        "movs r1, #1",
        "lsls r1, r1, #14",
        "adds r0, r0, r1",
        "asrs r0, r0, #15",
        "mov r1, r9",
        "strh r0, [r1]",
        "movs r1, #2",
        "add r8, r1",
        "add r9, r1",
        "adds r4, #2",
        "cmp r4, r10",
        "beq 3f",
        "b 1b",
        "3:",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
        "9:",
        "asrs r0, r0, #31",
        "movs r1, #1",
        "lsls r1, r1, #15",
        "subs r1, #1",
        "eors r0, r1",
        "bx lr",
        ".p2align 2",
        "8:",
        ".word {table}",
        table = sym TANH_SEGMENTS,
        second = const RESULT_BYTES,
        third = const 2 * RESULT_BYTES,
        fourth = const 3 * RESULT_BYTES,
    )
}
