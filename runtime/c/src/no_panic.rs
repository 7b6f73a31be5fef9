//! No firmware in which a panicking branch is left: the panic handler calls a function that does not exist.
#![allow(unsafe_code)]

use core::panic::PanicInfo;

// SAFETY: nothing defines this function, so no firmware that calls it is ever linked.
unsafe extern "C" {
    safe fn runnel_image_contains_a_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    runnel_image_contains_a_panic()
}
