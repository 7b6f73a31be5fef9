//! How much of the board's memory the image uses, from the symbols of cortex-m-rt's linker script.
#![allow(unsafe_code)]

use core::ptr;

use cortex_m_rt::STACK_PAINT_VALUE;

// SAFETY: link.x defines these symbols; only their addresses are taken, nothing is read through them.
unsafe extern "C" {
    safe static __vector_table: u8;
    safe static __sidata: u8;
    safe static __sdata: u8;
    safe static __edata: u8;
    safe static _ram_start: u8;
    safe static _stack_end: u8;
    safe static _stack_start: u8;
}

/// Bytes of the image in flash: vector table, code, constants and the initial values of `.data`.
pub(super) fn flash_bytes() -> usize {
    let constants = distance(&raw const __vector_table, &raw const __sidata);
    constants + distance(&raw const __sdata, &raw const __edata)
}

/// Bytes of RAM in static variables.
pub(super) fn static_ram_bytes() -> usize {
    distance(&raw const _ram_start, &raw const _stack_end)
}

/// Bytes of RAM left to the stack.
pub(super) fn stack_free_at_reset() -> usize {
    distance(&raw const _stack_end, &raw const _stack_start)
}

/// Bytes of stack used at the deepest point so far; the reset handler painted all of it.
pub(super) fn stack_high_water() -> usize {
    let end = &raw const _stack_start;
    let mut word: *const u32 = (&raw const _stack_end).cast();
    // SAFETY: from `_stack_end` up to `_stack_start` all is RAM, and both are aligned to 4 bytes; the loop
    // ends before it leaves it.
    while word.cast() < end && unsafe { ptr::read_volatile(word) } == STACK_PAINT_VALUE {
        word = word.wrapping_add(1);
    }
    distance(word.cast(), end)
}

fn distance(start: *const u8, end: *const u8) -> usize {
    end.addr().wrapping_sub(start.addr())
}
