//! The program that compares this board with the host: every known answer.

#[path = "check.rs"]
pub(super) mod check;
#[cfg(feature = "constant-steps")]
#[path = "constant.rs"]
mod constant;

use runtime::known_answer::KnownAnswers;
use runtime::{Classifier, Model};

use super::counter::Counter;
use super::output::Output;
use super::{Failure, inputs, memory};
use check::Replay;

/// Runs every known answer and prints the report; whether all rows are the host's. Not inlined: the classifier's state is on
/// the stack only after the caller saw that it fits.
#[inline(never)]
pub(super) fn run(output: &mut Output, counter: &Counter, model: &Model<'static>) -> Result<bool, Failure> {
    let answers = KnownAnswers::parse(inputs::answers()).map_err(|_| Failure::Answers)?;
    if answers.is_empty() {
        return Err(Failure::NothingToCheck);
    }
    let mut state = [0; inputs::CAPACITY];
    let Ok(mut classifier) = Classifier::new(model, &mut state[..]) else {
        return Err(Failure::Classifier);
    };
    let classifier = &mut classifier;
    let mut rows = 0;
    let mut mismatches = 0;
    for answer in answers {
        let matches = check::row(output, counter, classifier, rows, &answer);
        rows += 1;
        mismatches += u32::from(!matches);
    }
    let replay = Replay::measure(counter, model, classifier);
    #[cfg(feature = "constant-steps")]
    constant::report(output, counter, model, classifier);
    if memory::stack_high_water() >= memory::stack_free_at_reset() {
        return Err(Failure::Stack);
    }
    summarize(output, rows, mismatches, &replay);
    Ok(mismatches == 0)
}

fn summarize(output: &mut Output, rows: u32, mismatches: u32, replay: &Replay) {
    let mut line = output.line("summary");
    line.number("rows", rows.into());
    line.number("mismatches", mismatches.into());
    line.number("replay_steps", replay.steps.into());
    line.number("replay_count", replay.count);
    line.number("flash_bytes", memory::flash_bytes() as u64);
    line.number("flash_model_bytes", inputs::model().len() as u64);
    line.number("flash_answers_bytes", inputs::answers().len() as u64);
    line.number("static_ram_bytes", memory::static_ram_bytes() as u64);
    line.number("stack_bytes", memory::stack_high_water() as u64);
    line.number("stack_free_bytes", memory::stack_free_at_reset() as u64);
    line.end();
}
