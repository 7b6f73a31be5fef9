//! The cycle counter (DWT) of a real core.

use cortex_m::Peripherals;
use cortex_m::peripheral::DWT;

/// The running cycle counter.
pub(super) struct Source(());

/// Cycles since the start, modulo 2^32.
#[derive(Clone, Copy)]
pub(super) struct Instant(u32);

impl Source {
    /// What [`Source::between`] counts.
    pub(super) const UNIT: &str = "cycles";
    /// What counts.
    pub(super) const NAME: &str = "DWT";

    /// Starts the cycle counter; `None` if the peripherals are taken or the core has no such counter.
    pub(super) fn start() -> Option<Self> {
        let mut peripherals = Peripherals::take()?;
        if !DWT::has_cycle_counter() {
            return None;
        }
        peripherals.DCB.enable_trace();
        peripherals.DWT.set_cycle_count(0);
        peripherals.DWT.enable_cycle_counter();
        Some(Self(()))
    }

    /// The time now.
    #[inline(always)]
    pub(super) fn now(&self) -> Instant {
        Instant(DWT::cycle_count())
    }

    /// Cycles from `start` to `end`, which are less than 2^32 apart.
    pub(super) fn between(start: Instant, end: Instant) -> u64 {
        end.0.wrapping_sub(start.0).into()
    }
}
