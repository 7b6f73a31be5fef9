//! Pre-activations of four units at a time with Helium, the vector instructions of a Cortex-M55 or M85.

use core::arch::naked_asm;
use core::mem::offset_of;

use super::ResultUnits;

/// Units whose pre-activations are computed before their states.
pub(super) const GROUP: usize = 32;

/// Adds the products of a part of the [`ResultUnits`] at r12, which begins at `$part`, to the sums of four units in r2, r4, r8
/// and r10, and goes on to the next four; r11: units that are left. A unit that does not exist has the row of another one. It
/// changes r0, r1, r3, r5, r6, r9 and lr.
macro_rules! add_products {
    ($part:literal) => {
        concat!(
            "ldrd r0, r9, [r12, #",
            $part,
            "]\n",
            "ldr r6, [r12, #",
            $part,
            " + 8]\n",
            "cmp r11, #4\n",
            "blo 2f\n",
            "add r1, r0, r9\n",
            "add r3, r1, r9\n",
            "add r5, r3, r9\n",
            "add lr, r5, r9\n",
            "str lr, [r12, #",
            $part,
            "]\n",
            "3:\n",
            "wlstp.8 lr, r9, 5f\n",
            "4:\n",
            "vldrb.u8 q0, [r6], #16\n",
            "vldrb.u8 q1, [r0], #16\n",
            "vmladava.s8 r2, q0, q1\n",
            "vldrb.u8 q2, [r1], #16\n",
            "vmladava.s8 r4, q0, q2\n",
            "vldrb.u8 q3, [r3], #16\n",
            "vmladava.s8 r8, q0, q3\n",
            "vldrb.u8 q1, [r5], #16\n",
            "vmladava.s8 r10, q0, q1\n",
            "letp lr, 4b\n",
            "b 5f\n",
            "2:\n",
            "mov r1, r0\n",
            "mov r3, r0\n",
            "mov r5, r0\n",
            "cmp r11, #2\n",
            "it hs\n",
            "addhs r1, r0, r9\n",
            "cmp r11, #3\n",
            "it hs\n",
            "addhs r3, r1, r9\n",
            "b 3b\n",
            "5:\n",
        )
    };
}

/// Writes the pre-activations of r2 units, at least one, of the [`ResultUnits`] at r0 from r1 on.
///
/// # Safety
/// Called by [`ResultUnits::next`] alone.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn next_units(result: &mut ResultUnits<'_>, target: *mut i16, units: usize) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4-r11, lr}}",
        "mov r12, r0",
        "mov r7, r1",
        "mov r11, r2",
        "1:",
        "movs r2, #0",
        "movs r4, #0",
        "mov r8, #0",
        "mov r10, #0",
        add_products!("{input}"),
        add_products!("{recurrent}"),
        "vmov q0[2], q0[0], r2, r8",
        "vmov q0[3], q0[1], r4, r10",
        // From here on the lanes of units that do not exist are left out of what is read and written.
        "vctp.32 r11",
        "ldr r0, [r12, #{one_hot}]",
        "cbz r0, 6f",
        "movs r1, #127",
        "vpst",
        "vldrbt.s32 q1, [r0], #4",
        "str r0, [r12, #{one_hot}]",
        "vmla.s32 q0, q1, r1",
        "6:",
        "ldrd r0, r1, [r12, #{bias}]",
        "ldr r3, [r12, #{shift}]",
        "vpstt",
        "vldrwt.u32 q1, [r0], #16",
        "vldrht.s32 q2, [r1], #8",
        "strd r0, r1, [r12, #{bias}]",
        "vadd.i32 q0, q0, q1",
        "vshl.i32 q2, q2, #16",
        "vshl.s32 q0, r3",
        "vmulh.s32 q0, q0, q2",
        "vqmovnb.s32 q0, q0",
        "vpst",
        "vstrht.32 q0, [r7], #8",
        "subs r11, r11, #4",
        "bgt 1b",
        "pop {{r4-r11, pc}}",
        input = const offset_of!(ResultUnits<'_>, input),
        recurrent = const offset_of!(ResultUnits<'_>, recurrent),
        bias = const offset_of!(ResultUnits<'_>, bias),
        one_hot = const offset_of!(ResultUnits<'_>, one_hot),
        shift = const offset_of!(ResultUnits<'_>, shift),
    )
}
