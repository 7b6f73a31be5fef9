//! Counting what a piece of work costs.

#[cfg_attr(not(cycle_counter), path = "counter/systick.rs")]
#[cfg_attr(cycle_counter, path = "counter/cycles.rs")]
mod source;

use core::hint::black_box;
use core::sync::atomic::{Ordering, compiler_fence};

use source::Source;

/// What [`Counter`] counts: `instructions` on an emulated board, `cycles` on a real one.
pub(super) const UNIT: &str = Source::UNIT;

/// What counts.
pub(super) const NAME: &str = Source::NAME;

const CALIBRATION_ROUNDS: u64 = 1000;
const CHECK_ROUNDS: u32 = 40_000;

/// A running counter that knows what reading it costs.
pub(super) struct Counter {
    source: Source,
    overhead: u64,
}

/// A value and what computing it cost, in [`UNIT`].
pub(super) struct Counted<T> {
    /// What the work returned.
    pub(super) value: T,
    /// What the work cost, exact to one tick of the source.
    pub(super) count: u64,
}

/// A loop of known length, measured.
pub(super) struct Check {
    /// Instructions that the loop executes.
    pub(super) instructions: u64,
    /// What was counted for it, in [`UNIT`].
    pub(super) counted: u64,
}

impl Counter {
    /// Starts the board's counter; `None` if the peripherals are taken.
    pub(super) fn start() -> Option<Self> {
        let mut counter = Self { source: Source::start()?, overhead: 0 };
        let empty: u64 = (0..CALIBRATION_ROUNDS).map(|_| counter.measure(|| ()).count).sum();
        counter.overhead = empty / CALIBRATION_ROUNDS;
        Some(counter)
    }

    /// Runs `work` and counts it, less the mean cost of counting nothing.
    #[inline(always)]
    pub(super) fn measure<T>(&self, work: impl FnOnce() -> T) -> Counted<T> {
        let start = self.source.now();
        compiler_fence(Ordering::SeqCst);
        let value = black_box(work());
        compiler_fence(Ordering::SeqCst);
        let end = self.source.now();
        Counted { value, count: Source::between(start, end).saturating_sub(self.overhead) }
    }

    /// Quarters of [`UNIT`] in a tick of the source.
    #[cfg(feature = "constant-steps")]
    pub(super) const QUARTERS_OF_A_TICK: u64 = Source::QUARTERS_OF_A_TICK;

    /// Ticks of the source since its start.
    #[cfg(feature = "constant-steps")]
    #[inline(always)]
    pub(super) fn ticks(&self) -> u32 {
        self.source.now().ticks()
    }

    /// Measures a loop of known length.
    #[inline(never)]
    pub(super) fn check(&self) -> Check {
        let counted = self.measure(|| cortex_m::asm::delay(CHECK_ROUNDS - 1)).count;
        // A round is `subs`, `bne`; `delay` adds one round to those it is asked for.
        Check { instructions: u64::from(CHECK_ROUNDS) * 2, counted }
    }
}
