//! What runs on the board, from reset to the report.
#![allow(unsafe_code)]

#[cfg_attr(feature = "library", path = "image/with_library.rs")]
#[cfg_attr(not(feature = "library"), path = "image/without_library.rs")]
mod classifier;
mod inputs;
#[path = "../../src/image/memory.rs"]
#[allow(dead_code, reason = "the demo's image reports more")]
mod memory;
#[path = "../../src/image/no_panic.rs"]
mod no_panic;

use cortex_m_rt::{ExceptionFrame, entry, exception};
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS, exit};
use cortex_m_semihosting::hio::hstdout;

#[entry]
fn main() -> ! {
    let passed = classifier::run().is_some();
    finish(passed && report().is_some())
}

/// Writes three little-endian 32-bit words: bytes of the image, of the deepest stack, and of RAM for the stack.
#[inline(never)]
fn report() -> Option<()> {
    let words = [memory::flash_bytes(), memory::stack_high_water(), memory::stack_free_at_reset()];
    let mut output = hstdout().ok()?;
    for word in words {
        output.write_all(&(word as u32).to_le_bytes()).ok()?;
    }
    Some(())
}

/// Ends the emulator with status 0 if `passed`, else with 1.
#[inline(never)]
fn finish(passed: bool) -> ! {
    loop {
        exit(if passed { EXIT_SUCCESS } else { EXIT_FAILURE });
    }
}

// SAFETY: returns to no one and touches nothing of the interrupted program.
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    finish(false)
}
