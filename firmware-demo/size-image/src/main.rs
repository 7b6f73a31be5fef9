//! A ten-line firmware that classifies one input twice, and the same firmware without the runtime.
//!
//! `firmware-demo/size` builds and runs both; the difference of their images, less the model, is what the library
//! adds to a firmware. Both are built from the same files but for `image::classifier`.
//!
//! # Panics
//! Never: an image in which a panicking branch is left does not link.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod image;

/// On a host there is nothing to run.
#[cfg(not(target_os = "none"))]
fn main() -> std::process::ExitCode {
    eprintln!("this program is for a microcontroller: run firmware-demo/size");
    std::process::ExitCode::from(2)
}
