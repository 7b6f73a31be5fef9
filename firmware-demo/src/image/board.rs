//! What differs from board to board beside its memory map.

/// Name of the board: that of its memory map.
pub(super) const NAME: &str = env!("RUNNEL_BOARD");

/// [`TICKS`] of SysTick take as many of the counter's units: cycles of a real core, instructions of an emulated one, which
/// executes one a nanosecond.
#[cfg(not(cycle_counter))]
pub(super) const UNITS: u64 = if cfg!(feature = "probe") { 1 } else { 1_000_000_000 };

/// Ticks of SysTick in [`UNITS`]: on an emulated board the frequency at which QEMU drives it from the processor clock, in Hz.
///
/// # Source
/// `hw/arm/nrf51_soc.c` (m0), `hw/arm/mps2.c` (m3, m4, m7), `hw/arm/mps2-tz.c` (m33, m55) of QEMU; the image
/// measures a loop of known length at every start.
#[cfg(not(cycle_counter))]
pub(super) const TICKS: u64 = if cfg!(feature = "probe") {
    1
} else if cfg!(feature = "m0") {
    16_000_000
} else if cfg!(feature = "m33") {
    20_000_000
} else if cfg!(feature = "m55") {
    32_000_000
} else {
    25_000_000
};

/// The second-stage boot loader, which the RP2040's boot ROM copies to RAM and calls: it sets up the flash memory (W25Q080, as
/// on the Pico).
#[cfg(feature = "rp2040")]
#[allow(unsafe_code)]
// SAFETY: boards/rp2040.x places the section where the boot ROM expects the loader, and nothing else in it.
#[unsafe(link_section = ".boot2")]
#[used]
static SECOND_STAGE_BOOT: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;
