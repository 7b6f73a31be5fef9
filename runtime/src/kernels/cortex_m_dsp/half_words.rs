//! The products of half-words with the DSP instructions of a Cortex-M4, M7 or M33.
//!
//! The routines are whole blocks of instructions: a compiler that schedules each by itself keeps its sums in memory.
#![allow(unsafe_code)]

use core::arch::{asm, naked_asm};
use core::hint::assert_unchecked;
use core::marker::PhantomData;

use crate::kernels::weights::IntegerWeights;
use crate::numeric::Requantization;

/// Four bytes of each word of `values` as half-words, in two words of `target`.
#[inline(always)]
pub(super) fn widen(values: &[u32], target: &mut [u32]) {
    let Some(target) = target.get_mut(..values.len().wrapping_mul(2)) else { return };
    if values.is_empty() {
        return;
    }
    // SAFETY: the routine reads `values.len()` words, at least one, and writes twice as many, which `target` has. It changes
    // the registers that are named here and the flags.
    unsafe {
        asm!(
            "bl {routine}",
            routine = sym widen_words,
            inout("r0") values.as_ptr() => _,
            inout("r1") target.as_mut_ptr() => _,
            inout("r2") values.len() => _,
            out("r3") _,
            out("r4") _,
            out("r12") _,
            out("lr") _,
        );
    }
}

/// Two hidden states of each word of `pairs` as a product takes them in, in a word of `target`.
#[inline(always)]
pub(super) fn quantize_hidden(pairs: &[u32], target: &mut [u32]) {
    let Some(target) = target.get_mut(..pairs.len()) else { return };
    if pairs.is_empty() {
        return;
    }
    // SAFETY: the routine reads `pairs.len()` words, at least one, and writes as many, which `target` has. It changes the
    // registers that are named here and the flags.
    unsafe {
        asm!(
            "bl {routine}",
            routine = sym quantize_hidden_words,
            inout("r0") pairs.as_ptr() => _,
            inout("r1") target.as_mut_ptr() => _,
            inout("r2") pairs.len() => _,
            out("r3") _,
            out("r4") _,
            out("r5") _,
            out("r12") _,
            out("lr") _,
        );
    }
}

/// The products of a block, two words for each word of the vector.
#[inline(always)]
pub(super) fn dot_4(block: &[u32], vector: &[u32]) -> [i32; 4] {
    if vector.is_empty() || block.len() / 2 != vector.len() {
        return [0; 4];
    }
    let pairs = vector.len() / 2;
    let (first, second, third, fourth);
    // SAFETY: the routine reads `vector.len()` words, at least one, of the vector and twice as many of the block, which have
    // them. It changes the registers that are named here and the flags, and restores the others from the stack.
    unsafe {
        asm!(
            "bl {routine}",
            routine = sym dot_4_words,
            inout("r0") block.as_ptr() => first,
            inout("r1") vector.as_ptr() => second,
            inout("r2") pairs.div_ceil(TURN) << 1 | vector.len() & 1 => third,
            inout("r3") pairs.wrapping_neg() % TURN * PAIR_BYTES => fourth,
            out("r12") _,
            out("lr") _,
            options(readonly),
        );
    }
    [first, second, third, fourth]
}

/// Sums with the biases of their results, in the units of the results, each the nearest `i16`. A word has two multipliers.
#[inline(always)]
pub(super) fn requantize_4(sums: [i32; 4], bias: &[i32; 4], multipliers: &[u32; 2], shift: u8) -> [i16; 4] {
    let [mut first, mut second, mut third, mut fourth] = sums;
    // SAFETY: reads four words and two, which the references have; words are aligned.
    unsafe {
        asm!(
            "ldrd {low}, {high}, [{bias}]",
            "add {first}, {first}, {low}",
            "add {second}, {second}, {high}",
            "ldrd {low}, {high}, [{bias}, #8]",
            "add {third}, {third}, {low}",
            "add {fourth}, {fourth}, {high}",
            "ldrd {low}, {high}, [{multipliers}]",
            "lsl {first}, {first}, {shift}",
            "lsl {second}, {second}, {shift}",
            "lsl {third}, {third}, {shift}",
            "lsl {fourth}, {fourth}, {shift}",
            "smulwb {first}, {first}, {low}",
            "smulwt {second}, {second}, {low}",
            "smulwb {third}, {third}, {high}",
            "smulwt {fourth}, {fourth}, {high}",
            "ssat {first}, #16, {first}",
            "ssat {second}, #16, {second}",
            "ssat {third}, #16, {third}",
            "ssat {fourth}, #16, {fourth}",
            first = inout(reg) first,
            second = inout(reg) second,
            third = inout(reg) third,
            fourth = inout(reg) fourth,
            bias = in(reg) bias.as_ptr(),
            multipliers = in(reg) multipliers.as_ptr(),
            shift = in(reg) u32::from(shift),
            low = out(reg) _,
            high = out(reg) _,
            options(pure, readonly, nostack),
        );
    }
    // SAFETY: SSAT has made each a number of 16 bits.
    unsafe { narrow([first, second, third, fourth]) }
}

/// Numbers of 16 bits as such, which costs nothing.
///
/// # Safety
/// They are.
#[inline(always)]
unsafe fn narrow(numbers: [i32; 4]) -> [i16; 4] {
    numbers.map(|number| {
        // SAFETY: the caller's promise.
        unsafe { assert_unchecked(number >= i16::MIN as i32 && number <= i16::MAX as i32) };
        number as i16
    })
}

/// Pairs of words that a turn of the loops below multiplies, and bytes of the instructions for one.
const TURN: usize = 8;
const PAIR_BYTES: usize = 56;

/// Units whose four rows are a block, taken one after another. It begins with what the routine for a unit reads.
#[repr(C)]
pub(crate) struct BlockUnits<'a, 'v> {
    /// The next block.
    block: *const u32,
    vector: *const u32,
    /// Twice the turns of the routine's loop; and 1 if the vector has an odd number of words.
    turns: usize,
    /// What the first turn leaves out, in bytes of instructions.
    skipped: usize,
    /// The next biases and multipliers.
    bias: *const i32,
    multipliers: *const u32,
    shift: u32,
    /// Units that are left; under one-hot tokens that and the smallest number.
    left: isize,
    weights: IntegerWeights<'a>,
    /// Units that were taken under one-hot tokens.
    taken: usize,
    vectors: PhantomData<&'v [u32]>,
}

impl<'a, 'v> BlockUnits<'a, 'v> {
    /// `None` if there is no word in the vector, or the multipliers are not aligned to words.
    #[inline(always)]
    pub(super) fn of(
        blocks: &'a [u32],
        vector: &'v [u32],
        weights: &IntegerWeights<'a>,
        scales: &Requantization<'a>,
    ) -> Option<Self> {
        let multipliers: &[u32] = bytemuck::try_cast_slice(scales.multipliers).ok()?;
        let units = blocks.len().checked_div(vector.len().wrapping_mul(2))?;
        let units = units.min(scales.bias.len() / 4).min(multipliers.len() / 2) as isize;
        let pairs = vector.len() / 2;
        Some(Self {
            block: blocks.as_ptr(),
            vector: vector.as_ptr(),
            turns: pairs.div_ceil(TURN) << 1 | vector.len() & 1,
            skipped: pairs.wrapping_neg() % TURN * PAIR_BYTES,
            bias: scales.bias.as_ptr(),
            multipliers: multipliers.as_ptr(),
            shift: scales.accumulator_shift.into(),
            left: if weights.one_hot.is_empty() { units } else { isize::MIN.wrapping_add(units) },
            weights: *weights,
            taken: 0,
            vectors: PhantomData,
        })
    }

    /// The pre-activations of the next unit; zeros if there is none.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> [i16; 4] {
        let left = self.left.wrapping_sub(1);
        let results = if left < 0 {
            self.next_of_one_hot()
        } else {
            self.left = left;
            // SAFETY: a unit was left.
            unsafe { self.take_unit() }
        };
        // SAFETY: each is saturated to 16 bits, or 0.
        unsafe { narrow(results) }
    }

    /// The next unit under one-hot tokens; zeros if there is none.
    #[cold]
    #[inline(never)]
    fn next_of_one_hot(&mut self) -> [i32; 4] {
        if self.left == isize::MIN || self.weights.one_hot.is_empty() {
            return [0; 4];
        }
        self.left = self.left.wrapping_sub(1);
        let stored = self.bias.cast::<[i32; 4]>();
        // SAFETY: a unit was left, and so are its four biases.
        let mut bias = unsafe { stored.read() };
        self.weights.add_one_hot(&mut bias, &self.weights.row_indices::<4>(self.taken));
        self.taken = self.taken.wrapping_add(1);
        self.bias = bias.as_ptr();
        // SAFETY: a unit was left, and `bias` lives on.
        let results = unsafe { self.take_unit() };
        self.bias = stored.wrapping_add(1).cast();
        results
    }

    /// The pre-activations of the next unit, saturated to 16 bits.
    ///
    /// # Safety
    /// There is a unit: a block for the vector, four biases and two words of multipliers.
    #[inline(always)]
    unsafe fn take_unit(&mut self) -> [i32; 4] {
        // SAFETY: the routine reads what the caller has promised, and goes on to the next.
        unsafe { call_routine!(next_unit, self) }
    }
}

/// Reads r2 words from r0 on, writes twice as many from r1 on.
///
/// # Safety
/// Called by [`widen`] alone.
#[unsafe(naked)]
unsafe extern "C" fn widen_words() {
    naked_asm!(
        "1:",
        "ldr r3, [r0], #4",
        "sxtb16 r12, r3",
        "sxtb16 r3, r3, ror #8",
        "pkhbt r4, r12, r3, lsl #16",
        "pkhtb r3, r3, r12, asr #16",
        "strd r4, r3, [r1], #8",
        "subs r2, r2, #1",
        "bne 1b",
        "bx lr",
    )
}

/// Reads r2 words from r0 on and writes as many from r1 on: of each half-word `(127 * half_word + 2^14) >> 15`.
///
/// # Safety
/// Called by [`quantize_hidden`] alone.
#[unsafe(naked)]
unsafe extern "C" fn quantize_hidden_words() {
    naked_asm!(
        "movs r3, #127",
        "mov r12, #0x4000",
        "1:",
        "ldr r4, [r0], #4",
        "smlatb r5, r4, r3, r12",
        "smlabb r4, r4, r3, r12",
        "lsl r5, r5, #1",
        "pkhtb r4, r5, r4, asr #15",
        "subs r2, r2, #1",
        "str r4, [r1], #4",
        "bne 1b",
        "bx lr",
    )
}

/// Multiplies the vector at r1 with the block at r0, which it leaves behind; r2 and r3 are `turns` and `skipped` of
/// [`BlockUnits`]. The sums of the half-words of the first and the second two rows come in r10 and r12, those of their low bytes
/// in r11 and lr; r3 to r9 are changed too.
///
/// An odd word comes first, then [`TURN`] times two words a turn, of which the first turn leaves some out: their instructions
/// take [`PAIR_BYTES`] bytes each.
macro_rules! multiply_block {
    () => {
        concat!(
            "mov r10, #0\n",
            "mov r11, #0\n",
            "mov r12, #0\n",
            "mov lr, #0\n",
            "lsrs r2, r2, #1\n",
            "bcc.n 2f\n",
            "ldr r4, [r1], #4\n",
            "ldrd r6, r7, [r0], #8\n",
            "smlad r10, r6, r4, r10\n",
            "sxtb16 r6, r6\n",
            "smlad r11, r6, r4, r11\n",
            "smlad r12, r7, r4, r12\n",
            "sxtb16 r7, r7\n",
            "smlad lr, r7, r4, lr\n",
            "beq.w 4f\n",
            "2:\n",
            "add pc, r3\n",
            "nop\n",
            "3:\n",
            ".rept 8\n",
            "ldm.w r1!, {{r4, r5}}\n",
            "ldm.w r0!, {{r6-r9}}\n",
            "smlad r10, r6, r4, r10\n",
            "smlad r12, r7, r4, r12\n",
            "sxtb16 r6, r6\n",
            "sxtb16 r7, r7\n",
            "smlad r11, r6, r4, r11\n",
            "smlad lr, r7, r4, lr\n",
            "smlad r10, r8, r5, r10\n",
            "smlad r12, r9, r5, r12\n",
            "sxtb16 r8, r8\n",
            "sxtb16 r9, r9\n",
            "smlad r11, r8, r5, r11\n",
            "smlad lr, r9, r5, lr\n",
            ".endr\n",
            "subs r2, r2, #1\n",
            "bne.w 3b\n",
            "4:\n",
        )
    };
}

/// The sums of the block at r0 and the vector at r1 in r0 to r3; r2 and r3 as [`multiply_block`] takes them.
///
/// # Safety
/// Called by [`dot_4`] alone.
#[unsafe(naked)]
unsafe extern "C" fn dot_4_words() {
    naked_asm!(
        "push {{r4-r11, lr}}",
        multiply_block!(),
        "sub r0, r10, r11",
        "sub r2, r12, lr",
        "asrs r0, r0, #8",
        "mov r1, r11",
        "asrs r2, r2, #8",
        "mov r3, lr",
        "pop {{r4-r11, pc}}",
    )
}

/// The pre-activations of the next unit of the [`BlockUnits`] at r0 in r0 to r3.
///
/// # Safety
/// Called by [`BlockUnits::take_unit`] alone.
#[unsafe(naked)]
unsafe extern "C" fn next_unit() {
    naked_asm!(
        "push {{r0, r4-r11, lr}}",
        "ldm r0, {{r0-r3}}",
        multiply_block!(),
        "ldr r4, [sp]",
        "str r0, [r4]",
        "ldrd r5, r6, [r4, #16]",
        "ldr r7, [r4, #24]",
        "ldm r5!, {{r0-r3}}",
        "sub r10, r10, r11",
        "sub r12, r12, lr",
        "add r0, r0, r10, asr #8",
        "add r1, r1, r11",
        "add r2, r2, r12, asr #8",
        "add r3, r3, lr",
        "ldrd r8, r9, [r6], #8",
        "strd r5, r6, [r4, #16]",
        "lsls r0, r7",
        "lsls r1, r7",
        "lsls r2, r7",
        "lsls r3, r7",
        "smulwb r0, r0, r8",
        "smulwt r1, r1, r8",
        "smulwb r2, r2, r9",
        "smulwt r3, r3, r9",
        "ssat r0, #16, r0",
        "ssat r1, #16, r1",
        "ssat r2, #16, r2",
        "ssat r3, #16, r3",
        "add sp, #4",
        "pop {{r4-r11, pc}}",
    )
}
