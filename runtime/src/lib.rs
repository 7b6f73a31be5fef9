//! Runs a recurrent classifier from a model file (`.rnl`), one step at a time, in fixed-size buffers.
//!
//! The trainer writes one file; this crate reads it where it lies (in flash, or in a file read by a
//! desktop program), verifies all of it once, and then classifies sequences: words, characters or bytes of a text
//! without a further way to fail, or frames of numbers, of which one with another number of channels is refused.
//! Layers are LSTM, GRU or Elman's, in one direction or both.
//!
//! # Memory model
//! `no_std`, no allocator. A [`Model`] borrows the file's bytes and copies no tensor. A [`Classifier`] keeps all state in
//! 32-bit words that the caller owns; [`required_capacity`] and [`Model::required_words`] say how many.
//! A model with a layer that runs in reverse keeps up to [`Model::max_steps`] steps in those words, and the outputs
//! of up to two layers for each of them; any other keeps its states alone, however long the sequence. A
//! [`StreamClassifier`] answers an endless stream by its last frames, with several classifiers' words of state; it keeps no frame.
//! No function of the device path panics, allocates or recurses.
//!
//! # Numbers
//! `int8` models are computed with integers alone, from the character or the sensor's integer to the class and its probability,
//! so that every machine gives the same bits. `f32` and `f16` models are computed in `f32` with one
//! defined order of operations.
//!
//! # Features
//! Each leaves its code in the image; all are on by default. A model that needs a missing one is refused with
//! [`Error::MissingFeature`].
//! - cells: `lstm`, `gru`, `rnn`; `bidirectional`: layers that run in reverse as well;
//! - inputs: `words`, `fingerprints`, `hashed`, `characters`, `bytes`, `frames`; `windows`: steps of several frames;
//!   `unicode`: words and characters beyond ASCII;
//! - numbers: `int4`; `float`: `f32` and `f16` models.
//!
//! # What it does not do
//! It does not train, quantize, read files, or compute more than one sequence at a time.
//!
//! # Examples
//! A model that is part of the firmware is checked while compiling, and the image has no parser:
//! ```
//! # fn main() -> Result<(), runtime::Error> {
//! static MODEL: runtime::Model<'static> =
//!     runtime::include_model!("../../models/home-commands/home-commands.int8.rnl");
//!
//! let mut state = [0; MODEL.required_words()];
//! let mut classifier = runtime::Classifier::new(&MODEL, &mut state)?;
//! classifier.push_text("switch the kitchen lights ");
//! classifier.push_text("off please");
//! assert_eq!(classifier.predict().label, "lights_off");
//! # Ok(())
//! # }
//! ```
//! A model that is chosen while the program runs, from a memory that holds several or may hold another one later:
//! ```
//! # fn main() -> Result<(), runtime::Error> {
//! # static FLASH: &runtime::Aligned<[u8]> =
//! #     &runtime::Aligned(*include_bytes!("../../models/home-commands/home-commands.int8.rnl"));
//! # let partition = &FLASH.0;
//! let mut state = [0; 2_000];
//! let model = runtime::Model::parse_prefix(partition)?;
//! let mut classifier = runtime::Classifier::new(&model, &mut state)?;    // an error if the state is too small
//! classifier.push_text("too dark in here");
//! assert_eq!(classifier.predict().label, "lights_on");
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
mod feature;
pub mod format;
mod kernels;
pub mod known_answer;
mod network;
pub mod numeric;
mod plan;
pub mod reserve;
mod sequence;
mod stream;
pub mod text;

pub use answer::{Logits, Prediction};
pub use classifier::Classifier;
pub use error::{Error, Field, Part, StreamSetting};
pub use format::{Precision, required_capacity};
#[cfg(feature = "float")]
pub use network::{DirectionInput, DirectionStep, ProductInputs};
pub use network::{LayerState, StepState};
pub use numeric::Probability;
pub use plan::{InputKind, Model, StoredDirection, Verified, Work};
pub use sequence::{LongInput, Pushed};
pub use stream::{ResetPolicy, StreamAnswer, StreamClassifier, StreamSettings};

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

/// The [`Model`] in a file, whose path is relative to the source file: the initial value of a `static`. It is checked while
/// compiling, and a file that is refused does not compile; the error is shown by its name and numbers.
///
/// # Examples
/// ```
/// static MODEL: runtime::Model<'static> =
///     runtime::include_model!("../../models/digits/digits.int8.rnl");
/// assert_eq!(MODEL.labels().count(), 10);
/// ```
/// ```compile_fail,E0080
/// static MODEL: runtime::Model<'static> = runtime::include_model!("../Cargo.toml");
/// assert_eq!(MODEL.labels().count(), 10);
/// ```
#[macro_export]
macro_rules! include_model {
    ($path:expr) => {{
        static BYTES: &$crate::Aligned<[u8]> = &$crate::Aligned(*include_bytes!($path));
        #[allow(long_running_const_eval, reason = "every byte of the file is checked")]
        const MODEL: $crate::Model<'static> = match $crate::Model::parse_aligned(BYTES) {
            Ok(model) => model,
            Err(error) => error.end_compilation(),
        };
        MODEL
    }};
}
