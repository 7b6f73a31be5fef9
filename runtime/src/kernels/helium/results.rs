//! Pre-activations of four units at a time: products of their rows, requantized.

use core::arch::naked_asm;
use core::marker::PhantomData;
use core::mem::offset_of;
use core::ptr;

use crate::kernels::units::StepVectors;
use crate::kernels::weights::{IntegerWeights, Layout, Rows};
use crate::numeric::Requantization;

/// The gates whose rows make a result: one of `W` that is multiplied with `x`, one of `U` that is multiplied with `h`, or both.
#[derive(Clone, Copy)]
pub(super) struct Factors {
    pub(super) input: Option<usize>,
    pub(super) recurrent: Option<usize>,
}

/// The rows of the next unit in a gate, and the vector that they are multiplied with.
#[repr(C)]
#[derive(Clone, Copy)]
struct Part {
    rows: *const u8,
    columns: usize,
    vector: *const i8,
}

impl Part {
    /// The rows of a gate; without one a part of no columns. `matrix` has the rows of that gate, and the vector their columns.
    #[inline(always)]
    fn of(matrix: &Rows<'_, u8>, vector: &[i8], units: usize, gate: Option<usize>) -> Self {
        let rows = matrix.items.as_ptr();
        match gate {
            Some(gate) => Self {
                rows: rows.wrapping_add(gate.wrapping_mul(units).wrapping_mul(matrix.stride)),
                columns: matrix.stride,
                vector: vector.as_ptr(),
            },
            None => Self { rows, columns: 0, vector: vector.as_ptr() },
        }
    }
}

/// One result of the units of a direction, four units after the other. It begins with what the routine reads.
#[repr(C)]
pub(super) struct ResultUnits<'v> {
    input: Part,
    recurrent: Part,
    /// The next biases, multipliers and, or null, the token's weights.
    bias: *const i32,
    multipliers: *const i16,
    one_hot: *const i8,
    shift: u32,
    /// Units that are left.
    left: usize,
    lives: PhantomData<&'v [u8]>,
}

impl<'v> ResultUnits<'v> {
    /// The results of a direction of `GATES` gates, each with the gates that it is made of. `None` if a weight does not take a
    /// byte or something is missing.
    #[inline(always)]
    pub(super) fn of<const GATES: usize, const RESULTS: usize>(
        weights: &'v IntegerWeights<'_>,
        scales: &Requantization<'v>,
        vectors: &StepVectors<'v>,
        factors: [Factors; RESULTS],
    ) -> Option<[Self; RESULTS]> {
        let units = weights.hidden_size;
        let (x, h) = (weights.input.vector(vectors.x), weights.recurrent.vector(vectors.h));
        let has_rows = |matrix: &Rows<'_, u8>, vector: &[i8]| {
            let bytes = units.checked_mul(GATES).and_then(|rows| rows.checked_mul(matrix.stride));
            matrix.stride == vector.len() && bytes.is_some_and(|bytes| bytes <= matrix.items.len())
        };
        let results = units.checked_mul(RESULTS)?;
        let is_complete = weights.layout == Layout::Bytes
            && has_rows(&weights.input, x)
            && has_rows(&weights.recurrent, h)
            && results <= scales.bias.len()
            && results <= scales.multipliers.len()
            && (weights.one_hot.is_empty() || units.wrapping_mul(GATES) <= weights.one_hot.len());
        if !is_complete {
            return None;
        }
        let mut first = 0_usize;
        Some(factors.map(|Factors { input, recurrent }| {
            let one_hot = match input {
                Some(gate) if !weights.one_hot.is_empty() => {
                    weights.one_hot.as_ptr().wrapping_add(gate.wrapping_mul(units))
                }
                _ => ptr::null(),
            };
            let result = Self {
                input: Part::of(&weights.input, x, units, input),
                recurrent: Part::of(&weights.recurrent, h, units, recurrent),
                bias: scales.bias.as_ptr().wrapping_add(first),
                multipliers: scales.multipliers.as_ptr().wrapping_add(first),
                one_hot,
                shift: scales.accumulator_shift.into(),
                left: units,
                lives: PhantomData,
            };
            first = first.wrapping_add(units);
            result
        }))
    }

    /// Writes the pre-activations of the next units: as many as are left, or as `target` has places for. All but the last
    /// units are taken in whole blocks of four.
    #[inline(always)]
    pub(super) fn next(&mut self, target: &mut [i16]) {
        let units = if target.len() < self.left { target.len() & !3 } else { self.left };
        if units == 0 {
            return;
        }
        self.left = self.left.wrapping_sub(units);
        // SAFETY: so many units were left, at least one, whose rows, biases, multipliers and token's weights the routine reads;
        // it goes on to the next ones. `target` has a place for each.
        unsafe { next_units(self, target.as_mut_ptr(), units) }
    }
}

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
unsafe extern "C" fn next_units(result: &mut ResultUnits<'_>, target: *mut i16, units: usize) {
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
