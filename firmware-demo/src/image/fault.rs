//! What happens when something goes wrong: a report and a failure.
#![allow(unsafe_code)]

use cortex_m_rt::{ExceptionFrame, exception};

use super::output::{self, Output};

// SAFETY: returns to no one and touches nothing of the interrupted program.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    report("HardFault", frame.pc())
}

// SAFETY: the serial line's interrupt shares a queue and atomics with the program; any other one returns to no one.
#[exception]
unsafe fn DefaultHandler(_number: i16) {
    #[cfg(feature = "talk")]
    if super::program::serial::is_received(_number) {
        return super::program::serial::receive();
    }
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
