//! Answering a stream as the host did, and what each of its frames costs.
//!
//! A known answer has the frames since the answer before: the last of them is a hop.

use core::hint::black_box;

use runtime::known_answer::{KnownAnswer, KnownAnswers};
use runtime::{Model, StreamAnswer, StreamClassifier, StreamSettings};

use super::check::{Classified, MAX_CHANNELS, Replay, report_row};
use super::counter::Counter;
use super::output::Output;
use super::{Failure, inputs, memory, summarize};

/// How often the stream is answered, and about how many frames.
pub(super) const SETTINGS: StreamSettings = include!(concat!(env!("OUT_DIR"), "/stream_settings.rs"));

type Stream<'m> = StreamClassifier<'m, 'static, &'m mut [u32]>;

/// Instructions of the frames of a warm stream.
#[derive(Clone, Copy)]
struct Costs {
    frames: u32,
    /// Since the beginning, with those of a stream that is not warm.
    come: u32,
    sum: u64,
    smallest: u64,
    largest: u64,
}

impl Costs {
    fn add(&mut self, count: u64) {
        // The frame after a hop starts a classifier: from the first one on, frames are all alike.
        if self.come > SETTINGS.warm_up() {
            self.frames = self.frames.saturating_add(1);
            self.sum = self.sum.saturating_add(count);
            self.smallest = self.smallest.min(count);
            self.largest = self.largest.max(count);
        }
        self.come = self.come.saturating_add(1);
    }
}

/// A frame of its own: the stream's state is on the stack only after the caller saw that it fits.
#[inline(never)]
pub(super) fn run_rows(
    output: &mut Output,
    counter: &Counter,
    model: &Model<'static>,
    answers: KnownAnswers<'static>,
) -> Result<u32, Failure> {
    let mut state = [0; inputs::CAPACITY];
    let Ok(mut stream) = StreamClassifier::new(model, SETTINGS, &mut state[..]) else {
        return Err(Failure::Classifier);
    };
    let mut costs = Costs { frames: 0, come: 0, sum: 0, smallest: u64::MAX, largest: 0 };
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
    let mut line = output.line("stream");
    line.number("classifiers", SETTINGS.classifiers().into()).number("state_words", inputs::CAPACITY as u64);
    line.number("frames", costs.frames.into()).number("count", costs.sum);
    line.number("smallest", if costs.frames > 0 { costs.smallest } else { 0 }).number("largest", costs.largest);
    line.end();
    summarize(output, rows, mismatches, &Replay { steps: costs.frames, count: costs.sum });
    Ok(mismatches)
}

/// Takes in the frames up to an answer, compares it and prints a line; whether all bits agree, and nothing was answered before.
#[inline(never)]
fn hop(
    output: &mut Output,
    counter: &Counter,
    stream: &mut Stream<'_>,
    costs: &mut Costs,
    number: u32,
    known: &KnownAnswer<'_>,
) -> bool {
    let mut buffer = [0; MAX_CHANNELS];
    let mut answer: Option<StreamAnswer<'static>> = None;
    let mut is_early = false;
    let mut push_count = 0;
    for values in known.input.frames() {
        let mut channels = 0;
        for (target, value) in buffer.iter_mut().zip(values) {
            *target = value;
            channels += 1;
        }
        let frame = buffer.get(..channels).unwrap_or_default();
        is_early |= answer.is_some();
        let pushed = counter.measure(|| stream.push_frame(black_box(frame)));
        costs.add(pushed.count);
        push_count += pushed.count;
        answer = pushed.value.unwrap_or(None);
    }
    let Some(StreamAnswer { prediction, frames, .. }) = answer else { return false };
    let classified = Classified { prediction, steps: frames, push_count, predict_count: 0 };
    report_row(output, number, known, &classified, &stream.logits()) && !is_early
}
