//! The products of half-words with the DSP instructions of a Cortex-M4, M7 or M33.
//!
//! The routines are whole blocks of instructions: a compiler that schedules each by itself keeps its sums in memory.
#![allow(unsafe_code)]

use core::arch::{asm, naked_asm};
use core::hint::assert_unchecked;
use core::marker::PhantomData;

use crate::format::Feature;
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

/// A vector that blocks are multiplied with, and what [`dot_4_words`] takes with it.
pub(super) struct BlockVector<'v> {
    words: &'v [u32],
    turns: usize,
    skipped: usize,
}

impl<'v> BlockVector<'v> {
    #[inline(always)]
    pub(super) fn of(words: &'v [u32]) -> Self {
        let [turns, skipped] = turns(words.len());
        Self { words, turns, skipped }
    }

    /// Takes away a block, two words for each word of the vector: its products. Zeros if there is none.
    #[inline(always)]
    pub(super) fn take(&self, blocks: &mut &[u32]) -> [i32; 4] {
        let Some((block, rest)) = blocks.split_at_checked(self.words.len().wrapping_mul(2)) else { return [0; 4] };
        *blocks = rest;
        if block.is_empty() {
            return [0; 4];
        }
        let (first, second, third, fourth);
        // SAFETY: the routine reads the words of the vector, at least one, and twice as many of the block, which has them. It
        // changes the registers that are named here and the flags, and restores the others from the stack.
        unsafe {
            asm!(
                "bl {routine}",
                routine = sym dot_4_words,
                inout("r0") block.as_ptr() => first,
                inout("r1") self.words.as_ptr() => second,
                inout("r2") self.turns => third,
                inout("r3") self.skipped => fourth,
                out("r12") _,
                out("lr") _,
                options(readonly),
            );
        }
        [first, second, third, fourth]
    }
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

/// Of a vector of so many words twice the turns of the loop, and 1 if the number of words is odd; and what the first turn leaves
/// out, in bytes of instructions.
#[inline(always)]
const fn turns(words: usize) -> [usize; 2] {
    let pairs = words / 2;
    [pairs.div_ceil(TURN) << 1 | words & 1, pairs.wrapping_neg() % TURN * PAIR_BYTES]
}

/// Units whose four rows are a block, taken one after another. It begins with what the routine for a unit reads.
#[repr(C)]
pub(crate) struct BlockUnits<'a, 'v> {
    /// The next block.
    block: *const u32,
    vector: *const u32,
    /// See [`turns`].
    turns: usize,
    skipped: usize,
    /// The next biases and multipliers.
    bias: *const i32,
    multipliers: *const u32,
    shift: u32,
    /// Units that there are.
    units: usize,
    weights: IntegerWeights<'a>,
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
        let [turns, skipped] = turns(vector.len());
        Some(Self {
            block: blocks.as_ptr(),
            vector: vector.as_ptr(),
            turns,
            skipped,
            bias: scales.bias.as_ptr(),
            multipliers: multipliers.as_ptr(),
            shift: scales.accumulator_shift.into(),
            units: units.min(scales.bias.len() / 4).min(multipliers.len() / 2),
            weights: *weights,
            vectors: PhantomData,
        })
    }

    /// Calls `update` with the pre-activations of each unit, and its states.
    ///
    /// Units whose biases lie one after another are taken in a run: all of them, but under one-hot tokens one, whose biases are
    /// those with the token's weights.
    #[allow(unused_assignments, reason = "without a first value for `bias` the compiler's loop is longer")]
    #[inline(always)]
    pub(crate) fn update(mut self, c: &mut [i16], h: &mut [i16], update: impl Fn([i16; 4], &mut i16, &mut i16)) {
        let has_tokens = Feature::HAS_TEXT && !self.weights.one_hot.is_empty();
        let units = self.units.min(c.len()).min(h.len());
        let (Some(c), Some(h)) = (c.get_mut(..units), h.get_mut(..units)) else { return };
        let run = if has_tokens { 1 } else { units.max(1) };
        for (unit, (c, h)) in c.chunks_mut(run).zip(h.chunks_mut(run)).enumerate() {
            let stored = self.bias;
            let mut bias = [0; 4];
            if has_tokens {
                // SAFETY: there is a unit, and so are its four biases.
                bias = unsafe { stored.cast::<[i32; 4]>().read() };
                self.weights.add_one_hot(&mut bias, &self.weights.row_indices::<4>(unit));
                self.bias = bias.as_ptr();
            }
            for (c, h) in c.iter_mut().zip(h) {
                // SAFETY: there is a unit for each state, and `bias` lives on.
                let results = unsafe { self.take_unit() };
                // SAFETY: each is saturated to 16 bits.
                update(unsafe { narrow(results) }, c, h);
            }
            self.bias = stored.wrapping_add(4);
        }
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
/// Called by [`BlockVector::take`] alone.
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
        "ldr r4, [sp], #4",
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
        "pop {{r4-r11, pc}}",
    )
}
