//! What differs from board to board beside its memory map.

/// Name of the board, as `firmware-demo/emulate --board` takes it.
pub(super) const NAME: &str = if cfg!(feature = "m0") {
    "m0"
} else if cfg!(feature = "m3") {
    "m3"
} else if cfg!(feature = "m4") {
    "m4"
} else if cfg!(feature = "m7") {
    "m7"
} else if cfg!(feature = "m33") {
    "m33"
} else if cfg!(feature = "m55") {
    "m55"
} else {
    "nrf52840"
};

/// Frequency at which QEMU drives SysTick from the core clock, in Hz.
///
/// # Source
/// `hw/arm/nrf51_soc.c` (m0), `hw/arm/mps2.c` (m3, m4, m7), `hw/arm/mps2-tz.c` (m33, m55) of QEMU; the image
/// measures a loop of known length at every start.
#[cfg(not(feature = "nrf52840"))]
pub(super) const SYSTICK_HZ: u64 = if cfg!(feature = "m0") {
    16_000_000
} else if cfg!(feature = "m33") {
    20_000_000
} else if cfg!(feature = "m55") {
    32_000_000
} else {
    25_000_000
};
