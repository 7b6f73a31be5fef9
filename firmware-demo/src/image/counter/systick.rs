//! SysTick, driven by the processor clock. A tick is a cycle of a real core. On an emulated board it stands for a fixed
//! number of instructions: with `-icount shift=0` QEMU's clock advances one nanosecond an instruction.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

use crate::image::board::{TICKS, UNITS};

/// SysTick counts 24 bits down, from this value to 0.
const RELOAD: u32 = 0x00ff_ffff;

/// Times that SysTick reached 0.
static WRAPS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    WRAPS.store(WRAPS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// The running SysTick.
pub(super) struct Source(());

/// Ticks since the start.
#[derive(Clone, Copy)]
pub(super) struct Instant(u64);

#[cfg(feature = "constant-steps")]
impl Instant {
    pub(super) fn ticks(self) -> u32 {
        self.0 as u32
    }
}

impl Source {
    /// Quarters of an instruction in a tick, a whole number on every board.
    #[cfg(feature = "constant-steps")]
    pub(super) const QUARTERS_OF_A_TICK: u64 = 4 * UNITS / TICKS;

    /// What [`Source::between`] counts.
    pub(super) const UNIT: &str = if cfg!(feature = "probe") { "cycles" } else { "instructions" };
    /// What counts.
    pub(super) const NAME: &str = "SysTick, processor clock";

    /// Starts SysTick; `None` if the peripherals are taken.
    pub(super) fn start() -> Option<Self> {
        let mut systick = Peripherals::take()?.SYST;
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(RELOAD);
        systick.clear_current();
        systick.enable_interrupt();
        systick.enable_counter();
        Some(Self(()))
    }

    /// The time now.
    #[inline(always)]
    pub(super) fn now(&self) -> Instant {
        loop {
            let wraps = WRAPS.load(Ordering::Relaxed);
            let current = SYST::get_current();
            if wraps == WRAPS.load(Ordering::Relaxed) {
                // The interrupt comes as 0 is reached, one tick before the reload: 0 opens a period.
                let phase = (RELOAD + 1).wrapping_sub(current) & RELOAD;
                return Instant((u64::from(wraps) << 24) | u64::from(phase));
            }
        }
    }

    /// [`Self::UNIT`] from `start` to `end`.
    pub(super) fn between(start: Instant, end: Instant) -> u64 {
        end.0.saturating_sub(start.0).saturating_mul(UNITS) / TICKS
    }
}
