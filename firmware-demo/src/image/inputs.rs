//! The two files that the build script placed, as they lie in flash.

use runtime::Aligned;

static MODEL: &Aligned<[u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/model.rnl")));
static ANSWERS: &Aligned<[u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/answers.bin")));

/// 32-bit words of state that the included model needs, computed while compiling.
pub(super) const CAPACITY: usize = runtime::required_capacity(&MODEL.0);

/// The model file.
pub(super) fn model() -> &'static [u8] {
    &MODEL.0
}

/// What the host computed with that model.
pub(super) fn answers() -> &'static [u8] {
    &ANSWERS.0
}
