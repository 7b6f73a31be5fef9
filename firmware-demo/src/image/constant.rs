//! Whether a step takes the same instructions whatever the numbers are.

use core::cell::RefCell;
use core::hint::black_box;

use cortex_m::interrupt::{Mutex, free};
use runtime::{Classifier, Model};

use crate::image::MAX_CHANNELS;
use crate::image::counter::Counter;
use crate::image::output::Output;

/// Frames that are pushed.
const STEPS: usize = 10_000;
/// Ticks of the counter after each step.
static TICKS: Mutex<RefCell<[u32; STEPS]>> = Mutex::new(RefCell::new([0; STEPS]));

/// Pushes frames of random numbers, many of them extreme, in a loop that takes the same instructions each time if a step does,
/// and prints what a step took; nothing for a model of text.
///
/// If a round takes `c` instructions, the counter is at `floor((a + number * c) / tick)` after each, for one `a`: that is checked
/// for all of them, in quarters of an instruction, because a tick of the counter is longer than an instruction.
pub(super) fn report(
    output: &mut Output,
    counter: &Counter,
    model: &Model<'_>,
    classifier: &mut Classifier<'_, '_, &mut [u32]>,
) {
    if model.channels() == 0 {
        return;
    }
    free(|section| {
        let Ok(mut ticks) = TICKS.borrow(section).try_borrow_mut() else { return };
        classifier.reset();
        push_frames(counter, model.channels(), classifier, &mut ticks[..]);
        let tick = Counter::QUARTERS_OF_A_TICK;
        let (first, last) = (ticks.first().copied().unwrap_or(0), ticks.last().copied().unwrap_or(0));
        let rounds = (STEPS - 1) as u64;
        let each = (u64::from(last.wrapping_sub(first)) * tick + 2 * rounds).checked_div(4 * rounds).unwrap_or(0);
        let mut smallest = i64::MIN;
        let mut largest = i64::MAX;
        for (number, ticks) in ticks.iter().enumerate() {
            let start = i64::from(ticks.wrapping_sub(first)) * tick as i64 - 4 * number as i64 * each as i64;
            smallest = smallest.max(start);
            largest = largest.min(start + tick as i64 - 1);
        }
        let mut line = output.line("constant");
        line.number("steps", STEPS as u64).number("instructions", each);
        line.number("spread", smallest.saturating_sub(largest).max(0) as u64);
        line.end();
    });
}

#[inline(never)]
fn push_frames(counter: &Counter, channels: usize, classifier: &mut Classifier<'_, '_, &mut [u32]>, ticks: &mut [u32]) {
    let mut frame = [0; MAX_CHANNELS];
    let mut random = 1_u32;
    for ticks in ticks {
        for value in frame.iter_mut().take(channels) {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            // Of all magnitudes.
            *value = random as i32 >> (random & 31);
        }
        let _taken = classifier.push_frame(black_box(frame.get(..channels).unwrap_or_default()));
        *ticks = counter.ticks();
    }
}
