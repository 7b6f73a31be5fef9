//! The last line of a report.

use super::output::Output;
use super::{inputs, memory};

/// Prints how many rows were compared and how many differ, steps with what they took together, and the memory used.
pub(super) fn summarize(output: &mut Output, rows: u32, mismatches: u32, steps: u32, count: u64) {
    let mut line = output.line("summary");
    line.number("rows", rows.into());
    line.number("mismatches", mismatches.into());
    line.number("replay_steps", steps.into());
    line.number("replay_count", count);
    line.number("flash_bytes", memory::flash_bytes() as u64);
    line.number("flash_model_bytes", inputs::model().len() as u64);
    line.number("flash_answers_bytes", inputs::answers().len() as u64);
    line.number("static_ram_bytes", memory::static_ram_bytes() as u64);
    line.number("stack_bytes", memory::stack_high_water() as u64);
    line.number("stack_free_bytes", memory::stack_free_at_reset() as u64);
    line.end();
}
