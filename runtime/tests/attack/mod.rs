//! Model files damaged anywhere, and bytes that are none: refused with the error that FORMAT.md names, or harmless.
//! Nothing panics.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod fingerprint_tables;
mod header;
mod reading;
mod string_tables;

// Models of every precision.
#[cfg(feature = "float")]
mod accumulators;
#[cfg(feature = "float")]
#[path = "../common/exercise.rs"]
mod exercise;
#[cfg(feature = "float")]
mod fields;
#[cfg(feature = "float")]
mod file;
#[cfg(feature = "float")]
mod fingerprints;
#[cfg(feature = "float")]
mod frames;
#[cfg(feature = "float")]
mod header_fields;
#[cfg(feature = "float")]
mod layers;
#[cfg(feature = "float")]
mod part_one;
#[cfg(feature = "float")]
mod properties;
#[cfg(feature = "float")]
mod refusal;
#[cfg(feature = "float")]
mod seeds;
#[cfg(feature = "float")]
mod strings;
#[cfg(feature = "float")]
mod tensors;
#[cfg(feature = "float")]
mod verified;
#[cfg(feature = "float")]
mod weights;
