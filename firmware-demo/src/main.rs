//! A microcontroller image that holds a model and what the host computed with it, and checks that it
//! computes the same bits.
//!
//! For every known answer it classifies the text, or the frames one by one, compares class and logits bit for bit and prints one
//! JSON object on a line; a summary line with flash, RAM, stack and instructions per step ends the run. On
//! an emulated board the exit status says whether all rows matched. `firmware-demo/emulate` builds and runs
//! it; README.md says how to run it on a real board.
//!
//! # Memory
//! No allocator. Model and answers are read where they lie in flash; the classifier, whose size is computed
//! from the model while compiling, lies on the stack of `main`.
//!
//! # Panics
//! Never: the panic handler calls a function that no one defines, so an image in which a panicking branch
//! is left does not link.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod image;

/// On a host there is nothing to run.
#[cfg(not(target_os = "none"))]
fn main() -> std::process::ExitCode {
    eprintln!("this program is for a microcontroller: run firmware-demo/emulate, or see its README.md");
    std::process::ExitCode::from(2)
}
