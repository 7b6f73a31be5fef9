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
use super::summary::summarize;
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
    summarize(output, rows, mismatches, replay.steps, replay.count);
    Ok(mismatches == 0)
}
