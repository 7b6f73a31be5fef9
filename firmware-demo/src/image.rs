//! What runs on the board, from reset to the verdict.

mod board;
mod counter;
mod fault;
mod inputs;
#[cfg_attr(feature = "talk", allow(dead_code, reason = "a conversation reports less"))]
mod memory;
mod no_panic;
#[cfg_attr(feature = "talk", allow(dead_code, reason = "a conversation reports less"))]
mod output;
#[cfg_attr(not(any(feature = "stream", feature = "talk")), path = "image/known_rows.rs")]
#[cfg_attr(feature = "stream", path = "image/stream.rs")]
#[cfg_attr(feature = "talk", path = "image/talk.rs")]
mod program;
#[cfg(not(any(feature = "stream", feature = "talk")))]
mod suite;
#[cfg(not(feature = "talk"))]
mod summary;

use core::hint::black_box;

use cortex_m_rt::entry;
use runtime::Model;

use counter::Counter;
use output::Output;

/// Stack that everything but the classifier's state needs, in bytes: calls of the runtime, of this image and the
/// exception frames.
const STACK_RESERVE: usize = 5 * 1024;

/// Channels of a frame that this image has room for, on the stack.
const MAX_CHANNELS: usize = 64;

/// Why the program could not be run at all.
#[cfg_attr(feature = "talk", allow(dead_code, reason = "a conversation has no known answers"))]
enum Failure {
    /// The peripherals were taken before.
    NoCounter,
    /// `Model::parse` refused the included file.
    Model,
    /// `KnownAnswers::parse` refused the included file.
    Answers,
    /// There is no known answer: nothing would be compared.
    NothingToCheck,
    /// `Classifier::new` refused the model.
    Classifier,
    /// The model has more channels than a frame of this image.
    Channels,
    /// The board has too little RAM for the model's buffers.
    Memory,
    /// The stack grew to where static variables lie.
    Stack,
}

impl Failure {
    fn message(&self) -> &'static str {
        match self {
            Self::NoCounter => "the counter is not available",
            Self::Model => "the runtime rejected the model",
            Self::Answers => "the runtime rejected the known answers",
            Self::NothingToCheck => "there are no rows to check",
            Self::Classifier => "the classifier could not be made from the model",
            Self::Channels => "the model has more channels than this image has room for",
            Self::Memory => "the model's state does not fit into this board's RAM",
            Self::Stack => "the stack overflowed",
        }
    }
}

#[entry]
fn main() -> ! {
    let mut output = Output::open();
    let passed = match run(&mut output) {
        Ok(passed) => passed,
        Err(failure) => {
            output.line("error").text("message", failure.message()).end();
            false
        }
    };
    output::finish(passed)
}

/// Runs the image's program; whether it passed.
fn run(output: &mut Output) -> Result<bool, Failure> {
    let counter = Counter::start().ok_or(Failure::NoCounter)?;
    announce(output, &counter);
    #[cfg(not(any(feature = "stream", feature = "talk")))]
    if cfg!(feature = "kernel-suite") {
        return suite::run(output, &counter).map(|mismatches| mismatches == 0);
    }
    run_model(output, &counter)
}

/// Parses the one model and runs the program, after it saw that the memory is enough.
fn run_model(output: &mut Output, counter: &Counter) -> Result<bool, Failure> {
    let state_bytes = size_of::<[u32; inputs::CAPACITY]>();
    if memory::stack_free_at_reset() < state_bytes.saturating_add(STACK_RESERVE) {
        return Err(Failure::Memory);
    }
    let mut place = None;
    let parsed = counter.measure(|| Model::parse_into(&mut place, black_box(inputs::model())));
    let Ok(model) = parsed.value else {
        return Err(Failure::Model);
    };
    output.line("parsed").number("count", parsed.count).number("stack_bytes", memory::stack_high_water() as u64).end();
    if model.channels() > MAX_CHANNELS {
        return Err(Failure::Channels);
    }
    program::run(output, counter, model)
}

fn announce(output: &mut Output, counter: &Counter) {
    let check = counter.check();
    let mut line = output.line("start");
    line.text("board", board::NAME);
    line.text("unit", counter::UNIT);
    line.text("counter", counter::NAME);
    line.number("counter_check_instructions", check.instructions);
    line.number("counter_check_counted", check.counted);
    line.number("capacity_words", inputs::CAPACITY as u64);
    line.end();
}
