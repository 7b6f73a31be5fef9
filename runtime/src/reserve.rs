//! Bytes of RAM that a program for a Cortex-M reserves beside a classifier's words of state: bounds for every model and every
//! set of features, when the runtime is compiled for speed and the program for size, as `firmware-demo` is.
//!
//! The size of a [`Model`], a [`Classifier`] and a [`StreamClassifier`] is checked whenever the crate is compiled for 32 bits. The stack is
//! measured in an emulator with each set of features that `firmware-demo/size` has.

use crate::{Classifier, Model, StreamClassifier};

/// A parsed model. One that is checked while compiling takes none: it lies in flash.
pub const MODEL: usize = 1_024;
/// A classifier that borrows its words of state.
pub const CLASSIFIER: usize = 192;
/// A classifier of a stream that borrows its words of state.
pub const STREAM_CLASSIFIER: usize = 256;
/// The deepest stack of parsing with [`Model::parse_into`] and of classifying, without the model and the classifier.
pub const STACK: usize = 1_536;

/// Bytes that what is reserved for 32-bit pointers may take with the pointers of this machine: what takes fewer bytes with larger
/// pointers fits all the more.
const LARGER: usize = size_of::<usize>() / size_of::<u32>();
const _: () = assert!(
    size_of::<Option<Model<'_>>>() <= LARGER * MODEL
        && size_of::<Classifier<'_, '_, &mut [u32]>>() <= LARGER * CLASSIFIER
        && size_of::<StreamClassifier<'_, '_, &mut [u32]>>() <= LARGER * STREAM_CLASSIFIER
);
