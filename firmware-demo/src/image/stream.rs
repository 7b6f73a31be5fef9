//! Answering a stream as the host did, and what each of its frames costs.
//!
//! A known answer has the frames since the answer before: the last of them is a hop.

#[path = "check.rs"]
#[allow(dead_code, reason = "a stream is answered without rows")]
mod check;

use core::hint::black_box;

use runtime::known_answer::{KnownAnswer, KnownAnswers};
use runtime::{Model, StreamAnswer, StreamClassifier, StreamSettings};

use super::counter::Counter;
use super::output::Output;
use super::summary::summarize;
use super::{Failure, MAX_CHANNELS, inputs, memory};
use check::{Classified, report_row};

/// How often the stream is answered, and about how many frames.
pub(super) const SETTINGS: StreamSettings = include!(concat!(env!("OUT_DIR"), "/stream_settings.rs"));

type Stream<'m> = StreamClassifier<'m, 'static, &'m mut [u32]>;

/// What frames, or the frames up to an answer, cost.
#[derive(Clone, Copy)]
struct Costs {
    number: u32,
    sum: u64,
    smallest: u64,
    largest: u64,
}

impl Costs {
    const NONE: Self = Self { number: 0, sum: 0, smallest: u64::MAX, largest: 0 };

    fn add(&mut self, count: u64) {
        self.number = self.number.saturating_add(1);
        self.sum = self.sum.saturating_add(count);
        self.smallest = self.smallest.min(count);
        self.largest = self.largest.max(count);
    }

    fn report(&self, output: &mut Output, event: &str) {
        let mut line = output.line(event);
        line.number("number", self.number.into()).number("count", self.sum);
        line.number("smallest", self.smallest.min(self.largest)).number("largest", self.largest);
        line.end();
    }
}

/// What a warm stream costs.
struct StreamCosts {
    /// A frame that is not answered.
    frames: Costs,
    /// A frame that is answered.
    answers: Costs,
    /// All frames up to an answer.
    hops: Costs,
}

/// Answers the stream and prints the report; whether all answers are the host's. Not inlined: the stream's state is on the
/// stack only after the caller saw that it fits.
#[inline(never)]
pub(super) fn run(output: &mut Output, counter: &Counter, model: &Model<'static>) -> Result<bool, Failure> {
    let answers = KnownAnswers::parse(inputs::answers()).map_err(|_| Failure::Answers)?;
    if answers.is_empty() {
        return Err(Failure::NothingToCheck);
    }
    let mut state = [0; inputs::CAPACITY];
    let Ok(mut stream) = StreamClassifier::new(model, SETTINGS, &mut state[..]) else {
        return Err(Failure::Classifier);
    };
    let mut costs = StreamCosts { frames: Costs::NONE, answers: Costs::NONE, hops: Costs::NONE };
    let mut rows = 0;
    let mut mismatches = 0;
    for known in answers {
        let matches = hop(output, counter, &mut stream, &mut costs, rows, &known);
        rows += 1;
        mismatches += u32::from(!matches);
    }
    if memory::stack_high_water() >= memory::stack_free_at_reset() {
        return Err(Failure::Stack);
    }
    let StreamCosts { frames, answers, hops } = costs;
    let mut line = output.line("stream");
    line.number("classifiers", SETTINGS.classifiers().into()).number("state_words", inputs::CAPACITY as u64).end();
    frames.report(output, "frames");
    answers.report(output, "answers");
    hops.report(output, "hops");
    let steps = frames.number.saturating_add(answers.number);
    summarize(output, rows, mismatches, steps, hops.sum);
    Ok(mismatches == 0)
}

/// Takes in the frames up to an answer, compares it and prints a line; whether all bits agree, and nothing was answered before.
#[inline(never)]
fn hop(
    output: &mut Output,
    counter: &Counter,
    stream: &mut Stream<'_>,
    costs: &mut StreamCosts,
    number: u32,
    known: &KnownAnswer<'_>,
) -> bool {
    let mut buffer = [0; MAX_CHANNELS];
    let mut answer: Option<StreamAnswer<'static>> = None;
    let mut is_early = false;
    let mut push_count = 0;
    let settled = SETTINGS.warm_up().checked_div(SETTINGS.hop).unwrap_or(0);
    for values in known.input.frames() {
        let mut channels = 0;
        for (target, value) in buffer.iter_mut().zip(values) {
            *target = value;
            channels += 1;
        }
        let frame = buffer.get(..channels).unwrap_or_default();
        is_early |= answer.is_some();
        let pushed = counter.measure(|| stream.push_frame(black_box(frame)));
        push_count += pushed.count;
        answer = pushed.value.unwrap_or(None);
        // Each hop after the first settled answer starts a classifier, and ends one.
        if number >= settled {
            if answer.is_some() { costs.answers.add(pushed.count) } else { costs.frames.add(pushed.count) }
        }
    }
    if number >= settled {
        costs.hops.add(push_count);
    }
    let Some(StreamAnswer { prediction, frames, .. }) = answer else { return false };
    let classified = Classified { prediction, steps: frames, push_count, predict_count: 0 };
    report_row(output, number, known, &classified, &stream.logits()) && !is_early
}
