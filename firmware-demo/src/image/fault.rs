//! What happens when something goes wrong: a report and a failure.
#![allow(unsafe_code)]

use cortex_m_rt::{ExceptionFrame, exception};

use super::output::{self, Output};

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
