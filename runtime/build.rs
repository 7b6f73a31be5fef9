//! Chooses the kernels of a build from its target: stable Rust does not tell a crate which instructions a Cortex-M has.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(half_words, cortex_m_dsp, cortex_m0, helium)");
    let is_microcontroller = env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none");
    let has_dsp = env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv7em"));
    if env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv6m")) {
        println!("cargo::rustc-cfg=cortex_m0");
    }
    // A Cortex-M55 has the target of a Cortex-M33: the feature tells them apart, and no other target heeds it.
    let is_armv8_m = env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv8m.main"));
    if is_armv8_m && env::var_os("CARGO_FEATURE_HELIUM").is_some() {
        println!("cargo::rustc-cfg=helium");
    }
    if has_dsp {
        println!("cargo::rustc-cfg=cortex_m_dsp");
    }
    // A desktop has the kernels in plain Rust.
    let is_wanted = env::var("CARGO_FEATURE_HALF_WORDS").is_ok();
    if is_wanted && (has_dsp || !is_microcontroller) {
        println!("cargo::rustc-cfg=half_words");
    }
}
