//! Pre-activations of four units at a time on a Cortex-M0, whose instructions reach eight registers: the sums are in the others.

use core::arch::naked_asm;
use core::mem::offset_of;

use super::ResultUnits;

/// Units whose pre-activations are computed before their states.
pub(super) const GROUP: usize = 16;

/// Adds the products of a part of the [`ResultUnits`] at r7, which begins at `$part`, to the sums of four units in r8 to r11,
/// and goes on to the next four; the third word of the stack: units that are left. A unit that does not exist has the row of
/// another one. It changes r0 to r7 and r12.
///
/// Eight columns a turn, of which the first turn leaves some out: the instructions of each take 28 bytes.
macro_rules! add_products {
    ($part:literal) => {
        concat!(
            concat!("ldr r6, [r7, #", $part, " + 4]\n"),
            "cmp r6, #0\n",
            "bne 2f\n",
            "b 6f\n",
            "2:\n",
            concat!("ldr r1, [r7, #", $part, "]\n"),
            concat!("ldr r5, [r7, #", $part, " + 8]\n"),
            "ldr r0, [sp, #8]\n",
            "cmp r0, #4\n",
            "blo 3f\n",
            "adds r2, r1, r6\n",
            "adds r3, r2, r6\n",
            "adds r4, r3, r6\n",
            "adds r0, r4, r6\n",
            concat!("str r0, [r7, #", $part, "]\n"),
            "b 4f\n",
            "3:\n",
            "mov r2, r1\n",
            "mov r3, r1\n",
            "mov r4, r1\n",
            "cmp r0, #2\n",
            "blo 4f\n",
            "adds r2, r1, r6\n",
            "cmp r0, #3\n",
            "blo 4f\n",
            "adds r3, r2, r6\n",
            "4:\n",
            "mov r12, r6\n",
            "rsbs r0, r6, #0\n",
            "movs r7, #7\n",
            "ands r0, r7\n",
            "movs r7, #28\n",
            "muls r0, r7, r0\n",
            "movs r6, #0\n",
            "add pc, r0\n",
            "nop\n",
            "5:\n",
            ".rept 8\n",
            "ldrsb r0, [r5, r6]\n",
            "ldrsb r7, [r1, r6]\n",
            "muls r7, r0, r7\n",
            "add r8, r7\n",
            "ldrsb r7, [r2, r6]\n",
            "muls r7, r0, r7\n",
            "add r9, r7\n",
            "ldrsb r7, [r3, r6]\n",
            "muls r7, r0, r7\n",
            "add r10, r7\n",
            "ldrsb r7, [r4, r6]\n",
            "muls r7, r0, r7\n",
            "add r11, r7\n",
            "adds r6, #1\n",
            ".endr\n",
            "cmp r6, r12\n",
            "bne 5b\n",
            "ldr r7, [sp]\n",
            "6:\n",
        )
    };
}

/// Writes the pre-activation of the unit `$unit` of four, whose sum is in `$sum`: r1 has the biases, r5 the multipliers, r6 the
/// target and r3 the shift. It changes r0, r2 and r4, and takes 34 bytes.
macro_rules! requantize {
    ($unit:literal, $sum:literal) => {
        concat!(
            concat!("mov r0, ", $sum, "\n"),
            concat!("ldr r2, [r1, #4 * ", $unit, "]\n"),
            "adds r0, r0, r2\n",
            "lsls r0, r3\n",
            concat!("ldrh r2, [r5, #2 * ", $unit, "]\n"),
            // A product of 32 by 16 bits in two of 32.
            "asrs r4, r0, #16\n",
            "muls r4, r2, r4\n",
            "uxth r0, r0\n",
            "muls r0, r2, r0\n",
            "lsrs r0, r0, #16\n",
            "adds r0, r0, r4\n",
            "sxth r2, r0\n",
            "cmp r2, r0\n",
            "beq 7f\n",
            "bl 9f\n",
            "7:\n",
            concat!("strh r0, [r6, #2 * ", $unit, "]\n"),
        )
    };
}

/// Writes the pre-activations of r2 units, at least one, of the [`ResultUnits`] at r0 from r1 on.
///
/// # Safety
/// Called by [`ResultUnits::next`] alone. There is no token's weight.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn next_units(result: &mut ResultUnits<'_>, target: *mut i16, units: usize) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "push {{r0-r2}}",
        "1:",
        "ldr r7, [sp]",
        "movs r0, #0",
        "mov r8, r0",
        "mov r9, r0",
        "mov r10, r0",
        "mov r11, r0",
        add_products!("{input}"),
        add_products!("{recurrent}"),
        "ldr r1, [r7, #{bias}]",
        "ldr r5, [r7, #{multipliers}]",
        "ldr r3, [r7, #{shift}]",
        "ldr r6, [sp, #4]",
        "ldr r0, [sp, #8]",
        "cmp r0, #4",
        "bhs 2f",
        // Units that do not exist are left out.
        "movs r2, #4",
        "subs r2, r2, r0",
        "movs r0, #34",
        "muls r0, r2, r0",
        "add pc, r0",
        "nop",
        "2:",
        requantize!("3", "r11"),
        requantize!("2", "r10"),
        requantize!("1", "r9"),
        requantize!("0", "r8"),
        "adds r1, #16",
        "str r1, [r7, #{bias}]",
        "adds r5, #8",
        "str r5, [r7, #{multipliers}]",
        "adds r6, #8",
        "str r6, [sp, #4]",
        "ldr r0, [sp, #8]",
        "subs r0, #4",
        "str r0, [sp, #8]",
        "ble 3f",
        "b 1b",
        "3:",
        "add sp, #12",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
        // The nearest number of 16 bits to r0, which has more.
        "9:",
        "asrs r0, r0, #31",
        "movs r2, #1",
        "lsls r2, r2, #15",
        "subs r2, #1",
        "eors r0, r2",
        "bx lr",
        input = const offset_of!(ResultUnits<'_>, input),
        recurrent = const offset_of!(ResultUnits<'_>, recurrent),
        bias = const offset_of!(ResultUnits<'_>, bias),
        multipliers = const offset_of!(ResultUnits<'_>, multipliers),
        shift = const offset_of!(ResultUnits<'_>, shift),
    )
}
