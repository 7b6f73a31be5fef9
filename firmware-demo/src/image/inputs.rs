//! The files that the build script placed, as they lie in flash.
//!
//! Their content is hidden from the optimizer, so that the same code is measured whatever they hold.

use core::hint::black_box;

use runtime::Aligned;

static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/model.rnl")));
#[cfg(not(feature = "talk"))]
static ANSWERS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/answers.bin")));

/// 32-bit words of state that the included model needs, computed while compiling.
#[cfg(not(any(feature = "stream", feature = "talk")))]
pub(super) const CAPACITY: usize =
    if cfg!(feature = "kernel-suite") { super::suite::CAPACITY } else { runtime::required_capacity(&MODEL.0) };

/// 32-bit words of state that the included model needs, computed while compiling.
#[cfg(feature = "talk")]
pub(super) const CAPACITY: usize = runtime::required_capacity(&MODEL.0);

/// 32-bit words of state that a stream of the included model needs; none of a model that is refused, which the image reports.
#[cfg(feature = "stream")]
#[allow(long_running_const_eval, reason = "every byte of the model is checked")]
pub(super) const CAPACITY: usize = match runtime::Model::parse_aligned(MODEL) {
    Ok(model) => super::program::SETTINGS.required_words(&model),
    Err(_) => 0,
};

/// The model file.
pub(super) fn model() -> &'static [u8] {
    black_box(&MODEL.0)
}

/// What the host computed with that model.
#[cfg(not(feature = "talk"))]
pub(super) fn answers() -> &'static [u8] {
    black_box(&ANSWERS.0)
}
