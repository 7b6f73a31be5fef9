//! Products of rows on a Cortex-M0, whose instructions reach eight registers: the sums are in the others.
#![allow(unsafe_code)]

use core::arch::naked_asm;
use core::marker::PhantomData;

use crate::kernels::portable::Gates;

/// The rows of the next unit's four gates in `W` or `U`, and the vector that they are multiplied with.
#[repr(C)]
struct Part {
    rows: [*const u8; 4],
    vector: *const i8,
    length: usize,
}

/// The rows of four gates in two parts, of weights in 8 bits, taken one unit after the other. It begins with what the routine for
/// a unit reads.
#[repr(C)]
pub(in crate::kernels) struct RowUnits<'v> {
    parts: [Part; 2],
    /// Units that are left.
    left: usize,
    lives: PhantomData<&'v [u8]>,
}

impl<'v> RowUnits<'v> {
    /// The units that have whole rows in both parts.
    #[inline(always)]
    pub(in crate::kernels) fn of(parts: &[Gates<'v, u8, i8, 4>; 2]) -> Self {
        let mut left = usize::MAX;
        let parts = parts.each_ref().map(|part| {
            let length = part.vector.len();
            if part.stride != length {
                left = 0;
            }
            for rows in part.rows {
                // Rows of nothing are there for every unit.
                left = left.min(rows.len().checked_div(length).unwrap_or(usize::MAX));
            }
            Part { rows: part.rows.map(<[u8]>::as_ptr), vector: part.vector.as_ptr(), length }
        });
        Self { parts, left, lives: PhantomData }
    }

    /// The sums of the next unit's rows; zeros if there is none.
    #[inline(always)]
    pub(in crate::kernels) fn next(&mut self) -> [i32; 4] {
        let Some(left) = self.left.checked_sub(1) else { return [0; 4] };
        self.left = left;
        // SAFETY: a unit was left, whose rows the routine reads, and goes on to the next ones.
        unsafe { call_routine!(next_unit, self) }
    }
}

/// The sums of the rows of the next unit of the [`RowUnits`] at r0 in r0 to r3.
///
/// Eight columns a turn, of which the first turn leaves some out: the instructions of each take 28 bytes.
///
/// # Safety
/// Called by [`RowUnits::next`] alone.
#[unsafe(naked)]
unsafe extern "C" fn next_unit() {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "movs r1, #0",
        "mov r8, r1",
        "mov r9, r1",
        "mov r10, r1",
        "mov r11, r1",
        "movs r1, #2",
        "push {{r1}}",
        // A part: its rows in r1 to r4, its vector in r5, the column in r6.
        "1:",
        "mov lr, r0",
        "ldm r0!, {{r1-r6}}",
        "mov r12, r6",
        "cmp r6, #0",
        "beq 4f",
        "rsbs r0, r6, #0",
        "movs r7, #7",
        "ands r0, r7",
        "movs r7, #28",
        "muls r0, r7, r0",
        "movs r6, #0",
        "add pc, r0",
        "nop",
        "2:",
        ".rept 8",
        "ldrsb r0, [r5, r6]",
        "ldrsb r7, [r1, r6]",
        "muls r7, r0, r7",
        "add r8, r7",
        "ldrsb r7, [r2, r6]",
        "muls r7, r0, r7",
        "add r9, r7",
        "ldrsb r7, [r3, r6]",
        "muls r7, r0, r7",
        "add r10, r7",
        "ldrsb r7, [r4, r6]",
        "muls r7, r0, r7",
        "add r11, r7",
        "adds r6, #1",
        ".endr",
        "cmp r6, r12",
        "bne 2b",
        "adds r1, r1, r6",
        "adds r2, r2, r6",
        "adds r3, r3, r6",
        "adds r4, r4, r6",
        "mov r7, lr",
        "stm r7!, {{r1-r4}}",
        "4:",
        "mov r0, lr",
        "adds r0, #24",
        "ldr r1, [sp]",
        "subs r1, #1",
        "str r1, [sp]",
        "beq 5f",
        "b 1b",
        "5:",
        "add sp, #4",
        "mov r0, r8",
        "mov r1, r9",
        "mov r2, r10",
        "mov r3, r11",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
    )
}
