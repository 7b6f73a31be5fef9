//! Runs a recurrent classifier from a model file (`.rnl`), one step at a time, in fixed-size buffers.
//!
//! The trainer writes one file; this crate reads it where it lies (in flash, or in a file read by a
//! desktop program), verifies all of it once, and then classifies sequences: words, characters or bytes of a text
//! without a further way to fail, or frames of numbers, of which one with another number of channels is refused.
//! Layers are LSTM, GRU or Elman's, in one direction or both.
//!
//! # Memory model
//! `no_std`, no allocator. A [`Model`] borrows the file's bytes and copies no tensor. A [`Classifier`]
//! holds all state in an array whose size is a constant: [`required_capacity`] computes it at compile
//! time for a model that is part of the firmware, and [`Classifier::new`] checks it for one that is not.
//! A model with a layer that runs in reverse keeps up to [`Model::max_steps`] steps in that array, and the outputs
//! of up to two layers for each of them; any other keeps its states alone, however long the sequence.
//! No function of the device path panics, allocates or recurses.
//!
//! # Numbers
//! `int8` models are computed with integers alone, from the character or the sensor's integer to the class and its probability,
//! so that every machine gives the same bits. `f32` and `f16` models are computed in `f32` with one
//! defined order of operations.
//!
//! # Features
//! - `float` (default): `f32` and `f16` models. Without it they are refused with
//!   [`Error::MissingFeature`] and no float code is linked.
//!
//! # What it does not do
//! It does not train, quantize, read files, or compute more than one sequence at a time.
//!
//! # Examples
//! ```
//! # fn main() -> Result<(), runtime::Error> {
//! static MODEL: &runtime::Aligned<[u8]> =
//!     &runtime::Aligned(*include_bytes!("../../models/home-commands/home-commands.int8.rnl"));
//! const CAPACITY: usize = runtime::required_capacity(&MODEL.0);
//!
//! let model = runtime::Model::parse(&MODEL.0)?;
//! let mut classifier = runtime::Classifier::<CAPACITY>::new(&model)?;
//! classifier.push_text("switch the kitchen lights ");
//! classifier.push_text("off please");
//! assert_eq!(classifier.predict().label, "lights_off");
//! # Ok(())
//! # }
//! ```
#![no_std]

#[cfg(target_endian = "big")]
compile_error!("model files are little-endian and are read in place: big-endian targets are not supported");

mod answer;
mod cell;
mod classifier;
mod error;
pub mod format;
mod kernels;
pub mod known_answer;
mod model;
mod network;
pub mod numeric;
mod sequence;
pub mod text;

pub use answer::{Logits, Prediction};
pub use classifier::Classifier;
pub use error::{Error, Field, Part};
pub use format::{Precision, required_capacity};
pub use model::{InputKind, Model, Work};
#[cfg(feature = "float")]
pub use network::{DirectionInput, DirectionStep, ProductInputs};
pub use network::{LayerState, StepState};
pub use numeric::Probability;
pub use sequence::{LongInput, Pushed};

/// Aligns what it holds to 16 bytes, as a model file in memory must be.
///
/// # Examples
/// ```
/// static BYTES: &runtime::Aligned<[u8]> = &runtime::Aligned([1, 2, 3]);
/// assert_eq!(BYTES.0.as_ptr() as usize % 16, 0);
/// ```
#[repr(C, align(16))]
#[derive(Debug, Clone, Copy)]
pub struct Aligned<Bytes: ?Sized>(pub Bytes);
