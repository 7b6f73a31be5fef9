//! The program that answers lines from the serial line: a line of text, or a frame a line.
//!
//! A model of text answers each line. A model of frames takes a line of numbers as a frame, and an empty line ends the
//! sequence: it is answered. `/steps on` asks for an answer after every word or frame too; `/quit` ends the program.

#[path = "talk/line.rs"]
mod line;
#[path = "talk/serial.rs"]
pub(super) mod serial;

use core::hint::black_box;

use runtime::{Classifier, Model};

use super::counter::{self, Counter};
use super::output::Output;
use super::{Failure, MAX_CHANNELS, inputs, memory};
use line::{Ended, Line};
use serial::Receiver;

/// Why a line is not answered.
enum Refusal {
    TooLong,
    Lost,
    NoText { byte: usize },
    Channels { expected: usize, found: usize },
    NoNumber { number: usize },
    Command,
}

impl Refusal {
    fn message(&self) -> &'static str {
        match self {
            Self::TooLong => "the line is too long and was ignored: send shorter lines",
            Self::Lost => "bytes were lost and the line was ignored: send it again, more slowly",
            Self::NoText { .. } => "the line is not UTF-8 and was ignored: send UTF-8",
            Self::Channels { .. } => {
                "a frame has another number of channels and was ignored: separate numbers by commas"
            }
            Self::NoNumber { .. } => {
                "a value is not a 32-bit integer and the frame was ignored: send the sensor's integers"
            }
            Self::Command => "unknown command: expected /steps on, /steps off, /reset or /quit",
        }
    }

    fn report(&self, output: &mut Output, line_number: u64) {
        let mut line = output.line("refused");
        line.number("line", line_number).text("message", self.message());
        match self {
            Self::TooLong => line.number("most_bytes", line::MAX_BYTES as u64),
            Self::NoText { byte } => line.number("byte", *byte as u64),
            Self::Channels { expected, found } => {
                line.number("expected", *expected as u64).number("found", *found as u64)
            }
            Self::NoNumber { number } => line.number("value", *number as u64),
            Self::Lost | Self::Command => &mut line,
        };
        line.end();
    }
}

/// A search for a closure has no branch that panics, as one for a character has.
fn is_comma(character: char) -> bool {
    character == ','
}

/// What the conversation is about.
struct Conversation<'a, 'm> {
    output: &'a mut Output,
    counter: &'a Counter,
    classifier: Classifier<'a, 'm, &'a mut [u32]>,
    /// What pushing the sequence has cost so far.
    count: u64,
    answers_steps: bool,
}

/// Answers lines until one is `/quit`. Not inlined: the classifier's state is on the stack only after the caller saw that it
/// fits.
#[inline(never)]
pub(super) fn run(output: &mut Output, counter: &Counter, model: &Model<'static>) -> Result<bool, Failure> {
    let mut state = [0; inputs::CAPACITY];
    let Ok(classifier) = Classifier::new(model, &mut state[..]) else {
        return Err(Failure::Classifier);
    };
    let Some(mut receiver) = Receiver::open() else {
        return Err(Failure::NoCounter);
    };
    let mut conversation = Conversation { output, counter, classifier, count: 0, answers_steps: false };
    conversation.greet(model);
    let mut line = Line::new();
    let mut number = 0;
    loop {
        let byte = receiver.next();
        if !line.push(byte) {
            if !line.is_command() {
                conversation.take_byte(byte);
            }
            continue;
        }
        number += 1;
        let result = match line.ended() {
            _ if receiver.has_lost() => Err(Refusal::Lost),
            Ended::TooLong => Err(Refusal::TooLong),
            Ended::NoText { byte } => Err(Refusal::NoText { byte }),
            Ended::Text("/quit") => break,
            Ended::Text(text) => conversation.take_line(text),
        };
        if let Err(refusal) = result {
            refusal.report(conversation.output, number);
            conversation.forget_text();
        }
        line.clear();
    }
    if memory::stack_high_water() >= memory::stack_free_at_reset() {
        return Err(Failure::Stack);
    }
    Ok(true)
}

impl Conversation<'_, '_> {
    fn greet(&mut self, model: &Model<'_>) {
        let mut line = self.output.line("ready");
        line.number("channels", model.channels() as u64).number("classes", model.labels().count() as u64);
        line.end();
    }

    fn is_of_text(&self) -> bool {
        self.classifier.model().channels() == 0
    }

    /// Takes in a byte of a line of text, so that no pass of the main loop computes more than a step; answers after every word,
    /// if that was asked for.
    fn take_byte(&mut self, byte: u8) {
        if !self.is_of_text() {
            return;
        }
        self.count += self.counter.measure(|| self.classifier.push_bytes(black_box(&[byte]))).count;
        if self.answers_steps && byte == b' ' {
            self.answer("step");
        }
    }

    /// Takes in a line that has ended: a command, the end of a text, or a frame.
    fn take_line(&mut self, text: &str) -> Result<(), Refusal> {
        match text {
            "/steps on" => self.answers_steps = true,
            "/steps off" => self.answers_steps = false,
            "/reset" => self.reset(),
            _ if text.starts_with('/') => return Err(Refusal::Command),
            _ if self.is_of_text() => self.answer_sequence(),
            _ if text.trim().is_empty() => self.answer_sequence(),
            _ => return self.take_frame(text),
        }
        Ok(())
    }

    /// Forgets a text that is refused. A frame that is refused leaves its sequence as it was.
    fn forget_text(&mut self) {
        if self.is_of_text() {
            self.reset();
        }
    }

    fn answer_sequence(&mut self) {
        self.answer("answer");
        self.reset();
    }

    fn reset(&mut self) {
        self.classifier.reset();
        self.count = 0;
    }

    fn take_frame(&mut self, text: &str) -> Result<(), Refusal> {
        let expected = self.classifier.model().channels();
        let found = text.split(is_comma).count();
        let refusal = Refusal::Channels { expected, found };
        let mut frame = [0; MAX_CHANNELS];
        let Some(frame) = frame.get_mut(..expected).filter(|_| found == expected) else {
            return Err(refusal);
        };
        for (index, (place, value)) in frame.iter_mut().zip(text.split(is_comma)).enumerate() {
            *place = value.trim().parse().map_err(|_| Refusal::NoNumber { number: index + 1 })?;
        }
        let pushed = self.counter.measure(|| self.classifier.push_frame(black_box(frame)));
        self.count += pushed.count;
        pushed.value.map_err(|_| refusal)?;
        if self.answers_steps {
            self.answer("step");
        }
        Ok(())
    }

    fn answer(&mut self, event: &str) {
        let predicted = self.counter.measure(|| self.classifier.predict());
        let prediction = predicted.value;
        let mut line = self.output.line(event);
        line.number("class", prediction.class as u64).text("label", prediction.label);
        line.number("probability_q15", prediction.probability.q15().into());
        line.number("steps", self.classifier.steps().into());
        line.number(counter::UNIT, self.count + predicted.count);
        line.end();
    }
}
