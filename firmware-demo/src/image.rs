//! What runs on the board, from reset to the verdict.

mod board;
#[cfg_attr(feature = "stream", allow(dead_code, reason = "a stream is answered without rows"))]
mod check;
#[cfg(feature = "constant-steps")]
mod constant;
mod counter;
mod fault;
mod inputs;
mod memory;
mod no_panic;
mod output;
#[cfg(feature = "stream")]
mod stream;

use core::hint::black_box;

use cortex_m_rt::entry;
#[cfg(not(feature = "stream"))]
use runtime::Classifier;
use runtime::Model;
use runtime::known_answer::KnownAnswers;

use check::Replay;
use counter::Counter;
use output::Output;
#[cfg(feature = "stream")]
use stream::run_rows;

/// Stack that everything but the classifier's state needs, in bytes: calls of the runtime, of this image and the
/// exception frames.
const STACK_RESERVE: usize = 5 * 1024;

/// Why the rows could not be run at all.
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
        Ok(mismatches) => mismatches == 0,
        Err(failure) => {
            output.line("error").text("message", failure.message()).end();
            false
        }
    };
    output::finish(passed)
}

/// Runs every known answer and prints the report; the number of rows that differ from the host's.
fn run(output: &mut Output) -> Result<u32, Failure> {
    let counter = Counter::start().ok_or(Failure::NoCounter)?;
    announce(output, &counter);
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
    let answers = KnownAnswers::parse(inputs::answers()).map_err(|_| Failure::Answers)?;
    if answers.is_empty() {
        return Err(Failure::NothingToCheck);
    }
    if model.channels() > check::MAX_CHANNELS {
        return Err(Failure::Channels);
    }
    run_rows(output, &counter, model, answers)
}

/// A frame of its own: the classifier's state is on the stack only after `run` saw that it fits.
#[cfg(not(feature = "stream"))]
#[inline(never)]
fn run_rows(
    output: &mut Output,
    counter: &Counter,
    model: &Model<'static>,
    answers: KnownAnswers<'static>,
) -> Result<u32, Failure> {
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
    Ok(mismatches)
}

fn announce(output: &mut Output, counter: &Counter) {
    let check = counter.check();
    let mut line = output.line("start");
    line.text("board", board::NAME);
    line.text("unit", counter::UNIT);
    line.number("counter_check_instructions", check.instructions);
    line.number("counter_check_counted", check.counted);
    line.number("capacity_words", inputs::CAPACITY as u64);
    line.end();
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
