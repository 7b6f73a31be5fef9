#![doc = include_str!("../README.md")]
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
