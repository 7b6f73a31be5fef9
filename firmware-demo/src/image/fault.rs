//! What happens when something goes wrong: a report and a failure, or no image at all.
#![allow(unsafe_code)]

use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};

use super::output::{self, Output};

// SAFETY: nothing defines this function, so no image that calls it is ever linked.
unsafe extern "C" {
    safe fn runnel_image_contains_a_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    runnel_image_contains_a_panic()
}

// SAFETY: returns to no one and touches nothing of the interrupted program.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    report("HardFault", frame.pc())
}

// SAFETY: returns to no one and touches nothing of the interrupted program.
#[exception]
unsafe fn DefaultHandler(_number: i16) -> ! {
    report("unexpected exception", 0)
}

fn report(message: &str, program_counter: u32) -> ! {
    let mut output = Output::reopen();
    let mut line = output.line("fault");
    line.text("message", message);
    line.number("program_counter", program_counter.into());
    line.end();
    output::finish(false)
}
